"""What one cell leaves: the numbers, the errors of each concept, and the evidence on its SAE."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geosae.analysis import ANSWERS, LEARNERS, Alignment, ConceptAnswer, Learner, Notion
from geosae.experiments.cell import FORMAT, Cell
from geosae.experiments.measures import (
    AgreementMeasures,
    LatticeMeasures,
    Learned,
    Measures,
    MetricMeasures,
    NotionMeasures,
)
from geosae.notebook import short_repr
from geosae.verification import Evidence


@dataclass(frozen=True)
class NotionAnswers:
    """What was learned of every concept under one notion; empty where it was not measured."""

    neurons: tuple[ConceptAnswer, ...] = ()
    small_units: tuple[ConceptAnswer, ...] = ()
    units: tuple[ConceptAnswer, ...] = ()

    __repr__ = short_repr

    def of(self, learner: Learner) -> tuple[ConceptAnswer, ...]:
        """Return the answers of the chosen single neurons, small units, or units of any size."""
        return getattr(self, learner)


@dataclass(frozen=True)
class ConceptAnswers:
    """What was learned of every concept, notion by notion."""

    detection: NotionAnswers
    separation: NotionAnswers
    approximation: NotionAnswers

    __repr__ = short_repr

    def of(self, notion: Notion) -> NotionAnswers:
        """Return the answers under a notion by its name."""
        return getattr(self, notion)


NO_ANSWERS = ConceptAnswers(NotionAnswers(), NotionAnswers(), NotionAnswers())
"""Of an SAE that could not be had."""


@dataclass(frozen=True)
class CellResult:
    """The result of one cell, as it is stored in result.json.

    Attributes
    ----------
    cell
        What decides the SAE and its analysis.
    measures
        Every number; nan where it is not known.
    answers
        What was learned of each concept, by what, with its errors.
    pairs
        How many pairs were judged together (E4).
    approximation_reason
        Why approximation was not measured, or of which concepts; empty if nothing is missing.
    evidence
        What each statement that speaks about trained SAEs finds on this one, by claim id.
    format
        The version of geosae that wrote it: results of another version are refused.
    """

    cell: Cell
    measures: Measures[float]
    answers: ConceptAnswers
    pairs: int
    approximation_reason: str
    evidence: Mapping[str, tuple[Evidence, ...]]
    format: str = FORMAT

    __repr__ = short_repr


def cell_result(
    cell: Cell,
    alignment: Alignment,
    *,
    agreement: AgreementMeasures[float],
    lattice: LatticeMeasures[float],
    mcc: float,
    evidence: Mapping[str, tuple[Evidence, ...]],
) -> CellResult:
    """Gather what was measured of a cell's SAE, its floor under shuffled labels included."""
    metrics = alignment.metrics
    return CellResult(
        cell=cell,
        measures=Measures(
            metrics=MetricMeasures(metrics.l0, metrics.fvu, metrics.dead_share, metrics.dense_share, mcc),
            detection=notion_measures(alignment, "detection"),
            separation=notion_measures(alignment, "separation"),
            approximation=notion_measures(alignment, "approximation"),
            agreement=agreement,
            lattice=lattice,
            neurons=float(alignment.width),
        ),
        answers=concept_answers(alignment),
        pairs=alignment.judgement.pairs,
        approximation_reason=alignment.approximation_reason,
        evidence=evidence,
    )


def concept_answers(alignment: Alignment) -> ConceptAnswers:
    """Return what was learned of every concept under each notion that was measured."""
    return ConceptAnswers(
        _answers(alignment, "detection"),
        _answers(alignment, "separation"),
        _answers(alignment, "approximation"),
    )


def _answers(alignment: Alignment, notion: Notion) -> NotionAnswers:
    if notion not in alignment.notions:
        return NotionAnswers()
    return NotionAnswers(*[alignment.answers(notion, learner) for learner in LEARNERS])


def notion_measures(alignment: Alignment, notion: Notion) -> NotionMeasures[float]:
    """Return the numbers of one notion for each kind of learner, and the shares under shuffled labels."""
    return NotionMeasures(
        neurons=learned_by(alignment, notion, "neurons"),
        small_units=learned_by(alignment, notion, "small_units"),
        units=learned_by(alignment, notion, "units"),
        shuffled_neurons=_floor(alignment, notion, "neurons"),
        shuffled_small_units=_floor(alignment, notion, "small_units"),
        shuffled_units=_floor(alignment, notion, "units"),
    )


NOTHING_TESTED = Learned(
    share=math.nan,
    not_learned=math.nan,
    undecided=math.nan,
    no_unit=math.nan,
    within=math.nan,
    best_error=math.nan,
    least_tolerance=math.nan,
    price=math.nan,
    f1=math.nan,
    tested=0.0,
)
"""What is known where no concept has a held-out point."""


def learned_by(alignment: Alignment, notion: Notion, learner: Learner) -> Learned[float] | None:
    """Return what one kind of learner has learned under a notion; None where it was not measured."""
    if notion not in alignment.notions:
        return None
    rows = [row for row in alignment.answers(notion, learner) if row.concept not in alignment.untested]
    if not rows:
        return NOTHING_TESTED
    silence = 1.0 if notion == "separation" else math.nan
    errors = [row.error if row.neurons else silence for row in rows]
    least = sorted(math.inf if math.isnan(row.least_tolerance) else row.least_tolerance for row in rows)
    half = least[(len(least) - 1) // 2]
    learned, not_learned, undecided, no_unit = (
        sum(row.answer == answer for row in rows) / len(rows) for answer in ANSWERS[:4]
    )
    return Learned(
        share=learned,
        not_learned=not_learned,
        undecided=undecided,
        no_unit=no_unit,
        within=sum(row.error <= alignment.tolerance for row in rows) / len(rows),
        best_error=_mean(errors),
        least_tolerance=half if math.isfinite(half) else math.nan,
        price=_mean([row.price for row in rows]),
        f1=_mean([row.f1 if row.neurons else 0.0 for row in rows]),
        tested=float(len(rows)),
    )


def _floor(alignment: Alignment, notion: Notion, learner: Learner) -> float:
    floor = alignment.floor
    return math.nan if floor is None or notion not in floor.notions else floor.share(notion, learner)


def _mean(numbers: Sequence[float]) -> float:
    known = [number for number in numbers if not math.isnan(number)]
    return sum(known) / len(known) if known else math.nan
