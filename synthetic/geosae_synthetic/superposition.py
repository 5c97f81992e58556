"""Sparse linear superposition: the world of the linear representation hypothesis, with its directions kept.

Elhage et al., Toy models of superposition (2022), arXiv 2209.10652.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae_synthetic.coherence import low_coherence, overlaps, tight, unit_rows
from geosae_synthetic.copula import independent, low_rank
from geosae_synthetic.features import Features
from geosae_synthetic.forest import Forest, compensated, flat, grown
from geosae_synthetic.magnitudes import LAWS, Magnitudes, alike
from geosae_synthetic.placing import frame
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample

# Rows drawn at a time: the sizes of the blocks are part of what the seed fixes.
_BLOCK = 16_384


def _rates(params: Mapping[str, Any], forest: Forest) -> Float[np.ndarray, "M"]:
    """Return each feature's firing probability: Zipf's law or the geometric one, with the given mean.

    With `active` or `paths` it is what follows from these.
    """
    if params["active"] is not None:
        return np.full(params["features"], params["active"] / params["features"])
    if params["paths"] is not None:
        return params["paths"] / len(forest.roots) * float(params["branching"]) ** -forest.level
    ranks = np.arange(params["features"], dtype=np.float64)
    if params["law"] == "zipf":
        weights = (ranks + 1) ** -params["zipf"]
    else:
        weights = (1.0 - params["decay"]) ** ranks
    rates = params["rate"] * weights / weights.mean()
    if rates.max() > 1:
        raise InvalidInput(
            f"superposition: a mean rate of {params['rate']:g} with zipf = {params['zipf']:g} or this decay "
            "asks the first feature to "
            f"fire with probability {rates.max():.3g}",
            remedy=f"use rate ≤ {params['rate'] / rates.max():.4f}, or a smaller zipf or decay",
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
    drawn = unit_rows(rng.standard_normal((count, dim)))
    if params["directions"] == "random":
        return drawn
    return tight(drawn) if params["directions"] == "tight" else low_coherence(drawn)


def _forest(params: Mapping[str, Any], rng: np.random.Generator) -> Forest:
    count, pairs = params["features"], params["pairs"]
    if params["active"] is not None:
        if params["active"] > count:
            raise InvalidInput(
                f"superposition: active = {params['active']} of {count} features cannot fire",
                remedy=f"use active ≤ {count}, or more features",
            )
        return flat(count)
    if params["paths"] is not None:
        forest = grown(count, params["roots"], params["branching"], params["depth"], 1.0, rng)
        if params["roots"] == 0 or params["paths"] > len(forest.roots):
            raise InvalidInput(
                f"superposition: {params['paths']} paths need as many trees; roots = {params['roots']}",
                remedy="say with roots, branching and depth which trees there are",
            )
        return forest
    if pairs and params["roots"]:
        raise InvalidInput("superposition: pairs and roots both say which features are parents; use one")
    if 2 * pairs > count:
        raise InvalidInput(f"superposition: {pairs} pairs need at least {2 * pairs} features, not {count}")
    if not pairs:
        depth = params["depth"] if params["roots"] else 0
        return grown(count, params["roots"], params["branching"], depth, params["exclusive"], rng)
    parent = np.full(count, -1)
    parent[pairs : 2 * pairs] = np.arange(pairs)
    return Forest(parent, np.zeros(count, dtype=bool))


def _magnitudes(params: Mapping[str, Any]) -> Magnitudes:
    law, low, high = params["magnitudes"], params["low"], params["high"]
    if low > high:
        raise InvalidInput(f"superposition: magnitudes from {low:g} to {high:g} are an empty range")
    if law == "uniform":
        return alike(law, params["features"], (low + high) / 2, (high - low) / 12**0.5)
    return alike(law, params["features"], params["magnitude"], params["spread"])


def features_of(params: Mapping[str, Any], dim: int, rng: np.random.Generator) -> Features:
    """Build the world of these parameters, which must have been admitted.

    Raises
    ------
    InvalidInput
        If the parameters contradict one another.

    Examples
    --------
    >>> from geosae_synthetic import describe
    >>> params = describe("superposition").admit(4, {"features": 8})
    >>> features_of(params, 4, np.random.default_rng(0)).directions.shape
    (8, 4)
    """
    forest, magnitudes = _forest(params, rng), _magnitudes(params)
    rates = _rates(params, forest)
    if params["active"] is not None or params["paths"] is not None:
        # Every child wants to fire: of those whose parent does exactly one is drawn.
        rates[forest.parent >= 0] = 1.0
        directions, copula = _directions(params, dim, rng), independent(len(rates))
        number = params["paths"] if params["active"] is None else params["active"]
        return Features(directions, rates, copula, forest, magnitudes, params["noise"], active=number)
    if params["compensate"] == "yes":
        rates = compensated(rates, forest)
    pairs = params["pairs"]
    rates[pairs : 2 * pairs] = params["child_rate"]
    directions = _directions(params, dim, rng)
    rank, scale = params["rank"], params["correlation"]
    copula = low_rank(len(rates), rank, scale, rng) if rank else independent(len(rates))
    return Features(directions, rates, copula, forest, magnitudes, params["noise"])


def truth_of(params: Mapping[str, Any]) -> ConceptTruth:
    """Return what is known of each feature: without overlap and noise its own direction tells it apart.

    Examples
    --------
    >>> truth_of({"directions": "orthonormal", "noise": 0.0}).smallest_unit
    1
    """
    clean = params["directions"] == "orthonormal" and params["noise"] == 0
    return ConceptTruth(one_neuron=True, unit=True, smallest_unit=1) if clean else ConceptTruth()


def _true_rows(forest: Forest) -> tuple[tuple[int, ...], ...]:
    """Return each leaf with its ancestors: what a point belongs to where one path fires."""
    parents = set(forest.parent.tolist())
    rows: list[tuple[int, ...]] = []
    for leaf in (feature for feature in range(len(forest.parent)) if feature not in parents):
        path = [leaf]
        while (above := int(forest.parent[path[-1]])) >= 0:
            path.append(above)
        rows.append(tuple(sorted(path)))
    return tuple(rows)


def _superposition(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    world = features_of(params, dim, rng)
    count = params["features"]
    cloud, membership = np.empty((points, dim)), np.empty((points, count), dtype=bool)
    for start in range(0, points, _BLOCK):
        rows = slice(start, min(start + _BLOCK, points))
        cloud[rows], coefficients = world.draw(rows.stop - start, rng)
        membership[rows] = (coefficients > params["above"]).toarray()
    names = tuple(f"feature {i + 1}" for i in range(count))
    overlap = overlaps(world.directions)
    # A child above the height may stand under a parent that fires below it.
    certain = params["above"] == 0
    edges = world.forest.edges if certain else []
    return WorldSample(
        cloud,
        membership,
        names,
        truth=(truth_of(params),) * count,
        subsets=tuple((names[child], names[parent]) for child, parent in edges),
        rows=_true_rows(world.forest) if certain and world.active == 1 else (),
        directions=world.directions,
        facts={
            "rates": _rates(params, world.forest).tolist(),
            "largest_overlap": float(overlap.max()),
            "mean_largest_overlap": float(overlap.mean()),
        },
    )


_CHILD_RATE = "probability that a child of a pair fires when its parent does"
_COMPENSATE = "whether the children's rates are raised to make up for the gate and the exclusion"

# What says which features fire, unless `active` or `paths` does.
_FIRING = (
    *("rate", "law", "zipf", "decay", "rank", "correlation"),
    *("pairs", "child_rate", "exclusive", "compensate"),
)

WORLDS = (
    World(
        name="superposition",
        summary="x = Σ sᵢ·mᵢ·dᵢ + noise: sparse features along unit directions dᵢ, more of them than "
        "dimensions.",
        steps=(
            "Draw the M directions: independent uniform on the unit sphere; or those turned to a tight frame "
            "(least Σ⟨dᵢ, dⱼ⟩²) or to a frame of low coherence; or rows of a random orthonormal frame.",
            "Feature i fires (sᵢ = 1) with probability ∝ i^−zipf, or ∝ (1 − decay)^i, `rate` on average.",
            "With rank > 0 firing is correlated by a Gaussian copula: gᵢ = ⟨Fᵢ, z⟩ + √(1 − ‖Fᵢ‖²)·ηᵢ with "
            "z and η standard normal; feature i fires where gᵢ is in its upper tail. The entries of F are "
            "normal with standard deviation `correlation`.",
            "With roots > 0 the first features are the roots of trees, whose levels follow; a child fires "
            "only where its parent does. Of the children of a share `exclusive` of the parents at most one "
            "fires, drawn evenly among those that would.",
            "Instead, with pairs > 0, the first `pairs` features are parents: feature pairs + i fires iff "
            "feature i does and a coin of "
            "probability `child_rate` says so (its own rate is not used).",
            "With active = k exactly k features fire at every point, each set of k equally likely.",
            "With paths = k exactly k of the trees do, each set of k equally likely, and in each of them one "
            "path: the root, one of its children, and so on, drawn evenly. Features that are left over are "
            "trees of one feature.",
            "Magnitudes mᵢ are independent of one another, uniform on [low, high] or of another law with "
            "mean `magnitude` and standard deviation `spread`; normal noise is added to every coordinate.",
            "Concept i is the set of the points on which feature i fires above `above`; its direction is "
            "kept.",
        ),
        distribution="Independent points as constructed; no background.",
        truth="With orthonormal directions and no noise S1 and S3 hold and m* = 1 (⟨dᵢ, x⟩ is mᵢ or 0); "
        "otherwise nothing "
        "is known in closed form. No regions: concepts are events of the latent variables, not sets of Rⁿ. "
        "With active = k and magnitudes in [low, high] every code has at most k features, and ρ = high/low, "
        "as S10 asks: without noise, a feature that S10 says one neuron can name is named by one. It may "
        "be so for others too, since S10 speaks of all codes of at most k features and here are only those "
        "of exactly k (S11b). With active = 1 or paths = 1, and above = 0, the true context is known: a row "
        "for each path.",
        parameters=(
            Parameter("features", 32, "number M of features", low=1, high=65536),
            Parameter(
                "rate", 0.05, "mean firing probability", unit="probability", low=0, high=1, open_low=True
            ),
            Parameter("law", "zipf", "how rates fall with the rank", choices=("zipf", "geometric")),
            Parameter("zipf", 0.0, "exponent of the firing probabilities, 0 makes them equal", low=0, high=4),
            Parameter("decay", 0.05, "fall of the geometric rates from one to the next", low=0, high=0.999),
            Parameter(
                "magnitudes", "uniform", "law of the magnitudes; uniform uses low and high", choices=LAWS
            ),
            Parameter("low", 0.5, "least magnitude", low=0, open_low=True),
            Parameter("high", 1.5, "largest magnitude", low=0, open_low=True),
            Parameter("magnitude", 1.0, "mean magnitude of the other laws", low=0, open_low=True),
            Parameter("spread", 0.25, "standard deviation of the magnitudes of the other laws", low=0),
            Parameter("above", 0.0, "height above which a firing counts for its concept", low=0),
            Parameter("noise", 0.01, "standard deviation of the noise in each coordinate", low=0),
            Parameter("rank", 0, "rank of the copula's factor, 0 for independent firing", low=0, high=4096),
            Parameter("correlation", 0.1, "standard deviation of the factor's entries", low=0, high=1),
            Parameter("pairs", 0, "number of parent and child pairs", low=0),
            Parameter(
                "child_rate", 0.5, _CHILD_RATE, "probability", low=0, high=1, open_low=True, open_high=True
            ),
            Parameter("roots", 0, "number of trees of features", low=0),
            Parameter("branching", 2, "children of each parent", low=1),
            Parameter("depth", 1, "levels below the roots", low=1, high=16),
            Parameter("exclusive", 0.0, "share of parents with exclusive children", low=0, high=1),
            Parameter("compensate", "no", _COMPENSATE, choices=("no", "yes")),
            Parameter(
                "active",
                None,
                "number of features that fire at every point, evenly drawn",
                low=1,
                high=65536,
                excludes=(*_FIRING, "roots", "branching", "depth", "paths"),
            ),
            Parameter(
                "paths",
                None,
                "number of trees that fire at every point, along one path each",
                low=1,
                high=65536,
                excludes=_FIRING,
            ),
            Parameter(
                "directions",
                "random",
                "how the directions are drawn",
                choices=("random", "orthonormal", "tight", "low-coherence"),
            ),
        ),
        build=_superposition,
    ),
)
