"""The figures of the study of lattices: numbers read back from the axes of records made by hand."""

import sys
from pathlib import Path

import pytest

from geosae.experiments import Results
from geosae.figures.paper import lattices_axes, lattices_maps, lattices_sizes
from geosae.figures.save import render
from geosae.studies.lattices import STUDY
from geosae.studies.lattices_records import Arm, Compared, Learning, Reached, RuleCounts

sys.path.insert(0, str(Path(__file__).parent))
from made_records import made_results

GRID = {
    "truths": ["random-10", "random-25", "ball-tree"], "base": "random-10",
    "gates": {"relu": [0.1], "topk": [2, 1]}, "widths": [8, 4], "steps": [100],
    "spreads": [0.5], "tolerances": [0.1], "points": 400,
}  # fmt: skip


def reached(recall: float, degrees: tuple[int, ...], kept: int) -> Reached:
    return Reached(
        edges=9, theta=1, family=3, soft_recall=recall, soft_precision=0.9, exact_recall=recall / 2,
        concepts=8, whole_recall=recall, whole_precision=0.9, exact_precision=0.5, stable_recall=recall,
        order_kept=0.5, mutual=0.5, closed=0.5, neurons_per_concept=(0, 5, 5, 0, 0),
        concepts_per_neuron=degrees, rules=RuleCounts(kept, 3 - kept, 1, 1, 2, 1),
    )  # fmt: skip


def result(job: Learning) -> Compared:
    arms: dict[Arm, Reached] = {
        "trained": reached(0.4 + 0.1 * job.seed + 0.01 * job.width, (0, 8, 0, 0, 0), 1),
        "untrained": reached(0.3, (0, 2, 6, 0, 0), 2),
        "frozen_decoder": reached(0.2, (0, 4, 4, 0, 0), 0),
        "shuffled": reached(0.0, (8, 0, 0, 0, 0), 0),
    }
    if job.truth != "ball-tree":
        arms["planted"] = reached(1.0, (0, 0, 0, 4, 0), 3)
    return Compared(10, arms, 0.15, 0.5, 0.1, 0.01)


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results((STUDY, GRID, result))


def drawn(ax) -> dict[str, list[float]]:
    handles, labels = ax.get_legend_handles_labels()
    pairs = zip(labels, handles, strict=True)
    return {label: [round(float(y), 3) for y in handle[0].get_ydata()] for label, handle in pairs}


def test_recall_and_precision_stand_beside_their_floors_by_size(results: Results):
    (sheet,) = lattices_sizes.sheets(results)
    recall, precision, exact, *_ = sheet.figure.axes
    assert drawn(recall) == {
        "trained": [0.53, 0.53], "untrained": [0.3, 0.3], "frozen decoder": [0.2, 0.2],
        "shuffled labels": [0.0, 0.0], "permuted columns": [0.15, 0.15],
    }  # fmt: skip
    assert drawn(precision)["permuted columns"] == [0.5, 0.5]
    assert drawn(exact)["trained"] == [0.265, 0.265]
    assert [label.get_text() for label in recall.get_xticklabels()] == ["10", "25"]
    for word in ("d = 8", "N = 400", "2 seeds", "ε = 0.1", "K = 2", "interval", "3 truths"):
        assert word in sheet.caption


def test_one_setting_at_a_time(results: Results):
    (sheet,) = lattices_axes.sheets(results)
    # Rows: ReLU × 3 measures, Top-K × 3; columns: width and sparsity, which varies for Top-K alone.
    width, sparsity = sheet.figure.axes[0], sheet.figure.axes[1]
    assert drawn(width)["trained"] == [0.49, 0.53]
    assert [label.get_text() for label in width.get_xticklabels()] == ["4", "8"]
    assert [label.get_text() for label in sparsity.get_xticklabels()] == ["0.1"]
    assert len(sheet.figure.axes) == 12


def test_relations_are_shares_of_concepts_and_neurons(results: Results):
    (sheet,) = lattices_maps.sheets(results)
    _, concepts, true, learned, *_ = sheet.figure.axes

    def widths(ax, row: int) -> list[float]:
        return [round(p.get_width(), 3) for p in ax.patches if round(p.get_y() + p.get_height() / 2) == row]

    # Rows from below: frozen decoder, untrained, trained, planted.
    assert widths(concepts, 2) == [0, 1, 0, 0, 0]
    assert widths(concepts, 1) == [0, 0.25, 0.75, 0, 0]
    assert widths(true, 3) == [0.75, 0, 0.25]
    assert widths(learned, 0) == [0.25, 0.5, 0.25]
    assert "planted half-spaces, neurons that detect so many concepts: 0.00 0" in sheet.alt


def test_equal_records_give_equal_bytes_and_no_records_no_figure(results: Results):
    nothing = made_results()
    (first,), (second,) = lattices_maps.sheets(results), lattices_maps.sheets(results)
    assert render(first.figure, "png") == render(second.figure, "png")
    for family in (lattices_sizes, lattices_axes, lattices_maps):
        assert family.sheets(nothing) == []
