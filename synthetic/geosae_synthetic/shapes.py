"""Convex bodies of eight shapes in the unit ball, to be scaled and moved."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.regions.registry import (
    AffineImage,
    Ball,
    Box,
    Cap,
    Cone,
    Ellipsoid,
    Polytope,
    Region,
    Slab,
)
from geosae_synthetic.placing import frame, spread_directions
from geosae_synthetic.polytopes import random_polytope

SHAPES = ("ball", "ellipsoid", "box", "simplex", "polytope", "cap", "cone", "slab")
_MOST_DIM = 12  # polytopes rest on hulls, which grow too large beyond


@dataclass(frozen=True, eq=False)
class Body:
    """A convex body in the unit ball with the origin inside.

    Parameters
    ----------
    place
        Returns the body scaled by a number and moved to a middle.
    core
        Radius of a ball around the origin that the body holds.
    facets
        The number of facets, None where it has no finite number.
    """

    place: Callable[[Float[np.ndarray, "n"], float], Region]
    core: float
    facets: int | None = None


def random_body(params: Mapping[str, Any], dim: int, rng: np.random.Generator) -> Body:
    """Draw a body of the given `shape`, rotated at random.

    Raises
    ------
    InvalidInput
        If there is no such body in this dimension.

    Examples
    --------
    >>> body = random_body({"shape": "simplex", "aspect": 2.0, "facets": 0}, 3, np.random.default_rng(0))
    >>> body.facets, round(body.core, 6)
    (4, 0.333333)
    """
    shape, flat = params["shape"], 1.0 / params["aspect"]
    if shape in ("cap", "cone") and flat == 1.0:
        raise InvalidInput(f"a {shape} of aspect 1 is no {shape}", remedy="use aspect > 1")
    axis = spread_directions(1, dim, rng)[0]
    if shape == "ball":
        return Body(Ball, 1.0, 2 if dim == 1 else None)
    if shape == "ellipsoid":
        axes = frame(dim, rng).T * np.linspace(1.0, flat, dim)
        return Body(lambda c, s: Ellipsoid(c, s * axes), flat, 2 if dim == 1 else None)
    if shape == "cap":
        return Body(lambda c, s: Cap(c, s, axis, -s * flat), flat, 2 if dim == 1 else None)
    if shape == "slab":
        return Body(lambda c, s: Slab(c, s, axis, -s * flat, s * flat), flat, 2 if dim == 1 else None)
    if shape == "cone":
        return _cone(axis, flat, dim)
    return _flat_sided(params, flat, dim, rng)


def _cone(axis: Float[np.ndarray, "n"], flat: float, dim: int) -> Body:
    # Apex and rim lie on the unit sphere, the base at −flat along the axis.
    rim = math.sqrt(1.0 - flat * flat)
    side = rim / math.hypot(1.0 + flat, rim) if dim > 1 else 1.0
    return Body(
        lambda c, s: Cone(c - s * flat * axis, s * rim, axis, s * (1.0 + flat)),
        min(flat, side),
        2 if dim == 1 else None,
    )


def _flat_sided(params: Mapping[str, Any], flat: float, dim: int, rng: np.random.Generator) -> Body:
    if params["shape"] == "box":
        halves = np.linspace(1.0, flat, dim)
        halves /= np.linalg.norm(halves)
        cube, matrix = Box(-np.ones(dim), np.ones(dim)), frame(dim, rng).T * halves
        return Body(lambda c, s: AffineImage(cube, s * matrix, c), float(halves.min()), 2 * dim)
    if params["shape"] == "simplex":
        vertices = spread_directions(dim + 1, dim, rng)
        return Body(lambda c, s: Polytope(c + s * vertices), 1.0 / dim, dim + 1)
    if not 2 <= dim <= _MOST_DIM:
        raise InvalidInput(f"shape = 'polytope' needs 2 ≤ dim ≤ {_MOST_DIM}, not {dim}")
    facets = params["facets"] or 3 * dim - 1
    corners = random_polytope(facets, dim, rng)
    sides = Polytope(corners).facets()
    core = float((sides.c / np.linalg.norm(sides.w, axis=1)).min())
    return Body(lambda c, s: Polytope(c + s * corners), core, facets)
