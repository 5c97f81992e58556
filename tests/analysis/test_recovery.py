from itertools import permutations

import numpy as np
import pytest
from analysis.planted import Planted
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis import NotionTable, agreement, analyse, fvu, mcc, mcc_floor
from geosae.analysis.counts import Counts
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput


@given(st.integers(0, 3000), st.integers(1, 4), st.integers(1, 4))
def test_mcc_is_the_best_matching_by_brute_force(seed, p, d):
    rng = np.random.default_rng(seed)
    truth, atoms = rng.standard_normal((p, 3)), rng.standard_normal((d, 3))
    cosine = np.abs(
        (truth / np.linalg.norm(truth, axis=1)[:, None]) @ (atoms / np.linalg.norm(atoms, axis=1)[:, None]).T
    )
    if p <= d:
        best = max(sum(cosine[k, s[k]] for k in range(p)) for s in permutations(range(d), p))
    else:
        best = max(sum(cosine[s[i], i] for i in range(d)) for s in permutations(range(p), d))
    assert mcc(atoms, truth) == pytest.approx(best / min(d, p))
    assert mcc(atoms, truth, over="directions") == pytest.approx(best / p)


def test_mcc_ignores_order_sign_and_length_but_not_direction():
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((4, 6))
    found = -1e-200 * truth[[2, 0, 3, 1]]
    assert mcc(found, truth) == pytest.approx(1.0)
    assert mcc(found[:2], truth) == pytest.approx(1.0), "directions left over do not count"
    assert mcc(found[:2], truth, over="directions") == pytest.approx(0.5)
    assert mcc(np.zeros((4, 6)), truth) == 0.0
    assert max(mcc_floor(found, truth, rng)) < 1.0
    with pytest.raises(InvalidInput, match="zero"):
        mcc(found, np.vstack([truth[:1], np.zeros((1, 6))]))
    with pytest.raises(InvalidInput):
        mcc(found, truth[:, :5])


def test_fvu_is_about_the_mean_and_sums_before_the_ratio():
    x = np.array([[101.0, 0.0], [103.0, 0.0], [102.0, 4.0]])
    y = np.array([[102.0, 0.0], [102.0, 0.0], [102.0, 4.0]])
    spread = ((x - x.mean(axis=0)) ** 2).sum()
    assert fvu(x, y) == pytest.approx(2.0 / spread)
    assert fvu(x, np.zeros_like(x)) > 100, "measured about zero this would be 1"
    assert np.isnan(fvu(np.ones((3, 2)), np.ones((3, 2))))
    with pytest.raises(InvalidInput, match="against"):
        fvu(x, y[:2])


def _nested():
    """Concepts x > 0 and x > 0.5; neuron 0 is {x > 0.1}, neuron 1 is {x > 0}: both fit "half" best."""
    points = np.linspace(-1, 1, 400)[:, None]
    data = ConceptDataset(points, points > [0.0, 0.5], ("half", "quarter"))
    return analyse(Planted(np.array([[1.0], [1.0]]), np.array([-0.1, 0.0])), data)


def test_learning_and_interpretation_can_disagree():
    found = agreement(_nested().separation)
    assert found.best_neuron.tolist() == [1, 0]
    assert found.best_concept.tolist() == [0, 0], "neuron 0 is best for the quarter, read as the half"
    assert found.mutual.tolist() == [True, False]
    assert found.rate == 0.5


def test_what_the_other_reading_costs():
    found = agreement(_nested().separation)
    # Neuron 0 has alarms on the quarter's other half, and misses a tenth of "half".
    assert found.concept_asymmetry[0] == 0.0, "a mutual pair costs nothing"
    assert found.concept_asymmetry[1] > 0.05
    assert found.neuron_asymmetry[1] == 0.0 < found.neuron_asymmetry[0]
    assert found.rate == 0.5
    assert found.mean_concept_asymmetry == pytest.approx(found.concept_asymmetry.mean())


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 5))
def test_asymmetries_are_what_a_search_over_all_pairs_says(seed, p, d):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((60, 2))
    member = points @ rng.standard_normal((2, p)) > 0
    member[:2] = [[True] * p, [False] * p]
    data = ConceptDataset(points, member, tuple(f"c{k}" for k in range(p)))
    table = analyse(Planted(rng.standard_normal((d, 2)), rng.standard_normal(d)), data).separation
    both, fit, worst = agreement(table), table.fit_worst, table.worst
    for k, i in enumerate(both.best_neuron):
        assert (i < 0) == np.isnan(fit[k]).all()
        if i >= 0:
            # Named by the fit half, where the costs are not negative; counted on the other.
            assert fit[k, i] == np.nanmin(fit[k])
            g = both.best_concept[i]
            assert fit[g, i] == np.nanmin(fit[:, i])
            assert both.concept_asymmetry[k] == pytest.approx(worst[k, i] - worst[g, i], nan_ok=True)
            assert not both.mutual[k] or both.concept_asymmetry[k] == 0 or np.isnan(worst[k, i])
        else:
            assert np.isnan(both.concept_asymmetry[k])
    for i, k in enumerate(both.best_concept):
        if k >= 0:
            f = both.best_neuron[k]
            assert both.neuron_asymmetry[i] == pytest.approx(worst[k, i] - worst[k, f], nan_ok=True)
        else:
            assert np.isnan(both.neuron_asymmetry[i])


def test_a_detector_of_a_parent_is_read_as_the_parent_not_as_its_child():
    points = np.linspace(-1, 1, 400)[:, None]
    data = ConceptDataset(points, points > [0.5, 0.0], ("child", "parent"))
    found = agreement(analyse(Planted(np.array([[1.0]]), np.array([0.0])), data).detection)
    assert found.best_concept.tolist() == [1]
    assert found.mutual.tolist() == [False, True]


def test_where_no_concept_was_tested_there_is_no_rate():
    none = np.zeros((2, 3), dtype=np.int64)
    counts = Counts(none, none, np.zeros((2, 1), dtype=np.int64), np.full((2, 1), 9))
    agreed = agreement(NotionTable("separation", 0.0, ("a", "b"), 0.05, "holm", counts, counts))
    assert not agreed.mutual.any()
    assert np.isnan([agreed.rate, agreed.mean_concept_asymmetry, agreed.mean_neuron_asymmetry]).all()
