"""Buffers of a step: who fires where, as lists per point and, turned round, per neuron."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from geosae.sae.gates.largest import blocks_for
from geosae.sae.training.numba import _rows, _select


@dataclass(eq=False)
class Lists:
    """Who fires where in a batch: per point in `index[start[b]:start[b + 1]]`, activations in `value`.

    Turned round, neuron i has its points, in rising order, in `points[begin[i]:begin[i + 1]]`, and its
    activations at the same indices of `activations`.

    Examples
    --------
    >>> z = np.array([[1.0, 3.0, -2.0, 2.0], [5.0, 1.0, 1.0, 0.0]], np.float32)
    >>> lists = Lists(batch=2, width=4, room=4, dtype=z.dtype)
    >>> lists.keep_largest(z, np.zeros(4, np.float32), k=2, first=0)
    >>> [sorted(row) for row in lists.rows()]
    [[1, 3], [0, 1]]
    """

    batch: int
    width: int
    room: int
    dtype: np.dtype[Any]
    start: Int[np.ndarray, "B+1"] = field(init=False)
    begin: Int[np.ndarray, "d+1"] = field(init=False)

    def __post_init__(self) -> None:
        self.start = np.zeros(self.batch + 1, np.int64)
        self.begin = np.zeros(self.width + 1, np.int64)
        self.make_room(self.room)
        # One place more than fits: loops write first and count after.
        self.near = np.empty(self.width + 1, np.int32)
        self.near_value = np.empty(self.width + 1, self.dtype)
        self.lanes = np.empty(self.width + 1, np.int32)

    def make_room(self, room: int) -> None:
        """Have room for so many entries; what the lists held is lost."""
        self.room = room
        self.index, self.points = np.empty(room + 1, np.int32), np.empty(room + 1, np.int32)
        self.value, self.activations = np.empty(room + 1, self.dtype), np.empty(room + 1, self.dtype)

    def keep_largest(
        self, z: Float[np.ndarray, "R d"], bias: Float[np.ndarray, " d"], k: int, first: int
    ) -> None:
        """List, for the points from `first` on, the k largest positive entries of z + bias (left in z)."""
        best = np.empty(blocks_for(self.width, k), self.dtype)
        tiny = np.nextafter(self.dtype.type(0), self.dtype.type(1))
        _select.list_topk(
            z, bias, k, tiny, best, self.lanes, self.near, self.near_value,
            first, self.start, self.index, self.value,
        )  # fmt: skip

    def keep_support(self, z: Float[np.ndarray, "B d"], support: Float[np.ndarray, "B d"]) -> None:
        """List the entries of z whose support is not 0, at whatever sparsity."""
        needed = int(np.count_nonzero(support))
        if needed > self.room:
            self.make_room(needed + needed // 4)
        _select.list_support(z, support, self.start, self.index, self.value)

    def turn_round(self) -> None:
        """Write the lists per neuron from those per point."""
        _rows.turn_round(self.start, self.index, self.value, self.begin, self.points, self.activations)

    def rows(self) -> list[list[int]]:
        """Return the neurons listed at each point."""
        return [self.index[a:b].tolist() for a, b in zip(self.start, self.start[1:], strict=False)]
