import json

import numpy as np
import pytest
from analysis.planted import Planted, random_dataset, random_planted, square
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis import (
    NOTIONS,
    AnalysisConfig,
    ConceptError,
    analyse,
    analyse_shuffled,
    antitone_violations,
)
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.intervals import clopper_pearson
from geosae.storage.structure import to_json


def _halves(size, seed, share=0.5):
    """The split stated independently of the code under test: the first stream spawned from the seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(3)[0])
    order, held_out = rng.permutation(size), round(size * share)
    return order[held_out:], order[:held_out]


@given(st.integers(0, 5000), st.sampled_from([1, 7, 8192]), st.sampled_from([0.0, 0.05, 0.3]))
def test_every_error_equals_brute_force_on_the_held_out_half(seed, chunk, tolerance):
    rng = np.random.default_rng(seed)
    data, sae = random_dataset(rng, 60, 2, 3), random_planted(rng, 5, 2)
    al = analyse(sae, data, AnalysisConfig(tolerance=tolerance, chunk=chunk, seed=seed))
    fit, test = _halves(60, seed)
    fires, inside = sae.fires(data.points), data.membership
    for k in range(3):
        c = inside[test, k]
        fit_c = inside[fit, k]
        unit = [i for i in range(5) if fit_c.any() and 1 - fires[fit][fit_c, i].mean() <= tolerance + 1e-12]
        assert list(al.units.neurons[k]) == unit
        theta = fires[test][:, unit].all(axis=1)
        if c.any() and not c.all():
            assert al.units.detection.values["miss"][k] == pytest.approx(1 - theta[c].mean())
            assert al.units.separation.values["false_alarm"][k] == pytest.approx(theta[~c].mean())
        for i in range(5):
            n = fires[test][:, i]
            if c.any() and not c.all():
                assert al.detection.values["miss"][k, i] == pytest.approx(1 - n[c].mean())
                assert al.separation.values["false_alarm"][k, i] == pytest.approx(n[~c].mean())
            if n.any():
                assert al.separation.precision.value[k, i] == pytest.approx(c[n].mean())
            else:
                assert np.isnan(al.separation.precision.value[k, i])
    assert al.l0 == pytest.approx(fires.sum(axis=1).mean())
    assert al.dead_share == pytest.approx((~fires.any(axis=0)).mean())
    spread = ((data.points[test] - data.points[test].mean(axis=0)) ** 2).sum()
    assert al.fvu == pytest.approx((data.points[test] ** 2).sum() / spread)


@given(st.integers(0, 5000), st.floats(0.0, 0.6))
def test_separation_is_contained_in_detection_at_every_tolerance(seed, tolerance):
    rng = np.random.default_rng(seed)
    al = analyse(random_planted(rng, 6, 2), random_dataset(rng, 50, 2, 4), AnalysisConfig(tolerance=0.1))
    detects = al.context("detection", tolerance).incidence
    separates = al.context("separation", tolerance).incidence
    assert not (separates & ~detects).any()
    np.testing.assert_array_equal(detects, al.detection.values["miss"] <= tolerance)


@given(st.integers(0, 5000))
def test_exact_detection_is_antitone_in_the_hierarchy_of_the_same_sample(seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((80, 2))
    radius = np.linalg.norm(points, axis=1)
    data = ConceptDataset(points, radius[:, None] < [0.7, 1.2, 2.0], ("s", "m", "l"), allow_trivial=True)
    al = analyse(random_planted(rng, 8, 2), data, AnalysisConfig(tolerance=0.0))
    if not al.untested:
        assert antitone_violations(al.context("detection"), data.hierarchy) == ()


def test_antitone_violations_are_found_where_a_tolerance_hides_a_child():
    # 2 % of the parent is the child, and the neuron misses exactly the child: absorption within tolerance.
    points = np.linspace(0, 1, 1000)[:, None]
    data = ConceptDataset(
        points, np.hstack([points > 0.98, points > 0]), ("child", "parent"), allow_trivial=True
    )
    al = analyse(Planted(np.array([[-1.0]]), np.array([0.98])), data, AnalysisConfig(tolerance=0.05))
    found = antitone_violations(al.context("detection"), np.array([[True, True], [False, True]]))
    assert found == (("child", "parent", ("n0",)),)


def test_dead_and_ever_firing_neurons_are_named_for_what_they_are():
    rng = np.random.default_rng(0)
    points = rng.uniform(-2, 2, (600, 2))
    data = ConceptDataset(points, (np.abs(points).max(axis=1) < 1)[:, None], ("square",))
    al = analyse(square(), data, AnalysisConfig(tolerance=0.0))
    dead, always = 4, 5
    assert al.detection.values["miss"][0, dead] == 1.0
    assert np.isnan(al.separation.precision.value[0, dead])
    assert al.detection.values["miss"][0, always] == 0.0
    assert al.separation.values["false_alarm"][0, always] == 1.0
    assert al.units.neurons[0] == (0, 1, 2, 3, 5)
    assert al.units.separation.holds.tolist() == [True]
    assert not al.separation.holds.any()
    assert al.detection.best.tolist() != [always], "the tie of exact detectors goes to the smaller set"
    assert al.dead_share == pytest.approx(1 / 6)


def test_an_empty_closure_unit_is_the_whole_space():
    points = np.linspace(-1, 1, 100)[:, None]
    data = ConceptDataset(points, points > 0, ("right",))
    al = analyse(Planted(np.array([[-1.0]]), np.array([-5.0])), data)
    assert al.units.neurons == ((),)
    assert al.units.detection.values["miss"].tolist() == [0.0]
    assert al.units.separation.values["false_alarm"].tolist() == [1.0]


def test_a_concept_without_held_out_points_is_untested_not_learned():
    points = np.linspace(-1, 1, 40)[:, None]
    fit, _ = _halves(40, 0)
    membership = np.zeros((40, 2), dtype=bool)
    membership[fit[0], 0] = True
    membership[20:, 1] = True
    al = analyse(
        Planted(np.array([[0.0]]), np.array([1.0])), ConceptDataset(points, membership, ("rare", "half"))
    )
    assert al.untested == ("rare",)
    assert not al.detection.holds[0].any()
    assert np.isnan(al.detection.values["miss"][0, 0])
    assert (al.detection.errors["miss"].low[0, 0], al.detection.errors["miss"].high[0, 0]) == (0.0, 1.0)
    assert al.detection.best.tolist() == [-1, 0]
    assert "untested" in str(al.detection)
    summary = al.detection.summary()
    assert str(summary.concepts[0]) == str(ConceptError("rare", (), float("nan"), 0.0, 1.0, holds=False))
    assert summary.tested == 1
    text = json.dumps(to_json(summary.concepts[0]), allow_nan=False)
    assert json.loads(text) == {
        "concept": "rare", "neurons": [], "error": None, "low": 0.0, "high": 1.0, "holds": False,
    }  # fmt: skip


def test_float32_points_give_what_their_exact_float64_values_give():
    rng = np.random.default_rng(2)
    small, sae = random_dataset(rng, 300, 3, 3, np.float32), random_planted(rng, 7, 3)
    wide = ConceptDataset(small.points.astype(np.float64), small.membership, small.names, allow_trivial=True)
    a, b = analyse(sae, small), analyse(sae, wide)
    np.testing.assert_array_equal(a.counts.hits, b.counts.hits)
    assert a.fvu == pytest.approx(b.fvu, rel=1e-6)


def test_intervals_hold_at_once_as_often_as_promised():
    # One neuron and one concept with known rates; 6 intervals; alpha 0.3 so that failures would be seen.
    failures = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        points = rng.uniform(0, 1, (200, 2))
        data = ConceptDataset(points, points[:, :1] < 0.4, ("left",))
        al = analyse(
            Planted(np.array([[-1.0, 0.5]]), np.array([0.3])), data, AnalysisConfig(alpha=0.3, seed=seed)
        )
        # θ: x < 0.3 + y/2. In C (x < 0.4): missed iff x > 0.3 + y/2. Outside: alarm iff x < 0.3 + y/2.
        miss, alarm = 0.01 / 0.4, (0.55 - 0.4 + 0.01) / 0.6
        both = (al.separation.errors["miss"], miss), (al.separation.errors["false_alarm"], alarm)
        failures += any(not g.low[0, 0] <= truth <= g.high[0, 0] for g, truth in both)
    assert failures / 150 <= 0.3
    assert failures > 0, "with alpha 0.3 a check that cannot fail would show no failure"


def test_alpha_is_shared_by_every_interval_of_the_record():
    rng = np.random.default_rng(0)
    al = analyse(random_planted(rng, 7, 2), random_dataset(rng, 300, 2, 4), AnalysisConfig(alpha=0.1))
    tables = [al.detection, al.separation, al.units.detection, al.units.separation]
    assert al.intervals == 3 * 4 * (7 + 1)
    assert {t.level for t in tables} == {al.level} == {0.1 / al.intervals}
    low, high = clopper_pearson(al.counts.misses, al.counts.positives, al.level)
    np.testing.assert_array_equal(al.detection.errors["miss"].low, low)
    np.testing.assert_array_equal(al.separation.errors["miss"].high, high)


def test_shuffled_labels_are_the_floor():
    rng = np.random.default_rng(4)
    points = rng.uniform(-2, 2, (2000, 2))
    data = ConceptDataset(points, (np.abs(points).max(axis=1) < 1)[:, None], ("square",))
    real, floor = analyse(square(), data), analyse_shuffled(square(), data)
    assert floor.shuffled
    assert real.units.separation.holds[0]
    assert not floor.units.separation.holds[0]
    # Miss and false alarm of a unit cut from its concept add to one, up to noise.
    for i in range(4):
        total = floor.separation.values["miss"][0, i] + floor.separation.values["false_alarm"][0, i]
        assert total == pytest.approx(1.0, abs=0.1)
    np.testing.assert_array_equal(floor.counts.fired.sum(axis=0), real.counts.fired.sum(axis=0))


def test_the_same_seed_gives_the_same_record_and_another_seed_another_split():
    rng = np.random.default_rng(6)
    data, sae = random_dataset(rng, 200, 2, 2), random_planted(rng, 4, 2)
    a, b, c = (analyse(sae, data, AnalysisConfig(seed=s)) for s in (1, 1, 2))
    assert a.to_dict() == b.to_dict()
    assert a.to_dict() != c.to_dict()


def test_progress_counts_every_point_once():
    seen = []
    rng = np.random.default_rng(0)
    analyse(
        random_planted(rng, 3, 2),
        random_dataset(rng, 101, 2, 2),
        AnalysisConfig(chunk=10),
        progress=lambda *a: seen.append(a),
    )
    assert seen[-1] == (101, 101)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


@pytest.mark.parametrize(
    "settings",
    [
        {"tolerance": 1.0},
        {"tolerance": -0.1},
        {"alpha": 0.0},
        {"test_share": 1.0},
        {"test_share": 1e-9},
        {"chunk": 0},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    rng = np.random.default_rng(0)
    with pytest.raises(InvalidInput):
        analyse(random_planted(rng, 3, 2), random_dataset(rng, 20, 2, 2), AnalysisConfig(**settings))


def test_an_sae_of_another_dimension_or_no_sae_is_refused():
    rng = np.random.default_rng(0)
    data = random_dataset(rng, 20, 2, 2)
    with pytest.raises(InvalidInput, match="dimension 3"):
        analyse(random_planted(rng, 3, 3), data)
    with pytest.raises(InvalidInput, match="is no SAE"):
        analyse("sae", data)


def test_no_notion_but_the_three_and_approximation_only_where_measured():
    rng = np.random.default_rng(0)
    al = analyse(random_planted(rng, 3, 2), random_dataset(rng, 40, 2, 2))
    assert al.approximation is None
    assert al.units.approximation is None
    assert "ambient" in al.approximation_reason
    with pytest.raises(InvalidInput, match="no ambient measure"):
        al.context("approximation")
    assert set(al.best("c0")) == set(NOTIONS)
    with pytest.raises(InvalidInput, match="no concept"):
        al.best("c9")
