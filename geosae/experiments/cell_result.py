"""What one cell leaves: the numbers, the errors of each concept, and the evidence on its SAE."""

from collections.abc import Mapping
from dataclasses import dataclass

from geosae.analysis import Alignment, ConceptError, Notion, NotionSummary
from geosae.experiments.cell import FORMAT, Cell
from geosae.experiments.measures import (
    AgreementMeasures,
    LatticeMeasures,
    Learned,
    Learner,
    Measures,
    MetricMeasures,
    NotionMeasures,
)
from geosae.verification import Evidence


@dataclass(frozen=True)
class NotionErrors:
    """The least errors of every concept under one notion; empty where it was not measured."""

    neurons: tuple[ConceptError, ...]
    units: tuple[ConceptError, ...]

    def of(self, learner: Learner) -> tuple[ConceptError, ...]:
        """Return the errors of the best single neurons, or of the closure units."""
        return self.neurons if learner == "neurons" else self.units


@dataclass(frozen=True)
class ConceptErrors:
    """The least errors of every concept, notion by notion."""

    detection: NotionErrors
    separation: NotionErrors
    approximation: NotionErrors

    def of(self, notion: Notion) -> NotionErrors:
        """Return the errors under a notion by its name."""
        return getattr(self, notion)


@dataclass(frozen=True)
class CellResult:
    """The result of one cell, as it is stored in result.json.

    Attributes
    ----------
    cell
        What decides the SAE and its analysis.
    measures
        Every number; nan where it is not known.
    errors
        The least error of each concept, with its interval.
    approximation_reason
        Why approximation was not measured, or of which concepts; empty if nothing is missing.
    evidence
        What each statement that speaks about trained SAEs finds on this one, by claim id.
    format
        The version of geosae that wrote it: results of another version are refused.
    """

    cell: Cell
    measures: Measures[float]
    errors: ConceptErrors
    approximation_reason: str
    evidence: Mapping[str, tuple[Evidence, ...]]
    format: str = FORMAT


def cell_result(
    cell: Cell,
    alignment: Alignment,
    shuffled: Alignment,
    *,
    agreement: AgreementMeasures[float],
    lattice: LatticeMeasures[float],
    mcc: float,
    evidence: Mapping[str, tuple[Evidence, ...]],
) -> CellResult:
    """Gather what was measured of a cell's SAE; `shuffled` is the analysis under shuffled labels."""
    metrics = alignment.metrics
    detection, detection_errors = _notion(alignment, shuffled, "detection")
    separation, separation_errors = _notion(alignment, shuffled, "separation")
    approximation, approximation_errors = _notion(alignment, shuffled, "approximation")
    return CellResult(
        cell=cell,
        measures=Measures(
            metrics=MetricMeasures(metrics.l0, metrics.fvu, metrics.dead_share, metrics.dense_share, mcc),
            detection=detection,
            separation=separation,
            approximation=approximation,
            agreement=agreement,
            lattice=lattice,
            neurons=float(alignment.width),
        ),
        errors=ConceptErrors(detection_errors, separation_errors, approximation_errors),
        approximation_reason=alignment.approximation_reason,
        evidence=evidence,
    )


def _notion(
    alignment: Alignment, shuffled: Alignment, notion: Notion
) -> tuple[NotionMeasures[float], NotionErrors]:
    neurons, units = _summaries(alignment, notion)
    floor, unit_floor = _summaries(shuffled, notion)
    measures = NotionMeasures(_learned(neurons), _learned(units), _share(floor), _share(unit_floor))
    return measures, NotionErrors(_concepts(neurons), _concepts(units))


def _summaries(alignment: Alignment, notion: Notion) -> tuple[NotionSummary | None, NotionSummary | None]:
    tables = getattr(alignment, notion), getattr(alignment.units, notion)
    neurons, units = (None if table is None else table.summary() for table in tables)
    return neurons, units


def _learned(summary: NotionSummary | None) -> Learned[float] | None:
    if summary is None:
        return None
    return Learned(summary.share, summary.best_error, float(summary.tested))


def _share(summary: NotionSummary | None) -> float:
    return float("nan") if summary is None else summary.share


def _concepts(summary: NotionSummary | None) -> tuple[ConceptError, ...]:
    return () if summary is None else summary.concepts
