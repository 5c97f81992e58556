"""Concepts and covers on plain Python integers: the reference engine, and the fast one for small contexts."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt64

from geosae.fca.bitsets import as_integer, pack_words


@dataclass(frozen=True, eq=False)
class PackedConcepts:
    """Concepts in the order of their discovery: sets B of short elements as words, covers of smaller A."""

    sets: UInt64[np.ndarray, "m w"]
    supports: Int[np.ndarray, "m"]
    """The weight of the long elements A of each concept."""
    start: Int[np.ndarray, "m1"]
    covers: Int[np.ndarray, "e"]
    """The covers of concept i are covers[start[i] : start[i + 1]]."""
    stopped: str = ""
    """Why the search stopped before the end ("cap" or "time"); empty if it is complete."""

    def __len__(self) -> int:
        return len(self.sets)


def enumerate_ints(
    crosses: Bool[np.ndarray, "l s"],
    weights: Int[np.ndarray, "l"],
    *,
    least: int = 0,
    cap: int,
    deadline: float = float("inf"),
) -> PackedConcepts:
    """Return the concepts whose long elements weigh at least `least`, with covers, until cap or deadline.

    Examples
    --------
    >>> concepts = enumerate_ints(~np.eye(3, dtype=bool), np.ones(3, dtype=np.int64), cap=100)
    >>> len(concepts), len(concepts.covers), concepts.stopped
    (8, 12, '')
    """
    long, short = crosses.shape
    columns = [as_integer(column) for column in crosses.T]
    weight = _weigher(weights)
    extents: list[int] = [(1 << long) - 1]
    sets: list[int] = [_common(extents[0], columns)]
    index = {extents[0]: 0}
    start, covers, stopped = [0], list[int](), ""
    if weight(extents[0]) < least:
        empty = np.zeros(0, dtype=np.int64)
        return PackedConcepts(
            np.zeros((0, -(-short // 64)), dtype=np.uint64), empty, np.zeros(1, dtype=np.int64), empty
        )
    at = 0
    while at < len(extents) and not stopped:
        a, b = extents[at], sets[at]
        leading: dict[int, int] = {}
        for j, column in enumerate(columns):
            if not b >> j & 1:
                smaller = a & column
                leading[smaller] = leading.get(smaller, 0) + 1
        for smaller, count in leading.items():
            if least and weight(smaller) < least:
                continue
            target = index.get(smaller)
            if target is None:
                target = index[smaller] = len(extents)
                extents.append(smaller)
                sets.append(_common(smaller, columns))
            # A cover iff all its further short elements lead to it (Lindig 2000, counted).
            if count == sets[target].bit_count() - b.bit_count():
                covers.append(target)
        start.append(len(covers))
        at += 1
        if len(extents) > cap:
            stopped = "cap"
        elif at % 64 == 0 and time.monotonic() > deadline:
            stopped = "time"
    return PackedConcepts(
        pack_words(_bits(sets, short)),
        np.array([weight(a) for a in extents], dtype=np.int64),
        np.array(start, dtype=np.int64),
        np.array(covers, dtype=np.int64),
        stopped,
    )


def _common(a: int, columns: list[int]) -> int:
    return sum(1 << j for j, column in enumerate(columns) if not a & ~column)


def _weigher(weights: Int[np.ndarray, "l"]) -> Callable[[int], int]:
    if (weights == 1).all():
        return int.bit_count
    # Binary digits of the weights, so that a weight is a few popcounts.
    planes = [
        (1 << k, as_integer((weights >> k & 1).astype(bool)))
        for k in range(int(weights.max(initial=1)).bit_length())
    ]

    def weight(a: int) -> int:
        return sum(value * (a & plane).bit_count() for value, plane in planes)

    return weight


def _bits(sets: list[int], short: int) -> Bool[np.ndarray, "m s"]:
    width = max(1, -(-short // 8))
    data = b"".join(b.to_bytes(width, "little") for b in sets)
    octets = np.frombuffer(data, dtype=np.uint8).reshape(len(sets), width)
    return np.unpackbits(octets, axis=1, count=short, bitorder="little").astype(bool)
