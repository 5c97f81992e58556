"""SAELens from version 6 on: cfg.json and sae_weights.safetensors; every architecture that is an autoencoder.

Package sae-lens (decoderesearch/SAELens). W_enc is (dim, width) and W_dec (width, dim). Folders of training
checkpoints are read too: BatchTopK and Matryoshka with their learned threshold.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

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
from geosae.sae.interop._checkpoint_files import CheckpointFiles, read_files
from geosae.sae.interop._format import Format, value, whole_k
from geosae.sae.interop._tensors import NamedTensors, assemble, refuse_unknown, tensors
from geosae.sae.interop.card import Card, number_in, place_in, sum_of_rates
from geosae.sae.interop.normalisation import NONE, ConstantFactor, ConstantNorm, LayerNorm, Normalisation
from geosae.sae.interop.record import Imported, Source
from geosae.storage.files import file_hash, read_json

Config: TypeAlias = Mapping[str, Any]
GateAndWeights: TypeAlias = tuple[Gate, dict[str, torch.Tensor]]
"""A gate, and the weights that it adds to those of encoder and decoder."""

# Keys of cfg.json that every architecture has.
COMMON = ("architecture", "d_in", "d_sae", "dtype", "device", "apply_b_dec_to_input", "normalize_activations",
          "reshape_activations", "metadata", "sae_lens_version")  # fmt: skip
# Keys of training configurations, which say how an SAE came about and not what it computes.
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
SCALER, SPARSITY = "activation_scaler.json", "sparsity.safetensors"
SETTINGS = {"scale": "the factor by which points were multiplied, for expected_average_only_in"}


# The gate of each architecture


def _standard(config: Config, weights: NamedTensors) -> GateAndWeights:
    return ReLU(), {}


def _topk(config: Config, weights: NamedTensors) -> GateAndWeights:
    return TopK(whole_k(config.get("k"), "cfg.json", weights.width)), {}


def _abstopk(config: Config, weights: NamedTensors) -> GateAndWeights:
    return AbsTopK(whole_k(config.get("k"), "cfg.json", weights.width)), {}


def _jumprelu(config: Config, weights: NamedTensors) -> GateAndWeights:
    return JumpReLU(), {"threshold": weights["threshold"]}


def _gated(config: Config, weights: NamedTensors) -> GateAndWeights:
    return Gated(), {"r_mag": weights["r_mag"], "b_mag": weights["b_mag"]}


def _batchtopk(config: Config, weights: NamedTensors) -> GateAndWeights:
    threshold = weights["topk_threshold"].reshape(1)
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
        return JumpReLU(), {"threshold": threshold.expand(weights.width)}
    return BatchTopK(whole_k(k, "cfg.json", weights.width)), {"threshold": threshold}


def _matryoshka(config: Config, weights: NamedTensors) -> GateAndWeights:
    inner, extra = _batchtopk(config, weights)
    prefixes = config.get("matryoshka_widths")
    whole = isinstance(prefixes, list) and all(isinstance(each, int) and each > 0 for each in prefixes)
    if not isinstance(prefixes, list) or not whole or not prefixes or max(prefixes) > weights.width:
        raise InvalidInput(f"cfg.json: matryoshka_widths are {prefixes!r}, with {weights.width} neurons")
    shares = tuple(each / weights.width for each in sorted({*prefixes, weights.width}))
    return Matryoshka(inner, shares), extra


def _pursuit(config: Config, weights: NamedTensors) -> GateAndWeights:
    if value(config, "residual_threshold", float, "cfg.json", 1e-2) > 0:
        raise InvalidInput(
            "cfg.json: residual_threshold is above 0: pursuit stops where the residual is short, and the "
            "gate here takes a fixed number of steps (the residual's norm is no function of the "
            "pre-activations)",
            remedy="export it with residual_threshold=0, if stopping early is of no importance",
        )
    if value(config, "stop_on_duplicate_support", bool, "cfg.json", True):
        raise InvalidInput(
            "cfg.json: stop_on_duplicate_support is true: pursuit stops once no new neuron is taken, and "
            "the gate here takes a fixed number of steps",
        )
    if config.get("max_iterations") is None:
        return MatchingPursuit(weights.dim), {}
    return MatchingPursuit(value(config, "max_iterations", int, "cfg.json")), {}


# The table of architectures


class Architecture(NamedTuple):
    """What SAELens stores for one of its architectures, and which gate computes the same.

    Parameters
    ----------
    gate
        From the configuration and the weights to the gate.
    shapes
        The documented shape of every weight.
    keys
        The keys of cfg.json that are the architecture's own.
    """

    gate: Callable[[Config, NamedTensors], GateAndWeights]
    shapes: Mapping[str, str]
    keys: tuple[str, ...] = ()


ENCODED = {"W_enc": "dim width", "W_dec": "width dim", "b_enc": "width", "b_dec": "dim"}
GATED = {
    "W_enc": "dim width",
    "W_dec": "width dim",
    "b_dec": "dim",
    "b_gate": "width",
    "b_mag": "width",
    "r_mag": "width",
}
K_KEYS = ("k", "rescale_acts_by_decoder_norm")
PURSUIT_KEYS = ("residual_threshold", "max_iterations", "stop_on_duplicate_support")
LEARNED = {**ENCODED, "topk_threshold": ""}
ARCHITECTURES: Mapping[str, Architecture] = {
    "standard": Architecture(_standard, ENCODED),
    "jumprelu": Architecture(_jumprelu, {**ENCODED, "threshold": "width"}),
    "gated": Architecture(_gated, GATED),
    "topk": Architecture(_topk, ENCODED, K_KEYS),
    "abstopk": Architecture(_abstopk, ENCODED, K_KEYS),
    "batchtopk": Architecture(_batchtopk, LEARNED, K_KEYS),
    "matryoshka_batchtopk": Architecture(_matryoshka, LEARNED, (*K_KEYS, "matryoshka_widths")),
    "matching_pursuit": Architecture(_pursuit, {"W_dec": "width dim", "b_dec": "dim"}, PURSUIT_KEYS),
}


# Recognising and reading


def version_of(config: Config) -> int:
    """Return the major version of SAELens that wrote a configuration; 0 where it does not say.

    Raises
    ------
    InvalidInput
        If what stands there is no version.
    """
    metadata = config.get("metadata")
    inner = metadata.get("sae_lens_version") if isinstance(metadata, Mapping) else None
    version = str(config.get("sae_lens_version") or inner or "0")
    major = version.split(".")[0]
    if not major.isdecimal() or len(major) > 9:
        raise InvalidInput(f"cfg.json: sae_lens_version is {version[:40]!r}, which is no version")
    return int(major)


def recognised(checkpoint: CheckpointFiles) -> bool:
    """Tell whether the files are SAELens', of any version."""
    decoded = "W_dec" in checkpoint.tensors and "b_dec" in checkpoint.tensors
    sized = {"d_in", "d_sae"} <= set(checkpoint.config)
    return decoded and sized and checkpoint.weights_file.suffix == ".safetensors"


