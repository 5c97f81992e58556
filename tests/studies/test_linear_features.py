"""The study of linear features: the stream and its counts, and verdicts on records made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from geosae.analysis.certified import separation_p
from geosae.cli.sources import make_world
from geosae.errors import InvalidInput
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.studies.failures_records import Recovered
from geosae.studies.linear_features import STUDY, WORLD, StreamRows, best_threshold, separated_features
from geosae.studies.linear_features_records import (
    DirectionsJob,
    SaeJob,
    SaeResult,
    Separated,
    WorldSize,
)

SIZE = WorldSize(features=40, dim=32, roots=0, points=4096)
GRID = {"gates": {"relu": [0.1], "batchtopk": [6], "matryoshka": [6]}}


def test_training_and_measuring_read_one_stream_and_never_the_same_rows():
    rows = StreamRows(make_world, SIZE, seed=3, length=20_000)
    together = rows.rows(8000, 16500)
    assert together.shape == (8500, 32)
    assert np.array_equal(together[:10], rows.rows(8000, 8010))
    assert np.array_equal(together[8490:], rows.rows(16490, 16500))
    fit, test = rows.held_out()
    assert np.array_equal(fit.directions, test.directions)
    last = rows.rows(0, 20_000)
    for data in (fit, test):
        assert data.size == 4096
        held_out = np.asarray(data.points)[:50, 0]
        assert not np.isin(held_out[held_out != 0], last[:, 0]).any()  # 0: no feature is active
    other = StreamRows(make_world, SIZE, seed=4, length=100)
    assert not np.array_equal(other.rows(0, 5), rows.rows(0, 5))


def test_rows_of_a_stream_are_made_by_name_and_refused_by_name():
    params = {"features": 40, "roots": 0, "dim": 32, "points": 50}
    whole = make_world(WORLD, params, np.random.default_rng(0))
    part = make_world(WORLD, {**params, "start": 20, "points": 10}, np.random.default_rng(0))
    assert np.array_equal(np.asarray(whole.points)[20:30], part.points)
    assert np.array_equal(whole.membership[20:30], part.membership)
    with pytest.raises(InvalidInput, match="lacks its dim"):
        make_world(WORLD, {"points": 50}, np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="synthsaebench-16k"):
        make_world("synthsaebench-16", params, np.random.default_rng(0))


def test_counts_are_those_of_a_loop_over_features_and_neurons():
    rng = np.random.default_rng(0)
    members = [rng.random((600, 5)) < 0.3 for _ in range(2)]
    fires = [m[:, [0, 1, 1]] ^ (rng.random((600, 3)) < [0.0, 0.01, 0.2]) for m in members]
    result = separated_features(fires[0], members[0], fires[1], members[1], seed=0)
    within = within_half = 0
    p_values: list[float] = []
    for i in range(5):
        errors = [
            max((members[0][:, i] & ~fires[0][:, j]).sum(), (fires[0][:, j] & ~members[0][:, i]).sum())
            for j in range(3)
        ]
        best = fires[1][:, int(np.argmin(errors))]
        misses, alarms = (members[1][:, i] & ~best).sum(), (best & ~members[1][:, i]).sum()
        size = members[1][:, i].sum()
        within += max(misses, alarms) <= 0.1 * size
        within_half += max(misses, alarms) <= 0.5 * size
        p_values.append(float(separation_p(np.array([misses]), np.array([alarms]), np.array([size]), 0.1)[0]))
    assert (result.within, result.within_half) == (within, within_half)
    assert result.certified == sum(p <= 0.01 for p in p_values) == 2
    assert result.shuffled == 0
    rare = np.zeros((600, 1), dtype=bool)
    rare[:5] = True
    assert separated_features(rare, rare, rare, rare, seed=0) == Separated(1, 0, 1, 1, 0, 0)


def test_the_best_threshold_is_that_of_a_search():
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores = rng.integers(0, 8, 30).astype(float)
        members = rng.random(30) < 0.4
        members[0] = True

        def worst(threshold: float, scores=scores, members=members) -> int:
            fires = scores > threshold
            return max((members & ~fires).sum(), (fires & ~members).sum())

        # One below all scores is not among those of the function: the last point is always silent.
        assert worst(best_threshold(scores, members)) == min(worst(t) for t in np.arange(0.0, 8.0, 0.5))


def test_independent_directions_are_separated_and_an_untrained_sae_separates_little():
    wide = WorldSize(features=64, dim=64, roots=0, points=4096)
    directions = STUDY.do(DirectionsJob(wide, 0, 1000), make_world, "cpu")
    assert directions.within >= 50  # as many as dimensions: a tight frame is a basis
    job = SaeJob(wide, "batchtopk", 4, "untrained", 24, 0, 5, 64, 0.005)
    result = STUDY.do(job, make_world, "cpu")
    assert result.sets.within <= 6
    assert result.sets.features == 64
    assert result.recovery.f1_score < 0.5


def made(f1=None, sets=None, directions=80):
    """Records in which trained SAEs recover half and separate a third, unless said otherwise."""
    f1, sets = f1 or {"trained": 0.5}, sets or {"trained": 30}
    records: list[StudyRecord] = []
    for job in jobs_of(STUDY, StudyEntry("linear-features", GRID), (0, 1, 2, 3, 4)):
        settings = job.settings
        wobble = 0.001 * settings.seed
        separated = Separated(1000, 100, 300, 50, 40, 0)
        if isinstance(settings, DirectionsJob):
            records.append(StudyRecord(settings, replace(separated, certified=directions + settings.seed)))
            continue
        more = 0.1 * (settings.gate == "matryoshka")
        score = f1.get(settings.arm, 0.1) + wobble + more
        recovery = Recovered(score, score, score, 1.0, 6.0, 7.0, 0.0)
        count = sets.get(settings.arm, 5) + settings.seed + int(100 * more)
        records.append(StudyRecord(settings, SaeResult(recovery, replace(separated, certified=count))))
    return records


def verdicts(records, words):
    chosen = [answer.verdict for answer in STUDY.answers(records) if words in answer.prediction]
    assert chosen
    return set(chosen)


def test_what_is_foretold_is_read_off_records_that_have_it():
    assert {answer.verdict for answer in STUDY.answers(made())} == {"as predicted"}
    assert len(STUDY.answers(made())) == 7
    assert "F1 0.97 since" in STUDY.answers(made())[0].observation
    assert STUDY.answers([]) == []


@pytest.mark.parametrize(
    ("words", "records"),
    [
        ("recovers linear features", made(f1={"frozen_decoder": 0.5, "trained": 0.1})),
        ("separates more of the features", made(sets={"trained": 5, "untrained": 30, "frozen_decoder": 30})),
        ("than the true directions", made(directions=2)),
    ],
)
def test_predictions_can_fail(words, records):
    assert verdicts(records, words) == {"the prediction fails"}


def test_equal_arms_are_undecided():
    equal = dict.fromkeys(("trained", "untrained", "frozen_decoder"), 30)
    same = made(f1=dict.fromkeys(equal, 0.5), sets=equal)
    assert verdicts(same, "recovers linear features") == {"undecided"}
    assert verdicts(same, "separates more of the features") == {"undecided"}
