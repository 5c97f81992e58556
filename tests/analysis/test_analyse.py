import warnings
from itertools import pairwise

import numpy as np
import pytest
from analysis.planted import Listed, Planted, random_dataset, random_planted, square
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from geosae.analysis import DRAWN_AT, LEARNERS, NOTIONS, AnalysisConfig, analyse, antitone_violations
from geosae.analysis import passes as analysis_passes
from geosae.analysis.certified import certified, separation_p
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.intervals import clopper_pearson
from geosae.sae import SparseAutoencoder, neurons_of
from geosae.storage.structure import to_json


def _halves(size, seed, share=0.5):
    """The split stated independently of the code under test: the first stream spawned from the seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(4)[0])
    order, held_out = rng.permutation(size), round(size * share)
    return order[held_out:], order[:held_out]


@given(st.integers(0, 5000), st.sampled_from([1, 7, 8192]), st.sampled_from([0.0, 0.05, 0.3]))
def test_every_error_equals_brute_force_on_the_held_out_half(seed, chunk, tolerance):
    rng = np.random.default_rng(seed)
    data, sae = random_dataset(rng, 60, 2, 3), random_planted(rng, 5, 2)
    al = analyse(sae, data, AnalysisConfig(tolerance=tolerance, chunk=chunk, seed=seed))
    _, test = _halves(60, seed)
    fires, inside = sae.fires(data.points), data.membership
    for k in range(3):
        c = inside[test, k]
        for i in range(5):
            n = fires[test][:, i]
            if c.any() and not c.all():
                assert al.detection.values["miss"][k, i] == pytest.approx((c & ~n).sum() / c.sum())
                assert al.separation.values["alarm"][k, i] == pytest.approx((n & ~c).sum() / c.sum())
        for notion in ("detection", "separation"):
            for learner in LEARNERS:
                row = al.answers(notion, learner)[k]
                assert row.positives == c.sum()
                if not row.neurons:
                    assert row.answer == "no unit"
                    assert np.isnan(row.error)
                    continue
                theta = fires[test][:, row.neurons].all(axis=1)
                if c.any() and not c.all():
                    miss, alarm = (c & ~theta).sum() / c.sum(), (theta & ~c).sum() / c.sum()
                    assert (row.miss, row.alarm) == pytest.approx((miss, alarm))
                    assert row.error == pytest.approx(miss if notion == "detection" else max(miss, alarm))
                    assert row.price == pytest.approx(theta.sum() / c.sum())
                    assert row.trivial == (max(miss, alarm) >= min(1, (~c).sum() / c.sum()))
    assert al.l0 == pytest.approx(fires.sum(axis=1).mean())
    assert al.dead_share == pytest.approx((~fires.any(axis=0)).mean())
    spread = ((data.points[test] - data.points[test].mean(axis=0)) ** 2).sum()
    assert al.fvu == pytest.approx((data.points[test] ** 2).sum() / spread)


@given(st.integers(0, 2000))
def test_the_columns_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    data = random_dataset(rng, 80, 2, 3)
    sae = SparseAutoencoder.planted(_half_spaces(random_planted(rng, 5, 2)))
    neurons = neurons_of(sae)
    al = analyse(neurons, data, AnalysisConfig(tolerance=0.1, seed=seed, floor=False))
    _, test = _halves(80, seed)
    points = data.points[test]
    for notion in ("detection", "separation"):
        for row in al.answers(notion, "neurons"):
            c = data.membership[test, al.concepts.index(row.concept)]
            if not row.neurons or not c.any() or c.all():
                continue
            n = neurons.fires(points)[:, row.neurons[0]]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert row.recall == pytest.approx(recall_score(c, n))
                assert row.f1 == pytest.approx(f1_score(c, n))
                if n.any():
                    assert row.precision == pytest.approx(precision_score(c, n))
            assert row.false_alarm_rate == pytest.approx(n[~c].mean())
            scores = neurons.activations(points)[:, row.neurons[0]]
            assert row.auc == pytest.approx(roc_auc_score(c, scores))


def _half_spaces(planted):
    from geosae.geometry.arrangements.halfspaces import HalfSpaces

    return HalfSpaces(planted.w, planted.c)


@given(st.integers(0, 5000), st.floats(0.0, 0.6))
def test_separation_is_contained_in_detection_at_every_tolerance(seed, tolerance):
    rng = np.random.default_rng(seed)
    al = analyse(random_planted(rng, 6, 2), random_dataset(rng, 50, 2, 4), AnalysisConfig(tolerance=0.1))
    for edges in ("certified", "point"):
        detects = al.context("detection", tolerance, edges=edges).incidence
        separates = al.context("separation", tolerance, edges=edges).incidence
        assert not (separates & ~detects).any()
    np.testing.assert_array_equal(detects, al.detection.values["miss"] <= tolerance)
    for learner in LEARNERS:
        pairs = zip(al.answers("separation", learner), al.answers("detection", learner), strict=True)
        assert all(d.answer == "learned" for s, d in pairs if s.answer == "learned")


@given(st.integers(0, 3000), st.sampled_from(["holm", "benjamini-yekutieli"]))
def test_a_certified_context_is_e4_on_the_pairs_named_on_the_fit_half(seed, correction):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (1500, 2))
    cuts = rng.uniform(-0.5, 0.5, 3)
    data = ConceptDataset(points, points[:, :1] > cuts, ("a", "b", "c"))
    sae = Planted(np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]]), np.append(-cuts + 0.02, [0.0, 1.5]))
    al = analyse(sae, data, AnalysisConfig(tolerance=0.1, seed=seed, correction=correction, floor=False))
    fit, test = _halves(1500, seed)
    fires, inside = sae.fires(points), data.membership

    def counts(rows, k, i):
        c, n = inside[rows, k], fires[rows, i]
        return (c & ~n).sum(), (n & ~c).sum(), c.sum(), (~c).sum()

    pairs, p_values = [], []
    for k in range(3):
        for i in range(5):
            misses, alarms, positives, _ = counts(fit, k, i)
            if max(misses, alarms) <= 0.1 * positives:
                misses, alarms, positives, _ = (np.array([v]) for v in counts(test, k, i))
                pairs.append((k, i))
                p_values.append(separation_p(misses, alarms, positives, 0.1)[0])
    edges = np.zeros((3, 5), dtype=bool)
    # Detection and separation share alpha.
    for pair, passes in zip(pairs, certified(np.array(p_values), 0.025, correction), strict=True):
        edges[pair] = passes
    np.testing.assert_array_equal(al.context("separation").incidence, edges)
    # A neuron that fires everywhere "detects" each concept and its complement: it is no edge of detection.
    assert not al.context("detection").incidence[:, 4].any()
    assert al.context("detection", edges="point").incidence[:, 4].all()


def test_an_always_on_neuron_and_an_empty_unit_have_learned_nothing():
    rng = np.random.default_rng(0)
    points = rng.uniform(-2, 2, (4000, 2))
    data = ConceptDataset(points, (np.abs(points).max(axis=1) < 1)[:, None], ("square",))
    always = analyse(Planted(np.zeros((1, 2)), np.ones(1)), data)
    row = always.answers("detection", "neurons")[0]
    assert (row.error, row.answer, row.trivial) == (0.0, "undecided", True)
    dead = analyse(Planted(np.zeros((1, 2)), -np.ones(1)), data)
    for notion in ("detection", "separation"):
        for learner in LEARNERS:
            row = dead.answers(notion, learner)[0]
            assert (row.neurons, row.answer) == ((), "no unit")
            assert dead.share(notion, learner) == 0.0
            assert dead.share(notion, learner, "no unit") == 1.0


def test_the_square_is_learned_by_its_four_half_planes_and_by_no_neuron():
    rng = np.random.default_rng(0)
    points = rng.uniform(-2, 2, (4000, 2))
    data = ConceptDataset(points, (np.abs(points).max(axis=1) < 1)[:, None], ("square",))
    al = analyse(square(), data)
    unit, neuron = al.answers("separation", "units")[0], al.answers("separation", "neurons")[0]
    assert (unit.neurons, unit.answer, unit.error) == ((0, 1, 2, 3), "learned", 0.0)
    assert unit.least_tolerance < 0.02
    assert neuron.answer == "not learned"
    assert neuron.least_tolerance > 1
    assert al.answers("separation", "small_units")[0].neurons == unit.neurons
    assert al.floor.answers("separation", "units")[0].answer == "not learned"
    assert al.dead_share == pytest.approx(1 / 6)


def test_what_a_neuron_learns_a_unit_learns():
    # On the fit half the unit is at least as good; should it fail on the other, the neuron stands for it.
    for seed in range(30):
        rng = np.random.default_rng(seed)
        data, sae = random_dataset(rng, 1200, 2, 4), random_planted(rng, 12, 2)
        al = analyse(sae, data, AnalysisConfig(tolerance=0.2, seed=seed, floor=False))
        for notion in ("detection", "separation"):
            shares = [al.share(notion, learner) for learner in LEARNERS]
            assert shares == sorted(shares)
            for rows in zip(*(al.answers(notion, learner) for learner in LEARNERS), strict=True):
                learned = [row.answer == "learned" for row in rows]
                assert learned == sorted(learned)


def test_a_concept_too_rare_to_be_certified_is_undecided_and_says_how_many_points_it_needs():
    rng = np.random.default_rng(3)
    points = rng.uniform(-1, 1, (2000, 2))
    data = ConceptDataset(points, points[:, :1] > [0.98, 0.0], ("rare", "half"))
    al = analyse(Planted(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([-0.98, 0.0])), data)
    rare, half = al.answers("separation", "neurons")
    assert (half.answer, rare.answer, rare.error) == ("learned", "undecided", 0.0)
    assert rare.positives < rare.needed <= rare.needed_here
    assert rare.needed == half.needed
    assert al.judgement.pairs == 4


def test_antitone_violations_are_found_where_a_tolerance_hides_a_child():
    # 2 % of the parent is the child, and the neuron misses exactly the child: absorption within tolerance.
    points = np.linspace(0, 1, 1000)[:, None]
    data = ConceptDataset(
        points, np.hstack([points > 0.98, points > 0]), ("child", "parent"), allow_trivial=True
    )
    al = analyse(Planted(np.array([[-1.0]]), np.array([0.98])), data, AnalysisConfig(tolerance=0.05))
    found = antitone_violations(
        al.context("detection", edges="point"), np.array([[True, True], [False, True]])
    )
    assert found == (("child", "parent", ("n0",)),)


def test_float32_points_give_what_their_exact_float64_values_give():
    rng = np.random.default_rng(2)
    small, sae = random_dataset(rng, 300, 3, 3, np.float32), random_planted(rng, 7, 3)
    wide = ConceptDataset(small.points.astype(np.float64), small.membership, small.names, allow_trivial=True)
    a, b = analyse(sae, small), analyse(sae, wide)
    np.testing.assert_array_equal(a.counts.hits, b.counts.hits)
    assert a.fvu == pytest.approx(b.fvu, rel=1e-6)


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
        {"search_points": 0},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    rng = np.random.default_rng(0)
    with pytest.raises(InvalidInput):
        analyse(random_planted(rng, 3, 2), random_dataset(rng, 20, 2, 2), AnalysisConfig(**settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"tolerance": 0.0},
        {"ambient_samples": 1},
        {"search_points": 1},
        {"chunk": 1},
        {"chunk": 2**20},
        {"seed": 0},
    ],
)
def test_the_ends_of_the_ranges_are_allowed(settings):
    ((name, value),) = settings.items()
    assert getattr(AnalysisConfig(**settings), name) == value
    if name != "tolerance":
        with pytest.raises(InvalidInput, match="out of range"):
            AnalysisConfig(**{name: value + 1 if value == 2**20 else value - 1})


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
    assert al.notions == NOTIONS[:2]
    assert "ambient" in al.approximation_reason
    with pytest.raises(InvalidInput, match="no ambient measure"):
        al.context("approximation")
    with pytest.raises(InvalidInput, match="no ambient measure"):
        al.answers("approximation", "units")


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
    assert not al.detection.within[0].any()
    assert np.isnan(al.detection.values["miss"][0, 0])
    assert al.detection.best[1] == 0
    row = al.answers("detection", "neurons")[0]
    assert (row.answer, row.positives) == ("undecided", 0)
    assert np.isnan(row.error)
    assert al.share("detection", "neurons", "undecided") == 1.0, "of the tested concept alone"


def test_exact_detection_is_antitone_in_the_hierarchy_of_the_same_sample():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((80, 2))
        radius = np.linalg.norm(points, axis=1)
        data = ConceptDataset(points, radius[:, None] < [0.7, 1.2, 2.0], ("s", "m", "l"), allow_trivial=True)
        al = analyse(random_planted(rng, 8, 2), data, AnalysisConfig(tolerance=0.0))
        if not al.untested:
            assert antitone_violations(al.context("detection", edges="point"), data.hierarchy) == ()


def test_intervals_hold_at_once_as_often_as_promised():
    # One neuron and one concept with known rates; alpha 0.3 so that failures would be seen.
    failures = {"table": 0, "answers": 0}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        points = rng.uniform(0, 1, (200, 2))
        data = ConceptDataset(points, points[:, :1] < 0.4, ("left",))
        config = AnalysisConfig(alpha=0.3, seed=seed, floor=False)
        al = analyse(Planted(np.array([[-1.0, 0.5]]), np.array([0.3])), data, config)
        # θ: x < 0.3 + y/2. In C (x < 0.4): missed iff x > 0.3 + y/2. Outside: alarm iff x < 0.3 + y/2.
        miss, alarm = 0.01 / 0.4, (0.55 - 0.4 + 0.01) / 0.4
        both = (al.separation.errors["miss"], miss), (al.separation.errors["alarm"], alarm)
        failures["table"] += any(not g.low[0, 0] <= truth <= g.high[0, 0] for g, truth in both)
        row = al.answers("separation", "neurons")[0]
        failures["answers"] += not row.low <= max(miss, alarm) <= row.high
    assert all(count / 150 <= 0.3 for count in failures.values())
    assert failures["table"] > 0, "with alpha 0.3 a check that cannot fail would show no failure"


def test_alpha_is_shared_by_every_interval_of_a_table():
    rng = np.random.default_rng(0)
    al = analyse(random_planted(rng, 7, 2), random_dataset(rng, 300, 2, 4), AnalysisConfig(alpha=0.1))
    low, _ = clopper_pearson(al.counts.misses, al.counts.positives, 0.1 / 28)
    np.testing.assert_array_equal(al.detection.errors["miss"].low, low)
    _, high = clopper_pearson(al.counts.misses, al.counts.positives, 0.1 / 56)
    np.testing.assert_array_equal(al.separation.errors["miss"].high, high)


def test_shuffled_labels_are_the_floor_of_the_same_pass():
    rng = np.random.default_rng(4)
    points = rng.uniform(-2, 2, (4000, 2))
    data = ConceptDataset(points, (np.abs(points).max(axis=1) < 1)[:, None], ("square",))
    al = analyse(square(), data)
    assert al.share("separation", "units") == 1.0
    assert al.floor.share("separation", "units") == 0.0
    np.testing.assert_array_equal(al.floor.counts.fired.sum(axis=0), al.counts.fired.sum(axis=0))
    without = analyse(square(), data, AnalysisConfig(floor=False))
    assert without.floor is None
    assert to_json(without.answers("separation", "units")) == to_json(al.answers("separation", "units"))


def test_the_search_on_a_sample_gives_units_that_are_counted_on_all_points():
    rng = np.random.default_rng(5)
    points = rng.uniform(-2, 2, (3000, 2))
    data = ConceptDataset(points, (np.abs(points).max(axis=1) < 1)[:, None], ("square",))
    seen = []
    part = analyse(
        square(), data, AnalysisConfig(search_points=200, chunk=500), progress=lambda *a: seen.append(a)
    )
    assert part.answers("separation", "units")[0].neurons == (0, 1, 2, 3)
    assert seen[-1] == (4500, 4500)


def test_contexts_along_tolerances_grow_and_hold_at_once():
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (4000, 2))
    data = ConceptDataset(points, points[:, :1] > [-0.5, 0.0, 0.5], ("a", "b", "c"))
    sae = Planted(np.array([[1.0, 0.0]] * 3), np.array([0.5, 0.02, -0.43]))
    al = analyse(sae, data, AnalysisConfig(tolerance=0.001))
    for notion in ("detection", "separation"):
        contexts = list(al.contexts_along(notion, (0.02, 0.1, 0.3)).values())
        for larger, smaller in pairwise(contexts):
            assert not (smaller.incidence & ~larger.incidence).any()
    assert not al.context("separation").incidence.any(), "nothing can be certified at a thousandth"
    tolerance, drawn = al.drawn_context("separation")
    assert tolerance in DRAWN_AT
    np.testing.assert_array_equal(
        drawn.incidence, al.contexts_along("separation", DRAWN_AT)[tolerance].incidence
    )
    assert drawn.incidence.diagonal().all()


@settings(max_examples=12)
@given(st.integers(0, 2000), st.sampled_from([20, 8192]), st.sampled_from([0.0, 0.05, 0.3]))
def test_the_record_is_the_same_from_lists_and_tables_whatever_the_chunks(seed, search_points, tolerance):
    rng = np.random.default_rng(seed)
    data, sae = random_dataset(rng, 80, 2, 3), random_planted(rng, 7, 2)
    records = []
    for neurons, chunk in ((sae, 8192), (Listed(sae.w, sae.c), 8192), (sae, 1), (Listed(sae.w, sae.c), 7)):
        config = AnalysisConfig(tolerance=tolerance, seed=seed, search_points=search_points, chunk=chunk)
        record = analyse(neurons, data, config).to_dict()
        for part in (record["arrays"].pop(name) for name in list(record["arrays"]) if name.endswith("auc")):
            assert neurons is not sae or all(value is None for value in part["values"])
        # The variance is summed up chunk by chunk.
        variance = [each["metrics"].pop("variance") for each in (record, record["floor"])]
        held_out = data.points[_halves(80, seed)[1]]
        assert variance == pytest.approx([80 // 2 * held_out.var(axis=0).sum()] * 2)
        for each in (record, record["floor"]):
            del each["metrics"]["trimmed"], each["metrics"]["carried"]
        records.append(record)
    assert all(record == records[0] for record in records)


def test_what_is_kept_and_counted_at_once_does_not_change_the_record(monkeypatch):
    rng = np.random.default_rng(3)
    data, sae = random_dataset(rng, 120, 2, 3), random_planted(rng, 7, 2)
    config = AnalysisConfig(tolerance=0.1, search_points=25, chunk=10)
    expected = analyse(sae, data, config).to_dict()
    for name, value in (("MOST_KEPT", 0), ("MOST_KEPT", 70), ("MOST_POINTS", 15), ("MOST_ACTIVE", 30)):
        with monkeypatch.context() as patch:
            patch.setattr(analysis_passes, name, value)
            asked = _Asked(sae.w, sae.c)
            assert analyse(asked, data, config).to_dict() == expected
            again = sum(asked.asked) - 120
            assert again == 0 if name != "MOST_KEPT" else 0 < again <= 60


class _Asked(Planted):
    @property
    def asked(self):
        return self.__dict__.setdefault("_asked", [])

    def fires(self, points):
        self.asked.append(len(points))
        return super().fires(points)


def test_lists_of_another_shape_are_refused():
    rng = np.random.default_rng(0)
    data, sae = random_dataset(rng, 40, 2, 2), random_planted(rng, 4, 2)
    wrong = Listed(sae.w, sae.c)
    object.__setattr__(wrong, "codes", lambda points, values: Listed.codes(sae, points[:-1], values))
    with pytest.raises(InvalidInput, match="codes\\(\\) returns"):
        analyse(wrong, data)
