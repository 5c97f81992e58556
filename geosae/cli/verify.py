"""`geosae verify`: try to refute the statements of the theory, a line each."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, say, table, warn
from geosae.cli._executors import DaskOption, ExecutorOption, chosen_executor

if TYPE_CHECKING:
    from geosae.verification import Claim, EvidenceSummary, Outcome, Verdict

Claims = Mapping[str, "Claim[Any]"]
Records = list[dict[str, Any]]


def verify(
    ids: Annotated[list[str] | None, typer.Argument(help="Statements to check; all by default.")] = None,
    instances: Annotated[
        int | None,
        typer.Option(min=1, help="Constructed instances per statement; by default 200, for the audit 20."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the instances.")] = 0,
    run: Annotated[Path | None, typer.Option(help="Hold the bounds against the SAEs of this run.")] = None,
    sae: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="SAE DATA", help="Certificates of any one SAE on points, beside floors."),
    ] = None,
    points: Annotated[
        int | None, typer.Option(min=4, help="With --sae: at most so many points; by default 8192.")
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Try wrong forms of the checks: each must be caught.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write what was found to this file.")
    ] = None,
    executor: ExecutorOption = None,
    dask: DaskOption = None,
) -> None:
    """Check the statements on constructed instances, and each check on instances that must fail it.

    With --run: the same bounds on every SAE of a run. With --audit: bounds, observations, predicates and
    instances are made wrong, and the checks must notice. Exit status 1 if a statement is refuted, if a check
    is broken (a control did not fail), or if a wrong form slips through.

    With --sae SAE DATA (an SAE as analyse and convert read it; points .npz, .npy or .csv): what re-fitting
    its decoder would gain while the codes stay (O1), frame tightness (C1), coherence over Welch's bound (C2).
    """
    import proofs_checks
    from geosae.errors import InvalidInput
    from geosae.storage.files import check_output_file, write_json
    from geosae.verification import AUDIT_INSTANCES, INSTANCES, chosen_claims

    ways = {"--run": run is not None, "--audit": audit, "--sae": sae is not None}
    chosen_ways = [word for word, is_chosen in ways.items() if is_chosen]
    if len(chosen_ways) > 1:
        raise InvalidInput(f"{' and '.join(chosen_ways)} ask for different things", remedy="give one of them")
    if points is not None and sae is None:
        raise InvalidInput("--points is for --sae", remedy="leave it out, or name an SAE and its points")
    if sae is not None and (ids or instances is not None):
        raise InvalidInput(
            "--sae measures one SAE, and neither statements nor instances are chosen with it",
            causes="--sae takes two paths, the SAE and its points",
            remedy="write geosae verify --sae SAE DATA",
        )
    if chosen_ways and (executor is not None or dask is not None):
        raise InvalidInput(
            "--executor and --dask are for checks on constructed instances", remedy="leave them out here"
        )
    check_output_file(json_file)
    if sae is not None:
        from geosae.cli.verify_sae import verify_sae

        figures = verify_sae(*sae, points, seed)
        if json_file is not None:
            write_json(json_file, figures)
        return
    claims = proofs_checks.claims()
    chosen = chosen_claims(claims, ids or None)
    if run is not None:
        records, outcome = _on_run(run, chosen)
    elif audit:
        records, outcome = _audited(chosen, instances or AUDIT_INSTANCES, seed)
    else:
        with chosen_executor(executor, dask) as place:
            records, outcome = _constructed(claims, list(chosen), instances or INSTANCES, seed, place)
    for sentence in outcome.sentences:
        say(sentence)
    if json_file is not None:
        write_json(json_file, records)
    if outcome.complaint:
        warn(outcome.complaint)
        raise typer.Exit(outcome.exit_status)


def _constructed(
    claims: Claims, ids: list[str], instances: int, seed: int, executor: Executor | None
) -> "tuple[Records, Outcome]":
    """Try statements on constructed instances, and print each verdict as soon as it is reached."""
    import proofs_checks
    from geosae.verification import heading, line, verdicts, verdicts_on, verdicts_outcome

    reached: list[Verdict] = []

    def show(verdict: "Verdict") -> None:
        say(line(verdict, claims[verdict.id].statement))
        reached.append(verdict)

    say(heading())
    if executor is None:
        for verdict in verdicts(claims, instances, seed, only=ids):
            show(verdict)
    else:
        verdicts_on(executor, proofs_checks.claims, instances, seed, only=ids, receive=show)
        reached.sort(key=lambda verdict: ids.index(verdict.id))
    records = [{**verdict.to_dict(), "statement": claims[verdict.id].statement} for verdict in reached]
    return records, verdicts_outcome(reached)


def _on_run(folder: Path, claims: Claims) -> "tuple[Records, Outcome]":
    """Print how the stored SAEs of a run stand to each bound; nothing is computed again."""
    from geosae.errors import InvalidInput
    from geosae.experiments import load_results
    from geosae.verification import evidence_outcome, evidence_summary

    cells = load_results(folder).cells
    summaries: list[EvidenceSummary] = []
    for claim_id in claims:
        evidence = [e for result in cells for e in result.evidence.get(claim_id, ())]
        if evidence:
            summaries.append(evidence_summary(claim_id, evidence))
    if not summaries:
        raise InvalidInput(
            f"the run in {folder} holds no evidence for {', '.join(claims)}",
            causes="these statements do not speak about trained SAEs",
        )
    head = ("id", "instances", "vacuous", "violated", "observed", "bound", "median", "greatest")
    rows = [
        (s.id, str(s.tried), str(s.vacuous), str(s.violated),
         *((number(s.nearest.observed), number(s.nearest.bound)) if s.nearest else ("–", "–")),
         number(s.median_tightness), number(s.greatest_tightness))
        for s in summaries
    ]  # fmt: skip
    table(head, rows)
    return [_record(summary) for summary in summaries], evidence_outcome(summaries)


def _record(summary: "EvidenceSummary") -> dict[str, Any]:
    nearest = summary.nearest.to_dict() if summary.nearest else {}
    names = ("instance", "observed", "bound", "slack", "tightness")
    return {
        "id": summary.id,
        "tried": summary.tried,
        "vacuous": summary.vacuous,
        "violated": summary.violated,
        "nearest": {name: nearest[name] for name in names} if nearest else None,
        "median": summary.median_tightness,
        "greatest": summary.greatest_tightness,
    }


def _audited(claims: Claims, instances: int, seed: int) -> "tuple[Records, Outcome]":
    """Print what exposes each wrong form of each check."""
    from geosae.verification import audit, audit_outcome

    with bar("audit") as progress:
        mutations = audit(claims, instances, seed, progress=progress)
    table(
        ("id", "wrong form", "of", "caught by"), [(m.id, m.mutant, m.target, m.caught_by) for m in mutations]
    )
    return [asdict(mutation) for mutation in mutations], audit_outcome(mutations)
