"""SAELens from version 6 on: cfg.json and sae_weights.safetensors; every architecture that is an autoencoder.

Package sae-lens (decoderesearch/SAELens). W_enc is (dim, width) and W_dec (width, dim). Folders of training
checkpoints are read too: BatchTopK and Matryoshka with their learned threshold.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from geosae.errors import InvalidInput
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
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._found import Found, sha256
from geosae.sae.interop._take import Taken, assemble, refuse_unknown, take
from geosae.sae.interop.normalisation import NONE, ConstantFactor, ConstantNorm, LayerNorm, Normalisation
from geosae.sae.interop.record import Imported, Source
from geosae.storage.files import read_json

SCALER = "activation_scaler.json"


def normalisation_of(
    found: Found, settings: Mapping[str, Any]
) -> tuple[Normalisation, tuple[tuple[str, str], ...]]:
    """Return the normalisation, and name and SHA-256 of a further file that told it.

    Raises
    ------
    InvalidInput
        If it is unknown, or its numbers are not in the files.
    """
    kind = value(found.config, "normalize_activations", str, "cfg.json", "none")
    if "scale" in settings and kind != "expected_average_only_in":
        raise InvalidInput(f"cfg.json: normalize_activations is '{kind}', which takes no scale")
    if kind in ("none", "layer_norm", "constant_norm_rescale"):
        return {"none": NONE, "layer_norm": LayerNorm(), "constant_norm_rescale": ConstantNorm()}[kind], ()
    if kind == "expected_average_only_in":
        return _factor(found, settings)
    reason = (
        "points are whitened by a matrix that the weights do not hold; SAELens folds it in when it exports"
        if kind == "covariance_whitening"
        else "it is unknown here"
    )
    raise InvalidInput(f"cfg.json: normalize_activations is '{kind}', which cannot be read: {reason}")


def _factor(found: Found, settings: Mapping[str, Any]) -> tuple[Normalisation, tuple[tuple[str, str], ...]]:
    if "scale" in settings:
        return ConstantFactor(value(settings, "scale", float, "settings")), ()
    beside = found.weights_file.parent / SCALER
    held = read_json(beside) if beside.is_file() else {}
    factor = held.get("scaling_factor") if isinstance(held, Mapping) else None
    if factor is None:
        raise InvalidInput(
            "cfg.json: normalize_activations is 'expected_average_only_in', so the SAE reads points times "
            "√n over "
            "their mean norm, and no file tells that factor",
            causes="weights saved before the factor was folded into them",
            remedy="give it: scale=√n / (mean norm of the points the SAE was trained on)",
        )
    factor = value({"scaling_factor": factor}, "scaling_factor", float, SCALER)
    return ConstantFactor(factor), ((SCALER, sha256(beside)),)


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


COMMON = ("architecture", "d_in", "d_sae", "dtype", "device", "apply_b_dec_to_input", "normalize_activations",
          "reshape_activations", "metadata", "sae_lens_version")  # fmt: skip
K = ("k", "rescale_acts_by_decoder_norm")
OWN: dict[str, tuple[str, ...]] = {
    "standard": (),
    "jumprelu": (),
    "gated": (),
    "topk": K,
    "abstopk": K,
    "batchtopk": K,
    "matryoshka_batchtopk": (*K, "matryoshka_widths"),
    "matching_pursuit": ("residual_threshold", "max_iterations", "stop_on_duplicate_support"),
}
# Fields of the training configurations that change how an SAE came about, not what it computes.
TRAINING = ("decoder_init_norm", "l1_coefficient", "lp_norm", "l1_warm_up_steps", "use_sparse_activations",
            "aux_loss_coefficient", "jumprelu_init_threshold", "jumprelu_bandwidth",
            "jumprelu_sparsity_loss_mode", "jumprelu_tanh_scale", "jumprelu_ste_to_input",
            "l0_coefficient", "l0_warm_up_steps", "pre_act_loss_coefficient", "target_l0",
            "topk_threshold_lr", "use_matryoshka_aux_loss")  # fmt: skip
REFUSED = {
    **dict.fromkeys(
        ("transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"),
        "a transcoder maps one place of a network to another, so x̂ does not stand for x",
    ),
    "temporal": "its codes depend on the other points of a sequence, so no neuron is a function of one point",
}
ENCODED = {"W_enc": "dim width", "W_dec": "width dim", "b_enc": "width", "b_dec": "dim"}
SHAPES: dict[str, dict[str, str]] = {
    "standard": ENCODED,
    "topk": ENCODED,
    "abstopk": ENCODED,
    "jumprelu": {**ENCODED, "threshold": "width"},
    "batchtopk": {**ENCODED, "topk_threshold": ""},
    "matryoshka_batchtopk": {**ENCODED, "topk_threshold": ""},
    "gated": {
        "W_enc": "dim width",
        "W_dec": "width dim",
        "b_dec": "dim",
        "b_gate": "width",
        "b_mag": "width",
        "r_mag": "width",
    },
    "matching_pursuit": {"W_dec": "width dim", "b_dec": "dim"},
}


def version_of(config: Mapping[str, Any]) -> int:
    """Return the major version of SAELens that wrote a configuration; 0 where it does not say."""
    metadata = config.get("metadata")
    inner = metadata.get("sae_lens_version") if isinstance(metadata, Mapping) else None
    told = str(config.get("sae_lens_version") or inner or "0")
    head = told.split(".")[0]
    if not head.isdecimal():
        raise InvalidInput(f"cfg.json: sae_lens_version is {told!r}, which is no version")
    return int(head)


def recognised(found: Found) -> bool:
    """Tell whether the files are SAELens', of any version."""
    plain = "W_dec" in found.tensors and "b_dec" in found.tensors
    return plain and {"d_in", "d_sae"} <= set(found.config) and found.weights_file.suffix == ".safetensors"


