"""The wrong forms themselves: each is wrong by what its name says, on its own part, and nowhere else."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from verification.test_runner import TOY, truthful

from geosae.errors import InvalidInput
from geosae.verification import Claim, Hypothesis, Mutant, Observed, audit, mutants


@dataclass(frozen=True)
class Part:
    n: int
    part: str


def by_name(claim: Claim[Any], **options: int) -> dict[str, Mutant]:
    table = {mutant.name: mutant for mutant in mutants(claim, **options)}
    assert len(table) == len(list(mutants(claim, **options)))
    return table


def parts(count: int, rng: np.random.Generator) -> Iterator[Part]:
    yield from (Part(3, "a"), Part(5, "b"), Part(7, "a"))


PARTS: Claim[Part] = replace(
    TOY, observe=lambda p: Observed(p.n, f"{p.part}{p.n}"), bound=lambda p: p.n - 1, instances=parts
)


def test_an_integer_bound_is_shifted_by_one_either_way() -> None:
    table = by_name(TOY)
    assert [table[name].claim.bound(5) for name in ("bound − 1", "bound + 1")] == [8, 10]
    assert {m.target for m in table.values()} == {"bound", "observation", "instances"}


@pytest.mark.parametrize("true", [Fraction(1, 3), 10**400, 7])
def test_a_real_bound_is_scaled_exactly(true: Any) -> None:
    table = by_name(replace(TOY, bound=lambda n: true, scales=(0.5, 2.0, 0.999, 1e-6)))
    factors = {
        "0.5": Fraction(1, 2),
        "2": Fraction(2),
        "0.999": Fraction(999, 1000),
        "1e-06": Fraction(1, 10**6),
    }
    for text, factor in factors.items():
        assert table[f"bound × {text}"].claim.bound(1) == true * factor
    assert "bound + 1" not in table


def test_each_part_is_distorted_by_its_own_scales() -> None:
    table = by_name(replace(PARTS, scales={"a": (3.0,), "b": None}))
    tripled, shifted = (table[name].claim.bound for name in ("bound × 3 [a]", "bound + 1 [b]"))
    assert [tripled(case) for case in parts(0, np.random.default_rng(0))] == [6, 4, 18]
    assert [shifted(case) for case in parts(0, np.random.default_rng(0))] == [2, 5, 6]
    assert "bound × 3 [b]" not in table


def test_observations_of_a_part_are_made_constant_or_equal_to_the_bound_there_alone() -> None:
    table = by_name(PARTS)
    cases = list(parts(0, np.random.default_rng(0)))
    # Constant at what the first instance of the part gives.
    constant = table["observed: always 3 [a]"].claim
    assert [constant.observe(case).value for case in cases] == [3, 5, 3]
    same = table["observed: the bound itself [b]"].claim
    assert [same.observe(case).value for case in cases] == [3, 4, 7]
    turned = table["inequality turned [a]"].claim
    assert [turned.check(case).holds for case in cases] == [False, True, False]


@pytest.mark.parametrize("where", ["claim", "observation"])
def test_the_truth_value_of_an_equivalence_is_negated_and_observed_constant(where: str) -> None:
    kind: Any = "equivalence"
    claim = (
        replace(TOY, kind=kind)
        if where == "claim"
        else replace(TOY, observe=lambda n: Observed(int(n > 0), f"n = {n}", kind=kind))
    )
    claim = replace(claim, bound=lambda n: int(n > 0))
    table = by_name(claim)
    assert [table["negated"].claim.bound(n) for n in (1, -1)] == [0, 1]
    assert "bound + 1" not in table
    for value in (0, 1):
        assert table[f"observed: always {value}"].claim.observe(5).value == value


def test_named_wrong_bounds_and_dropped_hypotheses_are_among_them() -> None:
    def another(count: int, rng: np.random.Generator) -> Iterator[int]:
        yield -5

    claim = replace(
        TOY, mutants={"n²": lambda n: n * n}, hypotheses=(*TOY.hypotheses, Hypothesis("n > −3", another))
    )
    table = by_name(claim)
    assert table["n²"].claim.bound(7) == 49
    assert list(table["dropped: n > −3"].claim.instances(1, np.random.default_rng(0))) == [-5]
    stuck = list(table["one instance over and over"].claim.instances(4, np.random.default_rng(0)))
    assert len(stuck) >= 4
    assert len(set(stuck)) == 1


def test_one_instance_is_enough_and_none_is_refused() -> None:
    assert len(list(mutants(TOY, 1))) == len(list(mutants(TOY, 9)))
    with pytest.raises(InvalidInput):
        next(mutants(TOY, 0))


def test_instances_are_made_once_for_all_mutants_of_a_claim() -> None:
    calls: list[int] = []

    def observe(n: int) -> Observed:
        calls.append(n)
        return Observed(abs(n) * n, f"n = {n}")

    audit({"T1": replace(TOY, observe=observe)}, 6, 0)
    # Seven instances and the control, whatever the number of mutants.
    assert len(calls) == 8


def test_a_stuck_predicate_is_put_only_where_it_was_and_taken_away_again() -> None:
    during: list[str] = []

    def observe(n: int) -> Observed:
        during.extend(name for name, module in list(sys.modules.items()) if "truthful" in vars(module))
        return Observed(abs(n) * n if truthful(n) else -999_999, f"n = {n}")

    observe.__module__ = truthful.__module__
    audit({"T1": replace(TOY, observe=observe)}, 3, 0)
    assert {name.rsplit(".", 1)[-1] for name in during} == {"test_runner", "test_audit"}
    assert truthful(1)
    assert not truthful(-1000)


def test_the_audit_tells_how_far_it_is() -> None:
    steps: list[tuple[int, int]] = []
    table = audit({"T1": TOY, "T2": replace(TOY, id="T2")}, 2, 0, progress=lambda i, n: steps.append((i, n)))
    assert steps == [(1, 2), (2, 2)]
    assert [m.id for m in table] == ["T1"] * (len(table) // 2) + ["T2"] * (len(table) // 2)
