"""Regions built from regions: union, product, affine image."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.regions.axial import Capsule
from geosae.geometry.regions.base import Region, check_length, corner_distance, draw_in_bounds
from geosae.geometry.regions.polygons import Polygon
from geosae.geometry.regions.polytopes import Box, Polytope
from geosae.geometry.regions.round import Ball, Shell
from geosae.notebook import short_repr
from geosae.validation import finite_points, finite_vector

# Beyond this many points or dimensions qhull is no longer a closed form but a computation of its own.
_HULL_DIM, _HULL_POINTS = 5, 2000
_STEPS = 20


def apart(left: Region, right: Region, *, strictly: bool = False) -> bool:
    """Tell whether it is certain that two regions have no interior point (strictly: no point) in common.

    Examples
    --------
    >>> apart(Box(np.zeros(1), np.ones(1)), Box(np.ones(1), np.array([2.0])))
    True
    >>> apart(Box(np.zeros(1), np.ones(1)), Box(np.ones(1), np.array([2.0])), strictly=True)
    False
    """
    for shell, body in ((left, right), (right, left)):
        if isinstance(shell, Shell):
            reach = body.farthest(shell.center)
            if reach < shell.inner or (reach == shell.inner and not strictly):
                return True
    axes = np.eye(left.dim)
    mids = np.mean(left.bounds, axis=0), np.mean(right.bounds, axis=0)
    directions = np.vstack([axes, -axes, mids[1] - mids[0]])
    directions = directions[np.any(directions, axis=1)]  # equal middles name no direction
    gaps = -right.support(-directions) - left.support(directions)
    if bool(np.any(gaps > 0)) or (not strictly and bool(np.any(gaps >= 0))):
        return True
    return _plane_between(left, right, mids[1] - mids[0])


def _plane_between(left: Region, right: Region, start: Float[np.ndarray, " n"]) -> bool:
    """Look for a plane strictly between two regions by a few of Gilbert's steps (doi:10.1137/0304007)."""
    nearest = start
    for _ in range(_STEPS):
        length = float(np.linalg.norm(nearest))
        if length == 0:
            return False
        u = nearest[None, :] / length
        far_end = (right.extreme(-u) - left.extreme(u))[0]
        if float(u[0] @ far_end) > 0:
            return True
        step = nearest - far_end
        square = float(step @ step)
        nearest = nearest - (min(1.0, float(nearest @ step) / square) if square > 0 else 0.0) * step
    return False


def overlap_witness(left: Region, right: Region) -> Float[np.ndarray, " n"] | None:
    """Return a point of both regions if one is among 512 points drawn from each, else None.

    Examples
    --------
    >>> overlap_witness(Ball(np.zeros(1), 1.0), Ball(np.array([3.0]), 1.0)) is None
    True
    """
    rng = np.random.default_rng(0)
    for sampled, tested in ((left, right), (right, left)):
        points = sampled.sample(512, rng)
        shared = points[tested.contains(points)]
        if len(shared):
            return shared[0]
    return None


