"""Many SAEs on the same points: a process per member at a time, finished members kept on disk.

A member is trained by the very call that would train it alone, with the same kernel and one thread of its
own, so its bytes on a CPU do not depend on how members were grouped. On a GPU members that are alike are
stacked instead (`geosae.sae.training.stacked`), as many at a time as its memory holds.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.parallel import LocalPool, one_thread
from geosae.sae.checkpoint import CARD_FILE, load, save
from geosae.sae.config import TrainConfig
from geosae.sae.training.spec import resolve_device
from geosae.sae.training.stacked import stackable, train_stacked
from geosae.sae.training.train import TrainedSAE, train
from geosae.storage.files import content_hash
from geosae.validation import finite_points

# Weights, start, gradient, two moments, average and what a step allocates beside them.
COPIES_OF_PARAMETERS = 8
# Pre-activations, activations, slopes and supports of one batch.
COPIES_OF_BATCH = 6


def train_grid(
    points: Float[np.ndarray, "N n"],
    configs: Sequence[TrainConfig],
    seeds: Sequence[int],
    *,
    workers: int = 1,
    stack: bool | None = None,
    device: str = "auto",
    folder: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[TrainedSAE]:
    """Train every config with every seed on the same points, and return the runs in that order.

    Parameters
    ----------
    workers
        Processes at a time, each of one thread; fewer where memory would not hold so many members at once.
    stack
        Whether members that are alike but for seed, learning rate and L1 weight step together; None stacks
        on a GPU. On a CPU it pays at small batches, at the price that bytes depend on the grouping.
    folder
        Where members are kept, one checkpoint each, named by what decides it. The same call then reads the
        finished ones and goes on with those that are not, each from its own last log line.
    progress
        Called as progress(members done, members in all).

    Raises
    ------
    InvalidInput
        If there is no config or no seed, one of them occurs twice, or one member alone needs more memory
        than there is.

    Examples
    --------
    >>> from geosae.sae.gates import TopK
    >>> points = np.random.default_rng(0).standard_normal((200, 2))
    >>> configs = [TrainConfig(TopK(k=1), width=width, steps=20) for width in (4, 8)]
    >>> [(run.config.width, run.seed) for run in train_grid(points, configs, [0, 1])]
    [(4, 0), (4, 1), (8, 0), (8, 1)]
    """
    finite_points(points)
    cloud = np.asarray(points)
    members = [(config, seed) for config in configs for seed in seeds]
    if not members or len(set(seeds)) != len(seeds) or len(set(configs)) != len(configs):
        raise InvalidInput(
            f"{len(configs)} configs and {len(seeds)} seeds",
            causes="an empty list, or a config or seed that occurs twice",
            remedy="give each config and each seed once",
        )
    resolved = resolve_device(device).type
    on_gpu = resolved == "cuda"
    how = _How(
        1 if on_gpu else workers_that_fit(cloud.shape, configs, workers),
        on_gpu if stack is None else stack,
        resolved,
    )
    if folder is not None:
        return _kept(cloud, members, how, Path(folder), progress)
    with tempfile.TemporaryDirectory() as place:
        return _kept(cloud, members, how, Path(place), progress)


class _How(NamedTuple):
    """How members are trained: processes at a time, stacked or not, and where."""

    workers: int
    stack: bool
    device: str


def member_bytes(shape: tuple[int, ...], config: TrainConfig) -> int:
    """Return about how many bytes training one member takes: points, parameters and a batch.

    Examples
    --------
    >>> from geosae.sae.gates import ReLU
    >>> member_bytes((1000, 10), TrainConfig(ReLU(), width=4, batch_size=100))
    132608
    """
    count, dim = shape
    parameters = 4 * COPIES_OF_PARAMETERS * (2 * config.width * dim + config.width + dim)
    batch = 4 * COPIES_OF_BATCH * min(config.batch_size, count) * config.width
    return count * dim * (8 + 4) + parameters + batch


def workers_that_fit(shape: tuple[int, ...], configs: Sequence[TrainConfig], workers: int) -> int:
    """Return how many of the largest members fit into the memory that is free, at most `workers`.

    Raises
    ------
    InvalidInput
        If not even one does.
    """
    need = max(member_bytes(shape, config) for config in configs)
    free = _free_bytes()
    if free is None:
        return workers
    if need > free:
        raise InvalidInput(
            f"one member needs about {need / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free",
            remedy="use a smaller batch or width, or train on a mapped file with geosae.train",
        )
    return min(workers, free // need)


def _free_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _kept(
    cloud: Float[np.ndarray, "N n"],
    members: Sequence[tuple[TrainConfig, int]],
    how: _How,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> list[TrainedSAE]:
    data_hash = content_hash(cloud)
    homes = [folder / _name(config, seed, data_hash) for config, seed in members]
    left = [i for i, home in enumerate(homes) if not (home / CARD_FILE).is_file()]
    done = len(members) - len(left)

    def one_more() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(members))

    if how.stack:
        for group in _groups(cloud, [members[i] for i in left], how.device):
            for run in train_stacked(cloud, group, device=how.device):
                save(run, folder / _name(run.config, run.seed, data_hash))
                one_more()
        left = [i for i in left if not (homes[i] / CARD_FILE).is_file()]
    if how.workers == 1 or len(left) < 2:
        for i in left:
            save(train(cloud, members[i][0], members[i][1], device=how.device, folder=homes[i]), homes[i])
            one_more()
    else:
        tasks = [(*members[i], homes[i]) for i in left]
        _in_processes(cloud, tasks, min(how.workers, len(left)), how.device, one_more)
    return [load(home) for home in homes]


def _groups(
    cloud: Float[np.ndarray, "N n"], members: Sequence[tuple[TrainConfig, int]], device: str
) -> list[list[tuple[TrainConfig, int]]]:
    """Return the members that can be stacked, in groups that memory holds."""
    alike: list[list[tuple[TrainConfig, int]]] = []
    for member in members:
        home = next((group for group in alike if stackable([group[0][0], member[0]])), None)
        if home is not None:
            home.append(member)
        elif stackable([member[0]]):
            alike.append([member])
    free = torch.cuda.mem_get_info()[0] if device == "cuda" else _free_bytes()
    groups: list[list[tuple[TrainConfig, int]]] = []
    for group in alike:
        most = len(group) if free is None else max(1, free // member_bytes(cloud.shape, group[0][0]))
        groups += [group[start : start + most] for start in range(0, len(group), most)]
    return groups


def _in_processes(
    cloud: Float[np.ndarray, "N n"],
    tasks: Sequence[tuple[TrainConfig, int, Path]],
    workers: int,
    device: str,
    one_more: Callable[[], None],
) -> None:
    with tempfile.TemporaryDirectory() as place, one_thread():
        file = Path(place) / "points.npy"
        np.save(file, cloud)
        pool = LocalPool(workers, preload=("geosae.sae.training.grid",))
        try:
            futures: list[Future[Any]] = [
                pool.executor.submit(train_member, file, config.to_dict(), seed, device, home)
                for config, seed, home in tasks
            ]
            for future in as_completed(futures):
                future.result()
                one_more()
        except BaseException:
            pool.abandon()
            raise
        pool.close()


def train_member(file: Path, config: dict[str, Any], seed: int, device: str, home: Path) -> None:
    """Train one member in a process of its own and write its checkpoint."""
    points = np.load(file, allow_pickle=False)
    save(train(points, TrainConfig.from_dict(config), seed, device=device, folder=home), home)


def _name(config: TrainConfig, seed: int, data_hash: str) -> str:
    return content_hash(
        repr(sorted(config.to_dict().items())).encode(), str(seed).encode(), data_hash.encode()
    )[:16]
