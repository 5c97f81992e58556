import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
import torch

from geosae.storage.files import read_json

sys.path.insert(0, str(Path(__file__).parent))
import command

RUN = ("run", "my.toml", "--out", "r", "--no-figures", "--workers", 2)
CELLS = 8


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was not interrupted."""
    home = tmp_path_factory.mktemp("home")
    (home / "my.toml").write_text(command.PLAN)
    shown = command.geosae(*RUN, cwd=home)
    assert shown.returncode == 0, shown.stderr
    assert f"{CELLS} cells; 1 theorem checks" in shown.stderr
    assert "1 of 1 theorem checks hold" in shown.stdout
    assert "nested-balls: Top-K, K = 1, 8 neurons" in shown.stdout
    assert "Single neurons of trained SAEs separate" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "\x1b" not in shown.stdout + shown.stderr
    return home


def files(folder: Path) -> dict[str, bytes]:
    """All files of a run but those that depend on the clock."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    kept = (p for p in found if p.name != "run.json" and not p.name.endswith("timing.json"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in kept}


def finished(home: Path) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in (home / "r").glob("cells/*/result.json")}


# The campaign of faults sends each of them at a hundred moments; here one stands for it.
SLOW = [pytest.param(how, marks=pytest.mark.slow) for how in (signal.SIGINT, signal.SIGTERM)]


@pytest.mark.parametrize("how", [signal.SIGKILL, *SLOW])
def test_a_stopped_run_keeps_what_is_finished_and_goes_on(done: Path, tmp_path: Path, how: signal.Signals):
    (tmp_path / "my.toml").write_text(command.PLAN)
    run = command.start(*RUN, cwd=tmp_path)
    end = time.monotonic() + 120
    while not finished(tmp_path):
        assert time.monotonic() < end
        assert run.poll() is None
        time.sleep(0.01)
    # Ctrl-C strikes the whole group, the others the command alone.
    os.killpg(run.pid, how) if how == signal.SIGINT else os.kill(run.pid, how)
    _, err = run.communicate(timeout=60)
    kept = finished(tmp_path)
    assert 0 < len(kept) < CELLS
    if how != signal.SIGKILL:
        assert run.returncode == 128 + how
        assert "Traceback" not in err
        assert "the same command goes on" in err
        assert read_json(tmp_path / "r/run.json")["status"] == "interrupted"
        return
    again = command.geosae(*RUN, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert f"{CELLS} cells, {len(kept)} already finished" in again.stderr
    after = finished(tmp_path)
    assert len(after) == CELLS
    assert {path: after[path] for path in kept} == kept
    assert files(tmp_path / "r") == files(done / "r")


@pytest.fixture
def copy(done: Path, tmp_path: Path) -> Path:
    """A finished run to be changed."""
    return Path(shutil.copytree(done, tmp_path / "copy"))


def test_more_seeds_add_cells_and_compute_no_other_again(copy: Path):
    before = finished(copy)
    (copy / "more.toml").write_text(command.PLAN.replace("seeds = 2", "seeds = 3"))
    more = command.geosae("run", "more.toml", *RUN[2:], cwd=copy)
    assert f"12 cells, {CELLS} already finished" in more.stderr
    assert {path: finished(copy)[path] for path in before} == before
    assert {row["seeds"] for row in read_json(copy / "r/summary.json")["rows"]} == {3}


def test_a_bad_key_is_refused_with_the_nearest(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(command.PLAN.replace("sparsity", "sparsty"))
    status, _, err = command.call(monkeypatch, capsys, *RUN)
    assert status == 2
    assert "'sparsty'; the nearest valid one is 'sparsity'" in err
    assert not Path("r").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU that is not there")
def test_the_device_of_the_command_goes_before_that_of_the_plan(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(command.PLAN)
    status, _, err = command.call(monkeypatch, capsys, *RUN, "--device", "cuda")
    assert (status, "use device='auto' or 'cpu'" in err) == (2, True)
    status, _, err = command.call(monkeypatch, capsys, *RUN, "--device", "cudda")
    assert (status, "--device has an unknown device 'cudda'; the nearest valid one is 'cuda'" in err) == (
        2,
        True,
    )
    assert not Path("r").exists()


def test_figures_and_report_are_drawn_from_what_is_stored(copy: Path, monkeypatch, capsys):
    monkeypatch.chdir(copy)
    stored = {p: p.stat().st_mtime_ns for p in Path("r/cells").rglob("*")}
    status, out, _ = command.call(
        monkeypatch, capsys, "figures", "r", "--format", "png", "--only", "training"
    )
    assert status == 0
    assert len(out.splitlines()) >= 1
    assert all(Path(line).stat().st_size > 1000 for line in out.splitlines() if line.endswith(".png"))
    status, _, err = command.call(monkeypatch, capsys, "figures", "r", "--only", "trainning")
    assert (status, "'training'" in err) == (2, True)
    status, out, _ = command.call(monkeypatch, capsys, "report", "r")
    assert (status, out.strip()) == (0, "r/report.html")
    assert "<html" in Path("r/report.html").read_text()
    assert {p: p.stat().st_mtime_ns for p in Path("r/cells").rglob("*")} == stored


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["quickstart", "digits"])
def test_presets_run_to_the_report(preset: str, tmp_path: Path):
    shown = command.geosae("run", preset, "--out", "r", cwd=tmp_path)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert read_json(tmp_path / "r/run.json")["status"] == "finished"
    assert (tmp_path / "r/report.html").stat().st_size > 10_000
