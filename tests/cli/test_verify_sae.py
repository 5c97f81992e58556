"""`geosae verify --sae SAE DATA`: the figures of any SAE on points, beside their floors; what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli.command import call
from sae.interop.test_reading import DIM, OPENAI_TOP, save

import geosae
from geosae.analysis import atom_gains, refit
from geosae.cli.verify_sae import penalty_of
from geosae.geometry import frame_of
from geosae.sae import MatchingPursuit, ReLU, TopK, TrainConfig, neurons_of
from geosae.sae.interop import read

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


def points(count: int = 400, dim: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(count, dim)) * np.arange(dim, 0, -1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", points())
    for name, gate in (("relu", ReLU(0.05)), ("topk", TopK(2)), ("mp", MatchingPursuit(2))):
        geosae.save(geosae.train(points(), TrainConfig(gate, 8, steps=200), 0), tmp_path / name)
    return tmp_path


def row(out: str, start: str) -> list[str]:
    (line,) = [line for line in out.splitlines() if line.startswith(start)]
    return line[len(start) :].split()


def test_the_figures_are_those_of_the_library_beside_their_floors(shell: Shell, folder: Path) -> None:
    code, out, err = shell("verify", "--sae", folder / "relu", folder / "x.npy", "--json", folder / "o.json")
    assert code == 0
    assert "trained on these very points" in err
    assert [line for line in out.splitlines() if len(line) > 80] == []
    neurons, x = neurons_of(geosae.load(folder / "relu").sae), points()  # pyright: ignore[reportAttributeAccessIssue]
    codes = neurons.codes(x, values=True)
    l1 = 0.05 * float(np.sqrt(np.square(x - x.mean(axis=0)).sum(axis=1).mean()))
    assert penalty_of(folder / "relu", x) == pytest.approx(l1)
    gains = atom_gains(codes, x, neurons.decoder, neurons.b_dec, l1=l1)
    records = json.loads((folder / "o.json").read_text())
    assert [record["decoder"] for record in records] == ["this SAE", "untrained", "random atoms"]
    sae, untrained, chance = (record["gains"] for record in records)
    for form in ("free", "norm held", "penalised"):
        shares = gains.shares(form)
        assert sae["atoms"][form]["total"] == pytest.approx(shares.total)
        assert sae["atoms"][form]["greatest"] == pytest.approx(shares.greatest)
        assert sae["atoms"][form]["median"] == pytest.approx(shares.median)
    fit = refit(codes, x, neurons.decoder, neurons.b_dec)
    assert sae["decoder"] == pytest.approx(fit.share)
    # Training leaves less than the start does, and that less than random atoms; more points do not change it.
    for figure in ("decoder", "held_out"):
        assert sae[figure] < 0.6 * untrained[figure] < untrained[figure] < chance[figure]
    frame = frame_of(neurons.decoder.T)
    assert records[0]["tightness"] == pytest.approx(frame.tightness)
    assert records[0]["over_welch"] == pytest.approx(frame.over_welch)
    assert row(out, "whole decoder")[0] == f"{fit.share:.3g}"
    assert row(out, "κ over Welch's bound")[0] == f"{frame.over_welch:.3g}"
    assert row(out, "one atom, L1 by norm: sum")[0] == f"{gains.shares('penalised').total:.3g}"
    assert "The atoms have norm 1" in out


def test_without_a_penalty_by_norm_there_are_two_forms(shell: Shell, folder: Path) -> None:
    code, out, _ = shell("verify", "--sae", folder / "topk", folder / "x.npy", "--points", 100, "--seed", 3)
    assert code == 0
    assert "On 100 points" in " ".join(out.split())
    assert "L1 by norm" not in out
    assert penalty_of(folder / "topk", points()) is None


def test_codes_made_by_the_decoder_have_no_gains_but_a_frame(shell: Shell, folder: Path) -> None:
    code, out, err = shell("verify", "--sae", folder / "mp", folder / "x.npy", "--json", folder / "o.json")
    assert code == 0
    assert "cannot be fitted while they stay" in err
    assert "one atom: sum" not in out
    assert row(out, "frame tightness Σφ/n")
    assert [record["gains"] for record in json.loads((folder / "o.json").read_text())] == [None] * 3


def test_an_sae_of_another_library_has_its_points_normalised_and_no_untrained_one(
    shell: Shell, tmp_path: Path
) -> None:
    save(tmp_path, "0.pt", OPENAI_TOP)
    x = points(300, DIM)
    np.save(tmp_path / "x.npy", x)
    files = (tmp_path / "0.pt", tmp_path / "x.npy", "--json", tmp_path / "o.json")
    code, out, err = shell("verify", "--sae", *files)
    assert code == 0
    assert "points are normalised first" in err
    records = json.loads((tmp_path / "o.json").read_text())
    assert [record["decoder"] for record in records] == ["this SAE", "random atoms"]
    imported = read(tmp_path / "0.pt")
    neurons, prepared = imported.neurons, imported.prepare(x)
    gains = atom_gains(neurons.codes(prepared, values=True), prepared, neurons.decoder, neurons.b_dec)
    assert records[0]["gains"]["atoms"]["free"]["greatest"] == pytest.approx(gains.shares().greatest)
    assert "The atoms have norm 1" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("relu", "wide.npy"), "points of dimension 5, and the SAE in"),
        (("relu", "few.npy"), "has 3 points"),
        (("nowhere", "x.npy"), "nowhere"),
        (("relu", "nowhere.npy"), "nowhere.npy"),
        (("relu", "x.npy", "--audit"), "--audit and --sae ask for different things"),
        (("relu", "x.npy", "--run", "q"), "--run and --sae ask for different things"),
        (("relu", "x.npy", "O1"), "neither statements nor instances"),
        (("relu", "x.npy", "--instances", "5"), "neither statements nor instances"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: tuple[str, ...], message: str, shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    np.save("wide.npy", points(10, 5))
    np.save("few.npy", points(3))
    code, _, err = shell("verify", "--sae", *arguments)
    assert code == 2
    assert message in err


def test_points_are_for_an_sae(shell: Shell) -> None:
    code, _, err = shell("verify", "S5", "--points", 100)
    assert code == 2
    assert "--points is for --sae" in err
