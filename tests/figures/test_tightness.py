"""The tightness of bounds on a run: which instance speaks for an SAE, and what is left out."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from figures.made_runs import NAMES, result

from geosae.experiments import Cell, CellResult, Plan, Results, Summary
from geosae.figures.run import tightness
from geosae.verification import Evidence


def evidence(tightness: float | None) -> Evidence:
    """An instance with observed over bound as asked; the bound is zero where there is none."""
    bound, observed = (0.0, 0.0) if tightness is None else (1.0, tightness)
    return Evidence("an instance", observed, bound, math.nan, holds=True, grade="exact")


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.2, 0.9, None], 0.9), ([1.5, 3.0], 1.5), ([0.0, 0.1], 0.1), ([None], None), ([], None), ([0.0], 0.0)],
)
def test_the_nearest_instance_speaks(values: list[float | None], expected: float | None) -> None:
    assert tightness.nearest([evidence(value) for value in values]) == expected


def test_an_instance_that_could_not_fail_does_not_speak() -> None:
    empty = replace(evidence(1.0), vacuous=True)
    assert tightness.nearest([empty, evidence(0.5)]) == 0.5
    assert tightness.nearest([empty]) is None


def record(width: int, seed: int, value: float | None, claim: str = "S7") -> CellResult:
    cell = Cell("w", "nowhere", {}, 0, "topk", 2, width, seed)
    return replace(result(cell, NAMES), evidence={claim: (evidence(value),), "G1": (evidence(None),)})


def stored(*cells: CellResult) -> Results:
    plan = object.__new__(Plan)  # which plan it was does not matter here
    return Results(Path("r"), plan, cells, {}, (), Summary(()))


def test_panels_hold_means_over_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tightness, "sample_sentence", lambda results, world: "")
    cells = (record(8, 0, 0.5), record(8, 1, 0.7), record(16, 0, 1.0))
    (sheet,) = tightness.sheets(stored(*cells))
    titles = [ax.get_title(loc="left") for ax in sheet.figure.axes]
    assert titles == ["S7"]  # a bound that is zero everywhere has no panel
    marks = sheet.figure.axes[0].lines[0].get_ydata()
    assert list(marks) == pytest.approx([0.6, 1.0])


def test_a_run_without_evidence_has_no_sheet() -> None:
    cells = (record(8, 0, None),)
    assert tightness.sheets(stored(*cells)) == []


@pytest.mark.parametrize(("claim", "values", "scale", "ends"), [
    ("S7", (0.2, 0.9), "linear", (0.0, 1.0)),
    ("A1", (1.1, 3.0), "linear", (1.0, None)),
    ("A2", (1.5, 300.0), "log", (1.0, None)),
])  # fmt: skip
def test_bars_end_where_no_sae_can_be(
    claim: str, values: tuple[float, float], scale: str, ends: tuple[float, float | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(tightness, "sample_sentence", lambda results, world: "")
    (sheet,) = tightness.sheets(stored(*(record(8, seed, v, claim) for seed, v in enumerate(values))))
    axes = sheet.figure.axes[0]
    ((_, low), (_, high)) = axes.collections[0].get_segments()[0]
    assert axes.get_yscale() == scale
    assert low == pytest.approx(ends[0])
    assert high > max(values) if ends[1] is None else high == pytest.approx(ends[1])
