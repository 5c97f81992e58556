"""Round regions: ball, ellipsoid, shell; all closed forms hold in every dimension."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_points, ball_volume, sphere_points
from geosae.geometry.regions.base import Region, always, ball_distance, itself, never, unit_rows
from geosae.notebook import short_repr
from geosae.validation import as_array, finite_points, finite_vector


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

    __repr__ = short_repr

    kind = "ball"
    _is_convex = always
    hull = itself
    farthest = ball_distance

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        self._set(dim=len(center), center=center)
        self._set_positive("radius")

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie within the radius of the center."""
        return np.linalg.norm(x - self.center, axis=1) <= self.radius

    @property
    def volume(self) -> float:
        """π^{n/2} rⁿ / Γ(n/2 + 1)."""
        return ball_volume(self.dim, self.radius)

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return center + radius·u/|u|."""
        return self.center + self.radius * unit_rows(directions)

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

    __repr__ = short_repr

    kind = "ellipsoid"
    _is_convex = always
    hull = itself

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        axes = as_array(self.axes, "axes")
        axes = finite_points(np.diag(axes) if axes.ndim == 1 else axes, "axes", dim=len(center)).copy()
        if axes.shape != (len(center), len(center)) or np.linalg.matrix_rank(axes) < len(center):
            raise InvalidInput(
                f"axes of shape {axes.shape} do not span R^{len(center)}: the ellipsoid is flat"
            )
        self._set(dim=len(center), center=center, axes=axes)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have a preimage in the unit ball."""
        return np.linalg.norm(np.linalg.solve(self.axes, (x - self.center).T), axis=0) <= 1.0

    @property
    def volume(self) -> float:
        """The volume of the unit ball times |det axes|."""
        return ball_volume(self.dim) * float(abs(np.linalg.det(self.axes)))

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return center + A·Aᵀu/|Aᵀu|."""
        return self.center + unit_rows(directions @ self.axes) @ self.axes.T

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return |center − point| + the longest semi-axis, an upper bound."""
        return float(np.linalg.norm(self.center - point) + np.linalg.norm(self.axes, 2))

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

    __repr__ = short_repr

    kind = "shell"
    _is_convex = never  # it misses its own center

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        self._set(dim=len(center), center=center)
        self._set_positive("inner", "outer")
        if self.inner >= self.outer:
            raise InvalidInput(f"a shell needs inner < outer; got {self.inner} and {self.outer}")

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have a distance from the center between the two radii."""
        distance = np.linalg.norm(x - self.center, axis=1)
        return (distance >= self.inner) & (distance <= self.outer)

    @property
    def volume(self) -> float:
        """The outer ball's volume less the inner ball's."""
        return ball_volume(self.dim, self.outer) * (1.0 - (self.inner / self.outer) ** self.dim)

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return center + outer·u/|u|."""
        return self.center + self.outer * unit_rows(directions)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the exact largest distance |center − point| + outer."""
        return float(np.linalg.norm(self.center - point)) + self.outer

    def hull(self) -> Region:
        """Return the outer ball."""
        return Ball(self.center, self.outer)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        hole = (self.inner / self.outer) ** self.dim
        radii = self.outer * (hole + (1.0 - hole) * rng.random((count, 1))) ** (1.0 / self.dim)
        return self.center + radii * sphere_points(count, self.dim, rng)
