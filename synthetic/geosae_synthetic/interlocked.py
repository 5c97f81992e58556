"""Two concepts that reach into each other's hull: two moons, two spirals, and the colours of a board."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import AffineImage, AnnularSector, Checkerboard, Region, Spiral
from geosae_synthetic.common import BOX, unit_box
from geosae_synthetic.nonconvex import times_cube
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter, single_rows

_MARGIN = 0.25


def _pair(
    points: int, dim: int, rng: np.random.Generator, pair: tuple[Region, Region], name: str
) -> WorldSample:
    regions = tuple(times_cube(region, dim) for region in pair)
    low = np.min([region.bounds[0] for region in regions], axis=0) - _MARGIN
    high = np.max([region.bounds[1] for region in regions], axis=0) + _MARGIN
    ambient = UniformBox(low, high)
    truth = tuple(
        ConceptTruth(False, ambient.of(_hull(region)) - ambient.of(region), one_neuron=False, unit=False,
                     overlap_depth=1)
        for region in regions
    )  # fmt: skip
    cloud = scatter(points, regions, rng)
    names = f"{name} 1", f"{name} 2"
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        names,
        regions=regions,
        ambient=ambient,
        truth=truth,
        rows=single_rows(2),
    )


def _hull(region: Region) -> Region:
    hull = region.hull()
    if hull is None:
        raise InvalidInput("the hull has no closed form")
    return hull


def _two_moons(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    width, shift = params["width"], params["shift"]
    inner, outer = 1 - width / 2, 1 + width / 2
    # The right leg of the upper moon, between heights 0 and shift, must stay in the lower moon's hole (of its
    # points the corners are farthest from that hole's center), the left leg outside of the lower moon.
    leg = [(inner, 0.0), (outer, 0.0), (math.sqrt(inner**2 - min(shift, inner) ** 2), shift)]
    leg.append((math.sqrt(outer**2 - shift**2), shift))
    reach = max(math.hypot(x - 1, y - shift) for x, y in leg)
    if reach >= inner or inner**2 - shift**2 <= width**2 / 4:
        raise InvalidInput(
            f"two-moons: moons of width {width:g} at shift {shift:g} touch", remedy="lower width or shift"
        )
    upper = AnnularSector(np.zeros(2), inner, outer, math.pi / 2, math.pi / 2)
    lower = AnnularSector(np.array([1.0, shift]), inner, outer, -math.pi / 2, math.pi / 2)
    return _pair(points, dim, rng, (upper, lower), "moon")


def _two_spirals(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    turns, width = params["turns"], params["width"]
    # The arms start half a turn out, so that they leave the origin free; each fills `width` of half a pitch.
    growth = 1.0 / (2 * math.pi * (turns + 0.5) + math.pi * width)
    arm = Spiral(growth, math.pi * growth * width, math.pi, math.pi * (2 * turns + 1))
    mirrored = AffineImage(arm, -np.eye(2), np.zeros(2))
    return _pair(points, dim, rng, (arm, mirrored), "arm")


def _board(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    axes = params["axes"]
    if axes > dim:
        raise InvalidInput(f"checkerboard: {axes} axes do not exist in dimension {dim}", remedy="axes ≤ dim")
    ambient = unit_box(dim)
    boards = [Checkerboard(-np.ones(axes), np.ones(axes), params["cells"], odd) for odd in (False, True)]
    regions = tuple(times_cube(board, dim) for board in boards)
    cloud = ambient.sample(points, rng)
    truth = tuple(
        ConceptTruth(False, ambient.of(_hull(region)) - ambient.of(region), one_neuron=False, unit=False)
        for region in regions
    )
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        ("even", "odd"),
        regions=regions,
        ambient=ambient,
        truth=truth,
        rows=single_rows(2),  # walls belong to both colours, and have no volume
    )


_WIDTH = "thickness"
WORLDS = (
    World(
        name="two-moons",
        summary="Two half rings, each with one end in the other's hollow: no unit separates either.",
        steps=(
            "Moon 1 is the upper half of the ring 1 − width/2 ≤ |x| ≤ 1 + width/2; moon 2 the lower half of "
            "the same ring around (1, shift); both times [−1, 1]ⁿ⁻².",
            "Moons that touch are refused. ν is uniform on the box around both, 0.25 wider on every side.",
        ),
        distribution="Half uniform on each moon; nothing elsewhere.",
        truth="Not convex; S1 and S3 fail: each end lies in the other's hull, the half disk of radius "
        "1 + width/2. e_irr = π(1 − width/2)²/2 over the box's area.",
        parameters=(
            Parameter("width", 0.3, _WIDTH + " of the rings", unit="radii", low=0, high=1, open_low=True,
                      open_high=True),
            Parameter("shift", 0.4, "how far the ends reach into the hollows", unit="radii", low=0, high=1,
                      open_low=True, open_high=True),
        ),
        least_dim=2,
        build=_two_moons,
    ),
    World(
        name="two-spirals",
        summary="Two arms of a spiral around one another: no unit separates either.",
        steps=(
            "Arm 1 is the band growth·φ ≤ r ≤ growth·φ + w, half a turn ≤ φ ≤ half a turn + `turns`, with w "
            "the share `width` of half a pitch, scaled to reach radius 1; arm 2 is its mirror −x; both times "
            "[−1, 1]ⁿ⁻².",
            "ν is uniform on the box around both, 0.25 wider on every side.",
        ),
        distribution="Half uniform on each arm; nothing elsewhere.",
        truth="Not convex; S1 and S3 fail. e_irr is the area of the hull (the last turn and the tangent from "
        "its end, with one root of a scalar equation) less that of the band, over the box's area.",
        parameters=(
            Parameter("turns", 1.5, "turns of each arm", low=1, high=50),
            Parameter("width", 0.6, _WIDTH, unit="half pitches", low=0, high=1, open_low=True,
                      open_high=True),
        ),
        least_dim=2,
        build=_two_spirals,
    ),
    World(
        name="checkerboard",
        summary="The two colours of a checkerboard (XOR for two cells a side): exact e_irr in any dimension.",
        steps=(
            f"Cut {BOX} into `cells` equal parts along each of the first `axes` coordinates.",
            "The concepts are the cells whose indices add up to an even, and to an odd number.",
        ),
        distribution="Uniform on the box, which is ν too.",
        truth="Not convex; S1 and S3 fail. With k cells a side and m axes, K = kᵐ: the hull lacks a simplex "
        "of 1/m! cells at every corner of the other colour, q in number, so e_irr = (K − q/m! − count)/K; "
        "q = 2ᵐ⁻¹ for even k, for odd k 0 (even colour) and 2ᵐ (odd); count = ⌈K/2⌉ or ⌊K/2⌋. XOR: 1/4.",
        parameters=(
            Parameter("cells", 2, "cells along each axis", low=2, high=64),
            Parameter("axes", 2, "coordinates that count", low=2, high=16),
        ),
        least_dim=2,
        build=_board,
    ),
)  # fmt: skip
