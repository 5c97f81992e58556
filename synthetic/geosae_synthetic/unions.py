"""One concept made of several balls in a row: the plainest concept with an exact irreducible error."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import Ball, Capsule, Union
from geosae_synthetic.common import background, convex_in_background
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter


def _ball_union(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    count, distance = params["balls"], params["distance"]
    step = 2.0 + distance
    radius = params["extent"] / ((count - 1) * step / 2 + 1.0)
    offsets = (np.arange(count) - (count - 1) / 2) * step * radius
    parts = tuple(Ball(offset * np.eye(dim)[0], radius) for offset in offsets)
    whole = Union(parts, disjoint=True)
    # A box close around the row: in the unit box the irreducible error would vanish with the dimension.
    high = np.full(dim, radius)
    high[0] = params["extent"]
    high += params["margin"] * radius
    ambient = UniformBox(-high, high)
    hull = Capsule(parts[0].center, radius, parts[-1].center, radius)
    error = (hull.volume - whole.volume) / float(np.prod(2 * high))
    regions = (whole, *parts)
    cloud = scatter(points, parts, rng, ambient=ambient, background=params["background"])
    names = ("union", *(f"part {k + 1}" for k in range(count)))
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        names,
        regions=regions,
        ambient=ambient,
        truth=(
            ConceptTruth(False, error, one_neuron=False, unit=False, overlap_depth=2),
            *([convex_in_background(2)] * count),
        ),
        subsets=tuple((part, "union") for part in names[1:]),
        rows=(*((0, k + 1) for k in range(count)), ()),
        facts={"radius": radius, "hull": hull.to_dict()},
    )


WORLDS = (
    World(
        name="ball-union",
        summary="A concept of g balls in a row at distance δ, with its parts as concepts: e_irr is exact.",
        steps=(
            "Put g balls of one radius r on the first axis, δ·r between the surfaces of neighbours, the "
            "whole "
            "row reaching from −extent to extent.",
            "ν is uniform on the box around the row that leaves margin·r on every side.",
            "The concept `union` is all of them, `part k` is ball k.",
        ),
        distribution="A share `background` uniform on the box, the rest uniform on the balls in equal parts.",
        truth="The union: not convex, S1 and S3 fail (background between the balls), and "
        "e_irr = (g−1)·((2+δ)·κₙ₋₁ − κₙ)·rⁿ/V exactly, κₖ the volume of the unit ball of Rᵏ, V that of "
        "the box. "
        "The parts: convex, S3, S1 fails.",
        parameters=(
            Parameter("balls", 3, "number g of balls", low=2, high=128),
            Parameter(
                "distance",
                1.0,
                "distance δ between the surfaces of neighbours",
                unit="radii",
                low=0,
                open_low=True,
            ),
            Parameter("extent", 0.9, "distance of the row's ends from the origin", low=0, open_low=True),
            Parameter("margin", 0.5, "distance from the row to the box", unit="radii", low=0, open_low=True),
            background(required=True),
        ),
        build=_ball_union,
    ),
)
