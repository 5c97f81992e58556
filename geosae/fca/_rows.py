"""Sets of indices, one per concept: stored as bits or lists, or derived, and made into tuples on demand."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, overload

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt64

from geosae.fca.bitsets import unpack_words, word_integers

TABLE = 1 << 22
"""So many truth values are unpacked at once, where all rows are made one after the other."""


class Rows(Sequence[tuple[int, ...]]):
    """A sequence of sorted index tuples that are made on demand; abstract."""

    sizes: Int[np.ndarray, "m"]
    """How many indices each has."""

    def __len__(self) -> int:
        return len(self.sizes)

    @overload
    def __getitem__(self, index: int) -> tuple[int, ...]: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[int, ...], ...]: ...

    def __getitem__(self, index: int | slice) -> tuple[Any, ...]:
        if isinstance(index, slice):
            return tuple(self._row(i) for i in range(len(self))[index])
        return self._row(range(len(self))[index])

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same tuples, such as a tuple of them."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        step = max(1, TABLE // max(1, self._columns()))
        for first in range(0, len(self), step):
            yield from self._between(first, min(first + step, len(self)))

    def _row(self, i: int) -> tuple[int, ...]:
        return self._between(i, i + 1)[0]

    def _columns(self) -> int:
        raise TypeError("Rows is abstract")

    def _between(self, first: int, last: int) -> list[tuple[int, ...]]:
        raise TypeError("Rows is abstract")


class BitRows(Rows):
    """Sets stored as 64-bit words."""

    def __init__(self, words: UInt64[np.ndarray, "m w"], columns: int) -> None:
        self.words = words
        self.columns = columns
        self.sizes = np.bitwise_count(words).sum(axis=1, dtype=np.int64)

    def _columns(self) -> int:
        return self.columns

    def _between(self, first: int, last: int) -> list[tuple[int, ...]]:
        return _tuples(unpack_words(self.words[first:last], self.columns))

    def masks(self) -> tuple[int, ...]:
        """Return each set as an integer."""
        return tuple(word_integers(self.words))


class DerivedRows(Rows):
    """The other side of concepts stored as bits: what all the members of a set have in common."""

    def __init__(self, sets: BitRows, crosses: Bool[np.ndarray, "l s"], sizes: Int[np.ndarray, "m"]) -> None:
        self.sets = sets
        self.crosses = crosses
        self.sizes = sizes

    def _row(self, i: int) -> tuple[int, ...]:
        return tuple(np.flatnonzero(self.crosses[:, list(self.sets[i])].all(axis=1)).tolist())

    @cached_property
    def _missing(self) -> Float32[np.ndarray, "s l"]:
        return np.ascontiguousarray(~self.crosses.T).astype(np.float32)

    def _columns(self) -> int:
        return max(self.crosses.shape)

    def _between(self, first: int, last: int) -> list[tuple[int, ...]]:
        # A long element is common to a set where it misses none of its members: a count, exact below 2²⁴.
        members = unpack_words(self.sets.words[first:last], self.sets.columns).astype(np.float32)
        return _tuples(members @ self._missing == 0)


class ListRows(Rows):
    """Sets stored as one array of their members in order, cut at the starts."""

    def __init__(self, start: Int[np.ndarray, "m1"], items: Int[np.ndarray, "e"]) -> None:
        self.start = start
        self.items = items
        self.sizes = np.diff(start)

    def _columns(self) -> int:
        return 1

    def _between(self, first: int, last: int) -> list[tuple[int, ...]]:
        starts = self.start[first : last + 1].tolist()
        items = self.items[starts[0] : starts[-1]].tolist()
        ends = [start - starts[0] for start in starts]
        return [tuple(items[one:two]) for one, two in pairwise(ends)]


def _tuples(table: Bool[np.ndarray, "m c"]) -> list[tuple[int, ...]]:
    columns = np.nonzero(table)[1].tolist()
    ends = np.cumsum(table.sum(axis=1)).tolist()
    return [tuple(columns[one:two]) for one, two in pairwise([0, *ends])]


def sizes_of(rows: Sequence[tuple[int, ...]]) -> Int[np.ndarray, "m"]:
    """Return the number of indices in every set."""
    return rows.sizes if isinstance(rows, Rows) else np.array([len(row) for row in rows], dtype=np.int64)


def lists_of(rows: Sequence[tuple[int, ...]]) -> tuple[Int[np.ndarray, "m1"], Int[np.ndarray, "e"]]:
    """Return the starts and the concatenated members of the sets."""
    if isinstance(rows, ListRows):
        return rows.start, rows.items
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return start, np.array([i for row in rows for i in row], dtype=np.int64)


def transpose(
    start: Int[np.ndarray, "m1"], items: Int[np.ndarray, "e"]
) -> tuple[Int[np.ndarray, "m1"], Int[np.ndarray, "e"]]:
    """Return the lists of the reversed relation: for every j, the i in whose list it stands.

    Examples
    --------
    >>> start, items = transpose(np.array([0, 1, 2]), np.array([1, 1]))
    >>> start.tolist(), items.tolist()
    ([0, 0, 2], [0, 1])
    """
    count = len(start) - 1
    source = np.repeat(np.arange(count, dtype=items.dtype), np.diff(start))
    order = np.argsort(items, kind="stable")
    ends = np.cumsum(np.bincount(items, minlength=count))
    return np.concatenate([[0], ends]).astype(np.int64), source[order]
