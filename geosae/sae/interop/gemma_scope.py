"""Gemma Scope 1: params.npz, one JumpReLU SAE per folder; layer, width and L0 are named in the path only.

Lieberum et al., arXiv 2408.05147 (2024). The encoder does not subtract b_dec.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.gates import JumpReLU
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, value
from geosae.sae.interop._tensors import assemble, tensors
from geosae.sae.interop.card import Card
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source

SHAPES = {
    "W_enc": "dim width",
    "W_dec": "width dim",
    "b_enc": "width",
    "b_dec": "dim",
    "threshold": "width",
}


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return checkpoint.weights_file.suffix == ".npz" and "threshold" in checkpoint.tensors


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    path = checkpoint.weights_file.absolute()
    if any("transcoder" in part for part in path.parts):
        raise InvalidInput(
            f"{path} lies in a folder of transcoders, which map one place of a network to another",
            causes="google/gemma-scope-*-transcoders",
            remedy="an autoencoder is needed: x̂ must stand for x",
        )
    # Some files call the matrices w_enc and w_dec.
    small = tuple(name for name in ("W_enc", "W_dec") if name.lower() in checkpoint.tensors)
    shapes = {name.lower() if name in small else name: shape for name, shape in SHAPES.items()}
    weights = tensors(checkpoint, shapes)
    encoder, decoder = (weights[name.lower() if name in small else name] for name in ("W_enc", "W_dec"))
    notes = list(weights.notes)
    embedding = value(
        settings, "embedding", bool, "settings", any("embedding" in part for part in path.parts)
    )
    if embedding:
        # These were trained on embeddings times √n, as the network scales them, and are published unscaled.
        root = float(weights.dim) ** 0.5
        encoder, decoder = encoder / root, decoder * root
        notes.append("an SAE of embeddings: W_enc divided and W_dec multiplied by √n")
    sae = assemble(
        JumpReLU(),
        encoder=encoder.T,
        b_enc=weights["b_enc"],
        decoder=decoder,
        b_dec=weights["b_dec"],
        threshold=weights["threshold"],
    )
    source = Source("gemma-scope", "jumprelu", checkpoint.files)
    return Imported(sae, NONE, source, tuple(notes), _card(path))


def _card(path: Path) -> Card:
    """Return what the path declares, as in layer_20/width_16k/average_l0_71/params.npz."""
    place = " ".join(part for part in path.parts if re.fullmatch(r"layer_\d+|embedding", part))
    stated = re.fullmatch(r"average_l0_(\d+)", path.parent.name)
    return Card(float(stated[1]), "the name of its folder", place=place) if stated else Card(place=place)


FORMAT = Format(
    "gemma-scope",
    "Gemma Scope (params.npz)",
    _recognises,
    _read,
    {"embedding": "whether the SAE reads embeddings; by default the path decides"},
)
