"""`geosae lattice`: the concept lattice of any context file, or what can be said of one too large."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from geosae.cli._console import bar, paragraph, say

if TYPE_CHECKING:
    from geosae.fca import ConceptLattice
    from geosae.fca.context import FormalContext
    from geosae.fca.families import ConceptFamily

READABLE = 400
"""Concepts beyond which no diagram can be read, and covers by the same measure."""
WRITTEN = 20_000
"""Concepts beyond which a lattice is not written out as JSON."""


def lattice(
    context: Annotated[
        Path, typer.Argument(help="A context: .cxt, .ctx, .csv, .json, or items .fimi, .dat.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    draw: Annotated[bool, typer.Option("--draw", help="Draw what is small enough to be read.")] = False,
    theta: Annotated[
        str, typer.Option(help="Least cost of a step in the stable family: a number, or auto.")
    ] = "auto",
    grounded: Annotated[
        bool, typer.Option("--grounded", help="Drop stable concepts that no attributes are nearest to.")
    ] = False,
    truth: Annotated[
        Path | None, typer.Option(help="The true context over the same objects, to compare with.")
    ] = None,
    style: Annotated[
        Literal["layered", "additive"], typer.Option(help="How to draw: additive up to 80 concepts.")
    ] = "layered",
    cap: Annotated[int, typer.Option(min=1, help="The most concepts to look for.")] = 200_000,
    seconds: Annotated[float, typer.Option(min=0.0, help="The most time to look for them.")] = 60.0,
) -> None:
    """Build the concept lattice of a context file, its stable family, and the rules between attributes.

    Writes context.json, lattice.json (up to 20 000 concepts), stable.json and implications.txt; with --draw
    also lattice or stable as .pdf and .png, with --truth also comparison.json.
    """
    from geosae.fca.context import FormalContext
    from geosae.storage.files import write_json
    from geosae.storage.folders import output_folder

    table = FormalContext.read(context)
    with output_folder(out):
        clarified = table.clarify()
        size = f"{len(table.objects)} objects × {len(table.attributes)} attributes"
        paragraph(f"{size}; without repetition: {clarified}")
        table.write(out / "context.json")
        whole = _whole(table, cap, seconds)
        if whole is not None and len(whole) <= WRITTEN:
            write_json(out / "lattice.json", whole.to_dict())
        family = _stable(table, theta, grounded)
        if family is not None:
            write_json(out / "stable.json", family.to_dict())
            _rules(table if len(table.attributes) <= 50 else _core(family), out)
        if truth is not None:
            _compare(FormalContext.read(truth), table, out)
        if draw:
            _draw(whole, family, out, style)
    paragraph(f"written to {out}")


def _whole(context: "FormalContext", cap: int, seconds: float) -> "ConceptLattice | None":
    from geosae.fca import TooManyConcepts, concept_lattice

    try:
        with bar("concepts") as progress:
            whole = concept_lattice(context, cap=cap, seconds=seconds, progress=progress)
    except TooManyConcepts as error:
        why = "the cap" if error.reason == "cap" else f"{seconds:g} seconds are over"
        paragraph(f"lattice: at least {error.at_least} concepts, not built ({why})")
        return None
    say(f"lattice: {len(whole)} concepts, {whole.cover_count} covers")
    return whole


def _stable(context: "FormalContext", theta: str, grounded: bool) -> "ConceptFamily | None":
    from geosae.errors import InvalidInput
    from geosae.fca import TooManyConcepts, stable_family

    least_cost: int | Literal["auto"]
    try:
        least_cost = "auto" if theta == "auto" else int(theta)
    except ValueError:
        raise InvalidInput(f"--theta {theta!r} is neither a number nor auto") from None
    try:
        family = stable_family(context, least_cost, grounded=grounded)
    except TooManyConcepts as error:
        paragraph(f"stable: at least {error.at_least} concepts at θ = {theta}; raise --theta")
        return None
    chosen = " (θ chosen)" if least_cost == "auto" else ""
    paragraph(f"stable: {len(family)} concepts; {family.what}{chosen}")
    return family


def _compare(truth: "FormalContext", learned: "FormalContext", out: Path) -> None:
    """Compare with the true context, each figure with what chance would give."""
    # Here and not above: help is shown without numpy.
    import numpy as np

    from geosae.fca import compare
    from geosae.storage.files import write_json

    # Nulls are drawn from a fixed seed: the same files give the same figures.
    comparison = compare(truth, learned, np.random.default_rng(0))
    write_json(out / "comparison.json", comparison.to_dict())
    say(comparison.table())


def _core(family: "ConceptFamily") -> "FormalContext":
    from geosae.fca import stable_core

    return stable_core(family)


def _rules(context: "FormalContext", out: Path) -> None:
    from geosae.errors import InvalidInput
    from geosae.fca import implication_basis
    from geosae.storage.files import write_atomic

    try:
        rules = implication_basis(context, seconds=20.0)
    except InvalidInput as error:
        paragraph(f"rules: {error}")
        return
    ordered = sorted(rules, key=lambda rule: -rule.support)
    write_atomic(out / "implications.txt", "".join(f"{rule}\n" for rule in ordered).encode())
    paragraph(f"rules: {len(rules)} between {len(context.attributes)} attributes")


def _draw(
    whole: "ConceptLattice | None",
    family: "ConceptFamily | None",
    out: Path,
    style: Literal["layered", "additive"],
) -> None:
    from geosae.figures.concept_lattice import lattice_diagram
    from geosae.figures.save import save

    for name, order in (("lattice", whole), ("stable", family)):
        if order is not None and 0 < len(order) <= READABLE:
            for path in save(lattice_diagram(order, style=style), out / name):
                say(str(path))
            return
    say("nothing is small enough to be drawn")
