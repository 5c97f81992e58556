"""The mutation audit: every wrong form of a bound must be exposed by the instances or by the controls.

A mutant is *caught* when an instance violates it (the bound became too strong) or a control passes under it
(the bound became too weak). A mutant that slips through means that the check has a blind spot.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from geosae.verification.claim import Claim
from geosae.verification.evidence import Number
from geosae.verification.runner import verify

T = TypeVar("T")


@dataclass(frozen=True)
class Mutation:
    """One mutant of one claim, and who caught it ("nobody": a blind spot)."""

    id: str
    mutant: str
    caught_by: Literal["instance", "control", "error", "nobody"]
    detail: str

    @property
    def caught(self) -> bool:
        """Whether the mutant was exposed by an instance or by a control (an error exposes nothing)."""
        return self.caught_by in ("instance", "control")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready record."""
        return asdict(self) | {"caught": self.caught}


def _shifted(bound: Callable[[T], Number], step: int) -> Callable[[T], Number]:
    return lambda case: bound(case) + step


def _scaled(bound: Callable[[T], Number], factor: float) -> Callable[[T], Number]:
    return lambda case: bound(case) * factor


def _negated(bound: Callable[[T], Number]) -> Callable[[T], Number]:
    return lambda case: 1 - bound(case)


def mutants(claim: Claim[T]) -> Iterator[tuple[str, Claim[T]]]:
    """Yield the named mutants of a claim: distorted bounds, the turned inequality, and the claim's own.

    A real-valued bound is scaled by the claim's factors, an integer one shifted by one either way, the
    truth value of an equivalence negated.
    """
    if claim.kind == "equivalence":
        yield "negated", claim.mutated(_negated(claim.bound))
    elif claim.scales is not None:
        for factor in claim.scales:
            yield f"bound × {factor:g}", claim.mutated(_scaled(claim.bound, factor))
    else:
        yield "bound − 1", claim.mutated(_shifted(claim.bound, -1))
        yield "bound + 1", claim.mutated(_shifted(claim.bound, 1))
    yield "inequality turned", claim.reversed()
    for name, bound in claim.mutants.items():
        yield name, claim.mutated(bound)


def audit(claims: Mapping[str, Claim[Any]], instances: int = 20, seed: int = 0) -> tuple[Mutation, ...]:
    """Run every mutant of every claim and say who caught it.

    Parameters
    ----------
    claims
        The registry.
    instances
        How many instances are asked for per mutant; the fixed extreme ones are always among them.
    seed
        Seed of the generators.
    """
    table: list[Mutation] = []
    for claim in claims.values():
        for name, mutant in mutants(claim):
            verdict = verify(mutant, instances, seed)
            if verdict.status == "refuted":
                found = ("instance", verdict.reason)
            elif verdict.status == "broken" and verdict.controls_refuted < verdict.controls_tried:
                found = ("control", verdict.reason)
            elif verdict.status == "broken":
                found = ("error", verdict.reason)
            else:
                found = ("nobody", f"{verdict.tried} instances and {verdict.controls_tried} controls")
            table.append(Mutation(claim.id, name, *found))
    return tuple(table)
