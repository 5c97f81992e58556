import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from geosae.errors import CannotWrite, InvalidInput
from geosae.parallel import DIED, LocalPool, Task, _held_back, run_tasks, using_threads

HERE = Path(__file__).parent / "experiments"
sys.path.insert(0, str(HERE))
import tasks  # noqa: E402


def make(call, path: Path, failures: list[str]) -> Task:
    return Task(call, (str(path),), path.exists, lambda reason: failures.append(f"{path.name}: {reason}"))


def test_all_tasks_are_done_and_counted(tmp_path: Path):
    failures, seen = [], []
    paths = [tmp_path / str(i) for i in range(5)]
    run_tasks([make(tasks.touch, p, failures) for p in paths], None, 2, [], lambda *p: seen.append(p))
    assert all(p.exists() for p in paths)
    assert not failures
    assert seen == [(i, 5) for i in range(6)]


def test_a_task_that_kills_its_worker_is_named_and_loses_no_other(tmp_path: Path):
    failures = []
    calls = [tasks.touch, tasks.die, tasks.touch, tasks.touch, tasks.touch, tasks.touch]
    paths = [tmp_path / str(i) for i in range(len(calls))]
    todo = [make(c, p, failures) for c, p in zip(calls, paths, strict=True)]
    run_tasks(todo, None, 2, [], lambda *_: None)
    assert [f.split(":")[0] for f in failures] == ["1"]
    assert "died" in failures[0]
    assert all(p.exists() for p in paths)


def test_an_executor_that_is_handed_in_is_used_and_left_open(tmp_path: Path):
    failures = []
    with ThreadPoolExecutor(1) as executor:
        todo = [make(tasks.touch, tmp_path / "a", failures), make(tasks.refuse, tmp_path / "b", failures)]
        run_tasks(todo, executor, 2, [], lambda *_: None)
        assert executor.submit(int, "3").result() == 3
    assert failures == [f"b: RuntimeError: {tmp_path / 'b'}"]
    assert (tmp_path / "a").exists()


def test_workers_use_one_thread_and_the_owner_keeps_its_own(tmp_path: Path):
    with using_threads(2):
        before = dict(os.environ)
        run_tasks([make(tasks.threads, tmp_path / "a", [])], None, 1, [], lambda *_: None)
        assert (tasks.threads_here(), dict(os.environ)) == ([2], before)
    assert (tmp_path / "a").read_text() == "[1]"


def test_an_executor_that_is_handed_in_uses_one_thread_for_a_task(tmp_path: Path):
    before = dict(os.environ), tasks.threads_here()
    with ThreadPoolExecutor(1) as executor:
        run_tasks([make(tasks.threads, tmp_path / "a", [])], executor, 1, [], lambda *_: None)
    assert (tmp_path / "a").read_text() == "[1]"
    assert (dict(os.environ), tasks.threads_here()) == before


class KilledWorker(Exception):  # noqa: N818
    """What dask says of a worker that died."""


KilledWorker.__module__ = "distributed.scheduler"


