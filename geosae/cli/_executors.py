"""Where a command sends its tasks: local processes, a dask cluster, or an executor of the user's own."""

import time
from collections.abc import Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from geosae.errors import InvalidInput

START_SECONDS = 60.0
"""How long a command waits for a cluster that is starting."""

ExecutorOption = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="MODULE:FACTORY",
        help="Send tasks to the concurrent.futures.Executor that this function returns.",
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS|FILE",
        help="Send tasks to a dask scheduler: its address or scheduler file.",
    ),
]


@contextmanager
def chosen_executor(factory: str | None, dask: str | None) -> Generator[Executor | None]:
    """Give the executor that two options ask for, None for local processes; it is shut down at the end.

    Raises
    ------
    InvalidInput
        If both are given, the factory cannot be had or returns something else, or the cluster does not
        answer in time, has no worker, or workers of several threads.
    """
    if factory is not None and dask is not None:
        raise InvalidInput("--executor and --dask each name a place for the tasks", remedy="give one of them")
    if dask is not None:
        with dask_executor(dask) as executor:
            yield executor
    elif factory is not None:
        executor = from_factory(factory)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False)
            raise
        executor.shutdown()
    else:
        yield None


def from_factory(name: str) -> Executor:
    """Return what the function MODULE:FACTORY returns.

    Raises
    ------
    InvalidInput
        If there is no such function, it fails, or what it returns is no executor.

    Examples
    --------
    >>> from_factory("concurrent.futures:ThreadPoolExecutor").submit(int, "3").result()
    3
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise InvalidInput(
            f"--executor {name} is not of the form MODULE:FACTORY", remedy="as in mine:connect"
        )
    try:
        factory: Any = getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise InvalidInput(
            f"--executor {name}: {error}",
            causes="a module that Python does not find",
            remedy="put its folder into PYTHONPATH, here and on the workers",
        ) from error
    if not callable(factory):
        raise InvalidInput(f"--executor {name} names no function, but {factory!r}")
    executor = factory()
    if not isinstance(executor, Executor):
        raise InvalidInput(
            f"--executor {name} gave a {type(executor).__name__}, which is no concurrent.futures.Executor",
            causes="a client that has an executor, or only looks like one",
            remedy="return the executor, or a class of your own derived from concurrent.futures.Executor",
        )
    return executor


@contextmanager
def dask_executor(where: str, seconds: float = START_SECONDS) -> Generator[Executor]:
    """Give the executor of a dask scheduler, by its address or the file it wrote.

    Raises
    ------
    InvalidInput
        If distributed is not installed, no scheduler answers or no worker joins it in so many seconds, or a
        worker has several threads.
    """
    try:
        from distributed import Client  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InvalidInput(
            "--dask needs the package distributed", remedy="pip install 'geosae[cluster]'"
        ) from error
    deadline, file = time.monotonic() + seconds, Path(where)
    by_file = file.suffix == ".json"
    while by_file and not file.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    if by_file and not file.is_file():
        raise _no_cluster(f"the scheduler file {where} did not appear", seconds)
    place = {"scheduler_file": where} if by_file else {"address": where}
    try:
        client: Any = Client(**place, timeout=max(1.0, deadline - time.monotonic()), set_as_default=False)
    except (OSError, ValueError) as error:
        raise _no_cluster(f"no dask scheduler answers at {where} ({error})", seconds) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=max(1.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise _no_cluster(f"no worker joined the dask scheduler at {where}", seconds) from error
        _refuse_threads(client.nthreads())
        client.run_on_scheduler(_lose_no_second_worker())
        # Not pure: a task that is tried again is another one, though it is the same call.
        executor: Executor = client.get_executor(pure=False)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False)
            raise


def _no_cluster(what: str, seconds: float) -> InvalidInput:
    return InvalidInput(
        f"{what} within {seconds:.0f} s",
        causes="a cluster that has not started, or a wrong address",
        remedy="start it with `dask scheduler` and `dask worker ADDRESS --nthreads 1`",
    )


def _refuse_threads(threads: dict[str, int]) -> None:
    several = [name for name, count in threads.items() if count > 1]
    if several:
        raise InvalidInput(
            f"the dask worker {several[0]} has {threads[several[0]]} threads, which disturb one another",
            remedy="start workers with --nthreads 1, as many as there are cores",
        )


def _lose_no_second_worker() -> Any:
    """Return what tells a scheduler to report the first worker that a task kills, and not the fourth.

    Within a function, so that it is sent as it stands: a scheduler need not have geosae.
    """

    def report_at_once(dask_scheduler: Any) -> None:
        dask_scheduler.allowed_failures = 0

    return report_at_once
