"""`python -m proofs_checks [--instances N] [--seed S] [--audit] [ID ...]`: a line per statement.

Exit status 1 if a statement is refuted, a check is broken, or (with --audit) a mutant slips through.
"""

import argparse
import sys

from geosae.verification import FALSE_ALARM_BUDGET, Mutation, audit, heading, line, verify_all
from proofs_checks import claims


def audit_line(mutation: Mutation) -> str:
    """Return one mutant as one line of the audit's table."""
    return f"{mutation.id:<4} {mutation.mutant:<48} {mutation.caught_by:<9} {mutation.detail}"


def main(arguments: list[str] | None = None) -> int:
    """Print the table of verdicts, or the audit's, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m proofs_checks", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="statements, all by default")
    parser.add_argument("--instances", type=int, help="by default 200, for the audit 20")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--audit", action="store_true", help="try wrong forms of every bound")
    options = parser.parse_args(arguments)
    usual = 20 if options.audit else 200
    instances = usual if options.instances is None else options.instances
    write = sys.stdout.write
    if options.audit:
        chosen = {name: claims()[name] for name in (options.ids or claims())}
        table = audit(chosen, instances, options.seed)
        write("".join(audit_line(mutation) + "\n" for mutation in table))
        write(f"{sum(m.caught for m in table)} of {len(table)} mutants caught\n")
        return 0 if all(mutation.caught for mutation in table) else 1
    verdicts = verify_all(claims(), instances, options.seed, only=options.ids or None)
    rows = [line(verdict, claims()[verdict.id].statement) for verdict in verdicts]
    write("\n".join([heading(), *rows]) + "\n")
    alarm = sum(verdict.false_alarm for verdict in verdicts)
    write(f"false-alarm probability of the run: {alarm:.2g} (at most {FALSE_ALARM_BUDGET:g})\n")
    write("Checks can refute a statement; they cannot prove it.\n")
    return 0 if all(verdict.status == "holds" for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
