"""OpenAI's GPT-2 autoencoders: one .pt dictionary per layer (v1 and v4 ReLU, v5 Top-K).

Repository openai/sparse_autoencoder, `Autoencoder.from_state_dict`; Gao et al., arXiv 2406.04093 (2024). Its
class turns an activation it does not know into ReLU; here such a file is refused. Top-K there implies that
every row is layer-normalised first.
"""

from collections.abc import Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.gates import ReLU, TopK
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._found import Found
from geosae.sae.interop._take import assemble, refuse_unknown, take
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


def _recognises(found: Found) -> bool:
    return {"pre_bias", "latent_bias", "encoder.weight"} <= set(found.tensors)


def _read(found: Found, settings: Mapping[str, Any]) -> Imported:
    of = found.weights_file.name
    refuse_unknown(found.entries, ENTRIES, f"{of}: entry")
    taken = take(found, SHAPES, inert=(*STATISTICS, "activation.k"))
    notes = list(taken.notes)
    activation = found.entries.get("activation")
    if activation is None:
        if set(found.entries) or "activation.k" in found.tensors:
            raise InvalidInput(f"{of} has settings of an activation and no 'activation' that names it")
        activation = "ReLU"
        notes.append("the file names no activation; the released class then takes ReLU, and so does this")
    if activation == "ReLU":
        gate, normalisation = ReLU(), NONE
    elif activation == "TopK":
        gate, normalisation = TopK(_k(found, taken.width)), LayerNorm()
    else:
        reason = "it has no gate at all" if activation == "Identity" else "it is unknown here"
        raise InvalidInput(f"{of}: the activation {activation!r} cannot be read: {reason}")
    sae = assemble(
        gate,
        encoder=taken["encoder.weight"],
        b_enc=taken["latent_bias"],
        decoder=taken["decoder.weight"].T,
        b_dec=taken["pre_bias"],
        b_pre=taken["pre_bias"],
    )
    return Imported(sae, normalisation, Source("openai", str(activation), found.files), tuple(notes))


def _k(found: Found, width: int) -> int:
    of = found.weights_file.name
    state = found.entries.get("activation_state_dict")
    if not isinstance(state, Mapping):
        raise InvalidInput(f"{of}: the activation is TopK, and no 'activation_state_dict' tells its k")
    refuse_unknown(state, ("k", "postact_fn"), f"{of}: activation_state_dict entry")
    after = value(state, "postact_fn", str, f"{of}: activation_state_dict", "ReLU")
    if after != "ReLU":
        raise InvalidInput(
            f"{of}: Top-K is followed by {after!r}, so that negative activations can be kept; "
            "no gate here does that by value"
        )
    told = [
        held.item() if isinstance(held, torch.Tensor) else held
        for held in (state.get("k"), found.entries.get("activation.k"), found.tensors.get("activation.k"))
        if held is not None
    ]
    if not told or any(k != told[0] for k in told):
        raise InvalidInput(f"{of}: the file gives {told or 'nothing'} for k")
    return whole_k(told[0], of, width)


FORMAT = Format("openai", "OpenAI sparse_autoencoder (GPT-2, v1 to v5)", _recognises, _read, {})
