"""The study of naming: cases whose outcome is known, and verdicts on records made by hand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from geosae.cli.sources import make_world
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.geometry import most_named, name_features, named_by
from geosae.studies.naming import STUDY, certified_rows, separated_within
from geosae.studies.naming_answers import within
from geosae.studies.naming_records import (
    Learned,
    LearnedJob,
    Possible,
    PossibleJob,
    Records,
    TransitionJob,
    Transitions,
    axis_of,
    half_dimension,
    named_share,
    phase_of,
    recovered_share,
)
from geosae.studies.study import Answer

GRID = {
    "p": 12, "dims": [4, 8, 12, 16], "sparsities": [2], "gaussian_sparsities": [2],
    "axis_dim": 8, "axis_sparsity": 2, "axis_features": [8, 12, 16], "features": 12, "codes": 4,
    "learned_p": 8, "learned_dims": [4, 6, 8], "learned_sparsities": [2], "gates": ["topk", "relu"],
    "others": ["matryoshka"],
}  # fmt: skip


def possible(columns: str = "unit", n: int = 4, p: int = 8, k: int = 2, features: int = 8) -> Possible:
    return STUDY.do(PossibleJob(columns, n, p, k, features, 6, 0), make_world, "cpu")  # pyright: ignore


@pytest.mark.parametrize("columns", ["unit", "gaussian"])
@pytest.mark.parametrize("k", [1, 3, 6])
def test_independent_columns_are_named_and_recovered(columns: str, k: int):
    result = possible(columns, n=9, p=6, k=k)
    assert (result.asked, result.nameable, result.every) == (6, 6, True)
    assert result.recovered == result.codes


def test_on_a_line_hardly_anything_is_named_and_nothing_recovered():
    result = possible(n=1, p=12, k=3, features=5)
    most = most_named(1, 3)
    assert most is not None
    assert result.asked == 5
    assert result.nameable <= most
    assert not result.every
    assert result.recovered == 0


def test_gaussian_columns_are_the_unit_ones_at_their_lengths():
    """Naming does not depend on a common factor, but on lengths it does: same draw, other question."""
    jobs = [PossibleJob(columns, 6, 10, 2, 10, 1, 3) for columns in ("unit", "gaussian")]
    gaussian = np.random.default_rng([3, 6, 10]).standard_normal((6, 10))
    for job, A in zip(jobs, (gaussian / np.linalg.norm(gaussian, axis=0), gaussian), strict=True):
        count = sum(verdict.nameable for verdict in name_features(A, 2))
        assert STUDY.do(job, make_world, "cpu").nameable == count


def test_all_features_count_as_nameable_only_where_each_of_them_is():
    """Of a sample of one, all are nameable in many draws; of all features in few."""
    jobs = [PossibleJob("unit", 5, 9, 2, 1, 1, seed) for seed in range(40)]
    results = [STUDY.do(job, make_world, "cpu") for job in jobs]
    full = [(job, result) for job, result in zip(jobs, results, strict=True) if result.nameable == 1]
    assert 0 < len(full) < 40
    for job, result in full:
        A = np.random.default_rng([job.seed, 5, 9]).standard_normal((5, 9))
        unit = A / np.linalg.norm(A, axis=0)
        assert result.every == all(verdict.nameable for verdict in name_features(unit, 2))
    assert not all(result.every for _, result in full)


def test_certificates_are_rows_that_name_and_probes_of_independent_directions_do_too():
    A = np.random.default_rng(1).standard_normal((5, 8))
    able = [i for i, verdict in enumerate(name_features(A, 2)) if verdict.nameable]
    rows = certified_rows(A, 2)
    assert named_by(A, rows.w, rows.c, 2).own.tolist() == able
    assert 0 < len(able) < 8

    def learned(arm: str, n: int) -> Learned:
        job = LearnedJob(n, 8, 2, "relu", 0.3, arm, 8, 5, 1200, 0)  # pyright: ignore[reportArgumentType]
        return STUDY.do(job, make_world, "cpu")

    certified = learned("certified", 8)
    assert certified == Learned(8, 8.0, 8, 8)
    assert learned("supervised", 12).within == 8
    assert learned("certified", 1).best <= 1
    untrained = learned("untrained", 6)
    assert untrained.own <= untrained.best <= learned("certified", 6).best


def test_a_relative_gate_has_no_thresholds_of_its_own():
    job = LearnedJob(6, 8, 2, "topk", 2, "trained", 8, 5, 600, 0)
    assert np.isnan(STUDY.do(job, make_world, "cpu").own)


def test_a_neuron_chosen_on_one_half_is_judged_on_the_other():
    members = np.array([[True], [True], [False], [False]])
    good, late = members[:, :1], np.array([[True], [False], [False], [False]])
    fires = np.hstack([late, good])
    assert separated_within(fires, members, fires, members) == 1
    assert separated_within(fires, members, fires[:, ::-1], members) == 0
    assert separated_within(fires, members & False, fires, members & False) == 0


def test_where_a_share_passes_one_half():
    job = PossibleJob("unit", 4, 12, 2, 12, 4, 0)

    def runs(*counts: int) -> list[StudyRecord[PossibleJob, Possible]]:
        dims = (4, 8, 12, 16)
        return [
            StudyRecord(replace(job, n=n), Possible(12, count, False, 4, 0, 0))
            for n, count in zip(dims, counts, strict=False)
        ]

    assert half_dimension(runs(0, 6, 12), named_share) == 8
    assert half_dimension(runs(0, 0, 12), named_share) == 10
    assert half_dimension(runs(0, 8, 3, 9), named_share) == 14
    for never in (runs(), runs(0, 1), runs(12, 12)):
        assert half_dimension(never, named_share) is None
    assert half_dimension(runs(0, 6), recovered_share) is None


def records(
    possible: Callable[[PossibleJob], Possible], learned: Callable[[LearnedJob], Learned], shift: float = 0.0
) -> Records:
    """The grid's records with these results; theory puts naming at 10 and recovery at 6, plus the shift."""
    made: list[StudyRecord] = []
    for job in jobs_of(STUDY, StudyEntry("naming", GRID), (0, 1, 2)):
        settings = job.settings
        if isinstance(settings, PossibleJob):
            made.append(StudyRecord(settings, possible(settings)))
        elif isinstance(settings, TransitionJob):
            made.append(StudyRecord(settings, Transitions(10 + shift, 0.1, 6 + shift, 5)))
        else:
            made.append(StudyRecord(settings, learned(settings)))
    return made


