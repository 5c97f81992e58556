"""What was learned of each concept, notion by notion: one table from records, trained beside baselines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from geosae.analysis import LEARNERS, NOTIONS, Answer, ConceptAnswer, Learner, Notion
from geosae.data.truth import ConceptTruth, possible_in_words
from geosae.errors import InvalidInput
from geosae.report.numbers import number, plural
from geosae.report.pages import render

Rows = Mapping[Learner, tuple[ConceptAnswer, ...]]
"""Learner → an answer per concept."""


@dataclass(frozen=True)
class SAEAnswers:
    """What one SAE has learned of every concept.

    Attributes
    ----------
    name
        How its columns are headed: "trained", say, or "untrained".
    answers
        For each notion that was measured the rows of each kind of learner.
    shuffled
        For each notion the share of concepts that any units learn under shuffled labels; may be empty.
    """

    name: str
    answers: Mapping[Notion, Rows]
    shuffled: Mapping[Notion, float] = field(default_factory=dict[Notion, float])


@dataclass(frozen=True)
class AnswerMatrix:
    """Concepts by notions, for one SAE and the baselines beside it.

    Attributes
    ----------
    concepts
        Their names.
    truths
        What theory says of each; empty where nothing is known.
    tolerance
        ε, at which learned and not learned are told apart.
    saes
        The trained SAE, then its baselines.

    Raises
    ------
    InvalidInput
        If there is no SAE, or an SAE or the truths have not one row per concept.
    """

    concepts: tuple[str, ...]
    truths: tuple[ConceptTruth | None, ...]
    tolerance: float
    saes: tuple[SAEAnswers, ...]

    def __post_init__(self) -> None:
        every = [rows for sae in self.saes for answers in sae.answers.values() for rows in answers.values()]
        lengths = {len(rows) for rows in every}
        lengths |= {len(self.truths)} - {0}
        if not self.saes or lengths - {len(self.concepts)}:
            raise InvalidInput(
                f"a matrix of {plural(len(self.concepts), 'concept')} cannot be made of "
                f"{plural(len(self.saes), 'SAE')} with {sorted(lengths)} rows",
                causes="answers of another concept set",
                remedy="give at least one SAE, and for each a row per concept",
            )

    @property
    def notions(self) -> list[Notion]:
        """The notions that any of the SAEs was measured by."""
        return [notion for notion in NOTIONS if any(sae.answers.get(notion) for sae in self.saes)]


@dataclass(frozen=True)
class AnswerCell:
    """One answer as the table shows it.

    Attributes
    ----------
    kind
        Its class in the style sheet: learned, not-learned, undecided or no-unit.
    symbol, words, detail
        What stands in it; the detail is empty where there is nothing to add.
    strip
        Where error and interval lie on the strip, in percent: low, error, high; None without an error. 0 is
        no error, 50 the tolerance, 100 infinity.
    """

    kind: str
    symbol: str
    words: str
    detail: str
    strip: tuple[float, float, float] | None


SYMBOLS: Mapping[Answer, str] = {
    "learned": "✓",
    "not learned": "✗",
    "undecided": "?",
    "no unit": "–",
    "not judged": "",
}


def matrix_html(matrix: AnswerMatrix, caption: str = "", most: int = 4) -> Markup:
    """Return the table: a row per concept, a column per notion and SAE, and below it what is learned of all.

    At most so many concepts stand open, the others are folded below. An answer has a symbol and words beside
    its colour; the strip under it shows the error with its interval, and the tolerance in the middle.

    Examples
    --------
    >>> from geosae.analysis import LEARNERS, ConceptAnswer
    >>> row = ConceptAnswer("<a>", (3,), "learned", 0.01, 0.0, 0.04, 0.04, 0.01, 0.0, 1.0, 1.0, 0.99, 0.99,
    ...                     0.0, 1.0, 400, 113, 300, False)
    >>> trained = SAEAnswers("trained", {"separation": dict.fromkeys(LEARNERS, (row,))})
    >>> page = matrix_html(AnswerMatrix(("<a>",), (), 0.05, (trained,)))
    >>> "learned within 0.04" in page, "&lt;a&gt;" in page, "1 of 1" in page
    (True, True, True)
    """
    rows = [_cells(matrix, k) for k in range(len(matrix.concepts))]
    possible = [possible_in_words(truth) for truth in matrix.truths]
    # One concept too many is shown, and not folded alone.
    cut = len(rows) if len(rows) <= most + 1 else most
    return Markup(
        render(
            "matrix_part.html.j2",
            matrix=matrix,
            rows=rows,
            possible=possible if any(word != "–" for word in possible) else [],
            cut=cut,
            caption=caption,
            counts={notion: [learned_of(sae, notion) for sae in matrix.saes] for notion in matrix.notions},
        )
    )


def _cells(matrix: AnswerMatrix, concept: int) -> dict[Notion, list[AnswerCell]]:
    return {
        notion: [
            answer_cell(simplest(rows, concept), matrix.tolerance, notion)
            if (rows := sae.answers.get(notion))
            else AnswerCell("no-unit", "", "not measured", "", None)
            for sae in matrix.saes
        ]
        for notion in matrix.notions
    }


def simplest(rows: Rows, concept: int) -> ConceptAnswer:
    """Return the answer of the least kind of learner that has learned a concept, or else of any units.

    A neuron is a unit: what a neuron has learned is not said of a greater unit.
    """
    learned = [rows[x][concept] for x in LEARNERS if x in rows and rows[x][concept].answer == "learned"]
    widest = [rows[x][concept] for x in LEARNERS if x in rows][-1]
    return learned[0] if learned else widest


def answer_cell(row: ConceptAnswer, tolerance: float, notion: Notion) -> AnswerCell:
    """Return how an answer is shown: the least tolerance where it is learned, the error where it is not.

    Examples
    --------
    >>> nothing = ConceptAnswer("a", (), "no unit", *[math.nan] * 12, 400, 113, 0, False)
    >>> answer_cell(nothing, 0.05, "separation").words
    '–'
    """
    if row.answer == "no unit":
        return AnswerCell("no-unit", "", SYMBOLS["no unit"], "", None)
    words: str = row.answer
    size = plural(len(row.neurons), "neuron")
    error, within = f"error {number(row.error, 2)}", f"within {number(row.least_tolerance, 2)}"
    certified = math.isfinite(row.least_tolerance)
    if row.answer == "learned":
        words = f"learned {within}" if certified else words
        # Detection can be had for nothing: it stands beside what it costs.
        details = [size, f"price {number(row.price, 2)}"] if notion == "detection" else [size]
    elif math.isnan(row.error):
        details = ["no held-out points"]
    elif row.answer == "undecided" and row.least_tolerance <= tolerance:
        # Its miss is shown to be small, and so may be that on the complement (E4's second test).
        details = [size, f"price {number(row.price, 2)}, its complement may be detected too"]
    elif row.answer == "undecided" and certified:
        details = [size, f"{error}, {within}"]
    elif row.trivial and notion == "separation":
        details = [size, "no better than a trivial answer"]
    else:
        details = [size, error]
    return AnswerCell(
        row.answer.replace(" ", "-"), SYMBOLS[row.answer], words, ", ".join(details), _strip(row, tolerance)
    )


def _strip(row: ConceptAnswer, tolerance: float) -> tuple[float, float, float] | None:
    if math.isnan(row.error):
        return None
    high = math.inf if math.isnan(row.high) else row.high
    low, error, high = (strip_place(x, tolerance) for x in (row.low, row.error, high))
    return low, error, high


def strip_place(error: float, tolerance: float) -> float:
    """Return where an error lies on a strip, in percent: e/(e + ε), so that ε is in the middle everywhere.

    Examples
    --------
    >>> [strip_place(e, 0.1) for e in (0.0, 0.1, 0.3, math.inf)], strip_place(0.0, 0.0)
    ([0.0, 50.0, 75.0, 100.0], 0.0)
    """
    if math.isinf(error):
        return 100.0
    total = error + tolerance
    return round(100 * error / total, 1) if total > 0 else 0.0


@dataclass(frozen=True)
class LearnedCount:
    """How many concepts an SAE has learned under a notion, by one neuron and by any unit."""

    neurons: int | None
    units: int | None
    shuffled: float


def learned_of(sae: SAEAnswers, notion: Notion) -> LearnedCount:
    """Return how many concepts an SAE has learned; None for a learner that was not asked."""
    rows: Rows = sae.answers.get(notion, {})
    neurons, *_, units = (_count(rows.get(learner)) for learner in LEARNERS)
    return LearnedCount(neurons, units, sae.shuffled.get(notion, math.nan))


def _count(rows: Sequence[ConceptAnswer] | None) -> int | None:
    return None if rows is None else sum(row.answer == "learned" for row in rows)


def in_words(matrix: AnswerMatrix, notion: Notion = "separation") -> str:
    """Return in a sentence what the SAEs of a matrix have learned under a notion.

    Examples
    --------
    >>> row = ConceptAnswer("a", (3,), "learned", *[0.01] * 12, 400, 113, 300, False)
    >>> rows: Rows = {"neurons": (row,), "units": (row,)}
    >>> trained = SAEAnswers("trained", {"separation": rows}, {"separation": 0.0})
    >>> in_words(AnswerMatrix(("a",), (), 0.05, (trained,)))
    'Of 1 concept, within ε = 0.05, the trained SAE separates 1 (1 by one neuron); under shuffled labels: 0.'
    """
    verb = {"detection": "detects", "separation": "separates", "approximation": "approximates"}[notion]
    parts: list[str] = []
    for sae in matrix.saes:
        count = learned_of(sae, notion)
        number_learned = "not measured" if count.units is None else str(count.units)
        by_one = f" ({count.neurons} by one neuron)" if count.units else ""
        start = f"{sae.name}:" if parts else f"the {sae.name} SAE {verb}"
        parts.append(f"{start} {number_learned}{by_one}")
    floor = learned_of(matrix.saes[0], notion).shuffled
    if math.isfinite(floor):
        parts.append(f"under shuffled labels: {number(floor * len(matrix.concepts), 2)}")
    concepts = plural(len(matrix.concepts), "concept")
    return f"Of {concepts}, within ε = {number(matrix.tolerance)}, {'; '.join(parts)}."
