"""Certified edges: when counts on held-out points show that an error is below a tolerance (theory E4, E5).

Of N_C held-out points of a concept C, k lie outside the model concept θ; f points lie in θ∖C. Given N_C,
k is binomial with the miss m; given N_C + f, f is binomial with a/(1 + a), a being the alarms over μ(C). So
each error has an exact one-sided test on either side of the tolerance; over several pairs they are corrected.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import special

Correction = Literal["holm", "benjamini-yekutieli"]
CORRECTIONS: tuple[Correction, ...] = ("holm", "benjamini-yekutieli")

_Ints = Int[np.ndarray, "..."]
_Reals = Float[np.ndarray, "..."]


def below(events: _Ints, trials: _Ints, rate: float) -> _Reals:
    """Return Pr[Bin(trials, rate) ≤ events]: the p-value of "the true rate is ≥ `rate`"; 1 without trials.

    Examples
    --------
    >>> below(np.array([0, 0]), np.array([59, 0]), 0.05).round(4)
    array([0.0485, 1.    ])
    """
    k, n = np.broadcast_arrays(events, trials)
    return np.asarray(special.bdtr(k.astype(np.float64), n, rate))


def above(events: _Ints, trials: _Ints, rate: float) -> _Reals:
    """Return Pr[Bin(trials, rate) ≥ events]: the p-value of "the true rate is ≤ `rate`"; 1 without trials.

    Examples
    --------
    >>> above(np.array([0, 5]), np.array([10, 10]), 0.05).round(6)
    array([1.0e+00, 6.4e-05])
    """
    k, n = np.broadcast_arrays(events, trials)
    return np.where(k > 0, special.bdtrc(np.maximum(k - 1, 0).astype(np.float64), n, rate), 1.0)


def odds_share(tolerance: float) -> float:
    """Return ε/(1 + ε): the share of C ∪ θ that lies in θ∖C when the alarms over μ(C) are ε."""
    return tolerance / (1.0 + tolerance)


def detection_p(
    misses: _Ints, positives: _Ints, silent_outside: _Ints, negatives: _Ints, tolerance: float
) -> _Reals:
    """Return the p-value of "θ does not detect C, or detects its complement as well" (E4).

    Two tests, of which both must reject: the miss on C is < ε, and the miss on X∖C is > ε. Without the second
    a neuron that fires nearly everywhere detects random labels.

    Parameters
    ----------
    misses, positives
        Held-out points of C outside θ, and points of C.
    silent_outside, negatives
        Held-out points of X∖C outside θ, and points of X∖C.
    tolerance
        ε in [0, 1).

    Examples
    --------
    >>> few, many = np.array([0]), np.array([400])
    >>> detection_p(few, many, many, many, 0.05) < 1e-8, detection_p(few, many, few, many, 0.05)
    (array([ True]), array([1.]))
    """
    return np.maximum(below(misses, positives, tolerance), above(silent_outside, negatives, tolerance))


def separation_p(misses: _Ints, alarms: _Ints, positives: _Ints, tolerance: float) -> _Reals:
    """Return the p-value of "m ≥ ε or a ≥ ε" (E4): both parts must be refuted, so it is the greater of two.

    Examples
    --------
    >>> none = np.array([0])
    >>> separation_p(none, none, np.array([62]), 0.05).round(4), separation_p(none, none, none, 0.05)
    (array([0.0486]), array([1.]))
    """
    return np.maximum(
        below(misses, positives, tolerance), below(alarms, positives + alarms, odds_share(tolerance))
    )


def not_separation_p(misses: _Ints, alarms: _Ints, positives: _Ints, tolerance: float) -> _Reals:
    """Return the p-value of "m ≤ ε and a ≤ ε": twice the lesser of two tests, since either may refute it.

    Examples
    --------
    >>> not_separation_p(np.array([30]), np.array([0]), np.array([100]), 0.05) < 1e-10
    array([ True])
    """
    either = np.minimum(
        above(misses, positives, tolerance), above(alarms, positives + alarms, odds_share(tolerance))
    )
    return np.minimum(1.0, 2.0 * either)


def approximation_p(missed: _Ints, alarms: _Ints, positives: _Ints, tolerance: float) -> _Reals:
    """Return the p-value of "ν(θ△C) ≥ ε·ν(C)" from fresh ν points: `positives` in C, of which θ missed some.

    Of the points of C ∪ θ a share (m + a)/(1 + a) lies in θ△C. Where m + a ≥ ε this is at least ε/(1 + ε): if
    a ≥ ε then a/(1 + a) is, and if a < ε then ε/(1 + a) is. So one binomial test has the exact level.

    Examples
    --------
    >>> none = np.array([0])
    >>> approximation_p(none, none, np.array([62]), 0.05).round(4)
    array([0.0486])
    """
    return below(missed + alarms, positives + alarms, odds_share(tolerance))


def not_approximation_p(missed: _Ints, alarms: _Ints, positives: _Ints, tolerance: float) -> _Reals:
    """Return the p-value of "ν(θ△C) ≤ ε·ν(C)": then at most a share ε of C ∪ θ lies in θ△C.

    Examples
    --------
    >>> not_approximation_p(np.array([30]), np.array([0]), np.array([100]), 0.05) < 1e-10
    array([ True])
    """
    return above(missed + alarms, positives + alarms, tolerance)


def certified(
    p_values: Float[np.ndarray, " P"], alpha: float, correction: Correction
) -> Bool[np.ndarray, " P"]:
    """Tell which of P hypotheses are refuted, corrected for their number.

    Holm bounds the chance that any is refuted wrongly by alpha, Benjamini–Yekutieli the expected share of
    wrong ones among the refuted; both under any dependence.

    References
    ----------
    S. Holm, Scandinavian Journal of Statistics 6 (1979) 65–70; Y. Benjamini and D. Yekutieli, Annals of
    Statistics 29 (2001), doi:10.1214/aos/1013699998.

    Examples
    --------
    >>> p = np.array([0.001, 0.02, 0.04, 0.3])
    >>> certified(p, 0.05, "holm").tolist()  # .001 ≤ .05/4; .02 > .05/3 stops it
    [True, False, False, False]
    >>> certified(p[:3], 0.05, "benjamini-yekutieli").tolist()
    [True, False, False]
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    ranks = np.arange(1, count + 1)
    if correction == "holm":
        passes = p_values[order] <= alpha / (count + 1 - ranks)
        passing = int(np.argmin(passes)) if not passes.all() else count
    else:
        harmonic = float(np.sum(1.0 / ranks))
        passes = p_values[order] <= alpha * ranks / (count * harmonic)
        passing = int(np.max(np.flatnonzero(passes), initial=-1)) + 1
    refuted = np.zeros(count, dtype=bool)
    refuted[order[:passing]] = True
    return refuted


