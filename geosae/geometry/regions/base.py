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
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields
from geosae.validation import NATURAL, finite_points, finite_vector, positive_number

# A sampler that keeps fewer than one candidate in a million would look like a hang.
_MAX_CANDIDATES_PER_POINT = 1_000_000
_LARGEST_BATCH = 65_536
LONGEST = 1e150
"""The squares of longer lengths, and of shorter ones than its inverse, are no floats."""
_FAR = 1e152


class Region(ABC):
    """A compact subset of Rⁿ with positive volume, closed up to the rounding of its membership test."""

    kind: ClassVar[str]
    """The word for this kind of region in stored descriptions; it never changes."""

    _squared: ClassVar[bool] = True
    """Whether its formulas square lengths, so that these must stay in the range of `check_length`."""

    dim: int
    """The dimension n, set by `__post_init__`, or in the class where there is only one."""

    @final
    def _set(self, **checked: Any) -> None:
        """Replace fields by their checked values, which a frozen dataclass allows in `__post_init__` only."""
        for name, value in checked.items():
            if self._squared and isinstance(value, np.ndarray):
                check_length(float(np.max(np.abs(value))), name, zero=True)
            object.__setattr__(self, name, value)

    @final
    def _set_positive(self, *names: str) -> None:
        """Replace these fields by positive floats whose squares are floats, or refuse them."""
        for name in names:
            number = positive_number(getattr(self, name), name)
            check_length(number, name)
            object.__setattr__(self, name, number)

    @final
    def _check_fields(self) -> None:
        """Check the fields' types, as `check_fields` does; called first by every `__post_init__`."""
        check_fields(self, f"the region '{self.kind}'")

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
        x = finite_points(points, dim=self.dim, allow_empty=True)
        # No region reaches so far, and the squares of such coordinates are no floats.
        near = np.max(np.abs(x), axis=1, initial=0.0) <= _FAR
        if not self._squared or near.all():
            return self._contains(x)
        inside = np.zeros(len(x), dtype=np.bool_)
        inside[near] = self._contains(x[near])
        return inside

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
    @checked_arguments(count=NATURAL)
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
        check_length(float(np.max(np.abs(rows))), "the longest of the directions", zero=True)
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


def check_length(length: float, name: str, *, zero: bool = False) -> None:
    """Refuse a length whose square leaves the floats; 0 too, unless `zero` allows it.

    Raises
    ------
    InvalidInput
        If the length lies outside [1e-150, 1e150].

    Examples
    --------
    >>> check_length(1e200, "radius")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: radius is 1e+200, where lengths between 1e-150 and 1e+150 are needed.
      Likely causes: a unit of measurement so far off that squares of lengths are no floats.
      What to do: scale points, regions and measures to about 1: no answer depends on the unit.
    """
    if length > LONGEST or (length < 1 / LONGEST and not zero):
        raise InvalidInput(
            f"{name} is {length:.3g}, where lengths between {1 / LONGEST:.0e} and {LONGEST:.0e} are needed",
            causes="a unit of measurement so far off that squares of lengths are no floats",
            remedy="scale points, regions and measures to about 1: no answer depends on the unit",
        )


def check_vertices(points: Float[np.ndarray, "v n"]) -> None:
    """Refuse vertices so far from 0, or so near to each other, that squares of lengths are no floats.

    Raises
    ------
    InvalidInput
        If they do.

    Examples
    --------
    >>> check_vertices(np.eye(2))
    """
    check_length(float(np.max(np.abs(points))), "the largest coordinate of the vertices", zero=True)
    spread = float(np.max(np.ptp(points, axis=0)))
    check_length(spread, "the extent of the vertices", zero=spread == 0)


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
    rounding = 8 * dim * float(np.finfo(np.float64).eps)
    if np.max(np.abs(axis)) <= 2 and abs(float(axis @ axis) - 1.0) <= rounding:
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
