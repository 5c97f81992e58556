"""A lower bound on the excess volume of any m half-spaces around a ball, in closed form (theory A2).

A facet of a polyhedron around the unit ball sees the ball's centre through a cone of height at least 1; of
all cones of one solid angle the circular one over a cap has least volume, and that volume is convex in the
share of the sphere. So m facets have at least the volume of m cones over equal caps (theory A2; P. M. Gruber,
1993).
"""

import math

from scipy import special

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_volume
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT


@checked_arguments(m=COUNT, r=COUNT)
def least_ball_excess(m: int, r: int) -> float:
    """Return a lower bound on the volume outside the unit ball of R^r of any m half-spaces that hold it.

    It is attained for r = 2 (the regular polygon), and falls like m^{−2/(r−1)}. Relative to the bound the
    rounding error is about 10⁻¹⁶·m^{2/(r−1)}.

    Parameters
    ----------
    m
        Number of half-spaces; fewer than r + 1 hold an unbounded set, whose excess is infinite.
    r
        The dimension, at least 2.

    Raises
    ------
    InvalidInput
        If r < 2 or m < 1.

    Examples
    --------
    >>> round(least_ball_excess(4, 2), 9)  # the square: 4 − π
    0.858407346
    >>> round(least_ball_excess(6, 3), 2)  # the cube has 8 − 4π/3 = 3.81
    3.67
    """
    if r < 2 or m < 1:
        raise InvalidInput(f"a ball in R^{r} within {m} half-spaces", remedy="take r ≥ 2 and m ≥ 1")
    if m <= r:
        return math.inf
    # The share of the sphere within the angle t of a point is ½ I_{sin² t}((r−1)/2, ½) for t ≤ π/2.
    square = float(special.betaincinv((r - 1) / 2, 0.5, 2.0 / m))
    cone = (square / (1.0 - square)) ** ((r - 1) / 2) / r
    return m * ball_volume(r - 1) * cone - ball_volume(r)
