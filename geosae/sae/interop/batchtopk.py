"""The scripts of the BatchTopK and Matryoshka papers: sae.pt and config.json.

Repositories bartbussmann/BatchTopK and bartbussmann/matryoshka_sae (arXiv 2412.06410, 2503.17547). Their
Top-K kinds have a b_enc that is not used; JumpReLU does not subtract b_dec. "input_unit_norm" is a layer norm
per row. The configuration is a dump of the training run, in which lists are written as text.
"""

from collections.abc import Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.gates import BatchTopK, Gate, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._tensors import NamedTensors, assemble, tensors
from geosae.sae.interop.card import Card, place_in
from geosae.sae.interop.normalisation import NONE, LayerNorm
from geosae.sae.interop.record import Imported, Source
from geosae.storage.files import json_value

SHAPES = {"W_enc": "dim width", "W_dec": "width dim", "b_enc": "width", "b_dec": "dim"}
KINDS: dict[str, dict[str, str]] = {
    "vanilla": {},
    "topk": {},
    "batchtopk": {"threshold": ""},
    "batch-topk": {"threshold": ""},
    "global-matryoshka-topk": {"threshold": ""},
    "jumprelu": {"jumprelu.log_threshold": "width"},
}
READ = ("sae_type", "act_size", "dict_size", "top_k", "input_unit_norm", "group_sizes", "activation",
        "tied_weights", "use_encoder_bias", "model_name", "layer", "hook_point")  # fmt: skip


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return "W_enc" in checkpoint.tensors and {"sae_type", "act_size"} <= set(checkpoint.config)


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    config = checkpoint.config
    kind = value(config, "sae_type", str, "config.json")
    if kind not in KINDS:
        raise InvalidInput(
            f"config.json: sae_type {kind!r} is unknown here", remedy=f"known are {', '.join(KINDS)}"
        )
    normed = value(config, "input_unit_norm", bool, "config.json", False)
    _refuse(kind, config, normed)
    if "threshold" in KINDS[kind] and "threshold" not in checkpoint.tensors:
        raise InvalidInput(
            f"{checkpoint.weights_file.name}: a {kind} SAE without the threshold that stands in at "
            "inference; as it is, what a neuron does at a point depends on the other points of the batch",
            causes="weights of a version of the scripts that learned no threshold",
            remedy="train again with a version that does",
        )
    weights = tensors(
        checkpoint,
        {**SHAPES, **KINDS[kind]},
        dim=value(config, "act_size", int, "config.json"),
        width=value(config, "dict_size", int, "config.json"),
    )
    gate, extra = _gate(kind, config, weights)
    notes = list(weights.notes)
    biased = kind in ("vanilla", "jumprelu") or value(config, "use_encoder_bias", bool, "config.json", False)
    if not biased and bool((weights["b_enc"] != 0).any()):
        notes.append(f"b_enc is not 0 and left out: {kind} of these scripts does not use it")
    sae = assemble(
        gate,
        encoder=weights["W_enc"].T,
        b_enc=weights["b_enc"] if biased else None,
        decoder=weights["W_dec"],
        b_dec=weights["b_dec"],
        b_pre=None if kind == "jumprelu" else weights["b_dec"],
        **extra,
    )
    source = Source("batchtopk", kind, checkpoint.files, tuple(sorted(set(config) - set(READ))))
    card = Card(place=place_in(config))
    if gate.kind not in ("relu", "jumprelu"):
        card = Card(whole_k(config.get("top_k"), "config.json", weights.width), "top_k of config.json",
                    place=card.place)  # fmt: skip
    return Imported(sae, LayerNorm() if normed else NONE, source, tuple(notes), card)


def _refuse(kind: str, config: Mapping[str, Any], normed: bool) -> None:
    if kind == "vanilla" and normed:
        raise InvalidInput(
            "config.json: input_unit_norm is true for sae_type 'vanilla': some versions of the scripts "
            "normalise there and some do not, and no file tells which wrote this"
        )
    activation = value(config, "activation", str, "config.json", "relu")
    if activation != "relu":
        raise InvalidInput(f"config.json: the activation '{activation}' before Top-K has no gate here")
    if value(config, "tied_weights", bool, "config.json", False):
        raise InvalidInput(
            "config.json: tied_weights is true: some versions of the scripts then decode with W_enc and "
            "some with W_dec, and no file tells which wrote this"
        )


def _gate(
    kind: str, config: Mapping[str, Any], weights: NamedTensors
) -> tuple[Gate, dict[str, torch.Tensor]]:
    if kind == "vanilla":
        return ReLU(), {}
    if kind == "jumprelu":
        return JumpReLU(), {"threshold": weights["jumprelu.log_threshold"].exp()}
    k = whole_k(config.get("top_k"), "config.json", weights.width)
    if kind == "topk":
        return TopK(k), {}
    if float(weights["threshold"]) <= 0:
        raise InvalidInput(
            f"the threshold at inference is {float(weights['threshold'])}: it was never learned, and the SAE "
            "would pass for a plain ReLU"
        )
    gate: Gate = BatchTopK(k)
    if kind == "global-matryoshka-topk":
        gate = Matryoshka(gate, _shares(config.get("group_sizes"), weights.width))
    return gate, {"threshold": weights["threshold"].reshape(1)}


def _shares(group_sizes: object, width: int) -> tuple[float, ...]:
    sizes = json_value(group_sizes, "group_sizes") if isinstance(group_sizes, str) else group_sizes
    fine = isinstance(sizes, list) and all(type(size) is int and size > 0 for size in sizes)
    if not isinstance(sizes, list) or not fine or sum(sizes) != width:
        raise InvalidInput(f"config.json: group_sizes are {group_sizes!r}; they must sum to {width}")
    return tuple(sum(sizes[: end + 1]) / width for end in range(len(sizes)))


FORMAT = Format("batchtopk", "BatchTopK and Matryoshka scripts (sae.pt)", _recognises, _read, {})
