"""Comparisons paired over seeds, told apart from 0 at one error rate for all comparisons of a run.

One comparison has one difference per seed: settings that share a seed share its points, so they are averaged
within the seed and never counted beside each other. The test is Student's t on the mean of the differences,
the correction Holm's, which needs no independence between comparisons. A test without a normal law cannot
serve the three to five seeds of a run: shuffling signs gives no p value below 1/4 for three seeds, and none
below 1/16 for five.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from geosae.analysis.certified import certified
from geosae.experiments import LEVEL, Gate, Interval, gate_name
from geosae.notebook import short_repr
from geosae.studies.study import Answer, Verdict

Side = Literal["above", "not apart", "below", "one seed"]
"""On which side of 0 a mean difference lies; "one seed": there is nothing to judge it by."""
Expected = Literal["above", "not above", "not apart"]
"""What a prediction says of the differences."""


@dataclass(frozen=True)
class Differences:
    """The differences of one comparison, one number per seed.

    Attributes
    ----------
    world
        The world in which two things are compared.
    gate
        The gate at which they are; "" where a comparison is one of gates.
    by_seed
        For each seed the mean difference over all settings that both have.
    step
        The least step between two values of the quantity: 1/p for a share of p concepts, 0 for a real number.
    """

    world: str
    gate: Gate
    by_seed: Mapping[int, float]
    step: float = 0.0

    __repr__ = short_repr

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return float(np.mean(list(self.by_seed.values())))

    @property
    def _error(self) -> float:
        """The standard error of the mean; at least that of values rounded to the step."""
        values = np.array(list(self.by_seed.values()))
        return math.sqrt((values.var(ddof=1) + self.step**2 / 12) / len(values))

    def interval(self, level: float) -> Interval:
        """Return the mean with its Student-t interval, as wide as the p value has it; one seed has no ends.

        Examples
        --------
        >>> print(Differences("w", "topk", {0: 0.5, 1: 0.5, 2: 0.5}, step=0.25).interval(0.95))
        0.50 [0.32, 0.68]
        """
        count = len(self.by_seed)
        if count < 2:
            return Interval(self.mean, -math.inf, math.inf, count)
        half = float(stdtrit(count - 1, 0.5 + level / 2)) * self._error
        return Interval(self.mean, self.mean - half, self.mean + half, count)

    @property
    def p(self) -> float:
        """The two-sided p value of a mean difference of 0; nan for fewer than two seeds.

        A quantity that moves in steps can agree in all seeds by chance; its spread is then taken to be no
        less than that of rounding to a step, step²/12 (Sheppard's correction), added to the variance.

        Examples
        --------
        >>> round(Differences("w", "topk", {0: 1.0, 1: 2.0, 2: 3.0}).p, 4)
        0.0742
        >>> by_seed = {0: 0.25, 1: 0.25, 2: 0.25}
        >>> Differences("w", "topk", by_seed).p, round(Differences("w", "topk", by_seed, step=0.25).p, 3)
        (0.0, 0.027)
        """
        count = len(self.by_seed)
        if count < 2:
            return math.nan
        if self._error == 0:
            return 1.0 if self.mean == 0 else 0.0
        return 2 * float(stdtr(count - 1, -abs(self.mean) / self._error))


@dataclass(frozen=True)
class Question:
    """A prediction about differences that can be made in several worlds and gates.

    Attributes
    ----------
    id, prediction
        The statement that predicts, and what, in one sentence.
    subject
        What is compared, and with what.
    above, below
        What a difference above 0, and one below, says of the subject.
    differences
        One entry per world and gate.
    expected
        What the prediction says of the differences.
    lead
        What is said before they are.
    """

    id: str
    prediction: str
    subject: str
    above: str
    below: str
    differences: tuple[Differences, ...]
    expected: Expected = "above"
    lead: str = ""

    __repr__ = short_repr


@dataclass(frozen=True)
class Comparison:
    """The differences of one world and gate, and on which side of 0 they lie among all of the run's."""

    differences: Differences
    side: Side

    __repr__ = short_repr

    @property
    def name(self) -> str:
        """The world, and the gate if there is one."""
        gate = self.differences.gate
        return f"{self.differences.world}, {gate_name(gate)}" if gate else self.differences.world


@dataclass(frozen=True)
class Decision:
    """A question with its comparisons, decided at one error rate for the whole run.

    Attributes
    ----------
    question
        The question.
    comparisons
        One per world and gate, in the order of the question's differences.
    family
        How many comparisons of the run were judged together.
    """

    question: Question
    comparisons: tuple[Comparison, ...]
    family: int

    __repr__ = short_repr

    def on(self, side: Side) -> list[Comparison]:
        """Return the comparisons on one side of 0."""
        return [comparison for comparison in self.comparisons if comparison.side == side]

    @property
    def verdict(self) -> Verdict:
        """What the three counts say of the prediction.

        A predicted side is "as predicted" where some comparison lies on it and none opposite, "the prediction
        fails" the other way round, and undecided where none is apart or the worlds disagree. A side that is
        predicted to stay empty fails with one comparison on it; that others lie opposite confirms it. That
        nothing is apart confirms nothing.
        """
        above, below = bool(self.on("above")), bool(self.on("below"))
        expected = self.question.expected
        if expected == "not apart":
            return "the prediction fails" if above or below else "undecided"
        if expected == "not above":
            return "the prediction fails" if above else "as predicted" if below else "undecided"
        if above == below:
            return "undecided"
        return "as predicted" if above else "the prediction fails"

    @property
    def observation(self) -> str:
        """The three counts with the worlds that are apart, in one sentence."""
        question, judged = self.question, [c for c in self.comparisons if c.side != "one seed"]
        if not judged:
            return f"{question.subject}: one seed, so that nothing can be told apart."
        above = f"{question.above} in {_listed(self.on('above'))}"
        below = f"{question.below} in {_listed(self.on('below'))}"
        open_count, alone = len(self.on("not apart")), len(self.on("one seed"))
        seeds = sorted({len(comparison.differences.by_seed) for comparison in judged})
        least = " and ".join(str(seed) for seed in (seeds if len(seeds) < 3 else (seeds[0], seeds[-1])))
        worlds = "world" if all(not c.differences.gate for c in judged) else "world × gate"
        return (
            f"{question.subject}, {len(judged)} comparisons ({worlds}, paired over {least} seeds): "
            f"{above}, not apart in {open_count}, {below}"
            f"{f' ({alone} more have one seed only)' if alone else ''}; the run's {self.family} comparisons "
            f"hold at once at {LEVEL:.0%} (Student t, Holm)."
        )

    @property
    def answer(self) -> Answer:
        """The prediction beside the three counts."""
        return Answer(self.question.id, self.question.prediction, self.observation, self.verdict)


def _listed(comparisons: Sequence[Comparison]) -> str:
    words = "; ".join(f"{each.name}: {abs(each.differences.mean):.2g}" for each in comparisons)
    return f"{len(comparisons)} ({words})" if words else "0"


def decide(questions: Sequence[Question]) -> tuple[Decision, ...]:
    """Return the decision of each question; a chance of 5 % that any comparison of all is apart wrongly.

    Questions without any differences are left out. Comparisons of one seed are not judged and not counted.

    Examples
    --------
    >>> apart = Differences("plane", "topk", {0: 1.0, 1: 1.1, 2: 0.9})
    >>> close = Differences("ring", "relu", {0: 1.0, 1: -1.1, 2: 0.9})
    >>> words = ("S1", "It is.", "Reached minus silent", "more", "less")
    >>> decision, = decide([Question(*words, (apart, close))])
    >>> [comparison.side for comparison in decision.comparisons], decision.verdict
    (['above', 'not apart'], 'as predicted')
    >>> decide([Question(*words, (Differences("plane", "topk", {0: 1.0}),))])[0].verdict
    'undecided'
    """
    asked = [question for question in questions if question.differences]
    p_values = np.array([each.p for question in asked for each in question.differences])
    judged = ~np.isnan(p_values)
    apart = np.zeros(len(p_values), dtype=bool)
    apart[judged] = certified(p_values[judged], 1 - LEVEL, "holm")
    flags = iter(zip(judged.tolist(), apart.tolist(), strict=True))
    return tuple(
        Decision(
            question,
            tuple(Comparison(each, _side(each, *next(flags))) for each in question.differences),
            int(judged.sum()),
        )
        for question in asked
    )


def _side(differences: Differences, judged: bool, apart: bool) -> Side:
    if not judged:
        return "one seed"
    if not apart:
        return "not apart"
    return "above" if differences.mean > 0 else "below"


def least_ratio(seeds: int, family: int) -> float:
    """Return how many times its spread over seeds a mean difference must be to be apart first of a family.

    Examples
    --------
    >>> [round(least_ratio(seeds, 100), 1) for seeds in (3, 5, 10)]
    [25.8, 4.6, 1.7]
    """
    return -float(stdtrit(seeds - 1, (1 - LEVEL) / family / 2)) / math.sqrt(seeds)
