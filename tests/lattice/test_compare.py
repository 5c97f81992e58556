import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lattice.brute import BOOLEAN_3, M3, concepts_of, random_context

from geosae.data.context import FormalContext
from geosae.geometry import InvalidInput
from geosae.lattice import compare


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
