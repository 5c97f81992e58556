"""dictionary_learning: ae.pt (or checkpoints/ae_{step}.pt) and config.json; a class per architecture.

Package dictionary-learning (saprmarks/dictionary_learning). Weights are taken as stored: the package itself
rescales decoders of its class AutoEncoder to norm 1 when it loads them, which changes the scale of
activations and nothing else.
"""

from collections.abc import Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.notebook import short_text
from geosae.sae.gates import BatchTopK, Gate, Gated, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, table, value, whole_k
from geosae.sae.interop._tensors import NamedTensors, assemble, tensors
from geosae.sae.interop.card import PLACES, Card, number_in, place_in
from geosae.sae.interop.normalisation import NONE
from geosae.sae.interop.record import Imported, Source
from geosae.storage.files import file_hash, read_json

LINEAR = {"encoder.weight": "width dim", "decoder.weight": "dim width"}
PLAIN = {"W_enc": "dim width", "W_dec": "width dim", "b_enc": "width", "b_dec": "dim"}
COUNTED = {**LINEAR, "encoder.bias": "width", "b_dec": "dim", "k": "", "threshold": ""}
SHAPES: dict[str, dict[str, str]] = {
    "AutoEncoder": {**LINEAR, "encoder.bias": "width", "bias": "dim"},
    "AutoEncoderNew": {**LINEAR, "encoder.bias": "width", "decoder.bias": "dim"},
    "AutoEncoderTopK": COUNTED,
    "BatchTopKSAE": COUNTED,
    "MatryoshkaBatchTopKSAE": {**PLAIN, "k": "", "threshold": ""},
    "JumpReluAutoEncoder": {**PLAIN, "threshold": "width"},
    "GatedAutoEncoder": {
        **LINEAR,
        "decoder_bias": "dim",
        "gate_bias": "width",
        "mag_bias": "width",
        "r_mag": "width",
    },
}
# What the package's evaluation writes beside the weights.
EVALUATION = "eval_results.json"
# Older versions of the package kept these in the configuration only.
LATER = ("k", "threshold")


def _recognises(checkpoint: CheckpointFiles) -> bool:
    trainer = checkpoint.config.get("trainer")
    if isinstance(trainer, Mapping):
        return "dict_class" in trainer
    names = set(checkpoint.tensors)
    return (set(LINEAR) <= names and "pre_bias" not in names) or {"W_enc", "group_sizes"} <= names


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    trainer = table(checkpoint.config, "trainer", "config.json")
    _refuse_transcoder(checkpoint)
    name = _class(checkpoint, trainer, settings)
    inert = ("group_sizes",) if name == "MatryoshkaBatchTopKSAE" else ()
    optional = LATER if "k" in SHAPES[name] else ()
    sizes = {
        ours: value(trainer, theirs, int, "config.json")
        for ours, theirs in (("dim", "activation_dim"), ("width", "dict_size"))
        if trainer.get(theirs) is not None
    }
    weights = tensors(checkpoint, SHAPES[name], optional=optional, inert=inert, **sizes)
    gate, extra, notes = _gate(name, checkpoint, weights, trainer)
    linear = "encoder.weight" in weights
    b_enc = {
        "MatryoshkaBatchTopKSAE": "b_enc",
        "JumpReluAutoEncoder": "b_enc",
        "GatedAutoEncoder": "gate_bias",
    }
    b_dec = {"AutoEncoder": "bias", "AutoEncoderNew": "decoder.bias", "GatedAutoEncoder": "decoder_bias"}
    out = weights[b_dec.get(name, "b_dec")]
    sae = assemble(
        gate,
        encoder=weights["encoder.weight"] if linear else weights["W_enc"].T,
        b_enc=weights[b_enc.get(name, "encoder.bias")],
        decoder=weights["decoder.weight"].T if linear else weights["W_dec"],
        b_dec=out,
        b_pre=None if name in ("AutoEncoderNew", "JumpReluAutoEncoder") else out,
        **extra,
    )
    interpreted = {"dict_class", "activation_dim", "dict_size", "k", "target_l0", *PLACES}
    unread = tuple(sorted(set(trainer) - interpreted))
    card, evaluation = _card(checkpoint, gate, trainer)
    source = Source("dictionary-learning", name, (*checkpoint.files, *evaluation), unread)
    return Imported(sae, NONE, source, (*weights.notes, *notes), card)


def _card(
    checkpoint: CheckpointFiles, gate: Gate, trainer: Mapping[str, Any]
) -> tuple[Card, tuple[tuple[str, str], ...]]:
    """Return what was measured where the evaluation lies beside the weights, else what was aimed at."""
    place = place_in(trainer)
    file = checkpoint.weights_file.parent / EVALUATION
    record = read_json(file) if file.is_file() else {}
    if isinstance(record, Mapping) and record:
        l0, explained = number_in(record, "l0"), number_in(record, "frac_variance_explained")
        card = Card(
            l0=None if l0 is None else l0[0],
            l0_source="" if l0 is None else EVALUATION,
            fvu=None if explained is None else 1 - explained[0],
            fvu_source="" if explained is None else f"1 - frac_variance_explained of {EVALUATION}",
            place=place,
        )
        return card, ((EVALUATION, file_hash(file)),)
    aimed = number_in(trainer, "target_l0")
    if aimed is not None:
        return Card(aimed[0], "target_l0 of config.json", place=place), ()
    counted = gate.inner if isinstance(gate, Matryoshka) else gate
    if isinstance(counted, TopK | BatchTopK):
        return Card(counted.k, "k of the files", place=place), ()
    return Card(place=place), ()


