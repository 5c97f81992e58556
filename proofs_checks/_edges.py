"""Certified edges in plain fractions: p-values, rules for many pairs, least numbers (theory E4, E5).

Written apart from `geosae.analysis`, so that the two implementations can be held against each other. A
tail of a binomial law is a sum of integers over one common denominator: nothing is rounded. C. J. Clopper
and E. S. Pearson (1934), doi:10.1093/biomet/26.4.404; S. Holm (1979); Y. Benjamini and D. Yekutieli
(2001), doi:10.1214/aos/1013699998.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache


@lru_cache(maxsize=65536)
def at_most(hits: int, trials: int, rate: Fraction) -> Fraction:
    """Return Pr[Bin(trials, rate) ≤ hits] exactly.

    Examples
    --------
    >>> at_most(1, 3, Fraction(1, 2)), at_most(-1, 3, Fraction(1, 2)), at_most(0, 0, Fraction(1, 2))
    (Fraction(1, 2), Fraction(0, 1), Fraction(1, 1))
    """
    if hits >= trials:
        return Fraction(1)
    yes, whole = rate.numerator, rate.denominator
    no = whole - yes
    if no == 0:
        return Fraction(0)
    # C(n, i)·yesⁱ·noⁿ⁻ⁱ, each term from the one before: the division comes out even.
    term = no**trials
    total = 0
    for i in range(hits + 1):
        total += term
        term = term * (trials - i) * yes // ((i + 1) * no)
    return Fraction(total, whole**trials)


def at_least(hits: int, trials: int, rate: Fraction) -> Fraction:
    """Return Pr[Bin(trials, rate) ≥ hits] exactly.

    Examples
    --------
    >>> at_least(2, 3, Fraction(1, 2)), at_least(0, 0, Fraction(1, 2))
    (Fraction(1, 2), Fraction(1, 1))
    """
    return 1 - at_most(hits - 1, trials, rate)


def alarm_share(tolerance: Fraction) -> Fraction:
    """Return ε/(1+ε): the share of the alarms among the points of C ∪ θ where a = ε.

    Examples
    --------
    >>> alarm_share(Fraction(1, 20))
    Fraction(1, 21)
    """
    return tolerance / (1 + tolerance)


def miss_p_value(misses: int, positives: int, tolerance: Fraction) -> Fraction:
    """Return Pr[Bin(N_C, ε) ≤ k]: small where m < ε is certified.

    Examples
    --------
    >>> miss_p_value(0, 59, Fraction(1, 20)) <= Fraction(1, 20) < miss_p_value(0, 58, Fraction(1, 20))
    True
    """
    return at_most(misses, positives, tolerance)


def alarm_p_value(alarms: int, positives: int, tolerance: Fraction) -> Fraction:
    """Return Pr[Bin(N_C + f, ε/(1+ε)) ≤ f]: small where a < ε is certified.

    Examples
    --------
    >>> alarm_p_value(0, 62, Fraction(1, 20)) <= Fraction(1, 20) < alarm_p_value(0, 61, Fraction(1, 20))
    True
    """
    return at_most(alarms, positives + alarms, alarm_share(tolerance))


def separation_p_value(misses: int, alarms: int, positives: int, tolerance: Fraction) -> Fraction:
    """Return the greater of the two p-values: small where s < ε is certified.

    Examples
    --------
    >>> separation_p_value(0, 0, 62, Fraction(1, 20)) == alarm_p_value(0, 62, Fraction(1, 20))
    True
    """
    return max(miss_p_value(misses, positives, tolerance), alarm_p_value(alarms, positives, tolerance))


def many_misses_p_value(misses: int, positives: int, tolerance: Fraction) -> Fraction:
    """Return Pr[Bin(N_C, ε) ≥ k]: small where m > ε is certified (the reverse test).

    Examples
    --------
    >>> many_misses_p_value(3, 3, Fraction(1, 10))
    Fraction(1, 1000)
    """
    return at_least(misses, positives, tolerance)


def many_alarms_p_value(alarms: int, positives: int, tolerance: Fraction) -> Fraction:
    """Return Pr[Bin(N_C + f, ε/(1+ε)) ≥ f]: small where a > ε is certified (the reverse test).

    Examples
    --------
    >>> many_alarms_p_value(2, 0, Fraction(1, 9))
    Fraction(1, 100)
    """
    return at_least(alarms, positives + alarms, alarm_share(tolerance))


def beyond_p_value(misses: int, alarms: int, positives: int, tolerance: Fraction) -> Fraction:
    """Return twice the smaller of the two reverse p-values: small where s > ε is certified.

    Examples
    --------
    >>> beyond_p_value(3, 0, 3, Fraction(1, 10))
    Fraction(1, 500)
    """
    reverse = (
        many_misses_p_value(misses, positives, tolerance),
        many_alarms_p_value(alarms, positives, tolerance),
    )
    return min(Fraction(1), 2 * min(reverse))


def detection_edge_p_value(
    misses: int, positives: int, missed_outside: int, negatives: int, tolerance: Fraction
) -> Fraction:
    """Return the greater p-value of "m < ε on C" and "a miss > ε on X∖C": small where there is an edge.

    Examples
    --------
    >>> detection_edge_p_value(0, 60, 0, 60, Fraction(1, 20))  # it fires on everything
    Fraction(1, 1)
    """
    return max(
        miss_p_value(misses, positives, tolerance), many_misses_p_value(missed_outside, negatives, tolerance)
    )


def holm(p_values: Sequence[Fraction], level: Fraction) -> list[bool]:
    """Tell which hypotheses Holm's rule rejects, with family-wise error at most `level`.

    Examples
    --------
    >>> holm([Fraction(1, 100), Fraction(1, 30), Fraction(1, 2)], Fraction(1, 20))
    [True, False, False]
    """
    order = sorted(range(len(p_values)), key=lambda j: p_values[j])
    rejected = [False] * len(p_values)
    for step, j in enumerate(order):
        if p_values[j] > level / (len(p_values) - step):
            break
        rejected[j] = True
    return rejected


def benjamini_yekutieli(p_values: Sequence[Fraction], level: Fraction) -> list[bool]:
    """Tell which hypotheses the rule of 2001 rejects: false discovery rate at most `level`, any dependence.

    Examples
    --------
    >>> benjamini_yekutieli([Fraction(1, 100), Fraction(1, 30)], Fraction(1, 20))
    [True, True]
    """
    pairs = len(p_values)
    harmonic = sum((Fraction(1, j) for j in range(1, pairs + 1)), Fraction(0))
    ordered = sorted(p_values)
    passing = [p for rank, p in enumerate(ordered, 1) if p <= level * rank / (pairs * harmonic)]
    return [bool(passing) and p <= passing[-1] for p in p_values]


def _last_within(p_value: Callable[[int], Fraction], level: Fraction) -> int:
    """Return the last count whose p-value, which grows with it to 1, is at most a level < 1; −1 if none."""
    beyond = 1
    while p_value(beyond - 1) <= level:
        beyond *= 2
    return bisect_right(range(beyond), level, key=p_value) - 1


@lru_cache(maxsize=4096)
def most_misses(positives: int, tolerance: Fraction, level: Fraction) -> int:
    """Return the greatest number of misses at which m < ε is certified (ℓ < 1); −1 if none is few enough.

    Examples
    --------
    >>> most_misses(58, Fraction(1, 20), Fraction(1, 20)), most_misses(59, Fraction(1, 20), Fraction(1, 20))
    (-1, 0)
    """
    return _last_within(lambda k: miss_p_value(k, positives, tolerance), level)


@lru_cache(maxsize=4096)
def most_alarms(positives: int, tolerance: Fraction, level: Fraction) -> int:
    """Return the greatest number of alarms at which a < ε is certified (ℓ < 1); −1 if none is few enough.

    Examples
    --------
    >>> most_alarms(61, Fraction(1, 20), Fraction(1, 20)), most_alarms(62, Fraction(1, 20), Fraction(1, 20))
    (-1, 0)
    """
    return _last_within(lambda f: alarm_p_value(f, positives, tolerance), level)


def power(positives: int, tolerance: Fraction, level: Fraction, miss: Fraction, alarm: Fraction) -> Fraction:
    """Return the probability that s < ε is certified for true m and a, points drawn until N_C are of C.

    The misses are Bin(N_C, m); the alarms, the failures before the N_C-th success among the points of C ∪ θ,
    are at most f exactly when N_C + f such points hold at least N_C of C.

    Examples
    --------
    >>> float(power(62, Fraction(1, 20), Fraction(1, 20), Fraction(0), Fraction(0)))
    1.0
    """
    misses, alarms = most_misses(positives, tolerance, level), most_alarms(positives, tolerance, level)
    if misses < 0 or alarms < 0:
        return Fraction(0)
    few_alarms = at_most(alarms, positives + alarms, alarm_share(alarm))
    return at_most(misses, positives, miss) * few_alarms
