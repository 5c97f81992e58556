"""Which features single neurons name, which codes are recovered, what SAEs find (theory S10, S11, R2–R5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.dataset import ConceptDataset
from geosae.experiments.gates import GATES, Gate
from geosae.experiments.jobs import MakeWorld
from geosae.geometry import (
    HalfSpaces,
    Named,
    name_features,
    named_by,
    naming_dimensions,
    naming_transition,
    recover_code,
    recovery_transition,
)
from geosae.geometry.exact import nearest_float
from geosae.sae.device import Device
from geosae.studies.common import trained, two_halves
from geosae.studies.naming_answers import answers
from geosae.studies.naming_records import (
    Job,
    Learned,
    LearnedJob,
    Possible,
    PossibleJob,
    Result,
    TransitionJob,
    Transitions,
)
from geosae.studies.study import Study

TOLERANCE = 0.1


def _penalties() -> dict[Gate, float | int]:
    return {"relu": 0.3, "jumprelu": 0.05, "gated": 0.3}


@dataclass(frozen=True)
class Grid:
    """What a plan may change.

    The phase diagram is p features × `dims` × `sparsities`, also for Gaussian columns at some of them; the
    axis of p has its own n and k; SAEs are trained at every pair of `learned_dims` and `learned_sparsities`,
    with `others` at the middle dimension and the first sparsity alone.
    """

    p: int = 64
    dims: tuple[int, ...] = tuple(range(4, 61, 4))
    sparsities: tuple[int, ...] = (2, 3, 4, 6, 8)
    gaussian_sparsities: tuple[int, ...] = (2, 6)
    axis_dim: int = 32
    axis_sparsity: int = 3
    axis_features: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    features: int = 32
    codes: int = 16
    draws: int = 1000
    learned_p: int = 32
    learned_dims: tuple[int, ...] = (12, 16, 20, 24, 28)
    learned_sparsities: tuple[int, ...] = (2, 3)
    gates: tuple[Gate, ...] = ("relu", "topk", "batchtopk", "jumprelu")
    others: tuple[Gate, ...] = ("gated", "matryoshka")
    penalties: Mapping[Gate, float | int] = field(default_factory=_penalties)
    steps: int = 1000
    points: int = 12000


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    cells = {(grid.p, k) for k in grid.sparsities} | {(p, grid.axis_sparsity) for p in grid.axis_features}
    for p, k in sorted(cells):
        yield TransitionJob(p, k, grid.draws, seeds[0])
    counts = grid.features, grid.codes
    for seed in seeds:
        for n in grid.dims:
            for k in grid.sparsities:
                yield PossibleJob("unit", n, grid.p, k, *counts, seed)
            for k in grid.gaussian_sparsities:
                yield PossibleJob("gaussian", n, grid.p, k, *counts, seed)
        for p in grid.axis_features:
            # A cell of the phase diagram is no job of its own again.
            if not (p == grid.p and grid.axis_dim in grid.dims and grid.axis_sparsity in grid.sparsities):
                yield PossibleJob("unit", grid.axis_dim, p, grid.axis_sparsity, *counts, seed)
        for k in grid.learned_sparsities:
            for n in grid.learned_dims:
                yield from _learned_jobs(grid, n, k, seed)


def _learned_jobs(grid: Grid, n: int, k: int, seed: int) -> Iterator[LearnedJob]:
    def job(gate: Gate, arm: str) -> LearnedJob:
        sparsity = k if GATES[gate].whole else grid.penalties[gate]
        size = grid.learned_p
        return LearnedJob(n, size, k, gate, sparsity, arm, size, grid.steps, grid.points, seed)  # pyright: ignore[reportArgumentType]

    for gate in grid.gates:
        for arm in ("trained", "untrained", "frozen_decoder"):
            yield job(gate, arm)
    for arm in ("supervised", "certified"):
        yield job("relu", arm)
    if (n, k) == (grid.learned_dims[len(grid.learned_dims) // 2], grid.learned_sparsities[0]):
        for gate in grid.others:
            yield job(gate, "trained")


def _do(job: Job, make_world: MakeWorld, device: Device) -> Result:
    match job:
        case PossibleJob():
            return _possible(job)
        case TransitionJob(p=p, k=k):
            delta = naming_transition(p, k, np.random.default_rng([job.seed, p, k]), draws=job.draws)
            return Transitions(
                delta.dimension,
                delta.error,
                recovery_transition(p, k, nonnegative=True),
                naming_dimensions(p, k),
            )
        case LearnedJob():
            return _learned(job, make_world, device)


def _possible(job: PossibleJob) -> Possible:
    """Decide by certificates; where all features of the sample are nameable, ask about the others too.

    Naming all features implies that every code is recovered (S11e): a sample alone could not refute it.
    """
    p, k = job.p, job.k
    rng = np.random.default_rng([job.seed, job.n, p])
    gaussian = rng.standard_normal((job.n, p))
    A = gaussian / np.linalg.norm(gaussian, axis=0) if job.columns == "unit" else gaussian
    sample = rng.choice(p, min(p, job.features), replace=False).tolist()
    recovered = one_shot = 0
    for _ in range(job.codes):
        z = np.zeros(p)
        z[rng.choice(p, k, replace=False)] = 1
        recovered += recover_code(A, z, nonnegative=True).check().recovered is True
        one_shot += _read_at_once(A.T @ (A @ z), z > 0)
    nameable = _count(A, k, sample)
    others = sorted(set(range(p)) - set(sample))
    every = nameable == len(sample) and all(_count(A, k, [i]) for i in others)
    return Possible(len(sample), nameable, every, job.codes, recovered, one_shot)


def _count(A: Float[np.ndarray, "n p"], k: int, features: Sequence[int]) -> int:
    return sum(verdict.check().nameable for verdict in name_features(A, k, features=features))


def _read_at_once(scores: Float[np.ndarray, " p"], active: Bool[np.ndarray, " p"]) -> bool:
    """Tell whether every active feature has a greater score than every other."""
    return bool(scores[active].min() > scores[~active].max(initial=-np.inf))


def _learned(job: LearnedJob, make_world: MakeWorld, device: Device) -> Learned:
    halves = [
        two_halves(make_world, "superposition", _params(job, active), job.seed)
        for active in range(1, job.k + 1)
    ]
    A = np.asarray(halves[0][0].directions, dtype=np.float64).T
    train_points, train_members = _stacked([train for train, _ in halves])
    test_points, test_members = _stacked([test for _, test in halves])
    rows, fires_train, fires_test, absolute = _rows(job, A, train_points, train_members, test_points, device)
    if not len(rows.w):
        return Learned(job.p, 0.0, 0, 0)
    naming = named_by(A, rows.w, rows.c, job.k)
    return Learned(
        features=job.p,
        own=float(naming.features(best=False).sum()) if absolute else float("nan"),
        best=int(naming.features().sum()),
        within=separated_within(fires_train, train_members, fires_test, test_members),
    )


def _params(job: LearnedJob, active: int) -> dict[str, float | int | str]:
    # The seed fixes the directions before anything else is drawn: they are those of every weight.
    sizes = {"points": job.points // job.k, "dim": job.n, "features": job.p, "active": active}
    return {**sizes, "magnitudes": "constant", "magnitude": 1.0, "noise": 0.0}


def _stacked(
    parts: Sequence[ConceptDataset],
) -> tuple[Float[np.ndarray, "N n"], Bool[np.ndarray, "N p"]]:
    first = np.asarray(parts[0].directions)
    assert all(np.array_equal(np.asarray(part.directions), first) for part in parts)
    points = np.vstack([np.asarray(part.points, dtype=np.float64) for part in parts])
    return points, np.vstack([part.membership for part in parts])


def _rows(
    job: LearnedJob,
    A: Float[np.ndarray, "n p"],
    points: Float[np.ndarray, "N n"],
    members: Bool[np.ndarray, "N p"],
    held_out: Float[np.ndarray, "m n"],
    device: Device,
) -> tuple[HalfSpaces, Bool[np.ndarray, "N d"], Bool[np.ndarray, "m d"], bool]:
    """Return the rows with their thresholds, who fires on either half, and whether each fires by itself."""
    if job.arm == "certified":
        rows = certified_rows(A, job.k)
        return rows, rows.contains(points), rows.contains(held_out), True
    if job.arm == "supervised":
        from geosae.sae import neurons_of
        from geosae.sae.baselines import supervised

        neurons = neurons_of(supervised(points, members, job.seed).sae)
    else:
        neurons = trained(
            points, job.gate, job.sparsity, job.width, job.seed, job.steps, device=device, baseline=job.arm
        )
    absolute = neurons.gating == "absolute"
    rows = neurons.half_spaces() if absolute else neurons.affine
    return rows, neurons.fires(points), neurons.fires(held_out), absolute


def certified_rows(A: Float[np.ndarray, "n p"], k: int) -> HalfSpaces:
    """Return a half-space that names it for each feature that has one, from S10's certificates.

    Examples
    --------
    >>> len(certified_rows(np.eye(3), 2).w), len(certified_rows(np.ones((1, 2)), 1).w)
    (3, 0)
    """
    verdicts = [v for v in name_features(A, k) if isinstance(v, Named)]
    rows = [[nearest_float(entry) for entry in v.check().normal()] for v in verdicts]
    offsets = [-float(v.threshold()) for v in verdicts]
    return HalfSpaces(np.array(rows, dtype=np.float64).reshape(-1, A.shape[0]), np.array(offsets))


def separated_within(
    fires: Bool[np.ndarray, "N d"],
    members: Bool[np.ndarray, "N p"],
    fires_held_out: Bool[np.ndarray, "m d"],
    members_held_out: Bool[np.ndarray, "m p"],
) -> int:
    """Count the features that a neuron, the best on the first points, separates within 0.1 on the others.

    Examples
    --------
    >>> half, other = np.array([[True], [False]]), np.array([[True], [True]])
    >>> separated_within(half, half, half, half), separated_within(half, half, other, half)
    (1, 0)
    """
    chosen = _errors(fires, members).argmin(axis=1)
    errors = _errors(fires_held_out, members_held_out)
    return int((errors[np.arange(len(errors)), chosen] <= TOLERANCE).sum())


def _errors(fires: Bool[np.ndarray, "N d"], members: Bool[np.ndarray, "N p"]) -> Float[np.ndarray, "p d"]:
    """Return max(misses, alarms) per point of the feature, for each feature and neuron."""
    hits = members.T.astype(np.float64) @ fires
    sizes = members.sum(axis=0)[:, None]
    return np.maximum(sizes - hits, fires.sum(axis=0) - hits) / np.maximum(sizes, 1)


STUDY = Study(
    name="naming",
    title="Naming and the amortisation gap",
    question="Which features can one neuron name on all sparse codes, when are the codes recovered all the "
    "same, and what do SAEs find of it?",
    world="Random unit columns (and Gaussian ones); for SAEs the world `superposition` without noise, "
    "amplitudes 1, equally many points of 1, …, k active features.",
    design="n × k × seed at one p; p × seed at one n and k; n × k × gate × arm × seed.",
    grid=Grid,
    settings=Job,
    result=Result,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
