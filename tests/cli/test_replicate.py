"""`geosae run --shift-seeds` and `geosae replicate` on two small runs."""

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from geosae.storage.files import read_json
from geosae.storage.structure import read_plain_record, write_record

sys.path.insert(0, str(Path(__file__).parent))
import command

PLAN = """
widths = [4]
seeds = 5
baselines = []
train = {steps = 10}
analysis = {ambient_samples = 100}
checks = {claims = ["S5"], instances = 2}
[[worlds]]
name = "nested-balls"
points = 200
dim = 2
[[worlds]]
name = "disjoint-balls"
label = "same points"
data_seed = 3
points = 200
dim = 2
[[gates]]
name = "topk"
sparsity = [1]
[[studies]]
name = "feasibility"
[[studies]]
name = "hedging"
seeds = 6
widths = [3]
pair_widths = []
gates = {topk = [2]}
steps = 5
points = 400
"""
MORE = ("--no-figures", "--workers", 2)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and the same plan on other seeds."""
    home = tmp_path_factory.mktemp("home")
    (home / "my.toml").write_text(PLAN)
    for more in ((), ("--shift-seeds", 100)):
        shown = command.geosae("run", "my.toml", *MORE, *more, cwd=home)
        assert shown.returncode == 0, shown.stderr
    return home / "runs"


@pytest.fixture
def runs(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both runs, to be changed."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(done, tmp_path / "runs"))


def test_the_folder_tells_the_seeds_and_its_plan_goes_on_with_it(runs: Path):
    assert sorted(p.name for p in runs.iterdir()) == ["my", "my-shifted-100"]
    plan = tomllib.loads((runs / "my-shifted-100/plan.toml").read_text())
    assert plan["seeds"] == [100, 101, 102, 103, 104]
    assert [study["seeds"] for study in plan["studies"] if "seeds" in study] == [
        [100, 101, 102, 103, 104, 105]
    ]
    assert [world["data_seed"] for world in plan["worlds"] if "data_seed" in world] == [3]
    cells = [read_json(p)["cell"] for p in runs.glob("my-shifted-100/cells/*/result.json")]
    assert {c["data_seed"] for c in cells} == {3, 100, 101, 102, 103, 104}
    again = command.geosae("run", "runs/my-shifted-100/plan.toml", *MORE, cwd=runs.parent)
    assert again.returncode == 0, again.stderr
    assert "10 cells, 10 already finished" in again.stderr
    assert "18 jobs of studies, 18 already done" in again.stderr
    assert sorted(p.name for p in runs.iterdir()) == ["my", "my-shifted-100"]


def test_two_runs_on_different_seeds_are_compared(runs: Path, monkeypatch, capsys):
    status, out, err = command.call(
        monkeypatch, capsys, "replicate", "runs/my", "runs/my-shifted-100", "--json", "found.json"
    )
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert [line.split()[0] for line in out.splitlines()[3:6]] == ["grid", "feasibility", "hedging"]
    # The world with a data_seed is one set of points: its feasibility is the same job in both runs.
    assert "jobs that both runs have, seed included (not compared): feasibility 1" in out
    assert "results differ" not in out
    assert "no difference beyond chance" in out
    found = read_json(Path("found.json"))
    assert found["holds"]
    assert found["decisive"]
    assert {p["part"] for p in found["pairs"]} >= {"grid", "hedging"}
    assert sum(found["counts"].values()) == len(found["answers"]) > 0
    assert {(p["first"]["n"], p["second"]["n"]) for p in found["pairs"] if p["part"] == "hedging"} == {(6, 6)}


def test_a_run_that_differs_is_noticed(runs: Path, monkeypatch, capsys):
    """The negative control: the same files, with every reconstruction made worse."""
    for path in runs.glob("my-shifted-100/cells/*/result.json"):
        result = read_plain_record(path)
        result["measures"]["metrics"]["fvu"] += 10
        write_record(path, result)
    status, out, err = command.call(
        monkeypatch, capsys, "replicate", "runs/my", "runs/my-shifted-100", "--worst", 2
    )
    assert status == 1
    assert "the most different of" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "- grid, metrics.fvu, nested-balls topk width=4 1 trained: p " in " ".join(out.split())
    assert "grid, metrics.fvu, nested-balls topk width=4 1 trained: differs beyond chance" in err
    assert "no difference" not in out


def test_runs_that_cannot_be_compared_are_refused(runs: Path, monkeypatch, capsys):
    def refused(*names: str) -> str:
        status, _, err = command.call(monkeypatch, capsys, "replicate", *(f"runs/{n}" for n in names))
        assert status == 2
        return err

    assert "both runs have the seeds 0, 1, 2, 3, 4, 5" in refused("my", "my")
    assert "not the folder of a run" in refused("my", "none")
    plan = runs / "my-shifted-100/plan.toml"
    text = plan.read_text()
    plan.write_text(text.replace("instances = 2", "instances = 3"))
    assert "the plan, checks, instances is 2 in the first and 3" in refused("my", "my-shifted-100")
    plan.write_text(text)
    next(p for p in runs.glob("my-shifted-100/studies/hedging/*.json") if "timing" not in p.name).unlink()
    assert "17 of 18 jobs" in refused("my", "my-shifted-100")


def test_a_shift_that_keeps_seeds_is_refused(runs: Path, monkeypatch, capsys):
    status, _, err = command.call(monkeypatch, capsys, "run", "runs/my/plan.toml", "--shift-seeds", 5)
    assert (status, "still has the seeds 5" in err) == (2, True)
