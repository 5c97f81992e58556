"""What a whole run of checks came to: sentences to print, a complaint if something failed, an exit status."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.verification.audit import Mutation, Target
from geosae.verification.evidence import Evidence
from geosae.verification.runner import Verdict


@dataclass(frozen=True)
class Outcome:
    """The end of a run of checks, the same wherever it is printed.

    Examples
    --------
    >>> Outcome(("6 of 6 wrong forms caught",)).exit_status
    0
    """

    sentences: tuple[str, ...]
    complaint: str = ""
    """What is wrong; empty if nothing is."""

    __repr__ = short_repr

    @property
    def exit_status(self) -> int:
        """1 if there is a complaint, else 0."""
        return 1 if self.complaint else 0


@checked_arguments()
def verdicts_outcome(verdicts: Sequence[Verdict]) -> Outcome:
    """Sum up verdicts: a complaint names those that do not hold.

    Examples
    --------
    >>> verdicts_outcome([]).sentences[0]
    'all 0 held on every instance, and every control failed as it must'
    """
    bad = [verdict.id for verdict in verdicts if verdict.status != "holds"]
    alarm = sum(verdict.false_alarm for verdict in verdicts)
    sentences = (f"probability that random points raised a false alarm: at most {alarm:.2g}",)
    if bad:
        return Outcome(sentences, f"{len(bad)} of {len(verdicts)} do not hold: {', '.join(bad)}")
    success = f"all {len(verdicts)} held on every instance, and every control failed as it must"
    return Outcome((success, *sentences))


@checked_arguments()
def audit_outcome(mutations: Sequence[Mutation]) -> Outcome:
    """Sum up a mutation audit, in all and by what was made wrong: a complaint names what nobody caught.

    Examples
    --------
    >>> audit_outcome([Mutation("S7", "bound + 1", "nobody", "20 instances and 4 controls")]).complaint
    'not caught: S7 (bound + 1)'
    """
    missed = [f"{mutation.id} ({mutation.mutant})" for mutation in mutations if not mutation.caught]
    caught = f"{len(mutations) - len(missed)} of {len(mutations)} wrong forms caught"
    apart = [_of_target(mutations, target) for target in get_args(Target)]
    return Outcome((f"{caught} ({', '.join(apart)})",), f"not caught: {', '.join(missed)}" if missed else "")


def _of_target(mutations: Sequence[Mutation], target: Target) -> str:
    ours = [mutation for mutation in mutations if mutation.target == target]
    return f"{target} {sum(mutation.caught for mutation in ours)} of {len(ours)}"


@dataclass(frozen=True)
class EvidenceSummary:
    """How many instances stand to one bound; those that could not have violated it are counted apart."""

    id: str
    tried: int
    vacuous: int
    """Of these: how many could not have violated the bound. What follows is about the others."""
    violated: int
    nearest: Evidence | None
    """A violation if there is one; else the instance whose tightness is nearest to 1 as a ratio."""
    median_tightness: float | None
    """Of observed/bound; None where the bound is zero on every instance."""
    greatest_tightness: float | None

    @property
    def counted(self) -> int:
        """The instances that are not vacuous."""
        return self.tried - self.vacuous

    __repr__ = short_repr


@checked_arguments()
def evidence_summary(claim_id: str, evidence: Sequence[Evidence]) -> EvidenceSummary:
    """Summarise all the evidence on one claim.

    Examples
    --------
    >>> from geosae.verification import Observed, compare
    >>> evidence = [compare(Observed(n, f"n = {n}"), 8, "upper", vacuous=n == 2) for n in (2, 4, 6, 7)]
    >>> summary = evidence_summary("S5", evidence)
    >>> summary.nearest.instance, summary.counted, summary.median_tightness, summary.greatest_tightness
    ('n = 7', 3, 0.75, 0.875)
    """
    counted = [e for e in evidence if not e.vacuous]
    tightness = sorted(e.tightness for e in counted if e.tightness is not None)
    return EvidenceSummary(
        id=claim_id,
        tried=len(evidence),
        vacuous=len(evidence) - len(counted),
        violated=sum(not e.holds for e in evidence),
        # As a ratio, since the bound of a lower bound is approached from above.
        nearest=min(counted, key=lambda e: (e.holds, _distance(e.tightness), e.slack), default=None),
        median_tightness=tightness[len(tightness) // 2] if tightness else None,
        greatest_tightness=tightness[-1] if tightness else None,
    )


def _distance(tightness: float | None) -> float:
    return abs(math.log(tightness)) if tightness else math.inf


@checked_arguments()
def evidence_outcome(summaries: Sequence[EvidenceSummary]) -> Outcome:
    """Sum up how the SAEs of a run stand to the bounds: a complaint names the claims that one violates.

    Examples
    --------
    >>> evidence_outcome([]).exit_status
    0
    """
    violated = [summary.id for summary in summaries if summary.violated]
    return Outcome(
        (
            "vacuous: instances that could not violate the bound; the columns after it leave them out",
            "observed, bound: of the instance nearest to its bound",
            "median, greatest: of observed/bound (1: attained; –: the bound is zero throughout)",
        ),
        f"violated by an SAE of the run: {', '.join(violated)}" if violated else "",
    )
