"""Tasks go through an executor; what a dying worker takes with it is tried again, alone."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from geosae.data.pool import LocalPool, one_thread


@dataclass(frozen=True)
class Task:
    """A call that can be sent to another process, and what to do in this one if its worker dies.

    Attributes
    ----------
    call, args
        A top-level function, which records its own failures on disk, and its arguments.
    begun
        Tells whether the task was under way when a worker died.
    fail
        Records that the task killed its worker, or could not be sent; called with the reason.
    """

    call: Callable[..., Any]
    args: tuple[Any, ...]
    begun: Callable[[], bool]
    fail: Callable[[str], None]


Progress = Callable[[int, int], None]


def conduct(
    tasks: Sequence[Task], executor: Executor | None, workers: int, preload: Sequence[str], progress: Progress
) -> None:
    """Do all tasks, on the executor where one is handed in, else on a pool of local processes.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, once nothing is under way any more on the local pool; finished tasks stay finished.
    """
    count = _Count(len(tasks), progress)
    if executor is not None:
        for task, reason in _through(executor, tasks, count):
            task.fail(reason)
        return
    lost = _locally(tasks, workers, preload, count)
    if not lost:
        return
    suspects = [task for task, _ in lost if task.begun()]
    rest = [task for task, _ in lost if not task.begun()]
    for task in suspects:
        for _, reason in _locally([task], 1, preload, count):
            task.fail(reason)
    if rest and len(rest) < len(tasks):
        conduct(
            rest, None, workers, preload, lambda done, _: progress(len(tasks) - len(rest) + done, len(tasks))
        )
    else:
        for task in rest:
            task.fail("the worker processes died before they could begin")


class _Count:
    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = 0, total, progress
        progress(0, total)

    def one_more(self) -> None:
        self.done += 1
        self.progress(self.done, self.total)


def _locally(
    tasks: Sequence[Task], workers: int, preload: Sequence[str], count: _Count
) -> list[tuple[Task, str]]:
    with one_thread():
        pool = LocalPool(min(workers, max(1, len(tasks))), preload)
        try:
            lost = _through(pool.executor, tasks, count)
        except BaseException:
            pool.abandon()
            raise
        pool.close()
    return lost


def _through(executor: Executor, tasks: Sequence[Task], count: _Count) -> list[tuple[Task, str]]:
    """Return the tasks whose worker died or that could not be sent, with the reason."""
    futures: dict[Future[Any], Task] = {}
    lost: list[tuple[Task, str]] = []
    try:
        for task in tasks:
            try:
                futures[executor.submit(task.call, *task.args)] = task
            except BrokenProcessPool:
                lost.append((task, "its worker process died"))
        for future in as_completed(futures):
            error = future.exception()
            if error is None:
                count.one_more()
            elif isinstance(error, BrokenProcessPool):
                lost.append((futures[future], "its worker process died (out of memory, or a crash)"))
            else:
                lost.append((futures[future], f"{type(error).__name__}: {error}"))
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return lost
