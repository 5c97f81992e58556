"""The mutation audit: every wrong form of a bound must be exposed by the instances or by the controls.

A mutant is *caught* when an instance violates it (the bound became too strong) or a control passes under it
(the bound became too weak). A mutant that slips through means that the check has a blind spot.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal, TypeVar

import numpy as np

from geosae.notebook import short_repr
from geosae.verification.claim import Claim
from geosae.verification.evidence import Kind, Number
from geosae.verification.runner import verify

T = TypeVar("T")


@dataclass(frozen=True)
class Mutation:
    """One mutant of one claim, and what exposed it ("nobody": nothing did, a blind spot)."""

    id: str
    mutant: str
    caught_by: Literal["instance", "control", "error", "nobody"]
    detail: str

    __repr__ = short_repr

    @property
    def caught(self) -> bool:
        """Whether the mutant was exposed by an instance or by a control (an error exposes nothing)."""
        return self.caught_by in ("instance", "control")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready record."""
        return asdict(self) | {"caught": self.caught}


def part_of(case: object) -> str:
    """Return the part of its statement that an instance is about ("" where there is only one)."""
    return str(getattr(case, "part", ""))


def _where(part: str) -> Callable[[object], bool]:
    return lambda case: part_of(case) == part


def _distorted(claim: Claim[T], part: str, change: Callable[[Number], Number]) -> Claim[T]:
    """Return the claim whose bound is distorted on the instances of one part only."""
    true = claim.bound
    return claim.mutated(lambda case: change(true(case)) if part_of(case) == part else true(case))


def _shift(step: int) -> Callable[[Number], Number]:
    return lambda bound: bound + step


def _scale(factor: float) -> Callable[[Number], Number]:
    # In rationals: a large integer must not overflow, nor a rational be rounded.
    exact = Fraction(factor).limit_denominator(10**6)
    return lambda bound: Fraction(bound) * exact


def _changes(claim: Claim[T], part: str, kind: Kind) -> dict[str, Callable[[Number], Number]]:
    if kind == "equivalence":
        return {"negated": lambda bound: 1 - bound}
    scales = claim.scales if claim.scales is None or isinstance(claim.scales, tuple) else claim.scales[part]
    if scales is not None:
        return {f"bound × {factor:g}": _scale(factor) for factor in scales}
    return {"bound − 1": _shift(-1), "bound + 1": _shift(1)}


def mutants(claim: Claim[T], instances: int = 20, seed: int = 0) -> Iterator[tuple[str, Claim[T]]]:
    """Yield the mutants of a claim by name: distorted bounds, reversed inequalities, and the claim's own.

    A real-valued bound is scaled by the claim's factors, an integer one shifted by one either way, the
    truth value of an equivalence negated. Where a statement has parts, each is distorted by itself, so that
    a sharp part cannot cover for a blunt one.
    """
    parts: dict[str, Kind] = {}
    for case in claim.instances(instances, np.random.default_rng(seed)):
        if part_of(case) not in parts:
            parts[part_of(case)] = claim.observe(case).kind or claim.kind
    for part, kind in sorted(parts.items()):
        tail = f" [{part}]" if part else ""
        for name, change in _changes(claim, part, kind).items():
            yield name + tail, _distorted(claim, part, change)
        yield "inequality turned" + tail, claim.reversed(_where(part))
    for name, bound in claim.mutants.items():
        yield name, claim.mutated(bound)


def audit(
    claims: Mapping[str, Claim[Any]],
    instances: int = 20,
    seed: int = 0,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Mutation, ...]:
    """Run every mutant of every claim and record what exposed it.

    Parameters
    ----------
    claims
        The registry.
    instances
        How many instances are constructed per mutant; the fixed extreme ones are always among them.
    seed
        Seed of the generators.
    progress
        Called after each claim, with the number of claims done and that of all.

    Examples
    --------
    >>> audit({})
    ()
    """
    mutations: list[Mutation] = []
    for done, claim in enumerate(claims.values(), start=1):
        mutations += [
            _tried(claim, name, mutant, instances, seed) for name, mutant in mutants(claim, instances, seed)
        ]
        if progress is not None:
            progress(done, len(claims))
    return tuple(mutations)


def _tried(claim: Claim[T], name: str, mutant: Claim[T], instances: int, seed: int) -> Mutation:
    verdict = verify(mutant, instances, seed)
    if verdict.status == "refuted":
        return Mutation(claim.id, name, "instance", verdict.reason)
    if verdict.status == "broken" and verdict.controls_refuted < verdict.controls_tried:
        return Mutation(claim.id, name, "control", verdict.reason)
    if verdict.status == "broken":
        return Mutation(claim.id, name, "error", verdict.reason)
    tried = f"{verdict.tried} instances and {verdict.controls_tried} controls"
    return Mutation(claim.id, name, "nobody", tried)
