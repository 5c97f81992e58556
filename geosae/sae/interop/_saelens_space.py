"""SAELens' normalize_activations as an explicit normalisation."""

from collections.abc import Mapping
from typing import Any

from geosae.data.files import read_json
from geosae.geometry._door import InvalidInput
from geosae.sae.interop._format import value
from geosae.sae.interop._found import Found, sha256
from geosae.sae.interop.normalisation import NONE, ConstantFactor, ConstantNorm, LayerNorm, Normalisation

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