def gap_as_foretold(job: PossibleJob) -> Possible:
    named, back = (12 if job.n > 10 else 0), (4 if job.n > 6 else 0)
    if job.p < 12:
        return Possible(8, 8, True, 4, 4, 4)
    return Possible(12, named, named == 12, 4, back, 0)


def learned_as_foretold(job: LearnedJob) -> Learned:
    own = float("nan") if job.gate == "topk" else 0.0
    counts = {"trained": (own, 4), "certified": (5.0, 5), "supervised": (5.0, 5)}
    by_own, best = counts.get(job.arm, (own, 0))
    return Learned(8, by_own, best, 7 if job.arm == "supervised" else 3)


def judged(made: Records) -> dict[str, str]:
    return {answer.prediction: answer.verdict for answer in STUDY.answers(made)}


def verdict(made: Records, words: str) -> str:
    (answer,) = [a for a in STUDY.answers(made) if words in a.prediction]
    return answer.verdict


def test_what_is_foretold_is_found_in_records_that_have_it():
    made = records(gap_as_foretold, learned_as_foretold)
    assert set(judged(made).values()) == {"as predicted"}
    assert len(judged(made)) == 10
    assert len({r.settings.p for r in axis_of(made)}) == 3
    assert {r.settings.p for r in phase_of(made)} == {12}
    answer: Answer = STUDY.answers(made)[0]
    assert "a share of at most 0.26 of its features" in answer.observation  # 1 − 0.025^(1/12)


@pytest.mark.parametrize(
    ("words", "broken", "expected"),
    [
        ("the converse fails", lambda r: replace(r, recovered=0), "the prediction fails"),
        ("the converse fails", lambda r: replace(r, nameable=0, every=False), "undecided"),
        ("S11's floor", lambda r: replace(r, nameable=r.asked, every=True), "the prediction fails"),
        ("S11's floor", lambda r: replace(r, nameable=r.asked), "the prediction fails"),
        ("amortisation gap", lambda r: Possible(12, 3 * r.recovered, False, 4, r.nameable // 3, 0),
         "the prediction fails"),
        ("amortisation gap", lambda r: replace(r, recovered=r.nameable // 3), "undecided"),
    ],
)  # fmt: skip
def test_predictions_about_columns_can_fail(words: str, broken: Callable, expected: str):
    assert verdict(records(lambda job: broken(gap_as_foretold(job)), learned_as_foretold), words) == expected


@pytest.mark.parametrize(
    ("shift", "expected"),
    [(3.9, "as predicted"), (4.1, "the prediction fails"), (-9.0, "the prediction fails")],
)
def test_a_transition_elsewhere_refutes_the_statistical_dimension(shift: float, expected: str):
    made = records(gap_as_foretold, learned_as_foretold, shift)
    for columns in ("Gaussian columns", "unit columns:"):
        assert verdict(made, columns) == expected


def test_a_step_is_decided_by_intervals_that_lie_within_it():
    from geosae.experiments import mean_interval

    assert within([mean_interval([0.0])], 4) == "undecided"
    assert within([mean_interval([3.0, 5.0])], 4) == "undecided"


@pytest.mark.parametrize(
    ("words", "broken", "expected"),
    [
        ("No encoder's rows", lambda job, r: replace(r, best=6) if job.arm == "trained" else r,
         "the prediction fails"),
        ("Top-K: training turns", lambda job, r: replace(r, best=4), "undecided"),
        ("Top-K: training turns", lambda job, r: replace(r, best=5) if job.arm == "frozen_decoder" else r,
         "the prediction fails"),
        ("rows that could name", lambda job, r: replace(r, own=float(r.best)), "undecided"),
        ("no ceiling", lambda job, r: replace(r, within=2), "the prediction fails"),
    ],
)  # fmt: skip
def test_predictions_about_saes_can_fail(words: str, broken: Callable, expected: str):
    made = records(gap_as_foretold, lambda job: broken(job, learned_as_foretold(job)))
    verdicts = [a.verdict for a in STUDY.answers(made) if words in a.prediction]
    assert verdicts
    assert set(verdicts) == {expected}


def test_parts_of_the_records_answer_what_they_can():
    made = records(gap_as_foretold, learned_as_foretold)
    for kind, count in ((PossibleJob, 3), (LearnedJob, 5), (TransitionJob, 0)):
        assert len(STUDY.answers([r for r in made if isinstance(r.settings, kind)])) == count
    assert STUDY.answers([]) == []
