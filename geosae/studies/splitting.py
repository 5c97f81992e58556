"""What becomes of a concept as the SAE grows: whether it splits or is tiled, and which neurons go together.

Theory P1 and P3. A near-partition can be chosen of almost any concept among many neurons; a *clean* split,
into pieces that lie farther apart than the sample resolves, is what no connected concept has (`Cut.clean`).
The margin between the parts is planted; below what the sample resolves nothing can count as a clean split.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool

from geosae.analysis.phenomena.splitting import CutRecord
from geosae.data.dataset import ConceptDataset
from geosae.experiments.gates import Gate
from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.splitting_answers import answers
from geosae.studies.splitting_records import (
    FamilyCounts,
    NeuronFates,
    SaeResult,
    SplittingJob,
    SplittingResult,
    World,
)
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.geometry import Inseparable, Separated
    from geosae.sae import Neurons

WORLDS: Mapping[World, tuple[str, Mapping[str, Any]]] = {
    "separated": ("convex", {"concepts": 2, "radius": 0.3, "arrangement": "touching"}),
    "connected": ("convex", {"concepts": 1, "radius": 0.6}),
    "shell": ("non-convex", {"shape": "shell"}),
}
"""The concept is all points inside; its parts, where it has several, are balls exactly a margin apart."""

TOLERANCE = 0.1


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.1,), "topk": (1, 2)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    dim: int = 6
    margins: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.6)
    widths: tuple[int, ...] = (4, 8, 16, 32)
    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    steps: int = 400
    points: int = 3000


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[SplittingJob]:
    for world in WORLDS:
        for margin in grid.margins if world == "separated" else (0.0,):
            for gate, sparsity in gates_in(grid.gates):
                for seed in seeds:
                    yield SplittingJob(
                        world, margin, gate, sparsity, seed, grid.widths, grid.steps, grid.points, grid.dim
                    )


def _do(job: SplittingJob, make_world: MakeWorld, device: Device) -> SplittingResult:
    from geosae.analysis.phenomena import splits

    name, params = WORLDS[job.world]
    params = {**params, "points": job.points, "dim": job.dim, "background": 0.1}
    if job.world == "separated":
        params["gap"] = job.margin
    train_half, test_half = two_halves(make_world, name, params, job.seed)
    data, parts = concept_of(test_half)
    saes, untrained, frozen = (
        [
            trained(
                train_half.points, job.gate, job.sparsity, w, job.seed, job.steps,
                device=device, baseline=baseline,
            )
            for w in job.widths
        ]
        for baseline in ("trained", "untrained", "frozen_decoder")
    )  # fmt: skip
    steps = [splits(a, b, data, tolerance=TOLERANCE, certify=False) for a, b in pairwise(saes)]
    return SplittingResult(
        trained=tuple(_measured(sae, data, parts) for sae in saes),
        untrained=tuple(_measured(sae, data, parts) for sae in untrained),
        frozen=tuple(_measured(sae, data, parts) for sae in frozen),
        permuted=tuple(_permuted_families(sae, data, job.seed) for sae in saes),
        splits=tuple(NeuronFates(**step.kinds, clean=step.clean) for step in steps),
        isolable=isolable(data, parts),
        planted=planted_cut(data, parts),
    )


def concept_of(data: ConceptDataset) -> tuple[ConceptDataset, Bool[np.ndarray, "N r"]]:
    """Return a world's points with the union of its concepts as the one concept, and its disjoint parts."""
    membership = data.membership
    union = membership.any(axis=1)
    is_part = np.count_nonzero(membership, axis=0) < np.count_nonzero(union)
    parts = np.compress(is_part, membership, axis=1)
    return ConceptDataset(data.points, np.expand_dims(union, 1), ("all",), allow_trivial=True), parts


def isolable(data: ConceptDataset, parts: Bool[np.ndarray, "N r"]) -> int:
    """Return how many of a concept's parts a half-space separates from the others, by certificate (S1)."""
    return sum(verdict.separable for verdict in _verdicts(data, parts))


