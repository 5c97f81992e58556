"""What a whole run of checks came to: sentences to print, a complaint if something failed, an exit status."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geosae.verification.audit import Mutation
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

    @property
    def exit_status(self) -> int:
        """1 if there is a complaint, else 0."""
        return 1 if self.complaint else 0


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


def audit_outcome(mutations: Sequence[Mutation]) -> Outcome:
    """Sum up a mutation audit: a complaint names the mutants that nobody caught.

    Examples
    --------
    >>> audit_outcome([Mutation("S7", "bound + 1", "nobody", "20 instances and 4 controls")]).complaint
    'not caught: S7 (bound + 1)'
    """
    missed = [f"{mutation.id} ({mutation.mutant})" for mutation in mutations if not mutation.caught]
    caught = f"{len(mutations) - len(missed)} of {len(mutations)} wrong forms caught"
    return Outcome((caught,), f"not caught: {', '.join(missed)}" if missed else "")


@dataclass(frozen=True)
class EvidenceSummary:
    """How many instances stand to one bound: the violated ones, the nearest one, the median tightness."""

    id: str
    tried: int
    violated: int
    nearest: Evidence
    """A violation if there is one; else the instance whose tightness is nearest to 1 as a ratio."""
    median_tightness: float | None
    """None where the bound is zero on every instance."""


def evidence_summary(claim_id: str, evidence: Sequence[Evidence]) -> EvidenceSummary:
    """Summarise all the evidence (at least one instance) on one claim.

    Examples
    --------
    >>> from geosae.verification import Observed, compare
    >>> evidence = [compare(Observed(n, f"n = {n}"), 8, "upper") for n in (2, 4, 7)]
    >>> summary = evidence_summary("S5", evidence)
    >>> summary.nearest.instance, summary.median_tightness
    ('n = 7', 0.5)
    """
    tightness = sorted(e.tightness for e in evidence if e.tightness is not None)
    return EvidenceSummary(
        id=claim_id,
        tried=len(evidence),
        violated=sum(not e.holds for e in evidence),
        # As a ratio, since the bound of a lower bound is approached from above.
        nearest=min(evidence, key=lambda e: (e.holds, _distance(e.tightness), e.slack)),
        median_tightness=tightness[len(tightness) // 2] if tightness else None,
    )


def _distance(tightness: float | None) -> float:
    return abs(math.log(tightness)) if tightness else math.inf


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
            "observed to tightness: of the instance nearest to its bound; median: of the tightness of all",
            "tightness is observed over bound: 1 where a bound is attained, – where it is zero throughout",
        ),
        f"violated by an SAE of the run: {', '.join(violated)}" if violated else "",
    )
