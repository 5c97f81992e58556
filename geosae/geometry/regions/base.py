"""What every region can do, and the methods that several kinds of region share.

A new kind of region is one frozen dataclass: its fields are what `to_dict` stores and `region_from_dict`
reads, its `__post_init__` checks them and sets the dimension, and its methods are those that are abstract
here. A method that another kind has too is a function below, put into the class by its name: `hull = itself`.
"""

from abc import ABC, abstractmethod
from dataclasses import fields, replace
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.validation import finite_points, finite_vector, positive_number

# A sampler that keeps fewer than one candidate in a million would look like a hang.
_MAX_CANDIDATES_PER_POINT = 1_000_000
_LARGEST_BATCH = 65_536


class Region(ABC):
    """A compact subset of Rⁿ with positive volume, closed up to the rounding of its membership test."""

    kind: ClassVar[str]
    """The word for this kind of region in stored descriptions; it never changes."""

    dim: int
    """The dimension n, set by `__post_init__`, or in the class where there is only one."""

    @final
    def _set(self, **checked: Any) -> None:
        """Replace fields by their checked values, which a frozen dataclass allows in `__post_init__` only."""
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @final
    def _set_positive(self, *names: str) -> None:
        """Replace these fields by positive finite floats, or refuse them."""
        for name in names:
            object.__setattr__(self, name, positive_number(getattr(self, name), name))

    @abstractmethod
    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which of these finite points belong to the region."""

    @property
    @abstractmethod
    def volume(self) -> float:
        """The Lebesgue measure in closed form (nan where none is known)."""

    @abstractmethod
    def _is_convex(self) -> bool | None:
        """Return whether the region is convex; None where it is not known."""

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
    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        """Return candidates that are uniform on the region once those outside it are dropped."""

    @final
    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points belong to the region."""
        return self._contains(finite_points(points, dim=self.dim, allow_empty=True))

    @final
    @property
    def is_convex(self) -> bool | None:
        """Whether the region is convex; None where it is not known."""
        return self._is_convex()

    @final
    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the fields, ready for JSON, as `region_from_dict` reads them."""
        return describe(self)

    @final
    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
        """Draw independent points, uniform on the region; each of them is in it by `contains`."""
        batches, missing, tried, batch = [np.empty((0, self.dim))], count, 0, count
        while missing > 0:
            candidates = self._draw(batch, rng)
            tried += batch
            members = candidates[self.contains(candidates)][:missing]
            batches.append(members)
            missing -= len(members)
            if missing > 0 and tried > _MAX_CANDIDATES_PER_POINT * (count + 1):
                raise InvalidInput(
                    f"{tried} candidates gave only {count - missing} of {count} points of the region",
                    causes="a region that fills almost none of its bounding box (high dimension)",
                )
            batch = min(max(missing, 2 * batch), _LARGEST_BATCH)
        return np.concatenate(batches)

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


def describe(record: Any) -> dict[str, Any]:
    """Return the `kind` and the fields of a dataclass, ready for JSON."""
    return {"kind": record.kind} | {f.name: _plain(getattr(record, f.name)) for f in fields(record)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.to_dict() if isinstance(value, Region) else value


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


def always(self: Region) -> bool:
    """Return True: `_is_convex` of a kind whose regions are all convex."""
    return True


def never(self: Region) -> bool:
    """Return False: `_is_convex` of a kind of which no region is convex."""
    return False


def where_filled(self: Any) -> bool:
    """Return the field `filled`: `_is_convex` of a kind whose filled regions are the hulls of the others."""
    return self.filled


def itself(self: Region) -> Region:
    """Return the region, which is its own convex hull."""
    return self


def filled_hull(self: Any) -> Region:
    """Return the filled region of the same fields, which is the convex hull."""
    return self if self.filled else replace(self, filled=True)


def best_candidates(
    candidates: list[Float[np.ndarray, "m n"]], directions: Float[np.ndarray, "m n"]
) -> Float[np.ndarray, "m n"]:
    """Return for each direction, of the candidates in its row, the first with the largest inner product.

    Examples
    --------
    >>> low, high = np.zeros((2, 1)), np.ones((2, 1))
    >>> best_candidates([low, high], np.array([[1.0], [-1.0]])).tolist()
    [[1.0], [0.0]]
    """
    values = np.stack([np.sum(x * directions, axis=1) for x in candidates])
    return np.stack(candidates)[np.argmax(values, axis=0), np.arange(len(directions))]


def corner_distance(self: Region, point: Float[np.ndarray, " n"]) -> float:
    """Return the distance from the point to the farthest corner of the bounding box, an upper bound."""
    low, high = self.bounds
    return float(np.linalg.norm(np.maximum(np.abs(low - point), np.abs(high - point))))


def ball_distance(self: Any, point: Float[np.ndarray, " n"]) -> float:
    """Return the largest distance from the point to the ball of the region's center and radius."""
    return float(np.linalg.norm(self.center - point)) + self.radius


def draw_in_bounds(self: Region, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
    """Return points uniform in the bounding box."""
    low, high = self.bounds
    return rng.uniform(low, high, (count, self.dim))
