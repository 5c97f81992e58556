"""EleutherAI's sparsify: cfg.json and sae.safetensors; Top-K after ReLU.

Package eai-sparsify, class SparseCoder. W_dec is stored (width, dim); b_dec is subtracted from the input,
whatever normalize_decoder says.
"""

from collections.abc import Mapping
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.gates import TopK
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, config_name, value, whole_k
from geosae.sae.interop._tensors import assemble, refuse_unknown, tensors
from geosae.sae.interop.card import Card
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source

SHAPES = {
    "encoder.weight": "width dim",
    "encoder.bias": "width",
    "W_dec": "width dim",
    "b_dec": "dim",
}
READ = (
    "activation",
    "d_in",
    "expansion_factor",
    "k",
    "num_latents",
    "signed",
    "skip_connection",
    "transcode",
)
TRAINING = ("multi_topk", "normalize_decoder")


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return {"encoder.weight", "W_dec"} <= set(checkpoint.tensors) and "d_in" in checkpoint.config


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    config, of = checkpoint.config, config_name(checkpoint)
    refuse_unknown(config, (*READ, *TRAINING, *checkpoint.ignore), f"{of}: key")
    _refuse(config, of)
    if "W_skip" in checkpoint.tensors:
        raise InvalidInput(
            f"{checkpoint.weights_file.name} has a skip connection W_skip; x̂ has a part beside the neurons"
        )
    dim = value(config, "d_in", int, of)
    # 0 and absence both mean: so many times the input dimension.
    width = value(config, "num_latents", int, of, 0) or dim * value(config, "expansion_factor", int, of)
    weights = tensors(checkpoint, SHAPES, dim=dim, width=width)
    gate = TopK(whole_k(config.get("k"), of, width))
    sae = assemble(
        gate,
        encoder=weights["encoder.weight"],
        b_enc=weights["encoder.bias"],
        decoder=weights["W_dec"],
        b_dec=weights["b_dec"],
        b_pre=weights["b_dec"],
    )
    unread = tuple(key for key in (*TRAINING, *checkpoint.ignore) if key in config)
    # Each SAE lies in a folder named after the module that it reads, as in layers.10.mlp.
    folder = checkpoint.weights_file.absolute().parent.name
    card = Card(gate.k, f"k of {of}", place=folder if "." in folder else "")
    return Imported(sae, NONE, Source("sparsify", "topk", checkpoint.files, unread), weights.notes, card)


def _refuse(config: Mapping[str, Any], of: str) -> None:
    activation = value(config, "activation", str, of, "topk")
    if activation != "topk":
        raise InvalidInput(
            f"{of}: the activation '{activation}' has no gate here"
            + (" (one neuron per group of neurons is kept)" if activation == "groupmax" else "")
        )
    for key, why in (
        ("transcode", "a transcoder maps one place of a network to another"),
        ("skip_connection", "x̂ has a linear part beside the neurons"),
        ("signed", "negative activations are kept"),
    ):
        if value(config, key, bool, of, False):
            raise InvalidInput(f"{of}: '{key}' is true: {why}, which no SAE here does")


FORMAT = Format("sparsify", "EleutherAI sparsify", _recognises, _read, {})
