"""The two measures of learning that maps and dots show: the share of concepts learned, and the mean error."""

from collections.abc import Mapping
from typing import Literal

from geosae.analysis import NOTIONS, Notion
from geosae.experiments import UNKNOWN, Interval, Learner, Results, SummaryRow

Measure = Literal["share", "best_error"]
MEASURES: tuple[Measure, ...] = ("share", "best_error")
FILE_NAMES: Mapping[Measure, str] = {"share": "share", "best_error": "best-error"}


def learned_interval(row: SummaryRow, notion: Notion, learner: Learner, measure: Measure) -> Interval:
    """Return the interval of a measure in a row of the summary; unknown where the notion was not measured."""
    learned = row.measures.notion(notion).learned(learner)
    if learned is None:
        return UNKNOWN
    return learned.share if measure == "share" else learned.best_error


def measured_notions(results: Results, world: str) -> list[Notion]:
    """Return the notions by which any SAE of a world was measured: the others would be empty panels."""
    rows = results.rows_of(world)
    return [n for n in NOTIONS if any(row.measures.notion(n).neurons is not None for row in rows)]
