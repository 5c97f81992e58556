"""Which points lie in the convex hull of a region or of a point set, each answer proved.

P. Wolfe, Finding the nearest point in a polytope (1976), doi:10.1007/BF01580381, with the polytope's vertices
generated on demand as the region's extreme points. "Outside" is proved by a direction, "inside" by a simplex
of the region's points around the point, both with a bound on the rounding. What neither proves stays open.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from geosae.geometry._hull import point_hull
from geosae.geometry.balls import sphere_points
from geosae.geometry.regions.base import Region
from geosae.geometry.separation.separate import separate

Extreme = Callable[[Float[np.ndarray, "m n"]], Float[np.ndarray, "m n"]]
_EPS = float(np.finfo(np.float64).eps)
# Directions of the polytopes that bracket the hull from inside and outside, where qhull is quick.
_BRACKET = {1: 2, 2: 2048, 3: 3072, 4: 1024}


def hull_membership(
    region: Region, points: Float[np.ndarray, "N n"]
) -> tuple[Bool[np.ndarray, " N"], Bool[np.ndarray, " N"]]:
    """Decide which points lie in the convex hull of a region, as far as floats can prove it.

    Only the region's support function and its extreme points are used, so that the hull needs no closed form.

    Parameters
    ----------
    region
        Any region of Rⁿ.
    points
        Finite points, one per row.

    Returns
    -------
    tuple[Bool[np.ndarray, " N"], Bool[np.ndarray, " N"]]
        Two masks: the points proved to lie in the hull, and those proved to lie outside. A point in neither
        is nearer to the hull's boundary than rounding can tell.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball, Union
    >>> three = [Ball(np.array(c), 1.0) for c in ([0.0, 0.0], [4.0, 0.0], [0.0, 4.0])]
    >>> inside, outside = hull_membership(Union(tuple(three)), np.array([[2.0, 2.5], [2.9, 2.9]]))
    >>> inside.tolist(), outside.tolist()
    ([True, False], [False, True])
    """
    n = region.dim
    fixed = sphere_points(_BRACKET.get(n, 256), n, np.random.default_rng(0))
    fixed = np.vstack([fixed, np.eye(n), -np.eye(n)])
    inside, outside = region.contains(points), _beyond(region, points, fixed)
    if n in _BRACKET:
        inside |= _within(region.extreme(fixed), points)
    for row in np.flatnonzero(~inside & ~outside):
        verdict = nearest_verdict(region.extreme, points[row])
        inside[row], outside[row] = verdict is True, verdict is False
    return inside, outside


def _beyond(
    region: Region, points: Float[np.ndarray, "N n"], directions: Float[np.ndarray, "m n"]
) -> Bool[np.ndarray, " N"]:
    """Tell which points some direction proves to lie outside the hull."""
    slack = _rounding(region.dim, float(np.max(np.abs(points), initial=0.0)), np.max(np.abs(region.bounds)))
    return np.any(points @ directions.T > region.support(directions) + slack, axis=1)


def _within(cloud: Float[np.ndarray, "K n"], points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
    """Tell which points satisfy all facets of the cloud's hull, beyond what qhull's rounding could hide."""
    hull = point_hull(cloud)
    # Every facet is computed from n points; a hundred bounds on one product are ample for its own error.
    slack = 100 * _rounding(cloud.shape[1], float(np.max(np.abs(cloud))))
    return np.all(points @ hull.normals.T <= hull.offsets - slack, axis=1)


def _rounding(n: int, *sizes: float) -> float:
    """Bound the rounding of ⟨u, x⟩ − ⟨u, y⟩ for a unit vector u and entries of these sizes."""
    return 4 * (n + 4) * n * _EPS * sum(float(size) for size in sizes)


def nearest_verdict(extreme: Extreme, point: Float[np.ndarray, " n"], limit: int = 100) -> bool | None:
    """Decide whether one point lies in a convex hull that is given by its extreme points.

    Parameters
    ----------
    extreme
        Gives for each direction (row) a point of the hull that goes farthest in it.
    point
        The point, of n coordinates.
    limit
        At most that many extreme points are asked for.

    Returns
    -------
    bool | None
        True if the point is proved to lie inside, False if proved outside, None if neither.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Box
    >>> nearest_verdict(Box(np.zeros(2), np.ones(2)).extreme, np.array([0.25, 0.5]))
    True
    """
    n = len(point)
    atoms = extreme(np.eye(n)[:1]) - point
    weights = np.ones(1)
    for _ in range(limit):
        nearest = weights @ atoms
        length = float(np.linalg.norm(nearest))
        size = float(np.max(np.abs(atoms))) + float(np.max(np.abs(point)))
        if length > 0:
            toward = -nearest / length
            added = extreme(toward[None, :])[0] - point
            if float(toward @ added) < -_rounding(n, size):
                return False
            if _surrounds(atoms, weights):
                return True
            if np.any(np.all(atoms == added, axis=1)):
                return None
            atoms, weights = np.vstack([atoms, added]), np.append(weights, 0.0)
        elif _surrounds(atoms, weights):
            return True
        else:
            return None
        atoms, weights = _shorten(atoms, weights)
    return None


def _shorten(
    atoms: Float[np.ndarray, "k n"], weights: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, "j n"], Float[np.ndarray, " j"]]:
    """Move to the nearest point of the atoms' hull, dropping atoms until all weights are positive."""
    while True:
        goal = _affine_nearest(atoms)
        if np.all(goal > 0):
            return atoms, goal
        falling = goal <= 0
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(falling, weights / (weights - goal), np.inf)
        step = min(1.0, float(np.nanmin(steps)))
        weights = (1 - step) * weights + step * goal
        drop = falling & (weights <= _EPS)
        drop[int(np.nanargmin(steps))] = True
        atoms, weights = atoms[~drop], np.maximum(weights[~drop], 0.0)
        weights = weights / weights.sum()


