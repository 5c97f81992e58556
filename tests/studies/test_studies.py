import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from geosae.cli.sources import make_world
from geosae.errors import InvalidInput
from geosae.experiments import Interval, Results, Summary, mean_interval, parse_plan, plan_toml
from geosae.experiments.jobs import (
    Job,
    StudyRecord,
    do_job,
    plan_jobs,
    study_failures,
    study_records,
    write_job_list,
)
from geosae.sae.training.numba import installed
from geosae.sae.training.spec import has_mkl
from geosae.studies import approximation_answers
from geosae.studies.approximation_answers import slope_of
from geosae.studies.approximation_errors import (
    OracleError,
    OracleJob,
    UnitError,
    UnitJob,
    body_of,
    lower_bound,
    plateau,
)
from geosae.studies.feasibility import probe
from geosae.studies.linear_features_records import DirectionsJob
from geosae.studies.naming_records import PossibleJob, TransitionJob
from geosae.studies.numbers import direction, paired, per_seed
from geosae.studies.registry import STUDIES, all_studies, answers_of

PLAN = """
widths = [4]
seeds = [0, 1]
baselines = []
[[worlds]]
name = "disk-in-ring"
points = 300
dim = 2
[[gates]]
name = "topk"
sparsity = [1]
"""
SMALL = {
    "absorption": {
        "gates": {"topk": [2]},
        "variations": [0.1, 0.4],
        "steps": 30,
        "points": 600,
        "pair_gates": {"relu": [0.1]},
        "pair_variations": [0.0, 0.4],
        "pair_steps": 30,
        "pair_points": 400,
    },
    "approximation": {
        "dims": [2],
        "others": ["polygon 2"],
        "most": 24,
        "widths": [8],
        "steps": 30,
        "points": 600,
    },
    "capacity": {
        "width": 4,
        "dim": 4,
        "concepts": [4, 12],
        "other_dims": [3],
        "dim_concepts": 12,
        "budgets": [2],
        "depth": 3,
        "chain_budgets": [1, 2],
        "chain_width": 6,
        "chain_held_out": 400,
        "steps": 30,
        "points": 400,
        "per_concept": 40,
    },
    "naming": {
        "p": 12,
        "dims": [4, 8],
        "sparsities": [2],
        "gaussian_sparsities": [2],
        "axis_dim": 8,
        "axis_sparsity": 2,
        "axis_features": [8, 16],
        "features": 4,
        "codes": 2,
        "draws": 20,
        "learned_p": 8,
        "learned_dims": [4, 6],
        "learned_sparsities": [2],
        "gates": ["topk", "relu"],
        "others": ["matryoshka"],
        "steps": 30,
        "points": 600,
    },
    "dynamics": {"cases": ["superposition-16"], "steps": [10], "rates": [0.01, 0.03], "points": 600},
    "phase": {
        "dim": 4,
        "features": [8],
        "sparsities": [2],
        "width_features": 8,
        "width_sparsity": 2,
        "widths": [0.5],
        "scaled": [[2, 4, 1]],
        "asked": 4,
        "steps": 30,
        "points": 300,
        "held_out": 600,
    },
    "splitting": {
        "margins": [0.4],
        "widths": [4, 8],
        "gates": {"topk": [2]},
        "steps": 30,
        "points": 600,
    },
    "hedging": {
        "widths": [3, 12],
        "gates": {"topk": [2]},
        "child_rates": [0.5],
        "pair_widths": [1, 2],
        "steps": 30,
        "points": 600,
    },
    "lattices": {
        "truths": ["random-10"],
        "base": "random-10",
        "gates": {"topk": [2, 1]},
        "widths": [8, 4],
        "steps": [30],
        "spreads": [0.5],
        "tolerances": [0.1],
        "points": 300,
    },
    "failures": {
        "budgets": [1, 4],
        "dims": [64],
        "crowd_gates": ["mp", "batchtopk"],
        "tree_gates": {"relu": 0.1, "batchtopk": 1},
        "steps": 30,
        "points": 600,
    },
    "linear-features": {
        "features": 32,
        "dim": 16,
        "roots": 0,
        "width": 16,
        "gates": {"batchtopk": [2]},
        "steps": 10,
        "batch": 32,
        "points": 1024,
    },
    "dictionaries": {"trained_on": ["superposition-24", "balls"], "steps": 10, "points": 1024},
    "feasibility": {},
}


def plan_of(name: str):
    entry = f'[[studies]]\nname = "{name}"\n'
    for key, value in SMALL[name].items():
        spelled = (
            json.dumps(value)
            if not isinstance(value, dict)
            else ("{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + "}")
        )
        entry += f"{key} = {spelled}\n"
    return parse_plan(PLAN + entry)


