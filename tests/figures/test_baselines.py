"""Baselines of a run in figures, tables and findings: each that the run has, and where it belongs."""

from dataclasses import replace
from pathlib import Path

import pytest
from figures.made_runs import result

from geosae.experiments import BASELINES, Results, load_results, summarise
from geosae.figures.run.baselines import sheets
from geosae.figures.run.size_tables import SizeTables
from geosae.report.findings import findings
from geosae.report.tables import quality_table, shares_table


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """A run of two gates with all baselines; its numbers are made, its data set is real."""
    from figures.made_runs import write_run

    usual = load_results(write_run(tmp_path))
    plan = replace(usual.plan, baselines=tuple(BASELINES))
    names = usual.dataset(usual.cells[0]).names
    cells = [
        result(cell, names, neurons=3 if cell.baseline == "planted" else cell.width) for cell in plan.cells()
    ]
    return replace(usual, plan=plan, summary=summarise(cells))


def test_every_baseline_has_its_dots_and_its_words(results: Results):
    drawn = sheets(results)
    # Two gates at two widths fit on a page.
    assert [sheet.name for sheet in drawn] == ["baselines-share", "baselines-best-error"]
    for sheet in drawn:
        for known in BASELINES.values():
            assert known.words in sheet.caption
            assert f"{known.printed} " in sheet.alt
        assert ("shuffled labels" in sheet.caption) == ("share" in sheet.name)
    legend = [text.get_text() for text in drawn[0].figure.legends[0].get_texts()]
    assert legend == ["trained", *(known.printed for known in BASELINES.values()), "shuffled labels"]


def test_maps_set_the_usual_ones_and_the_ceiling_apart(results: Results):
    tables = SizeTables(results, "plane", ["topk", "relu"], "share")
    assert tables.strips("topk") == ["untrained", "frozen_decoder", "planted", "labels"]
    assert tables.widths == [2, 4]
    assert tables.compared() == [("relu", 0.1), ("topk", 1)]
    assert tables.strip("topk", "neurons", "detection", "planted").tolist() == [0.0, 0.0]


def test_tables_call_constructed_ones_by_what_they_are(results: Results):
    for table in (shares_table(results, "plane"), quality_table(results, "plane")):
        for known in BASELINES.values():
            assert f"<td>{known.printed}</td>" in table
    # (The first cell of a row is its head.)
    assert '–</th><td class="n">3</td><td>planted</td>' in quality_table(results, "plane")


def test_a_ceiling_is_nobodys_failure(results: Results):
    found = {f.prediction: f for f in findings(results) if f.id == "baseline"}
    assert set(found) == {known.expected for known in BASELINES.values()}
    planted = found[BASELINES["planted"].expected]
    assert planted.tone == ""
    assert planted.observation.startswith("The closure units' mean error")
    assert found[BASELINES["pca"].expected].tone == "good"
