"""Counts are the sufficient statistics: every graded error of the sample is a ratio of four of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.notebook import short_repr


@dataclass(frozen=True, eq=False)
class Counts:
    """How many points of each concept C, and how many others, lie in each model concept θ.

    For p concepts against d neurons the arrays are (p, d) and (p, 1); for one unit per concept, all are (p,).
    """

    hits: Int[np.ndarray, "*shape"]
    """Points of C ∩ θ."""
    alarms: Int[np.ndarray, "*shape"]
    """Points of θ ∖ C."""
    positives: Int[np.ndarray, "*outer"]
    """Points of C."""
    negatives: Int[np.ndarray, "*outer"]
    """Points outside C."""

    __repr__ = short_repr

    def __post_init__(self) -> None:
        for inside, outside, name in (
            (self.hits, self.positives, "hits"),
            (self.alarms, self.negatives, "alarms"),
        ):
            if not _fits(inside.shape, outside.shape):
                raise InvalidInput(f"{name} of shape {inside.shape} do not fit totals {outside.shape}")
            if np.any(inside < 0) or np.any(inside > outside):
                raise InvalidInput(
                    f"{name} are negative or exceed the points there are",
                    causes="a damaged or hand-edited file",
                )

    @property
    def misses(self) -> Int[np.ndarray, "*shape"]:
        """Points of C ∖ θ."""
        return self.positives - self.hits

    @property
    def fired(self) -> Int[np.ndarray, "*shape"]:
        """Points of θ."""
        return self.hits + self.alarms

    def __add__(self, other: "Counts") -> "Counts":
        """Add the counts of the same pairs on other points."""
        return Counts(
            self.hits + other.hits,
            self.alarms + other.alarms,
            self.positives + other.positives,
            self.negatives + other.negatives,
        )

    def at(self, rows: slice) -> "Counts":
        """Take some of the units."""
        return Counts(self.hits[rows], self.alarms[rows], self.positives[rows], self.negatives[rows])

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Name the four arrays for a file."""
        return {f"{prefix}.{key}": getattr(self, key) for key in ("hits", "alarms", "positives", "negatives")}

    @classmethod
    def from_arrays(cls, arrays: Any, prefix: str) -> "Counts":
        """Read the four arrays back from a mapping of names to arrays."""
        names = (f"{prefix}.{key}" for key in ("hits", "alarms", "positives", "negatives"))
        return cls(*(integers(arrays, name) for name in names))


def _fits(shape: tuple[int, ...], totals: tuple[int, ...]) -> bool:
    pairs = zip(shape, totals, strict=False)
    return len(shape) == len(totals) and all(size in (axis, 1) for axis, size in pairs)


MOST = 2**53
"""No sample has so many points, and sums of counts below it are exact."""


def integers(arrays: Mapping[str, np.ndarray], name: str) -> Int[np.ndarray, "..."]:
    """Return an array of a file that must hold counts.

    Raises
    ------
    KeyError
        If there is none of this name.
    InvalidInput
        If it holds anything else than whole numbers, or one that no sample has.
    """
    array = arrays[name]
    if array.dtype.kind not in "iu" and array.size:
        raise InvalidInput(f"{name} holds {array.dtype}, where counts are needed", causes="a damaged file")
    if array.size and (array.max() > MOST or array.min() < -MOST):
        raise InvalidInput(f"{name} counts more points than there are", causes="a damaged file")
    return array.astype(np.int64)


def floats(arrays: Mapping[str, np.ndarray], name: str) -> Float[np.ndarray, "..."]:
    """Return an array of a file that must hold numbers.

    Raises
    ------
    KeyError
        If there is none of this name.
    InvalidInput
        If it holds anything else.
    """
    array = arrays[name]
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise InvalidInput(f"{name} holds {array.dtype}, where numbers are needed", causes="a damaged file")
    return array.astype(np.float64)


class CountAccumulator:
    """Adds up counts chunk by chunk; points × neurons are never held at once."""

    def __init__(self, concepts: int, width: int) -> None:
        self._hits = np.zeros((concepts, width), dtype=np.int64)
        self._fired = np.zeros(width, dtype=np.int64)
        self._positives = np.zeros(concepts, dtype=np.int64)
        self.active = 0
        self.points = 0

    def add(self, fires: Bool[np.ndarray, "N d"], inside: Bool[np.ndarray, "N p"]) -> None:
        """Count one chunk: who fires, and which concepts hold the point."""
        # Float32 products count exactly up to 2^24, far above any chunk's length, and BLAS does them.
        self._hits += (inside.T.astype(np.float32) @ fires.astype(np.float32)).astype(np.int64)
        self._fired += np.count_nonzero(fires, axis=0)
        self._positives += np.count_nonzero(inside, axis=0)
        self.active += int(np.count_nonzero(fires))
        self.points += len(fires)

    @property
    def fired(self) -> Int[np.ndarray, "d"]:
        """Points on which each neuron fired."""
        return self._fired

    def neurons(self) -> Counts:
        """Return the counts of every concept against every neuron."""
        positives = self._positives[:, None]
        return Counts(self._hits, self._fired[None, :] - self._hits, positives, self.points - positives)
