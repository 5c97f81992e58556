"""Cards, checks and the gallery of worlds: what `geosae worlds` shows of data sets that are made."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, say, table

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset
    from geosae.explorer.world_card import Construction, Picture

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
    from geosae.data.dataset import ConceptDataset
    from geosae.data.files import write_atomic
    from geosae.explorer.world_card import card_page

    data = ConceptDataset.load(file)
    target = out or file.with_suffix(".html")
    picture = _picture(data, _pair(coordinates))
    name = str(data.provenance.get("world") or data.provenance.get("stream") or file.stem)
    write_atomic(target, card_page(name, data, _construction(data), picture).encode())
    say(str(target))


def gallery(
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("gallery.html"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of all worlds.")] = 0,
) -> None:
    """Draw every world, each with its card, on one page; nothing on it is loaded from elsewhere."""
    from geosae.data.files import write_atomic

    with bar("worlds") as progress:
        page = make_gallery(seed, progress)
    write_atomic(out, page.encode())
    say(f"{out}: {len(page) / 1e6:.1f} MB")


def make_gallery(seed: int, progress: Callable[[int, int], None] | None = None) -> str:
    """Return the gallery's page, all worlds drawn from this seed."""
    from geosae_synthetic.showcase import FAMILIES

    from geosae.explorer.gallery import Exhibit, gallery_page

    total, done = sum(len(family.shown) for family in FAMILIES), 0
    families: list[tuple[str, str, list[Exhibit]]] = []
    for family in FAMILIES:
        exhibits: list[Exhibit] = []
        for shown in family.shown:
            data = shown.make(seed)
            construction = _construction(data)
            if construction is not None:
                picture = _picture(data, shown.coordinates)
                exhibits.append(Exhibit(shown.title, shown.world, data, construction, picture))
            done += 1
            if progress is not None:
                progress(done, total)
        families.append((family.name, family.words, exhibits))
    return gallery_page(families)


def _picture(data: "ConceptDataset", coordinates: tuple[int, int] | None) -> "Picture":
    from geosae.explorer.world_card import Picture
    from geosae.figures import render
    from geosae.figures.worlds import world_picture

    drawn = world_picture(data, coordinates=coordinates)
    return Picture(render(drawn.figure, "png"), drawn.caption, drawn.alt)


def _construction(data: "ConceptDataset") -> "Construction | None":
    """Return what the data set's world tells of itself, with the values of its parameters."""
    import geosae_synthetic

    from geosae.explorer.world_card import Construction

    told = data.provenance
    name, values = told.get("world") or told.get("stream"), dict(told.get("params", {}))
    if name not in geosae_synthetic.names():
        return None
    world = geosae_synthetic.describe(name)
    rows = [
        (one.name, _shown(values.get(one.name, one.default)), one.unit, one.range, one.meaning)
        for one in world.parameters
    ]
    return Construction(world.summary, world.steps, world.distribution, world.truth, tuple(rows))


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _pair(text: str | None) -> tuple[int, int] | None:
    from geosae.geometry import InvalidInput

    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise InvalidInput(f"--coordinates {text!r} are not two numbers", remedy="write --coordinates 1,2")
    return int(parts[0]), int(parts[1])
