"""Convex bodies with a round cross-section: the cone, and the slab of a ball between two parallel planes."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from geosae.geometry._balls import ball_points, ball_volume, cap_share, turned
from geosae.geometry._door import InvalidInput, finite_points, finite_vector, positive_number
from geosae.geometry._region import Region, unit_axis, unit_rows


def _rim(
    directions: Float[np.ndarray, "m n"], axis: Float[np.ndarray, " n"], radius: Float[np.ndarray, " m"]
) -> Float[np.ndarray, "m n"]:
    """Return the maximisers on a disk of these radii across the axis (the center's for a radius of 0)."""
    across = unit_rows(directions - np.outer(directions @ axis, axis))
    across -= np.outer(across @ axis, axis)  # where nothing was left, unit_rows chose some axis
    return radius[:, None] * across


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", finite_vector(self.center, "center"))
        object.__setattr__(self, "radius", positive_number(self.radius, "radius"))
        object.__setattr__(self, "axis", unit_axis(self.axis, len(self.center)))
        object.__setattr__(self, "height", positive_number(self.height, "height"))

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in the disk that the cone has at their height."""
        x = finite_points(points, dim=self.dim, allow_empty=True) - self.center
        along = x @ self.axis
        away = np.linalg.norm(x - np.outer(along, self.axis), axis=1)
        if self.dim == 1:
            away = np.zeros_like(away)
        return (along >= 0) & (along <= self.height) & (away <= self.radius * (1 - along / self.height))

    @property
    def volume(self) -> float:
        """κₙ₋₁·radiusⁿ⁻¹·height/n."""
        return ball_volume(self.dim - 1, self.radius) * self.height / self.dim

    @property
    def is_convex(self) -> bool:
        """A cone is the hull of its base and apex."""
        return True

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

    def hull(self) -> "Region":
        """Return the cone."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "cone", "center": …, "radius": …, "axis": …, "height": …}."""
        return {
            "kind": "cone",
            "center": self.center.tolist(),
            "radius": self.radius,
            "axis": self.axis.tolist(),
            "height": self.height,
        }

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # The share of the cone beyond height t is (1 − t/height)ⁿ.
        left = rng.random(count) ** (1.0 / self.dim)
        flat = self.radius * left[:, None] * ball_points(count, self.dim - 1, rng)
        return self.center + turned(np.column_stack([self.height * (1 - left), flat]), self.axis)


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", finite_vector(self.center, "center"))
        object.__setattr__(self, "radius", positive_number(self.radius, "radius"))
        object.__setattr__(self, "axis", unit_axis(self.axis, len(self.center)))
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if not -self.radius <= self.low < self.high <= self.radius:
            raise InvalidInput(
                f"a slab needs −radius ≤ low < high ≤ radius; got low {self.low}, high {self.high}, "
                f"radius {self.radius}"
            )

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points of the ball lie between the planes."""
        x = finite_points(points, dim=self.dim, allow_empty=True) - self.center
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

    @property
    def is_convex(self) -> bool:
        """A slab is a ball cut by two half-spaces."""
        return True

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the ball's maximiser where it lies in the slab, otherwise the one on the nearer rim."""
        top = self.radius * unit_rows(directions)
        along = top @ self.axis
        height = np.clip(along, self.low, self.high)
        size = np.sqrt(np.maximum(self.radius**2 - height**2, 0.0))
        rim = _rim(directions, self.axis, size) + np.outer(height, self.axis)
        return self.center + np.where((along == height)[:, None], top, rim)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the bound of the whole ball."""
        return float(np.linalg.norm(self.center - point)) + self.radius

    def hull(self) -> "Region":
        """Return the slab."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "slab", "center": …, "radius": …, "axis": …, "low": …, "high": …}."""
        return {
            "kind": "slab",
            "center": self.center.tolist(),
            "radius": self.radius,
            "axis": self.axis.tolist(),
            "low": self.low,
            "high": self.high,
        }

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        # The height of a uniform point of the ball has tail cap_share: invert it between the two planes.
        beyond, whole = self._shares()
        share = beyond + (whole - beyond) * rng.random(count)
        lower = special.betaincinv((self.dim + 1) / 2, 0.5, 2 * np.minimum(share, 1 - share))
        t = np.where(share <= 0.5, 1.0, -1.0) * np.sqrt(np.maximum(1.0 - lower, 0.0))
        flat = np.sqrt(np.maximum(1.0 - t * t, 0.0))[:, None] * ball_points(count, self.dim - 1, rng)
        return self.center + self.radius * turned(np.column_stack([t, flat]), self.axis)
