"""Trying to refute claims: instances that must hold, controls that must not, one verdict each."""

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from geosae.errors import InvalidInput
from geosae.verification.claim import Claim
from geosae.verification.evidence import Evidence, Grade

T = TypeVar("T")
Status = Literal["holds", "refuted", "broken"]
# A whole default run may cry wolf once in a million runs; the claims share this equally.
FALSE_ALARM_BUDGET = 1e-6
KEPT = 5


@dataclass(frozen=True)
class Kept:
    """Evidence that is kept in the record, with the place that regenerates its instance."""

    role: Literal["instance", "control"]
    index: int
    evidence: Evidence


@dataclass(frozen=True)
class Verdict:
    """What trying to refute a claim gave; a check can refute a statement and cannot prove it.

    "refuted": an instance violates it (kept in `violations`; `reproduce` rebuilds it). "broken": the check
    itself is not to be trusted: a control passed, nothing was tried, the false-alarm budget was overdrawn,
    or it raised an error; `reason` says which.
    """

    id: str
    status: Status
    reason: str
    tried: int
    controls_tried: int
    controls_refuted: int
    worst_slack: float | None
    tightest: Kept | None
    grades: tuple[Grade, ...]
    eta: float
    false_alarm: float
    violations: tuple[Kept, ...]
    seed: int
    requested: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready record."""
        return asdict(self)


def _rng(claim_id: str, seed: int, role: Literal["instance", "control"]) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(claim_id.encode()), 0 if role == "instance" else 1])


def _cases(claim: Claim[T], count: int, seed: int, role: Literal["instance", "control"]) -> Iterable[T]:
    make = claim.instances if role == "instance" else claim.counter_instances
    return make(count, _rng(claim.id, seed, role))


def reproduce(
    claim: Claim[T],
    *,
    index: int,
    requested: int,
    seed: int,
    role: Literal["instance", "control"] = "instance",
) -> T:
    """Rebuild the instance (or control) that a verdict names.

    Raises
    ------
    InvalidInput
        If there is no such index at that request.
    """
    for position, case in enumerate(_cases(claim, requested, seed, role)):
        if position == index:
            return case
    raise InvalidInput(f"{claim.id} has no {role} {index} when {requested} are asked for with seed {seed}")


def _gather(
    claim: Claim[T], count: int, seed: int, role: Literal["instance", "control"]
) -> tuple[list[Evidence], str]:
    found: list[Evidence] = []
    try:
        found.extend(claim.check(case) for case in _cases(claim, count, seed, role))
    except Exception as error:  # one claim that raises must not hide the verdicts of the others
        return found, f"{role} {len(found)} raised {type(error).__name__}: {error}"
    return found, "" if found else f"no {role} was tried"


def verify(
    claim: Claim[T], instances: int = 50, seed: int = 0, *, budget: float = FALSE_ALARM_BUDGET
) -> Verdict:
    """Try to refute the claim on so many constructed instances, and its check on its controls.

    Parameters
    ----------
    claim
        The claim.
    instances
        How many instances are asked of its generator (its fixed extreme ones always come first).
    seed
        Seed of both generators.
    budget
        The largest admissible probability that this verdict is a false alarm.

    Raises
    ------
    InvalidInput
        If `instances` is not positive.
    """
    if instances < 1:
        raise InvalidInput(f"{instances} instances were asked for; at least one is needed")
    start = time.perf_counter()
    held, trouble = _gather(claim, instances, seed, "instance")
    controls, control_trouble = _gather(claim, instances, seed, "control")
    false_alarm = sum((e.false_alarm for e in held), 0.0)
    passed = [i for i, e in enumerate(controls) if e.holds]
    violations = [Kept("instance", i, e) for i, e in enumerate(held) if not e.holds]
    reason = trouble or control_trouble
    if passed:
        reason = reason or f"control {passed[0]} passed: {controls[passed[0]].instance}"
    if false_alarm > budget:
        reason = reason or f"false-alarm probability {false_alarm:.2g} exceeds {budget:.2g}"
    status: Status = "refuted" if violations else "broken" if reason else "holds"
    if violations:
        reason = f"instance {violations[0].index} violates it: {violations[0].evidence.instance}"
    worst = min(range(len(held)), key=lambda i: held[i].slack, default=None)
    return Verdict(
        id=claim.id,
        status=status,
        reason=reason,
        tried=len(held),
        controls_tried=len(controls),
        controls_refuted=len(controls) - len(passed),
        worst_slack=None if worst is None else held[worst].slack,
        tightest=None if worst is None else Kept("instance", worst, held[worst]),
        grades=tuple(sorted({e.grade for e in held})),
        eta=max((e.eta for e in held), default=0.0),
        false_alarm=false_alarm,
        violations=tuple(violations[:KEPT] + [Kept("control", i, controls[i]) for i in passed[:KEPT]]),
        seed=seed,
        requested=instances,
        seconds=time.perf_counter() - start,
    )


def verify_all(
    claims: Mapping[str, Claim[Any]],
    instances: int = 50,
    seed: int = 0,
    *,
    only: Iterable[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Verdict, ...]:
    """Verify the named claims (all by default), in the order of the registry; they share the budget equally.

    Raises
    ------
    InvalidInput
        If an id in `only` is not in the registry.
    """
    names = list(claims) if only is None else list(only)
    unknown = [name for name in names if name not in claims]
    if unknown:
        raise InvalidInput(f"there is no claim {unknown[0]!r}", remedy=f"choose among {', '.join(claims)}")
    verdicts: list[Verdict] = []
    for done, name in enumerate(names):
        verdicts.append(verify(claims[name], instances, seed, budget=FALSE_ALARM_BUDGET / len(names)))
        if progress is not None:
            progress(done + 1, len(names))
    return tuple(verdicts)
