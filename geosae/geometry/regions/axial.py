"""Convex bodies around an axis: the parts of a ball between planes, the hull of two balls, and the cone."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_points, ball_volume, cap_share, reflect_first_axis
from geosae.geometry.regions.base import Region, always, ball_distance, itself, unit_axis, unit_rows
from geosae.notebook import short_repr
from geosae.validation import finite_vector, positive_number


@final
@dataclass(frozen=True, eq=False)
class Slab(Region):
    """The part {|x − center| ≤ radius, low ≤ ⟨axis, x − center⟩ ≤ high} of a ball.

    With low = −radius or high = radius it is a cap. Its volume is that of the ball times the difference of
    two regularised incomplete beta functions.

    Examples
    --------
    >>> round(Slab(np.zeros(2), 1.0, np.array([1.0, 0.0]), -1.0, 0.0).volume / np.pi, 12)
    0.5
    """

    center: Float[np.ndarray, " n"]
    radius: float
    axis: Float[np.ndarray, " n"]
    low: float
    high: float

    __repr__ = short_repr

    kind = "slab"
    _is_convex = always
    hull = itself
    farthest = ball_distance

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        self._set(dim=len(center), center=center, axis=unit_axis(self.axis, len(center)))
        self._set_positive("radius")
        if not -self.radius <= self.low < self.high <= self.radius:
            raise InvalidInput(
                f"a slab needs −radius ≤ low < high ≤ radius; got low {self.low}, high {self.high}, "
                f"radius {self.radius}"
            )

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points of the ball lie between the planes."""
        x = x - self.center
        along = x @ self.axis
        # At the ball's own poles the planes cut nothing off, whatever the rounding of the product.
        above = (along >= self.low) | (self.low == -self.radius)
        below = (along <= self.high) | (self.high == self.radius)
        return (np.linalg.norm(x, axis=1) <= self.radius) & above & below

    def _shares(self) -> tuple[float, float]:
        return cap_share(self.dim, self.high / self.radius), cap_share(self.dim, self.low / self.radius)

    @property
    def volume(self) -> float:
        """The cap above `low` less the cap above `high`."""
        beyond, whole = self._shares()
        return ball_volume(self.dim, self.radius) * (whole - beyond)

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the ball's maximiser where it lies in the slab, otherwise the one on the nearer rim."""
        top = self.radius * unit_rows(directions)
        along = top @ self.axis
        height = np.clip(along, self.low, self.high)
        size = np.sqrt(np.maximum(self.radius**2 - height**2, 0.0))
        rim = _rim(directions, self.axis, size) + np.outer(height, self.axis)
        return self.center + np.where((along == height)[:, None], top, rim)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # The height of a uniform point of the ball has tail cap_share: invert it between the two planes.
        beyond, whole = self._shares()
        share = beyond + (whole - beyond) * rng.random(count)
        lower = special.betaincinv((self.dim + 1) / 2, 0.5, 2 * np.minimum(share, 1 - share))
        t = np.where(share <= 0.5, 1.0, -1.0) * np.sqrt(np.maximum(1.0 - lower, 0.0))
        flat = np.sqrt(np.maximum(1.0 - t * t, 0.0))[:, None] * ball_points(count, self.dim - 1, rng)
        return self.center + self.radius * reflect_first_axis(np.column_stack([t, flat]), self.axis)


@final
@dataclass(frozen=True, eq=False)
class Cap(Region):
    """The part {|x − center| ≤ radius, ⟨axis, x − center⟩ ≥ height} of a ball; `axis` is scaled to length 1.

    It is the slab between `height` and the ball's pole.

    Examples
    --------
    >>> Cap(np.zeros(3), 1.0, np.array([0.0, 0.0, 2.0]), 0.0).volume
    2.0943951023931953
    """

    center: Float[np.ndarray, " n"]
    radius: float
    axis: Float[np.ndarray, " n"]
    height: float

    __repr__ = short_repr

    kind = "cap"
    _is_convex = always
    hull = itself
    farthest = ball_distance

    def __post_init__(self) -> None:
        self._check_fields()
        radius, height = positive_number(self.radius, "radius"), self.height
        if not -radius < height < radius:
            raise InvalidInput(f"a cap needs −radius < height < radius; got height {height}, radius {radius}")
        slab = Slab(self.center, radius, self.axis, height, radius)
        self._set(dim=slab.dim, center=slab.center, radius=radius, axis=slab.axis, height=height)

    @cached_property
    def _slab(self) -> Slab:
        return Slab(self.center, self.radius, self.axis, self.height, self.radius)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        return self._slab.contains(x)

    @property
    def volume(self) -> float:
        """The ball's volume times a regularised incomplete beta function of the height."""
        return self._slab.volume

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the ball's maximiser where it lies in the cap, otherwise the one on the rim."""
        # The slab's maximiser differs from this one in the last bit, and stored measurements hold this one.
        top = self.radius * unit_rows(directions)
        across = directions - np.outer(directions @ self.axis, self.axis)
        rim = np.sqrt(self.radius**2 - self.height**2) * unit_rows(across)
        rim -= np.outer(rim @ self.axis, self.axis)  # where `across` was 0, unit_rows chose some axis
        return self.center + np.where(
            (top @ self.axis >= self.height)[:, None], top, rim + self.height * self.axis
        )

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return self._slab.sample(count, rng)


