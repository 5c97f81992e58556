"""The points that the explorer draws: some at random, some of each concept, examples for each neuron."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.explorer.blocks import Block
from geosae.explorer.records import PointSample
from geosae.sampling import drawn_rows

UNIFORM = 400
"""So many points are drawn at random."""
OF_EACH = 24
"""Of each concept there are at least so many, where it has them."""
EXAMPLES = 6
"""For each neuron so many points at which it fires most strongly, and so many at random."""


@dataclass(frozen=True, eq=False)
class Examples:
    """For each neuron the points at which it fires most strongly, and some at random: rows of a data set."""

    top: tuple[tuple[int, ...], ...]
    random: tuple[tuple[int, ...], ...]


def examples_of(
    codes: Codes, kept: Int[np.ndarray, " m"], rng: np.random.Generator, count: int = EXAMPLES
) -> Examples:
    """Return examples for each of some neurons from the codes of points with their values.

    Examples
    --------
    >>> fired = np.array([[True], [False], [True], [True]])
    >>> codes = Codes.from_mask(fired, np.array([[1.0], [0.0], [3.0], [2.0]]))
    >>> examples_of(codes, np.arange(1), np.random.default_rng(0), 2).top
    ((2, 3),)
    """
    by_neuron = codes.transposed()
    values = by_neuron.values
    top: list[tuple[int, ...]] = []
    random: list[tuple[int, ...]] = []
    for i in kept.tolist():
        where = slice(int(by_neuron.indptr[i]), int(by_neuron.indptr[i + 1]))
        rows = by_neuron.indices[where]
        strength = np.zeros(len(rows)) if values is None else values[where]
        top.append(tuple(rows[np.argsort(-strength, kind="stable")[:count]].tolist()))
        random.append(tuple(rows[drawn_rows(len(rows), count, rng)].tolist()))
    return Examples(tuple(top), tuple(random))


def chosen_rows(
    dataset: ConceptDataset, examples: Sequence[Examples], rng: np.random.Generator
) -> tuple[int, Int[np.ndarray, " k"]]:
    """Return how many rows were drawn uniformly, and all rows: these first, then those that were added."""
    uniform = drawn_rows(dataset.size, UNIFORM, rng)
    drawn = set(uniform.tolist())
    added: set[int] = set()
    for k in range(len(dataset.names)):
        rows = np.flatnonzero(dataset.membership[:, k])
        present = sum(int(row) in drawn for row in rows)
        others = np.array([row for row in rows.tolist() if row not in drawn], dtype=np.int64)
        added |= set(others[drawn_rows(len(others), max(0, OF_EACH - present), rng)].tolist())
    for each in examples:
        added |= {row for rows in (*each.top, *each.random) for row in rows}
    rest = np.array(sorted(added - drawn), dtype=np.int64)
    return len(uniform), np.concatenate([uniform, rest])


def point_sample(dataset: ConceptDataset, uniform: int, rows: Int[np.ndarray, " k"]) -> PointSample:
    """Return the record of the points with these rows, of which the first were drawn uniformly."""
    coordinates: Float[np.ndarray, "k n"] = dataset.points[rows]
    return PointSample(
        uniform=uniform,
        rows=Block.of(rows, "int32"),
        coordinates=Block.of(coordinates, "float32"),
        membership=Block.of(dataset.membership[rows], "uint8"),
        held_out=dataset.size,
    )
