"""Descriptions of files in every foreign format, made of the weights of the tests of reading."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import torch
from fuzz import shells
from sae.interop.test_reading import (
    DICTIONARY,
    GEMMA,
    LENS,
    LENS_CFG,
    OPENAI,
    OPENAI_TOP,
    SCRIPT_CFG,
    SPARSIFY,
    SPARSIFY_CFG,
)

FEW = 4
"""Numbers of a weight that stand in a description; they are repeated to its length."""


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def foreign(
    file: str,
    weights: Mapping[str, Any],
    config: Any = None,
    config_file: str = "config.json",
    **settings: Any,
) -> bytes:
    tensors = {
        name: shells.described(each, FEW) for name, each in weights.items() if isinstance(each, torch.Tensor)
    }
    entries = {name: entry for name, entry in weights.items() if name not in tensors}
    whole = {"file": file, "tensors": tensors, "entries": entries, "settings": settings}
    return text(whole if config is None else {**whole, "config": config, "config_file": config_file})


WIDTH, DIM = LENS["W_dec"].shape
FLAT = {
    "d_in": DIM,
    "d_sae": WIDTH,
    "activation_fn_str": "topk",
    "activation_fn_kwargs": {"k": 3},
    "hook_point": "z",
}
ONES, ROW = torch.ones(WIDTH), torch.full((WIDTH, DIM), DIM**-0.5)
GATED = {"b_gate": LENS["b_enc"], "b_mag": ONES, "r_mag": ONES}
OVERCOMPLETE = {
    "encoder.weight": LENS["W_dec"],
    "dictionary._weights": ROW,
    "dictionary.multiplier": torch.tensor(0.4),
}
ARCHETYPES = {
    "dictionary.W": torch.full((WIDTH, 2), 0.5),
    "dictionary.C": torch.ones(2, DIM),
    "dictionary.Relax": ROW,
    "dictionary.multiplier": torch.tensor(0.0),
    "encoder.weight": ROW,
}
LEARNED = {**LENS, "topk_threshold": torch.tensor(0.5)}


def lens(weights: Mapping[str, Any], **config: Any) -> bytes:
    return foreign("sae_weights.safetensors", weights, LENS_CFG | config, "cfg.json")


def classed(name: str, weights: Mapping[str, Any]) -> bytes:
    trainer = {"dict_class": name, "activation_dim": DIM, "dict_size": WIDTH, "k": 3}
    return foreign("ae.pt", weights, {"trainer": trainer, "buffer": {"io": "in"}})


def script(kind: str, **more: torch.Tensor) -> bytes:
    groups = {"group_sizes": "[5, 15]"} if kind.startswith("global") else {}
    return foreign("sae.pt", LENS | more, SCRIPT_CFG | groups | {"sae_type": kind})


FOREIGN: dict[str, Callable[[], list[bytes]]] = {
    "openai": lambda: [
        foreign("0.pt", {**OPENAI, "activation": "ReLU"}),
        foreign("0.pt", OPENAI_TOP),
        foreign("0.pt", OPENAI),
        foreign("0.pt", {**OPENAI_TOP, "activation.k": 3, "activation.postact_fn": "ReLU"}),
    ],
    "saelens": lambda: [
        lens(LENS),
        lens({**LENS, "threshold": ONES}, architecture="jumprelu", normalize_activations="layer_norm"),
        lens({**{k: LENS[k] for k in ("W_enc", "W_dec", "b_dec")}, **GATED}, architecture="gated"),
        lens(LENS, architecture="topk", k=3, rescale_acts_by_decoder_norm=True),
        lens(LENS, architecture="abstopk", k=3),
        lens(LEARNED, architecture="batchtopk", k=2.5),
        lens(LEARNED, architecture="matryoshka_batchtopk", k=3, matryoshka_widths=[5, 20]),
        lens(
            {k: LENS[k] for k in ("W_dec", "b_dec")},
            architecture="matching_pursuit",
            residual_threshold=0,
            stop_on_duplicate_support=False,
            max_iterations=3,
        ),
    ],
    "saelens-legacy": lambda: [
        foreign("sae_weights.safetensors", {**LENS, "scaling_factor": ONES}, FLAT, "cfg.json"),
        foreign(
            "sae_weights.safetensors",
            {**LENS, "scaling_factor": 2 * ONES},
            {"d_in": DIM, "d_sae": WIDTH, "finetuning_scaling_factor": True, "normalize_activations": True},
            "cfg.json",
            scale=2.0,
        ),
    ],
    "dictionary-learning": lambda: [
        classed("AutoEncoderTopK", DICTIONARY),
        classed("BatchTopKSAE", DICTIONARY),
        classed(
            "MatryoshkaBatchTopKSAE",
            {
                **LENS,
                "k": torch.tensor(3),
                "threshold": torch.tensor(0.8),
                "group_sizes": torch.tensor([5, 15]),
            },
        ),
        foreign("ae.pt", DICTIONARY, dict_class="BatchTopKSAE"),
        foreign("ae.pt", {**LENS, "threshold": ONES}, {"trainer": {"dict_class": "JumpReluAutoEncoder"}}),
    ],
    "sparsify": lambda: [
        foreign("sae.safetensors", SPARSIFY, SPARSIFY_CFG, "cfg.json"),
        foreign(
            "sae.safetensors",
            SPARSIFY,
            {"d_in": DIM, "num_latents": WIDTH, "k": 3, "signed": False},
            "cfg.json",
        ),
    ],
    "gemma-scope": lambda: [
        foreign("params.npz", GEMMA),
        foreign("params.npz", {k.lower(): v for k, v in GEMMA.items()}, embedding=True),
    ],
    "gemma-scope-2": lambda: [
        foreign(
            "params.safetensors",
            {k.lower(): v for k, v in GEMMA.items()},
            {"architecture": "jump_relu", "hf_hook_point_in": "model.layers.3.output", "width": WIDTH},
        ),
    ],
    "batchtopk": lambda: [
        script("vanilla"),
        script("topk"),
        script("batchtopk", threshold=torch.tensor(1.5)),
        script("global-matryoshka-topk", threshold=torch.tensor(0.7)),
        script("jumprelu", **{"jumprelu.log_threshold": ONES}),
    ],
    "overcomplete": lambda: [
        foreign("w.pt", OVERCOMPLETE, architecture="topk", k=3),
        foreign("w.pt", {**OVERCOMPLETE, "thresholds": ONES}),
        foreign(
            "w.pt",
            {**OVERCOMPLETE, "dictionary._weights": 2 * ROW},
            architecture="relu",
            normalization="max_l1",
        ),
        foreign("w.pt", ARCHETYPES, architecture="batchtopk", k=3, threshold=0.5),
    ],
}
