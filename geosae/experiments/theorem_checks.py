"""Theorem checks of a run: one task per claim, each verdict stored, then gathered in verdicts.json."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geosae.experiments.cell import FORMAT, short_hash
from geosae.experiments.plan import CheckEntry
from geosae.experiments.store import Store
from geosae.storage.files import write_json
from geosae.storage.structure import read_record, write_record
from geosae.validation import refuse_unknown
from geosae.verification import Claim, verify
from geosae.verification.evidence import Kind
from geosae.verification.runner import FALSE_ALARM_BUDGET, Verdict

# A top-level function that returns the registry: a claim holds functions, which cannot all be sent.
Claims = Callable[[], Mapping[str, Claim[Any]]]


@dataclass(frozen=True)
class CheckedClaim:
    """A statement of the theory and what trying to refute it on constructed instances gave."""

    statement: str
    tex: str
    hypotheses: tuple[str, ...]
    kind: Kind
    source: str
    figure: str
    verdict: Verdict
    format: str = FORMAT

    @property
    def id(self) -> str:
        """The id of the statement."""
        return self.verdict.id


@dataclass(frozen=True)
class CheckError:
    """Why a check could not be done, as its error file holds it."""

    id: str
    error: str


def check_ids(entry: CheckEntry, claims: Claims | None) -> tuple[str, ...]:
    """Return the ids to be checked.

    Raises
    ------
    InvalidInput
        If the plan names an unknown claim.
    """
    if claims is None:
        return ()
    registry = claims()
    refuse_unknown(entry.claims, registry, "[checks] claims", "id")
    return entry.claims or tuple(registry)


def check_key(claim_id: str, entry: CheckEntry) -> str:
    """Return the file name of a check: its id and a hash of how it is done."""
    return f"{claim_id}-{short_hash([FORMAT, claim_id, entry.instances, entry.seed])}"


def do_check(folder: str, claim_id: str, entry: CheckEntry, claims: Claims) -> None:
    """Verify one claim on constructed instances and store the verdict, its timing apart."""
    start = time.perf_counter()
    registry = claims()
    claim = registry[claim_id]
    # The run as a whole may cry wolf as seldom as the budget says, whichever claims a plan chooses.
    budget = FALSE_ALARM_BUDGET / len(registry)
    verdict = verify(claim, entry.instances, entry.seed, budget=budget)
    # The time it took depends on the machine: it stands in the file beside this one.
    hypotheses = tuple(hypothesis.statement for hypothesis in claim.hypotheses)
    checked = CheckedClaim(
        claim.statement, claim.tex, hypotheses, claim.kind, claim.source, claim.figure,
        replace(verdict, seconds=math.nan),
    )  # fmt: skip
    path = Store(Path(folder)).check(check_key(claim_id, entry))
    write_json(path.with_suffix(".timing.json"), {"seconds": round(time.perf_counter() - start, 4)})
    path.with_suffix(".error.json").unlink(missing_ok=True)
    write_record(path, checked)


def fail_check(store: Store, claim_id: str, entry: CheckEntry, reason: str) -> None:
    """Record that a check could not be done: its worker died, say."""
    path = store.check(check_key(claim_id, entry)).with_suffix(".error.json")
    write_record(path, CheckError(claim_id, reason))


def failed_checks(store: Store, entry: CheckEntry) -> dict[str, str]:
    """Return why checks of a plan could not be done, by the ids of their statements."""
    failures: dict[str, str] = {}
    for path in sorted((store.folder / "checks").glob("*.error.json")):
        failure = read_record(path, CheckError)
        checked = store.check(check_key(failure.id, entry))
        # Files of other plans lie in the same folder.
        is_ours = path == checked.with_suffix(".error.json") and failure.id in (entry.claims or (failure.id,))
        if is_ours and not checked.is_file():
            failures[failure.id] = failure.error
    return failures


def gather(store: Store, ids: Sequence[str], entry: CheckEntry) -> list[CheckedClaim]:
    """Write verdicts.json from the checks that are done, in the order of their ids."""
    paths = [store.check(check_key(claim_id, entry)) for claim_id in ids]
    verdicts = [read_record(path, CheckedClaim) for path in paths if path.is_file()]
    write_record(store.folder / "verdicts.json", verdicts)
    return verdicts
