import json

import numpy as np
import pytest
from typer.testing import CliRunner

from geosae.cli.app import app
from geosae.errors import InvalidInput
from geosae.fca import ConceptLattice, concept_lattice
from geosae.fca.context import FormalContext

RUNNER = CliRunner()
ANIMALS = FormalContext.from_array(
    [[True, True, False], [True, False, True], [False, False, True]],
    ["frog", "fish", "bird"],
    ["swims", "jumps", "eats"],
)


@pytest.mark.parametrize("suffix", [".cxt", ".csv", ".json", ".fimi"])
def test_any_context_file_gives_its_lattice_its_family_and_its_rules(tmp_path, suffix):
    path = tmp_path / f"animals{suffix}"
    ANIMALS.write(path)
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(tmp_path / "out"), "--theta", "1"])
    assert done.exit_code == 0, done.output
    assert "6 concepts, 7 covers" in done.output
    stored = json.loads((tmp_path / "out" / "lattice.json").read_text())
    assert len(ConceptLattice.from_dict(stored)) == len(concept_lattice(ANIMALS))
    assert json.loads((tmp_path / "out" / "stable.json").read_text())["theta"] == 1
    rules = (tmp_path / "out" / "implications.txt").read_text()
    assert rules.startswith("whenever")
    assert (tmp_path / "out" / "context.json").exists()


def test_a_lattice_too_large_is_refused_with_the_reason_and_the_family_is_there(tmp_path):
    path = tmp_path / "wide.cxt"
    FormalContext.from_array(~np.eye(12, dtype=bool)).write(path)
    out = tmp_path / "out"
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(out), "--cap", "100", "--theta", "9"])
    assert done.exit_code == 0, done.output
    assert "at least 101 concepts, not built (the cap)" in done.output
    assert not (out / "lattice.json").exists()
    assert (out / "stable.json").exists()


def test_a_small_lattice_is_drawn(tmp_path):
    path = tmp_path / "animals.cxt"
    ANIMALS.write(path)
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(tmp_path / "out"), "--draw"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "lattice.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "out" / "lattice.png").read_bytes().startswith(b"\x89PNG")


def test_a_truncated_file_is_refused_by_line_and_a_bad_theta_by_name(tmp_path):
    path = tmp_path / "animals.cxt"
    ANIMALS.write(path)
    whole = path.read_text().splitlines()
    path.write_text("\n".join(whole[:-1]) + "\n")
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(tmp_path / "out")])
    assert isinstance(done.exception, InvalidInput)
    assert f"line {len(whole)}" in str(done.exception)
    path.write_text("\n".join(whole) + "\n")
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(tmp_path / "out"), "--theta", "some"])
    assert isinstance(done.exception, InvalidInput)
    assert "--theta" in str(done.exception)


def test_a_table_of_membership_is_told_apart_from_a_context(tmp_path):
    path = tmp_path / "membership.csv"
    path.write_text("left,right\n1,0\n0,1\n")
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(tmp_path / "out")])
    assert isinstance(done.exception, InvalidInput)
    assert "a table of membership" in str(done.exception)
    assert not (tmp_path / "out").exists()
    # As the remedy says.
    path.write_text(",left,right\nfirst,1,0\nsecond,0,1\n")
    done = RUNNER.invoke(app, ["lattice", str(path), "-o", str(tmp_path / "out"), "--theta", "1"])
    assert done.exit_code == 0, done.output
    assert "2 objects × 2 attributes" in done.output


def test_the_truth_is_compared_with_and_a_drawing_may_be_additive(tmp_path):
    path, true = tmp_path / "animals.cxt", tmp_path / "true.csv"
    ANIMALS.write(path)
    FormalContext(ANIMALS.objects, ANIMALS.attributes[:2], ANIMALS.incidence[:, :2]).write(true)
    out = tmp_path / "out"
    asked = ["lattice", str(path), "-o", str(out), "--truth", str(true), "--draw", "--style", "additive"]
    done = RUNNER.invoke(app, [*asked, "--grounded", "--theta", "1"])
    assert done.exit_code == 0, done.output
    for word in ("exact_recall", "permuted", "swapped"):
        assert word in done.output
    stored = json.loads((out / "comparison.json").read_text())
    assert stored["exact_recall"] == 1.0
    assert stored["floor"]["exact_recall"] <= 1.0
    layered = tmp_path / "layered"
    RUNNER.invoke(app, ["lattice", str(path), "-o", str(layered), "--draw"])
    assert (out / "lattice.png").read_bytes() != (layered / "lattice.png").read_bytes()
    # A truth about other objects is refused.
    other = tmp_path / "other.csv"
    FormalContext.from_array([[True]]).write(other)
    done = RUNNER.invoke(app, [*asked[:4], "--truth", str(other)])
    assert isinstance(done.exception, InvalidInput)


def test_no_line_is_wider_than_eighty_columns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    FormalContext.from_array(rng.random((40, 6)) < 0.5).write(tmp_path / "random.cxt")
    for more in (["--theta", "auto", "--grounded", "--truth", "random.cxt"], ["--theta", "1", "--cap", "10"]):
        ended = RUNNER.invoke(app, ["lattice", "random.cxt", "-o", "out", *more])
        lines = ended.output.splitlines()
        assert len(lines) > 3
        assert max(map(len, lines)) <= 80, max(lines, key=len)
