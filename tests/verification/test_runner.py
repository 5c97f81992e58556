import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.verification import (
    Claim,
    ControlCount,
    Hypothesis,
    Observed,
    audit,
    reproduce,
    verdicts,
    verify,
    verify_all,
)
from geosae.verification.runner import KEPT


def squares(count: int, rng: np.random.Generator) -> Iterator[int]:
    """n² ≥ 2n − 1, attained at n = 1."""
    yield 1
    yield from (int(v) for v in rng.integers(1, 100, count))


def controls(count: int, rng: np.random.Generator) -> Iterator[int]:
    yield -1000


TOY = Claim(
    id="T1",
    statement="",
    tex="",
    hypotheses=(Hypothesis("n ≥ 1", controls),),
    kind="lower",
    source="",
    figure="",
    observe=lambda n: Observed(abs(n) * n, f"n = {n}"),
    bound=lambda n: 2 * n - 1 if n > 0 else -999_999,
    instances=squares,
)


def test_a_true_claim_holds_and_names_its_tightest_instance() -> None:
    verdict = verify(TOY, 30, 4)
    assert (verdict.status, verdict.tried, verdict.reason) == ("holds", 31, "")
    assert (verdict.controls_tried, verdict.controls_refuted) == (1, 1)
    assert verdict.worst_slack == 0.0
    assert verdict.tightest is not None
    assert verdict.tightest.evidence.instance == "n = 1"
    assert verdict.grades == ("exact",)
    json.dumps(verdict.to_dict(), allow_nan=False)


def test_a_false_claim_is_refuted_by_an_instance_that_can_be_rebuilt() -> None:
    wrong = replace(TOY, bound=lambda n: 2 * n)
    verdict = verify(wrong, 30, 4)
    assert verdict.status == "refuted"
    kept = verdict.violations[0]
    case = reproduce(wrong, index=kept.index, requested=verdict.requested, seed=verdict.seed, role=kept.role)
    assert wrong.check(case) == kept.evidence
    assert not kept.evidence.holds


def test_a_violation_deep_in_the_random_part_can_be_rebuilt() -> None:
    wrong = replace(TOY, bound=lambda n: 2 * n - 1 if n < 90 else 10**6)
    verdict = verify(wrong, 200, 11)
    kept = verdict.violations[-1]
    assert kept.index > 5
    case = reproduce(wrong, index=kept.index, requested=200, seed=11)
    assert case >= 90


def test_reproduce_refuses_an_index_that_is_not_there() -> None:
    with pytest.raises(InvalidInput, match="no instance 99"):
        reproduce(TOY, index=99, requested=3, seed=0)


def test_a_check_whose_control_passes_is_broken() -> None:
    verdict = verify(replace(TOY, hypotheses=(Hypothesis("n ≥ 1", squares),)), 5, 0)
    assert verdict.status == "broken"
    assert verdict.violations[0].role == "control"
    assert verdict.controls_refuted == 0


def nothing(count: int, rng: np.random.Generator) -> Iterator[int]:
    return iter(())


@pytest.mark.parametrize(
    "empty",
    [
        {"instances": nothing},
        {"hypotheses": (Hypothesis("n ≥ 1", nothing),)},
        {"hypotheses": (*TOY.hypotheses, Hypothesis("another", nothing))},
        {"hypotheses": ()},
    ],
)
def test_nothing_tried_is_broken(empty: dict[str, Any]) -> None:
    verdict = verify(replace(TOY, **empty), 5, 0)
    assert verdict.status == "broken"
    assert "was tried" in verdict.reason
    assert verdict.eta == verdict.false_alarm == 0.0
    assert 0 <= verdict.seconds < 60


def test_each_control_is_recorded_under_the_hypothesis_it_breaks_and_can_be_rebuilt() -> None:
    def negative(count: int, rng: np.random.Generator) -> Iterator[int]:
        yield from (-int(v) for v in rng.integers(1001, 2000, 3))

    claim = replace(TOY, hypotheses=(*TOY.hypotheses, Hypothesis("n > −1001", negative)))
    verdict = verify(claim, 5, 0)
    assert verdict.controls == (ControlCount("n ≥ 1", 1, 1), ControlCount("n > −1001", 3, 3))
    assert (verdict.controls_tried, verdict.controls_refuted) == (4, 4)
    # Where every control passes, the kept ones name their hypothesis and the index that rebuilds them.
    passing = replace(claim, bound=lambda n: -(10**9) if n < 0 else 2 * n - 1)
    for control in verify(passing, 5, 0).violations:
        case = reproduce(passing, index=control.index, requested=5, seed=0, role="control")
        assert passing.check(case) == control.evidence
        assert control.hypothesis == ("n ≥ 1" if case == -1000 else "n > −1001")


