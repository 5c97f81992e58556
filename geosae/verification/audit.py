"""The mutation audit: every wrong form of a check must be exposed by its instances or by its controls.

Four things are made wrong. *Bounds*: shifted, scaled, turned round, or replaced by a wrong formula.
*Observations*: always the same, or simply what the bound says. *Predicates*: the functions that the check
calls, answering always yes or always no. *Instances*: a hypothesis dropped (what breaks it counts as an
instance), or one instance over and over.

A mutant is *caught* when an instance violates it (the check became too strict) or a control passes under it
(the check became too lax). A mutant that slips through means that the check has a blind spot.
"""

import inspect
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import repeat
from typing import Any, Literal, TypeVar

import numpy as np

from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, SEED, whole_number
from geosae.verification.claim import Claim, Hypothesis
from geosae.verification.evidence import Kind, Number, Observed
from geosae.verification.runner import verify

T = TypeVar("T")
Target = Literal["bound", "observation", "predicate", "instances"]


@dataclass(frozen=True)
class Mutation:
    """One mutant of one claim, and what exposed it ("nobody": nothing did, a blind spot)."""

    id: str
    mutant: str
    caught_by: Literal["instance", "control", "error", "nobody"]
    detail: str
    target: Target = "bound"

    __repr__ = short_repr

    @property
    def caught(self) -> bool:
        """Whether `verify` notices: by an instance or a control, or by a refused certificate.

        An error under a wrong bound exposes nothing, since the wrong formula itself may raise it. Under a
        predicate that answers wrongly it is the check that refuses to go on.
        """
        return self.caught_by in ("instance", "control") or (
            self.caught_by == "error" and self.target in ("predicate", "instances")
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready record."""
        return asdict(self) | {"caught": self.caught}


@dataclass(frozen=True, eq=False)
class Mutant:
    """A wrong form of a check, by name: what was made wrong, and the claim that came of it."""

    name: str
    target: Target
    claim: Claim[Any]

    __repr__ = short_repr


def part_of(case: object) -> str:
    """Return the part of its statement that an instance is about ("" where there is only one)."""
    return str(getattr(case, "part", ""))


def _where(part: str) -> Callable[[object], bool]:
    return lambda case: part_of(case) == part


def _distorted(claim: Claim[T], part: str, change: Callable[[Number], Number]) -> Claim[T]:
    """Return the claim whose bound is distorted on the instances of one part only."""
    true = claim.bound
    return claim.mutated(lambda case: change(true(case)) if part_of(case) == part else true(case))


def _misread(claim: Claim[T], part: str, value: Callable[[T], Number]) -> Claim[T]:
    """Return the claim that observes another value on the instances of one part only."""
    true = claim.observe

    def observe(case: T) -> Observed:
        observed = true(case)
        return replace(observed, value=value(case)) if part_of(case) == part else observed

    return replace(claim, observe=observe)


def _shift(step: int) -> Callable[[Number], Number]:
    return lambda bound: bound + step


def _scale(factor: float) -> Callable[[Number], Number]:
    # In rationals: a large integer must not overflow, nor a rational be rounded.
    exact = Fraction(factor).limit_denominator(10**6)
    return lambda bound: Fraction(bound) * exact


def _always(value: Number) -> Callable[[object], Number]:
    return lambda case: value


def _changes(claim: Claim[T], part: str, kind: Kind) -> dict[str, Callable[[Number], Number]]:
    if kind == "equivalence":
        return {"negated": lambda bound: 1 - bound}
    scales = claim.scales if claim.scales is None or isinstance(claim.scales, tuple) else claim.scales[part]
    if scales is not None:
        return {f"bound × {factor:g}": _scale(factor) for factor in scales}
    return {"bound − 1": _shift(-1), "bound + 1": _shift(1)}


@checked_arguments(instances=COUNT, seed=SEED)
def mutants(claim: Claim[T], instances: int = 20, seed: int = 0) -> Iterator[Mutant]:
    """Yield the mutants of a claim: of its bound, its observations and its instances.

    A real-valued bound is scaled by the claim's factors, an integer one shifted by one either way, the
    truth value of an equivalence negated. Where a statement has parts, each is distorted by itself, so that
    a sharp part cannot cover for a blunt one. (An observation shifted or scaled is a bound shifted or scaled
    the other way; so observations are made constant, or equal to the bound.)
    """
    instances, seed = (
        whole_number(instances, "the number of instances", least=1),
        whole_number(seed, "the seed"),
    )
    parts: dict[str, Observed] = {}
    for case in claim.instances(instances, np.random.default_rng(seed)):
        if part_of(case) not in parts:
            parts[part_of(case)] = claim.observe(case)
    for part, first in sorted(parts.items(), key=lambda item: item[0]):
        tail, kind = f" [{part}]" if part else "", first.kind or claim.kind
        for name, change in _changes(claim, part, kind).items():
            yield Mutant(name + tail, "bound", _distorted(claim, part, change))
        yield Mutant("inequality turned" + tail, "bound", claim.reversed(_where(part)))
        constants = (0, 1) if kind == "equivalence" else (first.value,)
        for value in constants:
            label = f"observed: always {float(value):.4g}" + tail
            yield Mutant(label, "observation", _misread(claim, part, _always(value)))
        yield Mutant("observed: the bound itself" + tail, "observation", _misread(claim, part, claim.bound))
    for name, bound in claim.mutants.items():
        yield Mutant(name, "bound", claim.mutated(bound))
    yield from _other_instances(claim)


def _other_instances(claim: Claim[T]) -> Iterator[Mutant]:
    for hypothesis in claim.hypotheses:
        dropped = replace(claim, instances=hypothesis.control)
        yield Mutant(f"dropped: {hypothesis.statement}", "instances", dropped)
    make = claim.instances

    def once(count: int, rng: np.random.Generator) -> Iterator[T]:
        return repeat(next(iter(make(count, rng))), count + 1)

    yield Mutant("one instance over and over", "instances", replace(claim, instances=once))


@contextmanager
def _answering(function: Callable[..., bool], answer: bool) -> Generator[list[bool]]:
    """Let a function answer always alike, wherever a module of its package has it; yield its answers."""
    answers: list[bool] = []

    def stuck(*args: object, **options: object) -> bool:
        answers.append(answer)
        return answer

    root, name = function.__module__.split(".")[0], function.__name__
    homes = [
        module
        for module in list(sys.modules.values())
        if module.__name__.split(".")[0] == root and vars(module).get(name) is function
    ]
    try:
        for module in homes:
            setattr(module, name, stuck)
        yield answers
    finally:
        for module in homes:
            setattr(module, name, function)


def _computed_once(claim: Claim[T]) -> Claim[T]:
    """Return the claim with its instances made, observed and bounded once for all of its mutants."""
    made: dict[int, list[T]] = {}
    observations: dict[int, Observed] = {}
    bounds: dict[int, Number] = {}

    def remembered(which: int, make: Callable[[int, np.random.Generator], Any]) -> Callable[..., list[T]]:
        def cases(count: int, rng: np.random.Generator) -> list[T]:
            if which not in made:
                made[which] = list(make(count, rng))
            return made[which]

        return cases

    # An instance is known by its identity: `made` keeps them all.
    def observe(case: T) -> Observed:
        if id(case) not in observations:
            observations[id(case)] = claim.observe(case)
        return observations[id(case)]

    def bound(case: T) -> Number:
        if id(case) not in bounds:
            bounds[id(case)] = claim.bound(case)
        return bounds[id(case)]

    hypotheses = tuple(
        Hypothesis(hypothesis.statement, remembered(which, hypothesis.control))
        for which, hypothesis in enumerate(claim.hypotheses, start=1)
    )
    return replace(
        claim, instances=remembered(0, claim.instances), hypotheses=hypotheses, observe=observe, bound=bound
    )


@checked_arguments(instances=COUNT, seed=SEED)
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
        How many instances are constructed per claim; the fixed extreme ones are always among them.
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
            _tried(claim.id, mutant, instances, seed)
            for mutant in mutants(_computed_once(claim), instances, seed)
        ]
        mutations += _with_stuck_predicates(claim, instances, seed)
        if progress is not None:
            progress(done, len(claims))
    return tuple(mutations)


def _with_stuck_predicates(claim: Claim[Any], instances: int, seed: int) -> list[Mutation]:
    """Try the claim with each predicate of its module answering always yes, and always no.

    The predicates are the module's own and imported ones with `-> bool`; one that the check never calls (a
    named wrong bound may need it) is none of the check's.
    """
    module = sys.modules[claim.observe.__module__]
    root = module.__name__.split(".")[0]
    mutations: list[Mutation] = []
    for name, function in sorted(vars(module).items()):
        if not inspect.isfunction(function) or function.__module__.split(".")[0] != root:
            continue
        if function.__annotations__.get("return") is not bool:
            continue
        for answer in (True, False):
            with _answering(function, answer) as answers:
                mutant = Mutant(f"{name}(…) always {answer}", "predicate", claim)
                mutation = _tried(claim.id, mutant, instances, seed)
            if answers:
                mutations.append(mutation)
    return mutations


def _tried(claim_id: str, mutant: Mutant, instances: int, seed: int) -> Mutation:
    verdict = verify(mutant.claim, instances, seed)
    if verdict.status == "refuted":
        return Mutation(claim_id, mutant.name, "instance", verdict.reason, mutant.target)
    if verdict.status == "broken" and verdict.controls_refuted < verdict.controls_tried:
        return Mutation(claim_id, mutant.name, "control", verdict.reason, mutant.target)
    if verdict.status == "broken":
        return Mutation(claim_id, mutant.name, "error", verdict.reason, mutant.target)
    tried = f"{verdict.tried} instances and {verdict.controls_tried} controls"
    return Mutation(claim_id, mutant.name, "nobody", tried, mutant.target)
