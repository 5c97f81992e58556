"""`geosae worlds`: list, show, make, check and draw the benchmark worlds."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from geosae.cli._console import number, say, table
from geosae.cli._world_pages import card, gallery, verify

app = typer.Typer(no_args_is_help=True, help="Worlds: data sets with known concepts.")


@app.command("list")
def list_worlds() -> None:
    """List the worlds, a line each."""
    import geosae_synthetic

    for name in geosae_synthetic.names():
        say(f"{name:<20} {geosae_synthetic.describe(name).summary}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a world.")]) -> None:
    """Describe a world: its construction, its distribution, what is true in it, and its parameters."""
    import geosae_synthetic

    from geosae.experiments import refuse_unknown

    refuse_unknown([name], geosae_synthetic.names(), "the registry", "world")
    say(str(geosae_synthetic.describe(name)))


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Name of a world.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .npz file to write.")],
    points: Annotated[int, typer.Option(help="How many points.")] = 20_000,
    dim: Annotated[int, typer.Option(help="Dimension of the points.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the points.")] = 0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Further parameter, as key=value; may be repeated.")
    ] = None,
) -> None:
    """Make a world and write it as one .npz file with a readable .json card beside it."""
    import geosae_synthetic
    import numpy as np

    from geosae.cli.sources import make_world
    from geosae.experiments import refuse_unknown
    from geosae.geometry import InvalidInput

    if out.suffix != ".npz":
        raise InvalidInput(f"{out} does not end in .npz", remedy=f"name it {out.with_suffix('.npz')}")
    refuse_unknown([name], geosae_synthetic.names(), "the registry", "world")
    params = {**parse_settings(settings or []), "points": points, "dim": dim}
    dataset = make_world(name, params, np.random.default_rng(seed))
    dataset.save(out)
    say(f"{out}: {dataset.size} points in dimension {dataset.dim}, {len(dataset.names)} concepts")
    concepts(dataset)


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """Return the parameters given as key=value; a value is JSON where it can be, else text.

    Raises
    ------
    InvalidInput
        If an entry has no "=" or a key occurs twice.

    Examples
    --------
    >>> parse_settings(["depth=3", "gap=0.5", "shape=ball", "sizes=[1, 2]"])
    {'depth': 3, 'gap': 0.5, 'shape': 'ball', 'sizes': [1, 2]}
    """
    from geosae.geometry import InvalidInput

    found: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key or key in found:
            raise InvalidInput(f"--set {setting!r} is not a new key=value", remedy="write --set depth=3")
        try:
            found[key] = json.loads(value)
        except json.JSONDecodeError:
            found[key] = value
    return found


def concepts(dataset: Any) -> None:
    """Show the concepts of a data set with what is known of them in closed form."""
    truth = dataset.truth or (None,) * len(dataset.names)
    rows: list[list[str]] = []
    for i, name in enumerate(dataset.names):
        known = truth[i]
        facts = [getattr(known, key, None) for key in ("convex", "one_neuron", "unit")]
        shown = ["–" if fact is None else "yes" if fact else "no" for fact in facts]
        error = number(getattr(known, "irreducible_error", None))
        rows.append([name, str(int(dataset.membership[:, i].sum())), *shown, error])
    table(["concept", "points", "convex", "one neuron", "a unit", "e_irr"], rows)


app.command()(verify)
app.command()(card)
app.command()(gallery)
