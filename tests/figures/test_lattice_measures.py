"""Sheets of a run on its lattices: measures beside their nulls, sizes along ε, sentences of captions."""

from dataclasses import replace

import numpy as np
import pytest
from figures.made_runs import NAMES, card, write_run

from geosae.analysis.round_trips import ConceptRoundTrip, RoundTrips
from geosae.experiments import load_results
from geosae.experiments.cell_lattices import CellLattices, LatticeSize
from geosae.fca import compare, concept_lattice
from geosae.fca.context import FormalContext
from geosae.figures import draw
from geosae.figures.run import lattice_measures, lattices
from geosae.figures.run.lattice_measures import METHODS
from geosae.storage.structure import read_record, write_record


def change_lattices(folder, **changes):
    """Change what is stored of every cell's lattices."""
    for path in sorted(folder.glob("cells/*/lattice.json")):
        write_record(path, replace(read_record(path, CellLattices), **changes))


@pytest.fixture
def run(tmp_path):
    folder = write_run(tmp_path / "r")
    truth = FormalContext(NAMES, NAMES, np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]], dtype=bool))
    learned = FormalContext(NAMES, ("n0", "n1"), np.array([[1, 0], [0, 0], [0, 0]], dtype=bool))
    comparison = compare(truth, learned, np.random.default_rng(0), nulls=3)
    concepts = tuple(
        ConceptRoundTrip(name, 0, None, mutual=True, closed=False, siblings=()) for name in NAMES
    )
    change_lattices(
        folder,
        comparison=comparison,
        along={
            "separation": (LatticeSize(0.0, 2, True), LatticeSize(0.1, 70, False)),
            "detection": (LatticeSize(0.0, 3, True), LatticeSize(0.1, 5, True)),
        },
        round_trips=RoundTrips(
            concepts, (), 1.0, 0.0, violations=(("left", "all", ("n0", "n1", "n4", "n5")),)
        ),
    )
    return folder, comparison


def test_the_measures_stand_beside_their_nulls(run):
    folder, comparison = run
    (sheet,) = lattice_measures.sheets(load_results(folder))
    figure = sheet.figure
    assert [ax.get_title(loc="left") for ax in figure.axes if ax.axison] == ["Top-K, K = 1", "ReLU, λ = 0.1"]
    ax = figure.axes[0]
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    lines = {line.get_label(): line for line in ax.lines if line.get_label() in METHODS}
    row = names.index("exact recall")
    assert lines["trained"].get_xdata()[row] == pytest.approx(comparison.exact_recall)
    assert lines["columns permuted"].get_xdata()[row] == pytest.approx(comparison.floor.exact_recall)
    assert lines["margins kept"].get_xdata()[row] == pytest.approx(comparison.swapped.exact_recall)
    assert comparison.exact_recall < 1


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


def test_a_lattice_at_a_greater_tolerance_says_at_which_and_why(tmp_path):
    folder = write_run(tmp_path / "r")
    caption = lattices.sheets(load_results(folder))[0].caption
    assert "certified edges “neuron detects concept” at ε = 0.05 in one" in caption
    assert "no edge is certified" not in caption
    change_lattices(folder, tolerance=0.2)
    caption = lattices.sheets(load_results(folder))[0].caption
    assert "certified edges “neuron detects concept” at ε = 0.2 in one" in caption
    assert "since no edge is certified at the run's ε = 0.05" in caption


def test_rules_of_the_stable_core_are_told_in_words():
    # Six neurons fire for three concepts, six more for two of them.
    rows = np.zeros((4, 12), dtype=bool)
    rows[:3, :6], rows[:2, 6:] = True, True
    names = [f"c{i}" for i in range(4)], [f"n{i}" for i in range(12)]
    lattice = concept_lattice(FormalContext.from_array(rows, *names))
    words = lattices._rules_in_words(lattice)
    assert "whenever n6 ×6 fires for a concept, n0 ×6 does (2 concepts)" in words


def test_where_there_is_nothing_to_compare_or_to_count_there_are_no_such_sheets(tmp_path):
    folder = write_run(tmp_path / "r")
    flat = FormalContext(NAMES, ("n0",), np.zeros((3, 1), dtype=bool))
    nothing = compare(flat, flat)
    assert nothing.extents == 0
    change_lattices(folder, comparison=nothing, along={}, detection=None)
    results = load_results(folder)
    assert lattice_measures.sheets(results) == []
    assert lattice_measures.along_sheets(results) == []
    assert lattices.sheets(results) == []


def test_a_run_without_stored_lattices_has_no_such_sheets(tmp_path):
    folder = write_run(tmp_path / "r")
    for path in folder.glob("cells/*/lattice.json"):
        path.unlink()
    results = load_results(folder)
    assert lattice_measures.sheets(results) == []
    assert lattice_measures.along_sheets(results) == []
    assert lattices.sheets(results) == []


def test_the_sheets_are_drawn_with_the_run(run):
    folder, _ = run
    paths = draw(folder, ("png",), only=["lattice-measures", "lattice-along"])
    assert [p.name for p in paths] == ["lattice-measures.png", "lattice-along.png"]
    assert "one clean neuron is enough" in card(folder, "lattice-measures")["caption"]
