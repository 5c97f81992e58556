"""Many SAEs on the same points: a process per member at a time, finished members kept on disk.

A member is trained by the very call that would train it alone, with the same kernel and one thread of its
own, so its bytes on a CPU do not depend on how members were grouped. On a GPU members that are alike are
stacked instead (`geosae.sae.training.stacked`), as many at a time as its memory holds.
"""

import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from geosae.errors import CannotWrite, InvalidInput, WorkFailed
from geosae.parallel import Task, run_tasks
from geosae.sae.checkpoint import CARD_FILE, load, save
from geosae.sae.config import TrainConfig
from geosae.sae.device import resolve_device
from geosae.sae.training.checkpoint_state import clear_state
from geosae.sae.training.spec import Kernel, resolve_kernel
from geosae.sae.training.stacked import stackable, train_stacked
from geosae.sae.training.train import TrainedSAE, TrainingDiverged, checked_seed, train
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import content_hash, scratch_file
from geosae.storage.folders import output_folder
from geosae.storage.structure import read_record, write_record
from geosae.validation import COUNT, as_array, finite_points

# Weights, start, gradient, two moments, average and the temporary arrays of a step.
COPIES_OF_PARAMETERS = 8
# Pre-activations, activations, slopes and supports of one batch.
COPIES_OF_BATCH = 6
# Written by the process of a member that could not be trained: error and message.
FAILURE_FILE = "error.json"
FAILURES: dict[str, type[Exception]] = {
    error.__name__: error for error in (InvalidInput, TrainingDiverged, WorkFailed)
}


