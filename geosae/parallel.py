"""Tasks on local processes, or on an executor of yours; what a dying worker takes is tried again, alone."""

import atexit
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running as start_forkserver
from multiprocessing.resource_tracker import ensure_running as start_tracker
from multiprocessing.util import get_temp_dir
from typing import Any

from threadpoolctl import threadpool_limits

from geosae.errors import CannotWrite, InvalidInput

THREAD_SETTINGS: tuple[str, ...] = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
MOST_THREADS = 1024
"""No machine gains from more; a larger number is a mistake."""

SOCKETS = "GEOSAE_SOCKETS"
"""Tells the server of worker processes in which folder its socket lies."""
if SOCKETS in os.environ:
    # Here is that server; workers leave by another door, and do not do this.
    atexit.register(shutil.rmtree, os.environ.pop(SOCKETS), ignore_errors=True)


class LocalPool:
    """A process pool whose workers use one thread each, so that results do not depend on their number.

    The workers hold the reading end of a pipe, its owner the only writing end: when the owner abandons the
    pool, or is killed, the pipe ends and with it every worker. What they had begun is lost, no file is torn.
    """

    def __init__(self, workers: int, preload: Sequence[str] = ()) -> None:
        if workers < 1:
            raise InvalidInput(f"{workers} workers cannot work", remedy="ask for at least one")
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            # Imported once by the server, from which each worker is forked in milliseconds.
            context.set_forkserver_preload([__name__, *preload])
            _start_server()
        reader, self._writer = context.Pipe(duplex=False)
        self.executor = ProcessPoolExecutor(workers, context, initializer=start_worker, initargs=(reader,))

    def submit(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        """Hand a task to a worker; Ctrl-C waits meanwhile.

        A worker that is begun here, and of which nobody knows because the call was cut short, would outlive
        its owner and end in a traceback.
        """
        with _held_back(signal.SIGINT, signal.SIGTERM):
            return self.executor.submit(call, *args)

    def abandon(self) -> None:
        """End the workers at once; tasks under way are lost.

        What waits is not cancelled. The pool ends all its tasks when its workers are gone, and in Python 3.11
        fails on one that is cancelled already, with a traceback in a thread of its own.
        """
        self._writer.close()
        self.executor.shutdown(wait=False)

    def close(self) -> None:
        """Wait for the tasks under way and end the workers."""
        self.executor.shutdown(wait=True)
        self._writer.close()


@contextmanager
def _held_back(*numbers: signal.Signals) -> Generator[None]:
    """Let signals that come meanwhile arrive at the end."""
    handlers = {number: signal.getsignal(number) for number in numbers}
    if threading.current_thread() is not threading.main_thread() or None in handlers.values():
        # Handlers are called in the main thread; what is not of Python cannot be put back.
        yield
        return
    arrived: list[int] = []
    for number in numbers:
        signal.signal(number, lambda number, _: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in arrived[:1]:
            signal.raise_signal(number)


def _start_server() -> None:
    """Start the server, unless it runs: deaf to what stops its owner, after which it ends by itself.

    A terminal sends Ctrl-C, and a cluster SIGTERM, to all processes of a command: the server, as long as it
    imports, and workers that are about to begin would die of them with a traceback. The folder of its socket
    is removed by Python when the owner ends; if the owner is killed, the server does it.
    """
    os.environ[SOCKETS] = get_temp_dir()
    # Before the mask, which it would lift.
    start_tracker()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        start_forkserver()
    finally:
        # What came meanwhile arrives here.
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        del os.environ[SOCKETS]


def start_worker(reader: Connection) -> None:
    """Prepare a worker: Ctrl-C is its owner's to handle, and the end of the pipe is its own end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        # The server cannot hear it; a worker can be ended.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    threading.Thread(target=_end_with, args=(reader,), daemon=True).start()


def _end_with(reader: Connection) -> None:
    try:
        reader.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def using_threads(count: int) -> Generator[None]:
    """Let numerical libraries use so many threads meanwhile: BLAS, OpenMP and torch.

    The one place where geosae sets threads. Those loaded already are told; those that this process or one
    that it starts loads meanwhile read the environment. Importing geosae sets nothing.

    Raises
    ------
    InvalidInput
        If the number is not between 1 and 1024.

    Examples
    --------
    >>> with using_threads(1):
    ...     os.environ["OMP_NUM_THREADS"]
    '1'
    """
    # Checked here and not by geosae.validation, which loads numpy: that reads the environment as it loads.
    if isinstance(count, bool) or not (isinstance(count, int) and 1 <= count <= MOST_THREADS):
        raise InvalidInput(f"{count} is no number of threads", remedy=f"ask for 1 to {MOST_THREADS}")
    before = {name: os.environ.get(name) for name in THREAD_SETTINGS}
    # Not imported for this: torch stays in geosae.sae.
    torch: Any = sys.modules.get("torch")
    threads_of_torch = None if torch is None else torch.get_num_threads()
    with threadpool_limits(count):
        os.environ.update(dict.fromkeys(THREAD_SETTINGS, str(count)))
        if torch is not None:
            torch.set_num_threads(count)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
            if torch is not None:
                torch.set_num_threads(threads_of_torch)


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
    receive
        Called with what the call returned, in this process.
    """

    call: Callable[..., Any]
    args: tuple[Any, ...]
    begun: Callable[[], bool]
    fail: Callable[[str], None]
    receive: Callable[[Any], None] = lambda _: None


Progress = Callable[[int, int], None]


def run_tasks(
    tasks: Sequence[Task], executor: Executor | None, workers: int, preload: Sequence[str], progress: Progress
) -> None:
    """Do all tasks, on the executor where one is handed in, else on a pool of local processes.

    Raises
    ------
    CannotWrite
        If a task could write nothing more, not even why it failed: the others are not begun.
    KeyboardInterrupt
        After Ctrl-C, once nothing is under way any more on the local pool; finished tasks stay finished.
    """
    count = _Count(len(tasks), progress)
    if executor is not None:
        _elsewhere(tasks, executor, count)
        return
    lost = _locally(tasks, workers, preload, count)
    if not lost:
        return
    suspects = [one.task for one in lost if one.task.begun()]
    rest = [one.task for one in lost if not one.task.begun()]
    for task in suspects:
        for one in _locally([task], 1, preload, count):
            task.fail(one.reason)
    if rest and len(rest) < len(tasks):
        run_tasks(
            rest, None, workers, preload, lambda done, _: progress(len(tasks) - len(rest) + done, len(tasks))
        )
    else:
        for task in rest:
            task.fail("the worker processes died before they could begin")


def in_one_thread(call: Callable[..., Any], *args: Any) -> Any:
    """Do a task, in a worker of whatever executor: sums do not depend on how many cores its machine has."""
    with using_threads(1):
        return call(*args)


class _Count:
    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = 0, total, progress
        progress(0, total)

    def one_more(self) -> None:
        self.done += 1
        self.progress(self.done, self.total)


@dataclass(frozen=True)
class _Lost:
    """A task that was not done, and why; `died` where its worker did, so that another may do it."""

    task: Task
    reason: str
    died: bool = False


DIED = "its worker process died (out of memory, or a crash)"

DEATHS = frozenset(
    ("distributed.KilledWorker", "ray.NodeDiedError", "ray.OutOfMemoryError", "ray.WorkerCrashedError")
)
"""How clusters say that a worker died, as package.error; these packages are not imported here."""


def _died(error: BaseException) -> bool:
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    return isinstance(error, BrokenExecutor) or not DEATHS.isdisjoint(kinds)


def _locally(tasks: Sequence[Task], workers: int, preload: Sequence[str], count: _Count) -> list[_Lost]:
    with using_threads(1):
        pool = LocalPool(min(workers, max(1, len(tasks))), preload)
        try:
            lost = _through(pool.submit, tasks, count, [])
        except BaseException:
            pool.abandon()
            raise
        pool.close()
    return lost


def _elsewhere(tasks: Sequence[Task], executor: Executor, count: _Count) -> None:
    """Do tasks on an executor that was handed in; those whose worker died are tried again.

    First together, since on a cluster a whole node may go at once; those that are lost again once more, each
    alone: what waits in a worker that another task kills is not to blame.
    """
    futures: list[Future[Any]] = []
    try:
        first = _through(executor.submit, tasks, count, futures)
        second = _through(executor.submit, [one.task for one in first if one.died], count, futures)
        alone = [one.task for one in second if one.died]
        last = [one for task in alone for one in _through(executor.submit, [task], count, futures)]
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    for one in (*(one for one in (*first, *second) if not one.died), *last):
        one.task.fail(one.reason)


def _through(
    submit: Callable[..., Future[Any]], tasks: Sequence[Task], count: _Count, futures: list[Future[Any]]
) -> list[_Lost]:
    """Return the tasks whose worker died or that could not be sent; `futures` gets those of all."""
    lost: list[_Lost] = []
    sent: dict[Future[Any], Task] = {}
    for task in tasks:
        try:
            future = submit(in_one_thread, task.call, *task.args)
        except BrokenExecutor:
            lost.append(_Lost(task, DIED, died=True))
        else:
            sent[future] = task
            futures.append(future)
    for future in as_completed(sent):
        task = sent[future]
        if future.cancelled():
            lost.append(_Lost(task, "its executor cancelled it (a scheduler that went away)"))
        elif (error := future.exception()) is None:
            task.receive(future.result())
            count.one_more()
        elif isinstance(error, CannotWrite):
            raise error
        elif _died(error):
            lost.append(_Lost(task, DIED, died=True))
        else:
            lost.append(_Lost(task, f"{type(error).__name__}: {error}"))
    return lost
