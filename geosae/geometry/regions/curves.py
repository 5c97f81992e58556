"""Curved bands in the plane: the annular sector and the spiral, each with its hull's area in closed form."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.regions.base import (
    Region,
    best_candidates,
    check_length,
    corner_distance,
    draw_in_bounds,
    filled_hull,
    unit_rows,
    where_filled,
)
from geosae.notebook import short_repr
from geosae.validation import finite_vector, positive_number


def _on_circle(angles: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 2"]:
    return np.column_stack([np.cos(angles), np.sin(angles)])


@final
@dataclass(frozen=True, eq=False)
class AnnularSector(Region):
    """The part of the ring inner ≤ |x − center| ≤ outer within `half_angle` α of a direction (0 < α < π).

    Its area is α(outer² − inner²). The hull, which is what `filled` gives, has the area
    α·outer² − inner²·sin α·cos α for α ≤ π/2 (the chord of the inner arc bounds it), and
    outer²(α − sin α·cos α) beyond (the chord of the outer arc does).

    Examples
    --------
    >>> half = AnnularSector(np.zeros(2), 1.0, 2.0, direction=0.0, half_angle=np.pi / 2)
    >>> round(half.volume / np.pi, 12), round(half.hull_volume / np.pi, 12)
    (1.5, 2.0)
    """

    center: Float[np.ndarray, " 2"]
    inner: float
    outer: float
    direction: float
    half_angle: float
    filled: bool = False

    __repr__ = short_repr

    kind = "annular_sector"
    dim = 2
    _is_convex = where_filled  # unfilled, the inner arc bulges into the sector
    hull = filled_hull

    def __post_init__(self) -> None:
        self._check_fields()
        self._set(center=finite_vector(self.center, "center", dim=2))
        self._set_positive("inner", "outer", "half_angle")
        if self.inner >= self.outer or self.half_angle >= math.pi or not math.isfinite(self.direction):
            raise InvalidInput(
                "a sector needs inner < outer, half_angle < π and a finite direction; got "
                f"{self.inner}, {self.outer}, {self.half_angle} and {self.direction}"
            )

    @property
    def _chord(self) -> float:
        """How far along the direction the hull's chord lies."""
        reach = self.inner if self.half_angle <= math.pi / 2 else self.outer
        return reach * math.cos(self.half_angle)

    def _rotate_to_direction(self, points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
        along = np.array([math.cos(self.direction), math.sin(self.direction)])
        return np.column_stack([points @ along, points @ np.array([-along[1], along[0]])])

    def _contains(self, x: Float[np.ndarray, "N 2"]) -> Bool[np.ndarray, " N"]:
        """Tell which points have their distance and their angle within the bounds."""
        x = self._rotate_to_direction(x - self.center)
        distance = np.hypot(x[:, 0], x[:, 1])
        wedge = np.abs(np.arctan2(x[:, 1], x[:, 0])) <= self.half_angle
        if not self.filled:
            return (distance >= self.inner) & (distance <= self.outer) & wedge
        # Beyond a half-turn the chord alone cuts the disk.
        return (distance <= self.outer) & (x[:, 0] >= self._chord) & (wedge | (self.half_angle > math.pi / 2))

    @property
    def volume(self) -> float:
        """The area by the formulas above."""
        a = self.half_angle
        if not self.filled:
            return a * (self.outer - self.inner) * (self.outer + self.inner)
        if a > math.pi / 2:
            return self.outer**2 * (a - math.sin(a) * math.cos(a))
        return a * self.outer**2 - self.inner**2 * math.sin(a) * math.cos(a)

    def extreme(self, directions: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "m 2"]:
        """Return the best point of the outer arc and the inner arc's two ends."""
        a, u = self.half_angle, unit_rows(directions)
        rotated = self._rotate_to_direction(u)
        nearest = np.clip(np.arctan2(rotated[:, 1], rotated[:, 0]), -a, a)
        spots = [self.outer * _on_circle(self.direction + nearest)]
        for end in (-a, a):
            spots.append(np.tile(self.inner * _on_circle(np.array([self.direction + end])), (len(u), 1)))
        return self.center + best_candidates(spots, u)

    def farthest(self, point: Float[np.ndarray, " 2"]) -> float:
        """Return the bound of the whole disk."""
        return float(np.linalg.norm(self.center - point)) + self.outer

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m 2"]:
        hole = 0.0 if self.filled else self.inner**2
        widest = math.pi if self.filled else self.half_angle
        radii = np.sqrt(hole + (self.outer**2 - hole) * rng.random(count))
        angles = self.direction + rng.uniform(-widest, widest, count)
        return self.center + radii[:, None] * _on_circle(angles)


@final
@dataclass(frozen=True, eq=False)
class Spiral(Region):
    """The band growth·φ ≤ r ≤ growth·φ + width, start ≤ φ ≤ end, of an Archimedean spiral around the origin.

    It makes at least one turn (end ≥ start + 2π) and does not meet itself (width < 2π·growth). With
    ρ(φ) = growth·φ + width its area is ½·growth·width·(end² − start²) + ½·width²·(end − start). The hull is
    bounded by the last turn of ρ and the tangent to it from its end, which touches at φ*, the root in
    (end − 2π, end − π) of ρ² − ρ·ρ(end)·cos φ' − growth·ρ(end)·sin φ', φ' = φ − end: its area is
    ∫ ½ρ² over [φ*, end] + ½·ρ(φ*)·ρ(end)·sin(φ* − end). φ* is found by bisection to the last bit.

    Examples
    --------
    >>> coil = Spiral(growth=0.1, width=0.2, start=0.0, end=4 * np.pi)
    >>> round(coil.volume, 6), coil.contains(np.array([[0.0, 0.0], [0.1, 0.0], [0.5, 0.0]])).tolist()
    (1.830464, [True, True, False])
    """

    growth: float
    width: float
    start: float
    end: float
    filled: bool = False

    kind = "spiral"
    dim = 2
    _is_convex = where_filled
    hull = filled_hull
    farthest = corner_distance

    def __post_init__(self) -> None:
        self._check_fields()
        self._set_positive("growth", "width", "end")
        self._set(start=positive_number(self.start, "start", zero=True))
        check_length(self.growth * self.end, "growth times the end of the spiral")
        if self.end < self.start + 2 * math.pi or self.width >= 2 * math.pi * self.growth:
            raise InvalidInput(
                f"a spiral needs end ≥ start + 2π (a whole turn) and width < 2π·growth; got "
                f"{self.end - self.start:g} radians, width {self.width:g} and growth {self.growth:g}",
                causes="turns that overlap, or too short an arc",
            )

    def _outer(self, phi: Any) -> Any:
        return self.growth * phi + self.width

    @cached_property
    def _touch(self) -> float:
        """Return φ*, where the tangent from the outer end touches the last turn."""
        tip, low, high = self._outer(self.end), self.end - 2 * math.pi, self.end - math.pi
        while low < (middle := (low + high) / 2) < high:
            r, away = self._outer(middle), middle - (self.end - 2 * math.pi)
            before = r * r - r * tip * math.cos(away) - self.growth * tip * math.sin(away) < 0
            low, high = (middle, high) if before else (low, middle)
        return high

    def _spot(self, phi: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 2"]:
        return self._outer(phi)[:, None] * _on_circle(phi)

    def _contains(self, x: Float[np.ndarray, "N 2"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in the band on some turn (or below the hull's boundary)."""
        r, angle = np.hypot(x[:, 0], x[:, 1]), np.arctan2(x[:, 1], x[:, 0])
        if self.filled:
            phi = self.end - np.mod(self.end - angle, 2 * math.pi)
            ends = self._spot(np.array([self.end, self._touch]))
            edge, away = ends[1] - ends[0], x - ends[0]
            left = edge[0] * away[:, 1] - edge[1] * away[:, 0] >= 0
            return np.where(phi >= self._touch, r <= self._outer(phi), left)
        inside = np.zeros(len(x), dtype=np.bool_)
        first = math.floor((self.start - math.pi) / (2 * math.pi))
        for turn in range(first, math.ceil((self.end + math.pi) / (2 * math.pi)) + 1):
            phi = angle + 2 * math.pi * turn
            band = (r >= self.growth * phi) & (r <= self._outer(phi))
            inside |= band & (phi >= self.start) & (phi <= self.end)
        return inside

    @property
    def volume(self) -> float:
        """The area by the formulas above."""
        b, w, start, end = self.growth, self.width, self.start, self.end
        if not self.filled:
            return 0.5 * b * w * (end - start) * (end + start) + 0.5 * w * w * (end - start)
        touch = self._touch
        turn = (self._outer(end) ** 3 - self._outer(touch) ** 3) / (6 * b)
        return turn + 0.5 * self._outer(touch) * self._outer(end) * math.sin(touch - end)

    def extreme(self, directions: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "m 2"]:
        """Return the best point of the last turn: its ends, or where ρ(φ)·tan(φ − β) = growth."""
        u = unit_rows(directions)
        beta = self.end - np.mod(self.end - np.arctan2(u[:, 1], u[:, 0]), 2 * math.pi)
        spots = [np.tile(self._spot(np.array([phi])), (len(u), 1)) for phi in (self._touch, self.end)]
        for turn in (0.0, 2 * math.pi):
            low, high = beta - turn, beta - turn + math.pi / 2
            for _ in range(60):
                middle = (low + high) / 2
                rising = self.growth * np.cos(middle - (beta - turn)) > np.maximum(
                    self._outer(middle), 0.0
                ) * np.sin(middle - (beta - turn))
                low, high = np.where(rising, middle, low), np.where(rising, high, middle)
            spots.append(self._spot(np.clip(low, self._touch, self.end)))
        return best_candidates(spots, u)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m 2"]:
        if self.filled:
            return draw_in_bounds(self, count, rng)
        # Area is r dr dφ: keep a pair (φ, r) with a probability in proportion to r.
        phi = rng.uniform(self.start, self.end, count)
        r = self.growth * phi + self.width * rng.random(count)
        accepted = rng.random(count) * self._outer(self.end) <= r
        return (r[:, None] * _on_circle(phi))[accepted]
