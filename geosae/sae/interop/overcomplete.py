"""overcomplete: a state_dict; neither k nor the architecture is in it, so the user says them.

Package overcomplete (KempnerInstitute). x̂ = z·D with no bias and no pre-bias. D is the stored table times
exp(multiplier); the table is normalised whenever the library uses it in training mode, and by .eval(), so a
state_dict saved after .eval() holds it normalised. The library saves whole modules; those are refused.
"""

from collections.abc import Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.gates import BatchTopK, Gate, JumpReLU, ReLU, TopK
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._tensors import NamedTensors, assemble, tensors
from geosae.sae.interop.card import Card
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source

ENCODERS: tuple[dict[str, str], ...] = (
    {"encoder.final_block.0.weight": "width dim", "encoder.final_block.0.bias": "width"},
    {"encoder.weight": "width dim", "encoder.bias": "width"},
    {"encoder.tied_to._weights": "width dim", "encoder.tied_to.multiplier": "", "encoder.bias": "width"},
)
TABLE = {"dictionary._weights": "width dim", "dictionary.multiplier": ""}
ARCHETYPES = {
    "dictionary.W": "width archetypes",
    "dictionary.C": "archetypes dim",
    "dictionary.Relax": "width dim",
    "dictionary.multiplier": "",
}
ARCHITECTURES = ("relu", "topk", "batchtopk", "jump")
# How far a row may be from norm 1 (or sum 1) to pass for normalised, in float32.
CLOSE = 1e-4


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return "dictionary._weights" in checkpoint.tensors or {"dictionary.W", "dictionary.C"} <= set(
        checkpoint.tensors
    )


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    names = set(checkpoint.tensors)
    architecture = _architecture(names, settings)
    encoder = next((keys for keys in ENCODERS if next(iter(keys)) in names), None)
    if encoder is None:
        raise InvalidInput(
            f"{checkpoint.weights_file.name} has no linear encoder",
            causes="MpSAE or OMPSAE, whose steps may be negative or orthogonal and have no gate here, or "
            "an encoder that is a network of its own",
        )
    table = TABLE if "dictionary._weights" in names else ARCHETYPES
    thresholds = {"thresholds": "width"} if architecture == "jump" else {}
    optional = ("encoder.bias",)
    weights = tensors(checkpoint, {**encoder, **table, **thresholds}, optional=optional)
    dictionary = _dictionary(weights, settings)
    weight = next(iter(encoder))
    tied = weight == "encoder.tied_to._weights"
    bias = next(name for name in encoder if name.endswith("bias"))
    gate, extra = _gate(architecture, weights, settings)
    sae = assemble(
        gate,
        encoder=dictionary if tied else weights[weight],
        b_enc=weights.get(bias),
        decoder=dictionary,
        b_dec=None,
        **extra,
    )
    notes = (
        weights.notes
        if architecture == "jump"
        else (*weights.notes, "architecture and k are as the user says")
    )
    # Of the architecture 'relu' and 'jump' nothing is asked but the weights, which tell no L0.
    card = Card(gate.k, "k as the user says") if isinstance(gate, TopK | BatchTopK) else Card()
    return Imported(sae, NONE, Source("overcomplete", architecture, checkpoint.files), notes, card)


def _architecture(names: set[str], settings: Mapping[str, Any]) -> str:
    if "Q" in names:
        raise InvalidInput("a QSAE: its activations are rounded to learned levels, which no gate here does")
    stated = settings.get("architecture", "jump" if "thresholds" in names else None)
    if stated not in ARCHITECTURES:
        raise InvalidInput(
            "overcomplete's state_dict does not tell SAE, TopKSAE and BatchTopKSAE apart, and the "
            f"architecture said is {stated!r}",
            remedy=f"say it: architecture=… one of {', '.join(ARCHITECTURES)}; with topk also k=…, with "
            "batchtopk k=… and threshold=sae.running_threshold",
        )
    return str(stated)


def _dictionary(weights: NamedTensors, settings: Mapping[str, Any]) -> torch.Tensor:
    if "dictionary.W" in weights:
        mixture, relax = weights["dictionary.W"], weights["dictionary.Relax"]
        if bool((mixture < 0).any()) or not _ones(mixture.sum(dim=1)):
            raise InvalidInput(
                "dictionary.W is not row-stochastic: the state_dict was saved between a step of training "
                "and its projection",
                remedy="save it after .eval()",
            )
        table = mixture @ weights["dictionary.C"] + relax
    else:
        table = _normalised(weights["dictionary._weights"], settings.get("normalization"))
    return table * weights["dictionary.multiplier"].to(table.dtype).exp()


def _ones(values: torch.Tensor) -> bool:
    return bool(((values - 1).abs() < CLOSE).all())


def _normalised(table: torch.Tensor, kind: object) -> torch.Tensor:
    lengths = {order: torch.linalg.vector_norm(table, ord=order, dim=1, keepdim=True) for order in (1, 2)}
    if kind is None:
        if not _ones(lengths[2]):
            raise InvalidInput(
                "the rows of dictionary._weights have not norm 1: the state_dict was saved in training "
                "mode, or with another normalisation, and what the library would make of it cannot be told",
                remedy="save it after .eval(), or say normalization=… one of l2, max_l2, l1, max_l1, "
                "identity",
            )
        return table
    ways = {
        "l2": table / (lengths[2] + 1e-8),
        "max_l2": table / lengths[2].max(),
        "l1": table / (lengths[1] + 1e-8),
        "max_l1": table / lengths[1].max(),
        "identity": table,
    }
    if not isinstance(kind, str) or kind not in ways:
        raise InvalidInput(f"normalization is {kind!r}", remedy=f"use one of {', '.join(ways)}")
    return ways[kind]


def _gate(
    architecture: str, weights: NamedTensors, settings: Mapping[str, Any]
) -> tuple[Gate, dict[str, torch.Tensor]]:
    if architecture == "relu":
        return ReLU(), {}
    if architecture == "jump":
        return JumpReLU(), {"threshold": _below(weights["thresholds"].exp())}
    k = whole_k(value(settings, "k", int, "settings"), "settings", weights.width)
    if architecture == "topk":
        return TopK(k), {}
    threshold = value(settings, "threshold", float, "settings")
    if not 0 < threshold < float("inf"):
        raise InvalidInput(
            f"the threshold is {threshold}; sae.running_threshold is positive once it was trained"
        )
    return BatchTopK(k), {"threshold": _below(torch.tensor([threshold], dtype=torch.float32))}


def _below(threshold: torch.Tensor) -> torch.Tensor:
    """Return the next smaller number: this library's neurons are active at z ≥ θ, the gates here at z > θ."""
    return torch.nextafter(threshold, torch.zeros_like(threshold))


FORMAT = Format(
    "overcomplete",
    "overcomplete (state_dict)",
    _recognises,
    _read,
    {
        "architecture": f"one of {', '.join(ARCHITECTURES)}",
        "k": "neurons kept, for topk and batchtopk",
        "threshold": "sae.running_threshold, for batchtopk",
        "normalization": "of the dictionary, where it was not saved after .eval()",
    },
)
