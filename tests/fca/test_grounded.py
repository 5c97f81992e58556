"""Grounded families: stable concepts that attributes are about, and intersections of such."""

from fractions import Fraction

import numpy as np
import pytest
from fca.strategies_fca import matrices
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import choose_theta, concept_lattice, stable_family
from geosae.fca import stable as module
from geosae.fca.context import FormalContext


def by_definition(extents: list[frozenset[int]], columns: list[frozenset[int]], theta: int, everything):
    """Nearest sets by exact fractions, intersections by folding."""
    own = dict.fromkeys(extents, 0)
    for column in columns:
        like = {e: Fraction(len(e & column), len(e | column)) for e in extents if e | column}
        best = max(like.values(), default=Fraction(0))
        for e, value in like.items():
            own[e] += value == best >= Fraction(1, 2)
    base = [e for e in extents if own[e] >= theta]

    def meet(e):
        return frozenset.intersection(frozenset(everything), *(b for b in base if e <= b))

    return {e for e in extents if e in base or meet(e) == e}


@pytest.mark.parametrize("side", ["attributes", "objects"])
@given(matrix=matrices(), theta=st.integers(1, 4))
def test_grounded_families_equal_their_definition(side, matrix, theta):
    context = FormalContext.from_array(matrix)
    plain = stable_family(context, theta, side=side)
    kept = stable_family(context, theta, side=side, grounded=True)
    if side == "attributes":
        sets, columns, everything = plain.extents, matrix.T, range(len(matrix))
    else:
        sets, columns, everything = plain.intents, matrix, range(matrix.shape[1])
    named = [frozenset(np.flatnonzero(row).tolist()) for row in sets]
    lines = [frozenset(np.flatnonzero(row).tolist()) for row in columns]
    right = by_definition(named, lines, theta, everything)
    found = kept.extents if side == "attributes" else kept.intents
    assert {frozenset(np.flatnonzero(row).tolist()) for row in found} == right
    # What is kept keeps its delta.
    delta = {tuple(row): d for row, d in zip(plain.extents.tolist(), plain.delta.tolist(), strict=True)}
    assert [delta[tuple(row)] for row in kept.extents.tolist()] == kept.delta.tolist()


def forest(seed: int) -> tuple[FormalContext, FormalContext]:
    """Sixty objects in a forest, twelve neurons for each subtree; 2 % missed, 0.4 % false."""
    rng = np.random.default_rng(seed)
    nodes = np.eye(60, dtype=bool)
    for i in range(6, 60):
        nodes[:, i] |= nodes[:, rng.integers(0, i)]
    true = np.repeat(nodes, 12, axis=0).T
    noisy = np.where(true, rng.random(true.shape) >= 0.02, rng.random(true.shape) < 0.004)
    return FormalContext.from_array(true), FormalContext.from_array(noisy)


@pytest.mark.parametrize("seed", [0, 1])
def test_parents_alone_go_and_the_true_concepts_stay(seed):
    truth, noisy = forest(seed)
    wanted = {e for e in concept_lattice(truth).extents if e}

    def found(family):
        return {tuple(np.flatnonzero(row).tolist()) for row in family.extents if row.any()}

    plain, kept = (found(stable_family(noisy, 3, grounded=grounded)) for grounded in (False, True))
    assert len(plain & wanted) - len(kept & wanted) <= 1
    assert len(kept & wanted) / len(wanted) >= 0.95
    assert len(kept & wanted) / len(kept) >= len(plain & wanted) / len(plain) + 0.05


def test_theta_of_grounded_families_is_the_smallest_that_chance_hardly_reaches():
    _, noisy = forest(2)
    crosses = np.ascontiguousarray(noisy.incidence.T)
    theta = choose_theta(noisy, grounded=True)
    shuffles = 1 if crosses.size > module.SMALL else module.SHUFFLES
    rng = np.random.default_rng(0)
    others = [FormalContext.from_array(rng.permuted(crosses, axis=1).T) for _ in range(shuffles)]

    def enough(least):
        sizes = np.concatenate([stable_family(o, least, grounded=True).extents.sum(axis=1) for o in others])
        chance = np.count_nonzero((sizes > 1) & (sizes < len(noisy.objects))) / shuffles
        return chance <= module.CHANCE * len(stable_family(noisy, least, grounded=True))

    assert enough(theta)
    assert theta <= choose_theta(noisy)
    assert stable_family(noisy, grounded=True).theta == theta


@pytest.mark.parametrize("block", [1, 2, 5])
def test_sets_and_rows_are_compared_block_by_block(block, monkeypatch):
    rng = np.random.default_rng(3)
    rows = np.repeat(rng.random((6, 7)) < 0.5, 3, axis=0) ^ (rng.random((18, 7)) < 0.1)
    lattice = concept_lattice(FormalContext.from_array(rows))
    sets = lattice.family(np.arange(len(lattice))).intents
    whole = module.grounded_sets(sets, rows, 3), module.nearest_row_counts(sets, rows)
    assert 0 < whole[0].sum() < len(sets)
    monkeypatch.setattr(module, "BLOCK", block)
    assert module.grounded_sets(sets, rows, 3).tolist() == whole[0].tolist()
    assert module.nearest_row_counts(sets, rows).tolist() == whole[1].tolist()


def test_families_are_grounded_only_where_that_is_asked_for():
    _, noisy = forest(2)
    plain, grounded = (choose_theta(noisy, grounded=asked) for asked in (False, True))
    assert choose_theta(noisy) == stable_family(noisy).theta == plain != grounded


def test_an_intersection_of_grounded_concepts_stays_without_attributes_of_its_own():
    rows = np.repeat(np.array([[1, 1, 0], [0, 1, 1]], dtype=bool), 4, axis=0).T
    family = stable_family(FormalContext.from_array(rows), 3, grounded=True)
    assert [family.extent(i) for i in range(len(family))] == [("g1",), ("g0", "g1"), ("g1", "g2")]
