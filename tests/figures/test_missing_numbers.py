"""What is not known is a dash in every word of a figure: a reader is never told "nan"."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from figures.made_runs import write_run
from matplotlib.text import Text

from geosae.experiments import UNKNOWN, Results, load_results
from geosae.experiments.cell_lattices import CellLattices
from geosae.fca.compare import FIGURES
from geosae.figures.draw import FAMILIES
from geosae.figures.paper import oracle_gap
from geosae.figures.save import Sheet
from geosae.storage.structure import read_record, write_record
from geosae.studies.gaps import Gap

NAN = re.compile(r"\bnan\b", re.IGNORECASE)


def words(sheet: Sheet) -> list[str]:
    """Return all that a sheet says, in its card and in its drawing."""
    drawn = [str(text.get_text()) for text in sheet.figure.findobj(Text) if isinstance(text, Text)]
    return [sheet.name, sheet.title, sheet.caption, sheet.alt, *drawn]


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run of which almost nothing is known: no error, no L0, no figure of a lattice."""
    folder = write_run(tmp_path_factory.mktemp("unknown"), known=False)
    for path in sorted(folder.glob("cells/*/lattice.json")):
        lattices = read_record(path, CellLattices)
        nothing = replace(lattices.comparison, **dict.fromkeys(FIGURES[1:], math.nan))
        write_record(path, replace(lattices, comparison=nothing))
    results = load_results(folder)
    rows = tuple(
        replace(row, measures=replace(row.measures, metrics=replace(row.measures.metrics, l0=UNKNOWN)))
        for row in results.summary.rows
    )
    return replace(results, summary=replace(results.summary, rows=rows))


@pytest.mark.parametrize("family", FAMILIES)
def test_no_word_of_a_figure_is_nan(unknown: Results, family: str) -> None:
    for sheet in FAMILIES[family](unknown):
        assert [text for text in words(sheet) if NAN.search(text)] == []


@pytest.mark.parametrize("family", ["size-sparsity", "lattice-measures"])
def test_what_is_not_known_is_a_dash(unknown: Results, family: str) -> None:
    sheets = FAMILIES[family](unknown)
    assert sheets
    assert all("–" in sheet.alt or "not known" in sheet.alt for sheet in sheets)


def test_a_final_fvu_that_was_not_logged_is_a_dash(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    for path in sorted(folder.glob("cells/*/log.jsonl")):
        first, *rest = [json.loads(line) for line in path.read_text().splitlines()]
        for entries in rest:
            del entries["fvu"]
        path.write_text("".join(f"{json.dumps(entries)}\n" for entries in (first, *rest)))
    sheets = FAMILIES["training"](load_results(folder))
    assert sheets
    for sheet in sheets:
        assert "–" in sheet.alt
        assert [text for text in words(sheet) if NAN.search(text)] == []


def test_a_gap_that_is_not_known_is_a_dash(unknown: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Gap("plane", "topk", 1, 2, "neurons", UNKNOWN, UNKNOWN, UNKNOWN, {"untrained": UNKNOWN})
    table = [replace(nothing, gate=gate) for gate in ("topk", "relu", "gated", "jumprelu")]
    monkeypatch.setattr(oracle_gap, "gaps", lambda _: table)
    sheets = oracle_gap.sheets(unknown)
    assert len(sheets) == 2
    for sheet in sheets:
        assert "– of –" in sheet.alt
        assert [text for text in words(sheet) if NAN.search(text)] == []
