"""Balls that lie apart, and balls that overlap to a chosen depth."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.regions.registry import Ball
from geosae_synthetic.common import (
    BOX,
    PRECISION,
    background,
    convex_among_balls,
    convex_in_background,
    unit_box,
)
from geosae_synthetic.fast_sampling import FastSampler
from geosae_synthetic.placing import apart, spread_directions
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, even_labels, memberships, scatter, single_rows

_MARGIN = 1.0 - 1e-9  # keeps the core inside every ball of its group under rounding


def _disjoint(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    count, radius, share = params["concepts"], params["radius"], params["background"]
    if count == 1 and share == 0:
        raise InvalidInput(
            "disjoint-balls: one ball without background is everything", remedy="background > 0"
        )
    centres = apart([radius] * count, params["gap"], dim, rng)
    regions = tuple(Ball(centre, radius) for centre in centres)
    ambient = unit_box(dim)
    if params["precision"] == "single":
        cloud, membership = FastSampler(rng).balls(even_labels(points, count, share, rng), regions, 1.0)
    else:
        cloud = scatter(points, regions, rng, ambient=ambient, background=share)
        membership = memberships(cloud, regions)
    truth = tuple(
        convex_in_background(1)
        if share > 0
        else convex_among_balls(np.delete(centres, k, axis=0), centres[k], radius)
        for k in range(count)
    )
    return WorldSample(
        cloud,
        membership,
        tuple(f"ball {k + 1}" for k in range(count)),
        regions=regions,
        ambient=ambient,
        truth=truth,
        rows=single_rows(count, share),
    )


def _overlapping(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    groups, depth, offset = params["groups"], params["depth"], params["offset"]
    radius, share = params["radius"], params["background"]
    middles = apart([radius * (1 + offset)] * groups, params["gap"], dim, rng)
    centres = [
        middle + offset * radius * direction
        for middle in middles
        for direction in spread_directions(depth, dim, rng)
    ]
    regions = tuple(Ball(centre, radius) for centre in centres)
    # A ball around the middle that lies in all balls of the group, so that the sample attains the depth.
    cores = [Ball(middle, radius * (1 - offset) * _MARGIN) for middle in middles]
    ambient = unit_box(dim)
    cloud = scatter(points, [*regions, *cores], rng, ambient=ambient, background=share)
    truth = (
        convex_in_background(depth) if share > 0 else ConceptTruth(True, 0.0, unit=True, overlap_depth=depth)
    )
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        tuple(f"ball {g + 1}.{k + 1}" for g in range(groups) for k in range(depth)),
        regions=regions,
        ambient=ambient,
        truth=(truth,) * len(regions),
        facts={"overlap_depth": depth},
    )


_RADIUS = Parameter("radius", 0.15, "radius of every ball", unit="box half-widths", low=0, open_low=True)
_GAP = "least distance between the surfaces of two"

WORLDS = (
    World(
        name="disjoint-balls",
        summary="Balls of one radius that lie apart: the plainest convex concepts.",
        steps=(
            f"Draw centres in {BOX} one after the other, uniform where the ball fits, no two balls nearer "
            "to one another than the gap.",
            "Concept k is the closed ball k.",
        ),
        distribution="A share `background` uniform on the box, the rest uniform on the balls in equal parts.",
        truth="Convex, e_irr = 0, S3. With a background S1 fails for every ball (it is surrounded); "
        "without, S1 holds iff the centre is farther than 2·radius from the hull of the other centres, "
        "and m* = 1.",
        parameters=(
            Parameter("concepts", 4, "number of balls", low=1, high=512),
            _RADIUS,
            Parameter("gap", 0.05, _GAP + " balls", unit="box half-widths", low=0),
            background(required=False),
            PRECISION,
        ),
        build=_disjoint,
    ),
    World(
        name="overlapping-balls",
        summary="Groups of balls with a common core: the overlap depth max #{k : x ∈ C_k} is chosen exactly.",
        steps=(
            f"Draw group middles in {BOX}, apart from one another by more than the groups' extent and the "
            "gap.",
            "In each group put `depth` centres at distance offset·radius from the middle, as far from one "
            "another as possible: every ball holds the middle, none holds another ball.",
            "Concept g.k is ball k of group g; balls of different groups are disjoint.",
        ),
        distribution="A share `background` uniform on the box; the rest in equal parts uniform on each "
        "ball and "
        "on each group's core, the ball of radius (1 − offset)·radius that lies in all balls of the group.",
        truth="Convex, e_irr = 0, S3; the overlap depth is `depth`, and the sample attains it. With a "
        "background "
        "S1 fails for every ball.",
        parameters=(
            Parameter("groups", 2, "number of groups", low=1, high=256),
            Parameter("depth", 3, "balls in a group, the overlap depth", low=2, high=64),
            Parameter(
                "offset",
                0.5,
                "distance of the centres from the group's middle",
                unit="radii",
                low=0,
                high=1,
                open_low=True,
                open_high=True,
            ),
            _RADIUS,
            Parameter("gap", 0.05, _GAP + " groups", unit="box half-widths", low=0),
            background(required=False),
        ),
        least_dim=2,
        build=_overlapping,
    ),
)
