"""Claims and the evidence for them: checks can refute a statement, and they cannot prove it."""

from geosae.verification.audit import Mutation, audit, mutants, part_of
from geosae.verification.claim import Claim, NeuronsLike, TrainedInstance
from geosae.verification.evidence import SENSE, Evidence, Grade, Kind, Number, Observed, as_float, compare
from geosae.verification.runner import (
    FALSE_ALARM_BUDGET,
    Kept,
    Status,
    Verdict,
    reproduce,
    verify,
    verify_all,
)
from geosae.verification.table import heading, line

__all__ = [
    "FALSE_ALARM_BUDGET",
    "SENSE",
    "Claim",
    "Evidence",
    "Grade",
    "Kept",
    "Kind",
    "Mutation",
    "NeuronsLike",
    "Number",
    "Observed",
    "Status",
    "TrainedInstance",
    "Verdict",
    "as_float",
    "audit",
    "compare",
    "heading",
    "line",
    "mutants",
    "part_of",
    "reproduce",
    "verify",
    "verify_all",
]
