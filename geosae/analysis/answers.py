"""Learned, not learned or undecided: what held-out counts say of the chosen neurons and units (E4, E5)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.certified import (
    Correction,
    above,
    approximation_p,
    certified,
    detection_p,
    least_approximation_tolerance,
    least_detection_tolerance,
    least_separation_tolerance,
    not_approximation_p,
    not_separation_p,
    positives_for_power,
    positives_needed,
    separation_p,
)
from geosae.analysis.choice import LEARNERS, Learner
from geosae.analysis.counts import Counts
from geosae.analysis.firing_bits import Unit
from geosae.analysis.grades import Graded, graded_odds, graded_share, shares
from geosae.analysis.table import NOTIONS, Notion
from geosae.notebook import short_repr

Answer = Literal["learned", "not learned", "undecided", "no unit", "not judged"]
ANSWERS: tuple[Answer, ...] = ("learned", "not learned", "undecided", "no unit", "not judged")


@dataclass(frozen=True, repr=False)
class ConceptAnswer:
    """What one chosen neuron or unit has learned of one concept, on held-out points.

    Numbers are nan where there is nothing to count: without a unit all of them but `positives`.

    Attributes
    ----------
    concept
        Its name.
    neurons
        The neurons of the unit chosen on the fit half; () if none was: shown as "–".
    answer
        Whether the unit's error is certified to be below the tolerance, above it, or neither (E4). "Not
        learned" is said of this unit, not of the SAE. "Not judged": it was chosen by F1, for no notion.
    error
        The decisive error: m for detection, s for separation, ν(θ△C)/ν(C) for approximation.
    low, high
        Its interval; all intervals of an alignment's answers hold at once (E2).
    least_tolerance
        m⁺, s⁺: the least ε at which the unit is certified, at a level that allows for ε being read off the
        data; nan if there is none.
    miss
        μ(C∖θ)/μ(C); for approximation over ν.
    alarm
        μ(θ∖C)/μ(C); for approximation over ν.
    price
        μ(θ)/μ(C), what the detection costs (D5).
    precision
        On the held-out points of the data, as scikit-learn has it.
    recall
        Likewise.
    f1
        Likewise.
    false_alarm_rate
        Likewise: alarms over the negatives.
    auc
        The area under the ROC curve of a single neuron's activation there; nan for larger units.
    positives
        Held-out points of the concept.
    needed
        The least number of them with which an errorless unit would be certified (E5).
    needed_here
        About the number with which these observed errors would be with probability 0.8; 0 if no number would.
    trivial
        Whether the unit separates no better than silence or than firing everywhere.
    """

    concept: str
    neurons: Unit
    answer: Answer
    error: float
    low: float
    high: float
    least_tolerance: float
    miss: float
    alarm: float
    price: float
    precision: float
    recall: float
    f1: float
    false_alarm_rate: float
    auc: float
    positives: int
    needed: int
    needed_here: int
    trivial: bool

    def __repr__(self) -> str:
        if not self.neurons:
            return f"{self.concept[:_SHORT]}: – (no unit was chosen)"
        members = ", ".join(map(str, self.neurons[:8])) + (", …" if len(self.neurons) > 8 else "")
        within = (
            "at no tolerance" if math.isnan(self.least_tolerance) else f"within {self.least_tolerance:.3g}"
        )
        return (
            f"{self.concept[:_SHORT]}: {self.answer} by {{{members}}}, error {self.error:.3g} "
            f"[{self.low:.3g}, {self.high:.3g}], certified {within}; price {self.price:.3g}, precision "
            f"{self.precision:.3g}, {self.positives} held-out points"
        )


_SHORT = 60


@dataclass(frozen=True, eq=False)
class Chosen:
    """The unit that one rule chose for each concept on the fit half, with its counts on the other."""

    units: tuple[Unit, ...]
    counts: Counts
    """On held-out points of the data, (p,)."""
    auc: Float[np.ndarray, " p"]
    """Of the activations of single neurons there, nan for larger units."""
    ambient: AmbientCounts | None = None
    """On fresh ν points, where the rule is approximation's."""

    __repr__ = short_repr

    @property
    def judged(self) -> Counts:
        """The counts of points on which the notion is judged: ν points for approximation, else the data."""
        return self.counts if self.ambient is None else self.ambient.outer


@dataclass(frozen=True)
class Judgement:
    """How pairs are judged: the tolerance, the level of the family, its correction and its size."""

    tolerance: float
    alpha: float
    correction: Correction
    pairs: int

    @property
    def level(self) -> float:
        """The level of one pair where the tolerance is read off the data: alpha over the pairs."""
        return self.alpha / max(self.pairs, 1)


Answers = Mapping[Notion, Mapping[Learner, tuple[ConceptAnswer, ...]]]


