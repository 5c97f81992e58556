"""`geosae worlds`: list, show, make, check and draw the benchmark worlds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, say, table

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset
    from geosae.report.world_card import Construction, Picture


WORDS = {"holds": "holds", "fails": "FAILS", "open": "open"}


def verify(
    file: Annotated[Path, typer.Argument(help="The .npz file of a data set.")],
    concepts: Annotated[int, typer.Option(min=0, help="Ask for certificates for so many concepts.")] = 8,
    points: Annotated[int, typer.Option(min=1, help="Ask for certificates on so many points.")] = 2000,
) -> None:
    """Check a file again: its hash, its bytes drawn anew, its oracles, its hierarchy and its truth.

    Exit status 1 if anything fails. "open" is what this sample, or its provenance, cannot decide.
    """
    import geosae_synthetic

    with bar("concepts") as progress:
        checks = geosae_synthetic.verify(file, concepts=concepts, points=points, progress=progress)
    table(["check", "verdict", ""], [[check.name, WORDS[check.status], check.detail] for check in checks])
    failed = sum(check.status == "fails" for check in checks)
    left = sum(check.status == "open" for check in checks)
    say()
    say(f"{file}: {len(checks)} checks, {failed} failed, {left} open")
    if failed:
        raise typer.Exit(1)


def card(
    file: Annotated[Path, typer.Argument(help="The .npz file of a data set.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The page; FILE.html if left out.")] = None,
    coordinates: Annotated[
        str | None, typer.Option(help="Look at two coordinates, such as 1,2, instead of a projection.")
    ] = None,
) -> None:
    """Write the card of a data set as a page with a picture; nothing on it is loaded from elsewhere."""
    from geosae.data.storage import load_dataset
    from geosae.report.world_card import card_page
    from geosae.storage.files import check_output_file, write_atomic

    data = load_dataset(file)
    target = out or file.with_suffix(".html")
    check_output_file(target)
    picture = _picture(data, _pair(coordinates))
    name = str(data.provenance.get("world") or data.provenance.get("stream") or file.stem)
    write_atomic(target, card_page(name, data, _construction(data), picture).encode())
    say(str(target))


def gallery(
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("gallery.html"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of all worlds.")] = 0,
) -> None:
    """Draw every world, each with its card, on one page; nothing on it is loaded from elsewhere."""
    from geosae.storage.files import check_output_file, write_atomic

    check_output_file(out)
    with bar("worlds") as progress:
        page = make_gallery(seed, progress)
    write_atomic(out, page.encode())
    say(f"{out}: {len(page) / 1e6:.1f} MB")


def make_gallery(seed: int, progress: Callable[[int, int], None] | None = None) -> str:
    """Return the gallery's page, all worlds drawn from this seed."""
    from geosae_synthetic.showcase import FAMILIES

    from geosae.report.gallery import Exhibit, gallery_page

    total, done = sum(len(family.shown) for family in FAMILIES), 0
    families: list[tuple[str, str, list[Exhibit]]] = []
    for family in FAMILIES:
        exhibits: list[Exhibit] = []
        for view in family.shown:
            data = view.make(seed)
            construction = _construction(data)
            if construction is not None:
                picture = _picture(data, view.coordinates)
                exhibits.append(Exhibit(view.title, view.world, data, construction, picture))
            done += 1
            if progress is not None:
                progress(done, total)
        families.append((family.name, family.words, exhibits))
    return gallery_page(families)


def _picture(data: "ConceptDataset", coordinates: tuple[int, int] | None) -> "Picture":
    from geosae.figures import render
    from geosae.figures.worlds import world_picture
    from geosae.report.world_card import Picture

    drawn = world_picture(data, coordinates=coordinates)
    return Picture(render(drawn.figure, "png"), drawn.caption, drawn.alt)


def _construction(data: "ConceptDataset") -> "Construction | None":
    """Return what the data set's world says of itself, with the values of its parameters."""
    import geosae_synthetic

    from geosae.report.world_card import Construction

    provenance = data.provenance
    name = provenance.get("world") or provenance.get("stream")
    values = dict(provenance.get("params", {}))
    if name not in geosae_synthetic.names():
        return None
    world = geosae_synthetic.describe(name)
    rows = [
        (p.name, _spell(values.get(p.name, p.default)), p.unit, p.range, p.meaning) for p in world.parameters
    ]
    return Construction(world.summary, world.steps, world.distribution, world.truth, tuple(rows))


def _spell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _pair(text: str | None) -> tuple[int, int] | None:
    from geosae.errors import InvalidInput

    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise InvalidInput(f"--coordinates {text!r} are not two numbers", remedy="write --coordinates 1,2")
    return int(parts[0]), int(parts[1])


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

    from geosae.validation import refuse_unknown

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
    from geosae.data.storage import save_dataset
    from geosae.errors import InvalidInput
    from geosae.storage.files import check_output_file
    from geosae.validation import refuse_unknown

    if out.suffix != ".npz":
        raise InvalidInput(f"{out} does not end in .npz", remedy=f"name it {out.with_suffix('.npz')}")
    refuse_unknown([name], geosae_synthetic.names(), "the registry", "world")
    for path in (out, out.with_suffix(".json")):
        check_output_file(path)
    params = {**parse_settings(settings or []), "points": points, "dim": dim}
    dataset = make_world(name, params, np.random.default_rng(seed))
    save_dataset(dataset, out)
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
    from geosae.errors import InvalidInput

    parameters: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key or key in parameters:
            raise InvalidInput(f"--set {setting!r} is not a new key=value", remedy="write --set depth=3")
        try:
            parameters[key] = json.loads(value)
        except json.JSONDecodeError:
            parameters[key] = value
    return parameters


def concepts(dataset: "ConceptDataset") -> None:
    """Show the concepts of a data set with what is known of them in closed form."""
    truths = dataset.truth or (None,) * len(dataset.names)
    sizes = dataset.membership.sum(axis=0).tolist()
    rows: list[list[str]] = []
    for name, size, truth in zip(dataset.names, sizes, truths, strict=True):
        facts = (None,) * 3 if truth is None else (truth.convex, truth.one_neuron, truth.unit)
        words = ["–" if fact is None else "yes" if fact else "no" for fact in facts]
        rows.append([name, str(size), *words, number(None if truth is None else truth.irreducible_error)])
    table(["concept", "points", "convex", "one neuron", "a unit", "e_irr"], rows)


app.command()(verify)
app.command()(card)
app.command()(gallery)