def share_at_most(events: _Ints, trials: _Ints, level: float) -> _Reals:
    """Return the least rate that `below` refutes at the level: the upper Clopper–Pearson limit, one-sided.

    Examples
    --------
    >>> share_at_most(np.array([0, 3]), np.array([59, 3]), 0.05).round(4)
    array([0.0495, 1.    ])
    """
    k, n = (part.astype(np.float64) for part in np.broadcast_arrays(events, trials))
    return np.where(k < n, special.betaincinv(k + 1, np.maximum(n - k, 1), 1.0 - level), 1.0)


def share_at_least(events: _Ints, trials: _Ints, level: float) -> _Reals:
    """Return the greatest rate that `above` refutes at the level: the lower Clopper–Pearson limit, one-sided.

    Examples
    --------
    >>> share_at_least(np.array([0, 59]), np.array([59, 59]), 0.05).round(4)
    array([0.    , 0.9505])
    """
    k, n = (part.astype(np.float64) for part in np.broadcast_arrays(events, trials))
    return np.where(k > 0, special.betaincinv(np.maximum(k, 1), n - k + 1, level), 0.0)


def least_separation_tolerance(misses: _Ints, alarms: _Ints, positives: _Ints, level: float) -> _Reals:
    """Return s⁺, the least ε at which "s < ε" is certified at the level; infinite if at none.

    Examples
    --------
    >>> least_separation_tolerance(np.array([0]), np.array([0]), np.array([62]), 0.05).round(4)
    array([0.0495])
    """
    share = share_at_most(alarms, positives + alarms, level)
    with np.errstate(divide="ignore"):
        alarm = share / (1.0 - share)
    return np.maximum(share_at_most(misses, positives, level), alarm)


