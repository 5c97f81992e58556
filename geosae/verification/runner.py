"""Try to refute claims: their instances must hold, their controls must not; one verdict each."""

import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from typing import Any, Literal, TypeVar

import numpy as np

from geosae.errors import InvalidInput, WorkFailed
from geosae.notebook import short_repr
from geosae.parallel import Task, run_tasks
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL, SEED, Range, positive_number, refuse_unknown, whole_number
from geosae.verification.claim import Claim
from geosae.verification.evidence import Evidence, Grade

T = TypeVar("T")
Status = Literal["holds", "refuted", "broken"]
# A whole default run may raise a false alarm once in a million runs; the claims share this equally.
FALSE_ALARM_BUDGET = 1e-6
KEPT = 5
INSTANCES = 200
"""Constructed instances per statement where a command names no number."""
AUDIT_INSTANCES = 20
"""Constructed instances per wrong bound where a command names no number."""


@dataclass(frozen=True)
class Kept:
    """Evidence that is kept in the record, with the index from which `reproduce` rebuilds its instance."""

    role: Literal["instance", "control"]
    index: int
    evidence: Evidence
    hypothesis: str = ""
    """What a control breaks; empty for an instance."""

    __repr__ = short_repr


@dataclass(frozen=True)
class ControlCount:
    """How many instances broke a hypothesis, and on how many of them the check reported a violation."""

    hypothesis: str
    tried: int
    refuted: int

    __repr__ = short_repr


