"""`python -m proofs_checks [--instances N] [--seed S] [--audit] [ID ...]`: a line per statement.

The same code as `geosae verify`, printed plainly. Exit status 1 if a statement is refuted, a check is broken,
or (with --audit) a wrong form of a check is not caught.
"""

import argparse
import sys

from geosae.verification import (
    AUDIT_INSTANCES,
    INSTANCES,
    Mutation,
    Verdict,
    audit,
    audit_outcome,
    chosen_claims,
    heading,
    line,
    verdicts,
    verdicts_outcome,
)
from proofs_checks import claims


def audit_line(mutation: Mutation) -> str:
    """Return one mutant as one line of the audit's table."""
    return f"{mutation.id:<4} {mutation.mutant:<64} {mutation.caught_by:<9} {mutation.detail}"


def main(arguments: list[str] | None = None) -> int:
    """Print the table of verdicts, or the audit's, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m proofs_checks", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="statements, all by default")
    parser.add_argument(
        "--instances", type=int, help=f"by default {INSTANCES}, for the audit {AUDIT_INSTANCES}"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--audit", action="store_true", help="try wrong forms of every check")
    options = parser.parse_args(arguments)
    ids, seed = options.ids or None, options.seed
    default = AUDIT_INSTANCES if options.audit else INSTANCES
    instances = default if options.instances is None else options.instances
    if options.audit:
        mutations = audit(chosen_claims(claims(), ids), instances, seed)
        _write(*map(audit_line, mutations))
        outcome = audit_outcome(mutations)
    else:
        _write(heading())
        reached: list[Verdict] = []
        for verdict in verdicts(claims(), instances, seed, only=ids):
            _write(line(verdict, claims()[verdict.id].statement))
            reached.append(verdict)
        outcome = verdicts_outcome(reached)
    if outcome.complaint:
        _write(outcome.complaint)
    _write(*outcome.sentences)
    if not options.audit:
        _write("Checks can refute a statement; they cannot prove it.")
    return outcome.exit_status


def _write(*lines: str) -> None:
    sys.stdout.writelines(text + "\n" for text in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
