"""How often two intervals of the same mean overlap.

Intervals overlap far more often than their level says: two independent 95 % intervals of equal, known width
do in 99.4 % of cases. See N. Schenker and J. F. Gentleman (2001), "On judging the significance of differences
by examining the overlap between confidence intervals", The American Statistician 55, 182-186,
doi:10.1198/000313001317097960.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.special import erf, gammaln, stdtrit

from geosae.experiments.summary import LEVEL
from geosae.geometry._door import InvalidInput

NODES = 160


@lru_cache
def expected_overlap(first: int, second: int, level: float = LEVEL) -> float:
    """Return the probability that two Student-t intervals overlap where both runs draw from one normal law.

    With n values each, the means differ by σ √(1/n₁ + 1/n₂) Z and the half widths are t sᵢ / √nᵢ, all
    independent. Given both sᵢ the probability is an error function; over the sᵢ (chi laws) it is integrated
    by Gauss-Legendre quadrature.

    Raises
    ------
    InvalidInput
        If a run has fewer than two values, which give no interval.

    Examples
    --------
    >>> [round(expected_overlap(n, n), 4) for n in (3, 5, 8, 999)]
    [0.9952, 0.9947, 0.9945, 0.9944]
    """
    if min(first, second) < 2:
        raise InvalidInput(f"{min(first, second)} values have no interval", remedy="run two seeds or more")
    one, weight_one = _half_widths(first, level)
    other, weight_other = _half_widths(second, level)
    reach = (one[:, None] + other[None, :]) / np.sqrt(1 / first + 1 / second)
    return float(weight_one @ erf(reach / np.sqrt(2)) @ weight_other)


def _half_widths(count: int, level: float) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Return half widths of the interval of standard normal values, with their probabilities."""
    freedom = count - 1
    # Nearly all of a chi law lies within nine of its standard deviations (0.7) around √freedom.
    low, high = max(0.0, np.sqrt(freedom) - 9), np.sqrt(freedom) + 9
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    chi = low + (high - low) * (nodes + 1) / 2
    density = (freedom - 1) * np.log(chi) - chi**2 / 2 - (freedom / 2 - 1) * np.log(2) - gammaln(freedom / 2)
    quantile = float(stdtrit(freedom, 0.5 + level / 2))
    half = quantile * chi / np.sqrt(freedom * count)
    return half, weights * (high - low) / 2 * np.exp(density)
