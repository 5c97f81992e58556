"""Who fires where, one bit per neuron and point: units are counted by AND and popcount."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt64

from geosae.analysis.counts import Counts
from geosae.data.codes import Codes
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


def pack_lists(by_neuron: Codes) -> UInt64[np.ndarray, "m W"]:
    """Return lists of points as bits, the same as `pack` of their table; points × neurons are never held.

    Examples
    --------
    >>> fires = np.arange(140).reshape(70, 2) % 3 == 0
    >>> bool((pack_lists(Codes.from_mask(fires.T)) == pack(fires)).all())
    True
    """
    row_bytes = -(-by_neuron.width // 64) * 8
    packed = np.zeros((len(by_neuron), row_bytes), dtype=np.uint8)
    rows = np.repeat(np.arange(len(by_neuron)), np.diff(by_neuron.indptr))
    places = rows * row_bytes + (by_neuron.indices >> 3)
    # Points rise within a neuron, so that the bits of one byte stand together.
    first = np.flatnonzero(np.diff(places, prepend=-1))
    if len(first):
        bits = np.right_shift(128, by_neuron.indices & 7).astype(np.uint8)
        packed.ravel()[places[first]] = np.bitwise_or.reduceat(bits, first)
    return packed.view(np.uint64)


def ones(words: UInt64[np.ndarray, "*shape W"]) -> Int[np.ndarray, "*shape"]:
    """Return the number of ones in each row of words."""
    return np.asarray(np.bitwise_count(words).sum(axis=-1, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class FiringBits:
    """Some points with the neurons that fire on them and the concepts that hold them, as bits."""

    neurons: UInt64[np.ndarray, "m W"]
    """A row for each of the neurons in `which`."""
    which: Int[np.ndarray, " m"]
    """Their numbers, rising."""
    concepts: UInt64[np.ndarray, "p W"]
    points: int

    __repr__ = short_repr

    @classmethod
    def of(cls, fires: Bool[np.ndarray, "N d"], inside: Bool[np.ndarray, "N p"]) -> "FiringBits":
        """Pack who fires and which concepts hold each point."""
        return cls(pack(fires), np.arange(fires.shape[1]), pack(inside), len(fires))

    @classmethod
    def of_codes(
        cls, codes: Codes, inside: Bool[np.ndarray, "N p"], which: Int[np.ndarray, " m"]
    ) -> "FiringBits":
        """Pack where some neurons fire, their numbers rising, and which concepts hold each point."""
        return cls(pack_lists(codes.transposed().rows(which)), which, pack(inside), len(codes))

    def rows(self, neurons: Int[np.ndarray, " k"] | Unit) -> Int[np.ndarray, " k"]:
        """Return the rows in which these neurons stand; they must be among those packed."""
        return np.searchsorted(self.which, neurons)

    def model_concept(self, unit: Unit) -> UInt64[np.ndarray, " W"]:
        """Return θ_M, the points on which all neurons of a unit (at least one) fire."""
        return np.bitwise_and.reduce(self.neurons[self.rows(unit)], axis=0)

    def count(self, units: Sequence[Unit], concepts: Int[np.ndarray, " k"]) -> Counts:
        """Return the counts of unit j against concept `concepts[j]`; of () zero hits and alarms."""
        hits = np.zeros(len(units), dtype=np.int64)
        fired = np.zeros(len(units), dtype=np.int64)
        for j, (unit, k) in enumerate(zip(units, concepts.tolist(), strict=True)):
            if unit:
                theta = self.model_concept(unit)
                hits[j], fired[j] = ones(theta & self.concepts[k]), ones(theta)
        positives = ones(self.concepts)[concepts]
        return Counts.of_fired(hits, fired, positives, self.points - positives)


def members_of(units: Sequence[Unit]) -> Int[np.ndarray, " m"]:
    """Return the neurons of some units, each once, in rising order.

    Examples
    --------
    >>> members_of([(1, 4), (), (0, 4)]).tolist()
    [0, 1, 4]
    """
    return np.unique(np.array([i for unit in units for i in unit], dtype=np.int64))
