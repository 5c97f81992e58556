"""The one judge of a study: paired differences by seed, all comparisons of the study held at once (Holm)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geosae.experiments.interval import LEVEL
from geosae.studies.comparisons import Decision, Differences, Expected, Question, decide
from geosae.studies.study import Answer


@dataclass(frozen=True)
class Asked:
    """A question with what is said before its comparisons."""

    question: Question
    lead: str


def ask(
    id: str,
    prediction: str,
    subject: str,
    rows: Mapping[str, Mapping[int, float]],
    lead: str = "",
    expected: Expected = "above",
) -> Asked:
    """Return a question about differences, by words for where and by seed; empty rows are left out.

    Examples
    --------
    >>> asked = ask("S1", "It is more.", "More minus less", {"k = 1": {0: 1.0, 1: 1.1}, "k = 2": {}})
    >>> [each.world for each in asked.question.differences]
    ['k = 1']
    """
    compared = tuple(Differences(words, "", by_seed) for words, by_seed in rows.items() if by_seed)
    return Asked(Question(id, prediction, subject, "more", "less", compared, expected), lead)


def judge(asked: Sequence[Asked]) -> list[Answer]:
    """Return the answers to the questions that have differences; all their comparisons hold at once.

    Examples
    --------
    >>> by_seed = {0: 1.0, 1: 1.1, 2: 0.9}
    >>> answer, = judge([ask("S1", "It is more.", "More minus less", {"k = 1": by_seed}, "Seen. ")])
    >>> answer.verdict
    'as predicted'
    >>> answer.observation.split(";")[0]
    'Seen. More minus less, paired over 3 seeds: k = 1 +1.00 (above)'
    """
    compared = [each for each in asked if each.question.differences]
    decisions = decide([each.question for each in compared])
    return [_answer(each, decision) for each, decision in zip(compared, decisions, strict=True)]


def _answer(asked: Asked, decision: Decision) -> Answer:
    rows = decision.comparisons
    parts = ", ".join(f"{c.differences.world} {_signed(c.differences.mean)} ({c.side})" for c in rows)
    counts = sorted({len(c.differences.by_seed) for c in rows})
    seeds = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    together = (
        f"the study's {decision.family} comparisons hold at once at {LEVEL:.0%} (Student t, Holm)"
        if decision.family != 1
        else f"the study's 1 comparison holds at {LEVEL:.0%} (Student t)"
    )
    observation = f"{asked.lead}{decision.question.subject}, paired over {seeds} seeds: {parts}; {together}."
    return Answer(decision.question.id, decision.question.prediction, observation, decision.verdict)


def _signed(number: float) -> str:
    return f"{number:+.2f}".replace("-", "\u2212")
