"""Which features SAEs learn over K/n, p/n and d/p: a phase diagram, with the borders of S10, S11, S12."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from geosae.data.dataset import ConceptDataset
from geosae.experiments.gates import Gate
from geosae.experiments.jobs import MakeWorld
from geosae.geometry import name_features
from geosae.sae.device import Device
from geosae.studies.certified_counts import Arm, certified_counts
from geosae.studies.phase_answers import answers
from geosae.studies.phase_records import Job, Phase, Row
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.sae import Neurons

ARMS: tuple[Arm, ...] = ("trained", "untrained", "frozen_decoder")
RATE = 0.01
"""The learning rate of BatchTopK, whose decoder is free: of those tried, most is learned with both."""


@dataclass(frozen=True)
class Grid:
    """What a plan may change.

    The diagram is `features` × `sparsities` in `dim` dimensions, with as many BatchTopK neurons as features
    and twice as many ReLU neurons; at `width_features` and `width_sparsity` there are other numbers of
    neurons as well, `widths` times the features. `scaled` are triples (n, p, k) beside the diagram.
    """

    dim: int = 16
    features: tuple[int, ...] = (16, 24, 32, 64)
    sparsities: tuple[int, ...] = (1, 2, 3, 4, 8, 16)
    penalty: float = 0.3
    width_features: int = 32
    width_sparsity: int = 2
    widths: tuple[float, ...] = (0.25, 0.5, 2.0, 4.0)
    scaled: tuple[tuple[int, int, int], ...] = ((8, 16, 1), (32, 64, 4))
    asked: int = 16
    steps: int = 1000
    points: int = 10_000
    held_out: int = 16_000


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    def job(n: int, p: int, k: int, width: int, relu_width: int, seed: int) -> Job:
        sizes = grid.steps, grid.points, grid.held_out
        return Job(n, p, k, width, relu_width, grid.penalty, min(grid.asked, p), *sizes, seed)

    for seed in seeds:
        for p in grid.features:
            for k in grid.sparsities:
                if k < p:  # otherwise every feature is active at every point
                    yield job(grid.dim, p, k, p, 2 * p, seed)
        for times in grid.widths:
            p, k = grid.width_features, grid.width_sparsity
            yield job(grid.dim, p, k, max(k, round(times * p)), 0, seed)
        for n, p, k in grid.scaled:
            yield job(n, p, k, p, 0, seed)


def _do(job: Job, make_world: MakeWorld, device: Device) -> Phase:
    sizes = {"points": job.points + job.held_out, "dim": job.n, "features": job.p, "active": job.k}
    law = {"directions": "low-coherence", "magnitudes": "constant", "magnitude": 1.0, "noise": 0.01}
    data = make_world("superposition", {**sizes, **law}, np.random.default_rng(job.seed))
    share = job.held_out / data.size
    train, rest = data.split(share, np.random.default_rng([job.seed, 1]), allow_trivial=True)
    gates: tuple[Gate, ...] = ("batchtopk", "relu") if job.relu_width else ("batchtopk",)
    kinds: list[tuple[Gate, Arm]] = [(word, arm) for word in gates for arm in ARMS]
    kinds.append(("relu", "supervised"))
    rows = tuple(
        Row(gate, arm, certified_counts(_neurons(job, gate, arm, train, device), rest, job.seed))
        for gate, arm in kinds
    )
    sample = np.random.default_rng([job.seed, 3]).choice(job.p, job.features, replace=False)
    A = np.asarray(data.directions, dtype=np.float64).T
    return Phase(rows, job.features, nameable_exactly(A, job.k, sorted(sample.tolist())))


def nameable_exactly(A: Float[np.ndarray, "n p"], k: int, features: Sequence[int]) -> int:
    """Count the features that some half-space names on all codes of exactly k ones (S10 with a row of ones).

    Codes of one weight lie in a hyperplane, which a row of ones below A makes homogeneous: feature i is
    unnamed iff a′_i is a combination of the others as in S10, for p ≥ 2k. Features are active where the
    others of exactly p − k are not, so greater k are decided by p − k.

    Examples
    --------
    >>> triangle = np.array([[1.0, -0.5, -0.5], [0.0, 0.8, -0.8]])
    >>> nameable_exactly(triangle, 1, [0, 1, 2]), nameable_exactly(np.array([[0.0, 1.0, 2.0]]), 1, [0, 1, 2])
    (3, 2)
    """
    with_ones = np.vstack([A, np.ones(A.shape[1])])
    k = min(k, A.shape[1] - k)
    return sum(verdict.check().nameable for verdict in name_features(with_ones, k, features=features))


def _neurons(job: Job, gate: Gate, arm: Arm, train_on: ConceptDataset, device: Device) -> "Neurons":
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.baselines import supervised
    from geosae.sae.training.train import train

    if arm == "supervised":
        return neurons_of(supervised(train_on.points, train_on.membership, job.seed).sae)
    settings: dict[str, Any] = {"steps": job.steps, "log_every": job.steps}
    if gate == "relu":
        config = config_of(gate, job.penalty, job.relu_width, arm, settings)
    else:
        free = {"lr": RATE, "decoder_norm": "free"}
        config = config_of(gate, job.k, job.width, arm, settings | free)
    return neurons_of(train(train_on.points, config, job.seed, device=device).sae)


STUDY = Study(
    name="phase",
    title="Phase diagram of features",
    question="Where in K/n, p/n and d/p do SAEs learn features, and where does theory draw the borders?",
    world="World `superposition` with exactly k of p features active, amplitudes 1, noise 0.01, directions "
    "of low coherence.",
    design="p × k × gate × arm × seed in one dimension; d × seed at one p and k; the same ratios in other "
    "dimensions.",
    grid=Grid,
    settings=Job,
    result=Phase,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
