"""How many concepts d neurons and a budget K carry, and how deep a hierarchy (theory S5–S7, G3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal, TypeAlias

import numpy as np

from geosae.experiments.gates import Gate
from geosae.experiments.interval import mean_interval
from geosae.experiments.jobs import MakeWorld, StudyRecord
from geosae.sae.device import Device
from geosae.studies.common import gates_in, trained, two_halves
from geosae.studies.numbers import direction, of_kind, paired, per_seed
from geosae.studies.study import Answer, Study, Verdict

CHAIN_WIDTH = 48
"""The number of neurons for chains of features."""


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.3,), "jumprelu": (0.1,)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    widths: tuple[int, ...] = (4, 8, 16, 32)
    budgets: tuple[int, ...] = (1, 2, 4, 8)
    depths: tuple[int, ...] = (3, 6)
    concepts: int = 12
    cell_widths: tuple[int, ...] = (4, 8, 16)
    steps: int = 1000
    points: int = 3000


@dataclass(frozen=True)
class NeuronsJob:
    """An SAE of an absolute gate on as many orthonormal features as concepts."""

    gate: Gate
    sparsity: float | int
    width: int
    concepts: int
    steps: int
    points: int
    seed: int
    part: Literal["neurons"] = "neurons"


@dataclass(frozen=True)
class CountJob:
    """A Top-K SAE on disjoint balls in R³."""

    k: int
    width: int
    concepts: int
    steps: int
    points: int
    seed: int
    part: Literal["count"] = "count"


@dataclass(frozen=True)
class DepthJob:
    """A Top-K SAE on a chain of features, each present only where the one before is."""

    depth: int
    k: int
    width: int
    steps: int
    points: int
    seed: int
    part: Literal["depth"] = "depth"


@dataclass(frozen=True)
class CellsJob:
    """A Top-K SAE on balls in the plane, or a ReLU SAE where k is 0."""

    k: int
    width: int
    steps: int
    points: int
    seed: int
    part: Literal["cells"] = "cells"


Job: TypeAlias = NeuronsJob | CountJob | DepthJob | CellsJob


@dataclass(frozen=True)
class Separated:
    """How many concepts are separated on held-out points, within 0.1 and exactly."""

    neurons: int
    neurons_exact: int
    units: int
    units_exact: int
    most_active: int
    """The greatest number of neurons that are active at one point."""


@dataclass(frozen=True)
class Patterns:
    """How many activation patterns occur on 40 000 points of the plane, and how many there can be."""

    patterns: int
    bound: int


Records: TypeAlias = Sequence[StudyRecord[Job, Separated | Patterns]]


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    steps, points = grid.steps, grid.points
    for seed in seeds:
        for (gate, sparsity), width in product(gates_in(grid.gates), grid.widths):
            yield NeuronsJob(gate, sparsity, width, grid.concepts, steps, points, seed)
        for width, k in product(grid.widths, grid.budgets):
            if k <= width:
                yield CountJob(k, width, grid.concepts, steps, points, seed)
        for depth, k in product(grid.depths, grid.budgets):
            yield DepthJob(depth, k, CHAIN_WIDTH, steps, points, seed)
        for width, k in product(grid.cell_widths, (0, 2)):
            yield CellsJob(k, width, steps, points, seed)


def _do(job: Job, make_world: MakeWorld, device: Device) -> Separated | Patterns:
    match job:
        case NeuronsJob(concepts=p):
            features = {"features": p, "dim": p, "directions": "orthonormal", "rate": 0.1}
            world = {**features, "low": 0.8, "high": 1.2}
            return _separated(job, job.gate, job.sparsity, make_world, device, "superposition", world)
        case CountJob():
            balls = {"dim": 3, "concepts": job.concepts}
            return _separated(job, "topk", job.k, make_world, device, "disjoint-balls", balls)
        case DepthJob(depth=depth):
            chain = {"features": depth, "roots": 1, "branching": 1, "depth": depth - 1, "rate": 0.7}
            world = {**chain, "dim": depth + 2, "directions": "orthonormal", "low": 0.8, "high": 1.2}
            return _separated(job, "topk", job.k, make_world, device, "superposition", world)
        case CellsJob():
            return _patterns_of(job, make_world, device)


def _separated(
    job: NeuronsJob | CountJob | DepthJob,
    gate: Gate,
    sparsity: float | int,
    make_world: MakeWorld,
    device: Device,
    world: str,
    params: Mapping[str, Any],
) -> Separated:
    from geosae.analysis import AnalysisConfig, analyse

    train_half, test_half = two_halves(make_world, world, {"points": job.points, **params}, job.seed)
    neurons = trained(train_half.points, gate, sparsity, job.width, job.seed, job.steps, device=device)
    config = AnalysisConfig(tolerance=0.1, ambient_samples=2000, floor=False, seed=job.seed)
    alignment = analyse(neurons, test_half, config)
    by_neuron, by_unit = alignment.answers("separation", "neurons"), alignment.answers("separation", "units")
    # Exact statements (S5, S7) need exact separation, a tolerant one is counted beside it (S12).
    return Separated(
        neurons=sum(row.error <= alignment.tolerance for row in by_neuron),
        neurons_exact=sum(row.error == 0 for row in by_neuron),
        units=sum(row.error <= alignment.tolerance for row in by_unit),
        units_exact=sum(row.error == 0 for row in by_unit),
        most_active=int(neurons.fires(test_half.points).sum(axis=1).max()),
    )


def _patterns_of(job: CellsJob, make_world: MakeWorld, device: Device) -> Patterns:
    from geosae.geometry.arrangements.counting import cells, topk_kept_sets

    train_half, test_half = two_halves(
        make_world, "disjoint-balls", {"points": job.points, "dim": 2}, job.seed
    )
    gate, sparsity = ("topk", job.k) if job.k else ("relu", 0.01)
    neurons = trained(train_half.points, gate, sparsity, job.width, job.seed, job.steps, device=device)
    low, high = test_half.points.min(axis=0), test_half.points.max(axis=0)
    grid = np.random.default_rng([job.seed, 3]).uniform(2 * low, 2 * high, (40_000, 2))
    patterns = len(np.unique(neurons.fires(grid), axis=0))
    # A neuron that Top-K keeps may be silent, its value not positive: sets of at most K neurons fire.
    sets = sum(topk_kept_sets(job.width, j) for j in range(1, job.k + 1)) + 1
    return Patterns(patterns, int(sets if job.k else cells(job.width, 2)))


def _answers(records: Records) -> list[Answer]:
    answers = [
        _single(records),
        _shared_units(records),
        _chains(records),
        _budget(records),
        *_patterns(records),
    ]
    return [answer for answer in answers if answer is not None]


def _single(records: Records) -> Answer | None:
    jobs = of_kind(records, NeuronsJob, Separated)
    if not jobs:
        return None
    over = sum(r.result.neurons_exact > r.settings.width for r in jobs)
    attained = sum(r.result.neurons_exact == r.settings.width for r in jobs)
    short = [r for r in jobs if r.settings.width < r.settings.concepts]
    observation = (
        f"In {len(jobs)} SAEs on {jobs[0].settings.concepts} orthonormal features the concepts that "
        f"single neurons separate exactly outnumber the neurons in {over}; the bound is attained in "
        f"{attained} of the {len(short)} with fewer neurons than concepts."
    )
    prediction = "d neurons separate at most d distinct concepts one by one (S5)."
    # Where nothing is separated exactly, the bound was not touched: that is no support for it.
    support: Verdict = "as predicted" if any(r.result.neurons_exact for r in jobs) else "undecided"
    return Answer("S5", prediction, observation, "the prediction fails" if over else support)


def _shared_units(records: Records) -> Answer | None:
    """Compare the numbers of concepts that units and single neurons separate with few neurons."""
    jobs = of_kind(records, CountJob, Separated)
    if not jobs:
        return None
    short = [r for r in jobs if r.settings.width < r.settings.concepts] or jobs
    gain = mean_interval(paired(per_seed(short, lambda s: s.units), per_seed(short, lambda s: s.neurons)))
    beyond = max(r.result.units - r.settings.width for r in short)
    observation = (
        f"Of {jobs[0].settings.concepts} balls, SAEs with fewer neurons separate {gain} more by units "
        f"than by single neurons (within 0.1); units carry at most {max(0, beyond)} concepts more than "
        "there are neurons."
    )
    prediction = "Units share neurons: they separate more concepts than single neurons do (S6)."
    return Answer("S6", prediction, observation, direction(gain))


def _chains(records: Records) -> Answer | None:
    separated = [r.result for r in of_kind(records, DepthJob, Separated)]
    if not separated:
        return None
    over = sum(s.units_exact > s.most_active for s in separated)
    nearest = max(s.units_exact - s.most_active for s in separated)
    within = sum(s.units > s.most_active for s in separated)
    observation = (
        f"In {len(separated)} SAEs on chains of features, exactly separated levels exceed the greatest "
        f"number of active neurons in {over} (nearest: {nearest:+d}); levels separated within 0.1 exceed it "
        f"in {within}."
    )
    prediction = "A chain of L concepts separated by units needs L active neurons at once: L ≤ K (S7)."
    return Answer("S7", prediction, observation, "the prediction fails" if over else "as predicted")


def _budget(records: Records) -> Answer | None:
    jobs = of_kind(records, DepthJob, Separated)
    budgets = sorted({r.settings.k for r in jobs})
    deepest = max((r.settings.depth for r in jobs), default=0)
    if len(budgets) < 2:
        return None
    small, large = (
        per_seed([r for r in jobs if r.settings.depth == deepest and r.settings.k == k], lambda s: s.units)
        for k in (budgets[0], budgets[-1])
    )
    gain = mean_interval(paired(large, small))
    observation = (
        f"On chains of {deepest} features, units separate {mean_interval(list(small.values()))} levels at "
        f"K = {budgets[0]} and {mean_interval(list(large.values()))} at K = {budgets[-1]} (within 0.1); "
        f"paired difference {gain}."
    )
    prediction = "A larger budget K lets units separate more levels of a hierarchy (S7)."
    return Answer("S7", prediction, observation, direction(gain))


def _patterns(records: Records) -> list[Answer]:
    jobs = of_kind(records, CellsJob, Patterns)
    answers: list[Answer] = []
    for name, kind, claim, counts in (
        ("ReLU", "cells of an arrangement", "G3", [r.result for r in jobs if not r.settings.k]),
        ("Top-K", "sets of at most K neurons", "G4", [r.result for r in jobs if r.settings.k]),
    ):
        if not counts:
            continue
        over = sum(c.patterns > c.bound for c in counts)
        shares = [c.patterns / c.bound for c in counts]
        observation = (
            f"{len(counts)} trained {name} SAEs in the plane show {min(shares):.0%} to {max(shares):.0%} of "
            f"the bound on 40 000 points; {over} exceed it."
        )
        prediction = f"No more activation patterns than {kind} ({name})."
        verdict: Verdict = "the prediction fails" if over else "as predicted"
        answers.append(Answer(claim, prediction, observation, verdict))
    return answers


STUDY = Study(
    name="capacity",
    title="Capacity and depth",
    question="How many concepts do d neurons with a budget K carry, and how deep a hierarchy?",
    world="Worlds `superposition` (orthonormal features) for single neurons, `disjoint-balls` (R³) for "
    "units, `superposition` (a chain of features, each present only where the one before is) for the "
    "depth, balls in the plane for the cells.",
    design="Gate × width × seed; width × K × seed; depth × K × seed; width × gate × seed.",
    grid=Grid,
    settings=Job,
    result=Separated | Patterns,
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
