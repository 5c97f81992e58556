"""The polyhedron {⟨u_i, x⟩ ≤ h_i}: volume, facets' areas and centroids, by polar duality and qhull."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull, QhullError

from geosae.errors import InvalidInput
from geosae.geometry._hull import fan_volumes, point_hull


@dataclass(frozen=True, eq=False)
class Facets:
    """Volume of a bounded polyhedron, areas and centroids of its facets (0 for redundant ones), vertices."""

    volume: float
    areas: Float[np.ndarray, " m"]
    centroids: Float[np.ndarray, "m n"]
    vertices: Float[np.ndarray, "v n"]


def facets_of(
    units: Float[np.ndarray, "m n"], heights: Float[np.ndarray, " m"], inner: Float[np.ndarray, " n"]
) -> Facets | None:
    """Measure {⟨u_i, x⟩ ≤ h_i} for unit normals u_i; None if it is unbounded or `inner` is not inside it.

    Examples
    --------
    >>> square = facets_of(np.vstack([np.eye(2), -np.eye(2)]), np.ones(4), np.zeros(2))
    >>> square.volume, square.areas.tolist()
    (4.0, [2.0, 2.0, 2.0, 2.0])
    """
    depth = heights - units @ inner
    if np.any(depth <= 0):
        return None
    dual = _dual(units, depth)
    if dual is None:
        return None
    corners = dual.equations[:, :-1] / -dual.equations[:, -1:]
    simplices = np.asarray(dual.simplices)
    if units.shape[1] == 2:
        areas, centroids = _edges(units, depth, corners, simplices)
    elif units.shape[1] == 3:
        areas, centroids = _faces(units, depth, corners, simplices, np.asarray(dual.neighbors))
    else:
        areas, centroids = _facets(units, corners, simplices)
    return Facets(float(areas @ depth) / units.shape[1], areas, centroids + inner, corners + inner)


def _dual(units: Float[np.ndarray, "m n"], depth: Float[np.ndarray, " m"]) -> ConvexHull | None:
    """Return the hull of the polar points, whose facets are the vertices; None if it misses the origin."""
    if len(units) <= units.shape[1]:
        return None
    polar = units / depth[:, None]
    try:
        dual = ConvexHull(polar)
    except QhullError:
        return None
    # An offset that qhull cannot tell from zero is a vertex at infinity.
    return None if np.any(dual.equations[:, -1] >= -1e-12 * np.max(np.abs(polar))) else dual


def _edges(
    units: Float[np.ndarray, "m 2"],
    depth: Float[np.ndarray, " m"],
    corners: Float[np.ndarray, "v 2"],
    simplices: Int[np.ndarray, "v 2"],
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "m 2"]]:
    """Add up, along every edge of a polygon, the signed lengths from the origin's foot to its corners."""
    i, j = np.concatenate([simplices, simplices[:, ::-1]]).T
    corner = np.concatenate([corners, corners])
    foot = depth[i, None] * units[i]
    length = _sign(units, i, j, corner - foot) * np.linalg.norm(corner - foot, axis=1)
    return _collect(len(units), i, length, (foot + corner) / 2)


def _faces(
    units: Float[np.ndarray, "m 3"],
    depth: Float[np.ndarray, " m"],
    corners: Float[np.ndarray, "v 3"],
    simplices: Int[np.ndarray, "v 3"],
    neighbors: Int[np.ndarray, "v 3"],
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "m 3"]]:
    """Add up, on every face of a polyhedron, the signed triangles from the origin's foot to the edges."""
    # Neighbour k of a dual triangle shares the two planes other than its k-th: an edge of the polyhedron.
    first = np.repeat(np.arange(len(simplices)), 3)
    second = neighbors.ravel()
    i, j = simplices[:, [1, 0, 0]].ravel(), simplices[:, [2, 2, 1]].ravel()
    once = first < second
    first, second, i, j = first[once], second[once], i[once], j[once]
    i, j = np.concatenate([i, j]), np.concatenate([j, i])
    start, end = np.tile(corners[first], (2, 1)), np.tile(corners[second], (2, 1))
    foot = depth[i, None] * units[i]
    area = 0.5 * np.linalg.norm(np.cross(start - foot, end - foot), axis=1)
    area *= _sign(units, i, j, (start + end) / 2 - foot)
    return _collect(len(units), i, area, (foot + start + end) / 3)


def _sign(
    units: Float[np.ndarray, "m n"],
    i: Int[np.ndarray, " k"],
    j: Int[np.ndarray, " k"],
    way: Float[np.ndarray, "k n"],
) -> Float[np.ndarray, " k"]:
    """Tell whether a way within plane i leads towards plane j (+1) or away from it (−1)."""
    cosine = np.sum(units[i] * units[j], axis=1, keepdims=True)
    return np.sign(np.sum(way * (units[j] - cosine * units[i]), axis=1))


def _collect(
    m: int, i: Int[np.ndarray, " k"], areas: Float[np.ndarray, " k"], middles: Float[np.ndarray, "k n"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "m n"]]:
    """Sum signed pieces facet by facet, and their middles weighted by them."""
    total = np.bincount(i, areas, m)
    moments = np.stack([np.bincount(i, areas * column, m) for column in middles.T], axis=1)
    return total, moments / np.where(total > 0, total, np.inf)[:, None]


def _facets(
    units: Float[np.ndarray, "m n"], corners: Float[np.ndarray, "v n"], simplices: Int[np.ndarray, "v n"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "m n"]]:
    """Measure every facet as the hull of its corners."""
    touches = np.zeros((len(corners), len(units)), dtype=np.bool_)
    np.put_along_axis(touches, simplices, True, axis=1)
    measured = [_facet(corners[touches[:, i]], unit) for i, unit in enumerate(units)]
    return np.array([area for area, _ in measured]), np.array([middle for _, middle in measured])


def _facet(
    corners: Float[np.ndarray, "k n"], unit: Float[np.ndarray, " n"]
) -> tuple[float, Float[np.ndarray, " n"]]:
    """Return the area and centroid of a facet from its corners; (0, 0) if they do not span one."""
    n = len(unit)
    nothing = 0.0, np.zeros(n)
    if len(corners) < n:
        return nothing
    # An orthonormal basis of the facet's plane: the last rows of the factor of [unit | identity].
    basis = np.linalg.qr(np.column_stack([unit, np.eye(n)]))[0][:, 1:n]
    flat = corners @ basis
    try:
        hull = point_hull(flat)
    except InvalidInput:
        return nothing
    apex, volumes = fan_volumes(flat, hull)
    total = float(volumes.sum())
    if total == 0:
        return nothing
    middles = (flat[hull.simplices].sum(axis=1) + apex) / n
    level = float(np.mean(corners @ unit))
    return total, level * unit + basis @ (volumes @ middles / total)
