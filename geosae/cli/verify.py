"""`geosae verify`: try to refute the statements of the theory, a line each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import say, warn

if TYPE_CHECKING:
    from geosae.verification import Verdict


def verify(
    ids: Annotated[list[str] | None, typer.Argument(help="Statements to check; all by default.")] = None,
    instances: Annotated[int, typer.Option(min=1, help="Constructed instances per statement.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the instances.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the verdicts to this file.")] = None,
) -> None:
    """Check the statements on constructed instances, and each check on instances that must fail it.

    Exit status 1 if a statement is refuted, or if a check is broken: its control did not fail.
    """
    import proofs_checks
    from geosae.data.files import write_json
    from geosae.experiments import refuse_unknown
    from geosae.verification import verify as check
    from geosae.verification.runner import FALSE_ALARM_BUDGET

    claims = proofs_checks.claims()
    chosen = ids or list(claims)
    refuse_unknown(chosen, claims, "the registry of statements", "id")
    verdicts: list[Verdict] = []
    for claim_id in chosen:
        # All statements together may cry wolf as seldom as the budget says.
        verdicts.append(check(claims[claim_id], instances, seed, budget=FALSE_ALARM_BUDGET / len(claims)))
        say(line(verdicts[-1]))
    if json_file is not None:
        write_json(json_file, [{**v.to_dict(), "statement": claims[v.id].statement} for v in verdicts])
    bad = [v.id for v in verdicts if v.status != "holds"]
    if bad:
        warn(f"{len(bad)} of {len(verdicts)} do not hold: {', '.join(bad)}")
        raise typer.Exit(1)
    say(f"all {len(verdicts)} held on every instance, and every control failed as it must")


def line(verdict: "Verdict") -> str:
    """Return the line of one verdict."""
    slack = "–" if verdict.worst_slack is None else f"{verdict.worst_slack:.3g}"
    tried = f"{verdict.tried:>4} instances, worst slack {slack} ({'/'.join(verdict.grades) or '–'})"
    controls = f"controls that failed as they must {verdict.controls_refuted}/{verdict.controls_tried}"
    tail = "" if verdict.status == "holds" else f"; {verdict.reason}"
    return f"{verdict.id:<4} {verdict.status:<7} {tried}; {controls}; {verdict.seconds:.1f} s{tail}"
