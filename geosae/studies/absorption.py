"""Absorption by trained SAEs, where geometry allows it and where not (theory P2; arXiv 2409.14507).

A magnitude scales a whole point, its parent's part and its child's alike, so that concepts stay thickened
rays with a certificate. What happens where the two vary relative to each other is asked by `failures`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from geosae.analysis.phenomena.absorption import AbsorptionRecord
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.experiments.interval import mean_interval
from geosae.experiments.jobs import MakeWorld, StudyRecord
from geosae.sae.device import Device
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.numbers import direction, paired, per_seed
from geosae.studies.study import Answer, Study, Verdict

Position = Literal["extreme", "inside"]
POSITIONS: tuple[Position, ...] = ("extreme", "inside")


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.01, 0.1, 0.3), "topk": (1, 2, 4), "batchtopk": (2,), "jumprelu": (0.01,)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    variations: tuple[float, ...] = (0.05, 0.2, 0.4)
    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    steps: int = 400
    width: int = 16
    points: int = 3000
    dim: int = 8


@dataclass(frozen=True)
class AbsorptionJob:
    """One SAE on a draw of the world with the child in one position."""

    position: Position
    variation: float
    gate: Gate
    sparsity: float | int
    seed: int
    steps: int
    width: int
    points: int
    dim: int


@dataclass(frozen=True)
class AbsorptionResult:
    """What became of the two parent–child pairs."""

    l0: float
    absolute: bool
    """Whether the SAE's gate is absolute."""
    pairs: tuple[AbsorptionRecord, ...]


Records: TypeAlias = Sequence[StudyRecord[AbsorptionJob, AbsorptionResult]]


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[AbsorptionJob]:
    for position in POSITIONS:
        for variation in grid.variations:
            for gate, sparsity in gates_in(grid.gates):
                for seed in seeds:
                    yield AbsorptionJob(
                        position, variation, gate, sparsity, seed,
                        grid.steps, grid.width, grid.points, grid.dim,
                    )  # fmt: skip


def _do(job: AbsorptionJob, make_world: MakeWorld, device: Device) -> AbsorptionResult:
    from geosae.analysis.phenomena import absorption

    params = {"points": job.points, "dim": job.dim, "parents": 2, "children": 2,
              "position": job.position, "variation": job.variation}  # fmt: skip
    train_half, test_half = two_halves(make_world, "absorption", params, job.seed)
    neurons = trained(
        train_half.points, job.gate, job.sparsity, job.width, job.seed, job.steps, device=device
    )
    # The child in question: the one inside the hull of its siblings where there is one, else the first.
    which = 3 if job.position == "inside" else 1
    pairs = tuple(
        absorption(neurons, test_half, f"parent {f}", f"child {f}.{which}", seed=job.seed).record
        for f in (1, 2)
    )
    return AbsorptionResult(l0_of(neurons, test_half.points), GATES[job.gate].absolute, pairs)


def mean_effect(result: AbsorptionResult) -> float:
    """Return the mean excess of that silence over the silence on the child's siblings; nan if not known."""
    return _mean([pair.effect.value for pair in result.pairs])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if all(map(math.isfinite, values)) else math.nan


def _answers(records: Records) -> list[Answer]:
    if not records:
        return []
    return [_forbidden(records), *_relative(records), *_position(records)]


def _forbidden(records: Records) -> Answer:
    pairs = [(r, pair) for r in records if r.result.absolute for pair in r.result.pairs]
    closed = [pair for _, pair in pairs if not pair.can]
    inside = [pair for r, pair in pairs if r.settings.position == "inside"]
    exact = sum(bool(pair.exact) for pair in closed)
    near = sum(pair.absorbed for pair in closed)
    can = sum(pair.can for _, pair in pairs)
    possible = sum(pair.absorbed for _, pair in pairs if pair.can)
    observation = (
        f"Of {len(pairs)} parent–child pairs in SAEs with absolute gates, certificates exclude exact "
        f"absorption in {len(closed)} ({sum(not p.can for p in inside)} of {len(inside)} with an interior "
        f"child): {exact} of these were absorbed exactly and {near} within the tolerance; where it is "
        f"possible, {possible} of {can} were absorbed."
    )
    verdict: Verdict = "the prediction fails" if exact else "as predicted" if closed else "undecided"
    prediction = (
        "By one neuron with an absolute gate, a child in the hull of its siblings cannot be absorbed "
        "exactly; at the edge it can."
    )
    return Answer("P2", prediction, observation, verdict)


def _relative(records: Records) -> Iterator[Answer]:
    pairs = [
        pair
        for r in records
        if r.settings.position == "inside" and r.settings.gate == "topk" and r.settings.sparsity >= 2
        for pair in r.result.pairs
    ]
    if not pairs:
        return
    done = sum(pair.absorbed for pair in pairs)
    exact = sum(bool(pair.exact) for pair in pairs)
    observation = (
        f"Top-K with K ≥ 2 absorbed {done} of {len(pairs)} interior children within the tolerance, "
        f"{exact} exactly."
    )
    verdict: Verdict = "as predicted" if done else "undecided"
    prediction = "Top-K neurons with K ≥ 2 can absorb an interior child, which no half-space can (P2, G2)."
    yield Answer("P2", prediction, observation, verdict)


def _position(records: Records) -> Iterator[Answer]:
    for gate in dict.fromkeys(r.settings.gate for r in records):
        of_gate = [r for r in records if r.settings.gate == gate]
        sides = [
            per_seed([r for r in of_gate if r.settings.position == position], mean_effect)
            for position in POSITIONS
        ]
        gain = mean_interval(paired(*sides))
        means = [mean_interval(list(side.values())) for side in sides]
        prediction = (
            f"{gate_name(gate)}: the parent's neuron is silent on a child (beyond its siblings) more where "
            "the child is at the edge than where it lies inside."
        )
        observation = (
            f"Excess silence {means[0]} on an extreme child, {means[1]} on an interior one; "
            f"paired difference over {gain.n} seeds {gain}."
        )
        yield Answer("P2", prediction, observation, direction(gain))


STUDY = Study(
    name="absorption",
    title="Absorption",
    question="Does training absorb a child concept where geometry allows it, and only there?",
    world="World `absorption`: two parents as thickened rays, exclusive children at the edge, or one more "
    "inside the hull of its siblings.",
    design="Child position × variation of magnitudes × gate × sparsity × seed.",
    grid=Grid,
    settings=AbsorptionJob,
    result=AbsorptionResult,
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
