"""Many linear features: SynthSAEBench's law (arXiv 2602.14687), recovered directions beside learned sets.

The published setting has 16,384 features in 768 dimensions, 4,096 latents at L0 25 where 34 features are
active, and SAEs that saw 200 million samples. Its law is kept at every size: Zipf rates, trees of exclusive
siblings, correlations of rank 25. Points are a stream, which an SAE sees once; the rows after it measure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse import csr_array

from geosae.data.dataset import ConceptDataset
from geosae.experiments.gates import Gate
from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device
from geosae.studies.common import gates_in
from geosae.studies.failures import recovered
from geosae.studies.linear_features_answers import answers
from geosae.studies.linear_features_records import (
    ARMS,
    Arm,
    DirectionsJob,
    Job,
    Result,
    SaeJob,
    SaeResult,
    Separated,
    WorldSize,
)
from geosae.studies.study import Study

TOLERANCE, LEVEL = 0.1, 0.05
WORLD = "synthsaebench-16k"
_CHUNK = 8192


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.1,), "batchtopk": (6,), "matryoshka": (6,)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change.

    The default keeps what the published size has of active features to dimensions (0.04), of latents to
    features (1/4) and of K to active features (25/34). The published size: features = 16384, dim = 768, roots
    = 128, width = 4096, K = 25, batch = 1024 and steps = 195313, for a GPU.
    """

    features: int = 1024
    dim: int = 192
    roots: int = 8
    width: int = 256
    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    arms: tuple[Arm, ...] = ARMS
    steps: int = 300
    batch: int = 256
    lr: float = 0.005
    points: int = 8192


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Job]:
    world = WorldSize(grid.features, grid.dim, grid.roots, grid.points)
    for seed in seeds:
        yield DirectionsJob(world, seed, grid.steps * grid.batch)
        for gate, sparsity in gates_in(grid.gates):
            for arm in grid.arms:
                yield SaeJob(world, gate, sparsity, arm, grid.width, seed, grid.steps, grid.batch, grid.lr)


def _do(job: Job, make_world: MakeWorld, device: Device) -> Result:
    rows = StreamRows(
        make_world, job.world, job.seed, job.skip if isinstance(job, DirectionsJob) else job.steps * job.batch
    )
    fit, test = rows.held_out()
    match job:
        case DirectionsJob():
            return _directions(fit, test, job.seed)
        case SaeJob():
            return _sae(job, rows, fit, test, device)


