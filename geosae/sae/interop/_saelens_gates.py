"""The gate of each architecture of SAELens, with its extra weights."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from geosae.geometry._door import InvalidInput
from geosae.sae.gates import (
    AbsTopK,
    BatchTopK,
    Gate,
    Gated,
    JumpReLU,
    MatchingPursuit,
    Matryoshka,
    ReLU,
    TopK,
)
from geosae.sae.interop._format import value, whole_k
from geosae.sae.interop._take import Taken

Extra = dict[str, torch.Tensor]


def _standard(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    return ReLU(), {}


def _topk(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    return TopK(whole_k(config.get("k"), "cfg.json", taken.width)), {}


def _abstopk(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    return AbsTopK(whole_k(config.get("k"), "cfg.json", taken.width)), {}


def _jumprelu(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    return JumpReLU(), {"threshold": taken["threshold"]}


def _gated(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    return Gated(), {"r_mag": taken["r_mag"], "b_mag": taken["b_mag"]}


def _batchtopk(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    threshold = taken["topk_threshold"].reshape(1)
    if float(threshold) <= 0:
        raise InvalidInput(
            f"topk_threshold is {float(threshold)}: it was never learned, and the SAE would pass for a "
            "plain ReLU",
            causes="a checkpoint from before the first training step",
            remedy="take a later checkpoint, or the exported inference SAE",
        )
    k = value(config, "k", float, "cfg.json")
    if k != int(k):
        # A share of neurons per point: the threshold alone says what happens at inference.
        return JumpReLU(), {"threshold": threshold.expand(taken.width)}
    return BatchTopK(whole_k(k, "cfg.json", taken.width)), {"threshold": threshold}


def _matryoshka(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    inner, extra = _batchtopk(config, taken)
    widths = config.get("matryoshka_widths")
    whole = isinstance(widths, list) and all(isinstance(each, int) and each > 0 for each in widths)
    if not isinstance(widths, list) or not whole or not widths or max(widths) > taken.width:
        raise InvalidInput(f"cfg.json: matryoshka_widths are {widths!r}, with {taken.width} neurons")
    return Matryoshka(inner, tuple(each / taken.width for each in sorted({*widths, taken.width}))), extra


def _pursuit(config: Mapping[str, Any], taken: Taken) -> tuple[Gate, Extra]:
    if value(config, "residual_threshold", float, "cfg.json", 1e-2) > 0:
        raise InvalidInput(
            "cfg.json: residual_threshold is above 0: pursuit stops where the residual is short, and the "
            "gate here "
            "takes a fixed number of steps (the residual's norm is no function of the pre-activations)",
            remedy="export it with residual_threshold=0, if stopping early is of no importance",
        )
    if value(config, "stop_on_duplicate_support", bool, "cfg.json", True):
        raise InvalidInput(
            "cfg.json: stop_on_duplicate_support is true: pursuit stops once no new neuron is taken, and "
            "the gate "
            "here takes a fixed number of steps",
        )
    if config.get("max_iterations") is None:
        return MatchingPursuit(taken.dim), {}
    return MatchingPursuit(value(config, "max_iterations", int, "cfg.json")), {}


GATES: dict[str, Callable[[Mapping[str, Any], Taken], tuple[Gate, Extra]]] = {
    "standard": _standard,
    "topk": _topk,
    "abstopk": _abstopk,
    "jumprelu": _jumprelu,
    "gated": _gated,
    "batchtopk": _batchtopk,
    "matryoshka_batchtopk": _matryoshka,
    "matching_pursuit": _pursuit,
}
