"""Whether two runs of one plan on different seeds say the same: the record of a comparison."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from geosae.studies.numbers import Mean
from geosae.studies.study import Verdict

ALARM = 0.05
"""How often two runs that measure the same thing may be called different."""
Width = Literal["both", "one", "none"]
Agreement = Literal["agree", "one undecided", "contradict", "in one run only"]


@dataclass(frozen=True)
class Pair:
    """One measure in one setting, in both runs.

    Attributes
    ----------
    part, setting, measure
        "grid" or a study, the settings but the seed, and what was measured.
    first, second
        Means over seeds with their 95 % Student-t intervals, not cut to the range of the quantity.
    width
        Which intervals have a width: of seeds that all agree it is a single point.
    overlap
        Whether the intervals meet. Two different single points do not.
    welch, freedom, p
        Welch's t (first − second over its standard error), its degrees of freedom and two-sided p, for
        this pair alone; infinite, 0 and 0 for two different points.
    adjusted
        p corrected for all pairs, by shuffling which run a seed belongs to (see
        `geosae.replication.relabel`).
    """

    part: str
    setting: str
    measure: str
    first: Mean
    second: Mean
    width: Width
    overlap: bool
    welch: float
    freedom: float
    p: float
    adjusted: float


@dataclass(frozen=True)
class PartCount:
    """The pairs of one part, counted.

    Attributes
    ----------
    pairs
        Pairs that were compared: some seed differs from another.
    overlapping
        How many of them have overlapping intervals.
    points_apart
        How many are two different single points; they count as disjoint.
    constant
        Pairs in which all seeds of both runs agree; they are not among `pairs`.
    too_few
        Measures known for fewer than two seeds of a run: not compared.
    same_jobs, same_jobs_differ
        Jobs of both runs with the same settings, seed included, and how many of them left another result.
    expected
        The share that would overlap if all pairs were of one normal law (see `expected_overlap`), over the
        pairs with a width.
    shuffled, low, high
        The share that overlaps where seeds are shuffled between the runs: mean, and where 95 % lie.
    explained, usual
        Mean share of the variance over seeds that lies between the runs, and its mean where seeds are
        shuffled.
    adjusted
        The share of shuffles in which some part exceeds its usual share as much.
    """

    part: str
    pairs: int
    overlapping: int
    points_apart: int
    constant: int
    too_few: int
    same_jobs: int
    same_jobs_differ: int
    expected: float
    shuffled: float
    low: float
    high: float
    explained: float
    usual: float
    adjusted: float

    @property
    def share(self) -> float:
        """The share of pairs whose intervals overlap; NaN without any pair."""
        return self.overlapping / self.pairs if self.pairs else math.nan


@dataclass(frozen=True)
class AnswerPair:
    """One prediction and what both runs say to it (None: nothing was said).

    Examples
    --------
    >>> AnswerPair("grid", "S1", "As predicted.", "as predicted", "undecided").agreement
    'one undecided'
    >>> AnswerPair("grid", "S1", "As predicted.", "as predicted", "the prediction fails").agreement
    'contradict'
    """

    part: str
    id: str
    prediction: str
    first: Verdict | None
    second: Verdict | None

    @property
    def agreement(self) -> Agreement:
        """Whether the verdicts are the same, or opposed, or one of them is open."""
        if self.first is None or self.second is None:
            return "in one run only"
        if self.first == self.second:
            return "agree"
        return "one undecided" if "undecided" in (self.first, self.second) else "contradict"


@dataclass(frozen=True)
class Replication:
    """How two runs of one plan on different seeds compare.

    Attributes
    ----------
    pairs
        All pairs that were compared, the most different first.
    parts
        Their counts by part.
    answers
        The verdict of each answer in both runs.
    labellings, exact, least
        How many ways of shuffling the seeds between the runs were tried, whether these are all, and the
        smallest p that they can give.
    """

    pairs: tuple[Pair, ...]
    parts: tuple[PartCount, ...]
    answers: tuple[AnswerPair, ...]
    labellings: int
    exact: bool
    least: float

    @property
    def share(self) -> float:
        """The share of all pairs whose intervals overlap."""
        return sum(pair.overlap for pair in self.pairs) / len(self.pairs)

    @property
    def share_shuffled(self) -> float:
        """The share of all pairs that overlaps where seeds are shuffled between the runs."""
        return sum(p.shuffled * p.pairs for p in self.parts if p.pairs) / len(self.pairs)

    @property
    def disjoint(self) -> tuple[Pair, ...]:
        """The pairs whose intervals do not overlap, the most different first."""
        return tuple(pair for pair in self.pairs if not pair.overlap)

    @property
    def decisive(self) -> bool:
        """Whether these seeds are enough for any difference to be found."""
        return self.least <= ALARM / 2

    @property
    def different_pairs(self) -> tuple[Pair, ...]:
        """The pairs that differ beyond chance, corrected for all pairs."""
        return tuple(pair for pair in self.pairs if pair.adjusted <= ALARM / 2)

    @property
    def different_parts(self) -> tuple[PartCount, ...]:
        """The parts in which the runs lie further apart than chance puts them, corrected for all parts."""
        return tuple(part for part in self.parts if part.adjusted <= ALARM / 2)

    @property
    def contradicted(self) -> tuple[AnswerPair, ...]:
        """The answers that one run confirms and the other refutes."""
        return tuple(answer for answer in self.answers if answer.agreement == "contradict")

    @property
    def holds(self) -> bool:
        """Whether nothing differs beyond chance and no answer is contradicted."""
        return not (self.different_pairs or self.different_parts or self.contradicted)

    def counts(self) -> dict[Agreement, int]:
        """Return how many answers agree, and how the others stand."""
        every = [answer.agreement for answer in self.answers]
        kinds: tuple[Agreement, ...] = ("agree", "one undecided", "contradict", "in one run only")
        return {kind: every.count(kind) for kind in kinds}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-ready dictionary; what is infinite or not known is None."""
        kept = {key: value for key, value in asdict(self).items() if key != "answers"}
        answers = [{**asdict(answer), "agreement": answer.agreement} for answer in self.answers]
        told: dict[str, Any] = {"share": self.share, "shuffled": self.share_shuffled}
        told |= {"holds": self.holds, "decisive": self.decisive, "alarm": ALARM, "counts": self.counts()}
        return _plain({**kept, "answers": answers, **told})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
