"""`geosae run`: a preset or a plan of one's own, from worlds to the report."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import bar, paragraph, say, warn
from geosae.cli._executors import DaskOption, ExecutorOption, chosen_executor

if TYPE_CHECKING:
    from geosae.experiments import Outline, Results


def run(
    plan: Annotated[str, typer.Argument(help="A preset (quickstart, digits, paper) or a TOML file.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder of the run (default runs/PLAN; of a run's own plan.toml, that run)."
        ),
    ] = None,
    shift: Annotated[
        int | None,
        typer.Option("--shift-seeds", min=1, help="Add this to every seed: a second, independent run."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (default: one per core).")] = None,
    device: Annotated[
        str | None,
        typer.Option(help="cpu, cuda or auto: where SAEs are trained (default: as the plan says)."),
    ] = None,
    executor: ExecutorOption = None,
    dask: DaskOption = None,
    figures: Annotated[bool, typer.Option(help="Draw the figures and write the report.")] = True,
) -> None:
    """Run a plan: train, analyse, check, draw, report. The same command resumes it after any interruption.

    With --shift-seeds the plan runs on other seeds: `geosae replicate` compares the two runs. The folder's
    plan.toml holds the seeds as used. Exit status 1 if a cell or a theorem check failed, or a
    check does not hold.
    """
    import proofs_checks
    from geosae.cli.sources import make_world
    from geosae.experiments import load_plan
    from geosae.experiments import run as run_plan
    from geosae.sae.device import checked_device
    from geosae.studies.registry import all_studies

    start = time.monotonic()
    loaded = load_plan(plan) if shift is None else load_plan(plan).shifted(shift)
    if device is not None:
        loaded = replace(loaded, device=checked_device(device, "--device"))
    folder = out or _folder(Path(plan), shift)
    try:
        with chosen_executor(executor, dask) as place, bar("cells and checks") as progress:
            results = run_plan(
                loaded, folder, make_world=make_world, claims=proofs_checks.claims, studies=all_studies,
                executor=place, workers=workers or _cores(), progress=progress, outline=_announce,
            )  # fmt: skip
    except KeyboardInterrupt:
        warn(f"stopped; finished cells are kept: the same command goes on in {folder}")
        raise typer.Exit(130) from None
    failed = _draw(folder, workers or _cores()) if figures else {}
    _end(results, failed, time.monotonic() - start)


def _folder(plan: Path, shift: int | None) -> Path:
    """Return the folder of a run without --out: that of a run's own plan.toml, else runs/PLAN."""
    of_run = plan.name == "plan.toml" and (plan.parent / "run.json").is_file()
    folder = plan.resolve().parent if of_run else Path("runs") / plan.stem
    return folder if shift is None else folder.with_name(f"{folder.name}-shifted-{shift}")


def _cores() -> int:
    import os

    # Where the operating system says which cores this process may use, the others do not count.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _announce(outline: "Outline") -> None:
    finished = f", {outline.finished} already finished" if outline.finished else ""
    if outline.jobs:
        warn(f"{outline.jobs} jobs of studies, {outline.jobs_done} already done")
    warn(f"{outline.cells} cells{finished}; {outline.checks} theorem checks, {outline.checked} already done")
    if outline.absent:
        warn(
            f"{outline.absent} cells of the plan left out: no half-spaces are known to be true of their world"
        )
    if outline.foreign:
        warn(f"{outline.foreign} finished cells of another plan stay in the folder and out of these results")


def _draw(folder: Path, workers: int) -> dict[str, str]:
    """Draw the figures side by side and write the report; return what could not be drawn, and why."""
    from geosae.cli.run import draw_family
    from geosae.experiments.store import Store
    from geosae.figures.draw import FAMILIES
    from geosae.parallel import Task, run_tasks
    from geosae.report import write_report
    from geosae.report.exports import write_tables

    failed: dict[str, str] = {}
    tasks = [
        # Drawn anew when a worker dies: which families it had begun is not on disk.
        Task(draw_family, (folder.resolve(), name), lambda: True, partial(failed.__setitem__, name))
        for name in FAMILIES
    ]
    with Store(folder).drawing():
        with bar("figures") as progress:
            run_tasks(tasks, None, workers, [], progress)
        say(f"figures: {folder / 'figures'}")
        say(f"tables: {write_tables(folder)[0].parent}")
        say(f"report: {write_report(folder)}")
    return failed


def _end(results: "Results", figures: dict[str, str], seconds: float) -> None:
    """Print checks, answer and table, and last of all what went wrong."""
    from geosae.cli.run_summary import answer, table_lines, table_words

    bad = [checked for checked in results.verdicts if checked.verdict.status != "holds"]
    tried = len(results.verdicts) + len(results.failed_checks)
    checks = f"{len(results.verdicts) - len(bad)} of {tried} theorem checks hold"
    say(f"{checks}; {seconds:.0f} s in all")
    say()
    paragraph(answer(results))
    say()
    paragraph(table_words(results))
    say()
    for line in table_lines(results):
        say(line)
    for checked in bad:
        warn(f"{checked.id} is {checked.verdict.status}: {checked.verdict.reason}")
    for claim_id, error in results.failed_checks.items():
        warn(f"{claim_id} failed: {error}")
    for name, error in results.failures.items():
        warn(f"failed: {name}: {error}")
    for name, error in figures.items():
        warn(f"the figures {name!r} could not be drawn: {error}")
    if bad or results.failed_checks or results.failures or figures:
        raise typer.Exit(1)


Folder = Annotated[Path, typer.Argument(help="The folder of a run.")]


def figures(
    folder: Folder,
    formats: Annotated[
        str, typer.Option("--format", help="Of pdf, png and svg, with commas between.")
    ] = "pdf,png",
    only: Annotated[str | None, typer.Option(help="Names of figures, with commas between.")] = None,
) -> None:
    """Redraw the figures of a run from its stored results."""
    from geosae.experiments.store import Store
    from geosae.figures import draw
    from geosae.figures.save import FORMATS
    from geosae.validation import refuse_unknown

    file_formats = [format.strip() for format in formats.split(",")]
    refuse_unknown(file_formats, FORMATS, "--format", "format")
    families = None if only is None else [family.strip() for family in only.split(",")]
    with Store(folder).drawing():
        for path in draw(folder, file_formats, only=families):
            say(str(path))


def draw_family(folder: Path, name: str) -> None:
    """Draw one family of figures of a run; sent to worker processes."""
    from geosae.figures import draw

    draw(folder, only=[name])


def report(folder: Folder) -> None:
    """Write the report of a run: one self-contained report.html, and its tables as CSV and LaTeX."""
    from geosae.experiments.store import Store
    from geosae.report import write_report
    from geosae.report.exports import write_tables

    with Store(folder).drawing():
        write_tables(folder)
        say(str(write_report(folder)))
