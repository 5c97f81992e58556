"""`geosae run`: a preset or a plan of one's own, from worlds to the report."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import bar, number, say, table, warn

if TYPE_CHECKING:
    from geosae.experiments import Outline, Results


def run(
    plan: Annotated[str, typer.Argument(help="A preset (quickstart, digits) or a TOML file.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run (default runs/PLAN).")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (default: one per core).")] = None,
    figures: Annotated[bool, typer.Option(help="Draw the figures and write the report.")] = True,
) -> None:
    """Run a plan: train, analyse, check, draw, report. The same command resumes it after any interruption.

    Exit status 1 if a cell failed or a theorem check does not hold.
    """
    import proofs_checks
    from geosae.cli.sources import make_world
    from geosae.experiments import load_plan
    from geosae.experiments import run as run_plan

    start = time.monotonic()
    loaded = load_plan(plan)
    folder = out or Path("runs") / Path(plan).stem
    try:
        with bar("cells and checks") as progress:
            results = run_plan(
                loaded, folder, make_world=make_world, claims=proofs_checks.claims,
                workers=workers or _cores(), progress=progress, outline=_announce,
            )  # fmt: skip
    except KeyboardInterrupt:
        warn(f"stopped; finished cells are kept: the same command goes on in {folder}")
        raise typer.Exit(130) from None
    _tell(results)
    if figures:
        _draw(folder)
    say(f"{time.monotonic() - start:.0f} s in all")
    _end(results)


def _cores() -> int:
    import os

    # Where the operating system tells which cores this process may use, the others do not count.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _announce(outline: "Outline") -> None:
    kept = f", {outline.finished} already finished" if outline.finished else ""
    warn(f"{outline.cells} cells{kept}; {outline.checks} theorem checks, {outline.checked} already done")
    if outline.strangers:
        warn(
            f"{outline.strangers} finished cells of another plan stay in the folder and out of these results"
        )


def _tell(results: "Results") -> None:
    """Show, per world, gate and baseline, the shares of concepts at the best place of the grid."""
    rows: list[list[str]] = []
    heads = dict.fromkeys((r["world"], r["gate"], r["baseline"]) for r in results.summary["rows"])
    for head in heads:
        group = [r for r in results.summary["rows"] if (r["world"], r["gate"], r["baseline"]) == head]
        row = [*head]
        for notion in ("detection", "separation", "approximation"):
            for units in ("neurons", "units"):
                shares = [r["notions"][notion][units]["share"] for r in group if r["notions"].get(notion)]
                row.append(number(max((s["mean"] for s in shares if s), default=None), 2))
        rows.append(row)
    say(
        "share of concepts learned at the best width and sparsity (mean over seeds): by one neuron, by a unit"
    )
    columns = ["detect.", "unit", "separ.", "unit", "approx.", "unit"]
    table(["world", "gate", "SAE", *columns], rows)


def _draw(folder: Path) -> None:
    from geosae.explorer import write_report
    from geosae.figures import draw

    warn("figures …")
    paths = draw(folder)
    say(f"{len(paths)} figure files in {folder / 'figures'}")
    say(f"report: {write_report(folder)}")


def _end(results: "Results") -> None:
    bad = [v for v in results.verdicts if v["status"] != "holds"]
    say(f"{len(results.verdicts) - len(bad)} of {len(results.verdicts)} theorem checks hold")
    for verdict in bad:
        warn(f"{verdict['id']} is {verdict['status']}: {verdict['reason']}")
    for name, error in results.failures.items():
        warn(f"failed: {name}: {error}")
    if bad or results.failures:
        raise typer.Exit(1)
