"""Planted ReLU encoders on integer points: firing decided in exact integer arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

# Below this no sum of up to a few hundred products leaves the 64-bit integers.
LARGEST = 2**24


def point_rows(rows: Sequence[Sequence[float | int]], dim: int = 2) -> Float[np.ndarray, "N n"]:
    """Return points as the rows of a float array, which keeps its `dim` columns where there is no point.

    Examples
    --------
    >>> point_rows([]).shape
    (0, 2)
    """
    return np.array(rows, dtype=np.float64).reshape(len(rows), dim)


@dataclass(frozen=True, eq=False)
class Planted:
    """Integer points X and integer half-spaces ⟨w, x⟩ + c > 0: an SAE's encoder whose firing is exact."""

    points: Int[np.ndarray, "N n"]
    w: Int[np.ndarray, "d n"]
    c: Int[np.ndarray, " d"]

    def __post_init__(self) -> None:
        for array in (self.points, self.w, self.c):
            if array.size and np.abs(array).max() > LARGEST:
                raise OverflowError("an entry is too large for exact 64-bit firing")

    @property
    def width(self) -> int:
        """The number d of neurons."""
        return len(self.c)

    @property
    def dim(self) -> int:
        """The input dimension n."""
        return self.points.shape[1]

    def fires(self) -> Bool[np.ndarray, "N d"]:
        """Tell which neurons fire on which points."""
        return self.points @ self.w.T + self.c > 0


def closure_unit(fires: Bool[np.ndarray, "N d"], concept: Bool[np.ndarray, " N"]) -> Bool[np.ndarray, " d"]:
    """Return the neurons that fire on all of the concept: the largest unit that detects it (theory D3)."""
    return np.all(fires[concept], axis=0)


def model_concept(fires: Bool[np.ndarray, "N d"], unit: Bool[np.ndarray, " d"]) -> Bool[np.ndarray, " N"]:
    """Return θ_M ∩ X: the points on which every neuron of the unit fires (all points for no neurons)."""
    return np.all(fires[:, unit], axis=1)


def separated(fires: Bool[np.ndarray, "N d"], concept: Bool[np.ndarray, " N"]) -> bool:
    """Tell whether some unit separates the concept: equivalently, whether its closure unit does."""
    return bool((model_concept(fires, closure_unit(fires, concept)) == concept).all())


def cube(d: int, subsets: Sequence[tuple[int, ...]]) -> Planted:
    """Plant d neurons x_i > ½ on the indicator points of the given subsets: any pattern of firing at will.

    Examples
    --------
    >>> cube(3, [(0, 2), ()]).fires().tolist()
    [[True, False, True], [False, False, False]]
    """
    points = np.zeros((len(subsets), d), dtype=np.int64)
    for row, subset in enumerate(subsets):
        points[row, list(subset)] = 1
    return Planted(points, 2 * np.eye(d, dtype=np.int64), np.full(d, -1, dtype=np.int64))


def layer(d: int, k: int) -> list[tuple[int, ...]]:
    """List the k-subsets of d neurons."""
    return list(combinations(range(d), k))


def random_planted(rng: np.random.Generator, *, points: int, dim: int, width: int, size: int = 4) -> Planted:
    """Plant random small integers: ties, repeated points and points on hyperplanes are meant to occur."""
    return Planted(
        rng.integers(-size, size + 1, (points, dim)),
        rng.integers(-3, 4, (width, dim)),
        rng.integers(-size, size + 1, width),
    )
