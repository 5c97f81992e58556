"""The compiled engine: it grows the arrays, watches cap and clock, and calls the kernels of `_kernels.py`."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from jaxtyping import Bool, Int, UInt64

from geosae.errors import InvalidInput
from geosae.fca._enumerate_python import PackedConcepts
from geosae.fca.bitsets import pack_words

STEP = 4096
"""Concepts expanded between two looks at the clock."""


def available() -> bool:
    """Return whether numba is installed."""
    return find_spec("numba") is not None


def loaded() -> bool:
    """Return whether this process has loaded the kernels."""
    return "geosae.fca._kernels" in sys.modules


@dataclass(frozen=True, eq=False)
class Packed:
    """A context for the kernels: rows as words and as lists, columns as words, and the marks of rows.

    A mark is a random number in its upper half and the row's weight in its lower: a sum of marks identifies a
    set (up to collisions, which the kernels exclude by a check) and holds its weight.
    """

    start: Int[np.ndarray, "l1"]
    items: Int[np.ndarray, "k"]
    rows: UInt64[np.ndarray, "l w"]
    columns: UInt64[np.ndarray, "s v"]
    total: int
    """The weight of all rows."""
    marks: UInt64[np.ndarray, "l"]

    @classmethod
    def of(cls, crosses: Bool[np.ndarray, "l s"], weights: Int[np.ndarray, "l"]) -> "Packed":
        """Pack a matrix of crosses."""
        start = np.concatenate([[0], np.cumsum(crosses.sum(axis=1))]).astype(np.int64)
        total = int(weights.sum())
        if total >= 2**32:
            raise InvalidInput(f"{total} rows are more than the compiled engine counts")
        # Any random half is right, since the sets that it identifies are verified.
        halves = np.random.default_rng(0).integers(0, 2**32, len(crosses), dtype=np.uint64)
        marks = halves << np.uint64(32) | weights.astype(np.uint64)
        items = np.nonzero(crosses)[1].astype(np.int32)
        return cls(start, items, pack_words(crosses), pack_words(crosses.T), total, marks)


def enumerate_fast(
    crosses: Bool[np.ndarray, "l s"],
    weights: Int[np.ndarray, "l"],
    *,
    least: int = 0,
    cap: int,
    deadline: float = float("inf"),
    progress: Callable[[int, int], None] | None = None,
) -> PackedConcepts:
    """Do what `enumerate_ints` does, in compiled code; the order of discovery is the same."""
    from geosae.fca import _kernels

    context = Packed.of(crosses, weights)
    short, words = len(context.columns), context.rows.shape[1]
    room = max(1024, 4 * short)
    sets = np.zeros((room, words), dtype=np.uint64)
    sizes, leading = np.zeros(room, dtype=np.int32), np.zeros(room, dtype=np.int32)
    supports, start = np.zeros(room, dtype=np.int64), np.zeros(room + 1, dtype=np.int64)
    covers = np.zeros(4 * room, dtype=np.int32)
    keys, ids = _table(4 * room)
    total = context.total
    if total < least:
        return PackedConcepts(sets[:0], supports[:0], start[:1], covers[:0])
    top = np.atleast_2d(crosses.all(axis=0))
    sets[0], sizes[0], supports[0] = pack_words(top)[0], int(top.sum()), total
    key = np.array([context.marks.sum(dtype=np.uint64)])
    _kernels.rehash(key, np.zeros(1, dtype=np.int32), keys, ids)
    at, n_concepts, n_covers, stopped = 0, 1, 0, ""
    while at < n_concepts and not stopped:
        if n_concepts + short >= len(sizes):
            room = min(2 * len(sizes), max(cap, len(sizes)) + 4 * short + 2)
            sets, sizes, leading = grown(sets, room), grown(sizes, room), grown(leading, room)
            supports, start = grown(supports, room), grown(start, room + 1)
        if n_covers + short >= len(covers):
            covers = grown(covers, int(1.5 * len(covers)) + 4 * short)
        if 2 * (n_concepts + short) >= len(ids):
            old_keys, old_ids = keys, ids
            keys, ids = _table(2 * len(ids))
            _kernels.rehash(old_keys, old_ids, keys, ids)
        at, n_concepts, n_covers = _kernels.advance(
            at, at + STEP, n_concepts, n_covers,
            context.start, context.items, context.rows, context.columns, context.marks,
            max(least, 0), sets, sizes, supports, keys, ids, leading, start, covers,
        )  # fmt: skip
        if n_concepts > cap:
            stopped = "cap"
        elif at < n_concepts and time.monotonic() > deadline:
            stopped = "time"
        if progress is not None:
            progress(at, n_concepts)
    return PackedConcepts(
        sets[:n_concepts], supports[:n_concepts], start[: at + 1], covers[:n_covers], stopped
    )


def _table(least: int) -> tuple[UInt64[np.ndarray, "t"], Int[np.ndarray, "t"]]:
    size = 1 << max(12, (least - 1).bit_length())
    return np.zeros(size, dtype=np.uint64), np.full(size, -1, dtype=np.int32)


def grown(array: np.ndarray, room: int) -> np.ndarray:
    """Return the array with zeros up to a length of `room`."""
    larger = np.zeros((room, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
