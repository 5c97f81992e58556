"""The one judge of a study: differences paired over seeds, all its comparisons held at once (Holm)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from geosae.experiments.interval import LEVEL
from geosae.experiments.jobs import StudyRecord
from geosae.studies.comparisons import Comparison, Decision, Differences, Expected, Question, decide
from geosae.studies.study import Answer

Cells = Sequence[StudyRecord[Any, Any]]
"""Settings with a seed, and what was counted there."""


def judge(questions: Sequence[Question]) -> list[Answer]:
    """Return the predictions beside their mean differences; all comparisons hold at once at 95 %.

    Questions without any differences are left out.

    Examples
    --------
    >>> apart = Differences("K = 2", "", {0: 4.0, 1: 5.0, 2: 4.5}, step=1.0)
    >>> answer, = judge([Question("S6", "It is.", "Reached minus d", "more", "fewer", (apart,))])
    >>> answer.observation.split(";")[0]
    'Reached minus d, paired over 3 seeds: K = 2 4.50 [3.07, 5.93] (more)'
    >>> answer.verdict
    'as predicted'
    """
    return [_answer(decision) for decision in decide(questions)]


def _answer(decision: Decision) -> Answer:
    question = decision.question
    parts = ", ".join(_part(each, question) for each in decision.comparisons)
    counts = sorted({len(each.differences.by_seed) for each in decision.comparisons})
    seeds = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    together = (
        f"the study's {decision.family} comparisons hold at once at {LEVEL:.0%} (Student t, Holm)"
        if decision.family != 1
        else f"the study's 1 comparison holds at {LEVEL:.0%} (Student t)"
    )
    observation = f"{question.lead}{question.subject}, paired over {seeds} seeds: {parts}; {together}."
    return Answer(question.id, question.prediction, observation, decision.verdict)


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


def question_by_seed(
    id: str,
    prediction: str,
    subject: str,
    rows: Mapping[str, Mapping[int, float]],
    lead: str = "",
    expected: Expected = "above",
) -> Question:
    """Return a question about differences, by words for where and by seed; empty rows are left out.

    Examples
    --------
    >>> rows = {"k = 1": {0: 1.0, 1: 1.1}, "k = 2": {}}
    >>> [each.world for each in question_by_seed("S1", "It is more.", "More minus less", rows).differences]
    ['k = 1']
    """
    compared = tuple(Differences(words, "", by_seed) for words, by_seed in rows.items() if by_seed)
    return Question(id, prediction, subject, "above", "below", compared, expected, lead)
