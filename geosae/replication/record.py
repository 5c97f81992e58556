"""Whether two runs of one plan on different seeds say the same: the record of a comparison."""

from dataclasses import dataclass
from typing import Any, Literal

from geosae.experiments.interval import Interval
from geosae.notebook import short_repr
from geosae.storage.structure import to_json
from geosae.studies.study import Verdict

ALARM = 0.05
"""How often two runs that measure the same thing may be called different."""
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
    first: Interval
    second: Interval
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
    constant
        Pairs in which all seeds of both runs agree; they are not among `pairs`.
    too_few
        Measures known for fewer than two seeds of a run: not compared.
    same_jobs, same_jobs_differ
        Jobs of both runs with the same settings, seed included, and how many of them left another result.
    explained, usual
        Mean share of the variance over seeds that lies between the runs, and its mean where seeds are
        shuffled.
    adjusted
        The share of shuffles in which some part exceeds its usual share as much.
    """

    part: str
    pairs: int
    constant: int
    too_few: int
    same_jobs: int
    same_jobs_differ: int
    explained: float
    usual: float
    adjusted: float


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

    __repr__ = short_repr

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
        agreements = [answer.agreement for answer in self.answers]
        kinds: tuple[Agreement, ...] = ("agree", "one undecided", "contradict", "in one run only")
        return {kind: agreements.count(kind) for kind in kinds}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-ready dictionary, the verdicts included; what is not known is None."""
        answers = [{**to_json(answer), "agreement": answer.agreement} for answer in self.answers]
        verdicts = {"holds": self.holds, "decisive": self.decisive, "alarm": ALARM, "counts": self.counts()}
        return {**to_json(self), "answers": answers, **verdicts}
