"""Points put together block by block: which neurons fire on a block, and which concepts hold it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from proofs_checks._planted import layer, model_concept, random_planted


@dataclass(frozen=True)
class Block:
    """So many points on which these neurons fire and which these concepts hold."""

    size: int
    neurons: Sequence[int]
    concepts: Sequence[int]


def built(d: int, p: int, blocks: Sequence[Block]) -> tuple[Bool[np.ndarray, "N d"], Bool[np.ndarray, "p N"]]:
    """Return which of d neurons fire on the points, and which points each of p concepts holds.

    Examples
    --------
    >>> fires, concepts = built(1, 1, [Block(2, [0], []), Block(1, [], [0])])
    >>> fires.tolist(), concepts.tolist()
    ([[True], [True], [False]], [[False, False, True]])
    """
    size = sum(block.size for block in blocks)
    fires, concepts = np.zeros((size, d), dtype=np.bool_), np.zeros((p, size), dtype=np.bool_)
    start = 0
    for block in blocks:
        rows = slice(start, start + block.size)
        fires[rows, list(block.neurons)] = True
        concepts[list(block.concepts), rows] = True
        start += block.size
    return fires, concepts


def layers(d: int, k: int, errors: int) -> list[Block]:
    """List a concept of 20 points for each k-subset of d neurons, so many missed and as many alarms."""
    blocks: list[Block] = []
    for j, subset in enumerate(layer(d, k)):
        blocks += [Block(20 - errors, subset, [j]), Block(errors, subset, []), Block(errors, [], [j])]
    return blocks


def wings(core: int, half_wing: int) -> list[Block]:
    """List two concepts, a core and a wing each, and two neurons alike: on the core and half of each wing."""
    blocks = [Block(core, [0, 1], [0, 1])]
    for j in (0, 1):
        blocks += [Block(half_wing, [0, 1], [j]), Block(half_wing, [], [j])]
    return blocks


def inner(concept: int, missed: int, alarms: int, silent: int) -> list[Block]:
    """List C and θ with so many misses and alarms, C′ the alarms and some silent points, θ′ the alarms."""
    return [
        Block(concept - missed, [0], [0]),
        Block(missed, [], [0]),
        Block(alarms, [0, 1], [1]),
        Block(silent, [], [1]),
    ]


def own_shares(sizes: Sequence[int], missed: int) -> list[Block]:
    """List concepts with ten points in common, each with a neuron that misses so many of its own points."""
    blocks = [Block(10, range(len(sizes)), range(len(sizes)))]
    for j, size in enumerate(sizes):
        blocks += [Block(size - 10 - missed, [j], [j]), Block(missed, [], [j])]
    return blocks


def absorbed(size: int, K: int) -> list[Block]:
    """List a chain of K + 1 concepts under Top-K: the last is one point, and its neuron absorbs it."""
    blocks = [Block(size, range(k + 1), range(k + 1)) for k in range(K)]
    return [*blocks, Block(1, [K], range(K + 1)), Block(1, [], [])]


def chained(size: int, p: int) -> list[Block]:
    """List p nested concepts that differ by a point, one neuron on the smallest, nine points more."""
    return [Block(size, [0], range(p)), *(Block(1, [], range(j, p)) for j in range(1, p)), Block(9, [], [])]


def disturbed(rng: np.random.Generator) -> tuple[Bool[np.ndarray, "N d"], Bool[np.ndarray, "p N"]]:
    """Draw a random encoder and at least two concepts: model concepts of it, some points changed."""
    while True:
        size, dim, width = (int(rng.integers(*ends)) for ends in ((6, 40), (1, 4), (1, 5)))
        fires = random_planted(rng, points=size, dim=dim, width=width).fires()
        thetas = np.array([model_concept(fires, rng.random(width) < 0.6) for _ in range(width + 3)])
        concepts = thetas ^ (rng.random(thetas.shape) < 0.08)
        concepts = concepts[concepts.any(axis=1) & ~concepts.all(axis=1)]
        if len(concepts) > 1:
            return fires, concepts
