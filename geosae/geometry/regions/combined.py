"""Regions built from regions: union, product, affine image."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.regions.axial import Capsule
from geosae.geometry.regions.base import Region, corner_distance
from geosae.geometry.regions.polygons import Polygon
from geosae.geometry.regions.polytopes import Box, Polytope
from geosae.geometry.regions.round import Ball, Shell
from geosae.validation import finite_points, finite_vector

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        _same_kind(self.parts, "a union")
        if len({part.dim for part in self.parts}) > 1:
            raise InvalidInput(f"the parts of a union have dimensions {[part.dim for part in self.parts]}")
        if self.disjoint:
            for (i, one), (j, two) in combinations(enumerate(self.parts), 2):
                if not apart(one, two) and (witness := overlap_witness(one, two)) is not None:
                    raise InvalidInput(
                        f"parts {i} and {j} of a union declared disjoint overlap around {witness.tolist()}",
                        remedy="leave disjoint=False, or move the parts",
                    )

    @property
    def dim(self) -> int:
        """The common dimension n."""
        return self.parts[0].dim

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in some part."""
        return np.any([part.contains(points) for part in self.parts], axis=0)

    @property
    def volume(self) -> float:
        """The sum over disjoint parts; inclusion and exclusion for at most 12 boxes; nan otherwise."""
        if self.disjoint or len(self.parts) == 1:
            return math.fsum(part.volume for part in self.parts)
        boxes = [part for part in self.parts if isinstance(part, Box)]
        if len(boxes) < len(self.parts) or len(boxes) > 12:
            kept = largest_only(self.parts)
            return Union(kept, self.disjoint).volume if len(kept) < len(self.parts) else float("nan")
        return _boxes_volume(boxes)

    @property
    def is_convex(self) -> bool | None:
        """False where two parts are strictly apart or a midpoint is missing; True for one part; else None."""
        kept = largest_only(self.parts)
        if len(kept) == 1:
            return kept[0].is_convex
        if all(apart(one, two, strictly=True) for one, two in combinations(kept, 2)):
            return False
        rng = np.random.default_rng(0)
        drawn = np.concatenate([part.sample(64, rng) for part in kept])
        middles = (drawn + drawn[rng.permutation(len(drawn))]) / 2
        return None if np.all(self.contains(middles)) else False

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the best of the parts' maximisers."""
        found = np.stack([part.extreme(directions) for part in self.parts])
        best = np.argmax(np.einsum("pmn,mn->pm", found, directions), axis=0)
        return found[best, np.arange(len(directions))]

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the largest of the parts' bounds."""
        return max(part.farthest(point) for part in self.parts)

    def hull(self) -> "Region | None":
        """Return the hull where it is a part's hull, a capsule of two balls, or a polytope."""
        return union_hull(self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "union", "parts": […], "disjoint": …}."""
        return {"kind": "union", "parts": [part.to_dict() for part in self.parts], "disjoint": self.disjoint}

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        volumes = np.array([part.volume for part in self.parts])
        if np.any(np.isnan(volumes)):
            low, high = self.bounds
            return rng.uniform(low, high, (count, self.dim))
        shares = rng.multinomial(count, volumes / volumes.sum())
        drawn = np.concatenate([part.sample(int(k), rng) for part, k in zip(self.parts, shares, strict=True)])
        drawn = drawn[rng.permutation(len(drawn))]
        if self.disjoint:
            return drawn
        # A point of k parts came k times too often: keep it with probability 1/k.
        covered = np.sum([part.contains(drawn) for part in self.parts], axis=0)
        return drawn[rng.random(len(drawn)) * covered < 1.0]


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        _same_kind(self.parts, "a product")

    @property
    def dim(self) -> int:
        """The sum of the dimensions."""
        return sum(part.dim for part in self.parts)

    def _split(self, points: Float[np.ndarray, "N n"]) -> list[Float[np.ndarray, "N k"]]:
        cuts = np.cumsum([part.dim for part in self.parts])[:-1]
        return np.split(points, cuts, axis=1)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have every block of coordinates in its part."""
        blocks = self._split(finite_points(points, dim=self.dim, allow_empty=True))
        return np.all([part.contains(x) for part, x in zip(self.parts, blocks, strict=True)], axis=0)

    @property
    def volume(self) -> float:
        """The product of the volumes."""
        return math.prod(part.volume for part in self.parts)

    @property
    def is_convex(self) -> bool | None:
        """Whether all parts are convex."""
        known = [part.is_convex for part in self.parts]
        return False if False in known else (None if None in known else True)

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
        known = tuple(hull for hull in hulls if hull is not None)
        return Product(known) if len(known) == len(hulls) else None

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "product", "parts": […]}."""
        return {"kind": "product", "parts": [part.to_dict() for part in self.parts]}

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return np.hstack([part.sample(count, rng) for part in self.parts])


@final
@dataclass(frozen=True, eq=False)
class AffineImage(Region):
    """The image {matrix·x + shift : x in region} under an invertible map.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Box
    >>> turned = AffineImage(Box(np.zeros(2), np.ones(2)), np.array([[1.0, -1.0], [1.0, 1.0]]), np.zeros(2))
    >>> round(turned.volume, 12)
    2.0
    """

    region: Region
    matrix: Float[np.ndarray, "n n"]
    shift: Float[np.ndarray, " n"]

    def __post_init__(self) -> None:
        n = self.region.dim
        matrix = finite_points(self.matrix, "matrix", dim=n)
        if matrix.shape != (n, n) or np.linalg.matrix_rank(matrix) < n:
            raise InvalidInput(f"the matrix of shape {matrix.shape} is not an invertible {n}×{n} matrix")
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "shift", finite_vector(self.shift, "shift", dim=n))

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.region.dim

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have their preimage in the region."""
        x = finite_points(points, dim=self.dim, allow_empty=True)
        return self.region.contains(np.linalg.solve(self.matrix, (x - self.shift).T).T)

    @property
    def volume(self) -> float:
        """The region's volume times |det matrix|."""
        return self.region.volume * float(abs(np.linalg.det(self.matrix)))

    @property
    def is_convex(self) -> bool | None:
        """Whether the region is convex."""
        return self.region.is_convex

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the image of the region's maximiser for matrixᵀu."""
        return self.region.extreme(directions @ self.matrix) @ self.matrix.T + self.shift

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the distance to the farthest corner of the bounding box, an upper bound."""
        return corner_distance(self, point)

    def hull(self) -> "Region | None":
        """Return the image of the hull."""
        hull = self.region.hull()
        return None if hull is None else AffineImage(hull, self.matrix, self.shift)

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "affine_image", "region": …, "matrix": …, "shift": …}."""
        return {
            "kind": "affine_image",
            "region": self.region.to_dict(),
            "matrix": self.matrix.tolist(),
            "shift": self.shift.tolist(),
        }

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return self.region.sample(count, rng) @ self.matrix.T + self.shift


def _same_kind(parts: tuple[Any, ...], name: str) -> None:
    if not parts or not all(isinstance(part, Region) for part in parts):
        raise InvalidInput(f"{name} needs at least one part, and every part a Region")


def _boxes_volume(boxes: list[Box]) -> float:
    """Sum over all sets of boxes, with alternating signs, the volume of what they share."""
    terms: list[float] = []
    for size in range(1, len(boxes) + 1):
        for chosen in combinations(boxes, size):
            low = np.max([box.low for box in chosen], axis=0)
            high = np.min([box.high for box in chosen], axis=0)
            terms.append((-1) ** (size + 1) * float(np.prod(np.maximum(high - low, 0.0))))
    return math.fsum(terms)