def holds(outer: Region, inner: Region) -> bool:
    """Tell whether it is certain that `inner` lies within `outer`; False says nothing.

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
    """Drop every part that lies within another part; of two equal parts the second stays.

    Examples
    --------
    >>> len(largest_only((Ball(np.zeros(2), 1.0), Ball(np.zeros(2), 3.0))))
    1
    """
    largest = list(parts)
    for part in parts:
        rest = [candidate for candidate in largest if candidate is not part]
        if any(holds(candidate, part) for candidate in rest):
            largest = rest
    return tuple(largest)


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
    largest = largest_only(tuple(hulls))
    if len(largest) == 1:
        return largest[0]
    if len(largest) == 2 and isinstance(largest[0], Ball) and isinstance(largest[1], Ball):
        return Capsule(largest[0].center, largest[0].radius, largest[1].center, largest[1].radius)
    corners = [corners_of(hull) for hull in largest]
    points = np.concatenate([c for c in corners if c is not None] or [np.empty((0, parts[0].dim))])
    if any(c is None for c in corners) or parts[0].dim > _HULL_DIM or len(points) > _HULL_POINTS:
        return None
    return Polytope(points)


@final
@dataclass(frozen=True, eq=False)
class Union(Region):
    """The union of regions; `disjoint` declares that no two of them overlap in a set of positive volume.

    The declaration is checked: pairs that a plane or a hole separates pass, the others are probed with points
    of each part, and a point found inside another part refutes it. Without the declaration the volume is
    known for boxes only (nan otherwise).

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball
    >>> two = Union((Ball(np.array([0.0, 0.0]), 1.0), Ball(np.array([4.0, 0.0]), 1.0)), disjoint=True)
    >>> round(two.volume / np.pi, 12), round(two.hull_volume - np.pi, 12), two.is_convex
    (2.0, 8.0, False)
    """

    parts: tuple[Region, ...]
    disjoint: bool = False

    __repr__ = short_repr

    kind = "union"

    def __post_init__(self) -> None:
        self._check_fields()
        self._set(parts=_checked_parts(self.parts, "a union"))
        dims = [part.dim for part in self.parts]
        if len(set(dims)) > 1:
            raise InvalidInput(f"the parts of a union have dimensions {dims}")
        self._set(dim=dims[0])
        if self.disjoint:
            for (i, left), (j, right) in combinations(enumerate(self.parts), 2):
                if not apart(left, right) and (witness := overlap_witness(left, right)) is not None:
                    raise InvalidInput(
                        f"parts {i} and {j} of a union declared disjoint overlap around {witness.tolist()}",
                        remedy="leave disjoint=False, or move the parts",
                    )

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in some part."""
        return np.any([part.contains(x) for part in self.parts], axis=0)

    @property
    def volume(self) -> float:
        """The sum over disjoint parts; inclusion and exclusion for at most 12 boxes; nan otherwise."""
        if self.disjoint or len(self.parts) == 1:
            return math.fsum(part.volume for part in self.parts)
        boxes = [part for part in self.parts if isinstance(part, Box)]
        if len(boxes) < len(self.parts) or len(boxes) > 12:
            parts = largest_only(self.parts)
            return Union(parts, self.disjoint).volume if len(parts) < len(self.parts) else float("nan")
        return _boxes_volume(boxes)

    def _is_convex(self) -> bool | None:
        """Return False where two parts are strictly apart or a midpoint is missing, else None (unknown)."""
        parts = largest_only(self.parts)
        if len(parts) == 1:
            return parts[0].is_convex
        if all(apart(left, right, strictly=True) for left, right in combinations(parts, 2)):
            return False
        rng = np.random.default_rng(0)
        points = np.concatenate([part.sample(64, rng) for part in parts])
        middles = (points + points[rng.permutation(len(points))]) / 2
        return None if np.all(self.contains(middles)) else False

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the best of the parts' maximisers."""
        maximisers = np.stack([part.extreme(directions) for part in self.parts])
        best = np.argmax(np.einsum("pmn,mn->pm", maximisers, directions), axis=0)
        return maximisers[best, np.arange(len(directions))]

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the largest of the parts' bounds."""
        return max(part.farthest(point) for part in self.parts)

    def hull(self) -> "Region | None":
        """Return the hull where it is a part's hull, a capsule of two balls, or a polytope."""
        return union_hull(self.parts)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        volumes = np.array([part.volume for part in self.parts])
        if np.any(np.isnan(volumes)):
            return draw_in_bounds(self, count, rng)
        shares = rng.multinomial(count, volumes / volumes.sum())
        points = np.concatenate([p.sample(int(k), rng) for p, k in zip(self.parts, shares, strict=True)])
        points = points[rng.permutation(len(points))]
        if self.disjoint:
            return points
        # A point of k parts came k times too often: keep it with probability 1/k.
        covered = np.sum([part.contains(points) for part in self.parts], axis=0)
        return points[rng.random(len(points)) * covered < 1.0]


