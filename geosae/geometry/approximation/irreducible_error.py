"""The irreducible error of a concept: what every convex set that holds it must add (theory A1).

A unit of absolute neurons that detects C is convex, so it holds Conv(C): its false alarms have at least the
measure e_irr = ν(Conv(C)∖C).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.approximation._facets import facets_of
from geosae.geometry.approximation.measures import Measure, UniformBox
from geosae.geometry.balls import sphere_points
from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.base import Region, check_length
from geosae.geometry.regions.polytopes import Polytope
from geosae.geometry.separation.hull_membership import hull_membership, point_membership
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, PROBABILITY, finite_points

# Wide against the rounding of support functions and of qhull's sums of simplices.
_ROUNDING = 1e-9


def hull_volume_bounds(region: Region, directions: int = 4000) -> tuple[float, float]:
    """Return proved bounds (both widened for rounding) on the volume of a region's convex hull.

    From below: the hull of the region's extreme points in fixed directions. From above: the polytope of the
    supporting half-spaces in these directions. Where the hull has a closed form, both ends are that.

    Raises
    ------
    InvalidInput
        If there is no closed form and the dimension is above 3, where the two lie far apart.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Helix, Torus
    >>> low, high = hull_volume_bounds(Helix(1.0, 0.25, pitch=1.0, height=2.0))
    >>> low < high < 1.05 * low
    True
    """
    closed = region.hull_volume
    if not np.isnan(closed):
        return closed, closed
    n = region.dim
    if n > 3:
        raise InvalidInput(f"bounds on a hull's volume are for at most three dimensions, not {n}")
    u = np.vstack([sphere_points(directions, n, np.random.default_rng(0)), np.eye(n), -np.eye(n)])
    size = float(np.max(np.abs(region.bounds)))
    corners = region.extreme(u)
    around = facets_of(u, region.support(u) + _ROUNDING * size, corners.mean(axis=0))
    outer = np.inf if around is None else Polytope(around.vertices).volume * (1 + _ROUNDING)
    return Polytope(corners).volume * (1 - _ROUNDING), outer


@dataclass(frozen=True)
class Estimate:
    """A number with an interval that holds it.

    Parameters
    ----------
    value
        The number, or the best estimate of it.
    low, high
        Equal to `value` when exact; otherwise an exact binomial interval at level 1 − alpha.
    exact
        Whether `value` is a closed form (correct up to the rounding of its evaluation).
    samples, undecided
        Monte Carlo points, and those among them that no certificate decided (counted for both ends).
    alpha
        The probability that the interval misses the truth (0 when exact).
    """

    value: float
    low: float
    high: float
    exact: bool
    samples: int = 0
    undecided: int = 0
    alpha: float = 0.0


@checked_arguments(samples=COUNT, alpha=PROBABILITY)
def irreducible_error(
    concept: Region | Float[np.ndarray, "N n"],
    measure: Measure,
    rng: np.random.Generator | None = None,
    *,
    samples: int = 20_000,
    alpha: float = 0.05,
) -> Estimate:
    """Return e_irr = ν(Conv(C)∖C) of a region, or of a finite set of points, under the measure ν (A1).

    Where ν(C) and ν(Conv(C)) have closed forms the value is exact. Otherwise points of ν are drawn, each is
    placed inside or outside Conv(C) by a certificate, and the value comes with an exact binomial interval.
    A finite set of points has measure 0 itself, so there e_irr = ν(Conv(C)).

    Raises
    ------
    InvalidInput
        If there is no closed form and no `rng` was given, the dimensions differ, or coordinates are beyond
        1e150 or volumes are no floats: the share does not depend on the unit, so another can be taken.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Shell
    >>> ring = Shell(np.zeros(2), 1.0, 2.0)
    >>> error = irreducible_error(ring, UniformBox(np.full(2, -2.0), np.full(2, 2.0)))
    >>> round(error.value * 16 / np.pi, 12), error.exact
    (1.0, True)
    """
    if isinstance(concept, Region):
        exact = _closed(concept, measure)
        low, high = concept.bounds
    else:
        concept = finite_points(concept, dim=measure.dim)
        check_length(float(np.max(np.abs(concept))), "the largest coordinate of the points", zero=True)
        exact = _closed_points(concept, measure)
        low, high = concept.min(axis=0), concept.max(axis=0)
    if not np.isnan(exact):
        return Estimate(exact, exact, exact, exact=True)
    if rng is None:
        raise InvalidInput(
            "e_irr of this concept has no closed form under this measure", remedy="hand in an rng to sample"
        )
    share, drawn = _draw_near(measure, low, high, samples, rng)
    inside, outside = _missed(concept, drawn)
    return _binomial(int(inside.sum()), int((~inside & ~outside).sum()), samples, share, alpha)


def _closed(region: Region, measure: Measure) -> float:
    """Return ν(hull) − ν(region) where both are known, nan otherwise."""
    if region.is_convex:
        return 0.0
    hull = region.hull()
    if hull is None:
        return float("nan")
    # Not Python's max, which takes 0 for the greater of 0 and nan: an unknown share would read "exactly 0".
    return float(np.maximum(0.0, measure.of(hull) - measure.of(region)))


def _closed_points(points: Float[np.ndarray, "N n"], measure: Measure) -> float:
    """Return ν(Conv(points)) by qhull in at most three dimensions, nan where the hull is flat or unknown."""
    if points.shape[1] > 3 and len(points) != points.shape[1] + 1:
        return float("nan")
    try:
        return measure.of(Polytope(points))
    except InvalidInput:
        return float("nan")


def _draw_near(
    measure: Measure,
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
    count: int,
    rng: np.random.Generator,
) -> tuple[float, Float[np.ndarray, "count n"]]:
    """Draw from ν within the concept's bounding box where that is closed; return that box's share of ν."""
    if isinstance(measure, UniformBox):
        near_low, near_high = np.maximum(low, measure.low), np.minimum(high, measure.high)
        if np.all(near_low < near_high):
            near = UniformBox(near_low, near_high)
            share = float(np.prod((near_high - near_low) / (measure.high - measure.low)))
            return share, near.sample(count, rng)
    return 1.0, measure.sample(count, rng)


def _missed(
    concept: Region | Float[np.ndarray, "N n"], drawn: Float[np.ndarray, "M n"]
) -> tuple[Bool[np.ndarray, " M"], Bool[np.ndarray, " M"]]:
    """Tell which points are proved to be in Conv(C)∖C, and which are proved not to be."""
    if not isinstance(concept, Region):
        return point_membership(concept, drawn)
    member = concept.contains(drawn)
    hull = concept.hull()
    if hull is not None:
        in_hull = hull.contains(drawn)
        return in_hull & ~member, ~in_hull | member
    inside, outside = np.zeros(len(drawn), dtype=np.bool_), member.copy()
    inside[~member], outside[~member] = hull_membership(concept, drawn[~member])
    return inside, outside


def _binomial(hits: int, open_: int, samples: int, share: float, alpha: float) -> Estimate:
    """Scale an exact binomial interval; points left open count as misses below and as hits above."""
    low, _ = clopper_pearson(hits, samples, alpha)
    _, high = clopper_pearson(hits + open_, samples, alpha)
    value = share * (hits + 0.5 * open_) / samples
    return Estimate(value, share * float(low), share * float(high), False, samples, open_, alpha)