def _verdicts(data: ConceptDataset, parts: Bool[np.ndarray, "N r"]) -> "list[Separated | Inseparable]":
    from geosae.geometry import separate

    points = np.asarray(data.points, dtype=np.float64)
    rests = [np.delete(parts, k, axis=1).any(axis=1) for k in range(parts.shape[1])]
    return [separate(points[part], points[rest]) for part, rest in zip(parts.T, rests, strict=True)]


def planted_cut(data: ConceptDataset, parts: Bool[np.ndarray, "N r"]) -> CutRecord | None:
    """Return how neurons that separate the parts, by certificate, cut the concept: what any SAE could reach.

    None where some part has no half-space to itself.

    Examples
    --------
    >>> line = np.concatenate([np.linspace(0, 1, 50), np.linspace(3, 4, 50)])[:, None]
    >>> data = ConceptDataset(line, np.ones((100, 1), dtype=bool), ("all",), allow_trivial=True)
    >>> planted_cut(data, np.eye(2, dtype=bool).repeat(50, axis=0)).clean
    True
    """
    from geosae.analysis.phenomena import tiling
    from geosae.geometry import HalfSpaces, Separated
    from geosae.sae import SparseAutoencoder, neurons_of

    verdicts = [verdict for verdict in _verdicts(data, parts) if isinstance(verdict, Separated)]
    if len(verdicts) < parts.shape[1] or not verdicts:
        return None
    sides = HalfSpaces(np.stack([v.w for v in verdicts]), np.array([v.b for v in verdicts]))
    neurons = neurons_of(SparseAutoencoder.planted(sides))
    return tiling(neurons, data, 0, within=True, tolerance=TOLERANCE, certify=False).record


def owned(
    fires: Bool[np.ndarray, "N d"], parts: Bool[np.ndarray, "N r"], tolerance: float = TOLERANCE
) -> int:
    """Return how many parts have a neuron of their own, which has this part and none of the others.

    Examples
    --------
    >>> parts = np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool).T
    >>> owned(np.array([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=bool).T, parts)
    1
    """
    shares = np.array([fires[part].mean(axis=0) for part in parts.T])
    has, free = shares >= 1 - tolerance, shares <= tolerance
    return sum(bool(np.any(has[k] & np.delete(free, k, axis=0).all(axis=0))) for k in range(len(shares)))


def _measured(sae: "Neurons", data: ConceptDataset, parts: Bool[np.ndarray, "N r"]) -> SaeResult:
    from geosae.analysis.phenomena import tiling
    from geosae.data.fvu import fvu

    fires = sae.fires(data.points)
    return SaeResult(
        cut=tiling(sae, data, 0, within=True, tolerance=TOLERANCE, certify=False).record,
        owned=owned(fires, parts) if parts.shape[1] else None,
        families=_families(fires),
        l0=l0_of(sae, data.points),
        fvu=float(fvu(data.points, sae.reconstruct(data.points))),
    )


def _permuted_families(sae: "Neurons", data: ConceptDataset, seed: int) -> FamilyCounts:
    """Return the families of the same neurons, each permuted by itself: what independence gives."""
    return _families(np.random.default_rng([seed, 3]).permuted(sae.fires(data.points), axis=0))


def _families(fires: Bool[np.ndarray, "N d"]) -> FamilyCounts:
    from geosae.analysis.phenomena import families_among

    families = families_among(fires)
    return FamilyCounts(families.share, families.largest, families.beyond, families.pairs)


STUDY = Study(
    name="splitting",
    title="Splitting, families, tiling",
    question="As the SAE grows, does a concept split into pieces that lie apart, or is it tiled by "
    "pieces that meet or overlap?",
    world="One concept: two balls exactly a margin apart (`convex`, in a row), one ball (`convex`), one "
    "shell (`non-convex`).",
    design="Concept × margin × gate × sparsity × seed; in each a sweep over widths, with untrained SAEs and "
    "frozen decoders beside.",
    grid=Grid,
    settings=SplittingJob,
    result=SplittingResult,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