@final
@dataclass(frozen=True, eq=False)
class Product(Region):
    """The Cartesian product of regions; its hull is the product of their hulls.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball, Box
    >>> cylinder = Product((Ball(np.zeros(2), 1.0), Box(np.zeros(1), np.array([3.0]))))
    >>> cylinder.dim, round(cylinder.volume / np.pi, 12)
    (3, 3.0)
    """

    parts: tuple[Region, ...]

    __repr__ = short_repr

    kind = "product"

    def __post_init__(self) -> None:
        self._check_fields()
        parts = _checked_parts(self.parts, "a product")
        self._set(dim=sum(part.dim for part in parts), parts=parts)

    def _split(self, points: Float[np.ndarray, "N n"]) -> list[Float[np.ndarray, "N k"]]:
        cuts = np.cumsum([part.dim for part in self.parts])[:-1]
        return np.split(points, cuts, axis=1)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have every block of coordinates in its part."""
        blocks = self._split(x)
        return np.all([part.contains(b) for part, b in zip(self.parts, blocks, strict=True)], axis=0)

    @property
    def volume(self) -> float:
        """The product of the volumes."""
        return math.prod(part.volume for part in self.parts)

    def _is_convex(self) -> bool | None:
        """Whether all parts are convex."""
        convex = [part.is_convex for part in self.parts]
        return False if False in convex else (None if None in convex else True)

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the parts' maximisers side by side."""
        blocks = self._split(directions)
        return np.hstack([part.extreme(u) for part, u in zip(self.parts, blocks, strict=True)])

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the root of the sum of the parts' squared bounds."""
        blocks = self._split(point[None, :])
        return math.hypot(*(part.farthest(x[0]) for part, x in zip(self.parts, blocks, strict=True)))

    def hull(self) -> "Region | None":
        """Return the product of the hulls."""
        hulls = [part.hull() for part in self.parts]
        closed = tuple(hull for hull in hulls if hull is not None)
        return Product(closed) if len(closed) == len(hulls) else None

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return np.hstack([part.sample(count, rng) for part in self.parts])


@final
@dataclass(frozen=True, eq=False)
class AffineImage(Region):
    """The image {matrix·x + shift : x in region} under an invertible map.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Box
    >>> rotated = AffineImage(Box(np.zeros(2), np.ones(2)), np.array([[1.0, -1.0], [1.0, 1.0]]), np.zeros(2))
    >>> round(rotated.volume, 12)
    2.0
    """

    region: Region
    matrix: Float[np.ndarray, "n n"]
    shift: Float[np.ndarray, " n"]

    __repr__ = short_repr

    kind = "affine_image"
    farthest = corner_distance

    def __post_init__(self) -> None:
        self._check_fields()
        n = self.region.dim
        matrix = finite_points(self.matrix, "matrix", dim=n)
        if matrix.shape != (n, n) or np.linalg.matrix_rank(matrix) < n:
            raise InvalidInput(f"the matrix of shape {matrix.shape} is not an invertible {n}×{n} matrix")
        self._set(dim=n, matrix=matrix, shift=finite_vector(self.shift, "shift", dim=n))
        reach = float(np.max(np.abs(self.region.bounds))) * float(np.max(np.sum(np.abs(matrix), axis=1)))
        check_length(reach, "how far the matrix carries the region", zero=True)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have their preimage in the region."""
        return self.region.contains(np.linalg.solve(self.matrix, (x - self.shift).T).T)

    @property
    def volume(self) -> float:
        """The region's volume times |det matrix|."""
        return self.region.volume * float(abs(np.linalg.det(self.matrix)))

    def _is_convex(self) -> bool | None:
        """Whether the region is convex."""
        return self.region.is_convex

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the image of the region's maximiser for matrixᵀu."""
        return self.region.extreme(directions @ self.matrix) @ self.matrix.T + self.shift

    def hull(self) -> "Region | None":
        """Return the image of the hull."""
        hull = self.region.hull()
        return None if hull is None else AffineImage(hull, self.matrix, self.shift)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return self.region.sample(count, rng) @ self.matrix.T + self.shift


def _checked_parts(parts: Iterable[Any], name: str) -> tuple[Region, ...]:
    checked = tuple(parts)
    if not checked or not all(isinstance(part, Region) for part in checked):
        raise InvalidInput(f"{name} needs at least one part, and every part a Region")
    return checked


def _boxes_volume(boxes: list[Box]) -> float:
    """Sum over all sets of boxes, with alternating signs, the volume of what they share."""
    terms: list[float] = []
    for size in range(1, len(boxes) + 1):
        for chosen in combinations(boxes, size):
            low = np.max([box.low for box in chosen], axis=0)
            high = np.min([box.high for box in chosen], axis=0)
            terms.append((-1) ** (size + 1) * float(np.prod(np.maximum(high - low, 0.0))))
    return math.fsum(terms)
