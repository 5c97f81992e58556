"""Detectors of concepts: every number against scikit-learn, every choice against all that could be chosen."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, matthews_corrcoef, precision_score, recall_score, roc_auc_score

from geosae.analysis.detectors import ConceptDetectors, concept_detectors, fit_fvu
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import fvu
from geosae.data.split import seeded_split
from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import TopK
from geosae.sae.neurons import neurons_of
from geosae.sae.training.train import train


def world(size: int = 600) -> ConceptDataset:
    """Blobs in ten dimensions, one channel constant; a concept of noise, and one that nearly all have."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 6, size)
    points = rng.normal(size=(6, 10))[classes] * 2 + rng.normal(size=(size, 10))
    points[:, 3] = 7.0
    noise = rng.random(size) < 0.1
    columns = [classes == 0, classes < 3, noise, rng.random(size) < 0.9, np.arange(size) < 1]
    return ConceptDataset(points, np.stack(columns, axis=1), ("zero", "low", "noise", "most", "one"))


DATA = world()
CONFIG = TrainConfig(gate=TopK(k=3), width=24, steps=150, batch_size=128)
RUN = train(DATA.points, CONFIG, seed=0)
START = train(DATA.points, TrainConfig(gate=TopK(k=3), width=24, baseline="untrained"), seed=0)
FIT, TEST = seeded_split(DATA.size, 0.5, 0)


def best_f1(truth: np.ndarray, column: np.ndarray, bars: np.ndarray) -> float:
    """Return the greatest F1 of firing at or above one of the bars, written out."""
    fires = column >= bars[:, None]
    return float((2 * (fires & truth).sum(axis=1) / (fires.sum(axis=1) + truth.sum())).max(initial=0.0))


@pytest.fixture(scope="module")
def rows() -> tuple[ConceptDetectors, ...]:
    return concept_detectors(RUN, DATA, untrained=START.sae)


def test_concepts_that_cannot_be_counted_are_left_out(rows: tuple[ConceptDetectors, ...]) -> None:
    assert [row.concept for row in rows] == ["zero", "low", "noise", "most"]
    assert all(len(row.scores) == 11 for row in rows)


@pytest.mark.parametrize("rule", ["fires", "above t"])
def test_every_number_of_the_neuron_is_that_of_scikit_learn(rows, rule: str) -> None:
    activations = neurons_of(RUN.sae).activations(DATA.points)
    for row in rows:
        score = row.of("neuron", rule)
        column, inside = activations[:, score.member], DATA.membership[:, DATA.index(row.concept)]
        fires = column > 0 if rule == "fires" else column >= score.threshold
        truth, answer = inside[TEST], fires[TEST]
        assert score.f1 == pytest.approx(f1_score(truth, answer))
        assert score.mcc == pytest.approx(matthews_corrcoef(truth, answer))
        assert score.precision == pytest.approx(precision_score(truth, answer))
        assert 1 - score.miss == pytest.approx(recall_score(truth, answer))
        assert score.auc == pytest.approx(roc_auc_score(truth, column[TEST]))
        assert score.alarm == pytest.approx((answer & ~truth).sum() / truth.sum())
        assert (score.firing_rate, row.share) == (answer.mean(), truth.mean())


@pytest.mark.parametrize("rule", ["fires", "above t"])
def test_no_neuron_and_no_threshold_has_a_greater_f1_on_the_fit_half(rows, rule: str) -> None:
    activations = neurons_of(RUN.sae).activations(DATA.points)[FIT]
    for row in rows:
        score, truth = row.of("neuron", rule), DATA.membership[FIT, DATA.index(row.concept)]

        every = []
        for column in activations.T:
            bars = np.unique(column[column > 0]) if rule == "above t" else column[column > 0].min(initial=9e9)
            every.append(best_f1(truth, column, np.atleast_1d(bars)))
        mine = best_f1(
            truth, activations[:, score.member], np.array([score.threshold * (1 - 1e-6) or 1e-300])
        )
        assert mine == pytest.approx(max(every))


def test_the_probe_is_scikit_learns_and_leaves_the_constant_channel_out(rows) -> None:
    varying = np.delete(DATA.points, 3, axis=1)
    u = (varying - varying[FIT].mean(axis=0)) / varying[FIT].std(axis=0)
    for row in rows:
        inside = DATA.membership[:, DATA.index(row.concept)]
        probe = LogisticRegression(C=0.01, max_iter=60).fit(u[FIT], inside[FIT])
        values, score = probe.decision_function(u), row.of("probe")
        assert score.auc == pytest.approx(roc_auc_score(inside[TEST], values[TEST]), abs=1e-9)
        assert score.f1 == pytest.approx(f1_score(inside[TEST], values[TEST] >= score.threshold))
        best = best_f1(inside[FIT], values[FIT], values[FIT])
        assert f1_score(inside[FIT], values[FIT] >= score.threshold) == pytest.approx(best)


def test_the_mean_difference_and_the_channel_are_what_they_say(rows) -> None:
    for row in rows:
        inside = DATA.membership[:, DATA.index(row.concept)]
        x, truth = DATA.points, inside[TEST]
        along = x @ (x[FIT][inside[FIT]].mean(axis=0) - x[FIT][~inside[FIT]].mean(axis=0))
        assert row.of("mean difference").auc == pytest.approx(roc_auc_score(truth, along[TEST]))
        channel = row.of("channel").member
        column = x[:, channel % 10] * (1 if channel < 10 else -1)
        assert row.of("channel").auc == pytest.approx(roc_auc_score(truth, column[TEST]))
        assert channel % 10 != 3 or row.concept in ("noise", "most")


def test_halfspaces_fire_as_often_as_the_neurons(rows) -> None:
    rates = neurons_of(RUN.sae).fires(DATA.points[FIT]).mean(axis=0)
    chosen = [row.of("half-space", "fires") for row in rows]
    for score in chosen:
        # On the other half about as often as the neuron of its number on this one.
        assert abs(score.firing_rate - rates[score.member]) < 0.1


def test_noise_and_what_nearly_all_have_are_no_better_than_a_trivial_answer(rows) -> None:
    by_name = {row.concept: row for row in rows}
    assert by_name["zero"].beats_trivial == "yes"
    assert by_name["zero"].of("neuron").f1 > 2 * by_name["zero"].of("shuffled labels").f1
    for name in ("noise", "most"):
        assert by_name[name].beats_trivial == "no better than a trivial answer"
    assert by_name["most"].of("neuron").f1 < by_name["most"].trivial_f1
    assert by_name["most"].trivial_f1 > 0.9


def test_the_fvu_of_the_fit_half(rows) -> None:
    x = DATA.points[FIT]
    assert fit_fvu(RUN, DATA) == pytest.approx(fvu(x, neurons_of(RUN.sae).reconstruct(x)))


def test_nothing_to_count_is_refused() -> None:
    alone = ConceptDataset(DATA.points, DATA.membership[:, 4:], ("one",))
    with pytest.raises(InvalidInput, match="no concept has points in both halves"):
        concept_detectors(RUN, alone)
