"""The scripts of the BatchTopK and Matryoshka papers: sae.pt and config.json.

Repositories bartbussmann/BatchTopK and bartbussmann/matryoshka_sae (arXiv 2412.06410, 2503.17547). Their
Top-K kinds have a b_enc that is not used; JumpReLU does not subtract b_dec. "input_unit_norm" is a layer norm
per row. The configuration is a dump of the training run, in which lists are written as text.
"""

import json
from collections.abc import Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.gates import BatchTopK, Gate, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._found import Found
from geosae.sae.interop._take import Taken, assemble, take
from geosae.sae.interop.normalisation import NONE, LayerNorm
from geosae.sae.interop.record import Imported, Source

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
        "tied_weights", "use_encoder_bias")  # fmt: skip


def _recognises(found: Found) -> bool:
    return "W_enc" in found.tensors and {"sae_type", "act_size"} <= set(found.config)


def _read(found: Found, settings: Mapping[str, Any]) -> Imported:
    config = found.config
    kind = value(config, "sae_type", str, "config.json")
    if kind not in KINDS:
        raise InvalidInput(
            f"config.json: sae_type {kind!r} is unknown here", remedy=f"known are {', '.join(KINDS)}"
        )
    normed = value(config, "input_unit_norm", bool, "config.json", False)
    _refuse(kind, config, normed)
    if "threshold" in KINDS[kind] and "threshold" not in found.tensors:
        raise InvalidInput(
            f"{found.weights_file.name}: a {kind} SAE without the threshold that stands in at inference; "
            "as it is, "
            "what a neuron does at a point depends on the other points of the batch",
            causes="weights of a version of the scripts that learned no threshold",
            remedy="train again with a version that does",
        )
    taken = take(
        found,
        {**SHAPES, **KINDS[kind]},
        dim=value(config, "act_size", int, "config.json"),
        width=value(config, "dict_size", int, "config.json"),
    )
    gate, extra = _gate(kind, config, taken)
    notes = list(taken.notes)
    biased = kind in ("vanilla", "jumprelu") or value(config, "use_encoder_bias", bool, "config.json", False)
    if not biased and bool((taken["b_enc"] != 0).any()):
        notes.append(f"b_enc is not 0 and left out: {kind} of these scripts does not use it")
    sae = assemble(
        gate,
        encoder=taken["W_enc"].T,
        b_enc=taken["b_enc"] if biased else None,
        decoder=taken["W_dec"],
        b_dec=taken["b_dec"],
        b_pre=None if kind == "jumprelu" else taken["b_dec"],
        **extra,
    )
    source = Source("batchtopk", kind, found.files, tuple(sorted(set(config) - set(READ))))
    return Imported(sae, LayerNorm() if normed else NONE, source, tuple(notes))


def _refuse(kind: str, config: Mapping[str, Any], normed: bool) -> None:
    if kind == "vanilla" and normed:
        raise InvalidInput(
            "config.json: input_unit_norm is true for sae_type 'vanilla': some versions of the scripts "
            "normalise "
            "there and some do not, and no file tells which wrote this"
        )
    activation = value(config, "activation", str, "config.json", "relu")
    if activation != "relu":
        raise InvalidInput(f"config.json: the activation '{activation}' before Top-K has no gate here")
    if value(config, "tied_weights", bool, "config.json", False):
        raise InvalidInput(
            "config.json: tied_weights is true: some versions of the scripts then decode with W_enc and "
            "some with "
            "W_dec, and no file tells which wrote this"
        )


def _gate(kind: str, config: Mapping[str, Any], taken: Taken) -> tuple[Gate, dict[str, torch.Tensor]]:
    if kind == "vanilla":
        return ReLU(), {}
    if kind == "jumprelu":
        return JumpReLU(), {"threshold": taken["jumprelu.log_threshold"].exp()}
    k = whole_k(config.get("top_k"), "config.json", taken.width)
    if kind == "topk":
        return TopK(k), {}
    if float(taken["threshold"]) <= 0:
        raise InvalidInput(
            f"the threshold at inference is {float(taken['threshold'])}: it was never learned, and the SAE "
            "would pass "
            "for a plain ReLU"
        )
    gate: Gate = BatchTopK(k)
    if kind == "global-matryoshka-topk":
        gate = Matryoshka(gate, _shares(config.get("group_sizes"), taken.width))
    return gate, {"threshold": taken["threshold"].reshape(1)}


def _shares(told: object, width: int) -> tuple[float, ...]:
    try:
        sizes = json.loads(told) if isinstance(told, str) else told
    except json.JSONDecodeError:
        sizes = None
    fine = isinstance(sizes, list) and all(isinstance(size, int) and size > 0 for size in sizes)
    if not isinstance(sizes, list) or not fine or sum(sizes) != width:
        raise InvalidInput(f"config.json: group_sizes are {told!r}; they must sum to {width}")
    return tuple(sum(sizes[: end + 1]) / width for end in range(len(sizes)))


FORMAT = Format("batchtopk", "BatchTopK and Matryoshka scripts (sae.pt)", _recognises, _read, {})