def answer_all(
    concepts: Sequence[str],
    chosen: Mapping[Notion, Mapping[Learner, Chosen]],
    tolerance: float,
    alpha: float,
    correction: Correction,
) -> tuple[Answers, Judgement]:
    """Judge every chosen unit; one family of pairs, in which a unit that several learners share counts once.

    Learned and not learned are two families, each at level alpha. A concept counts as learned by a unit also
    where its chosen neuron is certified, and as detected where it is separated: the row then shows that one.
    """
    judgement = Judgement(tolerance, alpha, correction, len(_distinct(chosen)))
    verdicts = _verdicts(chosen, judgement)
    answers: dict[Notion, dict[Learner, tuple[ConceptAnswer, ...]]] = {}
    for notion in NOTIONS:
        if notion not in chosen:
            continue
        rows: dict[Learner, tuple[ConceptAnswer, ...]] = {}
        for learner in LEARNERS:
            own = _rows(concepts, notion, chosen[notion][learner], judgement, verdicts)
            if notion == "detection" and "separation" in chosen:
                own = _detected_by_separation(
                    concepts, own, chosen["separation"][learner], judgement, verdicts
                )
            # A singleton is a unit, and a small unit is one: what a lesser learner has, a greater one has.
            fewer = rows.get(_FEWER.get(learner, learner), own)
            rows[learner] = tuple(
                small if small.answer == "learned" and row.answer != "learned" else row
                for row, small in zip(own, fewer, strict=True)
            )
        answers[notion] = rows
    return answers, judgement


def closest(
    concepts: Sequence[str], chosen: Mapping[Learner, Chosen], judgement: Judgement
) -> Mapping[Learner, tuple[ConceptAnswer, ...]]:
    """Return the rows of the units of greatest F1, which are judged under no notion."""
    return {
        learner: _rows(concepts, "separation", each, judgement, {}, "not judged")
        for learner, each in chosen.items()
    }


_FEWER: Mapping[Learner, Learner] = {"small_units": "neurons", "units": "small_units"}
_Pair = tuple[Notion, int, Unit]


def _distinct(chosen: Mapping[Notion, Mapping[Learner, Chosen]]) -> list[_Pair]:
    """Return each (notion, concept, unit) once; concepts without held-out points and no unit are no pair."""
    pairs: dict[_Pair, None] = {}
    for notion, by_learner in chosen.items():
        for each in by_learner.values():
            for k, unit in enumerate(each.units):
                if unit and _can_be_tested(each, k):
                    pairs.setdefault((notion, k, unit))
    return list(pairs)


def _can_be_tested(chosen: Chosen, concept: int) -> bool:
    counts = chosen.judged
    if chosen.ambient is not None:
        # Where no ν point fell into a small region, alarms alone can still show that θ is far too large.
        return bool(counts.positives[concept] + counts.alarms[concept] > 0)
    return bool(counts.positives[concept] > 0 and counts.negatives[concept] > 0)


def _verdicts(
    chosen: Mapping[Notion, Mapping[Learner, Chosen]], judgement: Judgement
) -> Mapping[_Pair, Answer]:
    p_learned: dict[_Pair, float] = {}
    p_not: dict[_Pair, float] = {}
    pairs = set(_distinct(chosen))
    for notion, by_learner in chosen.items():
        for each in by_learner.values():
            for_learned, against = _p_values(notion, each, judgement.tolerance)
            for k, unit in enumerate(each.units):
                if (notion, k, unit) in pairs:
                    p_learned[notion, k, unit] = float(for_learned[k])
                    p_not[notion, k, unit] = float(against[k])
    ordered = list(p_learned)
    learned, refuted = (
        certified(np.array([p[pair] for pair in ordered]), judgement.alpha, judgement.correction)
        for p in (p_learned, p_not)
    )
    return {
        pair: "learned" if yes else "not learned" if no else "undecided"
        for pair, yes, no in zip(ordered, learned, refuted, strict=True)
    }


def _p_values(
    notion: Notion, chosen: Chosen, tolerance: float
) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
    counts = chosen.judged
    if notion == "detection":
        silent = counts.negatives - counts.alarms
        learned = detection_p(counts.misses, counts.positives, silent, counts.negatives, tolerance)
        return learned, above(counts.misses, counts.positives, tolerance)
    parts = counts.misses, counts.alarms, counts.positives
    if notion == "approximation":
        return approximation_p(*parts, tolerance), not_approximation_p(*parts, tolerance)
    return separation_p(*parts, tolerance), not_separation_p(*parts, tolerance)


def _detected_by_separation(
    concepts: Sequence[str],
    rows: tuple[ConceptAnswer, ...],
    separating: Chosen,
    judgement: Judgement,
    verdicts: Mapping[_Pair, Answer],
) -> tuple[ConceptAnswer, ...]:
    """Take the separating unit's row where it is certified to separate: then it detects, too (F1)."""
    learned = [verdicts.get(("separation", k, unit)) == "learned" for k, unit in enumerate(separating.units)]
    others = _rows(concepts, "detection", separating, judgement, {})
    return tuple(
        replace(other, answer="learned") if separated and row.answer != "learned" else row
        for row, other, separated in zip(rows, others, learned, strict=True)
    )