@checked_arguments(workers=COUNT)
def train_grid(
    points: Float[np.ndarray, "N n"],
    configs: Sequence[TrainConfig],
    seeds: Sequence[int],
    *,
    workers: int = 1,
    executor: Executor | None = None,
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
    executor
        Where members are trained instead, one a task: workers of a cluster that shares `folder`, say. It is
        not shut down.
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
        If there is no config or no seed, one of them occurs twice, one member alone needs more memory than
        there is, another process holds the folder, or an executor is given without one.
    CannotWrite
        If the disk is full or became read-only; finished members are kept.
    WorkFailed
        If a process of a member died, also when it was tried again alone.
    TrainingDiverged
        If the loss of a member stopped being finite.

    Notes
    -----
    A member that fails does not stop the others (except where members step together): its error is raised at
    the end, and with a `folder` the next call tries it again and reads the others.

    Examples
    --------
    >>> from geosae.sae.gates import TopK
    >>> points = np.random.default_rng(0).standard_normal((200, 2))
    >>> configs = [TrainConfig(TopK(k=1), width=width, steps=20) for width in (4, 8)]
    >>> [(run.config.width, run.seed) for run in train_grid(points, configs, [0, 1])]
    [(4, 0), (4, 1), (8, 0), (8, 1)]
    """
    finite_points(points)
    cloud = as_array(points, "points")
    seeds = [checked_seed(seed) for seed in seeds]
    if not configs or not seeds or len(set(seeds)) != len(seeds) or len(set(configs)) != len(configs):
        raise InvalidInput(
            f"{len(configs)} configs and {len(seeds)} seeds",
            causes="an empty list, or a config or seed that occurs twice",
            remedy="give each config and each seed once",
        )
    if executor is not None and folder is None:
        raise InvalidInput(
            "an executor without a folder",
            causes="workers leave what they trained in files",
            remedy="name a folder that all machines share: folder=…",
        )
    resolved = resolve_device(device).type
    on_gpu = resolved == "cuda"
    processes = 1 if on_gpu or executor is not None else workers_that_fit(cloud.shape, configs, workers)
    stacks = on_gpu and executor is None if stack is None else stack
    with _root(folder) as root:
        data_hash = content_hash(cloud)
        kernels: list[Kernel] = [_kernel(config, resolved, stacks=stacks) for config in configs]
        members = [
            Member(config, seed, kernel, root / _name(config, seed, data_hash, resolved, kernel))
            for config, kernel in zip(configs, kernels, strict=True)
            for seed in seeds
        ]
        _train_unfinished(cloud, members, executor, processes, stacks, resolved, progress or _silent)
        return [load(member.folder) for member in members]


@contextmanager
def _root(folder: Path | str | None) -> Generator[Path]:
    """Hold the folder of a grid; without one, members lie in a temporary one."""
    if folder is None:
        with tempfile.TemporaryDirectory() as root:
            yield Path(root)
    else:
        with output_folder(Path(folder)):
            yield Path(folder)


class Member(NamedTuple):
    """One SAE of a grid, the kernel that trains it, and the folder of its checkpoint."""

    config: TrainConfig
    seed: int
    kernel: Kernel
    folder: Path

    @property
    def finished(self) -> bool:
        """Whether its checkpoint is there."""
        return (self.folder / CARD_FILE).is_file()


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


def _silent(done: int, total: int) -> None:
    """Report nothing."""


def _train_unfinished(
    cloud: Float[np.ndarray, "N n"],
    members: Sequence[Member],
    executor: Executor | None,
    workers: int,
    stacks: bool,
    device: str,
    progress: Callable[[int, int], None],
) -> None:
    unfinished = [member for member in members if not member.finished]
    for member in members:
        if member.finished:
            # Left where a process was killed between the result and the end.
            clear_state(member.folder)
    for member in unfinished:
        (member.folder / FAILURE_FILE).unlink(missing_ok=True)
    done, total = len(members) - len(unfinished), len(members)
    if stacks:
        for group in _groups(cloud, unfinished, device):
            pairs = [(member.config, member.seed) for member in group]
            for member, run in zip(group, train_stacked(cloud, pairs, device=device), strict=True):
                save(run, member.folder)
                done += 1
                progress(done, total)
        unfinished = [member for member in unfinished if not member.finished]
    if unfinished and (executor is not None or (workers > 1 and len(unfinished) > 1)):
        _in_processes(cloud, unfinished, executor, workers, device, lambda more: progress(done + more, total))
        return
    for member in unfinished:
        _train_and_save(cloud, member.config, member.seed, device, member.folder)
        done += 1
        progress(done, total)
    _raise_first_failure(unfinished)


def _groups(cloud: Float[np.ndarray, "N n"], members: Sequence[Member], device: str) -> list[list[Member]]:
    """Return the members that can be stacked, in groups that memory holds."""
    alike: list[list[Member]] = []
    for member in members:
        group = next((group for group in alike if stackable([group[0].config, member.config])), None)
        if group is not None:
            group.append(member)
        elif stackable([member.config]):
            alike.append([member])
    free = torch.cuda.mem_get_info()[0] if device == "cuda" else _free_bytes()
    groups: list[list[Member]] = []
    for group in alike:
        most = len(group) if free is None else max(1, free // member_bytes(cloud.shape, group[0].config))
        groups += [group[start : start + most] for start in range(0, len(group), most)]
    return groups


def _in_processes(
    cloud: Float[np.ndarray, "N n"],
    members: Sequence[Member],
    executor: Executor | None,
    workers: int,
    device: str,
    report: Callable[[int], None],
) -> None:
    """Train members in processes of their own; raise the first failure once all others are finished."""
    # Beside the members and not in the system's folder: there the next call removes it if this one is killed.
    with scratch_file(members[0].folder.parent / "points.npy") as file:
        with file.open("wb") as stream:
            np.save(stream, cloud, allow_pickle=False)
        tasks = [
            Task(
                call=train_member,
                args=(
                    file.resolve(),
                    member.config.to_dict(),
                    member.seed,
                    device,
                    member.folder.resolve(),
                    member.kernel,
                ),
                begun=member.folder.is_dir,
                fail=partial(_record_death, member),
            )
            for member in members
        ]

        def finished_members(done: int, _: int) -> None:
            if done:
                report(done)

        run_tasks(tasks, executor, workers, ["geosae.sae.training.grid"], finished_members)
    _raise_first_failure(members)


def _raise_first_failure(members: Sequence[Member]) -> None:
    failed = [member for member in members if not member.finished]
    if failed:
        failure = read_record(failed[0].folder / FAILURE_FILE, _Failure)
        raise FAILURES[failure.error](failure.message)


@dataclass(frozen=True)
class _Failure:
    """Why a member could not be trained."""

    error: str
    message: str


def train_member(
    file: Path, config: dict[str, Any], seed: int, device: str, folder: Path, kernel: Kernel
) -> None:
    """Train one member in a process of its own and write its checkpoint, or why it could not be trained."""
    folder.mkdir(parents=True, exist_ok=True)
    points = np.load(file, allow_pickle=False)
    settings = TrainConfig.from_dict(config)
    here = resolve_kernel(settings, device)
    if here != kernel:
        reason = f"the member is one of the kernel {kernel!r}, and the machine of a worker has {here!r}"
        _record_failure(folder, InvalidInput.__name__, reason)
        return
    _train_and_save(points, settings, seed, device, folder)


def _train_and_save(
    points: Float[np.ndarray, "N n"], config: TrainConfig, seed: int, device: str, folder: Path
) -> None:
    try:
        save(train(points, config, seed, device=device, folder=folder), folder)
    except CannotWrite:
        raise  # the failure could not be recorded either
    except (InvalidInput, TrainingDiverged) as error:
        _record_failure(folder, type(error).__name__, str(error))


def _record_death(member: Member, reason: str) -> None:
    name = f"{member.config.gate.kind}, width {member.config.width}, seed {member.seed}"
    _record_failure(
        member.folder,
        WorkFailed.__name__,
        f"the process that trained an SAE ({name}) failed: {reason}; the others are kept, and the same call "
        "tries this one again",
    )


def _record_failure(folder: Path, error: str, message: str) -> None:
    write_record(folder / FAILURE_FILE, _Failure(error, message))


def _kernel(config: TrainConfig, device: str, *, stacks: bool) -> Kernel:
    """Return the kernel of a member; those that are stacked step in torch."""
    return "torch" if stacks and stackable([config]) else resolve_kernel(config, device)


def _name(config: TrainConfig, seed: int, data_hash: str, device: str, kernel: Kernel) -> str:
    # Another kernel or device gives other bytes; on the CPU the name says nothing of the device.
    parts = [repr(sorted(config.to_dict().items())), str(seed), data_hash, kernel]
    return content_hash(*(part.encode() for part in (parts if device == "cpu" else [*parts, device])))[:16]
