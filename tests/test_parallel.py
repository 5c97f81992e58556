import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geosae.parallel import Task, run_tasks

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


def test_workers_are_told_to_use_one_thread_and_the_owner_keeps_its_environment(tmp_path: Path):
    before = dict(os.environ)
    run_tasks([make(tasks.threads, tmp_path / "a", [])], None, 1, [], lambda *_: None)
    assert (tmp_path / "a").read_text() == "1"
    assert dict(os.environ) == before


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


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_owner(tmp_path: Path, how: signal.Signals):
    script, marker = tmp_path / "owner.py", tmp_path / "pid"
    script.write_text(OWNER.format(here=str(HERE)))
    owner = subprocess.Popen([sys.executable, str(script), str(marker)], stderr=subprocess.PIPE)
    until(lambda: marker.exists() and marker.read_text() != "")
    os.kill(owner.pid, how)
    _, error = owner.communicate(timeout=20)
    until(lambda: not alive(int(marker.read_text())))
    assert owner.returncode != 0
    assert how == signal.SIGKILL or b"KeyboardInterrupt" in error


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