def least_detection_tolerance(
    misses: _Ints, positives: _Ints, silent_outside: _Ints, negatives: _Ints, level: float
) -> _Reals:
    """Return m⁺, the least ε at which detection is certified at the level; infinite if at none.

    Detection also asks that the complement be missed by more than ε, so it can fail again at a larger ε.

    Examples
    --------
    >>> few, many = np.array([0]), np.array([400])
    >>> least_detection_tolerance(few, many, many, many, 0.05).round(4)
    array([0.0075])
    >>> least_detection_tolerance(few, many, few, many, 0.05)
    array([inf])
    """
    miss = share_at_most(misses, positives, level)
    return np.where(miss < share_at_least(silent_outside, negatives, level), miss, np.inf)


def least_approximation_tolerance(missed: _Ints, alarms: _Ints, positives: _Ints, level: float) -> _Reals:
    """Return the least ε at which `approximation_p` refutes at the level; infinite if at none.

    Examples
    --------
    >>> least_approximation_tolerance(np.array([0]), np.array([0]), np.array([62]), 0.05).round(4)
    array([0.0495])
    """
    share = share_at_most(missed + alarms, positives + alarms, level)
    with np.errstate(divide="ignore"):
        return share / (1.0 - share)


def positives_needed(tolerance: float, level: float, *, alarms: bool) -> int:
    """Return the least number of held-out points of C with which an errorless pair can be certified (E5).

    Below it a pair cannot be certified at the level, whatever it does; 0 stands for "no number is enough"
    (ε = 0). `alarms`: whether alarms are tested too (separation, approximation) or misses alone (detection).

    Examples
    --------
    >>> positives_needed(0.05, 0.05, alarms=True), positives_needed(0.05, 0.05 / 12, alarms=True)
    (62, 113)
    >>> positives_needed(0.05, 0.05, alarms=False)
    59
    """
    if tolerance == 0:
        return 0
    step = math.log1p(tolerance) if alarms else -math.log1p(-tolerance)
    guess = max(1, math.floor(-math.log(level) / step) - 1)
    share, zero = odds_share(tolerance) if alarms else tolerance, np.array(0)
    # The logarithms are rounded: the test itself decides which integer is the first.
    while float(below(zero, np.array(guess), share)) > level:
        guess += 1
    return guess


def power(miss: float, alarm: float | None, positives: int, tolerance: float, level: float) -> float:
    """Return the chance that a pair with these true errors is certified with so many positives.

    The misses are binomial; the alarms those among points of C ∪ θ drawn until `positives` lie in C. For
    detection hand in no alarm; its second test, on the complement, is taken as passed.

    Examples
    --------
    >>> [round(power(0.02, 0.02, n, 0.05, 0.05 / 12), 2) for n in (200, 400, 800)]
    [0.06, 0.35, 0.94]
    """
    most = _most_passing(lambda k: float(below(np.array(k), np.array(positives), tolerance)), level)
    if most < 0:
        return 0.0
    chance = float(special.bdtr(float(most), positives, miss))
    if alarm is None:
        return chance
    share = odds_share(tolerance)
    most = _most_passing(lambda f: float(below(np.array(f), np.array(positives + f), share)), level)
    # Negative binomial: at most f alarms before the last of the positives.
    return chance * float(special.nbdtr(most, positives, 1.0 / (1.0 + alarm))) if most >= 0 else 0.0


def _most_passing(p_value: Callable[[int], float], level: float) -> int:
    """Return the greatest count whose p-value is ≤ level < 1, −1 if not even 0 is; p-values grow to 1."""
    if p_value(0) > level:
        return -1
    low, high = 0, 1
    while p_value(high) <= level:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if p_value(middle) <= level else (low, middle)
    return low


@lru_cache(maxsize=4096)
def positives_for_power(
    miss: float, alarm: float | None, tolerance: float, level: float, chance: float = 0.8
) -> int:
    """Return about how many positives certify a pair with these true errors with the chance; 0 if none do.

    The number found is enough; since power is not monotone in the number, a few less may be too.

    Examples
    --------
    >>> positives_for_power(0.01, 0.01, 0.05, 0.05 / 12) < 400, positives_for_power(0.06, 0.0, 0.05, 0.05)
    (True, 0)
    """
    if max(miss, alarm or 0.0) >= tolerance:
        return 0
    low = positives_needed(tolerance, level, alarms=alarm is not None) - 1
    high = max(1, 2 * low)
    while power(miss, alarm, high, tolerance, level) < chance:
        low, high = high, 2 * high
        if high > 2**30:
            return 0
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (
            (low, middle) if power(miss, alarm, middle, tolerance, level) >= chance else (middle, high)
        )
    return high
