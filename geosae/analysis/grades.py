"""Graded errors with exact intervals: a share, an odds ratio or a sum, each with Clopper–Pearson limits.

Source: theory E2; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), doi:10.1093/biomet/26.4.404.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from geosae.geometry.intervals import clopper_pearson, ratio_interval
from geosae.notebook import short_repr


@dataclass(frozen=True, eq=False)
class Graded:
    """One graded error over many pairs: estimate and interval limits, arrays of one shape.

    An estimate with nothing to estimate from is nan, and its interval is as wide as the error's range.
    """

    value: Float[np.ndarray, "*shape"]
    low: Float[np.ndarray, "*shape"]
    high: Float[np.ndarray, "*shape"]

    __repr__ = short_repr

    def __add__(self, other: "Graded") -> "Graded":
        """Add two errors: where both intervals cover, the sum of the limits covers the sum of the errors."""
        return Graded(self.value + other.value, self.low + other.low, self.high + other.high)

    def scaled(self, factor: Float[np.ndarray, "*other"]) -> "Graded":
        """Multiply by positive constants known exactly; the limits stay exact."""
        return Graded(self.value * factor, self.low * factor, self.high * factor)


def shares(successes: Int[np.ndarray, "..."], trials: Int[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return successes over trials, nan where there were no trials.

    Examples
    --------
    >>> shares(np.array([1, 0]), np.array([4, 0]))
    array([0.25,  nan])
    """
    successes, trials = np.broadcast_arrays(successes, trials)
    out = np.full(successes.shape, np.nan)
    np.divide(successes, trials, out=out, where=trials > 0)
    return out


def graded_share(successes: Int[np.ndarray, "..."], trials: Int[np.ndarray, "..."], level: float) -> Graded:
    """Grade a probability by its share of successes, with limits that miss it with chance ≤ `level` (E2).

    Where there are no trials the estimate is nan and the interval [0, 1].

    Examples
    --------
    >>> g = graded_share(np.array([0, 0]), np.array([10, 0]), 0.05)
    >>> g.value, g.low, g.high.round(3)
    (array([ 0., nan]), array([0., 0.]), array([0.308, 1.   ]))
    """
    k, n = np.broadcast_arrays(successes, trials)
    low, high = _once_each(clopper_pearson, k, n, level)
    return Graded(shares(k, n), low, high)


def graded_odds(successes: Int[np.ndarray, "..."], failures: Int[np.ndarray, "..."], level: float) -> Graded:
    """Grade a ratio of two probabilities of disjoint events A, B: given A ∪ B, the count of A is binomial.

    P(A)/P(B) = p/(1−p) with p = P(A | A ∪ B), and p/(1−p) increases in p, so the limits map through exactly.
    With no failures the estimate is nan (a ratio to an unseen event) and the upper limit infinite.

    Examples
    --------
    >>> graded_odds(np.array([2, 2]), np.array([4, 0]), 0.05).value
    array([0.5, nan])
    """
    k, f = np.broadcast_arrays(successes, failures)
    low, high = _once_each(ratio_interval, k, f, level)
    return Graded(shares(k, f), low, high)


def _once_each(
    limits: Callable[..., tuple[np.ndarray, np.ndarray]],
    first: Int[np.ndarray, "*shape"],
    second: Int[np.ndarray, "*shape"],
    level: float,
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    """Solve each distinct pair of counts once: over a million pairs the same counts recur."""
    base = int(second.max(initial=0)) + 1
    keys, where = np.unique((first.astype(np.int64) * base + second).ravel(), return_inverse=True)
    low, high = limits(keys // base, keys % base, level)
    return low[where].reshape(first.shape), high[where].reshape(first.shape)
