from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from fca.brute import BOOLEAN_3, CHAIN_4, M3, N5, random_context
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import additive, concept_lattice, layered, stable_family
from geosae.fca.context import FormalContext
from geosae.fca.layout import cross, crossings, near_misses, ranks_of, spaced
from geosae.geometry import InvalidInput

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
    one, many = layered(lattice, starts=1), layered(lattice, starts=4)
    assert many.crossings + 2 * many.near_misses <= one.crossings + 2 * one.near_misses
    small = concept_lattice(FormalContext.read(DATA / "liveinwater.cxt"))
    assert layered(small, starts=3, seed=5).to_dict() == layered(small, starts=3, seed=5).to_dict()


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


def test_crossings_of_many_edges_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    points = rng.integers(0, 12, (30, 2)).astype(np.float64)
    edges = np.array([(i, j) for i in range(30) for j in range(i) if rng.random() < 0.35])
    assert len(edges) > 128
    first, second = np.array(list(combinations(range(len(edges)), 2))).T
    free = np.array([len({*edges[i], *edges[j]}) == 4 for i, j in zip(first, second, strict=True)])
    assert crossings(points, edges) == np.count_nonzero(cross(points, edges[first], edges[second]) & free)


def test_an_edge_that_ends_on_another_does_not_cross_it():
    points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    along, touching, through = np.array([[0, 1]]), np.array([[2, 3]]), np.array([[4, 3]])
    assert not cross(points, along, touching)[0]
    assert not cross(points, touching, along)[0]
    assert cross(points, along, through)[0]
    # On one line, apart or overlapping.
    assert not cross(points, np.array([[0, 2]]), np.array([[2, 1]]))[0]
    assert not cross(points, along, np.array([[0, 2]]))[0]


def test_at_least_one_start_is_needed():
    assert layered(concept_lattice(M3), starts=1).crossings == 0
    with pytest.raises(InvalidInput):
        layered(concept_lattice(M3), starts=0)


def test_a_node_on_a_foreign_edge_is_a_near_miss_and_one_beside_it_is_not():
    edges = np.array([[0, 2]])
    assert near_misses(np.array([[0.0, 0.0], [0.3, 1.0], [0.0, 2.0]]), edges) == 1
    assert near_misses(np.array([[0.0, 0.0], [0.4, 1.0], [0.0, 2.0]]), edges) == 0


def squared_distance(p, a, b) -> Fraction:
    """Of a point to a segment, exactly: to its line between the ends, to the nearer end beyond them."""
    (px, py), (bx, by) = (p[0] - a[0], p[1] - a[1]), (b[0] - a[0], b[1] - a[1])
    along, length = px * bx + py * by, bx * bx + by * by
    if along <= 0 or length == 0:
        return px * px + py * py
    if along >= length:
        return (p[0] - b[0]) ** 2 + (p[1] - b[1]) ** 2
    return (px * by - py * bx) ** 2 / length


@given(st.integers(0, 10_000))
def test_near_misses_are_distances_to_segments_below_a_third(seed):
    rng = np.random.default_rng(seed)
    # Sixteenths: no distance is a third, and all are exact in floats.
    whole = rng.integers(0, 33, (6, 2))
    nodes = [(Fraction(int(x), 16), Fraction(int(y), 16)) for x, y in whole]
    pairs = [(i, j) for i in range(6) for j in range(i) if rng.random() < 0.4]
    edges = np.array(pairs, dtype=int).reshape(-1, 2)
    count = sum(
        squared_distance(nodes[k], nodes[i], nodes[j]) < Fraction(1, 9)
        for i, j in edges.tolist()
        for k in set(range(6)) - {i, j}
    )
    assert near_misses(whole / 16, edges) == count


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
    assert str(layout) == "5 nodes, 0 crossings, 0 near misses, 3 directions"
    assert layout.to_dict()["crossings"] == 0


@pytest.mark.parametrize("name", [pytest.param("digits", marks=pytest.mark.slow), "liveinwater", "gewaesser"])
def test_additive_drawings_have_parallel_edges_and_are_measured(name):
    lattice = concept_lattice(FormalContext.read(DATA / f"{name}.cxt"))
    steps, layers = additive(lattice, rounds=100), layered(lattice)
    irreducible = sum(len(above) == 1 for above in lattice.upper)
    # Each step is one direction; covers that add several steps make more, but fewer than layers do.
    assert steps.directions < layers.directions
    assert steps.directions >= min(irreducible, 1)
    for i, j in lattice.covers:
        assert steps.positions[i, 1] < steps.positions[j, 1]
    gaps = [float(np.linalg.norm(a - b)) for a, b in combinations(steps.positions, 2)]
    assert min(gaps) > 0.99
    assert additive(lattice, rounds=5).to_dict() == additive(lattice, rounds=5).to_dict()


# A cube's shadow has two crossings at the least when its edges are straight and three directions parallel.
@pytest.mark.parametrize(("context", "most"), [(CHAIN_4, 0), (M3, 0), (N5, 0), (BOOLEAN_3, 2)])
def test_additive_crossings_do_not_get_worse(context, most):
    layout = additive(concept_lattice(context))
    assert layout.crossings <= most
    assert layout.near_misses == 0


def test_additive_positions_are_sums_of_steps():
    lattice = concept_lattice(BOOLEAN_3)
    points = additive(lattice).positions
    top, coatoms = len(lattice) - 1, [i for i, above in enumerate(lattice.upper) if above == (7,)]
    for i in range(len(lattice)):
        steps = [points[c] - points[top] for c in coatoms if lattice.leq(i, c)]
        assert points[i] - points[top] == pytest.approx(np.sum(steps, axis=0) if steps else np.zeros(2))


def test_what_cannot_be_drawn_additively_is_refused():
    with pytest.raises(InvalidInput, match="too many"):
        additive(concept_lattice(FormalContext.from_array(~np.eye(7, dtype=bool))))
    with pytest.raises(InvalidInput, match="rounds"):
        additive(concept_lattice(M3), rounds=0)


def test_anchored_nodes_stand_where_they_are_wanted():
    lattice = concept_lattice(M3)
    free = layered(lattice)
    order = np.argsort(-free.positions[1:4, 0])
    wanted = {1 + int(k): float(x) for k, x in zip(order, (-3.0, 0.0, 3.0), strict=True)}
    found = layered(lattice, anchors=wanted)
    assert {i: found.positions[i, 0] for i in wanted} == pytest.approx(wanted)


def test_two_hundred_nodes_are_laid_out_and_families_too():
    rng = np.random.default_rng(0)
    context = FormalContext.from_array(rng.random((24, 40)) < 0.19)
    lattice = concept_lattice(context)
    assert 100 <= len(lattice) <= 200
    layout = layered(lattice, starts=2)
    assert layout.positions.shape == (len(lattice), 2)
    family = stable_family(context, 2)
    again = layered(family, starts=2)
    for i, j in family.covers:
        assert again.positions[i, 1] < again.positions[j, 1]
