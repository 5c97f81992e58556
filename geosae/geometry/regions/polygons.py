"""Polygons in the plane, convex or not, and two classic shapes."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry._hull import point_hull, signed_area
from geosae.geometry.regions.base import Region, check_vertices, draw_in_bounds
from geosae.geometry.regions.polytopes import Polytope, best_vertices, vertex_distance
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, POSITIVE, finite_points


@final
@dataclass(frozen=True, eq=False)
class Polygon(Region):
    """A simple polygon in the plane, convex or not, given by its vertices in order.

    Examples
    --------
    >>> ell = Polygon(np.array([[0.0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]]))
    >>> ell.volume, ell.hull_volume, ell.is_convex
    (3.0, 3.5, False)
    """

    vertices: Float[np.ndarray, "v 2"]

    __repr__ = short_repr

    kind = "polygon"
    dim = 2
    extreme = best_vertices
    farthest = vertex_distance
    _draw = draw_in_bounds

    def __post_init__(self) -> None:
        self._check_fields()
        corners = finite_points(self.vertices, "vertices", dim=2)
        if len(corners) < 3:
            raise InvalidInput(f"a polygon needs at least 3 vertices; got {len(corners)}")
        check_vertices(corners)
        if _crosses_itself(corners):
            raise InvalidInput(
                "the polygon's boundary, along its vertices in their order, meets itself",
                causes="vertices out of order, a repeated vertex",
                remedy="list the vertices in the order in which the boundary visits them",
            )
        self._set(vertices=corners if signed_area(corners) > 0 else corners[::-1].copy())
        point_hull(self.vertices)

    def _contains(self, x: Float[np.ndarray, "N 2"]) -> Bool[np.ndarray, " N"]:
        """Tell which points are inside by the parity of the edges that a ray crosses."""
        inside = np.zeros(len(x), dtype=np.bool_)
        for start, end in zip(self.vertices, np.roll(self.vertices, -1, axis=0), strict=True):
            turn = _turn(start, end, x)
            upward = (start[1] <= x[:, 1]) & (x[:, 1] < end[1]) & (turn > 0)
            downward = (end[1] <= x[:, 1]) & (x[:, 1] < start[1]) & (turn < 0)
            inside ^= upward | downward
        on_edge = np.zeros(len(x), dtype=np.bool_)
        for start, end in zip(self.vertices, np.roll(self.vertices, -1, axis=0), strict=True):
            between = np.all((x >= np.minimum(start, end)) & (x <= np.maximum(start, end)), axis=1)
            on_edge |= between & (_turn(start, end, x) == 0)
        return inside | on_edge

    @property
    def volume(self) -> float:
        """The area by the shoelace formula."""
        return signed_area(self.vertices)

    def _is_convex(self) -> bool:
        """Whether no corner turns to the right, by the computed cross products."""
        before, after = np.roll(self.vertices, 1, axis=0), np.roll(self.vertices, -1, axis=0)
        arriving, leaving = self.vertices - before, after - self.vertices
        return bool(np.all(arriving[:, 0] * leaving[:, 1] - arriving[:, 1] * leaving[:, 0] >= 0))

    def hull(self) -> Region:
        """Return the convex polygon around the vertices."""
        return Polytope(self.vertices)


@checked_arguments(tips=COUNT, outer=POSITIVE, inner=POSITIVE)
def star_polygon(tips: int, outer: float, inner: float) -> Polygon:
    """Return the star with its tips at radius `outer` and its notches at radius `inner`, around the origin.

    Its area is tips·outer·inner·sin(π/tips), and its hull (for inner ≤ outer·cos(π/tips)) has the area
    ½·tips·outer²·sin(2π/tips).

    Examples
    --------
    >>> star = star_polygon(5, 2.0, 1.0)
    >>> bool(np.isclose(star.volume, 5 * 2 * np.sin(np.pi / 5)))
    True
    """
    if tips < 3:
        raise InvalidInput(f"a star needs at least 3 tips; got {tips}")
    angles = np.pi * np.arange(2 * tips) / tips
    radii = np.where(np.arange(2 * tips) % 2 == 0, outer, inner)
    return Polygon(radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)]))


@checked_arguments(size=POSITIVE, notch=POSITIVE)
def l_shape(size: float, notch: float) -> Polygon:
    """Return the square [0, size]² without the square notch of side `notch` at its far corner.

    Area size² − notch², hull size² − notch²/2.

    Examples
    --------
    >>> l_shape(2.0, 1.0).volume
    3.0
    """
    if not 0 < notch < size:
        raise InvalidInput(f"an L needs 0 < notch < size; got {notch} and {size}")
    k = size - notch
    return Polygon(np.array([[0.0, 0.0], [size, 0.0], [size, k], [k, k], [k, size], [0.0, size]]))


def _turn(
    start: Float[np.ndarray, " 2"], end: Float[np.ndarray, " 2"], x: Float[np.ndarray, "N 2"]
) -> Float[np.ndarray, " N"]:
    """Return twice the signed area of (start, end, x): positive where x lies to the left."""
    return (end[0] - start[0]) * (x[:, 1] - start[1]) - (end[1] - start[1]) * (x[:, 0] - start[0])


def _crosses_itself(corners: Float[np.ndarray, "v 2"]) -> bool:
    """Tell whether two edges without a common vertex meet, or two neighbours fold back on each other."""
    count = len(corners)
    after = np.roll(corners, -1, axis=0)
    if np.any(np.all(corners == after, axis=1)):
        return True
    for i in range(count):
        a, b = corners[i], after[i]
        sides = _turn(a, b, corners)
        for j in range(i + 1, count):
            if (j + 1) % count == i or j == i + 1:
                shared, p, q = (b, a, after[j]) if j == i + 1 else (a, b, corners[j])
                if _turn(shared, p, q[None, :])[0] == 0 and float((p - shared) @ (q - shared)) > 0:
                    return True
                continue
            across = _turn(corners[j], after[j], np.stack([a, b]))
            apart = sides[j] * sides[(j + 1) % count] > 0 or across[0] * across[1] > 0
            lows = np.maximum(np.minimum(a, b), np.minimum(corners[j], after[j]))
            highs = np.minimum(np.maximum(a, b), np.maximum(corners[j], after[j]))
            if not apart and np.all(lows <= highs):
                return True
    return False
