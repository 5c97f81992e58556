"""Point clouds by reference, and the common frame in which sums of products are computed safely.

A frame shifts and scales (by one power of two) so that a float evaluation of ⟨w, x⟩ neither overflows nor
loses its digits to a far-away origin. It is applied block by block: the cloud itself is never copied.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.sampling import drawn_rows
from geosae.validation import as_array, finite_points

BLOCK_ENTRIES = 1 << 19
_KEY = 0x5EED


@dataclass(frozen=True, eq=False)
class Cloud:
    """Finitely many points: all rows of an array, or those that a mask selects; rows keep their numbers."""

    points: Float[np.ndarray, "N n"]
    mask: Bool[np.ndarray, " N"] | None = None

    def __len__(self) -> int:
        """Count the points."""
        return len(self.points) if self.mask is None else int(np.count_nonzero(self.mask))

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.points.shape[1]

    def rows(self) -> Int[np.ndarray, " k"]:
        """Return the row numbers of the points."""
        return np.arange(len(self.points)) if self.mask is None else np.flatnonzero(self.mask)

    def holds(self, rows: Int[np.ndarray, " k"]) -> bool:
        """Tell whether all these row numbers are points of the cloud."""
        rows = np.asarray(rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            return False
        inside = bool(np.all((rows >= 0) & (rows < len(self.points))))
        return inside and (self.mask is None or bool(np.all(self.mask[rows])))

    def take(self, rows: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k n"]:
        """Return the points with these row numbers, as float64."""
        return self.points[rows].astype(np.float64, copy=False)

    def array(self) -> Float[np.ndarray, "k n"]:
        """Return the points as one array (a view where there is no mask)."""
        return self.points if self.mask is None else self.points[self.mask]


def as_cloud(points: Any, name: str) -> Cloud:
    """Return the points as a cloud: float64 and float32 arrays by reference, everything else widened.

    Finiteness is looked at later, in `frame_of`, in the same pass that finds the ranges.
    """
    array = as_array(points, name)
    direct = isinstance(points, np.ndarray) and array.dtype.kind == "f" and array.dtype.itemsize in (4, 8)
    if direct and array.ndim == 2 and array.size:
        return Cloud(array)
    return Cloud(finite_points(points, name))


@dataclass(frozen=True, eq=False)
class Frame:
    """The coordinates x·scale − centre, and `reach`, a bound on their size per column."""

    centre: Float[np.ndarray, " n"]
    scale: float
    reach: Float[np.ndarray, " n"]

    def apply(self, block: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
        """Return the block in this frame; the block itself where nothing has to be done."""
        wide = block.astype(np.float64, copy=False)
        if self.scale != 1.0:
            wide = wide * self.scale
        return wide - self.centre if self.centre.any() else wide


def blocks(points: Float[np.ndarray, "N n"], entries: int = BLOCK_ENTRIES) -> Iterator[slice]:
    """Yield slices of rows holding about that many entries each."""
    step = max(1, entries // points.shape[1])
    for start in range(0, len(points), step):
        yield slice(start, min(start + step, len(points)))


def sample_rows(rows: Int[np.ndarray, " N"], most: int) -> Int[np.ndarray, " k"]:
    """Return at most that many of the rows, drawn at random: the same ones for the same number of rows."""
    return rows if len(rows) <= most else rows[drawn_rows(len(rows), most, np.random.default_rng(_KEY))]


def frame_of(*clouds: Cloud, names: tuple[str, ...] = ()) -> Frame:
    """Return a frame for the clouds together (all rows, masked or not); refuse NaN and infinity by name."""
    low = np.full(clouds[0].dim, np.inf)
    high = np.full(clouds[0].dim, -np.inf)
    for number, cloud in enumerate(clouds):
        for part in blocks(cloud.points):
            block = cloud.points[part]
            low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            finite_points(cloud.points, names[number] if names else "points")
            raise InvalidInput("points hold NaN or infinite values")
    return _frame(low.astype(np.float64), high.astype(np.float64))


def _frame(low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"]) -> Frame:
    size = float(np.maximum(np.abs(low), np.abs(high)).max())
    scale = 1.0
    if size > 0 and not 2.0**-300 < size < 2.0**300:
        scale = 2.0 ** min(1000, max(-1020, -math.frexp(size)[1]))
    low, high = low * scale, high * scale
    spread = high - low
    centre = low + spread / 2
    # A centre of zero saves a pass over the data; it is good enough while the spread is not small beside it.
    if bool(np.all(np.abs(centre) <= 4 * spread)):
        centre = np.zeros_like(centre)
    reach = np.maximum(np.abs(low - centre), np.abs(high - centre)) * (1 + 2.0**-40) + 2.0**-1000
    return Frame(centre, scale, reach)
