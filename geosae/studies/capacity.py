"""How many concepts d neurons and a budget K carry, by certificate, and how deep a chain (S5–S7, S12, G4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device
from geosae.studies.capacity_answers import answers
from geosae.studies.capacity_records import ChainJob, CountJob, Job, Row, Rows
from geosae.studies.certified_counts import Arm, certified_counts
from geosae.studies.common import trained
from geosae.studies.planted_codes import planted_topk
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.sae import Neurons

ARMS: tuple[Arm, ...] = ("trained", "untrained", "frozen_decoder")
RADIUS = 0.15
RATE = 0.8
"""Of each level of a chain, given the one before: levels differ by more than the tolerance."""


@dataclass(frozen=True)
class Grid:
    """What a plan may change.

    `concepts` are counted in `dim` dimensions, and `dim_concepts` of them in the `other_dims` as well, with
    each of the `budgets`; a chain has `depth` levels.
    """

    width: int = 8
    dim: int = 12
    concepts: tuple[int, ...] = (8, 16, 24, 40, 60, 80, 120)
    other_dims: tuple[int, ...] = (4, 8, 16, 24)
    dim_concepts: int = 40
    budgets: tuple[int, ...] = (1, 2, 3, 4)
    depth: int = 16
    chain_budgets: tuple[int, ...] = (1, 2, 4, 8, 16)
    chain_width: int = 48
    chain_held_out: int = 16_000
    steps: int = 1000
    points: int = 8000
    per_concept: int = 200


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    sizes = [(grid.dim, p) for p in grid.concepts] + [(n, grid.dim_concepts) for n in grid.other_dims]
    for seed in seeds:
        for n, p in sizes:
            yield CountJob(n, p, grid.width, grid.budgets, grid.steps, grid.points, grid.per_concept, seed)
        yield ChainJob(
            grid.depth,
            grid.chain_width,
            grid.chain_budgets,
            grid.steps,
            grid.points,
            grid.chain_held_out,
            seed,
        )


def _do(job: Job, make_world: MakeWorld, device: Device) -> Rows:
    train, rest = _parts(job, make_world)
    rows: list[Row] = []
    for k in job.budgets:
        for arm in (*ARMS, "planted") if isinstance(job, CountJob) else ARMS:
            neurons = _neurons(job, k, arm, train, device)
            rows.append(Row(k, arm, certified_counts(neurons, rest, job.seed)))
    return Rows(tuple(rows))


def _parts(job: Job, make_world: MakeWorld) -> tuple[ConceptDataset, ConceptDataset]:
    """Draw a world; return the points to train on, and those to choose and judge on."""
    name, params, held_out = _world(job)
    rng = np.random.default_rng(job.seed)
    data = make_world(name, {"points": job.points + held_out, **params}, rng)
    share = held_out / data.size
    return data.split(share, np.random.default_rng([job.seed, 1]), allow_trivial=True)


def _world(job: Job) -> tuple[str, Mapping[str, Any], int]:
    if isinstance(job, CountJob):
        balls = {"dim": job.n, "concepts": job.p, "radius": RADIUS, "background": 0.0}
        return "disjoint-balls", balls, 2 * job.per_concept * job.p
    chain = {"features": job.depth, "roots": 1, "branching": 1, "depth": job.depth - 1, "rate": RATE}
    along = {"dim": job.depth + 2, "directions": "orthonormal", "low": 0.8, "high": 1.2}
    return "superposition", {**chain, **along}, job.held_out


def _neurons(job: Job, k: int, arm: Arm, train: ConceptDataset, device: Device) -> "Neurons":
    if arm == "planted":
        rng = np.random.default_rng([job.seed, k, 3])
        return planted_topk(train.points, train.membership, job.width, k, rng)
    return trained(train.points, "topk", k, job.width, job.seed, job.steps, device=device, baseline=arm)


STUDY = Study(
    name="capacity",
    title="Capacity and depth",
    question="How many concepts are d neurons with a budget K certified to carry, and how deep a hierarchy?",
    world="Worlds `disjoint-balls` without background, and `superposition` for a chain of features, each "
    "present only where the one before is.",
    design="Top-K SAEs: p × K × arm × seed in one dimension, n × K × arm × seed at one p; K × arm × seed on "
    "one chain.",
    grid=Grid,
    settings=Job,
    result=Rows,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
