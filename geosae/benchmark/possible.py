"""What can be learned of each concept of a setting: by theory, on these points, and for nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from geosae.analysis.certified import positives_needed
from geosae.analysis.separability import ConceptSeparability, separabilities
from geosae.data.dataset import ConceptDataset
from geosae.geometry.separation.certificate import Separated
from geosae.geometry.superposition.naming import name_features
from geosae.geometry.superposition.naming_certificate import Named, Unnameable
from geosae.notebook import short_repr

ASKED = 4096
"""Separability is decided on at most so many points."""
TOLERANCE, ALPHA = 0.05, 0.05


@dataclass(frozen=True)
class Possible:
    """What can be learned of one concept, and what every SAE has of it for nothing.

    Attributes
    ----------
    concept
        Its name.
    test_points
        How many held-out points it has.
    needed
        How many it needs, so that a unit without errors is certified to separate within .05 at level .05,
        were it the only pair (E5). With fewer, no SAE can be said to have learned it.
    separable
        What separates its points from the others without an error: "neuron" (S1), "unit" (S3), "neither", or
        "–" where it holds all points or none. Decided in exact arithmetic on at most 4,096 points.
    certificate
        In words: the margin of the half-space, or how many points show that there is none.
    neuron, unit
        What is known of its region: whether some half-space, some unit separates it; None: not known.
    irreducible_error
        e_irr of its region, below which no unit that detects it comes (A1); None: not known, or no region.
    nameable
        Whether one absolute neuron names the feature on all codes of so many features (S10), with a
        certificate that was checked; None where codes are not bounded, or it is no feature.
    always, never
        The separation error of firing everywhere, and of silence: what is had for nothing.
    """

    concept: str
    test_points: int
    needed: int
    separable: Literal["neuron", "unit", "neither", "–"]
    certificate: str
    neuron: bool | None
    unit: bool | None
    irreducible_error: float | None
    nameable: bool | None
    always: float
    never: float

    __repr__ = short_repr


def possibilities(
    dataset: ConceptDataset, fit_points: int, params: Mapping[str, Any]
) -> tuple[Possible, ...]:
    """Return what can be learned of each concept of the points to fit and to test on, in this order."""
    verdicts = separabilities(dataset, np.random.default_rng(0), ASKED)
    truths = dataset.truth or (None,) * len(dataset.names)
    needed = positives_needed(TOLERANCE, ALPHA, alarms=True)
    nameable = _nameable(dataset, params)
    rows: list[Possible] = []
    for k, (name, verdict, truth) in enumerate(zip(dataset.names, verdicts, truths, strict=True)):
        held_out = dataset.membership[fit_points:, k]
        positives = int(held_out.sum())
        rows.append(
            Possible(
                concept=name,
                test_points=positives,
                needed=needed,
                separable="–" if verdict is None else _word(verdict),
                certificate=_certificate(verdict),
                neuron=None if truth is None else truth.one_neuron,
                unit=None if truth is None else truth.unit,
                irreducible_error=None if truth is None else truth.irreducible_error,
                nameable=None if nameable is None else nameable[k],
                always=(len(held_out) - positives) / positives if positives else float("nan"),
                never=1.0,
            )
        )
    return tuple(rows)


def _word(verdict: ConceptSeparability) -> Literal["neuron", "unit", "neither"]:
    word = verdict.check().possible
    return "neuron" if word == "neuron" else "unit" if word == "unit" else "neither"


def _certificate(verdict: ConceptSeparability | None) -> str:
    if verdict is None:
        return ""
    proof = verdict.one_neuron
    if isinstance(proof, Separated):
        return f"margin {proof.margin:.3g}"
    points = len(proof.points_a) + len(proof.points_b)
    inside = f", {verdict.inside} others inside its hull" if verdict.inside else ""
    return f"hulls meet in {points} points{inside}"


def _nameable(dataset: ConceptDataset, params: Mapping[str, Any]) -> tuple[bool, ...] | None:
    """Return which features one neuron names on all codes of at most `active` features (S10).

    Asked only where codes are bounded and points are sums of features without noise, and amplitudes are 1.
    """
    verdicts = naming_verdicts(dataset.directions, params)
    return None if verdicts is None else tuple(verdict.check().nameable for verdict in verdicts)


def naming_verdicts(
    directions: Float[np.ndarray, "p n"] | None, params: Mapping[str, Any]
) -> tuple[Named | Unnameable, ...] | None:
    """Return S10's verdicts on a setting's features; None where it has nothing to say of its codes."""
    bounded = params.get("active") is not None and params.get("noise") == 0.0
    if directions is None or not bounded or params.get("low") != params.get("high"):
        return None
    return tuple(name_features(np.asarray(directions, dtype=np.float64).T, params["active"]))
