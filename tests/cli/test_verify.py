"""`geosae verify --run` and `--audit`: what they show, and that they can fail."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from geosae.cli.app import app
from geosae.verification import Evidence, Mutation


def evidence(holds: bool, observed: float, bound: float) -> Evidence:
    return Evidence(
        f"{observed:g} of {bound:g}", float(observed), float(bound), float(bound - observed), holds, "exact"
    )


def run_with(monkeypatch: pytest.MonkeyPatch, *cells: dict[str, list[Evidence]]) -> None:
    stored = SimpleNamespace(cells=[SimpleNamespace(evidence=cell) for cell in cells])
    monkeypatch.setattr("geosae.experiments.load_results", lambda folder: stored)


def test_a_run_that_keeps_its_bounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run_with(monkeypatch, {"S5": [evidence(True, 2, 8)]}, {"S5": [evidence(True, 8, 8)], "S7": []})
    out = tmp_path / "found.json"
    done = CliRunner().invoke(app, ["verify", "--run", "q", "--json", str(out)])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(out.read_text())
    nearest = {"instance": "8 of 8", "observed": 8, "bound": 8, "slack": 0, "tightness": 1.0}
    counts = {"tried": 2, "vacuous": 0, "violated": 0}
    assert found == {"id": "S5", **counts, "nearest": nearest, "median": 1.0, "greatest": 1.0}


def test_vacuous_instances_are_counted_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = replace(evidence(True, 8, 8), vacuous=True)
    run_with(monkeypatch, {"S5": [evidence(True, 2, 8), empty], "D1": [empty]})
    out = tmp_path / "found.json"
    done = CliRunner().invoke(app, ["verify", "--run", "q", "--json", str(out)])
    assert done.exit_code == 0, done.output
    assert [len(line) <= 80 for line in done.output.splitlines()[:4]] == [True] * 4
    first, second = sorted(json.loads(out.read_text()), key=lambda record: record["id"])
    assert (first["tried"], first["vacuous"], first["nearest"], first["median"]) == (1, 1, None, None)
    assert (second["tried"], second["vacuous"], second["median"], second["greatest"]) == (2, 1, 0.25, 0.25)


def test_the_nearest_instance_of_a_lower_bound_is_the_least_ratio(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_with(monkeypatch, {"F5": [evidence(True, 8, 2), evidence(True, 3, 2), evidence(True, 5, 0)]})
    out = tmp_path / "found.json"
    assert CliRunner().invoke(app, ["verify", "--run", "q", "--json", str(out)]).exit_code == 0
    (found,) = json.loads(out.read_text())
    assert found["nearest"]["tightness"] == 1.5


def test_a_run_that_violates_a_bound_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    run_with(monkeypatch, {"S5": [evidence(True, 2, 8), evidence(False, 9, 8)]})
    done = CliRunner().invoke(app, ["verify", "S5", "--run", "q"])
    assert done.exit_code == 1
    assert "violated by an SAE of the run: S5" in done.output


def test_a_statement_that_does_not_speak_about_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    run_with(monkeypatch, {"S5": [evidence(True, 2, 8)]})
    done = CliRunner().invoke(app, ["verify", "A3", "--run", "q"])
    assert done.exit_code != 0
    assert "no evidence for A3" in str(done.exception)


def test_the_audit_catches_every_wrong_bound_of_a_claim() -> None:
    done = CliRunner().invoke(app, ["verify", "--audit", "S7", "--instances", "5"])
    assert done.exit_code == 0, done.output
    assert "wrong forms caught" in done.output


@pytest.mark.parametrize("caught_by", ["nobody", "error"])
def test_a_wrong_bound_that_slips_through_ends_with_1(
    caught_by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slipped = (Mutation("S7", "bound + 1", caught_by, "…"),)
    monkeypatch.setattr("geosae.verification.audit", lambda claims, instances, seed, progress: slipped)
    done = CliRunner().invoke(app, ["verify", "--audit", "S7"])
    assert done.exit_code == 1
    assert "not caught: S7 (bound + 1)" in done.output


def test_a_run_and_an_audit_are_not_asked_for_at_once() -> None:
    done = CliRunner().invoke(app, ["verify", "--audit", "--run", "q"])
    assert "ask for different things" in str(done.exception)
