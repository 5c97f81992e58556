"""Half-spaces and slabs of a ball: the concepts that one neuron, or two, learn exactly."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.geometry.approximation.measures import UniformBall
from geosae.geometry.regions.registry import Region, Slab
from geosae_synthetic.placing import spread_directions
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships


def _slabs(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    height, width = params["height"], params["width"]
    high = height + width if 0 < width < 1 - height else 1.0
    one_neuron = high == 1.0
    centre = np.zeros(dim)
    directions = spread_directions(params["concepts"], dim, rng)
    regions: tuple[Region, ...] = tuple(Slab(centre, 1.0, u, height, high) for u in directions)
    ambient = UniformBall(centre, 1.0)
    cloud = ambient.sample(points, rng)
    truth = ConceptTruth(True, 0.0, one_neuron=one_neuron, unit=True, smallest_unit=1 if one_neuron else 2)
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        tuple(f"slab {k + 1}" for k in range(len(regions))),
        regions=regions,
        ambient=ambient,
        truth=(truth,) * len(regions),
        directions=directions,
    )


WORLDS = (
    World(
        name="slabs",
        summary="Slabs of the unit ball along chosen directions: one neuron learns a half-space, two a slab.",
        steps=(
            "Draw unit vectors uₖ, as far from one another as possible, in a random position.",
            "Concept k is {height ≤ ⟨uₖ, x⟩ ≤ height + width} in the unit ball; width 0, or one that reaches "
            "the ball's end, leaves out the upper bound. The uₖ are kept as directions.",
        ),
        distribution="Uniform on the unit ball, which is ν too.",
        truth="Convex, e_irr = 0, S3. Without an upper bound S1 holds and m* = 1; with it points on both "
        "sides surround the slab: S1 fails and m* = 2. "
        "ν(C) is a difference of two regularised incomplete beta functions.",
        parameters=(
            Parameter("concepts", 3, "number of slabs; on a line at most 2", low=1, high=512),
            Parameter("height", 0.2, "where a slab begins", unit="ball radii", low=-1, high=1, open_low=True,
                      open_high=True),
            Parameter("width", 0.3, "how thick it is; 0 is a half-space", unit="ball radii", low=0, high=2),
        ),
        least_dim=2,
        build=_slabs,
    ),
)  # fmt: skip
