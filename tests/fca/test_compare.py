import json
from collections import Counter

import numpy as np
import pytest
from fca.brute import BOOLEAN_3, M3, concepts_of, random_context
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import compare
from geosae.fca._measures import cophenetic, order
from geosae.fca.context import FormalContext
from geosae.fca.null_models import swapped
from geosae.geometry import InvalidInput


@given(st.integers(0, 100_000))
def test_every_figure_equals_the_definition(seed):
    truth = random_context(seed, most=5)
    rng = np.random.default_rng(seed + 1)
    learned = FormalContext.from_array(rng.random((len(truth.objects), rng.integers(1, 6))) < 0.5)
    found = compare(truth, learned)
    count = len(truth.objects)
    extents = [e for e in concepts_of(truth.incidence) if 0 < len(e) < count]
    closed = {e: {int(g[1:]) for g in learned.closure(sorted(e))} for e in extents}
    back = {e: {int(g[1:]) for g in truth.closure(sorted(closed[e]))} for e in extents}
    assert found.extents == len(extents)
    if extents:
        assert found.exact_recall == pytest.approx(np.mean([closed[e] == e for e in extents]))
        assert found.tightness == pytest.approx(np.mean([len(e) / len(closed[e]) for e in extents]))
        assert found.round_trip == pytest.approx(np.mean([back[e] == e for e in extents]))
        missing = {frozenset(int(g[1:]) for g in names) for names in found.missing}
        assert missing == {e for e in extents if closed[e] != e}
    else:
        assert np.isnan(found.exact_recall)
    singles = [learned.closure([g]) == (f"g{g}",) for g in range(count)]
    assert found.closed_objects == pytest.approx(np.mean(singles))


@given(st.integers(0, 100_000))
def test_a_context_recovers_itself_whatever_columns_are_added(seed):
    truth = random_context(seed, most=5)
    extra = np.random.default_rng(seed).random((len(truth.objects), 3)) < 0.5
    found = compare(truth, FormalContext.from_array(np.hstack([truth.incidence, extra])))
    if found.extents:
        assert found.exact_recall == found.tightness == found.round_trip == 1.0
    assert found.missing == ()


def test_a_blank_context_recovers_nothing():
    found = compare(BOOLEAN_3, FormalContext.from_array(np.zeros((3, 1), dtype=bool)))
    assert found.exact_recall == 0.0
    assert found.closed_objects == 0.0
    assert found.tightness == pytest.approx((3 * 1 / 3 + 3 * 2 / 3) / 6)
    assert len(found.missing) == 6


def test_the_floor_stands_beside_the_figures_and_below_a_true_recovery():
    rng = np.random.default_rng(0)
    planted = FormalContext.from_array(np.tri(12, dtype=bool))
    found = compare(planted, planted, rng)
    assert found.exact_recall == 1.0
    assert found.floor is not None
    assert found.floor.exact_recall < 0.6
    assert found.floor.floor is None
    assert compare(planted, planted, np.random.default_rng(0)) == found


def test_contexts_about_other_objects_are_refused():
    with pytest.raises(InvalidInput, match="same objects"):
        compare(BOOLEAN_3, FormalContext.from_array(np.eye(4, dtype=bool)))
    with pytest.raises(InvalidInput, match="nulls"):
        compare(M3, M3, np.random.default_rng(0), nulls=0)
    assert compare(M3, M3, np.random.default_rng(0), nulls=1).floor is not None


def test_the_swapped_null_keeps_margins_and_is_what_it_must_be_for_a_chain():
    chain = FormalContext.from_array(np.tri(8, dtype=bool))
    found = compare(chain, chain, np.random.default_rng(0), nulls=3)
    # A chain is determined by its margins: the swapped null cannot tell it from chance, the permuted one can.
    assert found.swapped is not None
    assert found.floor is not None
    assert found.swapped.exact_recall == 1.0 > found.floor.exact_recall
    again = compare(chain, chain, np.random.default_rng(0), theta=1, nulls=3)
    assert again.swapped is not None
    assert again.theta == again.swapped.theta == 1
    # The inner extents of a chain of eight, and those of its only swap.
    assert again.family == again.swapped.family == 7
    rng = np.random.default_rng(1)
    for _ in range(10):
        context = FormalContext.from_array(rng.random(rng.integers(1, 9, 2)) < 0.5)
        mixed = swapped(context, rng).incidence
        for axis in (0, 1):
            assert np.array_equal(mixed.sum(axis=axis), context.incidence.sum(axis=axis))
    wide = FormalContext.from_array(rng.random((12, 30)) < 0.4)
    assert not np.array_equal(swapped(wide, rng).incidence, wide.incidence)


def test_swaps_reach_every_matrix_with_the_margins_about_equally_often():
    context = FormalContext.from_array(np.eye(3, dtype=bool))
    rng = np.random.default_rng(0)
    seen = Counter(swapped(context, rng).incidence.tobytes() for _ in range(1200))
    assert len(seen) == 6
    # 200 expected each: five standard deviations of a binomial count.
    assert all(abs(count - 200) < 5 * 13 for count in seen.values())


