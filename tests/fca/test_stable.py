"""Δ-stable families and icebergs against their definitions."""

import numpy as np
import pytest
from fca.brute import concepts_fast, covers_of
from fca.strategies_fca import matrices
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import (
    TooManyConcepts,
    _enumerate_numba,
    choose_theta,
    concept_lattice,
    iceberg,
    stable_family,
)
from geosae.fca import stable as module
from geosae.fca._stable_numba import mine_fast
from geosae.fca._stable_python import mine_ints
from geosae.fca.context import FormalContext
from geosae.geometry import InvalidInput

needs_numba = pytest.mark.skipif(not _enumerate_numba.available(), reason="numba is not installed")


def delta_of(matrix, extent, intent, side) -> int:
    """By definition: the least cost of one further object (counted in attributes), or attribute."""
    if side == "attributes":
        costs = [len(intent) - sum(matrix[g, m] for m in intent) for g in set(range(len(matrix))) - extent]
        return min([int(c) for c in costs] + [len(intent)])
    costs = [len(extent) - sum(matrix[g, m] for g in extent) for m in set(range(matrix.shape[1])) - intent]
    return min([int(c) for c in costs] + [len(extent)])


@pytest.mark.parametrize("side", ["attributes", "objects"])
@given(matrix=matrices(), theta=st.integers(1, 4))
def test_the_family_is_exactly_the_stable_concepts(side, matrix, theta):
    family = stable_family(FormalContext.from_array(matrix), theta, side=side)
    truth = {
        extent: delta
        for extent, intent in concepts_fast(matrix).items()
        if (delta := delta_of(matrix, extent, intent, side)) >= theta
    }
    found = [frozenset(np.flatnonzero(row).tolist()) for row in family.extents]
    assert dict(zip(found, family.delta.tolist(), strict=True)) == truth
    assert len(found) == len(truth)
    assert {(found[i], found[j]) for i, j in family.covers} == covers_of(found)
    for i, extent in enumerate(found):
        assert frozenset(np.flatnonzero(family.intents[i]).tolist()) == concepts_fast(matrix)[extent]


@pytest.mark.parametrize(("side", "step"), [("attributes", "object"), ("objects", "attribute")])
def test_a_family_says_which_concepts_it_holds(side, step):
    context = FormalContext.from_array(np.eye(3, dtype=bool))
    words = f"every further {step} costs at least 2 {side}"
    assert stable_family(context, 2, side=side).what == words
    assert stable_family(context, 2, side=side, grounded=True).what == f"{words}, and grounded"
    assert iceberg(context, 2, side=side).what == f"at least 2 {side}"
    family = stable_family(context, 1, side=side)
    assert len(family) > 1
    assert family.to_dict()["delta"] == family.delta.tolist()
    assert iceberg(context, 2, side=side).to_dict()["delta"] is None


@needs_numba
@given(matrices(least=1), st.integers(1, 5))
def test_the_compiled_loop_does_what_the_plain_one_does(matrix, theta):
    one, two = mine_ints(matrix, theta, 10_000), mine_fast(matrix, theta, 10_000)
    both = [dict(zip(map(bytes, m.sets), m.delta.tolist(), strict=True)) for m in (one, two)]
    assert both[0] == both[1]
    assert len(one.sets) == len(two.sets)


@needs_numba
def test_the_compiled_loop_grows_its_arrays():
    matrix = np.random.default_rng(4).random((70, 24)) < 0.4
    one, two = mine_ints(matrix, 1, 100_000), mine_fast(matrix, 1, 100_000)
    assert len(one.sets) > 2048
    assert set(map(bytes, one.sets)) == set(map(bytes, two.sets))
    assert not mine_fast(matrix, 1, 1000).complete
    assert not mine_ints(matrix, 1, 1000).complete


@given(matrices(most=7, least=1), st.integers(1, 4), st.integers(0, 100))
def test_weights_after_clarification_keep_every_delta(matrix, theta, seed):
    rng = np.random.default_rng(seed)
    wide = FormalContext.from_array(np.repeat(matrix, rng.integers(1, 4, matrix.shape[1]), axis=1))
    small = wide.clarify()
    whole = stable_family(wide, theta)
    part = stable_family(small.context, theta, weights=small.attribute_weights)
    spread = part.extents[:, small.object_class]
    assert {bytes(row) for row in spread} == {bytes(row) for row in whole.extents}
    assert sorted(part.delta.tolist()) == sorted(whole.delta.tolist())
    # Without the weights it would be another family.
    bare = stable_family(small.context, theta)
    assert len(bare) <= len(part)


@given(matrices(), st.integers(0, 6))
def test_icebergs_are_the_concepts_with_enough_support(matrix, least):
    context = FormalContext.from_array(matrix)
    truth = concepts_fast(matrix)
    found = iceberg(context, least)
    assert {frozenset(np.flatnonzero(r).tolist()) for r in found.extents} == {
        e for e in truth if len(e) >= least
    }
    other = iceberg(context, least, side="attributes")
    wanted = {e for e, i in truth.items() if len(i) >= least}
    assert {frozenset(np.flatnonzero(r).tolist()) for r in other.extents} == wanted
    again = concept_lattice(context).iceberg(least)
    assert np.array_equal(again.extents, found.extents)


