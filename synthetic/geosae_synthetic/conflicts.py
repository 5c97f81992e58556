"""Separability in two extremes: random labels, and negatives around a ball whose conflicts fix m*."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Gaussian, UniformBox
from geosae.geometry.arrangements.counting import cover_count
from geosae.geometry.regions.registry import Ball, Region, Union
from geosae.geometry.separation.separate import separate
from geosae_synthetic.nonconvex import times_cube
from geosae_synthetic.placing import simplex
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter

# Above this many points the verdicts would take longer than the rest of the world.
_MOST_DECIDED = 4096


def separable_share(count: int, dim: int) -> Fraction:
    """Return the share of the labelings of N points in general position, neither empty nor all, with S1.

    Examples
    --------
    >>> separable_share(3, 2), separable_share(4, 2)
    (Fraction(1, 1), Fraction(6, 7))
    """
    return Fraction(cover_count(count, dim) - 2, 2**count - 2)


def _random_labels(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    if points < 3:
        raise InvalidInput(f"random-labels needs at least 3 points, not {points}")
    cloud = rng.standard_normal((points, dim))
    labels = rng.random((points, params["concepts"])) < 0.5
    for column in labels.T:
        while column.all() or not column.any():
            column[:] = rng.random(points) < 0.5
    verdicts = [_decided(cloud, column) for column in labels.T]
    return WorldSample(
        cloud,
        labels,
        tuple(f"label {k + 1}" for k in range(labels.shape[1])),
        ambient=Gaussian(np.zeros(dim), 1.0),
        truth=tuple(
            ConceptTruth(one_neuron=s1, unit=True if s1 else None, smallest_unit=1 if s1 else None)
            for s1 in verdicts
        ),
        facts={
            "separable_share": float(separable_share(points, dim)),
            "load": points / (2 * (dim + 1)),
            "decided": points <= _MOST_DECIDED,
        },
    )


def _decided(cloud: Float[np.ndarray, "N n"], label: Any) -> bool | None:
    if len(cloud) > _MOST_DECIDED:
        return None
    return separate(cloud[label], cloud[~label]).separable


def _around(dim: int, params: Mapping[str, Any]) -> Float[np.ndarray, "k m"]:
    """Return the directions of the negatives, in the plane for a cycle."""
    if params["graph"] == "cycle":
        angles = 2 * np.pi * np.arange(params["negatives"]) / params["negatives"]
        return np.column_stack([np.cos(angles), np.sin(angles)])
    return simplex(dim + 1) if params["graph"] == "simplex" else np.vstack([np.eye(dim), -np.eye(dim)])


def _nearest(graph: str, count: int, size: int, dim: int) -> float:
    """Return the distance from the origin to the hull of the best `size` of the `count` unit vectors."""
    if graph == "cycle":
        return math.cos((size - 1) * math.pi / count) if 2 * (size - 1) < count else 0.0
    if graph == "simplex":
        return math.sqrt((dim + 1 - size) / (size * dim))
    return 1 / math.sqrt(size) if size <= dim else 0.0


def fewest(graph: str, count: int, dim: int, distance: float, core: float) -> int:
    """Return ⌈count/s⌉, s the most of the points at this distance that one half-space cuts from a ball.

    The three graphs have enough symmetry for groups of s that cover all points.

    Raises
    ------
    InvalidInput
        If the distance is a tie that floats cannot decide.

    Examples
    --------
    >>> fewest("cross", 6, 3, 1.3, 1.0), fewest("cross", 6, 3, 1.5, 1.0), fewest("cross", 6, 3, 2.0, 1.0)
    (6, 3, 2)
    """
    size = 0
    while size < count:
        reach = distance * _nearest(graph, count, size + 1, dim)
        if abs(reach - core) <= 1e-12 * core:
            raise InvalidInput(f"conflicts: at distance {distance:g} hulls only touch: choose another")
        if reach < core:
            break
        size += 1
    if size == 0:
        raise InvalidInput(f"conflicts: negatives at {distance:g} meet the ball of radius {core:g}")
    return -(-count // size)


def _conflicts(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    graph, distance, radius = params["graph"], params["distance"], params["radius"]
    directions = _around(dim, params)
    plane = directions.shape[1]
    count = len(directions)
    # Whole balls excluded together bound m* from above; their points nearest to the core from below.
    upper = fewest(graph, count, plane, distance, 1 + radius)
    lower = fewest(graph, count, plane, distance - radius, 1.0)
    core = times_cube(Ball(np.zeros(plane), 1.0), dim)
    outside: tuple[Region, ...] = tuple(times_cube(Ball(distance * u, radius), dim) for u in directions)
    high = np.concatenate([np.full(plane, distance + radius), np.ones(dim - plane)])
    cloud = np.concatenate([scatter(points // 2, [core], rng), scatter(points - points // 2, outside, rng)])
    cloud = rng.permutation(cloud)
    negatives = Union(outside).to_dict()
    return WorldSample(
        cloud,
        memberships(cloud, [core]),
        ("core",),
        regions=(core,),
        ambient=UniformBox(-high, high),
        truth=(
            ConceptTruth(
                True,
                0.0,
                one_neuron=False,
                unit=True,
                smallest_unit=upper if lower == upper else None,
                unit_interval=None if lower == upper else (lower, upper),
            ),
        ),
        rows=((0,), ()),
        facts={"negatives": negatives, "directions": directions.tolist()},
    )


WORLDS = (
    World(
        name="random-labels",
        summary="N random points and random labels, around N = 2(n + 1): how rare separability is.",
        steps=(
            "Draw N normal points; they are in general position almost surely.",
            "Each concept takes each point with probability ½; the empty set and everything are drawn again.",
        ),
        distribution="The N points themselves: the concepts are finite sets, without regions.",
        truth="S1 of each concept is decided by certificate on the points (N ≤ 4096). Over the labels it "
        "holds with probability (2·Σ_{k≤n} C(N−1, k) − 2)/(2ᴺ − 2) exactly (Cover 1965, the two trivial "
        "labelings left out): near ½ at N = 2(n+1).",
        parameters=(Parameter("concepts", 16, "number of random labelings", low=1, high=4096),),
        build=_random_labels,
    ),
    World(
        name="conflicts",
        summary="A ball among small balls placed so that their conflicts fix the smallest unit m*.",
        steps=(
            "The concept is the unit ball (for a cycle the unit disk of the first two coordinates, times "
            "[−1, 1]ⁿ⁻²).",
            "The negatives are balls of the given radius at the given distance: `negatives` of them evenly "
            "around (cycle), at ±eᵢ (cross), at the corners of a regular simplex (simplex).",
            "ν is uniform on the box around all.",
        ),
        distribution="Half uniform on the concept, half on the negatives in equal parts.",
        truth="Convex, e_irr = 0, S1 fails, S3 holds, and m* = ⌈k/s⌉ for k negatives, s the most that one "
        "half-space excludes: the largest s with R·cos((s−1)π/k) > 1 (cycle), R/√s > 1 (cross), "
        "R·√((n+1−s)/(sn)) > 1 (simplex). For balls of radius ρ the bound above has 1 + ρ in the place of 1, "
        "the one below R − ρ in that of R; where they differ an interval is declared. On the cross beyond "
        "√2 the conflict graph is a matching, of clique number 2, and m* can be far above it.",
        parameters=(
            Parameter("graph", "cycle", "which arrangement", choices=("cycle", "cross", "simplex")),
            Parameter("negatives", 7, "number of negatives of a cycle", low=3, high=1000),
            Parameter("distance", 1.3, "distance R of their middles", unit="core radii", low=1,
                      open_low=True),
            Parameter("radius", 0.01, "radius ρ of the negatives", unit="core radii", low=0, high=1,
                      open_low=True),
        ),
        least_dim=2,
        build=_conflicts,
    ),
)  # fmt: skip
