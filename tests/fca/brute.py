"""Concept lattices from the definition: all subsets of objects, closed and compared."""

from itertools import combinations

import numpy as np

from geosae.fca.context import FormalContext


def concepts_of(incidence) -> dict[frozenset[int], frozenset[int]]:
    """All (extent, intent) pairs, by deriving every subset of objects twice."""
    g, m = incidence.shape
    found = {}
    for size in range(g + 1):
        for objects in combinations(range(g), size):
            intent = frozenset(j for j in range(m) if all(incidence[i, j] for i in objects))
            extent = frozenset(i for i in range(g) if all(incidence[i, j] for j in intent))
            found[extent] = intent
    return found


def concepts_fast(incidence) -> dict[frozenset[int], frozenset[int]]:
    """All (extent, intent) pairs by intersecting attribute extents until nothing new appears."""
    g, m = incidence.shape
    columns = [frozenset(np.flatnonzero(c).tolist()) for c in incidence.T]
    extents = {frozenset(range(g))}
    for column in columns:
        extents |= {extent & column for extent in extents}
    return {e: frozenset(j for j in range(m) if e <= columns[j]) for e in extents}


def covers_of(extents) -> set[tuple[frozenset[int], frozenset[int]]]:
    return {(a, b) for a in extents for b in extents if a < b and not any(a < c < b for c in extents)}


def random_context(seed: int, most: int = 6) -> FormalContext:
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, most + 1, 2)
    return FormalContext.from_array(rng.random(shape) < rng.random())


# Standard contexts of well-known lattices, and their sizes.
BOOLEAN_3 = FormalContext.from_array(~np.eye(3, dtype=bool))
CHAIN_4 = FormalContext.from_array(np.tri(4, dtype=bool))
M3 = FormalContext.from_array(np.eye(3, dtype=bool))
N5 = FormalContext.from_array([[True, False, True], [False, True, False], [True, False, False]])
