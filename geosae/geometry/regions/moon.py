"""The moon: a ball less a ball that bites into it."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_volume, cap_share
from geosae.geometry.regions.axial import Cap
from geosae.geometry.regions.base import Region, ball_distance, never, unit_axis
from geosae.notebook import short_repr
from geosae.validation import finite_vector


@final
@dataclass(frozen=True, eq=False)
class Moon(Region):
    """The ball {|x − center| ≤ radius} less the open ball of radius `bite` around center + offset·axis.

    The spheres cross, |radius − bite| < offset < radius + bite, at height
    h = (offset² + radius² − bite²)/(2·offset) along the axis. The hull is the ball's part below h; the volume
    is the ball's less the lens's, which is the ball's cap above h and the biting ball's cap below.

    Examples
    --------
    >>> moon = Moon(np.zeros(2), 1.0, np.array([1.0, 0.0]), offset=0.5, bite=0.8)
    >>> round(moon.volume, 6), round(moon.hull_volume, 6), moon.is_convex
    (1.529468, 2.710222, False)
    """

    center: Float[np.ndarray, " n"]
    radius: float
    axis: Float[np.ndarray, " n"]
    offset: float
    bite: float

    __repr__ = short_repr

    kind = "moon"
    _is_convex = never  # the middle of the horns is bitten out
    farthest = ball_distance

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        axis = finite_vector(self.axis, "axis", dim=len(center))
        self._set_positive("radius", "offset", "bite")
        crossing = abs(self.radius - self.bite) < self.offset < self.radius + self.bite
        if len(center) < 2 or not np.any(axis) or not crossing:
            raise InvalidInput(
                "a moon needs two dimensions, an axis ≠ 0 and spheres that cross: |radius − bite| < offset < "
                f"radius + bite; got dimension {len(center)}, radius {self.radius}, bite {self.bite}, "
                f"offset {self.offset}"
            )
        self._set(dim=len(center), center=center, axis=unit_axis(axis, len(axis)))

    @property
    def height(self) -> float:
        """The height h along the axis at which the two spheres cross."""
        return (self.offset**2 + (self.radius - self.bite) * (self.radius + self.bite)) / (2 * self.offset)

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points are in the one ball and not in the other."""
        x = x - self.center
        beyond = np.linalg.norm(x - self.offset * self.axis, axis=1)
        return (np.linalg.norm(x, axis=1) <= self.radius) & (beyond >= self.bite)

    @property
    def volume(self) -> float:
        """The ball's volume less that of the lens."""
        n, h = self.dim, self.height
        below = ball_volume(n, self.radius) * cap_share(n, -h / self.radius)
        return below - ball_volume(n, self.bite) * cap_share(n, (self.offset - h) / self.bite)

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the hull's maximiser, which lies on the outer sphere."""
        return self.hull().extreme(directions)

    def hull(self) -> Region:
        """Return the cap of the ball below the horns."""
        return Cap(self.center, self.radius, -self.axis, -self.height)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return self.hull().sample(count, rng)
