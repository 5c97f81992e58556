"""The numbers of a score: what each is, by which formula, and whether more of it is better."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from geosae.analysis import Alignment, Learner
from geosae.experiments.cell_result import NOTHING_TESTED, learned_by
from geosae.notebook import short_repr

Better = Literal["more", "less", "neither"]


def _number(better: Better, formula: str, low: float = 0.0, high: float = math.inf) -> Any:
    return field(metadata={"better": better, "formula": formula, "range": (low, high)})


def _share(better: Better, formula: str) -> Any:
    return _number(better, formula, 0.0, 1.0)


LEARNED = "share of the concepts whose chosen {} is certified to {} them within ε (E4, Holm at α)"


@dataclass(frozen=True)
class Numbers:
    """What is measured of one SAE on one setting; nan where a number is not known.

    Neurons and units are chosen on the points to fit, everything is counted on the points to test.
    """

    l0: float = _number("neither", "mean number of active neurons per point")
    fvu: float = _number("less", "Σ‖x−x̂‖² / Σ‖x−mean‖² on the points to test")
    dead_share: float = _share("less", "share of neurons active on no point")
    detected_by_neurons: float = _share("more", LEARNED.format("neuron", "detect"))
    detected_by_units: float = _share("more", LEARNED.format("unit", "detect"))
    detection_price: float = _number(
        "less", "mean μ(θ)/μ(C) of the neurons chosen for detection (D5); cheap is what misses, too"
    )
    separated_by_neurons: float = _share("more", LEARNED.format("neuron", "separate"))
    separated_by_units: float = _share("more", LEARNED.format("unit", "separate"))
    refuted_by_units: float = _share(
        "less", "share of the concepts whose chosen unit is certified not to separate them"
    )
    undecided_by_units: float = _share("neither", "share of the concepts that are neither")
    error_of_neurons: float = _number(
        "less", "mean s = max(miss, alarm) of the chosen neurons; silence has 1"
    )
    error_of_units: float = _number("less", "mean s of the chosen units; silence has 1")
    least_of_neurons: float = _number(
        "less", "median s⁺, the least ε at which the chosen neuron is certified"
    )
    least_of_units: float = _number("less", "median s⁺ of the chosen units")
    approximated_by_units: float = _share("more", LEARNED.format("unit", "approximate"))
    f1_of_neurons: float = _share("more", "mean F1 of the neuron of greatest F1")
    f1_of_units: float = _share("more", "mean F1 of the unit of greatest F1")
    mcc: float = _share("more", "mean |cosine| of the best one-to-one matching of atoms and features")
    recovery_f1: float = _share(
        "more", "mean over neurons of F1 for the feature of nearest direction (SAELens)"
    )
    uniqueness: float = _share("more", "number of features that are nearest to some neuron, over neurons")
    lattice_recall: float = _share(
        "more", "mean over true extents of the best Jaccard index with a learned one"
    )
    lattice_precision: float = _share(
        "more", "mean over learned extents of the best Jaccard index with a true one"
    )
    implication_recall: float = _share(
        "more", "share of the true implications whose confidence among chosen units is ≥ 1−ε"
    )
    implication_alarms: float = _share("less", "the same share of the rules C ⇒ D that are not true")
    implication_gain: float = _number(
        "more", "recall − alarms of implications; 0 for units that always fire", -1.0, 1.0
    )

    __repr__ = short_repr


@dataclass(frozen=True)
class NumberKind:
    """Which way a number is better, its formula, and the range to which intervals are cut (None: no end)."""

    better: Better
    formula: str
    low: float
    high: float | None


def _end(high: float) -> float | None:
    return high if math.isfinite(high) else None


KINDS: Mapping[str, NumberKind] = {
    each.name: NumberKind(each.metadata["better"], each.metadata["formula"], low, _end(high))
    for each in fields(Numbers)
    for low, high in [each.metadata["range"]]
}
"""Every number by name; a card carries this table with it."""


@dataclass(frozen=True)
class Matched:
    """What the alignment does not hold: recovery of directions, lattice and implications; nan: not known."""

    mcc: float = math.nan
    recovery_f1: float = math.nan
    uniqueness: float = math.nan
    lattice_recall: float = math.nan
    lattice_precision: float = math.nan
    implication_recall: float = math.nan
    implication_alarms: float = math.nan
    implication_gain: float = math.nan


def numbers_of(alignment: Alignment, matched: Matched) -> Numbers:
    """Return all numbers of an SAE from its alignment and what was matched."""
    metrics = alignment.metrics
    detecting = learned_by(alignment, "detection", "neurons") or NOTHING_TESTED
    detecting_units = learned_by(alignment, "detection", "units") or NOTHING_TESTED
    separating = learned_by(alignment, "separation", "neurons") or NOTHING_TESTED
    separating_units = learned_by(alignment, "separation", "units") or NOTHING_TESTED
    approximating = learned_by(alignment, "approximation", "units") or NOTHING_TESTED
    return Numbers(
        l0=metrics.l0,
        fvu=metrics.fvu,
        dead_share=metrics.dead_share,
        detected_by_neurons=detecting.share,
        detected_by_units=detecting_units.share,
        detection_price=detecting.price,
        separated_by_neurons=separating.share,
        separated_by_units=separating_units.share,
        refuted_by_units=separating_units.not_learned,
        undecided_by_units=separating_units.undecided,
        error_of_neurons=separating.best_error,
        error_of_units=separating_units.best_error,
        least_of_neurons=separating.least_tolerance,
        least_of_units=separating_units.least_tolerance,
        approximated_by_units=approximating.share,
        f1_of_neurons=_f1(alignment, "neurons"),
        f1_of_units=_f1(alignment, "units"),
        **{name: getattr(matched, name) for name in fields_of(matched)},
    )


def fields_of(record: Any) -> tuple[str, ...]:
    """Return the names of a record's fields."""
    return tuple(each.name for each in fields(record))


def _f1(alignment: Alignment, learner: Learner) -> float:
    """Return the mean of the greatest F1, 0 where nothing was chosen, over concepts that are tested."""
    rows = [row for row in alignment.closest[learner] if row.concept not in alignment.untested]
    return sum(row.f1 if row.neurons else 0.0 for row in rows) / len(rows) if rows else math.nan
