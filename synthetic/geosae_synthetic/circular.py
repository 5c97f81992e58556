"""Concepts in a circle: the days of a week as arcs of a thickened circle, and the weekend."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import AnnularSector, Region, Union
from geosae_synthetic.nonconvex import times_cube
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter

_MARGIN = 0.25
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _week(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    count, half = params["days"], params["width"] / 2
    step = 2 * math.pi / count
    alpha = step / 2 * (1 - params["gap"])
    inner, outer = 1 - half, 1 + half
    arcs = [AnnularSector(np.zeros(2), inner, outer, k * step, alpha) for k in range(count)]
    days = tuple(times_cube(arc, dim, half) for arc in arcs)
    weekend = Union(days[-2:], disjoint=True)
    high = np.concatenate([np.full(2, outer), np.full(dim - 2, half)]) + _MARGIN
    ambient = UniformBox(-high, high)
    area = 4 * float(high[0] * high[1]) * float(np.prod(high[2:] / half))
    cloud = scatter(points, days, rng, ambient=ambient, background=params["background"])
    filled = arcs[0].hull_volume - arcs[0].volume
    # The hull of two days is that of the arc over both, less the cap of the disk over the gap between them.
    missing = step * params["gap"]
    both = AnnularSector(np.zeros(2), inner, outer, 0.0, step / 2 + alpha).hull_volume
    both -= outer**2 / 2 * (missing - math.sin(missing)) + 2 * arcs[0].volume
    alone = params["background"] == 0
    regions: tuple[Region, ...] = (*days, weekend)
    names = _DAYS if count == 7 else tuple(f"day {k + 1}" for k in range(count))
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        (*names, "weekend"),
        regions=regions,
        ambient=ambient,
        truth=(
            *[_arc_truth(filled / area, inner, outer, alpha, step - alpha, alone)] * (count - 2),
            *[_arc_truth(filled / area, inner, outer, alpha, step - alpha, alone, depth=2)] * 2,
            _arc_truth(both / area, inner, outer, step / 2 + alpha, 1.5 * step - alpha, alone, depth=2),
        ),
        subsets=((names[-2], "weekend"), (names[-1], "weekend")),
        rows=(
            *((k,) for k in range(count - 2)),
            *((k, count) for k in (count - 2, count - 1)),
            *([] if alone else [()]),
        ),
        facts={"half_angle": alpha, "step": step},
    )


def _arc_truth(
    error: float, inner: float, outer: float, half: float, next_start: float, alone: bool, *, depth: int = 1
) -> ConceptTruth:
    """Return the truth of an arc of that half angle whose neighbours start at `next_start` from its middle.

    The separating half-spaces make a convex set, symmetric about the arc's axis, so one across the axis will
    do if any does: what counts is the arc's lowest and the others' highest point along the axis.
    """
    if not alone:
        return ConceptTruth(False, error, one_neuron=False, unit=False, overlap_depth=depth)
    lowest, highest = inner * math.cos(half), outer * math.cos(next_start)
    if abs(lowest - highest) <= 1e-12:
        raise InvalidInput("week: width and gap make hulls that only touch, which floats cannot decide")
    one_neuron = lowest > highest
    return ConceptTruth(
        False,
        error,
        one_neuron=one_neuron,
        unit=True,
        smallest_unit=1 if one_neuron else 2,
        overlap_depth=depth,
    )


WORLDS = (
    World(
        name="week",
        summary="Days of a week as arcs of a thickened circle, and the weekend: a cyclic manifold.",
        steps=(
            "Cut the ring 1 − width/2 ≤ |(x₁, x₂)| ≤ 1 + width/2, times [−width/2, width/2]ⁿ⁻², into `days` "
            "arcs; a share `gap` of each is left free between it and the next.",
            "Each arc is a concept, and so is the union of the last two, the weekend.",
            "ν is uniform on the box around the ring, 0.25 wider on every side.",
        ),
        distribution="A share `background` uniform on the box, the rest uniform on the days in equal parts.",
        truth="Not convex (the inner arc bulges in). With α half a day's angle and r, R the radii, "
        "e_irr(day) = (αr² − r²·sin α·cos α)/V; the weekend's hull is that of the arc over both days less "
        "the cap of angle γ over the gap, R²(γ − sin γ)/2. Without background S3 holds: the wedge of a day "
        "excludes all others, so m* ≤ 2, and S1 (m* = 1) iff r·cos α > R·cos(β), β the angle from the day's "
        "middle to the next day's start. With background S1 and S3 fail.",
        parameters=(
            Parameter("days", 7, "number of arcs", low=5, high=366),
            Parameter("width", 0.1, "thickness of the circle", unit="radii", low=0, high=2, open_low=True,
                      open_high=True),
            Parameter("gap", 0.2, "share of each arc that is left free", low=0, high=1, open_low=True,
                      open_high=True),
            Parameter("background", 0.0, "share of the points drawn from ν, wherever they fall",
                      unit="share of N", low=0, high=1, open_high=True),
        ),
        least_dim=2,
        build=_week,
    ),
)  # fmt: skip
