"""The figures of capacity and of the phase diagram: numbers read back from axes of records made by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from geosae.experiments import Results
from geosae.figures.paper import capacity, capacity_depth, capacity_dimension, phase, phase_width
from geosae.figures.save import render
from geosae.studies import capacity as capacity_study
from geosae.studies import phase as phase_study
from geosae.studies.capacity_records import ChainJob, CountJob, Row, Rows
from geosae.studies.certified_counts import Certified
from geosae.studies.phase_records import Job, Phase
from geosae.studies.phase_records import Row as PhaseRow

sys.path.insert(0, str(Path(__file__).parent))
from made_records import made_results

COUNTS = {
    "width": 4, "dim": 6, "concepts": [4, 12, 16], "other_dims": [3], "dim_concepts": 12, "budgets": [1, 2],
    "depth": 6, "chain_budgets": [1, 4],
}  # fmt: skip
PHASES = {
    "dim": 16, "features": [16, 32], "sparsities": [2, 4, 16], "width_features": 32, "width_sparsity": 2,
    "widths": [0.5], "scaled": [], "asked": 16,
}  # fmt: skip
FAMILIES = (capacity, capacity_dimension, capacity_depth, phase, phase_width)


def counts(units: int, patterns: int = 9, fvu: float = 0.1, neurons: int = 1) -> Certified:
    return Certified(neurons, units, units, 0, units, 0, 0, 0, patterns, 2, 0, 0, fvu)


def capacity_rows(job: CountJob | ChainJob) -> Rows:
    arms = {"trained": 3 + job.seed, "untrained": 1, "frozen_decoder": 2, "planted": 4}
    return Rows(
        tuple(
            Row(k, arm, counts(units * (k if isinstance(job, ChainJob) else 1)))  # pyright: ignore[reportArgumentType]
            for k in job.budgets
            for arm, units in arms.items()
            if isinstance(job, CountJob) or arm != "planted"
        )
    )


def phase_rows(job: Job) -> Phase:
    few = {2: job.p // 2 + 2 * job.seed, 4: 4, 16: 0}[job.k]
    rows = [PhaseRow("batchtopk", arm, counts(n, neurons=n)) for arm, n in
            (("trained", min(few, job.width)), ("untrained", 2), ("frozen_decoder", 3))]  # fmt: skip
    if job.relu_width:
        rows += [PhaseRow("relu", arm, counts(n)) for arm, n in
                 (("trained", 4), ("untrained", 8), ("frozen_decoder", 8))]  # fmt: skip
    rows.append(PhaseRow("relu", "supervised", counts(job.p, neurons=job.p if job.k == 2 else 0)))
    return Phase(tuple(rows), 16, {2: 16, 4: 8 if job.p == 16 else 0, 16: 0}[job.k])


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results(
        (capacity_study.STUDY, COUNTS, capacity_rows), (phase_study.STUDY, PHASES, phase_rows)
    )


def means(ax: Axes) -> dict[str, list[float]]:
    handles, labels = ax.get_legend_handles_labels()
    lines = [handle[0] if hasattr(handle, "has_yerr") else handle for handle in handles]
    return {str(label): list(line.get_ydata()) for label, line in zip(labels, lines, strict=True)}


def test_capacity_has_a_panel_for_each_budget_with_its_ceilings(results: Results):
    (sheet,) = capacity.sheets(results)
    one, two = (means(ax) for ax in sheet.figure.axes)
    assert two["trained"] == [3.5] * 3
    assert two["untrained"] == [1.0] * 3
    assert two["planted with labels (at least)"] == [4.0] * 3
    assert two["trained, by one neuron"] == [1.0] * 3
    assert "trained, by one neuron" not in one  # with K = 1 units are neurons
    assert one["d"] == two["d"] == [4, 4]
    assert two["C(d, min(K, ⌊d/2⌋))"] == [6, 6]
    assert "C(d, min(K, ⌊d/2⌋))" not in one  # which is d
    assert two["patterns seen, trained"] == [9.0] * 3
    for word in ("n = 6", "d = 4", "ε = 0.1", "2 seeds", "N = 8,000", "interval"):
        assert word in sheet.caption


def test_capacity_over_n_and_levels_over_k(results: Results):
    (sheet,) = capacity_dimension.sheets(results)
    assert [list(ax.get_xticks()) for ax in sheet.figure.axes] == [[3, 6]]
    assert means(sheet.figure.axes[0])["trained"] == [3.5, 3.5]
    assert "11 activation patterns" not in sheet.caption
    assert "11 at K = 2" in sheet.caption  # 1 + 4 + 6
    (sheet,) = capacity_depth.sheets(results)
    lines = means(sheet.figure.axes[0])
    assert lines["trained"] == [3.5, 14.0]
    assert lines["K"] == [1, 4]
    assert "planted with labels (at least)" not in lines
    assert "chain of 6" in sheet.caption


def test_the_phase_diagram_has_differences_borders_and_frames_where_k_reaches_n(results: Results):
    (sheet,) = phase.sheets(results)
    above, below = sheet.figure.axes[:2]
    numbers = [t.get_text() for t in above.texts if t.get_text() and not t.get_text().startswith("active")]
    # p = 16: (9 − 2)/16, (4 − 2)/16, no cell; p = 32: (17 − 2)/32, (4 − 2)/32, (0 − 2)/32.
    assert numbers == [".44", ".12", "–", ".47", ".06", "-.06"]
    assert [t.get_text() for t in below.texts if not t.get_text().startswith("active")] == [
        "-.25", "-.25", "–", "-.12", "-.12", "-.12",
    ]  # fmt: skip
    lines = {str(line.get_label()): np.asarray(line.get_ydata()) for line in above.lines}
    # S11 admits p = 323, 25 and 17 at n = 16; a cell's middle is at its p.
    assert lines["S11: all named"][::2] == pytest.approx([2, 0.5 + 9 / 16, 0.5 + 1 / 16])
    assert lines["half named (certificate)"][::2] == pytest.approx([2, 0.5, 0])
    assert lines["half separated (probe)"][::2] == pytest.approx([2, 0, 0])
    assert len(above.patches) == 1  # p = 32, k = 16; p = 16 has no such cell
    for word in ("n = 16", "K ≥ n", "2 seeds", "N = 10,000", "interval"):
        assert word in sheet.caption


def test_the_axis_of_widths_has_its_ceiling(results: Results):
    (sheet,) = phase_width.sheets(results)
    lines = means(sheet.figure.axes[0])
    assert lines["d/p, at most 1"] == [0.5, 1.0]
    assert lines["trained"] == pytest.approx([0.5, 17 / 32])
    assert lines["untrained"] == pytest.approx([2 / 32] * 2)


def test_equal_records_give_equal_bytes_and_no_records_no_figure(results: Results):
    nothing = made_results()
    for family in FAMILIES:
        (first,), (second,) = family.sheets(results), family.sheets(results)
        assert render(first.figure, "png") == render(second.figure, "png")
        assert first.name == family.FAMILY
        assert family.sheets(nothing) == []
