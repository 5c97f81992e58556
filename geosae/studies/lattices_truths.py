"""True lattices: random contexts of a given number of concepts, taxonomies, contexts from the literature."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.experiments.cell_lattices import truth_context
from geosae.experiments.jobs import MakeWorld
from geosae.fca import FormalContext, count_concepts

BALL_TREE = "ball-tree"
TAXONOMIES = ("taxonomy-2x4", "taxonomy-2x5")
_SHAPES: Mapping[int, tuple[int, int]] = {10: (6, 6), 25: (8, 8), 50: (12, 10), 100: (16, 12), 200: (20, 14)}
"""Objects and attributes of random contexts with about so many concepts."""
RANDOM = tuple(f"random-{size}" for size in _SHAPES)
_NEAR = 0.1
"""How far the number of concepts may lie from the one asked for, as a share."""
# From the examples of the package `concepts` (MIT): Ganter and Wille's living beings and water, and Davis,
# Gardner and Gardner's tea parties (1941), their two equal rows once.
_REAL: Mapping[str, str] = {
    "living-beings": "XX....X.. XX....XX. XXX...XX. X.X...XXX XX.X.X... XXXX.X... X.XXX.... X.XX.X...",
    "tea-parties": "XXXXXX.XX..... XXX.XXXX...... .XXXXXXXX..... X.XXXXXX...... ..XXX.X....... "
    "..X.XX.X...... ....XXXX...... .....X.XX..... ....X.XXX..... ......XXX..X.. .......XXX.X.. "
    ".......XXX.XXX ......XXXX.XXX .....XX.XXXXXX ......XX.XXX.. .......XX..... ........X.X...",
}
REAL = tuple(_REAL)
TRUTHS = (*RANDOM, *TAXONOMIES, *REAL, BALL_TREE)


def truth_and_world(
    make_world: MakeWorld, name: str, each: int, spread: float, seed: int
) -> tuple[FormalContext, ConceptDataset]:
    """Return a true context and points of its objects: of each object (concept) so many.

    An object of a formal context is a ball, and its attributes are half-spaces (F4): their SAE has the true
    lattice. In the world `ball-tree` the true context is the hierarchy of its seven concepts.
    """
    rng = np.random.default_rng([seed, 11])
    if name == BALL_TREE:
        dataset = make_world(BALL_TREE, {"points": 7 * each, "dim": 4}, rng)
        return truth_context(dataset), dataset
    if name in TAXONOMIES:
        branching, depth = (int(number) for number in name.removeprefix("taxonomy-").split("x"))
        return _planted(make_world, name, branching ** (depth - 1) - 1, each, spread, rng)
    context = real_context(name) if name in _REAL else random_context(_size(name), seed)
    rows = context.incidence.astype(np.float64)
    dim = max(1, int(np.linalg.matrix_rank(rows - rows[0])))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "context.cxt"
        context.write(path)
        return _planted(make_world, str(path), dim, each, spread, rng, len(rows))


def _planted(
    make_world: MakeWorld,
    source: str,
    dim: int,
    each: int,
    spread: float,
    rng: np.random.Generator,
    objects: int | None = None,
) -> tuple[FormalContext, ConceptDataset]:
    """Return the context that a world realises, in as many dimensions as its rows span."""
    count = dim + 1 if objects is None else objects
    params = {"points": each * count, "dim": dim, "context": source, "spread": spread}
    dataset = make_world("formal-context", params, rng)
    facts = dataset.provenance["facts"]
    crosses = np.zeros((len(facts["objects"]), len(facts["attributes"])), dtype=bool)
    for row, members in zip(crosses, facts["incidence"], strict=True):
        row[members] = True
    return FormalContext(dataset.names, tuple(facts["attributes"]), crosses), dataset


def _size(name: str) -> int:
    if name not in RANDOM:
        raise InvalidInput(f"there is no true lattice {name!r}", remedy=f"known are {', '.join(TRUTHS)}")
    return int(name.removeprefix("random-"))


def real_context(name: str) -> FormalContext:
    """Return a context from the literature.

    Examples
    --------
    >>> print(count_concepts(real_context("living-beings")))
    19 concepts
    """
    return FormalContext.from_array([[cross == "X" for cross in row] for row in _REAL[name].split()])


def random_context(size: int, seed: int) -> FormalContext:
    """Return a random context with about so many concepts, no two objects alike, no attribute trivial.

    Crosses fall independently, as often as a share that is drawn anew until the number of concepts is within
    a tenth of the one asked for.

    Examples
    --------
    >>> 9 <= count_concepts(random_context(10, 0)).found <= 11
    True
    """
    objects, attributes = _SHAPES[size]
    rng = np.random.default_rng([seed, size])
    while True:
        crosses = rng.random((objects, attributes)) < rng.uniform(0.2, 0.7)
        full = crosses.sum(axis=0)
        if len(np.unique(crosses, axis=0)) < objects or not ((full > 0) & (full < objects)).all():
            continue
        context = FormalContext.from_array(crosses)
        concepts_counted = count_concepts(context, cap=2 * size).found
        if abs(concepts_counted - size) <= _NEAR * size:
            return context
