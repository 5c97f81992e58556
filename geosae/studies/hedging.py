"""Hedging: an SAE narrower than the feature count mixes features (theory P5, P7; arXiv 2505.11756).

Two parts: many features, in pairs or alone, against the width; and one pair, for which P7 gives the angle of
a single atom in closed form (`hedging_pairs`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from geosae.experiments.gates import Gate, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import MakeWorld, StudyRecord
from geosae.sae.device import Device
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.hedging_pairs import (
    PairJob,
    PairRecords,
    PairResult,
    mixing_of_pair,
    pair_answers,
    pair_jobs,
)
from geosae.studies.numbers import direction, of_kind, paired, per_seed
from geosae.studies.study import Answer, Study

FEATURES = 12


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.03,), "topk": (2,)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    widths: tuple[int, ...] = (3, 6, 12, 24)
    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    child_rates: tuple[float, ...] = (0.2, 0.6, 0.9)
    pair_widths: tuple[int, ...] = (1, 2, 4)
    steps: int = 400
    points: int = 3000


@dataclass(frozen=True)
class HedgingJob:
    """One SAE on features in so many parent–child pairs (0: independent ones)."""

    pairs: int
    gate: Gate
    sparsity: float | int
    width: int
    seed: int
    steps: int
    points: int
    part: Literal["features"] = "features"


@dataclass(frozen=True)
class HedgingResult:
    """How much the atoms mix two true directions: see `geosae.analysis.phenomena.hedging`."""

    share: float
    """The share of firing neurons that are hedged; nan if none fires."""
    mean_second: float
    """The mean second cosine of firing neurons; nan if none fires."""
    floor: float
    floor_cosine: float
    firing: int
    towards_partner: int
    second_is_partner: int
    l0: float
    mcc: float


Records: TypeAlias = Sequence[StudyRecord[HedgingJob, HedgingResult]]
Job: TypeAlias = HedgingJob | PairJob
Result: TypeAlias = HedgingResult | PairResult
AllRecords: TypeAlias = Sequence[StudyRecord[Job, Result]]


def of_features(records: AllRecords) -> Records:
    """Return the records of the part with many features."""
    return of_kind(records, HedgingJob, HedgingResult)


def of_pairs(records: AllRecords) -> PairRecords:
    """Return the records of the part with one pair."""
    return of_kind(records, PairJob, PairResult)


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    for pairs in (0, FEATURES // 2):
        for gate, sparsity in gates_in(grid.gates):
            for width in grid.widths:
                for seed in seeds:
                    yield HedgingJob(pairs, gate, sparsity, width, seed, grid.steps, grid.points)
    yield from pair_jobs(grid.child_rates, grid.pair_widths, seeds, grid.steps, grid.points)


def _do(job: Job, make_world: MakeWorld, device: Device) -> Result:
    if isinstance(job, PairJob):
        return mixing_of_pair(job, make_world, device)
    return _mixing_of_features(job, make_world, device)


def _mixing_of_features(job: HedgingJob, make_world: MakeWorld, device: Device) -> HedgingResult:
    from geosae.analysis import mcc
    from geosae.analysis.phenomena import hedging

    params = {"points": job.points, "dim": FEATURES, "features": FEATURES, "rate": 0.15,
              "pairs": job.pairs, "child_rate": 0.6, "directions": "orthonormal"}  # fmt: skip
    train_half, test_half = two_halves(make_world, "superposition", params, job.seed)
    neurons = trained(
        train_half.points, job.gate, job.sparsity, job.width, job.seed, job.steps, device=device
    )
    mixing = hedging(neurons, test_half, seed=job.seed)
    return HedgingResult(
        share=mixing.share,
        mean_second=mixing.mean_second,
        floor=mixing.floor,
        floor_cosine=mixing.floor_cosine,
        firing=len(mixing.mixtures),
        towards_partner=sum(m.correlation > 0.3 for m in mixing.hedged),
        second_is_partner=sum(m.correlation > 0.3 for m in mixing.mixtures),
        l0=l0_of(neurons, test_half.points),
        mcc=float(mcc(neurons.decoder, np.asarray(test_half.directions))),
    )


def of_setting(records: Records, gate: str, pairs: int) -> Records:
    """Return the records of one gate, on features in so many pairs."""
    return [r for r in records if r.settings.gate == gate and r.settings.pairs == pairs]


def mean_at(records: Records, width: int, value: Callable[[HedgingResult], float]) -> Interval:
    """Return the mean over seeds of a value at one width."""
    return mean_interval(list(_by_seed(records, width, value).values()))


def _by_seed(records: Records, width: int, value: Callable[[HedgingResult], float]) -> dict[int, float]:
    return per_seed([r for r in records if r.settings.width == width], value)


def _answers(records: AllRecords) -> list[Answer]:
    return _of_widths(of_features(records)) + pair_answers(of_pairs(records))


def _of_widths(records: Records) -> list[Answer]:
    answers: list[Answer] = []
    for gate in dict.fromkeys(r.settings.gate for r in records):
        correlated = of_setting(records, gate, FEATURES // 2)
        widths = sorted({r.settings.width for r in correlated})
        narrow = [w for w in widths if w < FEATURES]
        wide = [w for w in widths if w >= FEATURES]
        if not (narrow and wide):
            continue
        few, many = (_by_seed(correlated, w, lambda r: r.mean_second) for w in (narrow[0], wide[0]))
        by_width = mean_interval(paired(few, many))
        prediction = (
            f"{gate_name(gate)}: an SAE narrower than the {FEATURES} true features hedges, so its atoms mix "
            "two directions more."
        )
        observation = (
            f"Mean second cosine {mean_interval(list(few.values()))} at width {narrow[0]} and "
            f"{mean_interval(list(many.values()))} at width {wide[0]}; paired difference {by_width}."
        )
        answers.append(Answer("P5", prediction, observation, direction(by_width)))
        alone = _by_seed(of_setting(records, gate, 0), narrow[0], lambda r: r.mean_second)
        by_pairs = mean_interval(paired(few, alone))
        prediction = f"{gate_name(gate)}: what is mixed when the SAE is too narrow is what is correlated."
        observation = (
            f"At width {narrow[0]}, mean second cosine {mean_interval(list(few.values()))} with correlated "
            f"pairs and {mean_interval(list(alone.values()))} with independent features; paired difference "
            f"{by_pairs}."
        )
        answers.append(Answer("P5", prediction, observation, direction(by_pairs)))
    return answers


STUDY = Study(
    name="hedging",
    title="Hedging",
    question="Does an SAE that is narrower than the number of features mix correlated ones, and by how much?",
    world=f"World `superposition`: {FEATURES} orthonormal features, in parent–child pairs or independent; "
    "and one pair in the plane, amplitudes 1 and no noise.",
    design="Correlated or not × gate × sparsity × width × seed; child rate × width × seed.",
    grid=Grid,
    settings=Job,
    result=Result,
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
