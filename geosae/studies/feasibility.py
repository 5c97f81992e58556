"""What *any* neuron, or any unit, could do on these points: the certified answer (theory S1, S3, A1)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.experiments.jobs import MakeWorld, StudyRecord, StudyWorld
from geosae.sae.device import Device
from geosae.studies.study import Answer, Study


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    worlds: tuple[StudyWorld, ...] = ()
    tolerance: float = 0.05


@dataclass(frozen=True)
class Draw:
    """One draw of one world."""

    world: str
    source: str
    params: Mapping[str, Any]
    seed: int
    tolerance: float


@dataclass(frozen=True)
class Possible:
    """What is possible for one concept, exactly and within the tolerance."""

    name: str
    one: bool
    one_within: bool
    unit: bool
    unit_within: bool
    inside_hull: float
    """The share of negatives in the concept's hull, which no unit that misses nothing can exclude."""
    irreducible: float
    """e_irr over ν(C); nan where it is not known."""


@dataclass(frozen=True)
class Feasible:
    """What is possible for every concept of a draw."""

    points: int
    dim: int
    concepts: tuple[Possible, ...]


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Draw]:
    for world in grid.worlds:
        for seed in seeds if world.data_seed is None else [world.data_seed]:
            yield Draw(world.label, world.source, world.params, seed, grid.tolerance)


def _do(draw: Draw, make_world: MakeWorld, device: Device) -> Feasible:
    data = make_world(draw.source, draw.params, np.random.default_rng(draw.seed))
    concepts = tuple(_concept(data, c, draw.tolerance) for c in range(len(data.names)))
    return Feasible(data.size, data.dim, concepts)


def _concept(data: ConceptDataset, c: int, tolerance: float) -> Possible:
    from geosae.geometry import UnitInseparable, separate, separate_unit

    points = np.asarray(data.points, dtype=np.float64)
    inside = data.membership[:, c]
    negatives = points[~inside]
    half_space = separate(points[inside], negatives).separable
    unit = separate_unit(points[inside], negatives)
    inside_hull = len(unit.inside) / int(inside.sum()) if isinstance(unit, UnitInseparable) else 0.0
    miss, alarms = probe(points, inside)
    return Possible(
        name=data.names[c],
        one=half_space,
        one_within=bool(half_space or max(miss, alarms) <= tolerance),
        unit=inside_hull == 0,
        # A unit that misses nothing cannot exclude the negatives in the hull; it can exclude all others.
        unit_within=inside_hull <= tolerance,
        inside_hull=inside_hull,
        irreducible=_irreducible(data, c),
    )


def _irreducible(data: ConceptDataset, c: int) -> float:
    """Return e_irr over ν(C) where both are known."""
    truth = data.truth[c] if data.truth else None
    region = data.regions[c] if data.regions else None
    if truth is None or truth.irreducible_error is None or region is None or data.ambient is None:
        return math.nan
    size = float(data.ambient.of(region))
    if not np.isfinite(size) or size <= 0:
        return 0.0 if truth.irreducible_error == 0 else math.nan
    return truth.irreducible_error / size


def probe(points: Float[np.ndarray, "N n"], inside: Bool[np.ndarray, "N"]) -> tuple[float, float]:
    """Return misses and alarms, per point inside, of Fisher's half-space at its best threshold.

    Other half-spaces may do better.

    Examples
    --------
    >>> probe(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([False, False, True, True]))
    (0.0, 0.0)
    """
    if inside.all() or not inside.any():
        raise InvalidInput("a probe needs points inside and outside the concept")
    members, others = points[inside], points[~inside]
    spread = np.cov(members.T, bias=True).reshape((points.shape[1],) * 2)
    spread = spread + np.cov(others.T, bias=True).reshape(spread.shape)
    ridge = 1e-9 * max(float(np.trace(spread)), 1e-300) * np.eye(len(spread))
    heights = points @ np.linalg.solve(spread + ridge, members.mean(axis=0) - others.mean(axis=0))
    by_height = inside[np.argsort(heights, kind="stable")]
    # Cutting below position k: the points before it are outside the half-space.
    misses = np.concatenate([[0], np.cumsum(by_height)]) / len(members)
    alarms = (len(others) - np.concatenate([[0], np.cumsum(~by_height)])) / len(members)
    best = int(np.argmin(np.maximum(misses, alarms)))
    return float(misses[best]), float(alarms[best])


def _answers(records: Sequence[StudyRecord[Draw, Feasible]]) -> list[Answer]:
    """S1 implies S3, on every concept: the certificates must agree with one another."""
    concepts = [concept for record in records for concept in record.result.concepts]
    if not concepts:
        return []
    wrong = sum(c.one and not c.unit for c in concepts)
    observation = (
        f"Of {len(concepts)} concepts (draws counted), one half-space separates "
        f"{sum(c.one for c in concepts)} exactly and a unit "
        f"{sum(c.unit for c in concepts)}; {wrong} contradict S1 ⇒ S3."
    )
    prediction = "What one neuron can separate, a unit can (S1 implies S3)."
    return [Answer("S3", prediction, observation, "the prediction fails" if wrong else "as predicted")]


STUDY = Study(
    name="feasibility",
    title="What is possible",
    question="Which concepts could any neuron, or any unit, separate on these points?",
    world="The worlds of the plan's grid, all points of each draw.",
    design="World × draw.",
    grid=Grid,
    settings=Draw,
    result=Feasible,
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