def _affine_nearest(atoms: Float[np.ndarray, "k n"]) -> Float[np.ndarray, " k"]:
    """Return the affine weights of the point of the atoms' affine hull that is nearest to the origin."""
    if len(atoms) == 1:
        return np.ones(1)
    edges = atoms[1:] - atoms[0]
    rest = np.linalg.lstsq(edges.T, -atoms[0], rcond=None)[0]
    return np.concatenate([[1.0 - rest.sum()], rest])


def _surrounds(atoms: Float[np.ndarray, "k n"], weights: Float[np.ndarray, " k"]) -> bool:
    """Prove that n+1 atoms surround the origin: barycentric coordinates positive beyond rounding."""
    count, n = atoms.shape
    if count != n + 1:
        return False
    system = np.vstack([atoms.T, np.ones(count)])
    scale = max(1.0, float(np.max(np.abs(atoms))))
    inverse = np.linalg.pinv(system)
    # With R ≈ S⁻¹ and |I − RS| ≤ ½, the exact solution is within 2|R(b − Sλ)| of λ (Rump's inclusion).
    defect = float(np.abs(np.eye(count) - inverse @ system).sum(axis=1).max())
    residual = np.append(np.zeros(n), 1.0) - system @ weights
    rounding = 8 * (count + 2) * _EPS * scale * float(np.abs(inverse).sum(axis=1).max())
    error = 2 * float(np.abs(inverse @ residual).max()) + 2 * rounding
    return defect + rounding < 0.5 and bool(np.min(weights) > error)


def point_membership(
    cloud: Float[np.ndarray, "K n"], points: Float[np.ndarray, "N n"]
) -> tuple[Bool[np.ndarray, " N"], Bool[np.ndarray, " N"]]:
    """Decide which points lie in the convex hull of a finite cloud, by exact arithmetic where floats cannot.

    Parameters
    ----------
    cloud
        The points whose hull is meant, one per row.
    points
        The points to place, one per row.

    Returns
    -------
    tuple[Bool[np.ndarray, " N"], Bool[np.ndarray, " N"]]
        Two masks: the points proved to lie in the hull, and those proved to lie outside. A point in neither
        can occur above 256 dimensions only, where `separate` solves no rational systems.

    Examples
    --------
    >>> triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> inside, outside = point_membership(triangle, np.array([[0.5, 0.5], [0.6, 0.5]]))
    >>> inside.tolist(), outside.tolist()
    ([True, False], [False, True])
    """
    n = cloud.shape[1]
    rows = np.vstack([sphere_points(256, n, np.random.default_rng(0)), np.eye(n), -np.eye(n)])
    slack = _rounding(n, float(np.max(np.abs(cloud))), float(np.max(np.abs(points), initial=0.0)))
    outside = np.any(points @ rows.T > np.max(cloud @ rows.T, axis=0) + slack, axis=1)
    inside = np.zeros(len(points), dtype=np.bool_)

    def extreme(u: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        return cloud[np.argmax(u @ cloud.T, axis=1)]

    for row in np.flatnonzero(~outside):
        verdict = nearest_verdict(extreme, points[row])
        if verdict is None:
            exact = separate(cloud, points[row : row + 1])
            if exact.grade == "exact" or exact.separable:
                verdict = not exact.separable
        inside[row], outside[row] = verdict is True, verdict is False
    return inside, outside
