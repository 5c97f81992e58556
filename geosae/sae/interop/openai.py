"""OpenAI's GPT-2 autoencoders: one .pt dictionary per layer (v1 and v4 ReLU, v5 Top-K).

Repository openai/sparse_autoencoder, `Autoencoder.from_state_dict`; Gao et al., arXiv 2406.04093 (2024). Its
class turns an activation it does not know into ReLU; here such a file is refused. Top-K there implies that
every row is layer-normalised first.
"""

from collections.abc import Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.gates import Gate, ReLU, TopK
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._tensors import assemble, refuse_unknown, tensors
from geosae.sae.interop.card import Card, sum_of_rates
from geosae.sae.interop.normalisation import NONE, LayerNorm
from geosae.sae.interop.record import Imported, Source

SHAPES = {
    "pre_bias": "dim",
    "encoder.weight": "width dim",
    "latent_bias": "width",
    "decoder.weight": "dim width",
}
STATISTICS = ("stats_last_nonzero", "latents_activation_frequency", "latents_mean_square")
# The last two are written twice by the released class, whose own strict load then fails on them.
ENTRIES = ("activation", "activation_state_dict", "activation.k", "activation.postact_fn")


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return {"pre_bias", "latent_bias", "encoder.weight"} <= set(checkpoint.tensors)


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    of = checkpoint.weights_file.name
    refuse_unknown(checkpoint.entries, ENTRIES, f"{of}: entry")
    weights = tensors(checkpoint, SHAPES, inert=(*STATISTICS, "activation.k"))
    notes = list(weights.notes)
    activation = checkpoint.entries.get("activation")
    if activation is None:
        if set(checkpoint.entries) or "activation.k" in checkpoint.tensors:
            raise InvalidInput(f"{of} has settings of an activation and no 'activation' that names it")
        activation = "ReLU"
        notes.append("the file names no activation; the released class then takes ReLU, and so does this")
    if activation == "ReLU":
        gate, normalisation = ReLU(), NONE
    elif activation == "TopK":
        gate, normalisation = TopK(_k(checkpoint, weights.width)), LayerNorm()
    else:
        reason = "it has no gate at all" if activation == "Identity" else "it is unknown here"
        raise InvalidInput(f"{of}: the activation {activation!r} cannot be read: {reason}")
    sae = assemble(
        gate,
        encoder=weights["encoder.weight"],
        b_enc=weights["latent_bias"],
        decoder=weights["decoder.weight"].T,
        b_dec=weights["pre_bias"],
        b_pre=weights["pre_bias"],
    )
    source = Source("openai", str(activation), checkpoint.files)
    return Imported(sae, normalisation, source, tuple(notes), _card(checkpoint, gate, weights.width))


def _card(checkpoint: CheckpointFiles, gate: Gate, width: int) -> Card:
    of = checkpoint.weights_file.name
    if gate.sparsity is not None:
        return Card(gate.sparsity, f"k of {of}")
    rates = checkpoint.tensors.get("latents_activation_frequency")
    # The released class starts this buffer at 1 for every latent.
    if rates is None or bool((rates == 1).all()):
        return Card()
    name = f"latents_activation_frequency of {of}"
    return Card(sum_of_rates(rates, width, name), name)


def _k(checkpoint: CheckpointFiles, width: int) -> int:
    name = checkpoint.weights_file.name
    state = checkpoint.entries.get("activation_state_dict")
    if not isinstance(state, Mapping):
        raise InvalidInput(f"{name}: the activation is TopK, and no 'activation_state_dict' tells its k")
    refuse_unknown(state, ("k", "postact_fn"), f"{name}: activation_state_dict entry")
    after = value(state, "postact_fn", str, f"{name}: activation_state_dict", "ReLU")
    if after != "ReLU":
        raise InvalidInput(
            f"{name}: Top-K is followed by {after!r}, so that negative activations can be kept; "
            "no gate here does that by value"
        )
    entries, tensors = checkpoint.entries, checkpoint.tensors
    stored = (state.get("k"), entries.get("activation.k"), tensors.get("activation.k"))
    stated = [_number(k) for k in stored if k is not None]
    if not stated or any(k != stated[0] for k in stated):
        raise InvalidInput(f"{name}: the file gives {stated or 'nothing'} for k")
    return whole_k(stated[0], name, width)


def _number(k: Any) -> Any:
    return k.item() if isinstance(k, torch.Tensor) and k.numel() == 1 else k


FORMAT = Format("openai", "OpenAI sparse_autoencoder (GPT-2, v1 to v5)", _recognises, _read, {})