@dataclass(frozen=True)
class Verdict:
    """What trying to refute a claim gave; a check can refute a statement and cannot prove it.

    "refuted": an instance violates it (kept in `violations`; `reproduce` rebuilds it). "broken": the check
    itself is not to be trusted: a control passed, no two different instances were tried or no control of some
    hypothesis, the false-alarm budget was overdrawn, or it raised an error; `reason` says which.
    """

    id: str
    status: Status
    reason: str
    tried: int
    controls: tuple[ControlCount, ...]
    """One for each hypothesis, in the order of the claim."""
    worst_slack: float | None
    tightest: Kept | None
    grades: tuple[Grade, ...]
    eta: float
    false_alarm: float
    violations: tuple[Kept, ...]
    seed: int
    requested: int
    seconds: float

    __repr__ = short_repr

    @property
    def controls_tried(self) -> int:
        """The controls of all hypotheses."""
        return sum(control.tried for control in self.controls)

    @property
    def controls_refuted(self) -> int:
        """Those among them on which the check reported a violation, as it must on all."""
        return sum(control.refuted for control in self.controls)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready record."""
        return asdict(self)


def _rng(claim_id: str, seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(claim_id.encode()), stream])


def _instances(claim: Claim[T], count: int, seed: int) -> Iterable[T]:
    return claim.instances(count, _rng(claim.id, seed, 0))


def _controls(claim: Claim[T], which: int, count: int, seed: int) -> Iterable[T]:
    """Return the controls of one hypothesis, which has a stream of random numbers of its own."""
    return claim.hypotheses[which].control(count, _rng(claim.id, seed, 1 + which))


@checked_arguments(index=NATURAL, requested=COUNT, seed=SEED)
def reproduce(
    claim: Claim[T],
    *,
    index: int,
    requested: int,
    seed: int,
    role: Literal["instance", "control"] = "instance",
) -> T:
    """Rebuild the instance (or control) that a verdict names; controls are counted through all hypotheses.

    Raises
    ------
    InvalidInput
        If there is no such index at that request.
    """
    cases = _instances(claim, requested, seed)
    if role == "control":
        each = (_controls(claim, which, requested, seed) for which in range(len(claim.hypotheses)))
        cases = chain.from_iterable(each)
    for position, case in enumerate(cases):
        if position == index:
            return case
    raise InvalidInput(f"{claim.id} has no {role} {index} when {requested} are asked for with seed {seed}")


def _gather(
    claim: Claim[T], cases: Callable[[], Iterable[T]], role: Literal["instance", "control"], about: str = ""
) -> tuple[list[Evidence], str]:
    """Return the evidence of all cases, and what went wrong on the way ("" if nothing)."""
    evidence: list[Evidence] = []
    try:
        evidence.extend(claim.check(case) for case in cases())
    except Exception as error:  # one claim that raises must not hide the verdicts of the others
        return evidence, f"{role} {len(evidence)}{about} raised {type(error).__name__}: {error}"
    return evidence, "" if evidence else f"no {role}{about} was tried"


def _gather_controls(claim: Claim[T], count: int, seed: int) -> tuple[list[Kept], str]:
    """Return the evidence of the controls of all hypotheses, and the first thing that went wrong."""
    controls: list[Kept] = []
    trouble = "" if claim.hypotheses else "no hypothesis is listed, so no control was tried"
    for which, hypothesis in enumerate(claim.hypotheses):
        about = f" of hypothesis {which + 1} ({hypothesis.statement})"
        evidence, what = _gather(claim, partial(_controls, claim, which, count, seed), "control", about)
        controls += [
            Kept("control", len(controls) + i, e, hypothesis.statement) for i, e in enumerate(evidence)
        ]
        trouble = trouble or what
    return controls, trouble


@checked_arguments(instances=COUNT, seed=SEED, budget=Range(0, 1, open_high=True))
def verify(
    claim: Claim[T], instances: int = 50, seed: int = 0, *, budget: float = FALSE_ALARM_BUDGET
) -> Verdict:
    """Try to refute the claim on so many constructed instances, and its check on its controls.

    Parameters
    ----------
    claim
        The claim.
    instances
        How many instances its generator constructs (its fixed extreme ones always come first).
    seed
        Seed of both generators.
    budget
        The largest admissible probability that this verdict is a false alarm.

    Raises
    ------
    InvalidInput
        If `instances` is no positive integer, or the seed or the budget is negative or no number.
    """
    instances = whole_number(instances, "the number of instances", least=1)
    seed, budget = whole_number(seed, "the seed"), positive_number(budget, "the budget", zero=True)
    start = time.perf_counter()
    evidence, trouble = _gather(claim, partial(_instances, claim, instances, seed), "instance")
    controls, control_trouble = _gather_controls(claim, instances, seed)
    false_alarm = sum((e.false_alarm for e in evidence), 0.0)
    passed = [control for control in controls if control.evidence.holds]
    violations = [Kept("instance", i, e) for i, e in enumerate(evidence) if not e.holds]
    reason = trouble or control_trouble
    if passed:
        reason = reason or f"control {passed[0].index} passed: {passed[0].evidence.instance}"
    if len({(e.instance, e.observed, e.bound) for e in evidence}) == 1:
        reason = reason or f"one instance only, tried {len(evidence)} times: {evidence[0].instance}"
    if false_alarm > budget:
        reason = reason or f"false-alarm probability {false_alarm:.2g} exceeds {budget:.2g}"
    status: Status = "refuted" if violations else "broken" if reason else "holds"
    if violations:
        reason = f"instance {violations[0].index} violates it: {violations[0].evidence.instance}"
    worst = min(range(len(evidence)), key=lambda i: evidence[i].slack, default=None)
    return Verdict(
        id=claim.id,
        status=status,
        reason=reason,
        tried=len(evidence),
        controls=tuple(_count(hypothesis.statement, controls) for hypothesis in claim.hypotheses),
        worst_slack=None if worst is None else evidence[worst].slack,
        tightest=None if worst is None else Kept("instance", worst, evidence[worst]),
        grades=tuple(sorted({e.grade for e in evidence})),
        eta=max((e.eta for e in evidence), default=0.0),
        false_alarm=false_alarm,
        violations=tuple(violations[:KEPT] + passed[:KEPT]),
        seed=seed,
        requested=instances,
        seconds=time.perf_counter() - start,
    )


def _count(hypothesis: str, controls: list[Kept]) -> ControlCount:
    own = [control for control in controls if control.hypothesis == hypothesis]
    return ControlCount(hypothesis, len(own), sum(not control.evidence.holds for control in own))


@checked_arguments()
def chosen_claims(claims: Mapping[str, Claim[Any]], ids: Iterable[str] | None) -> dict[str, Claim[Any]]:
    """Return the claims of these ids, in the order of the ids; for None, all claims.

    Raises
    ------
    InvalidInput
        If an id is not in the registry.

    Examples
    --------
    >>> chosen_claims({}, None)
    {}
    """
    ids = list(claims if ids is None else ids)
    refuse_unknown(ids, claims, "the registry of statements", "id")
    return {claim_id: claims[claim_id] for claim_id in ids}


@checked_arguments(instances=COUNT, seed=SEED)
def verdicts(
    claims: Mapping[str, Claim[Any]], instances: int = 50, seed: int = 0, *, only: Iterable[str] | None = None
) -> Iterator[Verdict]:
    """Yield the verdict of each claim (of those in `only`, unless it is None) as soon as it is reached.

    The false-alarm budget is shared equally by all claims of the registry, whichever of them are verified.

    Raises
    ------
    InvalidInput
        If an id in `only` is not in the registry.

    Examples
    --------
    >>> list(verdicts({}))
    []
    """
    for claim in chosen_claims(claims, only).values():
        yield verify(claim, instances, seed, budget=FALSE_ALARM_BUDGET / len(claims))


@checked_arguments(instances=COUNT, seed=SEED)
def verify_all(
    claims: Mapping[str, Claim[Any]],
    instances: int = 50,
    seed: int = 0,
    *,
    only: Iterable[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Verdict, ...]:
    """Return the verdicts of the named claims (all by default), in the order in which they are named.

    Raises
    ------
    InvalidInput
        If an id in `only` is not in the registry.

    Examples
    --------
    >>> verify_all({})
    ()
    """
    ids = list(chosen_claims(claims, only))
    reached: list[Verdict] = []
    for verdict in verdicts(claims, instances, seed, only=ids):
        reached.append(verdict)
        if progress is not None:
            progress(len(reached), len(ids))
    return tuple(reached)


@checked_arguments(instances=COUNT, seed=SEED)
def verdicts_on(
    executor: Executor,
    claims: Callable[[], Mapping[str, Claim[Any]]],
    instances: int = 50,
    seed: int = 0,
    *,
    only: Iterable[str] | None = None,
    receive: Callable[[Verdict], None],
) -> None:
    """Reach the same verdicts on the workers of an executor, a statement each, in whatever order.

    Parameters
    ----------
    claims
        A top-level function that returns the registry, sent to the workers.
    receive
        Called with each verdict as it comes.

    Raises
    ------
    InvalidInput
        If an id in `only` is not in the registry.
    WorkFailed
        If a check raised an error, or killed each worker that tried it: once all others are reached.
    """
    failed: dict[str, str] = {}
    tasks = [
        Task(
            call=_verdict_of,
            args=(claims, claim_id, instances, seed),
            begun=lambda: True,
            fail=partial(failed.__setitem__, claim_id),
            receive=receive,
        )
        for claim_id in chosen_claims(claims(), only)
    ]
    run_tasks(tasks, executor, 1, [], lambda done, total: None)
    if failed:
        reasons = (f"{claim_id} could not be checked: {reason}" for claim_id, reason in failed.items())
        raise WorkFailed("; ".join(reasons))


def _verdict_of(
    claims: Callable[[], Mapping[str, Claim[Any]]], claim_id: str, instances: int, seed: int
) -> Verdict:
    (verdict,) = verdicts(claims(), instances, seed, only=[claim_id])
    return verdict
