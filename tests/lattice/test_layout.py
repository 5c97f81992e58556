from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lattice.brute import BOOLEAN_3, CHAIN_4, M3, N5, random_context

from geosae.data.context import FormalContext
from geosae.geometry import InvalidInput
from geosae.lattice import concept_lattice, layered
from geosae.lattice.layout import crossings, near_misses, ranks_of, spaced

DATA = Path(__file__).parent / "data"


@given(st.integers(0, 100_000))
def test_greater_concepts_are_drawn_higher_and_nothing_coincides(seed):
    lattice = concept_lattice(random_context(seed))
    layout = layered(lattice, starts=2)
    assert np.isfinite(layout.positions).all()
    for i in range(len(lattice)):
        for j in range(len(lattice)):
            if i != j and lattice.leq(i, j):
                assert layout.positions[i, 1] < layout.positions[j, 1]
    for rank in np.unique(layout.ranks):
        x = np.sort(layout.positions[layout.ranks == rank, 0])
        assert (np.diff(x) >= 1 - 1e-9).all()


# The first three are planar; the cube in layers, three nodes each, is drawn with at most four crossings.
@pytest.mark.parametrize(("context", "most"), [(CHAIN_4, 0), (M3, 0), (N5, 0), (BOOLEAN_3, 4)])
def test_crossings_do_not_get_worse(context, most):
    layout = layered(concept_lattice(context))
    assert layout.crossings <= most
    assert layout.near_misses == 0


def test_several_starts_are_no_worse_than_one():
    lattice = concept_lattice(FormalContext.read(DATA / "tealady.cxt"))
    one, many = layered(lattice, starts=1), layered(lattice, starts=8)
    assert many.crossings + 2 * many.near_misses <= one.crossings + 2 * one.near_misses
    assert layered(lattice, starts=3, seed=5).to_dict() == layered(lattice, starts=3, seed=5).to_dict()


def test_symmetric_lattices_have_symmetric_ranks():
    ranks = ranks_of(concept_lattice(BOOLEAN_3))
    assert sorted(ranks.tolist()) == [-3, -1, -1, -1, 1, 1, 1, 3]


@given(st.integers(0, 100_000))
def test_crossings_equal_a_parametric_count(seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((7, 2))
    edges = np.array([rng.choice(7, 2, replace=False) for _ in range(6)])
    count = 0
    for (a, b), (c, d) in combinations(edges.tolist(), 2):
        if len({a, b, c, d}) == 4:
            matrix = np.stack([points[b] - points[a], points[c] - points[d]], axis=1)
            s, t = np.linalg.solve(matrix, points[c] - points[a])
            count += 0 < s < 1 and 0 < t < 1
    assert crossings(points, edges) == count


def test_a_node_on_a_foreign_edge_is_a_near_miss_and_one_beside_it_is_not():
    edges = np.array([[0, 2]])
    assert near_misses(np.array([[0.0, 0.0], [0.3, 1.0], [0.0, 2.0]]), edges) == 1
    assert near_misses(np.array([[0.0, 0.0], [0.4, 1.0], [0.0, 2.0]]), edges) == 0


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=6))
def test_spacing_is_the_least_squares_projection(wanted):
    from itertools import product

    target = np.array(wanted, dtype=float)
    found = spaced(target)
    assert (np.diff(found) >= 1 - 1e-9).all()
    # Projection onto a convex cone: the residual has no positive product with any feasible direction.
    residual = target - found
    rng = np.random.default_rng(0)
    for _, _ in product(range(20), range(2)):
        other = np.cumsum(1 + rng.exponential(1, len(target))) + rng.normal(0, 5)
        assert residual @ (other - found) <= 1e-9


def test_what_cannot_be_read_is_not_drawn():
    big = concept_lattice(FormalContext.from_array(~np.eye(9, dtype=bool)))
    with pytest.raises(InvalidInput, match="2304 covers"):
        layered(big)
    with pytest.raises(InvalidInput, match="starts"):
        layered(concept_lattice(M3), starts=0)


def test_the_quality_is_printed():
    layout = layered(concept_lattice(M3))
    assert str(layout) == "5 nodes, 0 crossings, 0 near misses"
    assert layout.to_dict()["crossings"] == 0
