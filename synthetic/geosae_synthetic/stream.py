"""Streams of points in constant memory: any rows can be read, and their bytes depend on the seed alone.

The points are generated in blocks of a fixed number of rows. Block b has a generator of its own, keyed by
(seed, b), so it can be drawn without those before it (Salmon et al., Parallel random numbers: as easy as
1, 2, 3, 2011, doi:10.1145/2063384.2063405, for the idea of keyed generators). What a reader asks for is cut
out of these blocks: chunks of any size see the same bytes.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse import csr_array, vstack

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput


class Source(ABC):
    """A distribution of independent points with concepts, as a stream needs it."""

    dim: int
    names: tuple[str, ...]
    rows: int
    """Rows of a block of generation; part of what fixes the bytes."""
    truth: tuple[ConceptTruth, ...] = ()
    subsets: tuple[tuple[str, str], ...] = ()
    directions: Float[np.ndarray, "p n"] | None = None

    @abstractmethod
    def points(self, size: int, rng: np.random.Generator) -> Float[np.ndarray, "k n"]:
        """Draw float32 points."""

    @abstractmethod
    def block(self, size: int, rng: np.random.Generator) -> tuple[Float[np.ndarray, "k n"], csr_array]:
        """Draw the same points as `points`, with one non-negative coefficient for each concept (sparse)."""

    @abstractmethod
    def holds(self, coefficients: csr_array) -> csr_array:
        """Return where each concept holds, given its coefficients: a sparse matrix of True."""


@dataclass(frozen=True, eq=False)
class Block:
    """Rows start … stop − 1 of a stream."""

    start: int
    points: Float[np.ndarray, "k n"]
    coefficients: csr_array
    """How strongly each concept is present (float32, k × p): a feature's magnitude; 1 for a set."""
    holds: csr_array
    """Where each concept holds (k × p, stored entries are True)."""

    @property
    def membership(self) -> Bool[np.ndarray, "k p"]:
        """Where each concept holds, as a dense matrix."""
        return self.holds.toarray().astype(bool)


class PointStream:
    """A stream of points: `len`, `dim`, `rows(start, stop)`, and the truth of any block.

    Raises
    ------
    InvalidInput
        If the seed or the length is negative.
    """

    def __init__(
        self, source: Source, seed: int, length: int, provenance: dict[str, Any] | None = None
    ) -> None:
        if seed < 0 or length < 1:
            raise InvalidInput(f"a stream needs seed ≥ 0 and points ≥ 1, not seed {seed} and {length} points")
        self.source, self.seed = source, seed
        self.provenance = {"seed": seed, **(provenance or {}), "version": geosae.__version__}
        self._length = length
        self._last: tuple[int, Float[np.ndarray, "k n"]] | None = None
        self._last_block: tuple[int, Float[np.ndarray, "k n"], csr_array] | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def dim(self) -> int:
        """The dimension n of the points."""
        return self.source.dim

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the p concepts."""
        return self.source.names

    def rows(self, start: int, stop: int) -> Float[np.ndarray, "k n"]:
        """Return the points start … stop − 1, float32.

        Raises
        ------
        InvalidInput
            If the range is empty or leaves the stream.
        """
        parts = list[np.ndarray]()
        for index, inside in self._pieces(start, stop):
            last = self._last
            if last is None or last[0] != index:
                last = (index, self.source.points(self.source.rows, self._generator(index)))
                self._last = last  # one block is kept: small steps forward do not draw it again
            parts.append(last[1][inside])
        return np.concatenate(parts)

    def block(self, start: int, stop: int) -> Block:
        """Return the points start … stop − 1 with their concepts.

        Raises
        ------
        InvalidInput
            If the range is empty or leaves the stream.
        """
        points, coefficients = list[np.ndarray](), list[csr_array]()
        for index, inside in self._pieces(start, stop):
            last = self._last_block
            if last is None or last[0] != index:
                last = (index, *self.source.block(self.source.rows, self._generator(index)))
                self._last_block = last  # kept for the same reason
            _, drawn, weights = last
            points.append(drawn[inside])
            # A copy even of a whole block: what the caller does to it must not reach the block that is kept.
            coefficients.append(weights.copy() if len(drawn[inside]) == len(drawn) else weights[inside])
        together = (
            coefficients[0] if len(coefficients) == 1 else csr_array(vstack(coefficients, format="csr"))
        )
        return Block(start, np.concatenate(points), together, self.source.holds(together))

    def dataset(self, start: int, stop: int) -> ConceptDataset:
        """Return a slice as a ConceptDataset; it must fit in memory, and every concept must hold a point."""
        block = self.block(start, stop)
        return ConceptDataset(
            points=block.points,
            membership=block.membership,
            names=self.names,
            truth=self.source.truth,
            declared_subsets=self.source.subsets,
            directions=self.source.directions,
            seed=self.seed,
            provenance={**self.provenance, "rows": [start, stop]},
        )

    def __iter__(self) -> Iterator[Float[np.ndarray, "k n"]]:
        """Go through the points once, in blocks of generation."""
        for start in range(0, self._length, self.source.rows):
            yield self.rows(start, min(start + self.source.rows, self._length))

    def _generator(self, index: int) -> np.random.Generator:
        return keyed(self.seed, 1, index)

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[int, slice]]:
        first, last = operator.index(start), operator.index(stop)
        if not 0 <= first < last <= self._length:
            raise InvalidInput(f"rows {first} to {last} are no part of a stream of {self._length} points")
        step = self.source.rows
        for index in range(first // step, (last - 1) // step + 1):
            yield index, slice(max(first - index * step, 0), min(last - index * step, step))


def keyed(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of this key: independent of those of other keys, and cheap to make.

    Examples
    --------
    >>> keyed(0, 1, 7).random() == keyed(0, 1, 7).random() != keyed(0, 1, 8).random()
    True
    """
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