def _recognises(found: Found) -> bool:
    return recognised(found) and version_of(found.config) >= 6


def _read(found: Found, settings: Mapping[str, Any]) -> Imported:
    architecture = value(found.config, "architecture", str, "cfg.json")
    refuse_architecture(architecture)
    known = (*COMMON, *OWN[architecture], *TRAINING, *found.ignore)
    refuse_unknown(found.config, known, "cfg.json: key")
    unread = tuple(sorted(key for key in found.config if key in (*TRAINING, *found.ignore)))
    return interpreted(found, settings, "saelens", unread)


def refuse_architecture(architecture: str) -> None:
    """Refuse an architecture that is no autoencoder, or that is unknown.

    Raises
    ------
    InvalidInput
        If it is one.
    """
    if architecture in REFUSED:
        raise InvalidInput(
            f"cfg.json: the architecture '{architecture}' cannot be read: {REFUSED[architecture]}"
        )
    if architecture not in OWN:
        raise InvalidInput(
            f"cfg.json: the architecture {architecture!r} is unknown here",
            remedy=f"known are {', '.join(OWN)}",
        )


def interpreted(found: Found, settings: Mapping[str, Any], name: str, unread: tuple[str, ...]) -> Imported:
    """Return the SAE of a configuration whose keys have been checked."""
    config, architecture = found.config, str(found.config["architecture"])
    notes: list[str] = []
    reshaped = value(config, "reshape_activations", str, "cfg.json", "none")
    if reshaped == "hook_z":
        notes.append("points are the activations of all heads of a layer, one after another")
    elif reshaped != "none":
        raise InvalidInput(f"cfg.json: reshape_activations is {reshaped!r}, which is unknown here")
    normalisation, more = normalisation_of(found, settings)
    taken = take(
        found,
        SHAPES[architecture],
        dim=value(config, "d_in", int, "cfg.json"),
        width=value(config, "d_sae", int, "cfg.json"),
    )
    subtracts = value(config, "apply_b_dec_to_input", bool, "cfg.json", True)
    decoder, b_dec = taken["W_dec"], taken["b_dec"]
    gate, extra = GATES[architecture](config, taken)
    if architecture == "matching_pursuit":
        encoder, b_enc = decoder, None
        # This architecture adds b_dec at the end only if it was subtracted at the start.
        b_dec = b_dec if subtracts else torch.zeros_like(b_dec)
    else:
        encoder, b_enc = taken["W_enc"].T, taken["b_gate" if architecture == "gated" else "b_enc"]
    if value(config, "rescale_acts_by_decoder_norm", bool, "cfg.json", False) and "k" in OWN[architecture]:
        encoder, b_enc, decoder = _rescaled(encoder, taken["b_enc"], decoder)
        notes.append("rescale_acts_by_decoder_norm: decoder norms folded into the encoder, atoms have norm 1")
    sae = assemble(
        gate, encoder=encoder, b_enc=b_enc, decoder=decoder, b_dec=b_dec,
        b_pre=b_dec if subtracts else None, **extra,
    )  # fmt: skip
    files = (*found.files, *more)
    return Imported(sae, normalisation, Source(name, architecture, files, unread), (*taken.notes, *notes))


def _rescaled(
    encoder: torch.Tensor, b_enc: torch.Tensor, decoder: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    norms = torch.linalg.vector_norm(decoder.double(), dim=1)
    if not bool((norms > 0).all()):
        raise InvalidInput(
            "rescale_acts_by_decoder_norm divides by the norms of the atoms, and one of them is 0"
        )
    lengths = norms[:, None]
    return (
        (encoder.double() * lengths).to(encoder.dtype),
        (b_enc.double() * norms).to(b_enc.dtype),
        (decoder.double() / lengths).to(decoder.dtype),
    )


SETTINGS = {"scale": "the factor by which points were multiplied, for expected_average_only_in"}
FORMAT = Format("saelens", "SAELens 6 and later", _recognises, _read, SETTINGS)
