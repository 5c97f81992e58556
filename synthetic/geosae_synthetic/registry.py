"""All worlds by name: describe one, or draw a data set of it."""

from typing import Any

import numpy as np

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.fca.context import FormalContext
from geosae.storage.arguments import checked_arguments
from geosae.validation import refuse_unknown, whole_number
from geosae_synthetic import (
    absorption,
    balls,
    circular,
    conflicts,
    convex,
    gaussians,
    interlocked,
    lattices,
    nested,
    nonconvex,
    polytopes,
    rings,
    slabs,
    superposition,
    unions,
)
from geosae_synthetic.spec import World

_CONVEX = (balls, nested, polytopes, convex, slabs)
_NON_CONVEX = (rings, unions, nonconvex, interlocked, circular)
_FAMILIES = (*_CONVEX, *_NON_CONVEX, absorption, superposition, lattices, conflicts, gaussians)
_WORLDS: dict[str, World] = {world.name: world for family in _FAMILIES for world in family.WORLDS}


def names() -> tuple[str, ...]:
    """Return the names of all worlds, in the order of the families.

    Examples
    --------
    >>> "nested-balls" in names()
    True
    """
    return tuple(_WORLDS)


@checked_arguments()
def describe(name: str) -> World:
    """Return a world's description; printed, it gives construction, distribution, truth and parameters.

    Raises
    ------
    InvalidInput
        If there is no such world.

    Examples
    --------
    >>> describe("nested-balls").least_dim
    1
    """
    refuse_unknown([name], _WORLDS, "the registry", "world")
    return _WORLDS[name]


@checked_arguments()
def make(name: str, *, points: int, dim: int, rng: np.random.Generator, **params: Any) -> ConceptDataset:
    """Draw N = `points` points of a world in Rⁿ, n = `dim`, with all that is known of its concepts.

    The same generator state and parameters give the same bytes. The provenance holds them, so that the data
    can be drawn again; the seed is recorded where the generator is fresh from `default_rng(seed)`.

    Raises
    ------
    InvalidInput
        If there is no such world, a parameter is wrong, the parameters contradict one another (balls that do
        not fit), or the points are too few.

    Examples
    --------
    >>> data = make("nested-balls", points=500, dim=3, rng=np.random.default_rng(0), depth=2)
    >>> data.names, data.points.shape, data.seed
    (('level 1', 'level 2'), (500, 3), 0)
    """
    world = describe(name)
    points = whole_number(points, "the number of points of a world", least=1)
    dim = whole_number(dim, "the dimension of a world", least=1, most=2**31)
    values = world.admit(dim, params)
    given = {key: value for key, value in values.items() if value is not None}
    state, seed = rng.bit_generator.state, _seed_of(rng)
    drawn = world.build(points, dim, rng, values)
    return ConceptDataset(
        points=drawn.points,
        membership=drawn.membership,
        names=drawn.names,
        regions=drawn.regions,
        ambient=drawn.ambient,
        truth=drawn.truth,
        declared_subsets=drawn.subsets,
        directions=drawn.directions,
        seed=seed,
        provenance={
            "world": name,
            "params": {"points": points, "dim": dim, **given},
            "facts": drawn.facts | ({"rows": [list(row) for row in drawn.rows]} if drawn.rows else {}),
            "version": geosae.__version__,
            "generator": {key: value for key, value in state.items() if key in ("bit_generator", "state")},
        },
    )


@checked_arguments()
def true_context(data: ConceptDataset) -> FormalContext | None:
    """Return the true context of a world that was made here, None where it is not known.

    Its attributes are the concepts, its objects the sets of concepts that points belong to with positive
    probability. On a large sample the membership table has the same rows, so the same concept lattice.

    Examples
    --------
    >>> data = make("nested-balls", points=500, dim=3, rng=np.random.default_rng(0), depth=2)
    >>> true_context(data).incidence.tolist()
    [[True, False], [True, True], [False, False]]
    """
    rows = data.provenance.get("facts", {}).get("rows")
    if rows is None:
        return None
    incidence = np.zeros((len(rows), len(data.names)), dtype=bool)
    for line, row in zip(incidence, rows, strict=True):
        line[row] = True
    objects = [", ".join(data.names[k] for k in row) or "background" for row in rows]
    return FormalContext.from_array(incidence, objects, data.names)


def _seed_of(rng: np.random.Generator) -> int | None:
    """Return the seed of a fresh default_rng(seed); None if the generator was used, or seeded otherwise."""
    entropy = getattr(rng.bit_generator.seed_seq, "entropy", None)
    if not isinstance(entropy, int):
        return None
    fresh = np.random.default_rng(entropy).bit_generator.state
    return entropy if fresh == rng.bit_generator.state else None