@given(st.integers(0, 100_000))
def test_family_figures_equal_the_definitions(seed):
    truth = random_context(seed, most=5)
    rng = np.random.default_rng(seed + 1)
    learned = FormalContext.from_array(rng.random((len(truth.objects), 6)) < 0.5)
    found = compare(truth, learned, theta=1)
    count = len(truth.objects)
    trues = [e for e in concepts_of(truth.incidence) if 0 < len(e) < count]
    # At θ = 1 all concepts are stable whose intent is not empty.
    mined = [e for e, i in concepts_of(learned.incidence).items() if 0 < len(e) < count and i]
    assert found.family == len(mined)
    assert {frozenset(int(g[1:]) for g in e) for e in found.spurious} == set(mined) - set(trues)
    assert {frozenset(int(g[1:]) for g in e) for e in found.matched} == set(mined) & set(trues)
    if not trues or not mined:
        return

    def index(e, f):
        return len(e & f) / len(e | f)

    assert found.precision == pytest.approx(np.mean([f in trues for f in mined]))
    assert found.stable_recall == pytest.approx(np.mean([e in mined for e in trues]))
    assert found.soft_recall == pytest.approx(np.mean([max(index(e, f) for f in mined) for e in trues]))
    assert found.soft_precision == pytest.approx(np.mean([max(index(e, f) for e in trues) for f in mined]))
    assert found.recall_at_09 == pytest.approx(
        np.mean([index(e, {int(g[1:]) for g in learned.closure(sorted(e))}) >= 0.9 for e in trues])
    )
    whole = compare(truth, truth, theta=1)
    if whole.stable_recall == 1.0:
        assert whole.order_kept in (1.0,) or np.isnan(whole.order_kept)
        assert whole.order_reflected == 1.0 or np.isnan(whole.order_reflected)


def test_order_and_cophenetic_figures_by_hand():
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    assert order(sets, sets) == (1.0, 1.0)
    # The two that were ordered fall apart; of the five other pairs one becomes ordered both ways.
    assert order(sets, sets[[2, 1, 2]]) == (0.0, pytest.approx(3 / 5))
    chain = np.tri(4, dtype=bool)
    assert cophenetic(chain, chain, np.random.default_rng(0)) == pytest.approx(1.0)
    # Its order turned round: the pair deep in one chain is high in the other.
    assert cophenetic(chain, chain[::-1], np.random.default_rng(0)) < 0
    assert np.isnan(cophenetic(chain, np.zeros((4, 1), dtype=bool), np.random.default_rng(0)))


def test_irreducible_recall_looks_at_attributes_that_make_the_others():
    truth = FormalContext.from_array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0]])
    # The third column is the intersection of none: all three are irreducible; lose the first.
    learned = FormalContext.from_array(truth.incidence[:, 1:])
    assert compare(truth, truth).irreducible_recall == 1.0
    assert compare(truth, learned).irreducible_recall == pytest.approx(2 / 3)


def test_exact_recall_saturates_under_noise_where_precision_does_not():
    rng = np.random.default_rng(0)
    nodes = np.concatenate([np.eye(24, dtype=bool), np.repeat(np.eye(6, dtype=bool), 4, axis=1)])
    clean = np.repeat(nodes, 10, axis=0).T
    truth = FormalContext.from_array(nodes.T)
    noisy = FormalContext.from_array(
        np.where(clean, rng.random(clean.shape) >= 0.05, rng.random(clean.shape) < 0.02)
    )
    untrained = FormalContext.from_array(rng.random(clean.shape) < clean.mean())
    found = compare(truth, noisy, rng, nulls=3, untrained=untrained)
    assert found.exact_recall == 1.0
    assert found.floor is not None
    assert found.swapped is not None
    assert found.untrained is not None
    for null in (found.floor, found.swapped, found.untrained):
        assert found.stable_recall > null.stable_recall
        assert found.cophenetic > null.cophenetic + 0.2
        # The singles are closed by chance too: this is why exact recall never stands alone.
        assert null.exact_recall >= 0.5
    # Read on the whole lattice (θ = 1), the same learned context is mostly false extents.
    assert compare(truth, noisy, theta=1).precision < 0.5 < found.precision
    assert found.columns()["figure"][0] == "exact_recall"
    assert found.columns()["untrained"][0] == found.untrained.exact_recall
    # What is printed is the beginning; the whole table has every figure.
    assert "swapped" in str(found)
    assert "cophenetic" not in str(found)
    assert f"{found.cophenetic:.3f}" in found.table()
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["untrained"]["floor"] is None


def test_a_family_too_large_to_mine_leaves_its_figures_open():
    context = FormalContext.from_array(~np.eye(9, dtype=bool))
    truth = FormalContext.from_array(np.eye(9, dtype=bool))
    found = compare(truth, context, theta=1, cap=20)
    assert np.isnan(found.precision)
    assert found.theta is None
    assert found.exact_recall == 1.0


def test_without_a_family_every_true_extent_is_missed():
    truth, blank = (
        FormalContext.from_array(np.eye(4, dtype=bool)),
        FormalContext.from_array(np.zeros((4, 2)) == 1),
    )
    missed = compare(truth, blank, theta=1)
    assert (missed.family, missed.soft_recall, missed.stable_recall) == (0, 0.0, 0.0)
    assert np.isnan(compare(blank, truth, theta=1).soft_recall)


def test_null_contexts_that_cannot_be_mined_have_no_family():
    truth, learned = (
        FormalContext.from_array(np.arange(10)[:, None] < 5),
        FormalContext.from_array(~np.eye(10, dtype=bool)),
    )
    found = compare(truth, learned, np.random.default_rng(0), theta=1, cap=5, nulls=2)
    assert (found.theta, found.floor.theta, found.floor.family, found.swapped.family) == (None, None, 0, 0)
    assert np.isnan(found.floor.precision)
