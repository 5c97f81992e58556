"""What is measured of one SAE: each number has one field here, and whatever walks results folds over these.

The same tree holds the numbers of one cell (`Measures[float]`, nan where a number is not known) and their
means over seeds (`Measures[Interval]`), so a measure that is added is at once averaged, compared, exported.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Generic, TypeVar, cast

from geosae.analysis import LEARNERS, Learner, Notion
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments

__all__ = [
    "LEARNERS",
    "AgreementMeasures",
    "LatticeMeasures",
    "Learned",
    "Learner",
    "Measures",
    "MetricMeasures",
    "NotionMeasures",
    "fold",
    "numbers",
]

V = TypeVar("V")
W = TypeVar("W")

# The range of a quantity, to which its intervals are cut.
SHARE = {"range": (0.0, 1.0)}
SIZE = {"range": (0.0, math.inf)}
DIFFERENCE = {"range": (-math.inf, math.inf)}


@dataclass(frozen=True)
class MetricMeasures(Generic[V]):
    """How the SAE does on the points as a whole (P6), and MCC where the true directions are known."""

    l0: V = field(metadata=SIZE)
    fvu: V = field(metadata=SIZE)
    dead_share: V = field(metadata=SHARE)
    dense_share: V = field(metadata=SHARE)
    mcc: V = field(metadata=SHARE)

    __repr__ = short_repr


@dataclass(frozen=True)
class Learned(Generic[V]):
    """What one kind of learner, chosen on the fit half, has learned of the tested concepts (E4).

    Attributes
    ----------
    share
        The share of concepts that are learned at the tolerance; with the next three it adds up to 1.
    not_learned
        The share certified not to be.
    undecided
        The share that is neither.
    no_unit
        The share for which no unit was chosen.
    within
        The share whose estimates are within the tolerance, certified or not.
    best_error
        The mean decisive error of what was chosen; a concept that no unit separates counts as 1, which is the
        error of silence.
    least_tolerance
        The least tolerance at which half of the concepts are certified; nan if there is none.
    price
        The mean of μ(θ)/μ(C) (D5).
    f1
        The mean F1, 0 where no unit was chosen.
    tested
        The number of concepts with held-out points.
    """

    share: V = field(metadata=SHARE)
    not_learned: V = field(metadata=SHARE)
    undecided: V = field(metadata=SHARE)
    no_unit: V = field(metadata=SHARE)
    within: V = field(metadata=SHARE)
    best_error: V = field(metadata=SIZE)
    least_tolerance: V = field(metadata=SIZE)
    price: V = field(metadata=SIZE)
    f1: V = field(metadata=SHARE)
    tested: V = field(metadata=SIZE)

    __repr__ = short_repr


@dataclass(frozen=True)
class NotionMeasures(Generic[V]):
    """One notion: learned by single neurons, small units, any units; the shares under shuffled labels.

    What is learned is None where the notion was not measured.
    """

    neurons: Learned[V] | None
    small_units: Learned[V] | None
    units: Learned[V] | None
    shuffled_neurons: V = field(metadata=SHARE)
    shuffled_small_units: V = field(metadata=SHARE)
    shuffled_units: V = field(metadata=SHARE)

    __repr__ = short_repr

    def learned(self, learner: Learner) -> Learned[V] | None:
        """Return what a kind of learner learns."""
        return getattr(self, learner)

    def floor(self, learner: Learner) -> V:
        """Return the share that the same learner reaches under shuffled labels."""
        by_learner: dict[Learner, V] = {
            "neurons": self.shuffled_neurons,
            "small_units": self.shuffled_small_units,
            "units": self.shuffled_units,
        }
        return by_learner[learner]


@dataclass(frozen=True)
class AgreementMeasures(Generic[V]):
    """Learning against interpretation on separation errors (F2): see `geosae.analysis.agreement`."""

    mutual: V = field(metadata=SHARE)
    concept_asymmetry: V = field(metadata=DIFFERENCE)
    neuron_asymmetry: V = field(metadata=DIFFERENCE)

    __repr__ = short_repr


@dataclass(frozen=True)
class LatticeMeasures(Generic[V]):
    """The detection lattice beside the true one, and each figure's floor under permuted columns.

    `edges` is the number of certified pairs at the tolerance; `concepts` is the size of the lattice as drawn,
    which is at a greater tolerance where there are none.
    """

    concepts: V = field(metadata=SIZE)
    edges: V = field(metadata=SIZE)
    truth_concepts: V = field(metadata=SIZE)
    exact_recall: V = field(metadata=SHARE)
    tightness: V = field(metadata=SHARE)
    round_trip: V = field(metadata=SHARE)
    closed_objects: V = field(metadata=SHARE)
    exact_recall_floor: V = field(metadata=SHARE)
    tightness_floor: V = field(metadata=SHARE)
    round_trip_floor: V = field(metadata=SHARE)
    closed_objects_floor: V = field(metadata=SHARE)

    __repr__ = short_repr


@dataclass(frozen=True)
class Measures(Generic[V]):
    """Everything that is measured of an SAE as one number."""

    metrics: MetricMeasures[V]
    detection: NotionMeasures[V]
    separation: NotionMeasures[V]
    approximation: NotionMeasures[V]
    agreement: AgreementMeasures[V]
    lattice: LatticeMeasures[V]
    neurons: V = field(metadata=SIZE)

    __repr__ = short_repr

    def notion(self, notion: Notion) -> NotionMeasures[V]:
        """Return the measures of a notion by its name."""
        return getattr(self, notion)


@checked_arguments()
def fold(trees: Sequence[Measures[V]], combine: Callable[[list[V], tuple[float, float]], W]) -> Measures[W]:
    """Return one tree from several: each number combined from theirs, given the range of its quantity.

    A part that none of the trees has (a notion that was not measured) stays None; where only some have it,
    `combine` sees theirs alone.

    Examples
    --------
    >>> learned = Learned(0.5, 0.25, 0.25, 0.0, 0.5, 0.1, 0.05, 1.0, 0.9, 4.0)
    >>> notion = NotionMeasures(learned, None, None, 0.0, 0.0, 0.0)
    >>> tree = Measures(
    ...     MetricMeasures(2.0, 0.1, 0.0, 0.0, math.nan), notion, notion, notion,
    ...     AgreementMeasures(1.0, 0.0, 0.0), LatticeMeasures(*[1.0] * 11), 8.0)
    >>> total = fold([tree, tree], lambda values, _: sum(values))
    >>> total.metrics.l0, total.separation.units, total.detection.neurons.tested
    (4.0, None, 8.0)
    """
    if not trees:
        raise InvalidInput("there are no trees to fold", remedy="hand in the measures of at least one SAE")
    return cast("Measures[W]", _folded(list(trees), combine))


def _folded(records: list[Any], combine: Callable[[list[Any], tuple[float, float]], Any]) -> Any:
    merged: dict[str, Any] = {}
    for each in fields(records[0]):
        parts = [part for record in records if (part := getattr(record, each.name)) is not None]
        if not parts:
            merged[each.name] = None
        elif is_dataclass(parts[0]) and "range" not in each.metadata:
            merged[each.name] = _folded(parts, combine)
        else:
            merged[each.name] = combine(parts, each.metadata["range"])
    return type(records[0])(**merged)


@checked_arguments()
def numbers(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number of a tree under its dotted name, in the order of the fields.

    Examples
    --------
    >>> dict(numbers(AgreementMeasures(1.0, 0.5, 0.0), "agreement"))
    {'agreement.mutual': 1.0, 'agreement.concept_asymmetry': 0.5, 'agreement.neuron_asymmetry': 0.0}
    """
    for each in fields(tree):
        part = getattr(tree, each.name)
        name = f"{prefix}.{each.name}" if prefix else each.name
        if "range" in each.metadata:
            yield name, part
        elif part is not None:
            yield from numbers(part, name)
