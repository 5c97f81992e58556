"""What unions ask of their parts: are they apart, does one hold another, what is their hull."""

import numpy as np
from jaxtyping import Float

from geosae.geometry._region import Region
from geosae.geometry.regions_cut import Capsule
from geosae.geometry.regions_flat import Box, Polytope
from geosae.geometry.regions_planar import Polygon
from geosae.geometry.regions_round import Ball, Shell

# Beyond this many points or dimensions qhull is no longer a closed form but a computation of its own.
_HULL_DIM, _HULL_POINTS = 5, 2000
_STEPS = 20


def apart(one: Region, two: Region, *, strictly: bool = False) -> bool:
    """Tell whether it is certain that two regions have no interior point (strictly: no point) in common.

    Examples
    --------
    >>> apart(Box(np.zeros(1), np.ones(1)), Box(np.ones(1), np.array([2.0])))
    True
    >>> apart(Box(np.zeros(1), np.ones(1)), Box(np.ones(1), np.array([2.0])), strictly=True)
    False
    """
    for shell, other in ((one, two), (two, one)):
        if isinstance(shell, Shell):
            reach = other.farthest(shell.center)
            if reach < shell.inner or (reach == shell.inner and not strictly):
                return True
    axes = np.eye(one.dim)
    mids = np.mean(one.bounds, axis=0), np.mean(two.bounds, axis=0)
    directions = np.vstack([axes, -axes, mids[1] - mids[0]])
    directions = directions[np.any(directions, axis=1)]  # equal middles name no direction
    gaps = -two.support(-directions) - one.support(directions)
    if bool(np.any(gaps > 0)) or (not strictly and bool(np.any(gaps >= 0))):
        return True
    return _plane_between(one, two, mids[1] - mids[0])


def _plane_between(one: Region, two: Region, start: Float[np.ndarray, " n"]) -> bool:
    """Look for a plane strictly between two regions by a few of Gilbert's steps (doi:10.1137/0304007)."""
    nearest = start
    for _ in range(_STEPS):
        length = float(np.linalg.norm(nearest))
        if length == 0:
            return False
        u = nearest[None, :] / length
        far_end = (two.extreme(-u) - one.extreme(u))[0]
        if float(u[0] @ far_end) > 0:
            return True
        step = nearest - far_end
        square = float(step @ step)
        nearest = nearest - (min(1.0, float(nearest @ step) / square) if square > 0 else 0.0) * step
    return False


def overlap_witness(one: Region, two: Region) -> Float[np.ndarray, " n"] | None:
    """Return a point drawn from one part that the other holds too, if 512 draws from each show one."""
    rng = np.random.default_rng(0)
    for this, other in ((one, two), (two, one)):
        drawn = this.sample(512, rng)
        shared = drawn[other.contains(drawn)]
        if len(shared):
            return shared[0]
    return None


def holds(outer: Region, inner: Region) -> bool:
    """Tell whether it is certain that one region holds another.

    Examples
    --------
    >>> holds(Ball(np.zeros(2), 2.0), Ball(np.ones(2), 0.5))
    True
    """
    if isinstance(outer, Ball):
        return inner.farthest(outer.center) <= outer.radius
    if isinstance(outer, Box):
        low, high = inner.bounds
        return bool(np.all(low >= outer.low) and np.all(high <= outer.high))
    corners = corners_of(inner)
    return bool(outer.is_convex) and corners is not None and bool(np.all(outer.contains(corners)))


def largest_only(parts: tuple[Region, ...]) -> tuple[Region, ...]:
    """Drop every part that another part holds (the first of two equal ones stays)."""
    kept = list(parts)
    for part in parts:
        others = [other for other in kept if other is not part]
        if any(holds(other, part) for other in others):
            kept = others
    return tuple(kept)


def corners_of(region: Region) -> Float[np.ndarray, "c n"] | None:
    """Return the points whose hull is the region's hull, None where there is no short list of them."""
    if isinstance(region, Polytope | Polygon):
        return region.vertices
    return region.corners() if isinstance(region, Box) and region.dim <= _HULL_DIM else None


def union_hull(parts: tuple[Region, ...]) -> Region | None:
    """Return the hull of a union where it is one part's hull, a capsule of two balls, or a polytope."""
    hulls: list[Region] = []
    for part in parts:
        hull = part.hull()
        if hull is None:
            return None
        hulls.append(hull)
    kept = largest_only(tuple(hulls))
    if len(kept) == 1:
        return kept[0]
    if len(kept) == 2 and isinstance(kept[0], Ball) and isinstance(kept[1], Ball):
        return Capsule(kept[0].center, kept[0].radius, kept[1].center, kept[1].radius)
    corners = [corners_of(hull) for hull in kept]
    points = np.concatenate([c for c in corners if c is not None] or [np.empty((0, parts[0].dim))])
    if any(c is None for c in corners) or parts[0].dim > _HULL_DIM or len(points) > _HULL_POINTS:
        return None
    return Polytope(points)
