"""Predictions of a study with their intervals, judged in one place: Holm over all its comparisons."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from geosae.experiments.interval import LEVEL
from geosae.experiments.jobs import StudyRecord
from geosae.studies.comparisons import Comparison, Differences, Question, decide
from geosae.studies.study import Answer

Cells = Sequence[StudyRecord[Any, Any]]
"""Settings with a seed, and what was counted there."""


def judged(questions: Sequence[Question]) -> list[Answer]:
    """Return the predictions beside their mean differences; verdicts hold at once at 95 %.

    Examples
    --------
    >>> apart = Differences("K = 2", "", {0: 4.0, 1: 5.0, 2: 4.5}, step=1.0)
    >>> answer, = judged([Question("S6", "It is.", "Reached minus d", "more", "fewer", (apart,))])
    >>> print(answer.observation)
    Reached minus d: K = 2 4.50 [3.07, 5.93] (more). Words in brackets hold at once over 1 comparison (Holm).
    >>> answer.verdict
    'as predicted'
    """
    answers: list[Answer] = []
    for decision in decide(questions):
        question = decision.question
        parts = "; ".join(_part(each, question) for each in decision.comparisons)
        count = f"{decision.family} comparison{'s' if decision.family != 1 else ''}"
        observation = f"{question.subject}: {parts}. Words in brackets hold at once over {count} (Holm)."
        answers.append(Answer(question.id, question.prediction, observation, decision.verdict))
    return answers


def _part(comparison: Comparison, question: Question) -> str:
    words = {"above": question.above, "below": question.below}
    interval = comparison.differences.interval(LEVEL)
    return f"{comparison.name} {interval} ({words.get(comparison.side, comparison.side)})"


def difference(
    name: str,
    cells: Cells,
    value: Callable[[Any], float | int],
    minus: Cells | float | int = 0.0,
    step: float = 1.0,
) -> Differences | None:
    """Return for each seed the mean of a value over its cells, less that over other cells or a number.

    A mean over m cells moves in steps of 1/m of those of one cell. None where a side has no cell.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> cells = [StudyRecord(SimpleNamespace(seed=s), 2 * s + i) for s in (0, 1) for i in (0, 1)]
    >>> found = difference("w", cells, float, minus=1.0)
    >>> found.by_seed, found.step
    ({0: -0.5, 1: 1.5}, 0.5)
    >>> difference("w", [], float) is None
    True
    """
    left = _means(cells, value)
    right = _means(minus, value) if isinstance(minus, Sequence) else dict.fromkeys(left, float(minus))
    shared = sorted(left.keys() & right.keys())
    if not shared:
        return None
    per_seed = max(1, len(cells) // len(left))
    return Differences(name, "", {seed: left[seed] - right[seed] for seed in shared}, step / per_seed)


def _means(cells: Cells, value: Callable[[Any], float | int]) -> Mapping[int, float]:
    values: dict[int, list[float]] = {}
    for cell in cells:
        values.setdefault(cell.settings.seed, []).append(float(value(cell.result)))
    return {seed: sum(each) / len(each) for seed, each in values.items()}


def question(
    id: str,
    prediction: str,
    subject: str,
    words: tuple[str, str],
    differences: Sequence[Differences | None],
    **expected: Any,
) -> Question:
    """Return a question over the differences that there are; `words`: what lies above 0, and below."""
    known = tuple(each for each in differences if each is not None)
    return Question(id, prediction, subject, *words, known, **expected)