def _rows(
    concepts: Sequence[str],
    notion: Notion,
    chosen: Chosen,
    judgement: Judgement,
    verdicts: Mapping[_Pair, Answer],
    unjudged: Answer = "undecided",
) -> tuple[ConceptAnswer, ...]:
    # Two intervals for each pair: one of misses and one of alarms.
    graded = _graded(notion, chosen, judgement.level / 2)
    least_tolerance = _least_tolerance(notion, chosen, judgement.level)
    data, data_auc = chosen.counts, chosen.auc
    price, precision = shares(data.fired, data.positives), shares(data.hits, data.fired)
    rate = shares(data.alarms, data.negatives)
    recall, f1 = shares(data.hits, data.positives), shares(2 * data.hits, data.positives + data.fired)
    misses, alarms = _miss_and_alarm(chosen)
    needed = positives_needed(judgement.tolerance, judgement.level, alarms=notion != "detection")
    rows: list[ConceptAnswer] = []
    for k, (name, unit) in enumerate(zip(concepts, chosen.units, strict=True)):
        positives = int(chosen.judged.positives[k])
        if not unit:
            rows.append(_no_unit(name, positives, needed))
            continue
        error, low, high = (
            max(float(getattr(g, end)[k]) for g in graded) for end in ("value", "low", "high")
        )
        miss, alarm = float(misses[k]), float(alarms[k])
        answer = verdicts.get((notion, k, unit), unjudged)
        least = float(least_tolerance[k])
        rows.append(
            ConceptAnswer(
                concept=name,
                neurons=unit,
                answer=answer,
                error=error,
                low=low,
                high=high if math.isfinite(high) else math.nan,
                least_tolerance=_stated(least, answer, judgement.tolerance),
                miss=miss,
                alarm=alarm,
                price=float(price[k]),
                precision=float(precision[k]),
                recall=float(recall[k]),
                f1=float(f1[k]),
                false_alarm_rate=float(rate[k]),
                auc=float(data_auc[k]),
                positives=positives,
                needed=needed,
                needed_here=_needed_here(notion, miss, alarm, judgement),
                trivial=_is_trivial(data, k),
            )
        )
    return tuple(rows)


def _no_unit(name: str, positives: int, needed: int) -> ConceptAnswer:
    numbers = (
        "error", "low", "high", "least_tolerance", "miss", "alarm", "price", "precision", "recall", "f1",
        "false_alarm_rate", "auc",
    )  # fmt: skip
    return ConceptAnswer(
        concept=name,
        neurons=(),
        answer="no unit",
        **dict.fromkeys(numbers, math.nan),
        positives=positives,
        needed=needed,
        needed_here=0,
        trivial=False,
    )


def _stated(least: float, answer: Answer, tolerance: float) -> float:
    """Return the least tolerance to be stated: a unit that Holm certifies at ε is certified there."""
    if answer == "learned":
        return min(least, tolerance)
    return least if math.isfinite(least) else math.nan


def _needed_here(notion: Notion, miss: float, alarm: float, judgement: Judgement) -> int:
    if math.isnan(miss) or (notion != "detection" and math.isnan(alarm)):
        return 0
    of_alarms = None if notion == "detection" else alarm
    return positives_for_power(miss, of_alarms, judgement.tolerance, judgement.level)


def _is_trivial(counts: Counts, concept: int) -> bool:
    """Whether s ≥ min(1, (1 − μ(C))/μ(C)): silence has s = 1, firing everywhere s = (1 − μ(C))/μ(C)."""
    worst = max(int(counts.misses[concept]), int(counts.alarms[concept]))
    return worst >= min(int(counts.positives[concept]), int(counts.negatives[concept]))


def _miss_and_alarm(chosen: Chosen) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
    if chosen.ambient is not None:
        values = chosen.ambient.values()
        return values["shortfall"], values["excess"]
    counts = chosen.counts
    return shares(counts.misses, counts.positives), shares(counts.alarms, counts.positives)


def _graded(notion: Notion, chosen: Chosen, level: float) -> list[Graded]:
    if chosen.ambient is not None:
        return [chosen.ambient.graded(level)["difference"]]
    counts = chosen.counts
    graded = [graded_share(counts.misses, counts.positives, level)]
    if notion == "separation":
        graded.append(graded_odds(counts.alarms, counts.positives, level))
    return graded


def _least_tolerance(notion: Notion, chosen: Chosen, level: float) -> Float[np.ndarray, " p"]:
    counts = chosen.judged
    if notion == "detection":
        silent = counts.negatives - counts.alarms
        return least_detection_tolerance(counts.misses, counts.positives, silent, counts.negatives, level)
    least = least_separation_tolerance if notion == "separation" else least_approximation_tolerance
    return least(counts.misses, counts.alarms, counts.positives, level)
