"""The report of a run: one page that stands alone, written from stored results."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from geosae.analysis import AnalysisConfig
from geosae.experiments import BASELINES, load_results
from geosae.experiments.store import Store
from geosae.report.pages import render
from geosae.report.pictures import Figure, figures_in
from geosae.report.world_part import world_part
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import write_atomic
from geosae.studies.bound_answers import evidence_by_claim
from geosae.studies.grid_answers import verdict_counts
from geosae.studies.registry import STUDIES
from geosae.studies.run_answers import run_answers
from geosae.verification import evidence_summary

GRID_FAMILIES = ("oracle-gap", "matched-l0", "interpretation")
"""The families of figures that belong to the grid's own answers; a study has the one of its own name."""


@checked_arguments()
def write_report(folder: str | Path) -> Path:
    """Write FOLDER/report.html from the run's results and drawn figures, and return its path.

    The page holds everything in itself: it loads no file, script or address, and says so in its policy.
    Figures must have been drawn before; where there are none, the page says how.

    Raises
    ------
    InvalidInput
        If the folder holds no results.
    """
    results = load_results(folder)
    figures = figures_in(results.folder / "figures")
    answers = run_answers(results)
    evidence = evidence_by_claim(results)
    others = [figure for figure in figures if figure.card.family not in {*GRID_FAMILIES, *STUDIES}]
    page = render(
        "report.html.j2",
        results=results,
        baselines=BASELINES,
        answers=answers,
        counts=verdict_counts({"grid": answers.grid, **answers.studies}),
        grid_figures=_of_families(figures, GRID_FAMILIES),
        studies=[(STUDIES[name], _of_families(figures, (name,))) for name in results.studies],
        summaries={claim: evidence_summary(claim, items) for claim, items in evidence.items() if items},
        worlds=[world_part(results, world, others) for world in results.worlds],
        bound_figures=[figure for figure in others if not figure.card.world],
        config=AnalysisConfig(**results.plan.analysis),
        pairs=_span([result.pairs for result in results.cells]),
        card=Store(results.folder).card(),
        plan_text=(results.folder / "plan.toml").read_text(encoding="utf-8"),
    )
    path = results.folder / "report.html"
    write_atomic(path, page.encode())
    return path


def _of_families(figures: Iterable[Figure], families: Sequence[str]) -> list[Figure]:
    return [figure for family in families for figure in figures if figure.card.family == family]


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
