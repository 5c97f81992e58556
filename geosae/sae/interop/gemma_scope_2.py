"""Gemma Scope 2: params.safetensors with lower-case names and config.json; JumpReLU.

Google DeepMind, "Gemma Scope 2" (2025). The encoder does not subtract b_dec. Transcoders and crosscoders,
which are published with the SAEs in the same form, map one place of a network to another and are refused.
"""

from collections.abc import Mapping
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.gates import JumpReLU
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format
from geosae.sae.interop._tensors import assemble, tensors
from geosae.sae.interop.card import Card, number_in, place_in
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source

SHAPES = {
    "w_enc": "dim width",
    "w_dec": "width dim",
    "b_enc": "width",
    "b_dec": "dim",
    "threshold": "width",
}
READ = ("architecture", "affine_connection", "hf_hook_point_out", "hf_hook_point_in", "l0",
        "model_name")  # fmt: skip


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return checkpoint.weights_file.suffix == ".safetensors" and {"w_enc", "w_dec", "threshold"} <= set(
        checkpoint.tensors
    )


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    config, parts = checkpoint.config, checkpoint.weights_file.absolute().parts
    if "affine_skip_connection" in checkpoint.tensors or config.get("affine_connection"):
        raise InvalidInput(
            f"{checkpoint.weights_file.name} has an affine skip connection: x̂ has a part beside the neurons, "
            "which no SAE here has"
        )
    crosses = config.get("hf_hook_point_out") not in (None, config.get("hf_hook_point_in"))
    if crosses or any("transcoder" in part or "clt" in part.split("_") or part == "clt" for part in parts):
        raise InvalidInput(
            f"{checkpoint.weights_file} is a transcoder, which maps one place of a network to another",
            remedy="an autoencoder is needed: x̂ must stand for x",
        )
    architecture = config.get("architecture", "jump_relu")
    if architecture != "jump_relu":
        raise InvalidInput(f"config.json: the architecture {architecture!r} is unknown to this format")
    weights = tensors(checkpoint, SHAPES)
    sae = assemble(
        JumpReLU(),
        encoder=weights["w_enc"].T,
        b_enc=weights["b_enc"],
        decoder=weights["w_dec"],
        b_dec=weights["b_dec"],
        threshold=weights["threshold"],
    )
    unread = tuple(sorted(set(config) - set(READ)))
    stated = number_in(config, "l0")
    place = place_in(config)
    card = Card(stated[0], "l0 of config.json", place=place) if stated else Card(place=place)
    source = Source("gemma-scope-2", architecture, checkpoint.files, unread)
    return Imported(sae, NONE, source, weights.notes, card)


FORMAT = Format("gemma-scope-2", "Gemma Scope 2 (params.safetensors)", _recognises, _read, {})