def test_instances_and_the_controls_of_each_hypothesis_draw_from_streams_of_their_own() -> None:
    drawn: list[tuple[str, float]] = []

    def recording(name: str, case: int) -> Any:
        def cases(count: int, rng: np.random.Generator) -> Iterator[int]:
            drawn.append((name, rng.random()))
            yield case

        return cases

    hypotheses = tuple(Hypothesis(name, recording(name, -1000)) for name in ("first", "second", "third"))
    claim = replace(TOY, instances=recording("instances", 1), hypotheses=hypotheses)
    verify(claim, 2, 7)
    verify(claim, 2, 7)
    assert len(drawn) == 8
    assert len({number for _, number in drawn}) == len(set(drawn)) == 4
    verify(replace(claim, id="another"), 2, 7)
    assert len(set(drawn)) == 8


def test_a_hypothesis_without_controls_is_named_by_its_number() -> None:
    claim = replace(TOY, hypotheses=(*TOY.hypotheses, Hypothesis("n is a number", nothing)))
    assert verify(claim, 5, 0).reason == "no control of hypothesis 2 (n is a number) was tried"


def test_of_many_violations_some_are_recorded_and_one_instance_is_enough() -> None:
    wrong = replace(TOY, bound=lambda n: 10**6 if n > 0 else -(10**9), hypotheses=(Hypothesis("", squares),))
    verdict = verify(wrong, 50, 0)
    assert verdict.reason.startswith("instance 0 violates it: n = 1")
    assert [kept.index for kept in verdict.violations] == list(range(KEPT))
    assert verify(TOY, 1, 0).status == "holds"
    assert (verify(TOY, 1, 0).tried, verify(TOY, 1, 0).requested) == (2, 1)


def test_an_error_is_broken_and_says_where() -> None:
    def fail(n: int) -> Observed:
        raise ArithmeticError("no projection")

    verdict = verify(replace(TOY, observe=fail), 5, 0)
    assert verdict.status == "broken"
    assert "instance 0 raised ArithmeticError: no projection" in verdict.reason


def test_an_error_does_not_hide_a_refutation_before_it() -> None:
    def late(n: int) -> Observed:
        if n != 1:
            raise ArithmeticError("late")
        return Observed(-5, "n = 1")

    assert verify(replace(TOY, observe=late), 5, 0).status == "refuted"


def test_false_alarms_beyond_the_budget_are_broken() -> None:
    loud = replace(TOY, observe=lambda n: Observed(abs(n) * n, "x", "statistical", false_alarm=1e-7))
    assert verify(loud, 5, 0).status == "holds"
    assert verify(loud, 50, 0).status == "broken"
    alarm = verify(loud, 5, 0).false_alarm
    assert alarm == pytest.approx(6e-7)
    assert verify(loud, 5, 0, budget=alarm).status == "holds"
    assert verify(loud, 5, 0, budget=0.0).status == "broken"
    assert verify(TOY, 5, 0, budget=0.0).status == "holds"


def test_the_budget_is_shared_by_the_claims() -> None:
    loud = replace(TOY, observe=lambda n: Observed(abs(n) * n, "x", "statistical", false_alarm=1e-7))
    reached = verify_all({"T1": loud, "T2": replace(TOY, id="T2")}, 5, 0)
    assert [v.status for v in reached] == ["broken", "holds"]


def test_the_budget_is_shared_by_the_registry_whichever_claims_are_chosen() -> None:
    loud = replace(TOY, observe=lambda n: Observed(abs(n) * n, "x", "statistical", false_alarm=1e-7))
    claims = {"T1": loud, "T2": replace(TOY, id="T2")}
    assert [v.status for v in verdicts(claims, 5, 0, only=["T1"])] == ["broken"]
    assert list(verdicts(claims, 5, 0, only=[])) == []