@pytest.mark.parametrize("name", list(STUDIES))
def test_every_study_runs_small_and_answers_in_sentences(name, tmp_path):
    plan = plan_of(name)
    assert parse_plan(plan_toml(plan)) == plan
    jobs = plan_jobs(plan, STUDIES)
    assert {job.settings.seed for job in jobs} == {0, 1}
    for job in jobs:
        assert do_job(str(tmp_path), job, make_world, all_studies) is None
    write_job_list(tmp_path, jobs)
    records = study_records(tmp_path, plan)
    assert len(records[name]) == len(jobs)
    answers = answers_of(Results(tmp_path, plan, (), {}, (), Summary(()), records))[name]
    assert answers
    for answer in answers:
        assert answer.prediction.endswith(".")
        assert any(c.isdigit() for c in answer.observation)
        assert answer.verdict in ("as predicted", "the prediction fails", "undecided")
    assert study_failures(tmp_path, plan) == {}
    assert STUDIES[name].answers([]) == []


def test_a_job_gives_the_same_bytes_again_and_a_failed_one_says_why(tmp_path):
    plan = plan_of("feasibility")
    job = plan_jobs(plan, STUDIES)[0]
    for folder in ("a", "b"):
        do_job(str(tmp_path / folder), job, make_world, all_studies)
    one, two = (next((tmp_path / f / "studies" / "feasibility").glob(f"{job.key}.json")) for f in "ab")
    assert one.read_bytes() == two.read_bytes()
    wrong = replace(job.settings, source="no-such-world")
    assert "no-such-world" in str(do_job(str(tmp_path), Job("feasibility", wrong), make_world, all_studies))


def test_a_job_of_a_machine_with_other_kernels_is_none_of_this(tmp_path):
    job = plan_jobs(plan_of("feasibility"), STUDIES)[0]
    assert (job.numba, job.mkl) == (installed(), has_mkl())
    for other, name in ((replace(job, numba=not job.numba), "numba"), (replace(job, mkl=not job.mkl), "MKL")):
        assert other.key != job.key
        assert f"{name}, unlike this machine" in str(do_job(str(tmp_path), other, make_world, all_studies))


def trains(settings) -> bool:
    """Whether a job trains an SAE: some only decide by certificates, or fit half-spaces."""
    if isinstance(settings, OracleJob | PossibleJob | TransitionJob | DirectionsJob):
        return False
    return getattr(settings, "arm", "trained") not in ("supervised", "certified")


@pytest.mark.skipif(torch.cuda.is_available(), reason="shown by the refusal of a GPU that is not there")
@pytest.mark.parametrize("name", list(STUDIES))
def test_every_study_trains_where_the_plan_says(name, tmp_path):
    jobs = plan_jobs(replace(plan_of(name), device="cuda"), STUDIES)
    on_cpu = plan_jobs(plan_of(name), STUDIES)
    assert [job.settings for job in jobs] == [job.settings for job in on_cpu]
    assert not {job.key for job in jobs} & {job.key for job in on_cpu}
    assert [Job(job.study, job.settings).key for job in jobs] == [job.key for job in on_cpu]
    training = [job for job in jobs if name != "feasibility" and trains(job.settings)]
    assert bool(training) == (name != "feasibility")
    for job in training:
        assert "torch sees none" in str(do_job(str(tmp_path), job, make_world, all_studies))


def test_feasibility_knows_the_disk_in_its_ring():
    (job, *_) = plan_jobs(plan_of("feasibility"), STUDIES)
    (disk,) = STUDIES["feasibility"].do(job.settings, make_world, "cpu").concepts
    assert (disk.one, disk.unit, disk.inside_hull) == (False, True, 0)


def test_unknown_studies_settings_and_types_are_refused():
    with pytest.raises(InvalidInput, match=r"unknown study 'absorbtion'.*'absorption'"):
        plan_jobs(parse_plan(PLAN + '[[studies]]\nname = "absorbtion"\n'), STUDIES)
    with pytest.raises(InvalidInput, match=r"'step'.*'steps'"):
        plan_jobs(parse_plan(PLAN + '[[studies]]\nname = "hedging"\nstep = 5\n'), STUDIES)
    with pytest.raises(InvalidInput, match="steps is 'many'"):
        plan_jobs(parse_plan(PLAN + '[[studies]]\nname = "hedging"\nsteps = "many"\n'), STUDIES)
    with pytest.raises(InvalidInput, match="unknown gate"):
        parse_plan(PLAN.replace("dim = 2", 'dim = 2\ngates = ["relu"]'))


