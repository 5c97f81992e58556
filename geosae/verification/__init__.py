"""Try to refute the statements of the theory on constructed instances and on trained SAEs, one verdict each.

A check can refute a statement; it cannot prove it. `Claim` is a statement with what is needed to try it,
`verify` and `verify_all` try it, `audit` asks whether wrong forms of its bound would be noticed, and an
`Outcome` sums a run of checks up. The claims themselves stand in the package `proofs_checks`.
"""

from geosae.verification.audit import Mutant, Mutation, audit, mutants, part_of
from geosae.verification.claim import Claim, Hypothesis, NeuronsLike, TrainedInstance
from geosae.verification.evidence import SENSE, Evidence, Grade, Kind, Number, Observed, as_float, compare
from geosae.verification.outcome import (
    EvidenceSummary,
    Outcome,
    audit_outcome,
    evidence_outcome,
    evidence_summary,
    verdicts_outcome,
)
from geosae.verification.runner import (
    AUDIT_INSTANCES,
    FALSE_ALARM_BUDGET,
    INSTANCES,
    ControlCount,
    Kept,
    Status,
    Verdict,
    chosen_claims,
    reproduce,
    verdicts,
    verdicts_on,
    verify,
    verify_all,
)
from geosae.verification.table import heading, line

__all__ = [
    "AUDIT_INSTANCES",
    "FALSE_ALARM_BUDGET",
    "INSTANCES",
    "SENSE",
    "Claim",
    "ControlCount",
    "Evidence",
    "EvidenceSummary",
    "Grade",
    "Hypothesis",
    "Kept",
    "Kind",
    "Mutant",
    "Mutation",
    "NeuronsLike",
    "Number",
    "Observed",
    "Outcome",
    "Status",
    "TrainedInstance",
    "Verdict",
    "as_float",
    "audit",
    "audit_outcome",
    "chosen_claims",
    "compare",
    "evidence_outcome",
    "evidence_summary",
    "heading",
    "line",
    "mutants",
    "part_of",
    "reproduce",
    "verdicts",
    "verdicts_on",
    "verdicts_outcome",
    "verify",
    "verify_all",
]
