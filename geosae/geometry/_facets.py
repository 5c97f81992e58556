"""The polyhedron {⟨u_i, x⟩ ≤ h_i}: volume, facets' areas and centroids, by polar duality and qhull."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import ConvexHull, QhullError

from geosae.geometry._door import InvalidInput
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
    meets = _vertices(units, depth)
    if meets is None:
        return None
    corners, touches = meets
    m, n = units.shape
    areas, centroids = np.zeros(m), np.zeros((m, n))
    for i in range(m):
        areas[i], centroids[i] = _facet(corners[touches[:, i]], units[i])
    return Facets(float(areas @ depth) / n, areas, centroids + inner, corners + inner)


def _vertices(
    units: Float[np.ndarray, "m n"], depth: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, "v n"], Bool[np.ndarray, "v m"]] | None:
    """Return the vertices, and which of the planes meet in each, from the facets of the polar dual's hull."""
    if len(units) <= units.shape[1]:
        return None
    try:
        dual = ConvexHull(units / depth[:, None])
    except QhullError:
        return None
    normals, offsets = dual.equations[:, :-1], dual.equations[:, -1]
    if np.any(offsets >= -1e-12 * np.max(np.abs(units / depth[:, None]))):
        return None
    touches = np.zeros((len(normals), len(units)), dtype=np.bool_)
    np.put_along_axis(touches, np.asarray(dual.simplices), True, axis=1)
    return normals / -offsets[:, None], touches


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
