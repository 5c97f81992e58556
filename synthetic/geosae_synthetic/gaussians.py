"""Gaussian clusters: in a circle of two radii, and of different intrinsic dimensions.

The settings of SpaDE's two synthetic studies (Hindupur et al., Projecting assumptions: the duality between
sparse autoencoders and concept geometry, 2025, arXiv 2503.01822): six clusters in the plane at 60° steps with
radii 1.5 and 0.5; five clusters in R¹²⁸ of intrinsic dimension 6, 14, 30, 62 and 126.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Gaussian, UniformBox
from geosae.geometry.regions.registry import Ball
from geosae_synthetic.common import PRECISION, convex_among_balls
from geosae_synthetic.fast_sampling import FastSampler
from geosae_synthetic.placing import frame, least_distance, spread_directions
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, even_labels, memberships, single_rows

_PUBLISHED = (6, 14, 30, 62, 126)  # of 128 dimensions


def _clusters(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    count, scale, cut = params["clusters"], params["deviation"], params["truncate"]
    angles = 2 * np.pi * np.arange(count) / count
    radii = np.where(np.arange(count) % 2 == 0, params["far"], params["near"])
    centres = np.zeros((count, dim))
    centres[:, 0], centres[:, 1] = radii * np.cos(angles), radii * np.sin(angles)
    names = tuple(f"cluster {k + 1}" for k in range(count))
    reach = float(radii.max()) + (cut or 4.0) * scale
    ambient = UniformBox(np.full(dim, -reach), np.full(dim, reach))
    labels = even_labels(points, count, 0.0, rng)
    facts = {"centers": centres.tolist(), "least_distance": least_distance(centres)}
    if cut > 0 and params["precision"] == "single":
        raise InvalidInput("gaussian-clusters: single precision draws whole Gaussians", remedy="truncate = 0")
    if cut == 0:
        cloud = _spread(labels, centres, scale, params["precision"], rng)
        return WorldSample(
            cloud,
            labels[:, None] == np.arange(count),
            names,
            ambient=ambient,
            truth=(ConceptTruth(),) * count,
            rows=single_rows(count),
            facts=facts,
        )
    if least_distance(centres) <= 2 * cut * scale:
        raise InvalidInput(
            f"gaussian-clusters: clusters cut at {cut:g} deviations of {scale:g} overlap",
            remedy=f"use truncate < {least_distance(centres) / (2 * scale):.4g}, or 0 for whole Gaussians",
        )
    regions = tuple(Ball(centre, cut * scale) for centre in centres)
    cloud = centres[labels] + scale * _truncated(points, dim, cut, rng)
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        names,
        regions=regions,
        ambient=ambient,
        truth=tuple(
            convex_among_balls(np.delete(centres, k, axis=0), centres[k], cut * scale) for k in range(count)
        ),
        rows=single_rows(count),
        facts=facts,
    )


def _spread(
    labels: Any, centres: Float[np.ndarray, "k n"], scale: float, precision: str, rng: np.random.Generator
) -> Float[np.ndarray, "N n"]:
    if precision == "single":
        return FastSampler(rng).normals(labels, centres, scale)
    return centres[labels] + scale * rng.standard_normal((len(labels), centres.shape[1]))


def _truncated(points: int, dim: int, cut: float, rng: np.random.Generator) -> Float[np.ndarray, "N n"]:
    """Draw normal points within the radius `cut`, by inverting the distribution of the squared radius."""
    from scipy import special

    share = rng.random(points) * special.gammainc(dim / 2, cut * cut / 2)
    lengths = np.sqrt(2 * special.gammaincinv(dim / 2, share))
    steps = rng.standard_normal((points, dim))
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    # Rounding must not carry a point over the ball's surface.
    return steps * np.minimum(lengths, cut * (1 - 1e-12))[:, None]


def intrinsic_dimensions(text: str, dim: int) -> tuple[int, ...]:
    """Read intrinsic dimensions; "published" scales 6, 14, 30, 62, 126 of 128 to this dimension.

    Examples
    --------
    >>> intrinsic_dimensions("published", 128), intrinsic_dimensions("1, 2", 3)
    ((6, 14, 30, 62, 126), (1, 2))
    """
    if text == "published":
        return tuple(math.ceil(dim * part / 128) for part in _PUBLISHED)
    try:
        ranks = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput(
            f"heterogeneous-clusters: dimensions {text!r} are no list of integers", remedy="write 2,4,8"
        ) from error
    if len(ranks) < 2 or not all(1 <= part <= dim for part in ranks):
        raise InvalidInput(
            f"heterogeneous-clusters: two or more dimensions from 1 to {dim} are needed, not {text!r}"
        )
    return ranks


def _heterogeneous(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    parts = intrinsic_dimensions(params["dimensions"], dim)
    centres = params["distance"] * spread_directions(len(parts), dim, rng)
    labels = even_labels(points, len(parts), 0.0, rng)
    cloud = np.empty((points, dim))
    for k, part in enumerate(parts):
        chosen = labels == k
        flat = rng.standard_normal((int(chosen.sum()), part)) @ frame(dim, rng)[:part]
        # One total variance for all: the clusters differ in dimension, not in size.
        cloud[chosen] = centres[k] + params["deviation"] / math.sqrt(part) * flat
    cloud += params["noise"] * rng.standard_normal((points, dim)) if params["noise"] > 0 else 0.0
    return WorldSample(
        cloud,
        labels[:, None] == np.arange(len(parts)),
        tuple(f"dimension {part} ({k + 1})" for k, part in enumerate(parts)),
        ambient=Gaussian(np.zeros(dim), params["distance"]),
        truth=(ConceptTruth(),) * len(parts),
        rows=single_rows(len(parts)),
        facts={"intrinsic_dimensions": list(parts), "centers": centres.tolist()},
    )


def _positive(name: str, default: float, meaning: str, unit: str = "", *, zero: bool = False) -> Parameter:
    return Parameter(name, default, meaning, unit=unit, low=0, open_low=not zero)


WORLDS = (
    World(
        name="gaussian-clusters",
        summary="Gaussian clusters on two circles in turn: the near ones lie in the hull of the far ones.",
        steps=(
            "Put the centers into the plane of the first two coordinates at equal angles, at radius `far` "
            "and `near` in turn.",
            "Draw each cluster normal in all n coordinates; with truncate > 0 within so many deviations.",
            "Defaults in the plane are SpaDE's separability study.",
        ),
        distribution="Each cluster in equal parts; no background. ν is uniform on the box around all, to "
        "the truncation or 4 deviations.",
        truth="Whole Gaussians overlap everywhere: concepts are events of the label, and nothing holds of "
        "them as sets. Truncated they are balls: convex, S3, e_irr = 0, and S1 (m* = 1) iff the center is "
        "farther than two radii from the hull of the others; the near ones are not, and m* ≥ 2.",
        parameters=(
            Parameter("clusters", 6, "number of clusters", low=2, high=512),
            _positive("far", 1.5, "radius of the first, third, … center"),
            _positive("near", 0.5, "radius of the others"),
            _positive("deviation", 0.149, "standard deviation in each coordinate"),
            _positive("truncate", 0.0, "where Gaussians are cut off; 0 keeps them whole", "deviations",
                      zero=True),
            PRECISION,
        ),
        least_dim=2,
        build=_clusters,
    ),
    World(
        name="heterogeneous-clusters",
        summary="Gaussian clusters of different intrinsic dimension and equal total variance.",
        steps=(
            "Read the intrinsic dimensions rₖ; `published` takes SpaDE's 6, 14, 30, 62, 126 of 128, scaled "
            "to n and rounded up.",
            "Put the centers at the given distance from the origin, as far from one another as possible.",
            "Cluster k is normal on a random rₖ-dimensional flat through its center, with the variance "
            "deviation²/rₖ along it in each direction, plus noise in all coordinates.",
        ),
        distribution="Each cluster in equal parts; no background. ν is the normal distribution of scale "
        "`distance`.",
        truth="Concepts are events of the label: nothing holds of them as sets in closed form. The intrinsic "
        "dimensions are among the facts.",
        parameters=(
            Parameter("dimensions", "published", "comma-separated intrinsic dimensions, or published"),
            _positive("distance", 1.0, "distance of the centers from the origin"),
            _positive("deviation", 0.3, "root of the total variance of a cluster"),
            _positive("noise", 0.0, "standard deviation of the noise in each coordinate", zero=True),
        ),
        build=_heterogeneous,
    ),
)  # fmt: skip
