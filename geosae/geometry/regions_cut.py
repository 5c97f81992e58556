"""Two convex bodies made from balls: the cap, and the capsule that is the hull of two balls."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from geosae.geometry._balls import ball_points, ball_volume, cap_share, turned
from geosae.geometry._door import InvalidInput, finite_points, finite_vector, positive_number
from geosae.geometry._region import Region, unit_axis, unit_rows


@final
@dataclass(frozen=True, eq=False)
class Cap(Region):
    """The part {|x − center| ≤ radius, ⟨axis, x − center⟩ ≥ height} of a ball; `axis` is scaled to length 1.

    Examples
    --------
    >>> Cap(np.zeros(3), 1.0, np.array([0.0, 0.0, 2.0]), 0.0).volume
    2.0943951023931953
    """

    center: Float[np.ndarray, " n"]
    radius: float
    axis: Float[np.ndarray, " n"]
    height: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", finite_vector(self.center, "center"))
        object.__setattr__(self, "radius", positive_number(self.radius, "radius"))
        axis = finite_vector(self.axis, "axis", dim=len(self.center))
        if not np.any(axis) or not -self.radius < self.height < self.radius:
            raise InvalidInput(
                f"a cap needs an axis ≠ 0 and −radius < height < radius; got height {self.height}, "
                f"radius {self.radius}"
            )
        object.__setattr__(self, "axis", unit_axis(axis, len(axis)))
        object.__setattr__(self, "height", float(self.height))

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points are in the ball and above the cutting plane."""
        x = finite_points(points, dim=self.dim, allow_empty=True) - self.center
        return (np.linalg.norm(x, axis=1) <= self.radius) & (x @ self.axis >= self.height)

    @property
    def volume(self) -> float:
        """The ball's volume times a regularised incomplete beta function of the height."""
        return ball_volume(self.dim, self.radius) * cap_share(self.dim, self.height / self.radius)

    @property
    def is_convex(self) -> bool:
        """A cap is a ball cut by a half-space, so it is convex."""
        return True

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the ball's maximiser where it lies in the cap, otherwise the one on the rim."""
        top = self.radius * unit_rows(directions)
        across = directions - np.outer(directions @ self.axis, self.axis)
        rim = np.sqrt(self.radius**2 - self.height**2) * unit_rows(across)
        rim -= np.outer(rim @ self.axis, self.axis)  # where `across` was 0, unit_rows chose some axis
        return self.center + np.where(
            (top @ self.axis >= self.height)[:, None], top, rim + self.height * self.axis
        )

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the bound of the whole ball."""
        return float(np.linalg.norm(self.center - point)) + self.radius

    def hull(self) -> "Region":
        """Return the cap."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "cap", "center": …, "radius": …, "axis": …, "height": …}."""
        return {
            "kind": "cap",
            "center": self.center.tolist(),
            "radius": self.radius,
            "axis": self.axis.tolist(),
            "height": self.height,
        }

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # The height t of a uniform point of the ball has tail cap_share(n, t): invert it above `height`.
        share = cap_share(self.dim, self.height / self.radius) * rng.random(count)
        lower = special.betaincinv((self.dim + 1) / 2, 0.5, 2 * np.minimum(share, 1 - share))
        t = np.where(share <= 0.5, 1.0, -1.0) * np.sqrt(1.0 - lower)
        flat = np.sqrt(1.0 - t * t)[:, None] * ball_points(count, self.dim - 1, rng)
        return self.center + self.radius * turned(np.column_stack([t, flat]), self.axis)


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", finite_vector(self.center, "center"))
        object.__setattr__(self, "end", finite_vector(self.end, "end", dim=len(self.center)))
        object.__setattr__(self, "radius", positive_number(self.radius, "radius"))
        object.__setattr__(self, "end_radius", positive_number(self.end_radius, "end radius"))
        if self._length <= abs(self.end_radius - self.radius):
            raise InvalidInput("one ball of the capsule holds the other", remedy="use the larger Ball alone")

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    @property
    def _length(self) -> float:
        return float(np.linalg.norm(self.end - self.center))

    @property
    def _slope(self) -> float:
        """The sine of the opening angle: how fast the radius grows along the axis."""
        return (self.end_radius - self.radius) / self._length

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in the ball at the best place between the two ends."""
        x = finite_points(points, dim=self.dim, allow_empty=True) - self.center
        axis = (self.end - self.center) / self._length
        along = x @ axis
        away = np.linalg.norm(x - np.outer(along, axis), axis=1)
        # |x − place| − radius(place) is convex in the place; this is where its derivative is zero.
        place = np.clip(along + away * self._slope / np.sqrt(1.0 - self._slope**2), 0.0, self._length)
        distance = np.linalg.norm(x - np.outer(place, axis), axis=1)
        return distance <= self.radius + place * self._slope

    @property
    def volume(self) -> float:
        """The two caps beyond the tangent planes and the frustum between them."""
        n, k = self.dim, self._slope
        caps = ball_volume(n, self.radius) * cap_share(n, k)
        caps += ball_volume(n, self.end_radius) * cap_share(n, -k)
        rim = np.sqrt(1.0 - k * k) * np.array([self.radius, self.end_radius])
        mean = sum(rim[0] ** j * rim[1] ** (n - 1 - j) for j in range(n)) / n
        return float(caps + ball_volume(n - 1) * self._length * (1.0 - k * k) * mean)

    @property
    def is_convex(self) -> bool:
        """A capsule is a convex hull."""
        return True

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

    def hull(self) -> "Region":
        """Return the capsule."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "capsule", "center": …, "radius": …, "end": …, "end_radius": …}."""
        return {
            "kind": "capsule",
            "center": self.center.tolist(),
            "radius": self.radius,
            "end": self.end.tolist(),
            "end_radius": self.end_radius,
        }

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # Candidates from the cylinder around the capsule.
        length = self._length
        along = rng.uniform(-self.radius, length + self.end_radius, count)
        across = max(self.radius, self.end_radius) * ball_points(count, self.dim - 1, rng)
        return self.center + turned(np.column_stack([along, across]), (self.end - self.center) / length)
