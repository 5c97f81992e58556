"""Regions swept along a curve: the thickened circle in any dimension, and the thickened helix in R³."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_points, ball_volume
from geosae.geometry.regions.base import (
    Region,
    best_candidates,
    corner_distance,
    filled_hull,
    never,
    unit_rows,
    where_filled,
)
from geosae.notebook import short_repr
from geosae.validation import finite_vector


@final
@dataclass(frozen=True, eq=False)
class Torus(Region):
    """All points within `thickness` of a circle in the first two coordinates, or, `filled`, of its disk.

    The circle of the given radius R lies around the center. For thickness ρ < R the volume is 2πR·κₙ₋₁ρⁿ⁻¹
    (Pappus); the hull is the filled one, the disk grown by ρ, of volume πR²κₙ₋₂ρⁿ⁻² + πRκₙ₋₁ρⁿ⁻¹ + κₙρⁿ
    (Steiner), κₖ the volume of the unit ball of Rᵏ.

    Examples
    --------
    >>> ring = Torus(np.zeros(3), 2.0, 0.5)
    >>> round(ring.volume / np.pi**2, 12), round(ring.hull_volume, 6)
    (1.0, 18.024772)
    """

    center: Float[np.ndarray, " n"]
    radius: float
    thickness: float
    filled: bool = False

    __repr__ = short_repr

    kind = "torus"
    _is_convex = where_filled  # unfilled it misses its own center
    hull = filled_hull

    def __post_init__(self) -> None:
        self._check_fields()
        center = finite_vector(self.center, "center")
        self._set(dim=len(center), center=center)
        self._set_positive("radius", "thickness")
        if self.dim < 2 or self.thickness >= self.radius:
            raise InvalidInput(
                f"a thickened circle needs two dimensions and thickness < radius; got dimension "
                f"{self.dim}, thickness {self.thickness}, radius {self.radius}"
            )

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points are near enough to the circle (or to its disk)."""
        x = x - self.center
        away = np.hypot(x[:, 0], x[:, 1]) - self.radius
        if self.filled:
            away = np.maximum(away, 0.0)
        return np.hypot(away, np.linalg.norm(x[:, 2:], axis=1)) <= self.thickness

    @property
    def volume(self) -> float:
        """By Pappus, or by Steiner's formula where filled."""
        n, big, small = self.dim, self.radius, self.thickness
        ring = math.pi * big * ball_volume(n - 1, small)
        if not self.filled:
            return 2 * ring
        return math.fsum([math.pi * big * big * ball_volume(n - 2, small), ring, ball_volume(n, small)])

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the circle's maximiser, moved on by the thickness."""
        best = self.thickness * unit_rows(directions)
        best[:, :2] += self.radius * unit_rows(directions[:, :2])
        return self.center + best

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the exact largest distance."""
        x = point - self.center
        return math.hypot(math.hypot(x[0], x[1]) + self.radius, float(np.linalg.norm(x[2:]))) + self.thickness

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        if self.filled:
            flat = (self.radius + self.thickness) * ball_points(count, 2, rng)
            return self.center + np.hstack([flat, self.thickness * ball_points(count, self.dim - 2, rng)])
        # A slice at distance r from the axis sweeps 2πr: keep it with a probability in proportion.
        cross = self.thickness * ball_points(count, self.dim - 1, rng)
        reach = self.radius + cross[:, 0]
        accepted = rng.random(count) * (self.radius + self.thickness) <= reach
        angle = rng.uniform(0.0, 2 * math.pi, count)
        whole = np.column_stack([reach * np.cos(angle), reach * np.sin(angle), cross[:, 1:]])
        return self.center + whole[accepted]


@final
@dataclass(frozen=True, eq=False)
class Helix(Region):
    """The disks of radius `thickness` around R·(cos 2πz/pitch, sin 2πz/pitch) at each height 0 ≤ z ≤ height.

    Its volume is height·π·thickness² (Cavalieri). The support function is closed, the hull's volume is not:
    `hull_volume_bounds` encloses it.

    Examples
    --------
    >>> round(Helix(1.0, 0.25, pitch=1.0, height=2.0).volume / np.pi, 12)
    0.125
    """

    radius: float
    thickness: float
    pitch: float
    height: float

    kind = "helix"
    dim = 3
    _is_convex = never  # opposite disks of half a turn have a middle on the axis, which it misses
    farthest = corner_distance

    def __post_init__(self) -> None:
        self._check_fields()
        self._set_positive("radius", "thickness", "pitch", "height")
        if self.thickness >= self.radius or self.height < self.pitch / 2:
            raise InvalidInput(
                f"a helix needs thickness < radius and height ≥ pitch/2 (half a turn); got {self.thickness}, "
                f"{self.radius} and {self.height / self.pitch:g} turns"
            )

    def _middle(self, heights: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 2"]:
        angle = heights * (2 * math.pi / self.pitch)
        return self.radius * np.column_stack([np.cos(angle), np.sin(angle)])

    def _contains(self, x: Float[np.ndarray, "N 3"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in the disk at their height."""
        away = np.linalg.norm(x[:, :2] - self._middle(x[:, 2]), axis=1)
        return (away <= self.thickness) & (x[:, 2] >= 0) & (x[:, 2] <= self.height)

    @property
    def volume(self) -> float:
        """height·π·thickness²."""
        return self.height * math.pi * self.thickness**2

    def extreme(self, directions: Float[np.ndarray, "m 3"]) -> Float[np.ndarray, "m 3"]:
        """Return the best of the two ends and of the first and last stationary height."""
        flat = np.hypot(directions[:, 0], directions[:, 1])
        turn = 2 * math.pi / self.pitch
        # Along the helix ⟨u, x⟩ = |u₁₂|·R·cos(turn·z − β) + u₃·z: maxima at turn·z = β + arcsin(q) + 2πk.
        with np.errstate(divide="ignore", invalid="ignore"):
            q = directions[:, 2] / (flat * self.radius * turn)
        q = np.clip(np.nan_to_num(q, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
        first = np.mod(np.arctan2(directions[:, 1], directions[:, 0]) + np.arcsin(q), 2 * math.pi) / turn
        last = first + np.floor((self.height - first) / self.pitch) * self.pitch
        heights = [np.zeros_like(first), np.full_like(first, self.height), first, last]
        outward = self.thickness * unit_rows(directions[:, :2])
        within = [np.clip(h, 0.0, self.height) for h in heights]
        return best_candidates([np.column_stack([self._middle(h) + outward, h]) for h in within], directions)

    def hull(self) -> "Region | None":
        """Return None: there is no closed form."""
        return None

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m 3"]:
        heights = rng.uniform(0.0, self.height, count)
        return np.column_stack([self._middle(heights) + self.thickness * ball_points(count, 2, rng), heights])
