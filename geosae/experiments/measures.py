"""What is measured of one SAE: each number has one field here, and whatever walks results folds over these.

The same tree holds the numbers of one cell (`Measures[float]`, nan where a number is not known) and their
means over seeds (`Measures[Interval]`), so a measure that is added is at once averaged, compared, exported.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Generic, Literal, TypeVar, cast

from geosae.analysis.table import Notion

V = TypeVar("V")
W = TypeVar("W")
Learner = Literal["neurons", "units"]
LEARNERS: tuple[Learner, ...] = ("neurons", "units")


# The range of a quantity, to which its intervals are cut.
SHARE = {"range": (0.0, 1.0)}
SIZE = {"range": (0.0, math.inf)}


@dataclass(frozen=True)
class MetricMeasures(Generic[V]):
    """How the SAE does on the points as a whole (P6), and MCC where the true directions are known."""

    l0: V = field(metadata=SIZE)
    fvu: V = field(metadata=SIZE)
    dead_share: V = field(metadata=SHARE)
    dense_share: V = field(metadata=SHARE)
    mcc: V = field(metadata=SHARE)


@dataclass(frozen=True)
class Learned(Generic[V]):
    """How many of the tested concepts are learned at the tolerance, and the mean of their least errors."""

    share: V = field(metadata=SHARE)
    best_error: V = field(metadata=SIZE)
    tested: V = field(metadata=SIZE)


@dataclass(frozen=True)
class NotionMeasures(Generic[V]):
    """One notion: learned by single neurons, by closure units, and the shares under shuffled labels.

    `neurons` and `units` are None where the notion was not measured.
    """

    neurons: Learned[V] | None
    units: Learned[V] | None
    shuffled: V = field(metadata=SHARE)
    shuffled_units: V = field(metadata=SHARE)

    def learned(self, learner: Learner) -> Learned[V] | None:
        """Return what single neurons, or closure units, learn."""
        return self.neurons if learner == "neurons" else self.units

    def floor(self, learner: Learner) -> V:
        """Return the share that the same learner reaches under shuffled labels."""
        return self.shuffled if learner == "neurons" else self.shuffled_units


@dataclass(frozen=True)
class AgreementMeasures(Generic[V]):
    """Learning against interpretation on separation errors (F2): see `geosae.analysis.agreement`."""

    mutual: V = field(metadata=SHARE)
    concept_asymmetry: V = field(metadata=SHARE)
    neuron_asymmetry: V = field(metadata=SHARE)


@dataclass(frozen=True)
class LatticeMeasures(Generic[V]):
    """The detection lattice beside the true one, and each figure's floor under permuted columns."""

    concepts: V = field(metadata=SIZE)
    truth_concepts: V = field(metadata=SIZE)
    exact_recall: V = field(metadata=SHARE)
    tightness: V = field(metadata=SHARE)
    round_trip: V = field(metadata=SHARE)
    closed_objects: V = field(metadata=SHARE)
    exact_recall_floor: V = field(metadata=SHARE)
    tightness_floor: V = field(metadata=SHARE)
    round_trip_floor: V = field(metadata=SHARE)
    closed_objects_floor: V = field(metadata=SHARE)


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

    def notion(self, notion: Notion) -> NotionMeasures[V]:
        """Return the measures of a notion by its name."""
        return getattr(self, notion)


def fold(trees: Sequence[Measures[V]], combine: Callable[[list[V], tuple[float, float]], W]) -> Measures[W]:
    """Return one tree from several: each number combined from theirs, given the range of its quantity.

    A part that none of the trees has (a notion that was not measured) stays None; where only some have it,
    `combine` sees theirs alone.

    Examples
    --------
    >>> learned = Learned(0.5, 0.1, 4.0)
    >>> notion = NotionMeasures(learned, None, 0.0, 0.0)
    >>> tree = Measures(
    ...     MetricMeasures(2.0, 0.1, 0.0, 0.0, math.nan), notion, notion, notion,
    ...     AgreementMeasures(1.0, 0.0, 0.0), LatticeMeasures(*[1.0] * 10), 8.0)
    >>> total = fold([tree, tree], lambda values, _: sum(values))
    >>> total.metrics.l0, total.separation.units, total.detection.neurons.tested
    (4.0, None, 8.0)
    """
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


def numbers(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number of a tree under its dotted name, in the order of the fields.

    Examples
    --------
    >>> dict(numbers(Learned(0.5, 0.1, 4.0), "separation.units"))
    {'separation.units.share': 0.5, 'separation.units.best_error': 0.1, 'separation.units.tested': 4.0}
    """
    for each in fields(tree):
        part = getattr(tree, each.name)
        name = f"{prefix}.{each.name}" if prefix else each.name
        if "range" in each.metadata:
            yield name, part
        elif part is not None:
            yield from numbers(part, name)
