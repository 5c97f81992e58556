"""Where training points come from: an array, a file mapped into memory, or a stream of blocks.

Every source is read by step: what step t sees depends on the seed and on t (and, for an array, on the steps
before it through the generator), so an interrupted run can go on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.sae.training.standardize import Standardizer
from geosae.validation import finite_points


@runtime_checkable
class Stream(Protocol):
    """Points that do not fit into memory, read by position; the same rows at every call."""

    @property
    def dim(self) -> int:
        """The dimension n."""
        ...

    def __len__(self) -> int:
        """Return the number N of points."""
        ...

    def rows(self, start: int, stop: int) -> Float[np.ndarray, "k n"]:
        """Return the points from start to stop."""
        ...


@runtime_checkable
class Source(Protocol):
    """What the training loop draws its batches from, already standardised."""

    def batch(self, step: int, size: int, generator: torch.Generator) -> Float[torch.Tensor, "B n"]:
        """Return the batch of a step, counted from 0."""
        ...


@dataclass(frozen=True, eq=False)
class ArraySource:
    """All points in memory; batches are drawn with replacement, or are all points where there are no more."""

    u: Float[torch.Tensor, "N n"]

    def batch(self, step: int, size: int, generator: torch.Generator) -> Float[torch.Tensor, "B n"]:
        """Return points drawn by the generator."""
        if size >= len(self.u):
            return self.u
        drawn = torch.randint(len(self.u), (size,), generator=generator)
        return self.u.index_select(0, drawn.to(self.u.device))


@dataclass(frozen=True, eq=False)
class MappedSource:
    """A mapped file: the same draws as from an array, each batch read from the file."""

    points: np.ndarray
    standardizer: Standardizer
    device: torch.device

    def batch(self, step: int, size: int, generator: torch.Generator) -> Float[torch.Tensor, "B n"]:
        """Return points drawn by the generator."""
        if size >= len(self.points):
            return standardised(self.points, self.standardizer, self.device)
        drawn = torch.randint(len(self.points), (size,), generator=generator).numpy()
        return standardised(self.points[drawn], self.standardizer, self.device)


@dataclass(frozen=True, eq=False)
class StreamSource:
    """A stream read from its start to its end, again and again."""

    stream: Stream
    standardizer: Standardizer
    device: torch.device

    def batch(self, step: int, size: int, generator: torch.Generator) -> Float[torch.Tensor, "B n"]:
        """Return the next points of the stream."""
        count = len(self.stream)
        start = step * size % count
        rows = self.stream.rows(start, min(start + size, count))
        while len(rows) < size:
            rows = np.concatenate([rows, self.stream.rows(0, min(size - len(rows), count))])
        return standardised(rows, self.standardizer, self.device)


class IteratedSource:
    """Blocks from a generator function, in order; it must yield enough of them for all steps.

    A run that goes on after an interruption reads the blocks that were used once more.
    """

    def __init__(
        self, blocks: Callable[[], Iterator[np.ndarray]], standardizer: Standardizer, device: torch.device
    ) -> None:
        self.blocks, self.standardizer, self.device = blocks, standardizer, device
        self.waiting: np.ndarray | None = None
        self.iterator: Iterator[np.ndarray] = blocks()
        self.used = 0

    def batch(self, step: int, size: int, generator: torch.Generator) -> Float[torch.Tensor, "B n"]:
        """Return the points that come next; those of earlier steps are passed over.

        Raises
        ------
        InvalidInput
            If the blocks end too early.
        """
        while self.used < step * size:
            self._next_rows(min(size, step * size - self.used))
        return standardised(self._next_rows(size), self.standardizer, self.device)

    def _next_rows(self, count: int) -> np.ndarray:
        parts = [] if self.waiting is None else [self.waiting]
        while sum(map(len, parts)) < count:
            block = next(self.iterator, None)
            if block is None:
                raise InvalidInput(
                    f"the generator of points ended after {self.used + sum(map(len, parts))} points",
                    causes="fewer points than steps · batch_size",
                    remedy="train for fewer steps, or let the generator go round",
                )
            parts.append(finite_points(block).copy())  # a generator may refill its buffer
        rows = np.concatenate(parts)
        self.waiting = rows[count:]
        self.used += count
        return rows[:count]


def standardised(
    points: Float[np.ndarray, "B n"], standardizer: Standardizer, device: torch.device
) -> Float[torch.Tensor, "B n"]:
    """Return the standardised points as float32 on the device.

    Raises
    ------
    InvalidInput
        If one of them is not finite.
    """
    cloud = finite_points(points, dim=len(standardizer.centre))
    return torch.from_numpy(standardizer.transform(cloud)).to(device)
