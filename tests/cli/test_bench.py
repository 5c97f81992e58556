"""`geosae bench`: from the list over files and a score to the table; wrong words are refused."""

from pathlib import Path

import numpy as np
import pytest
from benchmark_folders import folder_of
from typer.testing import CliRunner

from geosae.benchmark import read_cards
from geosae.cli.app import app


def invoke(*arguments: str | Path):
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


def plain_sae(folder: Path, dim: int, width: int = 8) -> Path:
    folder.mkdir()
    atoms = np.random.default_rng(0).standard_normal((width, dim))
    arrays = {"W_enc": atoms, "b_enc": np.zeros(width), "W_dec": atoms, "b_dec": np.zeros(dim)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def test_the_list_names_every_setting() -> None:
    done = invoke("list", "--size", "m")
    assert done.exit_code == 0
    assert "superposition-2" in done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())


def test_make_says_what_is_possible_and_whether_the_bytes_are_released(tmp_path: Path) -> None:
    done = invoke("make", "ring", "-o", tmp_path / "ring")
    assert done.exit_code == 0, done.output
    assert "the bytes of the release" in done.output
    assert (tmp_path / "ring" / "points-train.npy").is_file()


def test_plain_arrays_are_scored_and_put_into_a_table(tmp_path: Path) -> None:
    sae = plain_sae(tmp_path / "mine", 2)
    by_folder = invoke("score", sae, folder_of("ring"), "-o", tmp_path / "one", "--k", "2", "--name", "mine")
    assert by_folder.exit_code == 0, by_folder.output
    by_name = invoke("score", sae, "ring", "-o", tmp_path / "two", "--k", "2", "--name", "mine")
    assert by_name.exit_code == 0, by_name.output
    one, two = read_cards([tmp_path / "one", tmp_path / "two"])
    assert repr(one) == repr(two)
    page, csv, latex = (tmp_path / f"table.{suffix}" for suffix in ("html", "csv", "tex"))
    done = invoke("table", tmp_path / "one", tmp_path / "two", "--html", page, "--csv", csv, "--latex", latex)
    assert done.exit_code == 0, done.output
    assert "ring-1-s" in done.output
    assert all(path.stat().st_size > 500 for path in (page, csv, latex))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("make", "bals", "-o", "x"), "balls"),
        (("make", "balls", "-o", "x", "--size", "xl"), "--size"),
        (("score", "nowhere", "balls", "-o", "x"), "nowhere"),
    ],
)
def test_wrong_words_are_refused(arguments: tuple, message: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke(*arguments)
    assert done.exit_code != 0
    assert message in str(done.exception)
    assert list(tmp_path.iterdir()) == []
