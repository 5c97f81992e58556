"""Known failures of sparse autoencoders, reproduced by direction of effect over seeds.

Three parts, each in the world its source describes, scaled down:

- *mixing*: too low an L0 mixes features (arXiv 2508.16560); a frozen random decoder comes near in
  reconstruction (arXiv 2602.14111).
- *crowd*: where many features share few dimensions, matching pursuit reconstructs best and recovers worse
  (SynthSAEBench, arXiv 2602.14687). Its 16 384 features, 768 dimensions, 4 096 latents and L0 25 (true: 34)
  become 512 features, 64 dimensions, 128 latents and K = 6 (true: 7.8); the law of the features is kept: Zipf
  rates, trees of exclusive siblings, correlation of rank 25. The same features in 192 dimensions are the
  light case.
- *trees*: a child that fires only with its parent is absorbed by it (arXiv 2409.14507; theory P2), less so
  where both magnitudes vary by themselves. Orthonormal features, width = number of features; beside it the
  same rates without the trees. Half the width is the subject of the study `hedging`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import Gate
from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device
from geosae.studies.common import l0_of, two_halves
from geosae.studies.failures_answers import answers
from geosae.studies.failures_records import (
    Absorbed,
    CrowdJob,
    Job,
    Mixed,
    MixingJob,
    Recovered,
    TreesJob,
)
from geosae.studies.parent_child import TREE_DIM, TREES, mean_silence, tree_world
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.sae import Neurons

FEATURES, DIM, RATE = 32, 20, 0.12
CROWD, CROWD_K = 512, 6
CROWD_POINTS = 10
"""Points of a draw, as a multiple of the setting `points`."""
_MIXING_BASELINES: tuple[Baseline, ...] = ("trained", "frozen_decoder")


def _default_tree_gates() -> dict[Gate, float | int]:
    # ReLU at λ = 0.1; the others at the K nearest to the true L0 of 0.8, Top-K with room for both.
    return {"relu": 0.1, "topk": 2, "batchtopk": 1, "matryoshka": 1}


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    budgets: tuple[int, ...] = (1, 2, 4, 8)
    width: int = 40
    dims: tuple[int, ...] = (64, 192)
    crowd_width: int = 128
    crowd_gates: tuple[Gate, ...] = ("mp", "batchtopk", "matryoshka")
    variations: tuple[float, ...] = (0.0, 0.4)
    tree_gates: Mapping[Gate, float | int] = field(default_factory=_default_tree_gates)
    lr: float = 0.01
    steps: int = 800
    points: int = 4000


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    for seed in seeds:
        yield from _mixing_jobs(grid, seed)
        yield from _crowd_jobs(grid, seed)
        yield from _tree_jobs(grid, seed)


def _mixing_jobs(grid: Grid, seed: int) -> Iterator[MixingJob]:
    for k in grid.budgets:
        for baseline in _MIXING_BASELINES:
            yield MixingJob(k, baseline, grid.width, seed, grid.steps, grid.points, grid.lr)


def _crowd_jobs(grid: Grid, seed: int) -> Iterator[CrowdJob]:
    for dim in grid.dims:
        for gate in grid.crowd_gates:
            if gate == "matryoshka" and dim != grid.dims[0]:
                continue  # the slowest; the prediction about it is about the crowded case only
            yield CrowdJob(gate, CROWD_K, dim, grid.crowd_width, seed, grid.steps, grid.points, grid.lr)


def _tree_jobs(grid: Grid, seed: int) -> Iterator[TreesJob]:
    low, *high = grid.variations
    settings: list[tuple[bool, float, Baseline]] = [
        (True, low, "trained"),
        (False, low, "trained"),
        *((True, variation, "trained") for variation in high),
        (True, low, "untrained"),
        (False, low, "untrained"),
    ]
    for gate, sparsity in grid.tree_gates.items():
        for trees, variation, baseline in settings:
            yield TreesJob(
                gate, sparsity, trees, variation, baseline, 2 * TREES, seed, grid.steps, grid.points, grid.lr
            )


def _do(job: Job, make_world: MakeWorld, device: Device) -> Recovered | Mixed | Absorbed:
    match job:
        case MixingJob():
            return _mixed(job, make_world, device)
        case CrowdJob():
            world = crowd_world(job.points, job.dim)
            train_half, test_half = two_halves(make_world, "superposition", world, job.seed)
            return recovered(_neurons(train_half, job, job.gate, "trained", device), test_half)
        case TreesJob():
            return _absorbed(job, make_world, device)


def _neurons(
    train_half: ConceptDataset, job: Job, gate: Gate, baseline: Baseline, device: Device
) -> "Neurons":
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.training.train import train

    settings = {"steps": job.steps, "log_every": job.steps, "lr": job.lr}
    config = config_of(gate, job.k, job.width, baseline, settings)
    return neurons_of(train(train_half.points, config, job.seed, device=device).sae)


def recovered(neurons: "Neurons", test_half: ConceptDataset) -> Recovered:
    """Return how an SAE recovers the features of a world, on these points."""
    from geosae.analysis.recovery import recovery_of

    recovery = recovery_of(neurons, test_half)
    return Recovered(
        mcc=float(recovery.mcc),
        f1_score=float(recovery.f1_score),
        explained_variance=float(recovery.explained_variance),
        uniqueness=float(recovery.uniqueness),
        sae_l0=float(recovery.sae_l0),
        true_l0=float(recovery.true_l0),
        dead_share=float(recovery.dead_share),
    )


def _mixed(job: MixingJob, make_world: MakeWorld, device: Device) -> Mixed:
    from geosae.analysis.phenomena import hedging

    world = {"points": job.points, "dim": DIM, "features": FEATURES, "rate": RATE, "rank": 4,
             "correlation": 0.4}  # fmt: skip
    train_half, test_half = two_halves(make_world, "superposition", world, job.seed)
    neurons = _neurons(train_half, job, "topk", job.baseline, device)
    return Mixed(recovered(neurons, test_half), hedging(neurons, test_half, seed=job.seed).mean_second)


def crowd_world(points: int, dim: int) -> dict[str, Any]:
    """Return the law of SynthSAEBench: rates 0.4·i^(−1/2), trees of exclusive siblings, correlation.

    Examples
    --------
    >>> world = crowd_world(points=100, dim=64)
    >>> world["features"], world["points"], world["roots"]
    (512, 1000, 4)
    """
    rate = 0.399 * float((np.arange(1, CROWD + 1) ** -0.5).mean())
    law = {"rate": rate, "law": "zipf", "zipf": 0.5, "rank": 25, "correlation": 0.1, "directions": "tight"}
    trees = {"roots": CROWD // 128, "branching": 4, "depth": 3, "exclusive": 1.0, "compensate": "yes"}
    size = {"magnitudes": "normal", "magnitude": 1.0, "spread": 0.11, "noise": 0.0}
    return {"points": CROWD_POINTS * points, "dim": dim, "features": CROWD, **law, **trees, **size}


def _absorbed(job: TreesJob, make_world: MakeWorld, device: Device) -> Absorbed:
    world = tree_world(job.points, job.variation, trees=job.trees)
    train_half, test_half = two_halves(make_world, "superposition", world, job.seed)
    neurons = _neurons(train_half, job, job.gate, job.baseline, device)
    silence, pairs = mean_silence(neurons, test_half, job.seed)
    return Absorbed(
        silence=silence,
        pairs=pairs,
        recovery=recovered(neurons, test_half),
        l0=l0_of(neurons, test_half.points),
    )


STUDY = Study(
    name="failures",
    title="Known failures",
    question="Do the failures that the literature reports occur here, in the same direction?",
    world=f"World `superposition`: {FEATURES} correlated features in R^{DIM} (mixing); the law of "
    f"SynthSAEBench with {CROWD} features in few and in more dimensions (crowd); {TREES} parents with a "
    f"child each, orthonormal in R^{TREE_DIM}, beside the same rates without hierarchy (trees). Hedging has "
    "a study of its own.",
    design="Gate × K × seed with frozen decoders; gate × dimension × seed; gate × hierarchy × variation of "
    "magnitudes × seed, with untrained SAEs.",
    grid=Grid,
    settings=Job,
    result=Recovered | Mixed | Absorbed,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
