"""SAELens before version 6: the same files with flat configurations of the whole training run.

Keys were renamed over the years, the architecture could be missing (it meant standard), and Top-K hid in the
activation function. Weights decide in the end: an unknown weight is refused, so a threshold cannot be
dropped.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop._format import Format, table, value
from geosae.sae.interop._tensors import refuse_unknown, widened
from geosae.sae.interop.card import PLACES
from geosae.sae.interop.record import Imported
from geosae.sae.interop.saelens import SETTINGS, interpreted, recognised, refuse_architecture, version_of

READ = ("architecture", "d_in", "d_sae", "dtype", "device", "apply_b_dec_to_input", "normalize_activations",
        "reshape_activations", "activation_fn", "activation_fn_str", "activation_fn_kwargs", "hook_point",
        "hook_name", "finetuning_scaling_factor", "is_transcoder", "d_out", "metadata", "sae_lens_version",
        "rescale_acts_by_decoder_norm", *PLACES)  # fmt: skip


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return recognised(checkpoint) and version_of(checkpoint.config) < 6


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    config = checkpoint.config
    unread = tuple(sorted(set(config) - set(READ)))
    out = config.get("d_out")
    if config.get("is_transcoder") or out not in (None, config.get("d_in")):
        raise InvalidInput("cfg.json: a transcoder, which maps one place of a network to another")
    modern = replace(_folded(checkpoint), config=_modern(config))
    return interpreted(modern, settings, "saelens-legacy", unread)


def _modern(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what matters of a flat configuration, under today's names."""
    architecture = value(config, "architecture", str, "cfg.json", "standard")
    refuse_architecture(architecture)
    function = config.get("activation_fn_str") or config.get("activation_fn") or "relu"
    arguments = table(config, "activation_fn_kwargs", "cfg.json")
    modern: dict[str, Any] = {"d_in": config.get("d_in"), "d_sae": config.get("d_sae")}
    modern |= {key: config[key] for key in PLACES if key in config}
    if function == "topk" and architecture in ("standard", "topk"):
        refuse_unknown(arguments, ("k",), "cfg.json: activation_fn_kwargs entry")
        architecture, modern["k"] = "topk", value(arguments, "k", int, "cfg.json: activation_fn_kwargs")
    elif function != "relu" or architecture in ("topk", "abstopk"):
        raise InvalidInput(
            f"cfg.json: the activation function {function!r} does not go with the architecture "
            f"'{architecture}'",
            remedy="with architecture 'standard', relu and topk are known; with the others, relu",
        )
    else:
        refuse_unknown(arguments, (), "cfg.json: activation_fn_kwargs entry")
    hook = str(config.get("hook_point") or config.get("hook_name") or "")
    flag = config.get("normalize_activations")
    # A boolean in the first versions, for the only normalisation there was.
    scaled = {True: "expected_average_only_in", False: "none", None: "none"}
    return modern | {
        "architecture": architecture,
        "apply_b_dec_to_input": value(config, "apply_b_dec_to_input", bool, "cfg.json", True),
        "rescale_acts_by_decoder_norm": value(
            config, "rescale_acts_by_decoder_norm", bool, "cfg.json", False
        ),
        "normalize_activations": scaled[flag] if flag is None or isinstance(flag, bool) else flag,
        "reshape_activations": config.get("reshape_activations")
        or ("hook_z" if "hook_z" in hook else "none"),
    }


def _folded(checkpoint: CheckpointFiles) -> CheckpointFiles:
    """Return the files with a finetuning factor per neuron folded into the decoder, as SAELens applied it."""
    tensors = dict(checkpoint.tensors)
    factor = tensors.pop("scaling_factor", None)
    if factor is None or bool((factor == 1).all()):
        return replace(checkpoint, tensors=tensors)
    if not value(checkpoint.config, "finetuning_scaling_factor", bool, "cfg.json", False):
        raise InvalidInput(
            "the weights hold a scaling_factor other than 1, and cfg.json does not say that it is to be used",
            remedy="SAELens refuses this file too: ask its authors",
        )
    decoder = tensors.get("W_dec", torch.zeros(0))
    if factor.ndim != 1 or decoder.ndim != 2 or decoder.shape[0] != len(factor):
        raise InvalidInput(f"scaling_factor has shape {tuple(factor.shape)}, W_dec {tuple(decoder.shape)}")
    return replace(checkpoint, tensors={**tensors, "W_dec": widened(decoder) * widened(factor)[:, None]})


FORMAT = Format("saelens-legacy", "SAELens before 6", _recognises, _read, SETTINGS)