def _recognises(checkpoint: CheckpointFiles) -> bool:
    return recognised(checkpoint) and version_of(checkpoint.config) >= 6


def _read(checkpoint: CheckpointFiles, settings: Mapping[str, Any]) -> Imported:
    architecture = value(checkpoint.config, "architecture", str, "cfg.json")
    refuse_architecture(architecture)
    inert = (*TRAINING, *checkpoint.ignore)
    valid = (*COMMON, *ARCHITECTURES[architecture].keys, *inert)
    refuse_unknown(checkpoint.config, valid, "cfg.json: key")
    unread = tuple(sorted(key for key in checkpoint.config if key in inert))
    return interpreted(checkpoint, settings, "saelens", unread)


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
    if architecture not in ARCHITECTURES:
        raise InvalidInput(
            f"cfg.json: the architecture {architecture!r} is unknown here",
            remedy=f"known are {', '.join(ARCHITECTURES)}",
        )


def interpreted(
    checkpoint: CheckpointFiles, settings: Mapping[str, Any], name: str, unread: tuple[str, ...]
) -> Imported:
    """Return the SAE of a configuration whose keys have been checked.

    Raises
    ------
    InvalidInput
        If a value or a weight does not fit, or asks for something that no gate here does.
    """
    config, architecture = checkpoint.config, str(checkpoint.config["architecture"])
    notes: list[str] = []
    reshaped = value(config, "reshape_activations", str, "cfg.json", "none")
    if reshaped == "hook_z":
        notes.append("points are the activations of all heads of a layer, one after another")
    elif reshaped != "none":
        raise InvalidInput(f"cfg.json: reshape_activations is {reshaped!r}, which is unknown here")
    normalisation, scaler_files = normalisation_of(checkpoint, settings)
    form = ARCHITECTURES[architecture]
    weights = tensors(
        checkpoint,
        form.shapes,
        dim=value(config, "d_in", int, "cfg.json"),
        width=value(config, "d_sae", int, "cfg.json"),
    )
    subtracts = value(config, "apply_b_dec_to_input", bool, "cfg.json", True)
    decoder, b_dec = weights["W_dec"], weights["b_dec"]
    gate, extra = form.gate(config, weights)
    if architecture == "matching_pursuit":
        encoder, b_enc = decoder, None
        # This architecture adds b_dec at the end only if it was subtracted at the start.
        b_dec = b_dec if subtracts else torch.zeros_like(b_dec)
    else:
        encoder, b_enc = weights["W_enc"].T, weights["b_gate" if architecture == "gated" else "b_enc"]
    if value(config, "rescale_acts_by_decoder_norm", bool, "cfg.json", False) and "k" in form.keys:
        encoder, b_enc, decoder = _rescaled(encoder, weights["b_enc"], decoder)
        notes.append("rescale_acts_by_decoder_norm: decoder norms folded into the encoder, atoms have norm 1")
    sae = assemble(
        gate, encoder=encoder, b_enc=b_enc, decoder=decoder, b_dec=b_dec,
        b_pre=b_dec if subtracts else None, **extra,
    )  # fmt: skip
    card, sparsity_files = _card(checkpoint)
    source = Source(name, architecture, (*checkpoint.files, *scaler_files, *sparsity_files), unread)
    return Imported(sae, normalisation, source, (*weights.notes, *notes), card)


