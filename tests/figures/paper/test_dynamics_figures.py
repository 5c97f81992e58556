"""The figures of the study of training: numbers read back from the axes of records made by hand."""

import sys
from pathlib import Path

import pytest

from geosae.experiments import Results
from geosae.figures.paper import dynamics_rates, dynamics_steps
from geosae.figures.save import render
from geosae.studies.dynamics import STUDY
from geosae.studies.dynamics_records import TrainedState, Training

sys.path.insert(0, str(Path(__file__).parent))
from made_records import made_results

GRID = {"cases": ["balls", "superposition-16"], "steps": [10, 1000], "rates": [0.01, 0.03], "points": 1000}


def result(job: Training) -> TrainedState:
    if job.arm == "untrained":
        return TrainedState(0.9, 0.8, 0.0, 2.0, 0.1, 0.2, 0.15, 0.0, 0.0, 0.0, 0.0)
    if job.arm == "frozen_decoder":
        return TrainedState(0.6, 0.5, 0.1, 2.0, 0.0, 0.3, 0.15, 0.0, 0.0, 0.0, 0.0)
    fvu = 0.4 if job.steps == 10 else 0.2
    return TrainedState(job.rate, fvu, job.rate, 2.0, 0.6 + 0.1 * job.seed, 0.7, 0.7, 0.0, 0.0, 0.0, 0.05)


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results((STUDY, GRID, result))


def drawn(ax) -> dict[str, list[list[float]]]:
    handles, labels = ax.get_legend_handles_labels()
    lines: dict[str, list[list[float]]] = {}
    for handle, label in zip(handles, labels, strict=True):
        lines.setdefault(label, []).append([round(float(y), 3) for y in handle[0].get_ydata()])
    return lines


def test_the_curve_is_that_of_the_rate_the_loss_chooses_with_floors_beside(results: Results):
    (sheet,) = dynamics_steps.sheets(results)
    balls, superposition = sheet.figure.axes
    lines = drawn(balls)
    # Untrained, 10 and 1000 steps at rate 0.01; then frozen decoders; then shuffled labels (no FVU).
    assert lines["FVU"] == [[0.8, 0.4, 0.2], [0.5]]
    assert lines["dead neurons"] == [[0.0, 0.01, 0.01], [0.1]]
    assert lines["separated by one neuron"] == [[0.1, 0.65, 0.65], [0.0], [0.0]]
    assert lines["separated by a unit"] == [[0.2, 0.7, 0.7], [0.3], [0.05]]
    ticks = [label.get_text() for label in balls.get_xticklabels()]
    assert ticks == ["0", "10", "1k", "frozen", "shuffled"]
    assert superposition.get_title(loc="left") == "superposition, n = 16"
    for word in ("n = 16, p = 32, ReLU, λ = 0.3, d = 64", "N = 1,000", "385", "2 seeds", "0.01, 0.01"):
        assert word in sheet.caption
    assert "FVU 0.80 after 0, 0.40 after 10, 0.20 after 1000" in sheet.alt


def test_rates_are_drawn_after_the_most_steps(results: Results):
    (sheet,) = dynamics_rates.sheets(results)
    lines = drawn(sheet.figure.axes[0])
    assert lines["FVU"] == [[0.2, 0.2]]
    assert lines["dead neurons"] == [[0.01, 0.03]]
    assert "1,000 steps" in sheet.caption


def test_equal_records_give_equal_bytes_and_no_records_no_figure(results: Results):
    nothing = made_results()
    for family in (dynamics_steps, dynamics_rates):
        (first,), (second,) = family.sheets(results), family.sheets(results)
        assert render(first.figure, "png") == render(second.figure, "png")
        assert family.sheets(nothing) == []
