"""Sheets of a run on its lattices: measures beside their nulls, sizes along ε, sentences of captions."""

import json

import numpy as np
import pytest
from figures.made_runs import NAMES, card, write_run

from geosae.fca import compare, concept_lattice
from geosae.fca.context import FormalContext
from geosae.figures import draw
from geosae.figures.run import lattice_measures, lattices
from geosae.figures.run.lattice_measures import METHODS


def told(folder, change):
    """Add to every stored lattice what newer runs store."""
    for path in sorted(folder.glob("cells/*/lattice.json")):
        stored = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**stored, **change}), encoding="utf-8")


@pytest.fixture
def run(tmp_path):
    folder = write_run(tmp_path / "r")
    truth = FormalContext(NAMES, NAMES, np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]], dtype=bool))
    learned = FormalContext(NAMES, ("n0", "n1"), np.array([[1, 0], [0, 0], [0, 0]], dtype=bool))
    found = compare(truth, learned, np.random.default_rng(0), nulls=3)
    concept = {"best_neuron": 0, "read_back": None, "mutual": True, "closed": False, "siblings": []}
    change = {
        "comparison": found.to_dict(),
        "along": {
            "separation": [[0.0, 2, True], [0.1, 70, False]],
            "detection": [[0.0, 3, True], [0.1, 5, True]],
        },
        "maps": {
            "concepts": [{**concept, "concept": name} for name in NAMES],
            "violations": [["left", "all", ["n0", "n1", "n4", "n5"]]],
        },
    }
    told(folder, change)
    return folder, found


def test_the_measures_stand_beside_their_nulls(run):
    folder, found = run
    (sheet,) = lattice_measures.sheets(load_results(folder))
    figure = sheet.figure
    assert [ax.get_title(loc="left") for ax in figure.axes if ax.axison] == ["Top-K, K = 1", "ReLU, λ = 0.1"]
    ax = figure.axes[0]
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    lines = {line.get_label(): line for line in ax.lines if line.get_label() in METHODS.values()}
    row = names.index("exact recall")
    assert lines["trained"].get_xdata()[row] == pytest.approx(found.exact_recall)
    assert lines["columns permuted"].get_xdata()[row] == pytest.approx(found.floor.exact_recall)
    assert lines["margins kept"].get_xdata()[row] == pytest.approx(found.swapped.exact_recall)
    assert found.exact_recall < 1


def test_sizes_along_the_tolerance_are_drawn_per_notion(run):
    folder, _ = run
    (sheet,) = lattice_measures.along_sheets(load_results(folder))
    axes = sheet.figure.axes
    assert [ax.get_title(loc="left") for ax in axes] == ["detection", "separation"]
    assert axes[0].lines[0].get_ydata().tolist() == [3.0, 5.0]
    assert axes[1].lines[0].get_ydata().tolist() == [2.0, 70.0]
    # Seventy concepts beside two need a logarithmic axis; the line of the truth stands in both.
    assert axes[0].get_yscale() == "log"
    truth = len(
        concept_lattice(FormalContext(NAMES, NAMES, np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]]) == 1))
    )
    assert f"({truth})" in sheet.caption


def test_the_caption_tells_of_both_maps_and_of_broken_order(run):
    folder, _ = run
    caption = lattices.sheets(load_results(folder))[0].caption
    assert "The best neuron of 3 of the 3 concepts has them as its own best concept, and 0 alone" in caption
    assert "against F3: all without left: n0, n1, n4 and 1 more" in caption


def test_rules_of_the_stable_core_are_told_in_words():
    # Six neurons fire for three concepts, six more for two of them.
    rows = np.zeros((4, 12), dtype=bool)
    rows[:3, :6], rows[:2, 6:] = True, True
    names = [f"c{i}" for i in range(4)], [f"n{i}" for i in range(12)]
    lattice = concept_lattice(FormalContext.from_array(rows, *names))
    words = lattices._rules_in_words(lattice)
    assert "whenever n6 ×6 fires for a concept, n0 ×6 does (2 concepts)" in words


def test_runs_that_stored_none_of_it_have_no_such_sheets(tmp_path):
    folder = write_run(tmp_path / "old")
    told(folder, {"comparison": None, "along": None})
    results = load_results(folder)
    assert lattice_measures.sheets(results) == []
    assert lattice_measures.along_sheets(results) == []
    assert "F2" not in lattices.sheets(results)[0].caption


def test_the_sheets_are_drawn_with_the_run(run):
    folder, _ = run
    paths = draw(folder, ("png",), only=["lattice-measures", "lattice-along"])
    assert [p.name for p in paths] == ["lattice-measures.png", "lattice-along.png"]
    assert "one clean neuron is enough" in card(folder, "lattice-measures")["caption"]
