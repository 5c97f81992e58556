"""Random polytopes with a chosen number of facets."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.regions.registry import Polytope
from geosae_synthetic.common import BOX, background, convex_in_background, unit_box
from geosae_synthetic.placing import apart, spread_directions
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter, single_rows

# Volume, sampling and facets rest on exact hull computations, whose size explodes with the dimension.
_MOST_DIM = 12
_CANDIDATES = 16
_ROUNDING = 1e-9


def random_polytope(facets: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "v n"]:
    """Return the vertices of a random polytope with exactly so many facets, around the origin.

    Its farthest vertex has norm 1. In dimension 2 and 3 all facets touch one sphere, and any number ≥ n+1
    will do. Above, where vertices of more than n facets do not survive rounding, the polytope is stacked from
    a simplex, which makes n+1 + k·(n−1) facets.

    Raises
    ------
    InvalidInput
        If there is no such polytope.

    Examples
    --------
    >>> len(random_polytope(5, 2, np.random.default_rng(0)))
    5
    """
    over = facets - (dim + 1)
    if over < 0:
        raise InvalidInput(f"a polytope in dimension {dim} has at least {dim + 1} facets, not {facets}")
    if dim > 3 and over % (dim - 1):
        below = facets - over % (dim - 1)
        raise InvalidInput(
            f"polytopes with {facets} facets are not built in dimension {dim}",
            remedy=f"use {dim + 1} + k·{dim - 1} facets, such as {below} or {below + dim - 1}",
        )
    vertices = _tangent(facets, dim, rng) if dim <= 3 else _stacked(over // (dim - 1), dim, rng)
    count = len(Polytope(vertices).facets())
    if count != facets:
        raise InvalidInput(f"{facets} facets in dimension {dim} came out as {count}: too many to tell apart")
    return vertices / np.linalg.norm(vertices, axis=1).max()


def _tangent(facets: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "v n"]:
    # All facets touch the unit sphere, so none is redundant; the simplex's normals bound the polytope.
    normals = spread_directions(dim + 1, dim, rng)
    while len(normals) < facets:
        drawn = rng.standard_normal((_CANDIDATES, dim))
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        normals = np.vstack([normals, drawn[(drawn @ normals.T).max(axis=1).argmin()]])
    # The vertices of {⟨normal, x⟩ ≤ 1} are the poles of the facets of the normals' hull.
    dual = Polytope(normals).facets()
    return -dual.w / dual.c[:, None]


def _stacked(times: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "v n"]:
    # A point beyond one facet and below all others replaces that facet by n new ones.
    vertices = spread_directions(dim + 1, dim, rng)
    for _ in range(times):
        facets = Polytope(vertices).facets()
        low = _nearest(facets)
        outward = -facets.w[low]
        corners = np.argsort(facets.values(vertices)[:, low])[:dim]
        middle = vertices[corners].mean(axis=0)
        slack, fall = facets.values(middle[None, :])[0], -(facets.w @ outward)
        others = (np.arange(len(facets)) != low) & (fall > 0)
        most = min(1.0, float((slack[others] / fall[others]).min(initial=np.inf)))
        vertices = np.vstack([vertices, middle + rng.uniform(0.3, 0.7) * most * outward])
    return vertices


def _nearest(facets: HalfSpaces) -> int:
    """Return the facet nearest to the origin; of those that are as near but for rounding, by its normal.

    All facets of a regular simplex are, and which of them rounds to the least differs between machines.
    """
    near = np.flatnonzero(facets.c <= facets.c.min() * (1 + _ROUNDING))
    normals = np.round(facets.w[near], 6)
    return int(near[np.lexsort(normals.T[::-1])[0]])


def _polytopes(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    if dim > _MOST_DIM:
        raise InvalidInput(f"polytopes needs dim ≤ {_MOST_DIM}, not {dim}: hulls grow too large beyond")
    count, radius, facets = params["concepts"], params["radius"], params["facets"] or 3 * dim - 1
    centres = apart([radius] * count, params["gap"], dim, rng)
    regions = tuple(Polytope(centre + radius * random_polytope(facets, dim, rng)) for centre in centres)
    ambient = unit_box(dim)
    cloud = scatter(points, regions, rng, ambient=ambient, background=params["background"])
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        tuple(f"polytope {k + 1}" for k in range(count)),
        regions=regions,
        ambient=ambient,
        rows=single_rows(count, params["background"]),
        truth=(convex_in_background(1, facets),) * count,
    )


WORLDS = (
    World(
        name="polytopes",
        summary="Random polytopes with F facets: concepts that exactly F neurons approximate without error.",
        steps=(
            f"Put balls of the given radius into {BOX}, apart by the gap.",
            "In dimension 2 and 3, in each draw F normals: a randomly turned simplex, then one after the "
            "other "
            "the best of 16 random directions. The polytope with these normals whose facets touch one sphere "
            "has exactly F facets.",
            "Above, stack: start with a randomly turned simplex; a new vertex a little beyond the facet "
            "nearest "
            "to the center replaces it by n new ones, so F = n + 1 + k·(n − 1).",
            "Scale it until its farthest vertex lies on the ball.",
        ),
        distribution=f"A share `background` uniform on {BOX}, the rest uniform on the polytopes in equal "
        "parts.",
        truth="Convex, e_irr = 0, S1 fails (the background surrounds every polytope), S3 holds, m* = F.",
        parameters=(
            Parameter("concepts", 3, "number of polytopes", low=1, high=128),
            Parameter(
                "facets", 0, "facets F of each polytope, at least dim + 1; 0 takes 3·dim − 1", low=0, high=256
            ),
            Parameter(
                "radius",
                0.3,
                "distance of the farthest vertex from the center",
                unit="box half-widths",
                low=0,
                open_low=True,
            ),
            Parameter(
                "gap",
                0.05,
                "least distance between the balls around two polytopes",
                unit="box half-widths",
                low=0,
            ),
            background(required=True),
        ),
        least_dim=2,
        build=_polytopes,
    ),
)