class StreamRows:
    """The first rows of a stream, as training reads them; the rows that measure come after."""

    def __init__(self, make_world: MakeWorld, world: WorldSize, seed: int, length: int) -> None:
        self._make_world, self._world, self._seed, self._length = make_world, world, seed, length
        self._last: tuple[int, Float[np.ndarray, "k n"]] | None = None

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self._world.dim

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, stop: int) -> Float[np.ndarray, "k n"]:
        """Return the points start … stop − 1, float32; one chunk is remembered, for small steps forward."""
        parts: list[np.ndarray] = []
        for index in range(start // _CHUNK, (stop - 1) // _CHUNK + 1):
            if self._last is None or self._last[0] != index:
                dataset = self._dataset(index * _CHUNK, _CHUNK)
                self._last = index, np.asarray(dataset.points, dtype=np.float32)
            first = index * _CHUNK
            parts.append(self._last[1][max(start - first, 0) : stop - first])
        return np.concatenate(parts)

    def held_out(self) -> tuple[ConceptDataset, ConceptDataset]:
        """Return the points to choose neurons on, and those to judge them on."""
        count, start = self._world.points, -(-self._length // _CHUNK) * _CHUNK
        return self._dataset(start, count), self._dataset(start + count, count)

    def _dataset(self, start: int, points: int) -> ConceptDataset:
        size = {"features": self._world.features, "roots": self._world.roots, "dim": self._world.dim}
        params: dict[str, Any] = {**size, "start": start, "points": points}
        return self._make_world(WORLD, params, np.random.default_rng(self._seed))


def _sae(
    job: SaeJob, rows: StreamRows, fit: ConceptDataset, test: ConceptDataset, device: Device
) -> SaeResult:
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.training.train import train

    settings = {"steps": job.steps, "log_every": job.steps, "batch_size": job.batch, "lr": job.lr}
    config = config_of(job.gate, job.sparsity, job.width, job.arm, settings)
    neurons = neurons_of(train(rows, config, job.seed, device=device).sae)
    sets = separated_features(
        neurons.fires(fit.points), fit.membership, neurons.fires(test.points), test.membership, job.seed
    )
    return SaeResult(recovered(neurons, test), sets)


def _directions(fit: ConceptDataset, test: ConceptDataset, seed: int) -> Separated:
    assert fit.directions is not None
    directions = np.asarray(fit.directions, dtype=np.float32)
    scores = fit.points @ directions.T
    thresholds = np.array(
        [best_threshold(scores[:, i], fit.membership[:, i]) for i in range(len(directions))], dtype=np.float32
    )
    fires_test = test.points @ directions.T > thresholds
    return separated_features(scores > thresholds, fit.membership, fires_test, test.membership, seed)


def best_threshold(scores: Float[np.ndarray, " N"], members: Bool[np.ndarray, " N"]) -> float:
    """Return the threshold above which the greater of misses and alarms, per point of the concept, is least.

    Examples
    --------
    >>> best_threshold(np.array([0.0, 1.0, 2.0, 3.0]), np.array([False, False, True, True]))
    1.5
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(members[order])
    alarms = np.arange(1, len(order) + 1) - hits
    worst = np.maximum(hits[-1] - hits, alarms)
    # A threshold lies between two scores: none between equal ones.
    worst[:-1][ranked[1:] == ranked[:-1]] = len(scores) + 1
    last = int(np.argmin(worst))
    return float(ranked[last] if last + 1 == len(order) else (ranked[last] + ranked[last + 1]) / 2)


def separated_features(
    fires_fit: Bool[np.ndarray, "N d"],
    members_fit: Bool[np.ndarray, "N p"],
    fires: Bool[np.ndarray, "M d"],
    members: Bool[np.ndarray, "M p"],
    seed: int,
) -> Separated:
    """Choose a neuron for each feature on some points, and count on others which it separates within ε = 0.1.

    Examples
    --------
    >>> members = np.eye(2, dtype=bool).repeat(400, axis=0)
    >>> separated_features(members, members, members, members, seed=0)
    Separated(features=2, testable=2, within=2, within_half=2, certified=2, shuffled=0)
    """
    from geosae.analysis.certified import certified, separation_p

    misses, alarms = _errors(fires_fit, members_fit, fires, members)
    sizes = np.count_nonzero(members, axis=0)
    p_values = separation_p(misses, alarms, sizes, TOLERANCE)
    none = np.zeros_like(sizes)
    testable = separation_p(none, none, sizes, TOLERANCE) <= LEVEL / len(sizes)
    rng = np.random.default_rng([seed, 5])
    permuted = [part[rng.permutation(len(part))] for part in (members_fit, members)]
    return Separated(
        features=len(sizes),
        testable=int(np.count_nonzero(testable)),
        within=_within(misses, alarms, sizes),
        within_half=_within(misses, alarms, sizes, 0.5),
        certified=int(np.count_nonzero(certified(p_values, LEVEL, "holm"))),
        shuffled=_within(*_errors(fires_fit, permuted[0], fires, permuted[1]), sizes),
    )


def _within(misses: np.ndarray, alarms: np.ndarray, sizes: np.ndarray, tolerance: float = TOLERANCE) -> int:
    return int(np.count_nonzero((np.maximum(misses, alarms) <= tolerance * sizes) & (sizes > 0)))


def _errors(
    fires_fit: Bool[np.ndarray, "N d"],
    members_fit: Bool[np.ndarray, "N p"],
    fires: Bool[np.ndarray, "M d"],
    members: Bool[np.ndarray, "M p"],
) -> tuple[np.ndarray, np.ndarray]:
    """Return misses and alarms (p,) on the second points of the neuron that errs least on the first."""
    hits = _hits(fires_fit, members_fit)
    sizes = np.count_nonzero(members_fit, axis=0)[:, None]
    chosen = np.maximum(sizes - hits, np.count_nonzero(fires_fit, axis=0) - hits).argmin(axis=1)
    each = np.arange(len(chosen))
    hits = _hits(fires, members)[each, chosen]
    return np.count_nonzero(members, axis=0) - hits, np.count_nonzero(fires, axis=0)[chosen] - hits


def _hits(fires: Bool[np.ndarray, "N d"], members: Bool[np.ndarray, "N p"]) -> np.ndarray:
    """Return (p, d) how many points of a feature a neuron fires on; few features are active at a point."""
    return np.rint(csr_array(members).T.astype(np.float32) @ fires.astype(np.float32)).astype(np.int64)


STUDY = Study(
    name="linear-features",
    title="Many linear features",
    question="Of many linear features, how many do SAEs recover as directions, and how many as sets that one "
    "neuron separates?",
    world="Stream `synthsaebench-16k`: the law of SynthSAEBench at a chosen size.",
    design="Gate × arm × seed, beside the true directions with the best thresholds.",
    grid=Grid,
    settings=Job,
    result=Result,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
