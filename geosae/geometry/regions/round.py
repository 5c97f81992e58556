"""Round regions: ball, ellipsoid, shell; all closed forms hold in every dimension."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_points, ball_volume, sphere_points
from geosae.geometry.regions.base import Region, unit_rows
from geosae.validation import finite_points, finite_vector, positive_number


def _centre(center: Any) -> Float[np.ndarray, " n"]:
    return finite_vector(center, "center")


@final
@dataclass(frozen=True, eq=False)
class Ball(Region):
    """The closed ball {|x − center| ≤ radius}.

    Examples
    --------
    >>> Ball(np.zeros(2), 1.0).volume
    3.141592653589793
    """

    center: Float[np.ndarray, " n"]
    radius: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", _centre(self.center))
        object.__setattr__(self, "radius", positive_number(self.radius, "radius"))

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie within the radius of the center."""
        x = finite_points(points, dim=self.dim, allow_empty=True)
        return np.linalg.norm(x - self.center, axis=1) <= self.radius

    @property
    def volume(self) -> float:
        """π^{n/2} rⁿ / Γ(n/2 + 1)."""
        return ball_volume(self.dim, self.radius)

    @property
    def is_convex(self) -> bool:
        """A ball is convex."""
        return True

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return center + radius·u/|u|."""
        return self.center + self.radius * unit_rows(directions)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the exact largest distance |center − point| + radius."""
        return float(np.linalg.norm(self.center - point)) + self.radius

    def hull(self) -> "Region":
        """Return the ball."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "ball", "center": …, "radius": …}."""
        return {"kind": "ball", "center": self.center.tolist(), "radius": self.radius}

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return self.center + self.radius * ball_points(count, self.dim, rng)


@final
@dataclass(frozen=True, eq=False)
class Ellipsoid(Region):
    """The image {center + axes·y : |y| ≤ 1} of the unit ball; the columns of `axes` are semi-axes.

    A vector of n lengths may be given for `axes`: semi-axes along the coordinates.

    Examples
    --------
    >>> Ellipsoid(np.zeros(2), np.diag([2.0, 0.5])).volume == Ball(np.zeros(2), 1.0).volume
    True
    """

    center: Float[np.ndarray, " n"]
    axes: Float[np.ndarray, "n n"]

    def __post_init__(self) -> None:
        center = _centre(self.center)
        axes = np.asarray(self.axes, dtype=np.float64)
        axes = finite_points(np.diag(axes) if axes.ndim == 1 else axes, "axes", dim=len(center)).copy()
        if axes.shape != (len(center), len(center)) or np.linalg.matrix_rank(axes) < len(center):
            raise InvalidInput(
                f"axes of shape {axes.shape} do not span R^{len(center)}: the ellipsoid is flat"
            )
        object.__setattr__(self, "center", center)
        object.__setattr__(self, "axes", axes)

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have a preimage in the unit ball."""
        x = finite_points(points, dim=self.dim, allow_empty=True)
        return np.linalg.norm(np.linalg.solve(self.axes, (x - self.center).T), axis=0) <= 1.0

    @property
    def volume(self) -> float:
        """The volume of the unit ball times |det axes|."""
        return ball_volume(self.dim) * float(abs(np.linalg.det(self.axes)))

    @property
    def is_convex(self) -> bool:
        """An ellipsoid is convex."""
        return True

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return center + A·Aᵀu/|Aᵀu|."""
        return self.center + unit_rows(directions @ self.axes) @ self.axes.T

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return |center − point| + the longest semi-axis, an upper bound."""
        return float(np.linalg.norm(self.center - point) + np.linalg.norm(self.axes, 2))

    def hull(self) -> "Region":
        """Return the ellipsoid."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "ellipsoid", "center": …, "axes": …}."""
        return {"kind": "ellipsoid", "center": self.center.tolist(), "axes": self.axes.tolist()}

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return self.center + ball_points(count, self.dim, rng) @ self.axes.T


@final
@dataclass(frozen=True, eq=False)
class Shell(Region):
    """The closed shell {inner ≤ |x − center| ≤ outer}, 0 < inner < outer: an annulus in the plane.

    Examples
    --------
    >>> ring = Shell(np.zeros(2), 1.0, 2.0)
    >>> round(ring.volume / np.pi, 12), round(ring.hull_volume / np.pi, 12)
    (3.0, 4.0)
    """

    center: Float[np.ndarray, " n"]
    inner: float
    outer: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", _centre(self.center))
        object.__setattr__(self, "inner", positive_number(self.inner, "inner radius"))
        object.__setattr__(self, "outer", positive_number(self.outer, "outer radius"))
        if self.inner >= self.outer:
            raise InvalidInput(f"a shell needs inner < outer; got {self.inner} and {self.outer}")

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have a distance from the center between the two radii."""
        x = finite_points(points, dim=self.dim, allow_empty=True)
        distance = np.linalg.norm(x - self.center, axis=1)
        return (distance >= self.inner) & (distance <= self.outer)

    @property
    def volume(self) -> float:
        """The outer ball's volume less the inner ball's."""
        return ball_volume(self.dim, self.outer) * (1.0 - (self.inner / self.outer) ** self.dim)

    @property
    def is_convex(self) -> bool:
        """A shell misses its own center, so it is not convex."""
        return False

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return center + outer·u/|u|."""
        return self.center + self.outer * unit_rows(directions)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the exact largest distance |center − point| + outer."""
        return float(np.linalg.norm(self.center - point)) + self.outer

    def hull(self) -> "Region":
        """Return the outer ball."""
        return Ball(self.center, self.outer)

    def to_dict(self) -> dict[str, Any]:
        """Return {"kind": "shell", "center": …, "inner": …, "outer": …}."""
        return {"kind": "shell", "center": self.center.tolist(), "inner": self.inner, "outer": self.outer}

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        hole = (self.inner / self.outer) ** self.dim
        radii = self.outer * (hole + (1.0 - hole) * rng.random((count, 1))) ** (1.0 / self.dim)
        return self.center + radii * sphere_points(count, self.dim, rng)