def _card(checkpoint: CheckpointFiles) -> tuple[Card, tuple[tuple[str, str], ...]]:
    """Return what was measured where the sparsities lie beside the weights, else what was aimed at."""
    config, metadata = checkpoint.config, checkpoint.config.get("metadata")
    place = place_in(config, metadata if isinstance(metadata, Mapping) else {})
    file = checkpoint.weights_file.parent / SPARSITY
    if file.is_file():
        rates = read_files(file).tensors
        if set(rates) != {"sparsity"}:
            raise InvalidInput(
                f"{SPARSITY} holds {', '.join(sorted(rates)) or 'nothing'}, not sparsity alone"
            )
        # The file holds log10 of the rate at which each neuron fired.
        l0 = sum_of_rates(
            10.0 ** rates["sparsity"].double(), value(config, "d_sae", int, "cfg.json"), SPARSITY
        )
        return Card(l0, f"rates of {SPARSITY}", place=place), ((SPARSITY, file_hash(file)),)
    stated = number_in(config, "k", "target_l0", "max_iterations")
    if stated is None:
        return Card(place=place), ()
    return Card(stated[0], f"{stated[1]} of cfg.json", place=place), ()


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


# Normalisation


def normalisation_of(
    checkpoint: CheckpointFiles, settings: Mapping[str, Any]
) -> tuple[Normalisation, tuple[tuple[str, str], ...]]:
    """Return the normalisation, and name and SHA-256 of the file of its factor where it was read from one.

    Raises
    ------
    InvalidInput
        If it is unknown, or its numbers are not in the files.
    """
    kind = value(checkpoint.config, "normalize_activations", str, "cfg.json", "none")
    if "scale" in settings and kind != "expected_average_only_in":
        raise InvalidInput(f"cfg.json: normalize_activations is '{kind}', which takes no scale")
    if kind in ("none", "layer_norm", "constant_norm_rescale"):
        return {"none": NONE, "layer_norm": LayerNorm(), "constant_norm_rescale": ConstantNorm()}[kind], ()
    if kind == "expected_average_only_in":
        return _factor(checkpoint, settings)
    reason = (
        "points are whitened by a matrix that the weights do not hold; SAELens folds it in when it exports"
        if kind == "covariance_whitening"
        else "it is unknown here"
    )
    raise InvalidInput(f"cfg.json: normalize_activations is '{kind}', which cannot be read: {reason}")


def _factor(
    checkpoint: CheckpointFiles, settings: Mapping[str, Any]
) -> tuple[Normalisation, tuple[tuple[str, str], ...]]:
    if "scale" in settings:
        return ConstantFactor(value(settings, "scale", float, "settings")), ()
    scaler = checkpoint.weights_file.parent / SCALER
    entries = read_json(scaler) if scaler.is_file() else {}
    factor = entries.get("scaling_factor") if isinstance(entries, Mapping) else None
    if factor is None:
        raise InvalidInput(
            "cfg.json: normalize_activations is 'expected_average_only_in', so the SAE reads points times "
            "√n over their mean norm, and no file tells that factor",
            causes="weights saved before the factor was folded into them",
            remedy="give it: scale=√n / (mean norm of the points the SAE was trained on)",
        )
    factor = value({"scaling_factor": factor}, "scaling_factor", float, SCALER)
    return ConstantFactor(factor), ((SCALER, file_hash(scaler)),)


FORMAT = Format("saelens", "SAELens 6 and later", _recognises, _read, SETTINGS)
