"""What every region of Rⁿ can tell of itself."""

from abc import ABC, abstractmethod
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.validation import finite_points, finite_vector

# A sampler that keeps fewer than one candidate in a million would look like a hang.
_MAX_CANDIDATES_PER_POINT = 1_000_000
_LARGEST_BATCH = 65_536


class Region(ABC):
    """A compact subset of Rⁿ with positive volume, closed up to the rounding of its membership test."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The dimension n."""

    @abstractmethod
    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points belong to the region."""

    @property
    @abstractmethod
    def volume(self) -> float:
        """The Lebesgue measure in closed form (nan where none is known)."""

    @property
    @abstractmethod
    def is_convex(self) -> bool | None:
        """Whether the region is convex; None where it is not known."""

    @abstractmethod
    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return for each direction u a point of the region that maximises ⟨u, x⟩."""

    @abstractmethod
    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return an upper bound, tight where cheap, on the distance from the point to the region's points."""

    @abstractmethod
    def hull(self) -> "Region | None":
        """Return the convex hull as a region, None where it has no closed form here."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description that `region_from_dict` reads back."""

    @abstractmethod
    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        """Return candidates that are uniform on the region once those outside it are dropped."""

    @final
    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
        """Draw independent points, uniform on the region; each of them is in it by `contains`."""
        found, missing, tried, batch = [np.empty((0, self.dim))], count, 0, count
        while missing > 0:
            drawn = self._draw(batch, rng)
            tried += batch
            kept = drawn[self.contains(drawn)][:missing]
            found.append(kept)
            missing -= len(kept)
            if missing > 0 and tried > _MAX_CANDIDATES_PER_POINT * (count + 1):
                raise InvalidInput(
                    f"{tried} candidates gave only {count - missing} of {count} points of the region",
                    causes="a region that fills almost none of its bounding box (high dimension)",
                )
            batch = min(max(missing, 2 * batch), _LARGEST_BATCH)
        return np.concatenate(found)

    @final
    def support(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, " m"]:
        """Return the support function h(u) = max ⟨u, x⟩ of the region, and so of its hull."""
        rows = finite_points(directions, "directions", dim=self.dim)
        return np.sum(rows * self.extreme(rows), axis=1)

    @final
    @property
    def bounds(self) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """The tight axis-aligned box around the region, as (low, high)."""
        axes = np.eye(self.dim)
        return np.diagonal(self.extreme(-axes)).copy(), np.diagonal(self.extreme(axes)).copy()

    @final
    @property
    def hull_volume(self) -> float:
        """The volume of the convex hull; nan where it has no closed form here."""
        hull = self.hull()
        return float("nan") if hull is None else hull.volume


def unit_rows(directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
    """Scale every row to length one; a zero row becomes the first axis, for which any maximiser will do.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [1.0, 0.0]]
    """
    rows = np.array(directions, dtype=np.float64)
    # The largest entry goes first, so that no square over- or underflows.
    largest = np.max(np.abs(rows), axis=1)
    rows[largest == 0, 0] = 1.0
    rows /= np.where(largest == 0, 1.0, largest)[:, None]
    return rows / np.linalg.norm(rows, axis=1)[:, None]


def unit_axis(values: Any, dim: int) -> Float[np.ndarray, " n"]:
    """Scale an axis to length one; one that has it already stays as it is, bit for bit.

    Raises
    ------
    InvalidInput
        If it is zero, not finite or of another dimension.

    Examples
    --------
    >>> unit_axis([0.0, 2.0], 2).tolist()
    [0.0, 1.0]
    """
    axis = finite_vector(values, "axis", dim=dim)
    if not np.any(axis):
        raise InvalidInput("the axis is the zero vector, which names no direction")
    # Without this, reading a description back would scale the last bits again and again.
    if abs(float(axis @ axis) - 1.0) <= 8 * dim * float(np.finfo(np.float64).eps):
        return axis
    return unit_rows(axis[None, :])[0]


def corner_distance(region: Region, point: Float[np.ndarray, " n"]) -> float:
    """Return the distance from the point to the farthest corner of the region's bounding box."""
    low, high = region.bounds
    return float(np.linalg.norm(np.maximum(np.abs(low - point), np.abs(high - point))))
