"""Exact intervals for proportions.

C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the
binomial, Biometrika 26 (1934), doi:10.1093/biomet/26.4.404. Theory E2.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from geosae.errors import InvalidInput
from geosae.storage.arguments import checked_arguments
from geosae.validation import PROBABILITY, as_counts

_Counts = Int[np.ndarray, "..."] | np.integer[Any] | int
_Reals = Float[np.ndarray, "..."]


@checked_arguments(alpha=PROBABILITY)
def clopper_pearson(successes: _Counts, trials: _Counts, alpha: float = 0.05) -> tuple[_Reals, _Reals]:
    """Return the lower and upper ends of the exact binomial interval at level 1 − alpha, elementwise.

    The two ends cover the true proportion with probability at least 1 − alpha, for one pair of counts; for a
    simultaneous statement over many pairs hand in alpha divided by their number. No trials give [0, 1].

    Parameters
    ----------
    successes, trials
        Integer counts, broadcast against each other.
    alpha
        The probability of missing the truth, in (0, 1).

    Raises
    ------
    InvalidInput
        If the counts are not 0 ≤ successes ≤ trials, or alpha lies outside (0, 1).

    Examples
    --------
    >>> low, high = clopper_pearson(0, 10)
    >>> float(low), round(float(high), 4)
    (0.0, 0.3085)
    """
    hits, tries = np.broadcast_arrays(as_counts(successes, "successes"), as_counts(trials, "trials"))
    if np.any(hits > tries):
        raise InvalidInput(
            "a count of successes is above its count of trials",
            causes="counts of two different samples, or swapped arguments",
        )
    k, n = hits.astype(np.float64), tries.astype(np.float64)
    # The beta quantiles have no value at the two extremes; the interval ends there at 0 and at 1.
    low = np.where(k > 0, special.betaincinv(np.maximum(k, 1), n - k + 1, alpha / 2), 0.0)
    high = np.where(k < n, special.betaincinv(k + 1, np.maximum(n - k, 1), 1 - alpha / 2), 1.0)
    return low, high


@checked_arguments(alpha=PROBABILITY)
def ratio_interval(first: _Counts, second: _Counts, alpha: float = 0.05) -> tuple[_Reals, _Reals]:
    """Return an exact interval for the ratio of the probabilities of two *disjoint* events from their counts.

    Given that one of the two happened, the first is binomial with share p₁/(p₁+p₂); its Clopper–Pearson
    ends, mapped by s ↦ s/(1−s), cover p₁/p₂ with probability at least 1 − alpha. So an error like
    ν(θ∖C)/ν(C) has an exact interval although ν(C) is not known. The upper end is infinite when `second`
    is 0.

    Examples
    --------
    >>> low, high = ratio_interval(50, 100)
    >>> round(float(low), 3), round(float(high), 3)
    (0.349, 0.709)
    """
    ones, others = as_counts(first, "first").astype(np.int64), as_counts(second, "second").astype(np.int64)
    low, high = clopper_pearson(ones, ones + others, alpha)
    with np.errstate(divide="ignore"):
        return np.asarray(low / (1 - low)), np.asarray(high / (1 - high))
