"""`geosae examples`: what a neuron fires on, with the texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import paragraph, say, table

if TYPE_CHECKING:
    from geosae.activations.examples import Example


def examples(
    sae: Annotated[Path, typer.Argument(help="The folder of an SAE: trained here, or as convert reads it.")],
    acts: Annotated[Path, typer.Argument(help="A folder of activations.")],
    neuron: Annotated[int, typer.Option(min=0, help="The number of the neuron.")],
    top: Annotated[int, typer.Option(min=0, help="How many of the strongest rows.")] = 10,
    random: Annotated[int, typer.Option(min=0, help="How many drawn from all on which it fires.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
) -> None:
    """Show rows on which a neuron fires: the strongest, and some at random, which flatter it less."""
    import numpy as np

    from geosae.activations import open_activations
    from geosae.activations.examples import neuron_examples
    from geosae.sae.interop import read

    activations = open_activations(acts).check()
    firing = neuron_examples(
        read(sae), activations, neuron, top=top, random=random, rng=np.random.default_rng(seed)
    )
    paragraph(
        f"Neuron {neuron} fires on {firing.fires:,} of {firing.rows:,} rows ("
        f"{firing.fires / firing.rows:.2%})."
    )
    if not firing.fires:
        return
    say()
    _print(f"at random, of the {firing.fires:,} (this is what it mostly does):", firing.random)
    say()
    _print("the strongest:", firing.top)


def _print(title: str, rows: "Sequence[Example]") -> None:
    say(title)
    cells = [[str(each.row), f"{each.value:.3g}", each.text or _window(each)] for each in rows]
    table(["row", "value", "text"], cells)


def _window(example: "Example") -> str:
    source, (first, end), _ = example.provenance
    return f"window {source}, samples {first} to {end - 1}"
