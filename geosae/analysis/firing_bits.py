"""Who fires where, one bit per neuron and point: units are counted by AND and popcount."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt64

from geosae.analysis.counts import Counts
from geosae.notebook import short_repr

Unit = tuple[int, ...]
"""The neurons of a unit in rising order; () stands for no unit, never for the whole space."""


def pack(columns: Bool[np.ndarray, "N m"]) -> UInt64[np.ndarray, "m W"]:
    """Return each column as bits in 64-bit words, padded with zeros.

    Examples
    --------
    >>> words = pack(np.ones((70, 1), dtype=bool))
    >>> words.shape, ones(words).tolist()
    ((1, 2), [70])
    """
    size = len(columns)
    padded = np.zeros((columns.shape[1], -(-size // 64) * 64), dtype=bool)
    padded[:, :size] = columns.T
    return np.packbits(padded, axis=1).view(np.uint64)


def ones(words: UInt64[np.ndarray, "*shape W"]) -> Int[np.ndarray, "*shape"]:
    """Return the number of ones in each row of words."""
    return np.asarray(np.bitwise_count(words).sum(axis=-1, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class FiringBits:
    """Some points with the neurons that fire on them and the concepts that hold them, as bits."""

    neurons: UInt64[np.ndarray, "d W"]
    concepts: UInt64[np.ndarray, "p W"]
    points: int

    __repr__ = short_repr

    @classmethod
    def of(cls, fires: Bool[np.ndarray, "N d"], inside: Bool[np.ndarray, "N p"]) -> "FiringBits":
        """Pack who fires and which concepts hold each point."""
        return cls(pack(fires), pack(inside), len(fires))

    def model_concept(self, unit: Unit) -> UInt64[np.ndarray, " W"]:
        """Return θ_M, the points on which all neurons of a unit (at least one) fire."""
        return np.bitwise_and.reduce(self.neurons[list(unit)], axis=0)

    def count(self, units: Sequence[Unit], concepts: Int[np.ndarray, " k"]) -> Counts:
        """Return the counts of unit j against concept `concepts[j]`; of () zero hits and alarms."""
        hits = np.zeros(len(units), dtype=np.int64)
        fired = np.zeros(len(units), dtype=np.int64)
        for j, (unit, k) in enumerate(zip(units, concepts.tolist(), strict=True)):
            if unit:
                theta = self.model_concept(unit)
                hits[j], fired[j] = ones(theta & self.concepts[k]), ones(theta)
        positives = ones(self.concepts)[concepts]
        return Counts(hits, fired - hits, positives, self.points - positives)
