"""What is printed of verdicts, audits and runs, and which of them end with a complaint."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verification.test_runner import TOY

from geosae.verification import (
    Evidence,
    Mutation,
    Observed,
    audit_outcome,
    compare,
    evidence_outcome,
    evidence_summary,
    heading,
    line,
    verdicts_outcome,
    verify,
)
from geosae.verification.table import HEAD, RIGHT, WIDTHS


def evidence(value: float, bound: float, kind: Any = "upper", *, vacuous: bool = False) -> Evidence:
    return compare(Observed(value, f"{value:g} of {bound:g}"), bound, kind, vacuous=vacuous)


def test_verdicts_that_hold_are_counted_and_the_others_named() -> None:
    loud = replace(TOY, observe=lambda n: Observed(abs(n) * n, "x", "statistical", false_alarm=1e-8))
    holding, refuted = verify(loud, 5, 0), verify(replace(TOY, id="T2", bound=lambda n: 2 * n), 5, 0)
    outcome = verdicts_outcome([holding, holding])
    assert outcome.exit_status == 0
    assert outcome.sentences[0].startswith("all 2 held")
    # Six instances at 10⁻⁸, twice.
    assert outcome.sentences[1].endswith("at most 1.2e-07")
    outcome = verdicts_outcome([holding, refuted])
    assert (outcome.exit_status, outcome.complaint) == (1, "1 of 2 do not hold: T2")


def test_an_audit_complains_of_what_nobody_caught() -> None:
    caught, missed = (Mutation("S7", "bound + 1", by, "") for by in ("control", "nobody"))
    outcome = audit_outcome([caught, missed, caught])
    assert (outcome.exit_status, outcome.sentences) == (
        1,
        ("2 of 3 wrong forms caught (bound 2 of 3, observation 0 of 0, predicate 0 of 0, instances 0 of 0)",),
    )
    assert audit_outcome([caught]).exit_status == 0


@pytest.mark.parametrize("target", ["bound", "observation", "predicate", "instances"])
def test_an_error_counts_as_caught_only_where_the_check_itself_refuses(target: Any) -> None:
    error = Mutation("S7", "x", "error", "", target)
    assert error.caught == error.to_dict()["caught"] == (target in ("predicate", "instances"))
    assert all(Mutation("S7", "x", by, "", target).caught for by in ("instance", "control"))


def test_a_run_that_violates_names_the_claims() -> None:
    kept, violating = evidence_summary("S5", [evidence(1, 2)]), evidence_summary("S7", [evidence(3, 2)])
    assert evidence_outcome([kept, kept]).complaint == ""
    assert evidence_outcome([kept, violating]).complaint.endswith(": S7")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=9))
def test_a_summary_by_its_definition(cases: list[tuple[int, int, bool]]) -> None:
    every = [evidence(value, bound, vacuous=vacuous) for value, bound, vacuous in cases]
    summary = evidence_summary("S5", every)
    counted = [e for e in every if not e.vacuous]
    assert (summary.tried, summary.vacuous) == (len(every), len(every) - len(counted))
    assert summary.violated == sum(value > bound for value, bound, _ in cases)
    ratios = sorted(e.observed / e.bound for e in counted if e.bound)
    assert summary.greatest_tightness == max(ratios, default=None)
    assert summary.median_tightness == (ratios[len(ratios) // 2] if ratios else None)
    if not counted:
        assert summary.nearest is None
        return
    assert summary.nearest is not None
    if summary.violated:
        assert not summary.nearest.holds
    positive = [e for e in counted if e.bound and e.observed]
    if positive and not summary.violated:
        assert summary.nearest.tightness == max(e.observed / e.bound for e in positive)


def test_the_nearest_instance_is_nearest_as_a_ratio_not_as_a_difference() -> None:
    summary = evidence_summary("S5", [evidence(2, 4), evidence(90, 100), evidence(0, 1), evidence(0, 0)])
    assert summary.nearest is not None
    assert summary.nearest.instance == "90 of 100"


def test_the_table_keeps_its_columns_whatever_a_statement_says() -> None:
    names, rule = heading().split("\n")
    assert [len(part) for part in rule.split("  ")] == list(WIDTHS)
    ends = [sum(WIDTHS[: i + 1]) + 2 * i for i in range(len(WIDTHS))]
    holding = line(verify(TOY, 5, 0), "a statement of many words " * 9)
    assert "\n" not in holding
    assert " …" in holding
    for text in (names.ljust(ends[-1]), holding.ljust(ends[-1])):
        for name, end, width in zip(HEAD, ends, WIDTHS, strict=True):
            cell = text[end - width : end]
            assert text[end : end + 2].strip() == ""
            assert cell[-1 if name in RIGHT else 0] != " "
    cells = [holding[end - width : end].strip() for end, width in zip(ends, WIDTHS, strict=True)]
    # Cut at a word: the next one would not fit.
    assert WIDTHS[1] - len("statement ") < len(cells[1]) <= WIDTHS[1]
    assert (cells[0], cells[2:7]) == ("T1", ["6", "0", "exact", "1/1", "holds"])
    assert float(cells[7]) >= 0
    assert not cells[7].endswith(" ")


def test_a_line_says_below_why_a_statement_does_not_hold() -> None:
    refuted = verify(replace(TOY, bound=lambda n: 2 * n), 5, 0)
    first, second = line(refuted, "").split("\n")
    assert "refuted" in first
    assert second.strip() == refuted.reason
    nothing = verify(replace(TOY, instances=lambda count, rng: iter(())), 5, 0)
    assert line(nothing, "").split("\n")[0].split()[1:4] == ["0", "–", "–"]
