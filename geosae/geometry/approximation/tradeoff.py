"""What convex sets that may miss a part of a concept cost: false alarms against misses (theory A5)."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float

from geosae.geometry.approximation.measures import Measure
from geosae.geometry.balls import sphere_points
from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.base import Region
from geosae.geometry.regions.combined import Union
from geosae.geometry.separation.hull_membership import hull_membership
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, PROBABILITY


@dataclass(frozen=True, eq=False)
class TradeOff:
    """Convex sets that no other candidate beats in both errors, by growing misses.

    Parameters
    ----------
    misses, false_alarms
        Shares of the sample: ν(C∖θ) and ν(θ∖C).
    total_low, total_high
        Exact binomial intervals for ν(θ△C), simultaneous over all candidates tried.
    sets
        What each θ is, in words.
    """

    misses: Float[np.ndarray, " k"]
    false_alarms: Float[np.ndarray, " k"]
    total_low: Float[np.ndarray, " k"]
    total_high: Float[np.ndarray, " k"]
    sets: tuple[str, ...]

    @property
    def best_total(self) -> tuple[float, float, float]:
        """The least ν(θ△C) on the curve, with its interval."""
        best = int(np.argmin(self.misses + self.false_alarms))
        value = float(self.misses[best] + self.false_alarms[best])
        return value, float(self.total_low[best]), float(self.total_high[best])


@checked_arguments(samples=COUNT, directions=COUNT, cuts=COUNT, alpha=PROBABILITY)
def detection_tradeoff(
    region: Region,
    measure: Measure,
    rng: np.random.Generator,
    *,
    samples: int = 20_000,
    directions: int = 16,
    cuts: int = 8,
    alpha: float = 0.05,
) -> TradeOff:
    """Measure convex sets that may miss a part of the region: false alarms against misses (A5).

    Candidates: the empty set, the hulls of all subsets of a union's parts (at most 10), and the hull cut by
    half-spaces in several directions. The curve holds those that no other candidate beats; it is an upper
    bound on what convex sets must pay, with detection (no misses, e_irr) at its left end.

    Examples
    --------
    >>> from geosae.geometry.approximation.measures import UniformBox
    >>> from geosae.geometry.regions.registry import Ball, Union
    >>> far = Union((Ball(np.zeros(2), 1.0), Ball(np.array([9.0, 0.0]), 1.0)), disjoint=True)
    >>> box = UniformBox(np.array([-1.0, -1.0]), np.array([10.0, 1.0]))
    >>> curve = detection_tradeoff(far, box, np.random.default_rng(0), samples=4000)
    >>> bool(curve.best_total[2] < curve.false_alarms[0])
    True
    """
    drawn = measure.sample(samples, rng)
    member = region.contains(drawn)
    candidates = [("nothing", np.zeros(samples, dtype=np.bool_))]
    candidates += _parts_hulls(region, drawn)
    whole = _in_hull(region, drawn)
    candidates.append(("the hull", whole))
    candidates += _cut_hulls(region, drawn, whole, directions, cuts)
    misses = np.array([int(np.sum(member & ~theta)) for _, theta in candidates])
    alarms = np.array([int(np.sum(theta & ~member)) for _, theta in candidates])
    front = _front(misses, alarms)
    low, high = clopper_pearson((misses + alarms)[front], samples, alpha / len(candidates))
    names = tuple(candidates[i][0] for i in front)
    return TradeOff(misses[front] / samples, alarms[front] / samples, low, high, names)


def _in_hull(region: Region, drawn: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
    """Tell which points are in the hull; a point that no certificate places counts as in."""
    hull = region.hull()
    return ~hull_membership(region, drawn)[1] if hull is None else hull.contains(drawn)


def _parts_hulls(region: Region, drawn: Float[np.ndarray, "N n"]) -> list[tuple[str, Bool[np.ndarray, " N"]]]:
    if not isinstance(region, Union) or len(region.parts) > 10:
        return []
    candidates: list[tuple[str, Bool[np.ndarray, " N"]]] = []
    for size in range(1, len(region.parts)):
        for chosen in combinations(range(len(region.parts)), size):
            part = Union(tuple(region.parts[i] for i in chosen))
            candidates.append((f"the hull of parts {', '.join(map(str, chosen))}", _in_hull(part, drawn)))
    return candidates


def _cut_hulls(
    region: Region, drawn: Float[np.ndarray, "N n"], whole: Bool[np.ndarray, " N"], directions: int, cuts: int
) -> list[tuple[str, Bool[np.ndarray, " N"]]]:
    candidates: list[tuple[str, Bool[np.ndarray, " N"]]] = []
    normals = np.vstack([np.eye(region.dim), sphere_points(directions, region.dim, np.random.default_rng(0))])
    for u in normals:
        ends = -float(region.support(-u[None, :])[0]), float(region.support(u[None, :])[0])
        for level in np.linspace(*ends, cuts + 2)[1:-1]:
            for sign in (1.0, -1.0):
                words = f"the hull where ⟨{np.round(sign * u, 3).tolist()}, x⟩ ≥ {sign * level:.4g}"
                candidates.append((words, whole & (sign * (drawn @ u) >= sign * level)))
    return candidates


def _front(misses: np.ndarray, alarms: np.ndarray) -> list[int]:
    """Return the candidates that no other one beats in both counts, by growing misses."""
    order = np.lexsort((alarms, misses))
    front: list[int] = []
    for i in order:
        if not front or alarms[i] < alarms[front[-1]]:
            front.append(int(i))
    return front
