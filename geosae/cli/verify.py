"""`geosae verify`: try to refute the statements of the theory, a line each."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geosae.cli._console import say, warn


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

    claims = proofs_checks.claims()
    refuse_unknown(ids or [], claims, "the registry of statements", "id")
    verdicts: list[dict[str, Any]] = []
    for claim_id in ids or list(claims):
        verdict = check(claims[claim_id], instances, seed).to_dict()
        verdicts.append({**verdict, "statement": claims[claim_id].statement})
        say(line(verdict))
    if json_file is not None:
        write_json(json_file, verdicts)
    bad = [v["id"] for v in verdicts if v["status"] != "holds"]
    if bad:
        warn(f"{len(bad)} of {len(verdicts)} do not hold: {', '.join(bad)}")
        raise typer.Exit(1)
    say(f"all {len(verdicts)} statements held on all instances, and every control failed as it must")


def line(verdict: dict[str, Any]) -> str:
    """Return the line of one verdict."""
    slack = "–" if verdict["worst_slack"] is None else f"{verdict['worst_slack']:.3g}"
    grades = "/".join(verdict["grades"]) or "–"
    tried = f"{verdict['tried']:>4} instances, worst slack {slack} ({grades})"
    head = f"{verdict['id']:<5} {verdict['status']:<8} {tried};"
    controls = f"controls failed as they must {verdict['controls_failed']}/{verdict['controls_tried']}"
    tail = "" if verdict["status"] == "holds" else f" | {verdict['reason']}"
    return f"{head} {controls}{tail}"
