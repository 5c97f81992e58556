"""`geosae train`: every gate, sparsity under its names, a stop and the same command again, sweeps."""

import csv
import json
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from sae.dying import dying_member

from geosae.cli import train as command_module
from geosae.experiments import GATES, mean_interval
from geosae.experiments.plan import SAESetting
from geosae.experiments.sweep import SweepRow
from geosae.sae.checkpoint import load
from geosae.sae.training import grid
from geosae.storage.files import read_json

sys.path.insert(0, str(Path(__file__).parent))
from command import call

POINTS = np.random.default_rng(0).normal(size=(120, 3))
SWEEP = """
widths = [4, 8]
seeds = 2
[train]
steps = 10
[[gates]]
name = "topk"
sparsity = [1]
[[gates]]
name = "spade"
sparsity = [2.0]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", POINTS)
    return tmp_path


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_is_trained_by_its_name(home: Path, monkeypatch, capsys, gate: str):
    sparsity = 2 if GATES[gate].whole else 0.5
    arguments = ("train", "x.npy", "-o", "s", "--gate", gate, "--width", 6, "--sparsity", sparsity)
    status, out, _ = call(monkeypatch, capsys, *arguments, "--set", "steps=3")
    assert (status, f"s: 6 neurons of {gate} in dimension 3. On average" in out) == (0, True)
    assert max(map(len, out.splitlines())) <= 80
    found = load(home / "s").config.gate
    assert getattr(getattr(found, "inner", found), GATES[gate].sparsity_parameter) == sparsity


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--gate", "mp", "--l1", 0.1), "--l1 is not a setting of mp"),
        (("--gate", "jumprelu", "--l1", 0.1), "--l1 is not a setting of jumprelu"),
        (("--gate", "spade", "--k", 2), "for spade it is its scale"),
        (("--gate", "topk", "--k", 2, "--sparsity", 2), "given twice"),
        (("--gate", "topk", "--sparsity", 1.5), "keeps a number of neurons, not 1.5"),
        (("--gate", "batchtopk", "--sparsity", 9, "--width", 8), "keeps k = 9"),
        (("--gate", "jumprel"), "nearest valid one is 'jumprelu'"),
        (("--device", "gpu"), "unknown device 'gpu'; the nearest valid one is 'cpu'"),
        (("--sweep", "no.toml"), "no file no.toml"),
        (("--sweep", "no.toml", "--gate", "mp"), "--gate beside --sweep"),
        (("--sweep", "no.toml", "--seed", 0), "--seed beside --sweep"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(home: Path, monkeypatch, capsys, arguments, message: str):
    status, _, err = call(monkeypatch, capsys, "train", "x.npy", "-o", "s", *arguments)
    assert (status, message in err, "Traceback" in err) == (2, True, False)


def test_a_stopped_run_goes_on_with_the_same_command_to_the_same_bytes(home: Path, monkeypatch, capsys):
    same = ("train", "x.npy", "--width", 8, "--set", "steps=40", "--set", "log_every=10")
    assert call(monkeypatch, capsys, *same, "-o", "whole")[0] == 0

    @contextmanager
    def stopping(label: str):
        def progress(done: int, total: int) -> None:
            if done == 30:
                raise KeyboardInterrupt

        yield progress

    with monkeypatch.context() as patched:
        patched.setattr(command_module, "bar", stopping)
        status, _, err = call(patched, capsys, *same, "-o", "part")
    assert (status, "the same command goes on in part" in err) == (130, True)
    kept = sorted(p.name for p in (home / "part").iterdir())
    assert kept == [".lock", "state.safetensors"]
    other = (*same[:-1], "log_every=20")
    status, _, err = call(monkeypatch, capsys, *other, "-o", "part")
    assert (status, "holds another run" in err) == (2, True)
    status, _, err = call(monkeypatch, capsys, *same, "-o", "part")
    assert (status, "30/40" in err, "10/40" in err) == (0, True, False)
    for name in ("sae.safetensors", "log.jsonl", "card.json"):
        assert (home / "part" / name).read_bytes() == (home / "whole" / name).read_bytes()
    assert not (home / "part/state.safetensors").exists()


def test_recovery_is_logged_where_directions_are_known(home: Path, monkeypatch, capsys):
    made = ("worlds", "make", "superposition", "--points", 400, "--dim", 4, "--set", "features=6")
    assert call(monkeypatch, capsys, *made, "-o", "w.npz")[0] == 0
    status, out, _ = call(
        monkeypatch, capsys, "train", "w.npz", "-o", "s", "--width", 8, "--k", 1, "--set", "steps=150"
    )
    words = " ".join(out.split())
    assert (status, "true directions with MCC 0." in words) == (0, True)
    log = [json.loads(line) for line in (home / "s/log.jsonl").read_text().splitlines()]
    assert all(0 <= line["mcc"] <= 1 for line in log)
    assert log[-1]["mcc"] > log[0]["mcc"]
    assert f"MCC {log[-1]['mcc']:.3f}." in words


def test_a_sweep_trains_all_of_them_once_and_says_how_they_did(home: Path, monkeypatch, capsys):
    Path("grid.toml").write_text(SWEEP)
    status, out, _ = call(monkeypatch, capsys, "train", "x.npy", "-o", "grid", "--sweep", "grid.toml")
    assert (status, "8 SAEs in grid" in out) == (0, True)
    assert max(map(len, out.splitlines())) <= 80
    assert "Of 4 settings" in out
    assert "–: not known" in " ".join(out.split())
    cells = read_json(home / "grid/cells.json")
    assert len({cell["folder"] for cell in cells}) == len(cells) == 8
    for cell in cells:
        run = load(home / "grid" / cell["folder"])
        assert (run.config.width, run.seed) == (cell["width"], cell["seed"])
        assert run.metrics["fvu"] == cell["fvu"]
    table = list(csv.DictReader((home / "grid/summary.csv").read_text().splitlines()))
    assert [(row["gate"], row["width"]) for row in table] == [
        ("topk", "4"), ("topk", "8"), ("spade", "4"), ("spade", "8"),
    ]  # fmt: skip
    mean = np.mean([cell["fvu"] for cell in cells if (cell["gate"], cell["width"]) == ("topk", 8)])
    assert float(table[1]["fvu"]) == pytest.approx(mean)
    assert [row["fvu"]["mean"] for row in read_json(home / "grid/summary.json")] == [
        float(row["fvu"]) for row in table
    ]
    assert {cell["device"] for cell in cells} == {"cpu"}
    times = {p: p.stat().st_mtime_ns for p in (home / "grid").glob("*/card.json")}
    status, again, _ = call(monkeypatch, capsys, "train", "x.npy", "-o", "grid", "--sweep", "grid.toml")
    assert (status, again) == (0, out)
    assert {p: p.stat().st_mtime_ns for p in (home / "grid").glob("*/card.json")} == times


@pytest.mark.skipif(torch.cuda.is_available(), reason="shown by the refusal of a GPU that is not there")
def test_a_sweep_is_trained_where_its_file_says_unless_the_command_does(home: Path, monkeypatch, capsys):
    Path("grid.toml").write_text('device = "cuda"' + SWEEP)
    same = ("train", "x.npy", "-o", "grid", "--sweep", "grid.toml")
    status, _, err = call(monkeypatch, capsys, *same)
    assert (status, "torch sees none" in err) == (2, True)
    assert call(monkeypatch, capsys, *same, "--device", "cpu")[0] == 0


def test_the_widest_row_of_a_sweep_fits_into_eighty_columns(capsys):
    """Eleven gates, every measure known, three digits before the point of L0 and of FVU."""
    rows = [
        SweepRow(
            SAESetting(gate, 0.03, 16384), 3,
            mean_interval([1.25, 1.5, 1.75]), mean_interval([120, 130, 140]),
            mean_interval([0.25, 0.5, 0.5], (0.0, 1.0)), mean_interval([0.5, 0.5, 0.75], (0.0, 1.0)),
        )
        for gate in GATES
    ]  # fmt: skip
    command_module._show(rows)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    (matryoshka,) = (line.split() for line in lines if line.startswith("matryoshka"))
    assert matryoshka == [
        "matryoshka", "0.03", "16384", "1.500", "±0.621", "130.0", "±24.8", "0.42", "±0.36", "0.58", "±0.36"
    ]  # fmt: skip


def test_a_finished_sae_is_not_overwritten(home: Path, monkeypatch, capsys):
    same = ("train", "x.npy", "-o", "s", "--width", 6, "--set", "steps=3")
    assert call(monkeypatch, capsys, *same)[0] == 0
    before = {path: path.read_bytes() for path in (home / "s").iterdir()}
    for more in (("--seed", 1), ("--set", "lr=0.5")):
        status, _, err = call(monkeypatch, capsys, *same, *more)
        assert (status, "s holds a finished SAE, which is not overwritten" in err) == (2, True)
    np.save("y.npy", POINTS + 1)
    status, _, err = call(monkeypatch, capsys, "train", "y.npy", *same[2:])
    assert (status, "which is not overwritten" in err) == (2, True)
    assert {path: path.read_bytes() for path in (home / "s").iterdir()} == before


def test_a_training_that_is_done_is_done_again_without_work(home: Path, monkeypatch, capsys):
    """As a kill between the result and the end leaves it: with the state of the last log line."""
    same = ("train", "x.npy", "-o", "s", "--width", 6, "--set", "steps=3")
    status, first, _ = call(monkeypatch, capsys, *same)
    assert status == 0
    before = {path: path.stat().st_mtime_ns for path in (home / "s").iterdir()}
    (home / "s/state.safetensors").write_text("left over")
    status, again, err = call(monkeypatch, capsys, *same)
    assert (status, again, "s holds this SAE already" in err, "3/3" in err) == (0, first, True, False)
    assert {path: path.stat().st_mtime_ns for path in (home / "s").iterdir()} == before


@pytest.mark.parametrize("more", [(), ("--sweep", "grid.toml")])
def test_an_output_that_is_a_file_is_refused_before_any_work(home: Path, monkeypatch, capsys, more):
    Path("grid.toml").write_text(SWEEP)
    status, _, err = call(monkeypatch, capsys, "train", "x.npy", "-o", "x.npy", *more)
    assert (status, "x.npy cannot be written: File exists" in err, "Traceback" in err) == (2, True, False)
    assert "train" not in err.split("geosae:")[0]


def test_a_training_that_diverges_ends_in_its_reason_and_loses_no_other(home: Path, monkeypatch, capsys):
    settings = ("--set", "steps=50", "--set", "lr=1e30", "--set", "log_every=1")
    status, _, err = call(monkeypatch, capsys, "train", "x.npy", "-o", "s", "--gate", "relu", *settings)
    assert (status, "the loss stopped being finite" in err, "Traceback" in err) == (2, True, False)


def test_a_worker_of_a_sweep_that_dies_is_named_and_tried_again(home: Path, monkeypatch, capsys):
    Path("grid.toml").write_text(SWEEP.replace('"spade"\nsparsity = [2.0]', '"relu"\nsparsity = [0.1]'))
    same = ("train", "x.npy", "-o", "grid", "--sweep", "grid.toml", "--workers", 2)
    with monkeypatch.context() as patched:
        patched.setattr(grid, "train_member", dying_member)
        status, _, err = call(patched, capsys, *same)
    assert (status, "width 4, seed 1) failed: its worker process died" in err) == (1, True)
    assert ("Traceback" in err, len(list((home / "grid").glob("*/card.json")))) == (False, 4)
    assert call(monkeypatch, capsys, *same)[0] == 0
    assert len(list((home / "grid").glob("*/card.json"))) == 8


def test_what_must_be_known_of_the_numbers_is_said(home: Path, monkeypatch, capsys):
    far = POINTS.copy()
    far[0] *= 1000
    np.save("far.npy", far)
    status, out, errors = call(
        monkeypatch, capsys, "train", "far.npy", "-o", "far", "--width", 6, "--set", "steps=3"
    )
    assert status == 0
    note = errors[errors.index("note: ") :]
    assert " ".join(note.split()) == f"note: {load(home / 'far').warnings[0]}"
    assert "carry 99.1% of the variance" in " ".join(note.split())
    assert max(map(len, [*note.splitlines(), *out.splitlines()])) <= 80
    jump = ("--gate", "jumprelu", "--width", 6, "--set", "steps=3")
    assert "not of the price λ" in " ".join(
        call(monkeypatch, capsys, "train", "x.npy", "-o", "j", *jump)[2].split()
    )
    assert "note: " not in call(monkeypatch, capsys, "train", "x.npy", "-o", "plain", "--set", "steps=3")[2]
    Path("grid.toml").write_text(SWEEP)
    sweep = ("--sweep", "grid.toml")
    errors = call(monkeypatch, capsys, "train", "far.npy", "-o", "grid", *sweep)[2]
    assert "note, of 8 of 8 SAEs; of the first: 1% of the points" in " ".join(errors.split())
    assert "note, of" not in call(monkeypatch, capsys, "train", "x.npy", "-o", "grid2", *sweep)[2]