def test_a_world_takes_only_the_gates_it_names():
    text = PLAN + '[[gates]]\nname = "relu"\nsparsity = [0.1]\n'
    assert {c.gate for c in parse_plan(text).cells()} == {"topk", "relu"}
    assert {c.gate for c in parse_plan(text.replace("dim = 2", 'dim = 2\ngates = ["relu"]')).cells()} == {
        "relu"
    }


def test_directions_need_an_interval_on_one_side():
    assert direction(mean_interval([0.1, -0.1, 0.05])) == "undecided"
    assert direction(mean_interval([])) == "undecided"
    assert mean_interval([None, float("nan"), 2.0]) == Interval(2.0, -np.inf, np.inf, 1)
    records = [StudyRecord(SimpleNamespace(seed=s), v) for s, v in ((1, 1.0), (0, 2.0), (1, 3.0))]
    assert per_seed(records, lambda result: result) == {0: 2.0, 1: 2.0}
    assert paired({0: 1.0}, {1: 1.0}) == []


def test_bodies_have_the_plateau_that_geometry_gives():
    assert plateau(body_of("ball", 3)) == pytest.approx(0)
    assert plateau(body_of("shell", 2)) == pytest.approx(1 / 0.75 - 1)
    # Two disks of radius 0.4 at ±0.6: their hull adds a rectangle 1.2 × 0.8 and loses nothing else.
    hull = np.pi * 0.16 + 1.2 * 0.8
    assert plateau(body_of("two-balls", 2)) == pytest.approx(hull / (2 * np.pi * 0.16) - 1)


def test_a_slope_with_scatter_is_that_of_an_independent_fit():
    rng = np.random.default_rng(0)
    points = [(float(m), float(m**-1.5 * np.exp(0.05 * rng.standard_normal()))) for m in range(4, 40)]
    assert slope_of(points) == pytest.approx(np.polyfit(*np.log(np.array(points).T), 1)[0])
    assert slope_of(points) == pytest.approx(-1.5, abs=0.1)


@pytest.mark.parametrize(("law", "verdict"), [(None, "as predicted"), (-3.0, "the prediction fails")])
@pytest.mark.parametrize("dim", [2, 3])
def test_the_verdict_on_the_exponent_is_about_the_law(law, verdict, dim, monkeypatch):
    if law is not None:
        monkeypatch.setattr(approximation_answers, "exponent", lambda dim: law)
    sizes = (8, 16, 32, 64, 128, 256)
    # What was found lies 2 % above what no polyhedron goes below.
    errors = 1.02 * lower_bound(dim, sizes)
    records = [StudyRecord(OracleJob("ball", dim, m), OracleError(error, error, best=False))
               for m, error in zip(sizes, errors.tolist(), strict=True)]  # fmt: skip
    answers = STUDIES["approximation"].answers(records)
    assert [a.verdict for a in answers if a.prediction.startswith("Smooth bodies")] == [verdict]


def test_no_exponent_is_read_off_where_the_proved_bound_is_not_near_its_limit():
    sizes = (12, 16, 32, 64, 256, 512)
    errors = lower_bound(5, sizes).tolist()
    records = [StudyRecord(OracleJob("ball", 5, m), OracleError(error, error, best=False))
               for m, error in zip(sizes, errors, strict=True)]  # fmt: skip
    enclosed, exponent = STUDIES["approximation"].answers(records)
    assert (enclosed.verdict, exponent.verdict) == ("as predicted", "undecided")
    below = [replace(r, result=replace(r.result, over_hull=r.result.over_hull / 2)) for r in records]
    assert STUDIES["approximation"].answers(below)[0].verdict == "undecided"


@pytest.mark.parametrize(("excess", "verdict"), [(0.5, "as predicted"), (0.001, "the prediction fails")])
def test_a_unit_below_what_no_polyhedron_reaches_refutes_the_approximation(excess, verdict):
    oracle = [StudyRecord(OracleJob("ball", 2, m), OracleError(error, error, best=True))
              for m, error in ((4, 0.2733), (6, 0.1027), (8, 0.0548))]  # fmt: skip
    job = UnitJob("ball", 2, width=8, baseline="trained", seed=0, steps=30, points=600, l1=0.1)
    unit = StudyRecord(job, UnitError(members=4, miss=0.0, excess=excess, nothing=9.0))
    answers = STUDIES["approximation"].answers([*oracle, unit])
    assert [a.verdict for a in answers if "cut to the box" in a.prediction] == [verdict]


def test_the_probe_finds_what_one_half_space_can_do():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((400, 3))
    assert max(probe(points, points @ [1.0, 2.0, -1.0] > 0.3)) < 0.05
    assert min(max(probe(points, np.linalg.norm(points, axis=1) < 1.2)), 1) > 0.2
    with pytest.raises(InvalidInput, match="inside and outside"):
        probe(points, np.ones(400, dtype=bool))
