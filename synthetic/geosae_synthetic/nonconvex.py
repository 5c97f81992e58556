"""One non-convex concept of a chosen shape, whose hull has a volume in closed form (the helix: bounds)."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.irreducible_error import hull_volume_bounds
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import (
    AnnularSector,
    Box,
    Helix,
    Moon,
    Polygon,
    Product,
    Region,
    Shell,
    Spiral,
    Torus,
    l_shape,
    star_polygon,
)
from geosae_synthetic.common import background
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter

_SHAPES = ("shell", "l-shape", "star", "sector", "moon", "torus", "spiral", "helix")


def shape_named(dim: int, params: Mapping[str, Any]) -> Region:
    """Return the shape in its own dimension, at most `dim`, with an extent of about 1.

    Examples
    --------
    >>> [shape_named(5, {"shape": shape, "width": 0.5}).dim for shape in ("shell", "l-shape")]
    [5, 2]
    """
    shape, width = params["shape"], params["width"]
    if shape == "shell":
        return Shell(np.zeros(dim), 1.0 - width, 1.0)
    if shape == "torus":
        return Torus(np.zeros(dim), 1.0 - width / 2, width / 2)
    if shape == "moon":
        return Moon(np.zeros(dim), 1.0, np.eye(dim)[0], offset=2 * width, bite=1.0)
    if shape == "l-shape":
        return Polygon(l_shape(2.0, 2 * (1 - width)).vertices - 1.0)
    if shape == "star":
        return star_polygon(params["tips"], 1.0, width * math.cos(math.pi / params["tips"]))
    if shape == "sector":
        return AnnularSector(np.zeros(2), 1.0 - width, 1.0, 0.0, params["opening"] * math.pi)
    turns = params["turns"]
    if shape == "spiral":
        if turns < 1:
            raise InvalidInput(f"non-convex: a spiral makes at least one turn, not {turns:g}")
        growth = 1.0 / (2 * math.pi * (turns + width))
        return Spiral(growth, 2 * math.pi * growth * width, 0.0, 2 * math.pi * turns)
    if dim < 3:
        raise InvalidInput(f"non-convex: a helix needs dim ≥ 3, not {dim}")
    return Helix(1.0 - width / 2, width / 2, pitch=2.0 / turns, height=2.0)


def times_cube(base: Region, dim: int, half: float = 1.0) -> Region:
    """Return the product of a region with [−half, half] in the dimensions that are left.

    Examples
    --------
    >>> times_cube(Box(np.zeros(2), np.ones(2)), 4).volume
    4.0
    """
    rest = dim - base.dim
    return Product((base, Box(-half * np.ones(rest), half * np.ones(rest)))) if rest else base


def _hull_bounds(base: Region) -> tuple[float, float]:
    if isinstance(base, Helix):
        return _helix_bounds(base.radius, base.thickness, base.pitch, base.height)
    return hull_volume_bounds(base)


@lru_cache(maxsize=64)
def _helix_bounds(radius: float, thickness: float, pitch: float, height: float) -> tuple[float, float]:
    return hull_volume_bounds(Helix(radius, thickness, pitch, height))


def _non_convex(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    base = shape_named(dim, params)
    region = times_cube(base, dim)
    low, high = region.bounds
    ambient = UniformBox(low - params["margin"], high + params["margin"])
    whole = float(np.prod(ambient.high - ambient.low))
    cube = region.volume / base.volume
    least, most = (volume * cube / whole for volume in _hull_bounds(base))
    share = region.volume / whole
    bounds = max(0.0, least - share), min(1.0, most - share)
    truth = ConceptTruth(
        False,
        bounds[0] if least == most else None,
        one_neuron=False,
        unit=False,
        error_interval=None if least == most else bounds,
        overlap_depth=1,
    )
    cloud = scatter(points, [region], rng, ambient=ambient, background=params["background"])
    return WorldSample(
        cloud,
        memberships(cloud, [region]),
        (params["shape"],),
        regions=(region,),
        ambient=ambient,
        truth=(truth,),
        rows=((0,), ()),
        facts={"volume_share": share, "hull_share": [least, most]},
    )


WORLDS = (
    World(
        name="non-convex",
        summary="A shell, L, star, sector, moon, torus, spiral or helix with its exact irreducible error.",
        steps=(
            "Take the shape, of extent about 1 around the origin. Shell, moon and torus (the thickened "
            "circle) exist in every dimension; L, star, annular sector and spiral lie in the first two "
            "coordinates and the helix in the first three, times the cube [−1, 1] in the others.",
            "`width` is the thickness: of shell, sector and torus; half that of the moon; of the L's arms "
            "(box widths); the notches' depth left over for the star; of the spiral over its pitch.",
            "ν is uniform on the box around it that leaves `margin` on every side.",
        ),
        distribution="A share `background` uniform on the box, the rest uniform on the shape.",
        truth="Not convex, S1 and S3 fail (background in the hull), e_irr = (vol Conv C − vol C)/V with V "
        "the box's volume. Hulls: shell, the ball; L, the square less a triangle; star, the tips' polygon; "
        "sector, α·R² − r²·sin α·cos α for α ≤ π/2, R²(α − sin α·cos α) above; moon, a cap; torus, the disk "
        "grown by ρ: πR²κₙ₋₂ρⁿ⁻² + πRκₙ₋₁ρⁿ⁻¹ + κₙρⁿ; spiral, its last turn and the tangent from its end, "
        "with one root of a scalar equation; helix, proved bounds between two polytopes (volume: "
        "height·πρ²).",
        parameters=(
            Parameter("shape", "shell", "which shape", choices=_SHAPES),
            Parameter("width", 0.4, "thickness", unit="extents", low=0, high=1, open_low=True,
                      open_high=True),
            Parameter("tips", 5, "tips of the star", low=3, high=100),
            Parameter("opening", 0.5, "half the sector's angle", unit="π", low=0, high=1, open_low=True,
                      open_high=True),
            Parameter("turns", 2.0, "turns of spiral (≥ 1) and helix", low=0.5, high=50),
            Parameter("margin", 0.2, "distance from the shape to the box", low=0, open_low=True),
            background(required=True),
        ),
        least_dim=2,
        build=_non_convex,
    ),
)  # fmt: skip
