"""Counts are the sufficient statistics: every graded error of the sample is a ratio of four of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis.pair_counts import add_pairs
from geosae.data.codes import Codes
from geosae.errors import InvalidInput
from geosae.notebook import short_repr


@dataclass(frozen=True, eq=False, init=False)
class Counts:
    """How many points of each concept C, and how many others, lie in each model concept θ.

    For p concepts against d neurons the arrays are (p, d) and (p, 1); for one unit per concept, all are (p,).
    Alarms and misses follow from the others: they are computed when asked for, so that a large table is held
    once. Ask for them of some rows: ``counts.at(rows).alarms``.

    Attributes
    ----------
    hits
        Points of C ∩ θ.
    fired
        Points of θ; for a table of concepts against neurons a view, whose rows are one.
    positives
        Points of C.
    negatives
        Points outside C.

    Raises
    ------
    InvalidInput
        If the shapes do not fit, or a number is negative or exceeds the points there are.
    """

    hits: Int[np.ndarray, "*shape"]
    fired: Int[np.ndarray, "*shape"]
    positives: Int[np.ndarray, "*outer"]
    negatives: Int[np.ndarray, "*outer"]

    __repr__ = short_repr

    def __init__(
        self,
        hits: Int[np.ndarray, "*shape"],
        alarms: Int[np.ndarray, "*other"],
        positives: Int[np.ndarray, "*outer"],
        negatives: Int[np.ndarray, "*others"],
    ) -> None:
        if hits.shape != alarms.shape or not hits.shape:
            raise InvalidInput(f"hits of shape {hits.shape} do not fit alarms of shape {alarms.shape}")
        self._hold(hits, np.add(hits, alarms, dtype=np.int64), positives, negatives)
        _check(self)

    @classmethod
    def of_fired(
        cls,
        hits: Int[np.ndarray, "*shape"],
        fired: Int[np.ndarray, "*fired"],
        positives: Int[np.ndarray, "*outer"],
        negatives: Int[np.ndarray, "*outer"],
    ) -> "Counts":
        """Return the counts where the points of θ are known in place of the alarms: (d,) for neurons.

        Nothing is checked: this is for what was counted, not for what was read.

        Examples
        --------
        >>> counts = Counts.of_fired(np.array([[2, 1]]), np.array([5, 1]), np.array([[3]]), np.array([[7]]))
        >>> counts.alarms.tolist(), counts.misses.tolist()
        ([[3, 0]], [[1, 2]])
        """
        counts = cls.__new__(cls)
        counts._hold(hits, np.broadcast_to(fired, hits.shape), positives, negatives)
        return counts

    def _hold(
        self, hits: np.ndarray, fired: np.ndarray, positives: np.ndarray, negatives: np.ndarray
    ) -> None:
        parts = {"hits": hits, "fired": fired, "positives": positives, "negatives": negatives}
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    @property
    def alarms(self) -> Int[np.ndarray, "*shape"]:
        """Points of θ ∖ C."""
        return self.fired - self.hits

    @property
    def misses(self) -> Int[np.ndarray, "*shape"]:
        """Points of C ∖ θ."""
        return self.positives - self.hits

    def __add__(self, other: "Counts") -> "Counts":
        """Add the counts of the same pairs on other points."""
        return Counts.of_fired(
            self.hits + other.hits,
            self.fired + other.fired,
            self.positives + other.positives,
            self.negatives + other.negatives,
        )

    def at(self, rows: slice) -> "Counts":
        """Take some of the units."""
        return Counts.of_fired(self.hits[rows], self.fired[rows], self.positives[rows], self.negatives[rows])

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Name the four arrays for a file."""
        names = ("hits", "alarms", "positives", "negatives")
        return {f"{prefix}.{name}": getattr(self, name).astype(np.int64) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Any, prefix: str) -> "Counts":
        """Read the four arrays back from a mapping of names to arrays."""
        names = (f"{prefix}.{key}" for key in ("hits", "alarms", "positives", "negatives"))
        return cls(*(integers(arrays, name) for name in names))


_CELLS = 2**20
"""Entries of a table that are looked at together."""


def _check(counts: Counts) -> None:
    hits = counts.hits
    for name, totals in (("hits", counts.positives), ("alarms", counts.negatives)):
        if not _fits(hits.shape, totals.shape):
            raise InvalidInput(f"{name} of shape {hits.shape} do not fit totals {totals.shape}")
    step = max(1, _CELLS * len(hits) // max(hits.size, 1))
    for start in range(0, len(hits), step):
        rows = slice(start, start + step)
        inside, alarms = hits[rows], counts.fired[rows] - hits[rows]
        for name, part, totals in (("hits", inside, counts.positives), ("alarms", alarms, counts.negatives)):
            if not _within(part, totals if len(totals) == 1 else totals[rows]):
                raise InvalidInput(
                    f"{name} are negative or exceed the points there are",
                    causes="a damaged or hand-edited file",
                )


def _fits(shape: tuple[int, ...], totals: tuple[int, ...]) -> bool:
    pairs = zip(shape, totals, strict=False)
    return 0 < len(shape) == len(totals) and all(size in (axis, 1) for axis, size in pairs)


def _within(counts: Int[np.ndarray, "..."], totals: Int[np.ndarray, "..."]) -> bool:
    # A total stands for a whole row of a table: the greatest count of the row is enough.
    axes = tuple(axis for axis, size in enumerate(totals.shape) if size == 1)
    if not counts.size:
        return True
    return bool(counts.min() >= 0 and np.all(counts.max(axis=axes, keepdims=True) <= totals))


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


LARGEST = 2**31 - 1
"""Up to so many points a table of counts is held in int32."""


class CountAccumulator:
    """Adds up counts chunk by chunk; points × neurons are never held at once."""

    def __init__(self, concepts: int, width: int) -> None:
        self._hits = np.zeros((concepts, width), dtype=np.int32)
        self._fired = np.zeros(width, dtype=np.int64)
        self._positives = np.zeros(concepts, dtype=np.int64)
        self.active = 0
        self.points = 0

    def add(self, codes: Codes, inside: Bool[np.ndarray, "N p"]) -> None:
        """Count one chunk: who fires, and which concepts hold the point."""
        self.points += len(codes)
        if self.points > LARGEST:
            self._hits = self._hits.astype(np.int64, copy=False)
        add_pairs(self._hits, codes, inside)
        self._fired += codes.fired()
        self._positives += np.count_nonzero(inside, axis=0)
        self.active += codes.active

    @property
    def fired(self) -> Int[np.ndarray, "d"]:
        """Points on which each neuron fired."""
        return self._fired

    def neurons(self) -> Counts:
        """Return the counts of every concept against every neuron."""
        positives = self._positives[:, None]
        return Counts.of_fired(self._hits, self._fired, positives, self.points - positives)
