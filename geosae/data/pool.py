"""The local executor: processes of one thread each, which end when their parent does."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from geosae.geometry._door import InvalidInput

T = TypeVar("T")
THREAD_SETTINGS: tuple[str, ...] = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


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
        if preload and "forkserver" in methods:
            # Imported once by the server, from which each worker is forked in milliseconds.
            context.set_forkserver_preload(list(preload))
        reader, self._writer = context.Pipe(duplex=False)
        self.executor = ProcessPoolExecutor(workers, context, initializer=start_worker, initargs=(reader,))

    def abandon(self) -> None:
        """End the workers at once; tasks under way are lost."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self._writer.close()

    def close(self) -> None:
        """Wait for the tasks under way and end the workers."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        self._writer.close()


def ask(call: Callable[..., T], *args: Any, preload: Sequence[str] = ()) -> T:
    """Return the answer of one call in a local process, so that what it imports stays there."""
    with one_thread():
        pool = LocalPool(1, preload)
        try:
            answer = pool.executor.submit(call, *args).result()
        except BaseException:
            pool.abandon()
            raise
    pool.close()
    return answer


def start_worker(reader: Connection) -> None:
    """Prepare a worker: Ctrl-C is its owner's to handle, and the end of the pipe is its own end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(reader,), daemon=True).start()


def _end_with(reader: Connection) -> None:
    try:
        reader.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def one_thread() -> Generator[None]:
    """Let numerical libraries loaded by processes started meanwhile use one thread each."""
    before = {name: os.environ.get(name) for name in THREAD_SETTINGS}
    for name in THREAD_SETTINGS:
        os.environ[name] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
