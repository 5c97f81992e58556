"""Sparse linear superposition: the world of the linear representation hypothesis, with its directions kept.

Elhage et al., Toy models of superposition (2022), arXiv 2209.10652.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.truth import ConceptTruth
from geosae.geometry._door import InvalidInput
from geosae_synthetic.drawn import Drawn
from geosae_synthetic.placing import frame
from geosae_synthetic.spec import Parameter, World

# Rows drawn at a time: the sizes of the blocks are part of what the seed fixes.
_BLOCK = 16_384


def _rates(params: Mapping[str, Any]) -> Float[np.ndarray, "M"]:
    """Return each feature's firing probability: Zipf's law with the given mean."""
    weights = np.arange(1, params["features"] + 1, dtype=np.float64) ** -params["zipf"]
    rates = params["rate"] * weights / weights.mean()
    if rates.max() > 1:
        raise InvalidInput(
            f"superposition: a mean rate of {params['rate']:g} with zipf = {params['zipf']:g} asks the "
            "first feature to "
            f"fire with probability {rates.max():.3g}",
            remedy=f"use rate ≤ {params['rate'] / rates.max():.4f}, or a smaller zipf",
        )
    return rates


def _directions(params: Mapping[str, Any], dim: int, rng: np.random.Generator) -> Float[np.ndarray, "M n"]:
    count = params["features"]
    if params["directions"] == "orthonormal":
        if count > dim:
            raise InvalidInput(
                f"superposition: {count} orthonormal directions do not exist in dimension {dim}",
                remedy="use directions='random', or dim ≥ features",
            )
        return frame(dim, rng)[:count]
    drawn = rng.standard_normal((count, dim))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _fires(
    size: int, rates: Float[np.ndarray, "M"], params: Mapping[str, Any], rng: np.random.Generator
) -> Bool[np.ndarray, "k M"]:
    fires = rng.random((size, len(rates))) < rates
    pairs = params["pairs"]
    if pairs:
        # Feature pairs + i is the child of feature i: it fires only where its parent does.
        coins = rng.random((size, pairs)) < params["child_rate"]
        fires[:, pairs : 2 * pairs] = fires[:, :pairs] & coins
    return fires


def _superposition(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> Drawn:
    count, pairs, low, high = params["features"], params["pairs"], params["low"], params["high"]
    if 2 * pairs > count:
        raise InvalidInput(f"superposition: {pairs} pairs need at least {2 * pairs} features, not {count}")
    if low > high:
        raise InvalidInput(f"superposition: magnitudes from {low:g} to {high:g} are an empty range")
    rates, directions = _rates(params), _directions(params, dim, rng)
    cloud, membership = np.empty((points, dim)), np.empty((points, count), dtype=bool)
    for start in range(0, points, _BLOCK):
        rows = slice(start, min(start + _BLOCK, points))
        size = rows.stop - start
        membership[rows] = _fires(size, rates, params, rng)
        magnitudes = rng.uniform(low, high, (size, count)) * membership[rows]
        cloud[rows] = magnitudes @ directions + params["noise"] * rng.standard_normal((size, dim))
    names = tuple(f"feature {i + 1}" for i in range(count))
    clean = params["directions"] == "orthonormal" and params["noise"] == 0
    truth = ConceptTruth(one_neuron=True, unit=True, smallest_unit=1) if clean else ConceptTruth()
    overlap = np.abs(directions @ directions.T - np.eye(count))
    return Drawn(
        cloud,
        membership,
        names,
        truth=(truth,) * count,
        subsets=tuple((names[pairs + i], names[i]) for i in range(pairs)),
        directions=directions,
        facts={
            "rates": rates.tolist(),
            "largest_overlap": float(overlap.max()),
            "mean_largest_overlap": float(overlap.max(axis=1).mean()),
        },
    )


WORLDS = (
    World(
        name="superposition",
        summary="x = Σ sᵢ·mᵢ·dᵢ + noise: sparse features along unit directions dᵢ, more of them than "
        "dimensions.",
        steps=(
            "Draw the M directions: independent uniform on the unit sphere, or the rows of a random "
            "orthonormal frame.",
            "Feature i fires (sᵢ = 1) with probability ∝ i^−zipf, `rate` on average, independently of the "
            "others.",
            "The first `pairs` features are parents: feature pairs + i fires iff feature i does and a "
            "coin of "
            "probability `child_rate` says so (its own rate is not used).",
            "Magnitudes mᵢ are uniform on [low, high], independent; normal noise is added to every "
            "coordinate.",
            "Concept i is the set of the points on which feature i fires; its direction is kept.",
        ),
        distribution="Independent points as constructed; no background.",
        truth="With orthonormal directions and no noise S1 and S3 hold and m* = 1 (⟨dᵢ, x⟩ is mᵢ or 0); "
        "otherwise nothing "
        "is known in closed form. No regions: concepts are events of the latent variables, not sets of Rⁿ.",
        parameters=(
            Parameter("features", 32, "number M of features", low=1, high=65536),
            Parameter(
                "rate", 0.05, "mean firing probability", unit="probability", low=0, high=1, open_low=True
            ),
            Parameter("zipf", 0.0, "exponent of the firing probabilities, 0 makes them equal", low=0, high=4),
            Parameter("low", 0.5, "least magnitude", low=0, open_low=True),
            Parameter("high", 1.5, "largest magnitude", low=0, open_low=True),
            Parameter("noise", 0.01, "standard deviation of the noise in each coordinate", low=0),
            Parameter("pairs", 0, "number of parent and child pairs", low=0),
            Parameter(
                "child_rate",
                0.5,
                "probability that a child fires when its parent does",
                unit="probability",
                low=0,
                high=1,
                open_low=True,
                open_high=True,
            ),
            Parameter(
                "directions", "random", "how the directions are drawn", choices=("random", "orthonormal")
            ),
        ),
        build=_superposition,
    ),
)
