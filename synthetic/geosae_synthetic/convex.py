"""Convex bodies of eight shapes in four arrangements: disjoint, touching, overlapping, nested."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.regions.registry import Ball, Region
from geosae_synthetic.common import BOX, background, convex_among_balls, convex_in_background, unit_box
from geosae_synthetic.placing import apart, spread_directions
from geosae_synthetic.shapes import SHAPES, random_body
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter, single_rows

_MARGIN = 1.0 - 1e-9  # keeps the core inside every body of its group under rounding
_Placed = tuple[list[Region], list[Region], list[ConceptTruth]]  # concepts, further strata, truth


def _convex(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    share, arrangement = params["background"], params["arrangement"]
    if share == 0 and (params["concepts"] == 1 or arrangement == "nested"):
        raise InvalidInput(
            "convex: without background the largest concept would be everything", remedy="background > 0"
        )
    arrange = {"disjoint": _disjoint, "touching": _touching, "overlapping": _overlapping, "nested": _nested}
    regions, cores, truth = arrange[arrangement](dim, rng, params)
    ambient = unit_box(dim)
    cloud = scatter(points, [*regions, *cores], rng, ambient=ambient, background=share)
    names = tuple(f"{params['shape']} {k + 1}" for k in range(len(regions)))
    inner = zip(names[1:], names[:-1], strict=True) if arrangement == "nested" else ()
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        names,
        regions=tuple(regions),
        ambient=ambient,
        truth=tuple(truth),
        subsets=tuple(inner),
        rows=_rows(arrangement, len(regions), share),
        facts={"overlap_depth": truth[0].overlap_depth},
    )


def _rows(arrangement: str, count: int, share: float) -> tuple[tuple[int, ...], ...]:
    if arrangement == "overlapping":
        return ()  # which overlaps of some and not others are empty is not known
    if arrangement == "nested":
        return (*(tuple(range(k + 1)) for k in range(count)), ())
    return single_rows(count, share)


def _disjoint(dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> _Placed:
    count, radius = params["concepts"], params["radius"]
    centres = apart([radius] * count, params["gap"], dim, rng)
    bodies = [random_body(params, dim, rng) for _ in range(count)]
    regions = [body.place(centre, radius) for body, centre in zip(bodies, centres, strict=True)]
    if params["background"] > 0:
        return regions, [], [convex_in_background(1, body.facets) for body in bodies]
    core = min(body.core for body in bodies)
    truth = [
        convex_among_balls(np.delete(centres, k, axis=0), centres[k], radius, core) for k in range(count)
    ]
    return regions, [], truth


def _touching(dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> _Placed:
    count, radius, gap = params["concepts"], params["radius"], params["gap"]
    if gap == 0:
        raise InvalidInput(
            "convex: touching bodies need gap > 0", causes="at gap 0 neighbours share points of their hulls"
        )
    body = random_body(params, dim, rng)
    first = body.place(np.zeros(dim), radius)
    axis = np.eye(dim)[:1]
    # From the last point of one along the axis to the first point of the next is exactly the gap.
    step = (first.extreme(axis) - first.extreme(-axis))[0] + gap * axis[0]
    regions = [body.place((k - (count - 1) / 2) * step, radius) for k in range(count)]
    for region in (regions[0], regions[-1]):
        if np.max(np.abs(region.bounds)) >= 1:
            raise InvalidInput(
                f"convex: a row of {count} touching bodies of radius {radius:g} with gaps {gap:g} does not "
                "fit into the box",
                remedy="lower the radius, the gap or their number",
            )
    if params["background"] > 0:
        return regions, [], [convex_in_background(1, body.facets)] * count
    # A translate between two others is the middle of their hull; the planes in the gaps exclude all others.
    end = ConceptTruth(True, 0.0, one_neuron=True, unit=True, smallest_unit=1, overlap_depth=1)
    middle = ConceptTruth(True, 0.0, one_neuron=False, unit=True, smallest_unit=2, overlap_depth=1)
    return regions, [], [end, *[middle] * (count - 2), end]


def _overlapping(dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> _Placed:
    count, depth, radius, offset = params["concepts"], params["depth"], params["radius"], params["offset"]
    if count % depth:
        raise InvalidInput(
            f"convex: {count} concepts do not make groups of {depth}",
            remedy=f"use concepts = {depth * max(1, count // depth)} or another depth",
        )
    bodies = [random_body(params, dim, rng) for _ in range(count // depth)]
    reach = max(body.core for body in bodies) * offset
    middles = apart([radius * (1 + reach)] * len(bodies), params["gap"], dim, rng)
    regions: list[Region] = []
    cores: list[Region] = []
    for body, middle in zip(bodies, middles, strict=True):
        step = offset * body.core * radius
        for direction in spread_directions(depth, dim, rng):
            regions.append(body.place(middle + step * direction, radius))
        cores.append(Ball(middle, radius * body.core * (1 - offset) * _MARGIN))
    if params["background"] > 0:
        return (
            regions,
            cores,
            [convex_in_background(depth, body.facets) for body in bodies for _ in range(depth)],
        )
    return regions, cores, [ConceptTruth(True, 0.0, unit=True, overlap_depth=depth)] * count


def _nested(dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> _Placed:
    ratio, drift = params["ratio"], params["drift"]
    body = random_body(params, dim, rng)
    centre, size = np.zeros(dim), params["radius"]
    regions: list[Region] = []
    for _ in range(params["concepts"]):
        regions.append(body.place(centre, size))
        # For convex B with the origin inside, ratio·B + (1 − ratio)·b lies in B for every b of B.
        toward = body.place(np.zeros(dim), size).extreme(spread_directions(1, dim, rng))[0]
        centre, size = centre + drift * (1 - ratio) * toward, size * ratio
    return regions, [], [convex_in_background(len(regions), body.facets)] * len(regions)


def _fraction(name: str, default: float, meaning: str, *, zero: bool = False) -> Parameter:
    return Parameter(name, default, meaning, low=0, high=1, open_low=not zero, open_high=True)


WORLDS = (
    World(
        name="convex",
        summary="Convex bodies of a chosen shape, disjoint, touching at gap γ, overlapping or nested.",
        steps=(
            "A body lies in the unit ball around the origin and is turned at random: the ball; an ellipsoid "
            "and a box with axes from 1 down to 1/aspect; the regular simplex; a random polytope with "
            "`facets` facets; the cap and the cone cut at −1/aspect along their axis; the slab between "
            "±1/aspect.",
            f"disjoint: each concept is a body of its own, in balls put into {BOX}, apart by the gap.",
            "touching: translates of one body in a row along the first axis, each exactly the gap from the "
            "next (last point to first point).",
            "overlapping: groups of `depth` translates of one body, moved from the group's middle by offset "
            "times the radius of a ball inside the body, so that all of them hold the middle and none holds "
            "another.",
            "nested: a chain, each concept the one before shrunk by `ratio` and moved by `drift` times what "
            "that leaves.",
        ),
        distribution="A share `background` uniform on the box; the rest in equal parts uniform on the "
        "bodies, and for groups on the balls that all bodies of a group hold.",
        truth="Convex, e_irr = 0, S3 (Conv(C) = C). With a background S1 fails (Conv(X∖C) is the box) and m* "
        "is the number of facets F (A4): n+1 for a simplex, 2n for a box; round bodies have no finite m*. "
        "Without: touching, S1 and m* = 1 at the row's ends, in between m* = 2 (a translate is the middle "
        "of the hull of its neighbours); disjoint, S1 and m* = 1 if the center is farther than 2·radius from "
        "the hull of the other centers, no S1 if nearer than 2·core. Overlap depth: 1, `depth`, or the "
        "length of the chain.",
        parameters=(
            Parameter("shape", "ball", "the shape of all bodies", choices=SHAPES),
            Parameter(
                "arrangement",
                "disjoint",
                "how they lie",
                choices=("disjoint", "touching", "overlapping", "nested"),
            ),
            Parameter("concepts", 4, "number of bodies, or length of the chain", low=1, high=512),
            Parameter("radius", 0.15, "radius of the balls around them", unit="box half-widths", low=0,
                      high=1, open_low=True, open_high=True),
            Parameter("gap", 0.05, "least distance, and when touching the distance", unit="box half-widths",
                      low=0),
            Parameter("aspect", 2.0, "longest over shortest extent", low=1, high=100),
            Parameter("facets", 0, "facets F of a polytope; 0 takes 3·dim − 1", low=0, high=256),
            Parameter("depth", 2, "overlap depth of a group", low=2, high=64),
            _fraction("offset", 0.5, "how far the bodies of a group are moved apart"),
            _fraction("ratio", 0.7, "size of a nested body over that of its parent"),
            _fraction("drift", 0.5, "0 keeps the middle, near 1 touches the parent's surface", zero=True),
            background(required=False),
        ),
        build=_convex,
    ),
)  # fmt: skip
