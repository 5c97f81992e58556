"""Write SAELens' form: cfg.json and sae_weights.safetensors, in the architecture that computes the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

import geosae
from geosae.errors import InvalidInput
from geosae.sae.gates import Gate, Matryoshka
from geosae.sae.interop.normalisation import NONE, ConstantFactor, Normalisation
from geosae.sae.interop.record import Imported
from geosae.sae.model import WEIGHTS, SparseAutoencoder
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import write_atomic, write_json

# The version whose form this is; SAELens reads a configuration without a version as one from before 6.
VERSION = "6.54.12"
ARCHITECTURES = {
    "relu": "standard",
    "topk": "topk",
    "abstopk": "abstopk",
    "jumprelu": "jumprelu",
    "batchtopk": "jumprelu",
    "gated": "gated",
    "mp": "matching_pursuit",
}
NORMALISATIONS = {"none": "none", "constant_factor": "none", "layer_norm": "layer_norm",
                  "constant_norm": "constant_norm_rescale"}  # fmt: skip
Wide = dict[str, torch.Tensor]


@checked_arguments()
def write_saelens(
    sae: SparseAutoencoder | Imported,
    folder: Path | str,
    *,
    normalisation: Normalisation | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write an SAE as SAELens does when it exports for inference.

    BatchTopK becomes jumprelu with its threshold for every neuron, and Matryoshka the architecture of its
    inner gate, as in SAELens' own export. SAELens has one bias for both ends: where b_pre is neither b_dec
    nor 0, it is folded into the encoder's bias, in float64. A constant factor is folded into the weights.

    Parameters
    ----------
    normalisation
        What points pass through first, for a bare SparseAutoencoder; an imported SAE has its own.
    metadata
        Further entries of cfg.json's metadata, such as model_name and hook_name.

    Raises
    ------
    InvalidInput
        If SAELens has no architecture for the gate, or none that has this SAE's biases; if an imported SAE
        comes with another normalisation than its own.

    Examples
    --------
    >>> import json, tempfile, numpy as np
    >>> from geosae.geometry import HalfSpaces
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0]))
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_saelens(SparseAutoencoder.planted(right), folder)
    >>> json.loads((folder / "cfg.json").read_text())["architecture"]
    'standard'
    """
    if isinstance(sae, Imported):
        if normalisation not in (None, sae.normalisation):
            raise InvalidInput(
                f"the imported SAE normalises by {sae.normalisation}, not by {normalisation}",
                remedy="leave normalisation out",
            )
        sae, normalisation = sae.sae, sae.normalisation
    normalisation = NONE if normalisation is None else normalisation
    folder, gate = Path(folder), _plain(sae.gate)
    if gate.kind not in ARCHITECTURES:
        raise InvalidInput(
            f"SAELens has no architecture for the gate '{gate.kind}'",
            remedy=f"it has them for {', '.join(ARCHITECTURES)}, and for matryoshka around these",
        )
    if normalisation.kind not in NORMALISATIONS:
        raise InvalidInput(f"SAELens has no normalisation '{normalisation.kind}'")
    wide = {name: getattr(sae, name).detach().cpu().double() for name in sae.names}
    if isinstance(normalisation, ConstantFactor):
        wide = _scaled(wide, float(normalisation.factor), gate)
    tensors, subtracts = _tensors(wide, gate)
    dtype = sae.W_enc.dtype
    config = {
        "architecture": ARCHITECTURES[gate.kind],
        "d_in": sae.dim,
        "d_sae": sae.width,
        "dtype": str(dtype).removeprefix("torch."),
        "device": "cpu",
        "apply_b_dec_to_input": subtracts,
        "normalize_activations": NORMALISATIONS[normalisation.kind],
        "reshape_activations": "none",
        "metadata": {
            "sae_lens_version": VERSION,
            "written_by": f"geosae {geosae.__version__}",
            **(metadata or {}),
        },
        **_settings(gate),
    }
    stored = {name: tensor.to(dtype).contiguous() for name, tensor in tensors.items()}
    write_atomic(folder / "sae_weights.safetensors", safetensors.torch.save(stored))
    write_json(folder / "cfg.json", config)


def _plain(gate: Gate) -> Gate:
    return gate.inner if isinstance(gate, Matryoshka) else gate


def _settings(gate: Gate) -> dict[str, Any]:
    if gate.kind in ("topk", "abstopk"):
        return {"k": gate.sparsity, "rescale_acts_by_decoder_norm": False}
    if gate.kind == "mp":
        return {
            "residual_threshold": 0.0,
            "max_iterations": gate.sparsity,
            "stop_on_duplicate_support": False,
        }
    return {}


def _scaled(wide: Wide, factor: float, gate: Gate) -> Wide:
    """Return the weights that do to x what these do to factor·x."""
    if gate.kind == "mp":
        raise InvalidInput(
            "matching pursuit has one matrix for encoder and decoder, and a constant factor scales them apart"
        )
    folded = {"W_enc": factor, "W_dec": 1 / factor, "b_dec": 1 / factor, "b_pre": 1 / factor}
    return {name: tensor * folded.get(name, 1.0) for name, tensor in wide.items()}


def _tensors(wide: Wide, gate: Gate) -> tuple[Wide, bool]:
    """Return SAELens' weights, and whether b_dec is subtracted from the input."""
    w_enc, b_enc, w_dec, b_dec, b_pre = (wide[name] for name in WEIGHTS)
    tied, bare = torch.equal(b_pre, b_dec), not bool(b_pre.any())
    if gate.kind == "mp":
        if not torch.equal(w_enc, w_dec) or bool(b_enc.any()) or not tied:
            raise InvalidInput(
                "this matching pursuit has an encoder of its own, or b_pre other than b_dec; SAELens' has "
                "neither"
            )
        return {"W_dec": w_dec, "b_dec": b_dec}, True
    # What the pre-bias adds to every pre-activation, where it cannot stay in the input.
    shift = torch.zeros_like(b_enc) if tied or bare else w_enc @ b_pre
    common = {"W_enc": w_enc.T, "W_dec": w_dec, "b_dec": b_dec}
    if gate.kind == "gated":
        gain = wide["r_mag"].exp()
        gate_biases = {"b_gate": b_enc - shift, "b_mag": wide["b_mag"] - gain * shift}
        return {**common, **gate_biases, "r_mag": wide["r_mag"]}, tied and not bare
    tensors = {**common, "b_enc": b_enc - shift}
    if "threshold" in wide:
        tensors["threshold"] = wide["threshold"].expand_as(b_enc)
    return tensors, tied and not bare
