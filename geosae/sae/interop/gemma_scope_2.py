"""Gemma Scope 2: params.safetensors with lower-case names and config.json; JumpReLU.

Google DeepMind, "Gemma Scope 2" (2025). The encoder does not subtract b_dec. Transcoders and crosscoders,
which lie beside the SAEs in the same form, map one place of a network to another and are refused.
"""

from collections.abc import Mapping
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.gates import JumpReLU
from geosae.sae.interop._format import Format
from geosae.sae.interop._found import Found
from geosae.sae.interop._take import assemble, take
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source

SHAPES = {
    "w_enc": "dim width",
    "w_dec": "width dim",
    "b_enc": "width",
    "b_dec": "dim",
    "threshold": "width",
}
READ = ("architecture", "affine_connection", "hf_hook_point_out", "hf_hook_point_in")


def _recognises(found: Found) -> bool:
    return found.weights_file.suffix == ".safetensors" and {"w_enc", "w_dec", "threshold"} <= set(
        found.tensors
    )


def _read(found: Found, settings: Mapping[str, Any]) -> Imported:
    config, parts = found.config, found.weights_file.absolute().parts
    if "affine_skip_connection" in found.tensors or config.get("affine_connection"):
        raise InvalidInput(
            f"{found.weights_file.name} has an affine skip connection: x̂ has a part beside the neurons, "
            "which no SAE here has"
        )
    crosses = config.get("hf_hook_point_out") not in (None, config.get("hf_hook_point_in"))
    if crosses or any("transcoder" in part or "clt" in part.split("_") or part == "clt" for part in parts):
        raise InvalidInput(
            f"{found.weights_file} is a transcoder, which maps one place of a network to another",
            remedy="an autoencoder is needed: x̂ must stand for x",
        )
    architecture = config.get("architecture", "jump_relu")
    if architecture != "jump_relu":
        raise InvalidInput(f"config.json: the architecture {architecture!r} is unknown to this format")
    taken = take(found, SHAPES)
    sae = assemble(
        JumpReLU(),
        encoder=taken["w_enc"].T,
        b_enc=taken["b_enc"],
        decoder=taken["w_dec"],
        b_dec=taken["b_dec"],
        threshold=taken["threshold"],
    )
    unread = tuple(sorted(set(config) - set(READ)))
    return Imported(sae, NONE, Source("gemma-scope-2", architecture, found.files, unread), taken.notes)


FORMAT = Format("gemma-scope-2", "Gemma Scope 2 (params.safetensors)", _recognises, _read, {})
