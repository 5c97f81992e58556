"""The figures of the study of naming: numbers read back from the axes of records made by hand."""

import sys
from pathlib import Path

import pytest

from geosae.experiments import Results
from geosae.figures.paper import naming_gap, naming_learned, naming_phase
from geosae.figures.save import render
from geosae.studies.naming import STUDY
from geosae.studies.naming_records import Learned, Possible, PossibleJob, TransitionJob, Transitions

sys.path.insert(0, str(Path(__file__).parent))
from made_records import made_results

GRID = {
    "p": 12, "dims": [4, 8, 12], "sparsities": [2, 3], "gaussian_sparsities": [], "axis_dim": 8,
    "axis_sparsity": 2, "axis_features": [8, 12, 16], "features": 10, "codes": 4, "learned_p": 8,
    "learned_dims": [4, 6], "learned_sparsities": [2], "gates": ["topk", "relu"], "others": ["matryoshka"],
}  # fmt: skip


def result(settings: object) -> Possible | Transitions | Learned:
    if isinstance(settings, PossibleJob):
        nameable = {4: 0, 8: 2 + settings.seed, 12: 10}[settings.n]
        return Possible(10, nameable, settings.n == 12, 4, 4 if settings.n > 4 else 0, 1)
    if isinstance(settings, TransitionJob):
        return Transitions(10.0, 0.1, 6.0, 5)
    counts = {"trained": 4, "certified": 6, "supervised": 5}
    best = counts.get(settings.arm, 0)  # pyright: ignore[reportAttributeAccessIssue]
    relative = settings.gate == "topk"  # pyright: ignore[reportAttributeAccessIssue]
    return Learned(8, float("nan") if relative else best / 2, best, 7)


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results((STUDY, GRID, result))


def test_the_phase_diagram_has_the_mean_shares_and_theory_at_its_dimensions(results: Results):
    (sheet,) = naming_phase.sheets(results)
    ax = sheet.figure.axes[0]
    texts = [t.get_text() for t in ax.texts if t.get_text() != "active features k"]
    assert texts == [".25", ".25"]  # n = 8 at k = 2, 3; the 0 at n = 4 and the 1 at n = 12 are colours alone
    lines = {line.get_label(): line.get_ydata()[0] for line in ax.lines if line.get_label()[0] != "_"}
    # A cell's middle is at its n: 8 stands at 1.5, 10 halfway between the middles of 8 and 12.
    assert lines["δ, naming"] == pytest.approx(2.0)
    assert lines["δ, basis pursuit"] == pytest.approx(1.0)
    assert lines["S11: floor for all"] == pytest.approx(0.75)
    # Half of the features at 8 + 4·(.5 − .2)/.8 and 8 + 4·(.5 − .3)/.7, mean 9.32; half of the codes at 6.
    assert lines["half named, measured"] == pytest.approx(1.5 + (9.5 + 8 + 8 / 7 - 16) / 2 / 4)
    assert lines["half recovered"] == pytest.approx(1.0)
    for word in ("p = 12", "2 seeds", "N = 10", "interval"):
        assert word in sheet.caption


def test_the_gap_has_a_line_for_each_reading(results: Results):
    (sheet,) = naming_gap.sheets(results)
    handles, labels = sheet.figure.axes[0].get_legend_handles_labels()
    means = {label: list(handle[0].get_ydata()) for label, handle in zip(labels, handles, strict=True)}
    assert means["features that a neuron can name"] == pytest.approx([0.25] * 3)
    assert means["codes that basis pursuit returns"] == [1.0] * 3
    assert means["codes that one look reads"] == [0.25] * 3
    assert "N = 4" in sheet.caption


def test_what_saes_name_is_drawn_by_arm_and_gate(results: Results):
    (sheet,) = naming_learned.sheets(results)
    best, own, within = sheet.figure.axes

    def means(ax, label: str) -> list[float]:
        handles, labels = ax.get_legend_handles_labels()
        return list(dict(zip(labels, handles, strict=True))[label][0].get_ydata())

    assert means(best, "nameable") == [0.75] * 2
    assert means(best, "Top-K") == means(best, "ReLU") == [0.5] * 2
    assert means(best, "frozen or untrained") == [0.0] * 2
    assert means(own, "ReLU") == [0.25] * 2
    assert "Top-K" not in own.get_legend_handles_labels()[1]
    assert means(within, "logistic half-spaces") == [0.875] * 2
    assert "nameable" not in within.get_legend_handles_labels()[1]
    assert "Matryoshka" not in best.get_legend_handles_labels()[1]
    assert "λ = 0.3" in sheet.caption


def test_equal_records_give_equal_bytes_and_no_records_no_figure(results: Results):
    nothing = made_results()
    for family in (naming_phase, naming_gap, naming_learned):
        (first,), (second,) = family.sheets(results), family.sheets(results)
        assert render(first.figure, "png") == render(second.figure, "png")
        assert family.sheets(nothing) == []
