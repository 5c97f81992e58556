"""The tightness of bounds on a run: which instance speaks for an SAE, and what is left out."""

from pathlib import Path
from typing import Any

import pytest

from geosae.experiments import Plan, Results
from geosae.figures.run import tightness


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.2, 0.9, None], 0.9), ([1.5, 3.0], 1.5), ([0.0, 0.1], 0.1), ([None], None), ([], None), ([0.0], 0.0)],
)
def test_the_nearest_instance_speaks(values: list[float | None], expected: float | None) -> None:
    assert tightness.nearest([{"tightness": v} for v in values]) == expected


def record(width: int, seed: int, value: float | None) -> dict[str, Any]:
    cell = {"world": "w", "baseline": "trained", "gate": "topk", "sparsity": 2, "width": width, "seed": seed}
    return {"cell": cell, "evidence": {"S7": [{"tightness": value}], "A1": [{"tightness": None}]}}


def stored(*cells: dict[str, Any]) -> Results:
    plan = object.__new__(Plan)  # which plan it was does not matter here
    return Results(Path("r"), plan, cells, {}, (), {})


def test_panels_hold_means_over_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tightness, "setting", lambda results, world: "")
    cells = (record(8, 0, 0.5), record(8, 1, 0.7), record(16, 0, 1.0))
    (sheet,) = tightness.sheets(stored(*cells))
    titles = [ax.get_title(loc="left") for ax in sheet.figure.axes]
    assert titles == ["S7"]  # A1's bound is zero everywhere: no panel
    marks = sheet.figure.axes[0].lines[0].get_ydata()
    assert list(marks) == pytest.approx([0.6, 1.0])


def test_a_run_without_evidence_has_no_sheet() -> None:
    cells = (record(8, 0, None),)
    assert tightness.sheets(stored(*cells)) == []
