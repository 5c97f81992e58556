"""One SAE of each of the nine formats, normalised where the format can: how it is written, what is set."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from sae.interop.test_reading import (
    B_ENC,
    DEC,
    DIM,
    ENC,
    GEMMA,
    LENS,
    OPENAI_TOP,
    SPARSIFY,
    SPARSIFY_CFG,
    THRESHOLD,
    WIDTH,
    dictionary,
    lens,
    save,
    script,
)

Writer = Callable[[Path], Path]


def openai(folder: Path) -> Path:
    return save(folder, "8.pt", OPENAI_TOP)


def saelens(folder: Path) -> Path:
    return lens(
        folder,
        {**LENS, "threshold": THRESHOLD},
        architecture="jumprelu",
        normalize_activations="constant_norm_rescale",
        metadata={"sae_lens_version": "6.54.12", "hook_name": "blocks.8.hook_resid_pre"},
    )


def saelens_legacy(folder: Path) -> Path:
    flat = {
        "d_in": DIM,
        "d_sae": WIDTH,
        "normalize_activations": True,
        "hook_point": "blocks.8.hook_resid_pre",
    }
    return save(folder, "sae_weights.safetensors", LENS, flat, "cfg.json")


def dictionary_learning(folder: Path) -> Path:
    return dictionary(folder, "BatchTopKSAE")


def sparsify(folder: Path) -> Path:
    return save(folder, "sae.safetensors", SPARSIFY, SPARSIFY_CFG, "cfg.json")


def gemma_scope(folder: Path) -> Path:
    inner = folder / "layer_20" / "width_16k" / "average_l0_9"
    inner.mkdir(parents=True)
    return save(inner, "params.npz", GEMMA)


def gemma_scope_2(folder: Path) -> Path:
    weights = {"w_enc": GEMMA["W_enc"], "w_dec": GEMMA["W_dec"]}
    weights |= {key: GEMMA[key] for key in ("b_enc", "b_dec", "threshold")}
    return save(folder, "params.safetensors", weights, {"architecture": "jump_relu", "l0": 9})


def batchtopk(folder: Path) -> Path:
    save_to = script(folder, "batchtopk", threshold=torch.tensor(0.8))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"input_unit_norm": True}))
    return save_to


def overcomplete(folder: Path) -> Path:
    weights = {
        "encoder.final_block.0.weight": ENC,
        "encoder.final_block.0.bias": B_ENC,
        "dictionary._weights": DEC / DEC.norm(dim=1, keepdim=True),
        "dictionary.multiplier": torch.tensor(0.3),
    }
    return save(folder, "weights.pt", weights)


NINE: dict[str, tuple[Writer, dict[str, Any]]] = {
    "openai": (openai, {}),
    "saelens": (saelens, {}),
    "saelens-legacy": (saelens_legacy, {"scale": 2.0}),
    "dictionary-learning": (dictionary_learning, {}),
    "sparsify": (sparsify, {}),
    "gemma-scope": (gemma_scope, {}),
    "gemma-scope-2": (gemma_scope_2, {}),
    "batchtopk": (batchtopk, {}),
    "overcomplete": (overcomplete, {"architecture": "topk", "k": 3}),
}
