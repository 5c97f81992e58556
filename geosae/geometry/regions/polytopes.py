"""Regions with flat sides: box and convex polytope."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry._hull import PointHull, fan_volumes, point_hull
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.regions.base import Region, always, check_vertices, itself
from geosae.notebook import short_repr
from geosae.validation import finite_points, finite_vector


@final
@dataclass(frozen=True, eq=False)
class Box(Region):
    """The closed box {low ≤ x ≤ high}.

    Examples
    --------
    >>> Box(np.zeros(3), np.array([1.0, 2.0, 3.0])).volume
    6.0
    """

    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]

    __repr__ = short_repr

    kind = "box"
    _squared = False
    _is_convex = always
    hull = itself

    def __post_init__(self) -> None:
        self._check_fields()
        low = finite_vector(self.low, "low")
        high = finite_vector(self.high, "high", dim=len(low))
        if np.any(low >= high):
            raise InvalidInput(
                "a box needs low < high in every coordinate", causes="swapped or equal corners"
            )
        self._set(dim=len(low), low=low, high=high)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie between the two corners."""
        return np.all((x >= self.low) & (x <= self.high), axis=1)

    @property
    def volume(self) -> float:
        """The product of the side lengths."""
        with np.errstate(over="ignore"):
            return float(np.prod(self.high - self.low))

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the corner on the side of each direction."""
        return np.where(directions > 0, self.high, self.low)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the distance to the farthest corner."""
        return math.hypot(*np.maximum(np.abs(self.low - point), np.abs(self.high - point)).tolist())

    def corners(self) -> Float[np.ndarray, "c n"]:
        """Return the 2ⁿ corners (n ≤ 16)."""
        if self.dim > 16:
            raise InvalidInput(f"a box in {self.dim} dimensions has too many corners to list")
        bits = (np.arange(2**self.dim)[:, None] >> np.arange(self.dim)) & 1
        return np.where(bits > 0, self.high, self.low)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return rng.uniform(self.low, self.high, (count, self.dim))


def best_vertices(self: Any, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
    """Return for each direction the vertex with the largest inner product."""
    return self.vertices[np.argmax(directions @ self.vertices.T, axis=1)]


def vertex_distance(self: Any, point: Float[np.ndarray, " n"]) -> float:
    """Return the distance from the point to the farthest vertex."""
    return float(np.max(np.linalg.norm(self.vertices - point, axis=1)))


@final
@dataclass(frozen=True, eq=False)
class Polytope(Region):
    """The convex hull of points that span Rⁿ; points that are not vertices are dropped.

    Examples
    --------
    >>> triangle = Polytope(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.2, 0.2]]))
    >>> triangle.volume, len(triangle.vertices)
    (0.5, 3)
    """

    vertices: Float[np.ndarray, "v n"]

    __repr__ = short_repr

    kind = "polytope"
    _is_convex = always
    hull = itself
    extreme = best_vertices
    farthest = vertex_distance

    def __post_init__(self) -> None:
        self._check_fields()
        points = finite_points(self.vertices, "vertices")
        check_vertices(points)
        corners = points[point_hull(points).vertices]
        if corners.shape[1] == 2:
            # In the plane they go round counterclockwise; starting from the leftmost makes them canonical.
            corners = np.roll(corners, -int(np.lexsort(corners.T[::-1])[0]), axis=0)
        self._set(dim=corners.shape[1], vertices=corners)

    @cached_property
    def _hull(self) -> PointHull:
        return point_hull(self.vertices)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points satisfy all facets, up to a bound on the rounding of ⟨normal, x⟩."""
        slack = (
            2 * (self.dim + 2) * np.finfo(np.float64).eps * float(np.max(np.abs(self.vertices))) * self.dim
        )
        return np.all(x @ self._hull.normals.T <= self._hull.offsets + slack, axis=1)

    @property
    def volume(self) -> float:
        """The volume by qhull, or a determinant for a simplex."""
        return self._hull.volume

    def facets(self) -> HalfSpaces:
        """Return one half-space per facet, whose intersection is the polytope: the unit of A1 and A4."""
        return HalfSpaces(-self._hull.normals, self._hull.offsets)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        apex, volumes = fan_volumes(self.vertices, self._hull)
        # In an order of our own: Qhull's differs between its versions, and draws must not.
        simplices = np.sort(self._hull.simplices, axis=1)
        order = np.lexsort(simplices.T[::-1])
        simplices, volumes = simplices[order], volumes[order]
        chosen = simplices[rng.choice(len(volumes), count, p=volumes / volumes.sum())]
        weights = rng.dirichlet(np.ones(self.dim + 1), count)
        return weights[:, :1] * apex + np.einsum("mi,min->mn", weights[:, 1:], self.vertices[chosen])
