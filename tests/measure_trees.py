"""Trees of measures made by hand: the numbers that a test names, nan elsewhere."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from geosae.experiments import Cell, CellResult
from geosae.experiments.cell_result import ConceptAnswers, NotionAnswers
from geosae.experiments.measures import (
    AgreementMeasures,
    LatticeMeasures,
    Learned,
    Measures,
    MetricMeasures,
    NotionMeasures,
)


def _blank(kind: Any) -> Any:
    return kind(*[math.nan for _ in fields(kind)])


NOTHING: Measures[float] = Measures(
    _blank(MetricMeasures), *[NotionMeasures(None, None, None, math.nan, math.nan, math.nan)] * 3,
    _blank(AgreementMeasures), _blank(LatticeMeasures), math.nan,
)  # fmt: skip
NO_ANSWERS = ConceptAnswers(*[NotionAnswers()] * 3)


def tree(numbers: Mapping[str, float]) -> Measures[float]:
    """Return the measures with these numbers by their dotted names, such as "separation.units.share"."""
    measures = NOTHING
    for name, number in numbers.items():
        measures = changed(measures, name.split("."), number)
    return measures


def changed(record: Any, names: list[str], number: float) -> Any:
    """Return a record with one number changed."""
    if len(names) == 1:
        return replace(record, **{names[0]: number})
    part = getattr(record, names[0])
    part = _blank(Learned) if part is None else part
    return replace(record, **{names[0]: changed(part, names[1:], number)})


def cell_result(cell: Cell, numbers: Mapping[str, float]) -> CellResult:
    """Return the result of a cell with these numbers, and nothing else."""
    return CellResult(cell, tree(numbers), NO_ANSWERS, 0, "", {})
