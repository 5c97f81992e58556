"""Two SAEs on the same points: whether their dictionaries agree, and matched neurons share concepts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.experiments.jobs import MakeWorld
from geosae.geometry import _program
from geosae.sae.device import Device
from geosae.studies.common import two_halves
from geosae.studies.dictionaries_answers import answers
from geosae.studies.dictionaries_records import ARMS, WORLDS, Arm, Followed, PairJob, PairResult
from geosae.studies.study import Study
from geosae.validation import refuse_unknown

if TYPE_CHECKING:
    from geosae.sae import Neurons

TOLERANCE, LEVEL = 0.1, 0.05
_DRAWS = 10


@dataclass(frozen=True)
class Grid:
    """What a plan may change: which worlds, which arms, and how long and on how many points is trained."""

    trained_on: tuple[str, ...] = tuple(WORLDS)
    arms: tuple[Arm, ...] = ARMS
    steps: int = 1000
    points: int = 8000


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[PairJob]:
    refuse_unknown(grid.trained_on, WORLDS, "the study of dictionaries", "world")
    for seed in seeds:
        for world in grid.trained_on:
            for arm in grid.arms:
                yield PairJob(world, arm, grid.steps, grid.points, seed)


def _do(job: PairJob, make_world: MakeWorld, device: Device) -> PairResult:
    from geosae.analysis.matching import mcc

    world = WORLDS[job.world]
    train, rest = two_halves(make_world, world.source, {**world.params, "points": 2 * job.points}, job.seed)
    first, second = (_neurons(job, train.points, 2 * job.seed + i, device) for i in (0, 1))
    atoms, others = (np.asarray(each.decoder, dtype=np.float64) for each in (first, second))
    rng = np.random.default_rng([job.seed, 7])
    fires, fires_other = first.fires(rest.points), second.fires(rest.points)
    fit = first.fires(train.points)
    return PairResult(
        agreement=mcc(atoms, others),
        random=float(np.mean([mcc(*rng.standard_normal((2, *atoms.shape))) for _ in range(_DRAWS)])),
        to_truth=None if rest.directions is None else mcc(atoms, rest.directions),
        silent=int(np.count_nonzero(~fires.any(axis=0)) + np.count_nonzero(~fires_other.any(axis=0))),
        followed=followed(
            fit, train.membership, fires, fires_other, rest.membership, *matched(atoms, others), job.seed
        ),
    )


def _neurons(job: PairJob, points: Float[np.ndarray, "N n"], seed: int, device: Device) -> "Neurons":
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.training.train import train

    world = WORLDS[job.world]
    settings = {"steps": job.steps, "log_every": job.steps, **world.training}
    config = config_of(world.gate, world.sparsity, world.width, job.arm, settings)
    return neurons_of(train(points, config, seed, device=device).sae)


def matched(
    atoms: Float[np.ndarray, "d n"], others: Float[np.ndarray, "d n"]
) -> tuple[Int[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """Return for each atom its partner in the other dictionary and their |cosine|: the matching of `mcc`.

    Examples
    --------
    >>> partners, cosines = matched(np.eye(2), np.array([[0.0, -2.0], [1.0, 0.0]]))
    >>> partners.tolist(), cosines.tolist()
    ([1, 0], [1.0, 1.0])
    """
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (atoms, others)]
    cosines = np.abs(units[0] @ units[1].T)
    rows, partners = _program.assignment(-cosines)
    return partners, cosines[rows, partners]


def followed(
    fires_fit: Bool[np.ndarray, "N d"],
    members_fit: Bool[np.ndarray, "N p"],
    fires: Bool[np.ndarray, "M d"],
    fires_other: Bool[np.ndarray, "M d"],
    members: Bool[np.ndarray, "M p"],
    partners: Int[np.ndarray, " d"],
    cosines: Float[np.ndarray, " d"],
    seed: int,
) -> Followed:
    """Follow each concept from the neuron that is certified to separate it to that neuron's partner.

    Examples
    --------
    >>> members = np.eye(2, dtype=bool).repeat(400, axis=0)
    >>> swapped = members[:, ::-1]
    >>> followed(members, members, members, swapped, members, np.array([1, 0]), np.ones(2), seed=0)
    Followed(concepts=2, certified=2, same=2, permuted=1.0, anywhere=2, cosines=2.0, shuffled=0)
    """
    chosen, concepts = _certified(fires_fit, members_fit, fires, members)
    misses, alarms = _errors(fires_other, members)
    sizes = np.count_nonzero(members, axis=0)[:, None]
    within = (np.maximum(misses, alarms) <= TOLERANCE * sizes)[concepts]
    rng = np.random.default_rng([seed, 5])
    permuted = [part[rng.permutation(len(part))] for part in (members_fit, members)]
    return Followed(
        concepts=members.shape[1],
        certified=len(concepts),
        same=int(np.count_nonzero(within[np.arange(len(concepts)), partners[chosen]])),
        permuted=float(within.mean(axis=1).sum()),
        anywhere=int(np.count_nonzero(within.any(axis=1))),
        cosines=float(cosines[chosen].sum()),
        shuffled=len(_certified(fires_fit, permuted[0], fires, permuted[1])[0]),
    )


def _certified(
    fires_fit: Bool[np.ndarray, "N d"],
    members_fit: Bool[np.ndarray, "N p"],
    fires: Bool[np.ndarray, "M d"],
    members: Bool[np.ndarray, "M p"],
) -> tuple[Int[np.ndarray, " c"], Int[np.ndarray, " c"]]:
    """Return the neurons, each of least error on the first points, and the concepts they are certified of."""
    from geosae.analysis.certified import certified, separation_p

    chosen = np.maximum(*_errors(fires_fit, members_fit)).argmin(axis=1)
    each = np.arange(len(chosen))
    misses, alarms = (errors[each, chosen] for errors in _errors(fires, members))
    p_values = separation_p(misses, alarms, np.count_nonzero(members, axis=0), TOLERANCE)
    concepts = np.flatnonzero(certified(p_values, LEVEL, "holm"))
    return chosen[concepts], concepts


def _errors(
    fires: Bool[np.ndarray, "M d"], members: Bool[np.ndarray, "M p"]
) -> tuple[Int[np.ndarray, "p d"], Int[np.ndarray, "p d"]]:
    """Return the points of each concept that a neuron misses, and those outside at which it fires."""
    hits = np.rint(members.T.astype(np.float32) @ fires.astype(np.float32)).astype(np.int64)
    return np.count_nonzero(members, axis=0)[:, None] - hits, np.count_nonzero(fires, axis=0) - hits


STUDY = Study(
    name="dictionaries",
    title="Dictionaries between seeds",
    question="Do two SAEs that differ in the seed alone learn the same dictionary, and do matched neurons "
    "carry the same concept?",
    world="Worlds `superposition` with two active features in 24 dimensions and four in 16, and "
    "`disjoint-balls`.",
    design="World × arm × seed, each seed one draw with two SAEs; beside two random dictionaries, pairs "
    "permuted at random and shuffled labels.",
    grid=Grid,
    settings=PairJob,
    result=PairResult,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
