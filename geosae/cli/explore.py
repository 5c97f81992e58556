"""`geosae explore`: answers, concepts, neurons and lattices of a run, to be looked at in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from geosae.cli._console import say, warn


def explore(
    source: Annotated[Path, typer.Argument(help="The folder of a run, or the output folder of analyse.")],
    export: Annotated[
        Path | None,
        typer.Option(help="The page to write: one file that opens offline. A name in .json: its records."),
    ] = None,
) -> None:
    """Look at what an SAE has learned: a matrix of answers, each concept, each neuron, and the lattices.

    Writes one page that holds everything and loads nothing: it can be opened from a disk, and mailed. Of each
    world of a run it shows the SAEs of the first seed beside their baselines.
    """
    from geosae.errors import InvalidInput
    from geosae.explorer import explore_data, write_page

    if export is None:
        raise InvalidInput(
            "there is no server for the explorer yet",
            remedy=f"write a page and open it: geosae explore {source} --export explorer.html",
        )
    data = explore_data(source)
    path = write_page(data, export)
    for note in data.notes:
        warn(note)
    say(f"{path} ({path.stat().st_size / 1e6:.1f} MB): open it in a browser")
