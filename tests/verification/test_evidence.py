import math
from fractions import Fraction

import pytest

from geosae.errors import InvalidInput
from geosae.verification import Observed, as_float, compare, evidence_summary


def test_comparison_is_exact_where_floats_would_agree() -> None:
    third = 0.3333333333333333
    assert not compare(Observed(Fraction(1, 3), "x"), third, "upper").holds
    assert not compare(Observed(10**30 + 1, "x"), 10**30, "upper").holds
    assert compare(Observed(10**30 + 1, "x"), 10**30, "upper").slack < 0
    assert not compare(Observed(Fraction(1, 3), "x"), third, "tight").holds


@pytest.mark.parametrize(
    ("value", "bound", "kind", "holds", "slack"),
    [
        (2, 3, "upper", True, 1.0),
        (4, 3, "upper", False, -1.0),
        (4, 3, "lower", True, 1.0),
        (2, 3, "existence", False, -1.0),
        (3, 3, "tight", True, 0.0),
        (3, 3, "upper", True, 0.0),
        (3, 3, "lower", True, 0.0),
        (2, 3, "tight", False, -1.0),
        (1, 0, "equivalence", False, -1.0),
    ],
)
def test_senses(value: int, bound: int, kind: str, holds: bool, slack: float) -> None:
    found = compare(Observed(value, "x"), bound, kind)  # pyright: ignore[reportArgumentType]
    assert (found.holds, found.slack) == (holds, slack)
    turned = compare(Observed(value, "x"), bound, kind, flipped=True)  # pyright: ignore[reportArgumentType]
    if kind in ("tight", "equivalence"):
        assert turned.holds == (value != bound)
        assert abs(turned.slack) == 1.0
    else:
        assert (turned.holds, turned.slack) == (slack <= 0, -slack)


def test_slack_is_negative_exactly_when_it_fails_however_small() -> None:
    tiny = Fraction(1, 10**400)
    found = compare(Observed(tiny, "x"), 0, "upper")
    assert not found.holds
    assert found.slack < 0


def test_certified_forgives_eta_and_no_more() -> None:
    assert compare(Observed(1.0, "x", "certified", 0.25), 0.75, "upper").holds
    assert not compare(Observed(1.0, "x", "certified", 0.2), 0.75, "upper").holds
    assert compare(Observed(1.0, "x", "certified", 0.25), 1.25, "tight").holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": math.nan},
        {"value": math.inf},
        {"value": 1, "eta": 0.1},
        {"value": 1, "grade": "certified"},
        {"value": 1, "grade": "statistical"},
        {"value": 1, "false_alarm": 0.1},
        {"value": 1, "grade": "certified", "eta": -1.0},
        {"value": 1, "grade": "statistical", "false_alarm": 1.0},
        {"value": 1, "grade": "statistical", "false_alarm": 1.5},
    ],
)
def test_grades_are_not_mixed(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Observed(instance="x", **wrong)  # pyright: ignore[reportArgumentType]


def test_infinite_bound_is_refused() -> None:
    with pytest.raises(InvalidInput, match="bound"):
        compare(Observed(1, "x"), math.inf, "upper")


def test_as_float_keeps_sign_and_saturates() -> None:
    assert as_float(-(10**400)) == -1.7976931348623157e308
    assert as_float(Fraction(1, 10**400)) == math.ulp(0.0)
    assert as_float(Fraction(-1, 10**400)) == -math.ulp(0.0)
    assert as_float(0) == 0.0


def test_a_violation_is_never_vacuous() -> None:
    assert compare(Observed(3, "x"), 4, "upper", vacuous=True).vacuous
    assert not compare(Observed(5, "x"), 4, "upper", vacuous=True).vacuous
    assert not compare(Observed(3, "x"), 4, "upper").vacuous


def test_a_summary_counts_vacuous_instances_apart() -> None:
    evidence = [compare(Observed(n, f"{n}"), 8, "upper", vacuous=n == 8) for n in (2, 4, 6, 8)]
    summary = evidence_summary("S5", evidence)
    assert (summary.tried, summary.vacuous, summary.counted, summary.violated) == (4, 1, 3, 0)
    assert (summary.median_tightness, summary.greatest_tightness) == (0.5, 0.75)
    assert summary.nearest is not None
    assert summary.nearest.instance == "6"
    nothing = evidence_summary("D1", evidence[3:])
    assert (nothing.nearest, nothing.median_tightness, nothing.greatest_tightness) == (None, None, None)


def test_tightness() -> None:
    assert compare(Observed(3, "x"), 4, "upper").tightness == 0.75
    assert compare(Observed(0, "x"), 0, "upper").tightness is None
    assert compare(Observed(3, "x"), 4, "upper").to_dict()["tightness"] == 0.75
