"""Units around far parts in Rⁿ, their excess counted among random points: statistical evidence (A1)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from geosae.verification import Observed
from proofs_checks._balls import ball_volume
from proofs_checks._runs import share_at_most

DRAWN = 40_000
# All sampled instances of a call together may raise a false alarm so seldom, however many they are.
FALSE_ALARM = 1e-8
# One instance in so many is a sampled one.
EVERY = 10
MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Row:
    """Two parts `apart` along the first axis, and half-spaces ⟨w, x⟩ + c > 0 that are said to hold them.

    A part is the unit ball or the box [−1, 1]ⁿ around (0, …, 0) and (apart, 0, …, 0). ν is uniform on the
    box that leaves `MARGIN` on every side of both.
    """

    shape: Literal["box", "ball"]
    dim: int
    apart: float
    w: Float[np.ndarray, "m n"]
    c: Float[np.ndarray, " m"]
    label: str
    false_alarm: float
    seed: int
    part: Literal["sampled"] = "sampled"

    def irreducible(self) -> float:
        """Return ν(Conv(C)∖C): the cylinder between the middles of the parts without two half parts."""
        n = self.dim
        across, whole = (2 ** (n - 1), 2**n) if self.shape == "box" else (ball_volume(n - 1), ball_volume(n))
        return (self.apart * across - whole) / float(np.prod(self._high() - self._low()))

    def counted(self) -> Observed:
        """Return the upper end of an interval for ν(θ∖C)."""
        rng = np.random.default_rng(self.seed)
        drawn = rng.uniform(self._low(), self._high(), (DRAWN, self.dim))
        theta = np.all(drawn @ self.w.T + self.c > 0, axis=1)
        hits = int((theta & ~self._holds(drawn)).sum())
        value = share_at_most(hits, DRAWN, self.false_alarm)
        return Observed(value, f"{self.label} [sampled]", "statistical", false_alarm=self.false_alarm)

    def _holds(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        order = np.inf if self.shape == "box" else 2
        centers = (np.zeros(self.dim), self.apart * np.eye(self.dim)[0])
        return np.any([np.linalg.norm(points - o, order, axis=1) <= 1 for o in centers], axis=0)

    def _low(self) -> Float[np.ndarray, " n"]:
        return np.full(self.dim, -1 - MARGIN)

    def _high(self) -> Float[np.ndarray, " n"]:
        return np.full(self.dim, 1 + MARGIN) + self.apart * np.eye(self.dim)[0]


def _row(
    shape: Literal["box", "ball"], dim: int, apart: float, extra: int, rng: np.random.Generator, alarm: float
) -> Row:
    """Return the parts, the facets of their bounding box and so many random supporting half-spaces."""
    outward = np.vstack([np.eye(dim), -np.eye(dim), rng.standard_normal((extra, dim))])
    lengths = np.linalg.norm(outward, 1 if shape == "box" else 2, axis=1)
    # The farthest point of the two parts in each direction.
    reach = lengths + np.maximum(outward[:, 0] * apart, 0)
    label = f"two parts ({shape}) {apart:.3g} apart in R^{dim}, {len(outward)} half-spaces"
    return Row(shape, dim, apart, -outward, reach, label, alarm, int(rng.integers(2**32)))


def rows(count: int, rng: np.random.Generator) -> Iterator[Row]:
    """Yield boxes, whose hull's facets attain the bound, and balls, in dimensions 3 to 6."""
    sampled = 2 + -(-count // EVERY)
    alarm = FALSE_ALARM / sampled
    yield _row("box", 3, 6.0, 0, rng, alarm)
    # Farther apart, so that its bound is above the first one's observation.
    yield _row("box", 6, 12.0, 0, rng, alarm)
    for i in range(sampled - 2):
        shape = "ball" if i % 2 else "box"
        extra = int(rng.integers(0, 30))
        yield _row(shape, int(rng.integers(3, 7)), float(rng.uniform(3.5, 8)), extra, rng, alarm)


def losing(count: int, rng: np.random.Generator) -> Iterator[Row]:
    """Yield units of boxes that cut off 15 % of both parts: their excess, too, shrinks by as much."""
    for i in range(max(1, count // (10 * EVERY))):
        row = _row("box", 3 + i % 4, float(rng.uniform(4, 8)), 0, rng, FALSE_ALARM / 2)
        # The facet opposite to the second axis moves inwards by 15 % of the boxes' side.
        reach = row.c - 0.3 * (np.arange(len(row.c)) == 1)
        yield replace(row, c=reach, label=f"{row.label}, 15 % of both not detected ({i})")
