"""Convex hulls of point clouds by qhull, and the cases it refuses: the line, simplices of any dimension."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull, QhullError

from geosae.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class PointHull:
    """A convex hull: ⟨normals, x⟩ ≤ offsets, the vertices' indices, the facets as simplices of indices."""

    vertices: Int[np.ndarray, " v"]
    normals: Float[np.ndarray, "f n"]
    offsets: Float[np.ndarray, " f"]
    simplices: Int[np.ndarray, "s n"]
    volume: float


def point_hull(points: Float[np.ndarray, "N n"]) -> PointHull:
    """Compute the convex hull of points that span Rⁿ; vertices in the plane come counterclockwise.

    Raises
    ------
    InvalidInput
        If the points lie in a hyperplane, up to rounding.

    Examples
    --------
    >>> point_hull(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.2, 0.2]])).volume
    0.5
    """
    n = points.shape[1]
    if n == 1:
        return _interval(points)
    if len(points) == n + 1:
        return _simplex(points)
    if len(points) <= n:
        raise _flat(points)
    try:
        hull = ConvexHull(points)
    except QhullError as error:
        raise _flat(points) from error
    # Qhull splits a facet into simplices with one and the same equation.
    planes = np.unique(hull.equations, axis=0)
    vertices = np.asarray(hull.vertices, dtype=np.int64)
    return PointHull(
        vertices,
        planes[:, :-1],
        _tight(points, planes[:, :-1]),
        np.asarray(hull.simplices, dtype=np.int64),
        signed_area(points[vertices]) if n == 2 else float(hull.volume),
    )


def signed_area(corners: Float[np.ndarray, "v 2"]) -> float:
    """Return the area of a polygon by the shoelace formula: positive for counterclockwise corners.

    Examples
    --------
    >>> signed_area(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    x, y = (corners - corners[0]).T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def fan_volumes(
    points: Float[np.ndarray, "N n"], hull: PointHull
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " s"]]:
    """Return an inner point and the volumes of the simplices that join it to the facets: they tile the hull.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> float(fan_volumes(square, point_hull(square))[1].sum())
    4.0
    """
    apex = points[hull.vertices].mean(axis=0)
    n = points.shape[1]
    edges = points[hull.simplices] - apex
    return apex, np.abs(np.linalg.det(edges)) / float(np.prod(np.arange(1, n + 1, dtype=np.float64)))


def _tight(points: Float[np.ndarray, "N n"], normals: Float[np.ndarray, "f n"]) -> Float[np.ndarray, " f"]:
    """Push every facet out to its farthest point, so that no point is cut off by the rounding of qhull."""
    return np.max(points @ normals.T, axis=0)


def _interval(points: Float[np.ndarray, "N n"]) -> PointHull:
    ends = np.array([np.argmin(points), np.argmax(points)])
    low, high = points[ends, 0]
    if low == high:
        raise _flat(points)
    return PointHull(
        ends, np.array([[-1.0], [1.0]]), np.array([-low, high]), ends[:, None], float(high - low)
    )


def _simplex(points: Float[np.ndarray, "N n"]) -> PointHull:
    n = points.shape[1]
    edges = points[1:] - points[0]
    if np.linalg.matrix_rank(edges) < n:
        raise _flat(points)
    # Rows of the inverse are the gradients of the barycentric coordinates 1…n; coordinate 0 is the rest.
    gradients = np.linalg.inv(edges).T
    outward = -np.vstack([-gradients.sum(axis=0), gradients])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    volume = float(abs(np.linalg.det(edges))) / float(np.prod(np.arange(1, n + 1, dtype=np.float64)))
    facets = np.array(list(combinations(range(n + 1), n)), dtype=np.int64)
    order = np.arange(n + 1)
    if n == 2 and np.linalg.det(edges) < 0:
        order = order[::-1].copy()
    return PointHull(order, outward, _tight(points, outward), facets, volume)


def _flat(points: Float[np.ndarray, "N n"]) -> InvalidInput:
    return InvalidInput(
        f"the {len(points)} points do not span R^{points.shape[1]}: their hull has no volume",
        causes="too few points, repeated points, or data in a hyperplane",
        remedy="work in coordinates of their affine hull",
    )