def planted(seed: int) -> tuple[FormalContext, FormalContext]:
    """Ten groups of four objects, each group and object with twelve neurons; 2 % missed, 0.2 % false."""
    rng = np.random.default_rng(seed)
    nodes = np.concatenate([np.eye(40, dtype=bool), np.repeat(np.eye(10, dtype=bool), 4, axis=1)])
    true = np.repeat(nodes, 12, axis=0).T
    noisy = np.where(true, rng.random(true.shape) >= 0.02, rng.random(true.shape) < 0.002)
    return FormalContext.from_array(true), FormalContext.from_array(noisy)


def test_the_planted_concepts_are_recovered_at_the_chosen_theta():
    truth, noisy = planted(0)
    wanted = {e for e in concept_lattice(truth).extents if 0 < len(e) < 40}
    family = stable_family(noisy)
    found = {tuple(np.flatnonzero(row).tolist()) for row in family.extents}
    found = {e for e in found if 0 < len(e) < 40}
    assert len(wanted) == 50
    assert len(wanted & found) / len(wanted) >= 0.97
    assert len(wanted & found) / len(found) >= 0.95
    # The whole lattice holds as much noise again as a half of the truth.
    assert len(concept_lattice(noisy)) > 1.5 * (len(wanted) + 2)


def hardly_by_chance(crosses, shuffled, least) -> bool:
    """The definition of a θ that is large enough, by mining at it."""
    sizes = [mine_ints(other, least, 20_000).sets.sum(axis=1) for other in shuffled]
    chance = sum(int(((s > 1) & (s < crosses.shape[1])).sum()) for s in sizes) / module.SHUFFLES
    return chance <= module.CHANCE * len(mine_ints(crosses, least, 20_000).sets)


def test_theta_can_be_more_than_any_neuron_has_objects():
    # Six objects, 120 neurons by chance: whatever three objects have in common costs many of them.
    crosses = np.random.default_rng(5).random((120, 6)) < 0.5
    rng = np.random.default_rng(0)
    shuffled = [rng.permuted(crosses, axis=1) for _ in range(module.SHUFFLES)]
    theta = choose_theta(FormalContext.from_array(crosses.T))
    assert theta > 7
    assert hardly_by_chance(crosses, shuffled, theta)
    assert not hardly_by_chance(crosses, shuffled, theta - 1)
    # Where every shuffle is the context itself and all objects are alike, any cost will do.
    assert choose_theta(FormalContext.from_array(np.ones((3, 4), dtype=bool))) == 1


@pytest.mark.parametrize(("neurons", "objects"), [(60, 12), (120, 6)])
@pytest.mark.parametrize("cap", [12, 25, 50])
def test_where_too_much_is_stable_theta_is_the_smallest_that_can_be_mined(neurons, objects, cap, monkeypatch):
    # The search of a shuffled context is given up at the cap alone.
    monkeypatch.setattr(module, "CROWD", 10**6)
    crosses = np.random.default_rng(6).random((neurons, objects)) < 0.4
    rng = np.random.default_rng(0)
    shuffled = [rng.permuted(crosses, axis=1) for _ in range(module.SHUFFLES)]

    def large_enough(least):
        complete = all(mine_ints(each, least, cap).complete for each in (crosses, *shuffled))
        return complete and hardly_by_chance(crosses, shuffled, least)

    context = FormalContext.from_array(crosses.T)
    theta = choose_theta(context, cap=cap)
    assert large_enough(theta)
    assert theta == 1 or not large_enough(theta - 1)
    # Wherever the search begins, also one below where it ends.
    for start in {1, 2, 5, max(1, theta - 1), theta, theta + 1}:
        monkeypatch.setattr(module, "START", start)
        assert choose_theta(context, cap=cap) == theta


def test_theta_is_the_smallest_that_chance_hardly_reaches(monkeypatch):
    _, noisy = planted(1)
    theta = choose_theta(noisy)
    crosses = np.ascontiguousarray(noisy.incidence.T)
    rng = np.random.default_rng(0)
    shuffled = [rng.permuted(crosses, axis=1) for _ in range(module.SHUFFLES)]
    # The shuffles keep every neuron's number of crosses.
    assert np.array_equal(shuffled[0].sum(axis=1), crosses.sum(axis=1))

    def enough(least):
        return hardly_by_chance(crosses, shuffled, least)

    assert enough(theta)
    assert theta == 1 or not enough(theta - 1)
    for other in (1, 2, 3, 5, 9, 30):
        monkeypatch.setattr(module, "START", other)
        assert choose_theta(noisy) == theta
    assert stable_family(noisy).theta == theta
    # Noise alone: no structure, so that chance yields as much as there is.
    noise = FormalContext.from_array(np.random.default_rng(2).random((20, 60)) < 0.3)
    assert (stable_family(noise).extents.sum(axis=1) <= 1).sum() >= len(stable_family(noise)) - 3


def test_what_cannot_be_mined_is_refused():
    context = FormalContext.from_array(~np.eye(8, dtype=bool))
    with pytest.raises(TooManyConcepts, match="at least 11"):
        stable_family(context, 1, cap=10)
    with pytest.raises(TooManyConcepts):
        iceberg(context, 0, cap=10)
    with pytest.raises(InvalidInput, match="theta"):
        stable_family(context, 0)
    with pytest.raises(InvalidInput, match="weights"):
        stable_family(context, 1, weights=np.ones(3, dtype=np.int64))


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1)])
@pytest.mark.parametrize("side", ["attributes", "objects"])
def test_families_of_empty_contexts(shape, side):
    for value in (False, True):
        context = FormalContext.from_array(np.full(shape, value))
        family = stable_family(context, 1, side=side)
        assert len(family) <= 2
        assert family.to_dict()["theta"] == 1
        assert stable_family(context, side=side).theta >= 1
