"""The error against the number of half-spaces: at best, and in trained units (theory A1, A2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from geosae.experiments.jobs import MakeWorld
from geosae.geometry.regions.registry import Box
from geosae.sae.device import Device
from geosae.studies.approximation_answers import answers
from geosae.studies.approximation_errors import (
    BASELINES,
    DISTANCE,
    MISS,
    SAMPLES,
    Job,
    OracleError,
    OracleJob,
    UnitError,
    UnitJob,
    bodies_around,
    body_of,
    facets_of,
)
from geosae.studies.common import trained
from geosae.studies.study import Study

SIZES = {
    2: (4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512, 1024),
    3: (6, 8, 12, 16, 24, 32, 64, 128, 256, 512, 1024),
    4: (8, 12, 16, 24, 32, 48, 96, 192, 448, 1000),
    5: (12, 16, 24, 32, 64, 128, 256, 512, 768, 1024),
}
"""Numbers of facets that the oracle is asked for around balls, by dimension; around others up to MOST."""
MOST = 64
_MARGIN = 1.4
_BACKGROUND = 0.2


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    dims: tuple[int, ...] = (2, 3, 4, 5)
    others: tuple[str, ...] = ("polygon 2", "cross-polytope 3", "shell 2", "two-balls 3")
    most: int = 1024
    """The most facets that the oracle is asked for."""
    widths: tuple[int, ...] = (8, 32, 128)
    steps: int = 1000
    points: int = 4000
    l1: float = 0.1


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    pairs = [name.rsplit(" ", 1) for name in grid.others]
    bodies = [("ball", dim) for dim in grid.dims] + [(body, int(dim)) for body, dim in pairs]
    for body, dim in bodies:
        for m in _sizes(body, dim):
            if m <= grid.most:
                yield OracleJob(body, dim, m)
        for width, baseline, seed in product(grid.widths, BASELINES, seeds):
            yield UnitJob(body, dim, width, baseline, seed, grid.steps, grid.points, grid.l1)


def _sizes(body: str, dim: int) -> Sequence[int]:
    """Return the numbers of facets: of a polytope all up to its own, from which on it is exact."""
    facets = facets_of(body, dim)
    if facets is not None:
        return range(dim + 1, facets + 1)
    return SIZES[dim] if body == "ball" else [m for m in SIZES[dim] if m <= MOST]


def _do(job: Job, make_world: MakeWorld, device: Device) -> OracleError | UnitError:
    return _oracle(job) if isinstance(job, OracleJob) else _unit(job, device)


def _oracle(job: OracleJob) -> OracleError:
    from geosae.geometry.approximation.polyhedra_around import approximate

    body = body_of(job.body, job.dim)
    rng = np.random.default_rng(job.seed)
    polyhedron = approximate(body, job.m, rng, restarts=1, steps=60, samples=SAMPLES)
    over_hull = float(np.maximum(0.0, polyhedron.hull_excess))
    return OracleError(polyhedron.excess.value / body.volume, over_hull / body.volume, polyhedron.best)


def _unit(job: UnitJob, device: Device) -> UnitError:
    """Train on bodies in a box; choose and measure the first one's closure unit on fresh draws."""
    rng = np.random.default_rng([job.seed, 5])
    dim, bodies = job.dim, bodies_around(job.body, job.dim)
    box = Box(np.full(dim, -DISTANCE - _MARGIN), np.full(dim, DISTANCE + _MARGIN))
    each = round(job.points * (1 - _BACKGROUND)) // len(bodies)
    rest = job.points - each * len(bodies)
    cloud = np.vstack([*(body.sample(each, rng) for body in bodies), box.sample(rest, rng)])
    neurons = trained(
        cloud, "relu", job.l1, job.width, job.seed, job.steps, device=device, baseline=job.baseline
    )
    body = bodies[0]
    members = np.flatnonzero(1 - neurons.fires(body.sample(4000, rng)).mean(axis=0) <= MISS)
    inside, around = body.sample(20_000, rng), box.sample(40_000, rng)
    missed = float(1 - neurons.fires(inside)[:, members].all(axis=1).mean())
    alarms = float((neurons.fires(around)[:, members].all(axis=1) & ~body.contains(around)).mean())
    ratio = box.volume / body.volume
    return UnitError(len(members), missed, alarms * ratio, ratio - 1)


STUDY = Study(
    name="approximation",
    title="Approximation against unit size",
    question="How fast does the approximation error fall with the number of neurons in a unit, and where "
    "does it stop?",
    world=f"2r copies of a body (ball, polytope, shell, two balls) at distance {DISTANCE:g} from the origin "
    "on the axes of a box, where a fifth of the points lie anywhere; SAEs are asked for one of the copies.",
    design="Dimension r × number of facets for the oracle; body × width × seed for ReLU SAEs, trained, "
    "untrained and with frozen decoders.",
    grid=Grid,
    settings=Job,
    result=OracleError | UnitError,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
