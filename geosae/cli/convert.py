"""`geosae convert`: write an SAE of another library in SAELens' form or in geosae's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import say

if TYPE_CHECKING:
    from geosae.sae.interop import Card, Imported

TARGETS = ("saelens", "geosae")


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A weights file, or the folder of one SAE.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; it must be empty or new.")],
    to: Annotated[str, typer.Option("--to", help="saelens or geosae.")],
    format: Annotated[
        str | None, typer.Option("--from", help="The format of IN, where its files leave a choice.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="What the files do not say, as key=value (k=8); may be repeated."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", help="An unknown key of the configuration that changes nothing; may be repeated."
        ),
    ] = None,
) -> None:
    """Read an SAE of any known format, say what it is, and write it in another.

    What cannot be represented is refused by name; nothing is read in part or by guess.
    """
    from geosae.cli.worlds import parse_settings
    from geosae.errors import InvalidInput
    from geosae.sae.interop import keep, read, write_saelens
    from geosae.storage.folders import new_folder

    if to not in TARGETS:
        raise InvalidInput(
            f"there is no form '{to}' to write", remedy=f"use --to {' or --to '.join(TARGETS)}"
        )
    with new_folder(out) as folder:
        imported = read(source, format, ignore=ignore or (), **parse_settings(settings or []))
        for name, text in lines(imported):
            say(f"{name:<10} {text}")
        if to == "geosae":
            keep(imported, folder)
        else:
            write_saelens(imported, folder)
    say(f"{'written':<10} {out} ({to}: {', '.join(sorted(each.name for each in out.iterdir()))})")


def lines(imported: "Imported") -> list[tuple[str, str]]:
    """Return what was read, line by line: a heading and a text."""
    from geosae.sae.interop.comparison import rule_of

    sae, source = imported.sae, imported.source
    settings = {key: value for key, value in sae.gate.to_dict().items() if key in ("k", "inner")}
    gate = sae.gate.kind + (f" {settings}" if settings else "")
    normalisation = imported.normalisation.to_dict()
    return [
        ("format", f"{source.format}, architecture {source.architecture}"),
        *(("file", f"{name} (SHA-256 {digest[:16]}…)") for name, digest in source.files),
        ("sae", f"dimension {sae.dim}, {sae.width} neurons, {str(sae.W_enc.dtype).removeprefix('torch.')}"),
        ("gate", f"{gate}, {sae.gate.gating} gating"),
        ("", rule_of(imported.neurons)),
        (
            "points",
            f"normalisation {normalisation.pop('kind')}" + (f" {normalisation}" if normalisation else ""),
        ),
        ("", f"neurons live in {imported.normalisation.space}"),
        *(("declared", entry) for entry in declared(imported.card)),
        *(("note", note) for note in imported.notes),
        *((("not read", ", ".join(source.unread)),) if source.unread else ()),
    ]


def declared(card: "Card") -> list[str]:
    """Return what the files of an SAE say of its L0, its FVU and the place its points come from."""
    figures = (("L0", card.l0, card.l0_source), ("FVU", card.fvu, card.fvu_source))
    entries = [f"{name} {value:.4g} ({where})" for name, value, where in figures if value is not None]
    return [*entries, card.place] if card.place else entries