def test_verify_all_is_ordered_reports_progress_and_refuses_unknown_ids() -> None:
    seen: list[tuple[int, int]] = []
    claims = {"T1": TOY, "T2": replace(TOY, id="T2")}
    reached = verify_all(claims, 3, 0, only=["T2"], progress=lambda i, n: seen.append((i, n)))
    assert [v.id for v in reached] == ["T2"]
    assert seen == [(1, 1)]
    with pytest.raises(InvalidInput, match="T9"):
        verify_all(claims, only=["T9"])


def test_verdicts_are_equal_for_equal_seeds_and_differ_otherwise() -> None:
    def run(seed: int) -> dict[str, object]:
        wrong = replace(TOY, bound=lambda n: 2 * n)
        return verify(wrong, 40, seed).to_dict() | {"seconds": 0}

    assert run(3) == run(3)
    other = verify(replace(TOY, bound=lambda n: 2 * n - 1 if n < 60 else 10**6), 40, 3).violations
    assert other != verify(replace(TOY, bound=lambda n: 2 * n - 1 if n < 60 else 10**6), 40, 4).violations


def test_instances_must_be_positive() -> None:
    with pytest.raises(InvalidInput):
        verify(TOY, 0)


def test_the_audit_catches_what_the_instances_see_and_says_what_nobody_sees() -> None:
    table = {m.mutant: m for m in audit({"T1": TOY}, 20, 0)}
    assert table["bound + 1"].caught_by == "instance"
    assert table["inequality turned"].caught_by == "instance"
    # The control lies one below the true bound: a bound lowered by one lets it through.
    assert table["bound − 1"].caught_by == "control"
    blunt = replace(TOY, instances=lambda count, rng: iter((50, 60)))
    assert {m.mutant for m in audit({"T1": blunt}, 20, 0) if not m.caught} == {"bound + 1"}


def test_an_error_under_a_mutant_does_not_count_as_caught() -> None:
    def raising(n: int) -> int:
        raise ZeroDivisionError

    table = audit({"T1": replace(TOY, mutants={"by zero": raising})}, 5, 0)
    found = next(m for m in table if m.mutant == "by zero")
    assert (found.caught_by, found.caught) == ("error", False)


def test_the_audit_distorts_each_part_by_itself() -> None:
    class Part:
        def __init__(self, n: int, part: str) -> None:
            self.n, self.part = n, part

    parts = replace(
        TOY,
        observe=lambda p: Observed(p.n, p.part),
        bound=lambda p: 1,
        instances=lambda count, rng: iter([Part(1, "sharp"), Part(2, "blunt")]),
        hypotheses=(Hypothesis("n ≥ 1", lambda count, rng: iter([Part(0, "sharp"), Part(0, "blunt")])),),
    )
    # Part "blunt" lies one above its bound, and always the same is what is observed on its one instance.
    assert {m.mutant for m in audit({"T1": parts}, 5, 0) if not m.caught} == {"bound + 1 [blunt]"}


def truthful(n: int) -> bool:
    return n > -1000


def unasked(n: int) -> bool:
    return False


def test_predicates_of_the_claims_module_are_stuck_and_those_never_called_are_not_counted() -> None:
    def observe(n: int) -> Observed:
        return Observed(abs(n) * n if truthful(n) else -999_999, f"n = {n}")

    # Stuck at True is noticed on no instance, since the predicate is true of all of them, and not on the
    # control, which is refuted either way.
    observe.__module__ = __name__
    table = {m.mutant: m for m in audit({"T1": replace(TOY, observe=observe)}, 5, 0)}
    assert not table["truthful(…) always True"].caught
    assert table["truthful(…) always False"].caught_by == "instance"
    assert not any(name.startswith("unasked") for name in table)
    assert truthful(1)


def test_the_audit_makes_observations_and_instances_wrong_too() -> None:
    table = {m.mutant: m for m in audit({"T1": TOY}, 5, 0)}
    assert table["observed: the bound itself"].caught_by == "control"
    assert table["observed: always 1"].caught_by == "instance"
    assert table["dropped: n ≥ 1"].caught_by == "instance"
    assert table["one instance over and over"].caught
    assert {m.target for m in table.values()} == {"bound", "observation", "instances"}


def test_one_instance_over_and_over_is_broken() -> None:
    verdict = verify(replace(TOY, instances=lambda count, rng: iter([3] * 9)), 9, 0)
    assert verdict.status == "broken"
    assert "one instance only, tried 9 times" in verdict.reason
