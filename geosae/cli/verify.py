"""`geosae verify`: try to refute the statements of the theory, a line each."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, say, table, warn

if TYPE_CHECKING:
    from geosae.verification import Claim, Verdict

Claims = Mapping[str, "Claim[Any]"]


def verify(
    ids: Annotated[list[str] | None, typer.Argument(help="Statements to check; all by default.")] = None,
    instances: Annotated[
        int | None,
        typer.Option(min=1, help="Constructed instances per statement; by default 200, for the audit 20."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the instances.")] = 0,
    run: Annotated[Path | None, typer.Option(help="Hold the bounds against the SAEs of this run.")] = None,
    audit: Annotated[bool, typer.Option("--audit", help="Try wrong bounds: each must be caught.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write what was found to this file.")
    ] = None,
) -> None:
    """Check the statements on constructed instances, and each check on instances that must fail it.

    With --run: the same bounds on every SAE of a run. With --audit: every bound is made wrong in every way
    that the checks know, and they must notice. Exit status 1 if a statement is refuted, if a check is broken
    (its control did not fail), or if a wrong bound slips through.
    """
    import proofs_checks
    from geosae.errors import InvalidInput
    from geosae.storage.files import write_json
    from geosae.validation import refuse_unknown

    if run is not None and audit:
        raise InvalidInput("--run and --audit ask for different things", remedy="give one of them")
    claims = proofs_checks.claims()
    refuse_unknown(ids or [], claims, "the registry of statements", "id")
    chosen = {claim_id: claims[claim_id] for claim_id in ids or claims}
    if run is not None:
        found, complaint = _on_run(run, chosen)
    elif audit:
        found, complaint = _audited(chosen, instances or 20, seed)
    else:
        found, complaint = _constructed(chosen, instances or 200, seed, len(claims))
    if json_file is not None:
        write_json(json_file, found)
    if complaint:
        warn(complaint)
        raise typer.Exit(1)


def _constructed(claims: Claims, instances: int, seed: int, registered: int) -> tuple[list[Any], str]:
    """Try every statement on constructed instances; return the verdicts and a complaint, if there is one."""
    from geosae.verification import FALSE_ALARM_BUDGET, heading, line
    from geosae.verification import verify as check

    verdicts: list[Verdict] = []
    say(heading())
    for claim in claims.values():
        # All statements together may cry wolf as seldom as the budget says.
        verdicts.append(check(claim, instances, seed, budget=FALSE_ALARM_BUDGET / registered))
        say(line(verdicts[-1], claim.statement))
    bad = [v.id for v in verdicts if v.status != "holds"]
    if not bad:
        say(f"all {len(verdicts)} held on every instance, and every control failed as it must")
    alarm = sum(v.false_alarm for v in verdicts)
    say(f"probability that random points raised a false alarm: at most {alarm:.2g}")
    found = [{**v.to_dict(), "statement": claims[v.id].statement} for v in verdicts]
    return found, f"{len(bad)} of {len(verdicts)} do not hold: {', '.join(bad)}" if bad else ""


def _on_run(folder: Path, claims: Claims) -> tuple[list[Any], str]:
    """Show how the stored SAEs of a run stand to each bound; nothing is computed again."""
    from geosae.errors import InvalidInput
    from geosae.experiments import Results

    cells = load_results(folder).cells
    found: list[dict[str, Any]] = []
    for claim_id in claims:
        evidence = [e for cell in cells for e in cell["evidence"].get(claim_id, ())]
        if evidence:
            found.append({"id": claim_id, **_spread(evidence)})
    if not found:
        raise InvalidInput(
            f"the run in {folder} holds no evidence for {', '.join(claims)}",
            causes="these statements do not speak about trained SAEs",
        )
    head = ("id", "SAEs' instances", "violated", "observed", "bound", "slack", "tightness", "median")
    rows = [
        (f["id"], str(f["tried"]), str(f["violated"]),
         *(number(f["nearest"][name]) for name in ("observed", "bound", "slack", "tightness")),
         number(f["median"])) for f in found
    ]  # fmt: skip
    table(head, rows)
    say("observed to tightness: of the instance nearest to its bound; median: of the tightness of all")
    say("tightness is observed over bound: 1 where a bound is attained, – where it is zero throughout")
    bad = [f["id"] for f in found if f["violated"]]
    return found, f"violated by an SAE of the run: {', '.join(bad)}" if bad else ""


def _spread(evidence: list[dict[str, Any]]) -> dict[str, Any]:
    tight = sorted(e["tightness"] for e in evidence if e["tightness"] is not None)
    # A violation first of all; then the nearest as a ratio, since lower bounds are approached from above.
    nearest = min(evidence, key=lambda e: (e["holds"], _distance(e["tightness"]), e["slack"]))
    return {
        "tried": len(evidence),
        "violated": sum(not e["holds"] for e in evidence),
        "nearest": {name: nearest[name] for name in ("instance", "observed", "bound", "slack", "tightness")},
        "median": tight[len(tight) // 2] if tight else None,
    }


def _distance(tightness: float | None) -> float:
    return abs(math.log(tightness)) if tightness else math.inf


def _audited(claims: Claims, instances: int, seed: int) -> tuple[list[Any], str]:
    """Run the mutation audit: who catches each wrong bound."""
    from dataclasses import asdict

    from geosae.verification import audit

    rows: list[dict[str, Any]] = []
    with bar("audit") as progress:
        for done, (claim_id, claim) in enumerate(claims.items()):
            rows += [asdict(mutation) for mutation in audit({claim_id: claim}, instances, seed)]
            progress(done + 1, len(claims))
    table(("id", "wrong bound", "caught by"), [(r["id"], r["mutant"], r["caught_by"]) for r in rows])
    # A check that raised an error noticed nothing: it is counted as uncaught.
    missed = [f"{r['id']} ({r['mutant']})" for r in rows if r["caught_by"] in ("nobody", "error")]
    say(f"{len(rows) - len(missed)} of {len(rows)} wrong bounds caught")
    return rows, f"not caught: {', '.join(missed)}" if missed else ""
