"""The options --executor and --dask, with executors that need no cluster; tests/cluster has real ones."""

import json
import sys
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from command import PLAN, call

from geosae.cli._executors import chosen_executor, dask_executor, from_factory
from geosae.errors import InvalidInput, WorkFailed
from geosae.verification import verdicts, verdicts_on


class Here(Executor):
    """Does each task where it stands, and counts them."""

    made: "list[Here]" = []  # noqa: RUF012

    def __init__(self) -> None:
        self.done, self.open = 0, True
        self.made.append(self)

    def submit(self, fn, /, *args, **kwargs):
        self.done += 1
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.open = False


def failing() -> Executor:
    raise InvalidInput("the cluster is on holiday")


def no_executor() -> int:
    return 3


FACTORY = f"{__name__}:Here"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or sys.modules["test_executors"])
    Here.made.clear()


def test_runs_sweeps_and_checks_go_to_the_executor_and_end_as_elsewhere(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    plan = PLAN.replace("widths = [4, 8]", "widths = [4]").replace("seeds = 2", "seeds = 1")
    Path("my.toml").write_text(plan)
    run = ("run", "my.toml", "--no-figures", "-o", "out", "--executor", FACTORY)
    assert call(monkeypatch, capsys, *run)[0] == 0
    # Two cells and a check.
    assert [(executor.done, executor.open) for executor in Here.made] == [(3, False)]
    np.save("points.npy", np.random.default_rng(0).normal(size=(100, 2)))
    Path("sweep.toml").write_text(
        'widths = [4]\nseeds = 2\n[train]\nsteps = 5\n[[gates]]\nname = "topk"\nsparsity = [1]\n'
    )
    sweep = ("train", "points.npy", "--sweep", "sweep.toml", "-o")
    assert call(monkeypatch, capsys, *sweep, "here", "--executor", FACTORY)[0] == 0
    assert call(monkeypatch, capsys, *sweep, "alone")[0] == 0
    assert [executor.done for executor in Here.made] == [3, 2]
    members = {
        folder: {path.parent.name: path.read_bytes() for path in Path(folder).glob("*/sae.safetensors")}
        for folder in ("here", "alone")
    }
    assert len(members["here"]) == 2
    assert members["here"] == members["alone"]
    checks = ("verify", "S1", "S5", "--instances", 2, "--json")
    assert call(monkeypatch, capsys, *checks, "there.json", "--executor", FACTORY)[0] == 0
    assert call(monkeypatch, capsys, *checks, "local.json")[0] == 0
    assert Here.made[-1].done == 2
    ours, local = (json.loads(Path(f"{name}.json").read_text()) for name in ("there", "local"))
    assert [{**verdict, "seconds": 0} for verdict in ours] == [{**verdict, "seconds": 0} for verdict in local]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "quickstart", "--executor", "a:b", "--dask", "c"), "give one of them"),
        (("run", "quickstart", "--executor", "nothing"), "MODULE:FACTORY"),
        (("run", "quickstart", "--executor", ":b"), "MODULE:FACTORY"),
        (("run", "quickstart", "--executor", "no_such_module_of_mine:b"), "PYTHONPATH"),
        (("run", "quickstart", "--executor", "json:no_such_function"), "no_such_function"),
        (("run", "quickstart", "--executor", "math:pi"), "names no function"),
        (("run", "quickstart", "--executor", f"{__name__}:no_executor"), "no concurrent.futures.Executor"),
        (("run", "quickstart", "--executor", f"{__name__}:failing"), "on holiday"),
        (("train", "p.npy", "-o", "o", "--dask", "c"), "for sweeps"),
        (("verify", "--audit", "--dask", "c"), "constructed instances"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(arguments, message, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, _, err = call(monkeypatch, capsys, *arguments)
    assert (status, message in err) == (2, True), err
    assert list(tmp_path.iterdir()) == []


def test_without_distributed_dask_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InvalidInput, match=r"pip install 'geosae\[cluster\]'"), dask_executor("tcp://x:1"):
        pass


def stopped() -> None:
    with chosen_executor(FACTORY, None):
        raise KeyboardInterrupt


def test_an_executor_is_shut_down_when_its_command_stops():
    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [executor.open for executor in Here.made] == [False]
    assert isinstance(from_factory(FACTORY), Here)


def registry():
    import proofs_checks

    return {name: proofs_checks.claims()[name] for name in ("S1", "S5")}


def broken_registry():
    """Fails in the worker: the owner has read it once already."""
    Here.made[-1].broken = not getattr(Here.made[-1], "broken", False)
    if Here.made[-1].broken:
        return registry()
    raise ValueError("not here")


def test_checks_on_an_executor_reach_the_same_verdicts_and_name_what_failed():
    reached = []
    verdicts_on(Here(), registry, 3, 1, receive=reached.append)
    reached.sort(key=lambda verdict: verdict.id)
    assert [v.id for v in reached] == ["S1", "S5"]
    assert [v.worst_slack for v in reached] == [v.worst_slack for v in verdicts(registry(), 3, 1)]
    with pytest.raises(InvalidInput, match="registry of statements"):
        verdicts_on(Here(), registry, 3, 1, only=["S99"], receive=reached.append)
    with pytest.raises(WorkFailed, match="S1 could not be checked: ValueError: not here"):
        verdicts_on(Here(), broken_registry, 3, 1, only=["S1"], receive=reached.append)
