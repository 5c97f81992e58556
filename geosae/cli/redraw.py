"""`geosae figures` and `geosae report`: drawn from stored results, nothing recomputed."""

from pathlib import Path
from typing import Annotated

import typer

from geosae.cli._console import say

Folder = Annotated[Path, typer.Argument(help="The folder of a run.")]


def figures(
    folder: Folder,
    formats: Annotated[
        str, typer.Option("--format", help="Of pdf, png and svg, with commas between.")
    ] = "pdf,png",
    only: Annotated[str | None, typer.Option(help="Names of figures, with commas between.")] = None,
) -> None:
    """Redraw the figures of a run from its stored results."""
    from geosae.experiments import refuse_unknown
    from geosae.figures import draw
    from geosae.figures.save import FORMATS

    wanted = [f.strip() for f in formats.split(",")]
    refuse_unknown(wanted, FORMATS, "--format", "format")
    for path in draw(
        folder, tuple(wanted), only=None if only is None else [o.strip() for o in only.split(",")]
    ):
        say(str(path))


def draw_family(folder: Path, name: str) -> None:
    """Draw one family of figures of a run; sent to worker processes."""
    from geosae.figures import draw

    draw(folder, only=[name])


def report(folder: Folder) -> None:
    """Write the report of a run: one self-contained report.html, and its tables as CSV and LaTeX."""
    from geosae.explorer import write_report
    from geosae.explorer.exports import write_tables

    write_tables(folder)

    say(str(write_report(folder)))
