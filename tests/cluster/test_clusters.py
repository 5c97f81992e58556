"""A real dask cluster and a real Ray on this machine: the same bytes as local processes, workers killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from cluster.cases import KILLS, PLAN

pytestmark = pytest.mark.cluster
HERE = Path(__file__).parent
KINDS = [
    pytest.param(
        kind, marks=pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")
    )
    for kind, package in (("dask", "distributed"), ("ray", "ray"))
]
APART = ("run.json", ".lock", ".drawing.lock")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder but those that depend on the clock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in APART and not path.name.endswith("timing.json")
    }


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the processes of a cluster see: these modules, and where it stands what is to be killed."""
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    kills = tmp_path_factory.mktemp("kills")
    return {**os.environ, "PYTHONPATH": path, KILLS: str(kills), "RAY_USAGE_STATS_ENABLED": "0"}


def python(*arguments: object, environment: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=500)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Path]:
    """A scheduler and two workers as they are started on a cluster, found by their file."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    common = ("--scheduler-file", str(file), "--no-dashboard")
    worker = (sys.executable, "-m", "dask", "worker", *common, "--nthreads", "1")
    commands = [
        (sys.executable, "-m", "dask", "scheduler", *common, "--port", "0"),
        (*worker, "--local-directory", str(folder / "a")),
        (*worker, "--local-directory", str(folder / "b")),
    ]
    with (folder / "log").open("w") as log:
        processes = [
            subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
            for command in commands
        ]
        yield file
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(60)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The run on local processes."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "my.toml").write_text(PLAN)
    done = command_line("run", "my.toml", "-o", "out", "--no-figures", environment=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def command_line(*arguments: object, environment: dict[str, str], cwd: Path):
    code = "from geosae.cli import command; command()"
    return python("-c", code, *arguments, environment=environment, cwd=cwd)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_on_a_cluster_leaves_the_bytes_of_a_local_one(kind, local, environment, tmp_path, request):
    (tmp_path / "my.toml").write_text(PLAN)
    there = ("--executor", "ray_executor:connect")
    if kind == "dask":
        there = ("--dask", request.getfixturevalue("scheduler"))
    run = ("run", "my.toml", "-o", "out", "--no-figures", *there)
    done = command_line(*run, environment=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(contents(tmp_path / "out")) > 30
    assert contents(tmp_path / "out") == contents(local)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["once", "always"])
def test_a_killed_worker_is_replaced_and_what_kills_each_is_recorded_as_locally(
    kind, how, environment, tmp_path, request
):
    where = request.getfixturevalue("scheduler") if kind == "dask" else "-"
    kills = Path(environment[KILLS])
    for place, folder in ((kind, "there"), ("local", "local")):
        (kills / how).touch()
        done = python(HERE / "cases.py", place, where, folder, environment=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        # Whoever was to be killed once has been.
        assert (kills / "always").exists() == (how == "always")
        assert not (kills / "once").exists()
        (kills / how).unlink(missing_ok=True)
    there, local = contents(tmp_path / "there"), contents(tmp_path / "local")
    failures = [name for name in local if name.endswith("error.json")]
    assert [name.startswith("checks/S5") for name in failures] == ([True] if how == "always" else [])
    assert all(b"its worker process died (out of memory, or a crash)" in local[name] for name in failures)
    assert there == local


@pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed")
def test_a_cluster_that_does_not_answer_is_refused_in_time(tmp_path):
    from geosae.cli._executors import dask_executor
    from geosae.errors import InvalidInput

    start = time.monotonic()
    for where, message in (
        (str(tmp_path / "s.json"), "did not appear within 1 s"),
        ("tcp://127.0.0.1:9", "no dask scheduler answers at"),
    ):
        with pytest.raises(InvalidInput, match=message), dask_executor(where, seconds=1.0):
            pass
    assert time.monotonic() - start < 30
