"""The matrix of answers, from records alone: what stands in its cells, its counts, and what it refuses."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from figures.made_runs import NAMES, concept_answers, write_run
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from geosae.analysis import ANSWERS, ConceptAnswer
from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.experiments import load_results
from geosae.report.matrix import (
    SYMBOLS,
    AnswerMatrix,
    Rows,
    SAEAnswers,
    answer_cell,
    in_words,
    learned_of,
    matrix_html,
    simplest,
)
from geosae.report.world_part import best_compared, world_part


def rows(*answers: str, neurons: int = 1, error: float = 0.1) -> tuple[ConceptAnswer, ...]:
    unit = tuple(range(neurons))
    return tuple(
        replace(row, answer=answer)
        for row, answer in zip(concept_answers(error, "abcd", unit), answers, strict=True)
    )


ONE = rows("learned", "not learned", "undecided", "not learned")
SMALL = rows("learned", "learned", "undecided", "not learned", neurons=3)
ANY = rows("learned", "learned", "undecided", "not learned", neurons=9)
LEARNED: Rows = {"neurons": ONE, "small_units": SMALL, "units": ANY}
NOTHING: Rows = dict.fromkeys(LEARNED, tuple(replace(r, answer="not learned") for r in ONE))
TRAINED = SAEAnswers("trained", {"separation": LEARNED}, {"separation": 0.25})
UNTRAINED = SAEAnswers("untrained", {"separation": NOTHING})


def test_what_few_neurons_have_learned_is_not_said_of_more():
    assert [len(simplest(LEARNED, k).neurons) for k in range(4)] == [1, 3, 9, 9]
    assert [simplest(LEARNED, k).answer for k in range(4)] == [row.answer for row in ANY]


def test_counts_are_of_all_concepts_and_beside_them_stand_the_floors():
    count = learned_of(TRAINED, "separation")
    assert (count.neurons, count.units, count.shuffled) == (1, 2, 0.25)
    matrix = AnswerMatrix(tuple("abcd"), (), 0.1, (TRAINED, UNTRAINED))
    assert in_words(matrix) == (
        "Of 4 concepts, within ε = 0.1, the trained SAE separates 2 (1 by one neuron); untrained: 0; under "
        "shuffled labels: 1."
    )
    page = str(matrix_html(matrix, most=1))
    assert page.count("2 of 4") == 1
    assert "The other 3 concepts" in page
    # Two tables, one of them folded, and each concept in one of them.
    assert page.count("<table") == 2
    assert all(page.count(f'<th scope="row">{name}</th>') == 1 for name in "abcd")
    assert "detection" not in page  # what was not measured has no column


def test_every_answer_has_words_and_a_symbol_of_its_own():
    assert len(set(SYMBOLS.values())) == len(ANSWERS) == len(SYMBOLS)
    cells = [answer_cell(row, 0.1, "separation") for row in ANY]
    assert [(c.symbol, c.words) for c in cells] == [
        ("✓", "learned within 0.2"), ("✓", "learned within 0.2"), ("?", "undecided"), ("✗", "not learned"),
    ]  # fmt: skip
    # The error 0.1 lies at the tolerance, in the middle; its ends 0.05 and 0.2 at 1/3 and 2/3.
    assert {c.strip for c in cells} == {(33.3, 50.0, 66.7)}
    assert cells[2].detail == "9 neurons, error 0.1, within 0.2"
    assert cells[3].detail == "9 neurons, error 0.1"


def test_detection_is_shown_with_its_price_and_a_trivial_answer_is_called_one():
    wasteful = replace(ANY[0], price=8.0)
    assert answer_cell(wasteful, 0.1, "detection").detail == "9 neurons, price 8"
    silent = replace(ANY[3], trivial=True, error=1.0)
    assert answer_cell(silent, 0.1, "separation").detail == "9 neurons, no better than a trivial answer"
    # Whether a detection is trivial is what its price says.
    assert answer_cell(silent, 0.1, "detection").detail == "9 neurons, error 1"


def test_a_unit_that_may_detect_the_complement_too_is_not_called_within_less_than_the_tolerance():
    """It fires on nearly all points: the miss is certified to be small, and detection is not."""
    everywhere = replace(ANY[2], error=0.0, least_tolerance=0.01, price=1.9)
    assert answer_cell(everywhere, 0.1, "detection").detail == (
        "9 neurons, price 1.9, its complement may be detected too"
    )


def test_without_points_or_without_an_upper_end_nothing_is_made_up():
    untested = replace(ANY[2], error=math.nan, low=math.nan, high=math.nan, least_tolerance=math.nan)
    cell = answer_cell(untested, 0.1, "separation")
    assert (cell.detail, cell.strip) == ("no held-out points", None)
    open_end = replace(ANY[3], high=math.nan, least_tolerance=math.nan)
    assert answer_cell(open_end, 0.1, "separation").strip == (33.3, 50.0, 100.0)
    page = str(matrix_html(AnswerMatrix(("a",), (), 0.1, (one_concept(untested), one_concept(open_end)))))
    assert "nan" not in page
    assert "inf" not in page


def one_concept(row: ConceptAnswer) -> SAEAnswers:
    return SAEAnswers("trained", {"separation": dict.fromkeys(LEARNED, (row,))})


def test_the_theory_has_a_column_only_where_it_says_something():
    truths = ConceptTruth(one_neuron=True, unit=True), None, ConceptTruth(unit=False), ConceptTruth(unit=True)
    page = str(matrix_html(AnswerMatrix(tuple("abcd"), truths, 0.1, (TRAINED,))))
    for word in ("by a neuron", "–", "by none", "by a unit"):
        assert f'<td class="possible">{word}</td>' in page
    silent = AnswerMatrix(tuple("abcd"), (None, ConceptTruth(convex=True), None, None), 0.1, (TRAINED,))
    assert "possible" not in str(matrix_html(silent))


@given(st.text(alphabet="<>&\"'ab /=", min_size=1, max_size=12))
def test_names_never_become_markup(name: str):
    row = replace(ANY[0], concept=name)
    page = str(matrix_html(AnswerMatrix((name,), (), 0.1, (replace(one_concept(row), name=name),)), name))
    assert f'<th scope="row">{escape(name)}</th>' in page
    assert f'aria-label="{escape(name)}"' in page


def test_answers_of_another_concept_set_are_refused():
    with pytest.raises(InvalidInput, match="3 concepts"):
        AnswerMatrix(tuple("abc"), (), 0.1, (TRAINED,))
    with pytest.raises(InvalidInput, match="4 concepts"):
        AnswerMatrix(tuple("abcd"), (None,), 0.1, (TRAINED,))
    with pytest.raises(InvalidInput, match="0 SAEs"):
        AnswerMatrix(tuple("abcd"), (), 0.1, ())


def test_a_run_shows_the_setting_whose_neurons_separate_most_and_its_first_seed(tmp_path: Path):
    results = load_results(write_run(tmp_path, seeds=(3, 5)))
    row = best_compared(results, "plane")
    assert row is not None
    # All trained SAEs of the made run separate everything; errors fall with the width, so the wide ones lead.
    assert (row.baseline, row.width) == ("trained", 4)
    part = world_part(results, "plane", [])
    assert part.matrix is not None
    assert part.matrix.result.cell.seed == 3
    assert part.matrix.words == (
        "Of 3 concepts, within ε = 0.05, the trained SAE separates 3 (3 by one neuron); untrained: 0; frozen "
        "decoder: 0; under shuffled labels: 0."
    )
    for name in NAMES:
        assert f'<th scope="row">{escape(name)}</th>' in part.matrix.html
