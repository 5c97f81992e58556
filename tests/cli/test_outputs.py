"""Where a command cannot write: a file in the way, a full disk, another process. One line, at once."""

import errno
import importlib
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from cli.dying import dying_family

from geosae.cli import analyse as analyse_module
from geosae.experiments.store import Store
from geosae.figures.draw import FAMILIES
from geosae.storage.folders import output_folder

sys.path.insert(0, str(Path(__file__).parent))
import command
from command import call

SWEEP = 'widths = [4]\nseeds = 1\n[train]\nsteps = 5\n[[gates]]\nname = "topk"\nsparsity = [1]\n'
PLAN = """
widths = [4]
seeds = 1
baselines = []
train = {steps = 5}
analysis = {ambient_samples = 200}
checks = {claims = ["S5"], instances = 2}
[[worlds]]
name = "nested-balls"
points = 300
dim = 2
[[gates]]
name = "topk"
sparsity = [1]
"""
FOLDERS = {
    "run": ("run", "my.toml", "--no-figures", "-o"),
    "train": ("train", "x.npy", "--width", 6, "--set", "steps=3", "-o"),
    "sweep": ("train", "x.npy", "--sweep", "sweep.toml", "-o"),
    "analyse": ("analyse", "sae", "x.npy", "--membership", "m.csv", "-o"),
    "lattice": ("lattice", "context.csv", "-o"),
    "convert": ("convert", "sae", "--to", "saelens"),
}
FILES = {
    "make": ("worlds", "make", "nested-balls", "--points", 300, "-o", "out.npz"),
    "card": ("worlds", "card", "w.npz", "-o", "out.html"),
    "gallery": ("worlds", "gallery", "-o", "out.html"),
    "verify": ("verify", "S5", "--instances", 3, "--json", "out.json"),
    "replicate": ("replicate", "r", "r", "--json", "out.json"),
}
DRAWN = {"figures": ("figures", "r", "--format", "png", "--only", "training"), "report": ("report", "r")}
ALL = {**{name: (*words, "out") for name, words in FOLDERS.items()}, **FILES, **DRAWN}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("inputs")
    points = np.random.default_rng(0).normal(size=(120, 2))
    np.save(home / "x.npy", points)
    (home / "m.csv").write_text("right,up\n" + "".join(f"{x > 0:d},{y > 0:d}\n" for x, y in points.tolist()))
    (home / "context.csv").write_text(",right,up\na,X,\nb,X,X\n")
    (home / "my.toml").write_text(PLAN)
    (home / "sweep.toml").write_text(SWEEP)
    for arguments in (
        ("worlds", "make", "nested-balls", "--points", 300, "-o", "w.npz"),
        (*FOLDERS["train"], "sae"),
        (*FOLDERS["run"], "r"),
    ):
        shown = command.geosae(*arguments, cwd=home)
        assert shown.returncode == 0, shown.stderr
    return home


@pytest.fixture
def home(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = Path(shutil.copytree(inputs, tmp_path / "home"))
    monkeypatch.chdir(home)
    return home


def refused_at_once(monkeypatch, capsys, arguments, *words: str) -> None:
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, "Traceback" in err) == (2, False), err
    assert any(word in err for word in words), err
    # Nothing was begun: no bar, no table, no line of a result.
    assert (out, err.split("geosae: ")[0]) == ("", "")


@pytest.mark.parametrize("name", [*FOLDERS, *FILES])
def test_a_file_in_the_way_is_refused_at_once(home: Path, monkeypatch, capsys, name: str):
    arguments = ALL[name]
    (home / "file").write_text("thesis")
    target = Path(str(arguments[-1]))
    in_the_way = f"file/{target.name}"
    refused_at_once(monkeypatch, capsys, (*arguments[:-1], in_the_way), "cannot be written", "is a file")
    assert (home / "file").read_text() == "thesis"


@pytest.mark.parametrize("name", ALL)
def test_a_full_disk_is_one_line_at_once(home: Path, monkeypatch, capsys, name: str):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = sorted(home.rglob("*"))
    monkeypatch.setattr(os, "fsync", full)
    refused_at_once(monkeypatch, capsys, ALL[name], "cannot be written: No space left on device")
    new = {path for path in home.rglob("*") if path.is_file()} - set(before)
    assert {path.name for path in new} <= {".lock", ".drawing.lock"}


@pytest.mark.parametrize("name", ["run", "train", "sweep", "analyse", "lattice"])
def test_a_folder_that_another_process_writes_into_is_refused_at_once(
    home: Path, monkeypatch, capsys, name: str
):
    with output_folder(home / "out"):
        refused_at_once(monkeypatch, capsys, ALL[name], "another process is writing into out")


def test_what_is_analysed_is_kept_when_the_disk_fills(home: Path, monkeypatch, capsys):
    write = analyse_module._write

    def fill(alignment, out, suffix, edges) -> None:
        if suffix == "-0.2":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out))
        write(alignment, out, suffix, edges)

    monkeypatch.setattr(analyse_module, "_write", fill)
    status, _, err = call(monkeypatch, capsys, *ALL["analyse"], "--tolerance", 0.1, "--tolerance", 0.2)
    assert (status, "geosae: out: No space left on device" in err) == (2, True)
    assert (home / "out/alignment-0.1.npz").is_file()


def test_figures_whose_worker_dies_are_a_failure_that_counts(home: Path, monkeypatch, capsys):
    from geosae.cli import run as run_module

    families = {name: FAMILIES[name] for name in ("training", "size-sparsity")}
    # By its name: the package shows the function that is called like its module.
    draw_module = importlib.import_module("geosae.figures.draw")
    monkeypatch.setattr(draw_module, "FAMILIES", families)
    monkeypatch.setattr(run_module, "draw_family", dying_family)
    status, out, err = call(monkeypatch, capsys, "run", "my.toml", "-o", "r", "--workers", 1)
    assert (status, "Traceback" in err) == (1, False)
    assert "the figures 'training' could not be drawn: its worker process died" in err
    assert "report: r/report.html" in out
    assert list((home / "r/figures").glob("size-sparsity-*.png"))
    monkeypatch.undo()
    monkeypatch.chdir(home)
    monkeypatch.setattr(draw_module, "FAMILIES", families)
    assert call(monkeypatch, capsys, "run", "my.toml", "-o", "r", "--workers", 1)[0] == 0


def test_figures_and_report_wait_for_each_other_and_leave_nothing(home: Path, monkeypatch, capsys):
    (home / "r/tables").mkdir()
    (home / "r/tables/.answers.csv.999999999-x~").touch()
    assert call(monkeypatch, capsys, *DRAWN["report"])[0] == 0
    assert list((home / "r").rglob("*~")) == []
    with Store(home / "r").lock():
        # A run that goes on does not keep what is there from being looked at.
        assert call(monkeypatch, capsys, *DRAWN["report"])[0] == 0