def _refuse_transcoder(checkpoint: CheckpointFiles) -> None:
    buffer = checkpoint.config.get("buffer")
    if isinstance(buffer, Mapping) and buffer.get("io") == "in_and_out":
        raise InvalidInput(
            "config.json: the buffer's io is 'in_and_out': this is a transcoder, from a module's input to "
            "its output",
            remedy="an autoencoder is needed: x̂ must stand for x",
        )


def _class(checkpoint: CheckpointFiles, trainer: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Return the class: as the user says, as the configuration says, or as the keys leave no choice."""
    stated = settings.get("dict_class", trainer.get("dict_class"))
    names = set(checkpoint.tensors)
    if stated is None:
        able = [name for name, shapes in SHAPES.items() if set(shapes) - set(LATER) <= names]
        able = [name for name in able if names <= {*SHAPES[name], "group_sizes"}]
        if len(able) != 1:
            raise InvalidInput(
                f"{checkpoint.weights_file.name} fits "
                f"{' and '.join(able) or 'no class of dictionary_learning'}, "
                "which compute different things from the same keys",
                causes="config.json is not beside the weights",
                remedy="put it there, or say which: dict_class=…",
            )
        return able[0]
    if not isinstance(stated, str) or stated not in SHAPES:
        raise InvalidInput(
            f"dictionary_learning's class {short_text(repr(stated), 80)} is unknown here",
            remedy=f"known are {', '.join(SHAPES)}",
        )
    return stated


def _gate(
    name: str, checkpoint: CheckpointFiles, weights: NamedTensors, trainer: Mapping[str, Any]
) -> tuple[Gate, dict[str, torch.Tensor], tuple[str, ...]]:
    if name in ("AutoEncoder", "AutoEncoderNew"):
        return ReLU(), {}, ()
    if name == "JumpReluAutoEncoder":
        return JumpReLU(), {"threshold": weights["threshold"]}, ()
    if name == "GatedAutoEncoder":
        return Gated(), {"r_mag": weights["r_mag"], "b_mag": weights["mag_bias"]}, ()
    k = _k(checkpoint, weights, trainer)
    if name == "AutoEncoderTopK":
        note = "the file's threshold stands in for Top-K only on request, and is left out"
        return TopK(k), {}, (note,) if "threshold" in weights and float(weights["threshold"]) >= 0 else ()
    if "threshold" not in weights or float(weights["threshold"]) < 0:
        threshold = float(weights["threshold"]) if "threshold" in weights else "absent"
        raise InvalidInput(
            f"{checkpoint.weights_file.name}: the threshold of {name} at inference is {threshold}, so it was "
            "never set; the SAE would pass for a plain ReLU",
            causes="a checkpoint from before the trainer's threshold_start_step, or an old version of the "
            "package",
            remedy="take a later checkpoint",
        )
    gate: Gate = BatchTopK(k)
    if name == "MatryoshkaBatchTopKSAE":
        gate = _matryoshka(gate, checkpoint, weights.width)
    return gate, {"threshold": weights["threshold"].reshape(1)}, ()


def _k(checkpoint: CheckpointFiles, weights: NamedTensors, trainer: Mapping[str, Any]) -> int:
    stated: list[Any] = [weights["k"].item()] if "k" in weights else []
    stated += [trainer["k"]] if "k" in trainer else []
    if not stated or any(k != stated[0] for k in stated):
        raise InvalidInput(
            f"{checkpoint.weights_file.name} and its configuration give "
            f"{' and '.join(map(str, stated)) or 'nothing'} for k",
            causes="weights and configuration of different SAEs",
        )
    return whole_k(stated[0], checkpoint.weights_file.name, weights.width)


def _matryoshka(inner: Gate, checkpoint: CheckpointFiles, width: int) -> Gate:
    sizes = checkpoint.tensors.get("group_sizes")
    whole = sizes is not None and sizes.ndim == 1 and sizes.dtype in (torch.int32, torch.int64)
    if sizes is None or not whole or int(sizes.sum()) != width or bool((sizes <= 0).any()):
        stored = "absent" if sizes is None else short_text(str(sizes.tolist()), 80)
        raise InvalidInput(
            f"{checkpoint.weights_file.name}: group_sizes are {stored}; they must sum to {width}"
        )
    return Matryoshka(inner, tuple(float(end) / width for end in sizes.cumsum(0).tolist()))


FORMAT = Format(
    "dictionary-learning",
    "dictionary_learning (ae.pt)",
    _recognises,
    _read,
    {"dict_class": "the class, where config.json is not at hand"},
)