@final
@dataclass(frozen=True, eq=False)
class Capsule(Region):
    """The convex hull of two balls (center, radius) and (end, end_radius), neither inside the other.

    Its volume is that of two caps and a frustum, in closed form in every dimension.

    Examples
    --------
    >>> stadium = Capsule(np.zeros(2), 1.0, np.array([4.0, 0.0]), 1.0)
    >>> round(stadium.volume - np.pi, 12)
    8.0
    """

    center: Float[np.ndarray, " n"]
    radius: float
    end: Float[np.ndarray, " n"]
    end_radius: float

    __repr__ = short_repr

    kind = "capsule"
    _is_convex = always
    hull = itself

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        self._set(dim=len(center), center=center, end=finite_vector(self.end, "end", dim=len(center)))
        self._set_positive("radius", "end_radius")
        if self._length <= abs(self.end_radius - self.radius):
            raise InvalidInput(
                f"one ball of the capsule holds the other: radius {self.radius}, "
                f"end_radius {self.end_radius}, center and end {self._length} apart",
                remedy="use the larger Ball alone",
            )

    @property
    def _length(self) -> float:
        return float(np.linalg.norm(self.end - self.center))

    @property
    def _slope(self) -> float:
        """The sine of the opening angle: how fast the radius grows along the axis."""
        return (self.end_radius - self.radius) / self._length

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in the ball around the best point of the segment between the two centers."""
        x = x - self.center
        axis = (self.end - self.center) / self._length
        along = x @ axis
        away = np.linalg.norm(x - np.outer(along, axis), axis=1)
        # |x − c| − radius(c) is convex in the center c on the axis; this is where its derivative is zero.
        center = np.clip(along + away * self._slope / np.sqrt(1.0 - self._slope**2), 0.0, self._length)
        distance = np.linalg.norm(x - np.outer(center, axis), axis=1)
        return distance <= self.radius + center * self._slope

    @property
    def volume(self) -> float:
        """The two caps beyond the tangent planes and the frustum between them."""
        n, k = self.dim, self._slope
        caps = ball_volume(n, self.radius) * cap_share(n, k)
        caps += ball_volume(n, self.end_radius) * cap_share(n, -k)
        rim = np.sqrt(1.0 - k * k) * np.array([self.radius, self.end_radius])
        mean = sum(rim[0] ** j * rim[1] ** (n - 1 - j) for j in range(n)) / n
        return float(caps + ball_volume(n - 1) * self._length * (1.0 - k * k) * mean)

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the better of the two balls' maximisers."""
        unit = unit_rows(directions)
        first, second = self.center + self.radius * unit, self.end + self.end_radius * unit
        ahead = np.sum(directions * (second - first), axis=1) > 0
        return np.where(ahead[:, None], second, first)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the exact largest distance: that to the farther of the two balls' far sides."""
        near = float(np.linalg.norm(self.center - point)) + self.radius
        return max(near, float(np.linalg.norm(self.end - point)) + self.end_radius)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # Candidates from the cylinder around the capsule.
        length = self._length
        along = rng.uniform(-self.radius, length + self.end_radius, count)
        across = max(self.radius, self.end_radius) * ball_points(count, self.dim - 1, rng)
        return self.center + reflect_first_axis(
            np.column_stack([along, across]), (self.end - self.center) / length
        )


@final
@dataclass(frozen=True, eq=False)
class Cone(Region):
    """The right circular cone with its base's center, radius and axis, and the apex at center + height·axis.

    Its volume is κₙ₋₁·radiusⁿ⁻¹·height/n.

    Examples
    --------
    >>> round(Cone(np.zeros(3), 1.0, np.array([0.0, 0.0, 1.0]), 3.0).volume / np.pi, 12)
    1.0
    """

    center: Float[np.ndarray, " n"]
    radius: float
    axis: Float[np.ndarray, " n"]
    height: float

    __repr__ = short_repr

    kind = "cone"
    _is_convex = always
    hull = itself

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        self._set(dim=len(center), center=center, axis=unit_axis(self.axis, len(center)))
        self._set_positive("radius", "height")

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in the disk that the cone has at their height."""
        x = x - self.center
        along = x @ self.axis
        away = np.linalg.norm(x - np.outer(along, self.axis), axis=1)
        if self.dim == 1:
            away = np.zeros_like(away)
        return (along >= 0) & (along <= self.height) & (away <= self.radius * (1 - along / self.height))

    @property
    def volume(self) -> float:
        """κₙ₋₁·radiusⁿ⁻¹·height/n."""
        return ball_volume(self.dim - 1, self.radius) * self.height / self.dim

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the apex or the best point of the base's rim."""
        size = self.radius if self.dim > 1 else 0.0
        rim = _rim(directions, self.axis, np.full(len(directions), size))
        apex = self.height * self.axis
        ahead = directions @ apex > np.sum(directions * rim, axis=1)
        return self.center + np.where(ahead[:, None], apex, rim)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the larger of the distance to the apex and a bound for the base."""
        base = float(np.linalg.norm(self.center - point)) + self.radius
        return max(base, float(np.linalg.norm(self.center + self.height * self.axis - point)))

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # The share of the cone beyond height t is (1 − t/height)ⁿ.
        left = rng.random(count) ** (1.0 / self.dim)
        flat = self.radius * left[:, None] * ball_points(count, self.dim - 1, rng)
        return self.center + reflect_first_axis(np.column_stack([self.height * (1 - left), flat]), self.axis)


def _rim(
    directions: Float[np.ndarray, "m n"], axis: Float[np.ndarray, " n"], radius: Float[np.ndarray, " m"]
) -> Float[np.ndarray, "m n"]:
    """Return the maximisers on a disk of these radii across the axis (the center's for a radius of 0)."""
    across = unit_rows(directions - np.outer(directions @ axis, axis))
    across -= np.outer(across @ axis, axis)  # where nothing was left, unit_rows chose some axis
    return radius[:, None] * across