class Cluster(Executor):
    """Does each task where it stands, but for those whose worker dies a number of times."""

    def __init__(self, deaths: dict[str, int], error: type[BaseException] = KilledWorker) -> None:
        self.deaths, self.error, self.sent = deaths, error, []

    def submit(self, fn, /, *args, **kwargs):
        name, future = Path(args[1]).name, Future()
        self.sent.append(name)
        self.deaths[name] = self.deaths.get(name, 0) - 1
        if self.deaths[name] >= 0:
            future.set_exception(self.error("gone"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize("error", [KilledWorker, BrokenProcessPool, BrokenExecutor])
def test_tasks_whose_worker_died_are_tried_again_together_and_then_alone(tmp_path: Path, error):
    failures, seen = [], []
    cluster = Cluster({"b": 1, "c": 2, "d": 9}, error)
    todo = [make(tasks.touch, tmp_path / name, failures) for name in "abcd"]
    run_tasks(todo, cluster, 1, [], lambda done, _: seen.append(done))
    assert cluster.sent[:4] == [*"abcd"]
    assert [sorted(cluster.sent[4:7]), sorted(cluster.sent[7:])] == [[*"bcd"], [*"cd"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
    assert failures == [f"d: {DIED}"]
    assert seen == [0, 1, 2, 3]


def test_the_failure_is_recorded_as_that_of_a_local_worker(tmp_path: Path):
    here, there = [], []
    run_tasks([make(tasks.die, tmp_path / "a", here)], None, 1, [], lambda *_: None)
    run_tasks([make(tasks.touch, tmp_path / "a", there)], Cluster({"a": 9}), 1, [], lambda *_: None)
    assert here == there == [f"a: {DIED}"]


def test_an_error_that_is_no_death_is_not_tried_again(tmp_path: Path):
    failures, cluster = [], Cluster({"a": 1}, ValueError)
    run_tasks([make(tasks.touch, tmp_path / "a", failures)], cluster, 1, [], lambda *_: None)
    assert (cluster.sent, failures) == (["a"], ["a: ValueError: gone"])


class Leaving(Executor):
    """Cancels what it was given."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_what_its_executor_cancels_is_a_failure(tmp_path: Path):
    failures = []
    run_tasks([make(tasks.touch, tmp_path / "a", failures)], Leaving(), 1, [], lambda *_: None)
    assert failures == ["a: its executor cancelled it (a scheduler that went away)"]


def test_what_a_call_returns_is_received_by_its_owner(tmp_path: Path):
    received = []
    task = Task(tasks.answer, (str(tmp_path),), lambda: True, received.append, received.append)
    for executor in (None, Cluster({})):
        run_tasks([task], executor, 1, [], lambda *_: None)
    assert received == [42, 42]


@pytest.mark.parametrize("count", [0, -1, 1025, True])
def test_no_number_of_threads_is_refused(count):
    with pytest.raises(InvalidInput, match="no number of threads"), using_threads(count):
        pass


OWNER = """
import sys
sys.path.insert(0, {here!r})
import tasks
from pathlib import Path
from geosae.parallel import Task, run_tasks
if __name__ == "__main__":
    path = Path(sys.argv[1])
    run_tasks([Task(tasks.sleep, (str(path),), path.exists, print)], None, 1, [], lambda *_: None)
"""


@pytest.fixture
def short_path():
    """A folder with a short name: that of a socket may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="g") as folder:
        yield Path(folder)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_owner_and_so_does_the_folder_of_their_socket(
    tmp_path: Path, short_path: Path, how: signal.Signals
):
    script, marker = tmp_path / "owner.py", tmp_path / "pid"
    script.write_text(OWNER.format(here=str(HERE)))
    command = [sys.executable, str(script), str(marker)]
    environment = {**os.environ, "TMPDIR": str(short_path)}
    owner = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment)
    until(lambda: marker.exists() and marker.read_text() != "")
    assert [path.name[:5] for path in short_path.iterdir()] == ["pymp-"]
    os.kill(owner.pid, how)
    _, error = owner.communicate(timeout=20)
    until(lambda: not alive(int(marker.read_text())))
    assert owner.returncode != 0
    assert how == signal.SIGKILL or b"KeyboardInterrupt" in error
    until(lambda: list(short_path.iterdir()) == [])


def test_what_stops_all_processes_of_a_command_is_heard_by_its_owner(tmp_path: Path):
    """Ctrl-C of a terminal, SIGTERM of a cluster: the server and workers that begin say nothing."""
    script, marker = tmp_path / "owner.py", tmp_path / "pid"
    handler = "import signal\nsignal.signal(signal.SIGTERM, signal.default_int_handler)\n"
    script.write_text(handler + OWNER.format(here=str(HERE)).replace("1, [],", "1, ['torch'],"))
    command = [sys.executable, str(script), str(marker)]
    owner = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    # The tracker and the server are there, and the server imports.
    until(lambda: children(owner.pid) >= 2)
    os.killpg(owner.pid, signal.SIGTERM)
    _, error = owner.communicate(timeout=60)
    assert error.decode().count("Traceback") == 1
    assert error.decode().rstrip().endswith("KeyboardInterrupt")


def test_signals_that_are_held_back_arrive_at_the_end_and_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    reached = []

    def interrupted() -> None:
        with _held_back(signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(signal.SIGINT)
            reached.append("end of the block")
        reached.append("after it")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached == ["end of the block"]
    assert signal.getsignal(signal.SIGINT) == before


def children(owner: int) -> int:
    return len(Path(f"/proc/{owner}/task/{owner}/children").read_text().split())


def test_a_task_that_can_write_nothing_stops_the_others(tmp_path: Path):
    failures: list[str] = []
    paths = [tmp_path / str(i) for i in range(40)]
    todo = [make(tasks.find_disk_full, paths[0], failures)]
    todo += [make(tasks.touch_slowly, path, failures) for path in paths[1:]]
    with pytest.raises(CannotWrite, match="the disk is full"):
        run_tasks(todo, None, 1, [], lambda *_: None)
    assert not failures
    assert not all(path.exists() for path in paths[1:])


def test_what_waits_in_an_abandoned_pool_ends_with_it_and_is_not_cancelled(tmp_path: Path):
    """A cancelled one made the pool's own thread fail, seldom and under load (InvalidStateError)."""
    with using_threads(1):
        pool = LocalPool(1)
        waiting = [pool.submit(tasks.sleep, str(tmp_path / str(i))) for i in range(8)]
        until((tmp_path / "0").exists)
        pool.abandon()
        errors = [future.exception(timeout=20) for future in waiting]
    assert {type(error) for error in errors} == {BrokenProcessPool}


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
