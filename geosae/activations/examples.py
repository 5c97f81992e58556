"""What a neuron fires on: its strongest rows, and rows drawn at random from all on which it fires."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.activations.folder import Activations, Provenance
from geosae.errors import InvalidInput
from geosae.notebook import short_repr

AROUND = 40
"""Characters of the text that are shown on either side of a token."""


@dataclass(frozen=True)
class Example:
    """One row on which a neuron fires."""

    row: int
    value: float
    provenance: Provenance
    text: str
    """The text; of a token what stands around it, the token in brackets; empty of a window."""

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class NeuronExamples:
    """What a neuron fires on: the strongest rows flatter it, the random ones say what it mostly does."""

    neuron: int
    rows: int
    """How many rows there are, of which it fires on `fires`."""
    fires: int
    top: tuple[Example, ...]
    random: tuple[Example, ...]
    """Drawn from all rows on which it fires, the strongest first."""

    __repr__ = short_repr


def neuron_examples(
    sae: Any,
    activations: Activations,
    neuron: int,
    *,
    top: int = 10,
    random: int = 10,
    rng: np.random.Generator,
) -> NeuronExamples:
    """Return the rows on which a neuron is strongest, and some drawn from all on which it fires.

    Parameters
    ----------
    sae
        An SAE, or an imported one, which normalises the rows first.
    activations
        The rows.
    neuron
        Its number.
    top, random
        How many of each; fewer where it fires on fewer.
    rng
        Draws the random ones.

    Raises
    ------
    InvalidInput
        If the SAE has no such neuron, or reads rows of another dimension.
    """
    from geosae.sae.interop.record import Imported
    from geosae.sae.neurons import neurons_of

    neurons = sae.neurons if isinstance(sae, Imported) else neurons_of(sae)
    if neurons.dim != activations.dim:
        raise InvalidInput(
            f"the SAE reads points of dimension {neurons.dim}, the activations have {activations.dim}",
            causes="an SAE of another model or layer",
        )
    if not 0 <= neuron < neurons.width:
        raise InvalidInput(
            f"there is no neuron {neuron}", remedy=f"neurons are counted from 0 to {neurons.width - 1}"
        )
    if top < 0 or random < 0:
        raise InvalidInput("a number of examples is negative")
    parts: list[Float[np.ndarray, " k"]] = []
    for block in activations.blocks():
        points = sae.prepare(block) if isinstance(sae, Imported) else block.astype(np.float64)
        codes = neurons.codes(points, values=True)
        values = np.zeros(len(codes))
        listed = codes.indices == neuron
        at = np.repeat(np.arange(len(codes)), np.diff(codes.indptr))[listed]
        values[at] = np.abs(codes.values[listed]) if codes.values is not None else 1.0
        parts.append(values)
    values = np.concatenate(parts)
    firing = np.flatnonzero(values)
    strongest = firing[np.argsort(-values[firing], kind="stable")]
    drawn = np.sort(rng.choice(len(firing), min(random, len(firing)), replace=False))
    return NeuronExamples(
        neuron=neuron,
        rows=len(values),
        fires=len(firing),
        top=tuple(_example(activations, row, values) for row in strongest[:top].tolist()),
        random=tuple(_example(activations, row, values) for row in strongest[drawn].tolist()),
    )


def _example(activations: Activations, row: int, values: Float[np.ndarray, " N"]) -> Example:
    provenance = activations.provenance(row)
    text = "" if activations.texts is None else activations.texts[provenance.source]
    begin, end = provenance.characters
    if text and activations.index.recipe.pool != "mean" and begin >= 0:
        before, after = text[max(0, begin - AROUND) : begin], text[end : end + AROUND]
        text = f"{'…' * (begin > AROUND)}{before}[{text[begin:end]}]{after}{'…' * (end + AROUND < len(text))}"
    return Example(row, float(values[row]), provenance, text)
