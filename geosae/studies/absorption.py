"""Absorption by trained SAEs: where geometry allows it (theory P2), and where L1 pays for it (P9, P10).

Two parts. *Position*: in the world `absorption` a magnitude scales a whole point, so that concepts are
thickened rays with a certificate; one SAE is asked about a child at the edge and about one inside the hull of
its siblings. *Pairs*: parents with a child each along orthonormal features, an SAE as wide as there are
features; the magnitudes of parent and child vary each by itself, and theory says which two atoms are best. At
λ = 0 any pattern that reconstructs is optimal, absorbed or not (P10). The phenomenon is that of arXiv
2409.14507. An untrained SAE has met no penalty and stands once for all λ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import GATES, Gate
from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device
from geosae.studies.absorption_answers import answers
from geosae.studies.absorption_records import (
    POSITIONS,
    Job,
    PairJob,
    PairResult,
    Position,
    PositionJob,
    PositionResult,
    Result,
    has_no_penalty,
)
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.parent_child import TREES, mean_silence, tree_world
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.sae import Neurons


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    lambdas = (0.01, 0.03, 0.1, 0.3, 1.0)
    return {"relu": lambdas, "topk": (1, 2, 4, 8), "batchtopk": (2,), "jumprelu": (0.01,), "gated": (0.1,)}


def _default_varied() -> dict[Gate, float | int]:
    return {"relu": 0.1, "topk": 2}


def _default_pair_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.01, 0.03, 0.1, 0.2, 0.3, 0.6, 1.0), "topk": (1, 2, 3)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change.

    All `gates` are tried at the least of `variations`, those in `varied` also at the others. Of pairs, gates
    with a penalty are tried at all `pair_variations`, the others at the least.
    """

    variations: tuple[float, ...] = (0.05, 0.4)
    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    varied: Mapping[Gate, float | int] = field(default_factory=_default_varied)
    steps: int = 400
    width: int = 16
    points: int = 3000
    dim: int = 8
    pair_gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_pair_gates)
    pair_variations: tuple[float, ...] = (0.0, 0.2, 0.4)
    pair_points: int = 4000
    pair_steps: int = 800
    pair_lr: float = 0.01


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    for seed in seeds:
        for variation in sorted(grid.variations):
            gates = grid.gates
            if variation > min(grid.variations):
                gates = {g: (s,) for g, s in grid.varied.items() if s in grid.gates.get(g, ())}
            for gate, sparsity in gates_in(gates):
                yield from _position_jobs(grid, variation, gate, sparsity, seed)
        for gate, sparsity in gates_in(grid.pair_gates):
            yield from _pair_jobs(grid, gate, sparsity, seed)


def _position_jobs(
    grid: Grid, variation: float, gate: Gate, sparsity: float | int, seed: int
) -> Iterator[PositionJob]:
    places: dict[Baseline, tuple[Position, ...]] = {
        "trained": POSITIONS,
        "untrained": POSITIONS,
        "frozen_decoder": ("inside",),
    }
    for baseline, positions in places.items():
        of_arm = grid.gates[gate][0] if has_no_penalty(gate, baseline) else sparsity
        for position in positions:
            yield PositionJob(
                position, variation, gate, of_arm, baseline, seed,
                grid.steps, grid.width, grid.points, grid.dim,
            )  # fmt: skip


def _pair_jobs(grid: Grid, gate: Gate, sparsity: float | int, seed: int) -> Iterator[PairJob]:
    steps = sorted(grid.pair_variations)
    arms: tuple[Baseline, ...] = ("trained", "untrained")
    for variation in steps if GATES[gate].sparsity_parameter == "l1" else steps[:1]:
        for baseline in arms:
            of_arm = grid.pair_gates[gate][0] if has_no_penalty(gate, baseline) else sparsity
            # Without hierarchy only where the two are compared.
            for trees in (True, False) if variation == steps[0] else (True,):
                yield PairJob(
                    gate, of_arm, trees, variation, baseline, 2 * TREES, seed,
                    grid.pair_steps, grid.pair_points, grid.pair_lr,
                )  # fmt: skip


def _do(job: Job, make_world: MakeWorld, device: Device) -> Result:
    match job:
        case PositionJob():
            return _by_position(job, make_world, device)
        case PairJob():
            return _pairs(job, make_world, device)


def _by_position(job: PositionJob, make_world: MakeWorld, device: Device) -> PositionResult:
    from geosae.analysis.phenomena import absorption

    params = {"points": job.points, "dim": job.dim, "parents": 2, "children": 2,
              "position": job.position, "variation": job.variation}  # fmt: skip
    train_half, test_half = two_halves(make_world, "absorption", params, job.seed)
    neurons = trained(
        train_half.points, job.gate, job.sparsity, job.width, job.seed, job.steps,
        device=device, baseline=job.baseline,
    )  # fmt: skip
    edge, inside = (
        tuple(
            absorption(neurons, test_half, f"parent {f}", f"child {f}.{child}", seed=job.seed).record
            for f in (1, 2)
        )
        if f"child 1.{child}" in test_half.names
        else ()
        for child in (1, 3)
    )
    return PositionResult(l0_of(neurons, test_half.points), GATES[job.gate].absolute, edge, inside)


def _pairs(job: PairJob, make_world: MakeWorld, device: Device) -> PairResult:
    from geosae.data.fvu import fvu

    world = tree_world(job.points, job.variation, trees=job.trees)
    train_half, test_half = two_halves(make_world, "superposition", world, job.seed)
    neurons = _neurons(train_half.points, job, device)
    silence, pairs = mean_silence(neurons, test_half, job.seed)
    offsets = train_half.points - train_half.points.mean(axis=0)
    return PairResult(
        silence=silence,
        pairs=pairs,
        l0=l0_of(neurons, test_half.points),
        fvu=float(fvu(test_half.points, neurons.reconstruct(test_half.points))),
        spread=float(np.sqrt(np.square(offsets).sum(axis=1).mean())),
    )


def _neurons(points: Float[np.ndarray, "N n"], job: PairJob, device: Device) -> "Neurons":
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.training.train import train

    settings = {"steps": job.steps, "log_every": job.steps, "lr": job.lr}
    config = config_of(job.gate, job.sparsity, job.width, job.baseline, settings)
    return neurons_of(train(points, config, job.seed, device=device).sae)


STUDY = Study(
    name="absorption",
    title="Absorption",
    question="Does training absorb a child concept where geometry allows it and L1 pays for it, beyond what "
    "untrained SAEs show?",
    world="World `absorption`: two parents as thickened rays, exclusive children at the edge, or one more "
    f"inside the hull of its siblings; world `superposition`: {TREES} parents with a child each.",
    design="Child position × gate × sparsity × arm × seed; λ × variation of magnitudes × hierarchy × arm × "
    "seed.",
    grid=Grid,
    settings=Job,
    result=Result,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
