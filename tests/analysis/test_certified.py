"""E4 and E5 in floats against rational sums, enumeration at small N, and the theory's numbers."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geosae.analysis.certified import (
    CORRECTIONS,
    above,
    approximation_p,
    below,
    certified,
    detection_p,
    least_approximation_tolerance,
    least_detection_tolerance,
    least_separation_tolerance,
    not_approximation_p,
    not_separation_p,
    positives_for_power,
    positives_needed,
    power,
    separation_p,
    share_at_least,
    share_at_most,
)

RATES = st.sampled_from([0.01, 0.05, 0.1, 0.3])


def exact_below(k: int, n: int, rate: Fraction) -> Fraction:
    terms = (math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(min(k, n) + 1))
    return sum(terms, Fraction(0))


def at(value: int) -> np.ndarray:
    return np.array([value])


@given(st.integers(0, 60), st.integers(0, 60), RATES)
def test_both_tails_are_the_binomial_sums(k, n, rate):
    k = min(k, n)
    exact = exact_below(k, n, Fraction(rate))
    assert below(at(k), at(n), rate)[0] == pytest.approx(float(exact), rel=1e-9)
    other = 1 - (exact_below(k - 1, n, Fraction(rate)) if k else Fraction(0))
    assert above(at(k), at(n), rate)[0] == pytest.approx(float(other), rel=1e-9)


@pytest.mark.parametrize("tolerance", [0.1, 0.3])
@pytest.mark.parametrize(("miss", "alarm"), [(None, 0.0), (0.0, None), (None, None)])
def test_the_level_is_kept_at_every_null_by_enumeration(tolerance, miss, alarm):
    """Whole samples of six points: the chance that separation is certified is at most the level."""
    # None: the error sits exactly at the tolerance, the hardest null.
    m, a = (Fraction(tolerance) if part is None else Fraction(0) for part in (miss, alarm))
    share = Fraction(1, 3)
    cells = [share * (1 - m), share * m, share * a]
    cells.append(1 - sum(cells))
    for level in (0.05, 0.3, 0.6):
        chance = Fraction(0)
        for sample in product(range(4), repeat=6):
            hits, misses, alarms = (sample.count(kind) for kind in range(3))
            p = separation_p(at(misses), at(alarms), at(hits + misses), tolerance)[0]
            if p <= level:
                chance += math.prod(cells[kind] for kind in sample)
        assert chance <= level * (1 + 1e-12)


def test_the_approximation_test_keeps_its_level_wherever_the_null_lies():
    # Twenty points of C ∪ θ; m + a ≥ ε in many ways: a share (m + a)/(1 + a) of them lies in the difference.
    epsilon, level = Fraction(1, 5), 0.2
    for a in (Fraction(0), Fraction(1, 10), Fraction(1, 5), Fraction(2), Fraction(50)):
        for m in (max(epsilon - a, Fraction(0)), Fraction(1, 2), Fraction(1)):
            wrong = (m + a) / (1 + a)
            chance = sum(
                math.comb(20, k) * wrong**k * (1 - wrong) ** (20 - k)
                for k in range(21)
                if approximation_p(at(k), at(0), at(20), 0.2)[0] <= level
            )
            assert chance <= level
    # The reverse: with m + a ≤ ε at most a share ε is wrong.
    chance = sum(
        math.comb(20, k) * epsilon**k * (1 - epsilon) ** (20 - k)
        for k in range(21)
        if not_approximation_p(at(k), at(0), at(20), 0.2)[0] <= level
    )
    assert chance <= level


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40), RATES)
def test_learned_and_not_learned_are_never_both_certified(misses, alarms, positives, tolerance):
    misses = min(misses, positives)
    counts = at(misses), at(alarms), at(positives)
    assert separation_p(*counts, tolerance)[0] > 0.5 or not_separation_p(*counts, tolerance)[0] > 0.5
    assert approximation_p(*counts, tolerance)[0] > 0.5 or not_approximation_p(*counts, tolerance)[0] > 0.5


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 400), st.sampled_from([0.05, 0.004]))
def test_the_least_tolerance_is_where_certification_begins(misses, alarms, positives, level):
    misses = min(misses, positives)
    counts = at(misses), at(alarms), at(positives)
    least = float(least_separation_tolerance(*counts, level)[0])
    if math.isfinite(least) and least < 0.99:
        assert separation_p(*counts, least * (1 + 1e-7))[0] <= level
    if 1e-9 < least < 0.99:
        assert separation_p(*counts, least * (1 - 1e-7))[0] > level
    silent, negatives = at(300), at(400)
    least = float(least_detection_tolerance(at(misses), at(positives), silent, negatives, level)[0])
    if math.isfinite(least):
        assert detection_p(at(misses), at(positives), silent, negatives, least * (1 + 1e-7))[0] <= level


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 400), st.sampled_from([0.05, 0.004]))
def test_the_least_tolerance_of_approximation_is_where_certification_begins(missed, alarms, positives, level):
    counts = at(min(missed, positives)), at(alarms), at(positives)
    least = float(least_approximation_tolerance(*counts, level)[0])
    if math.isfinite(least) and least < 0.99:
        assert approximation_p(*counts, least * (1 + 1e-7))[0] <= level
    if 1e-9 < least < 0.99:
        assert approximation_p(*counts, least * (1 - 1e-7))[0] > level


def test_detection_fails_again_where_the_complement_is_detected_too():
    # Silent on a quarter of the others: at ε = .1 it tells C from its complement, at ε = .4 it does not.
    arguments = at(0), at(500), at(1000), at(4000)
    assert detection_p(*arguments, 0.1)[0] < 1e-6
    assert detection_p(*arguments, 0.4)[0] > 0.99


def test_the_least_numbers_of_positives_are_those_of_e5():
    table = {(0.05, True): (62, 113, 189), (0.1, True): (32, 58, 97)}
    table |= {(0.05, False): (59, 107, 180), (0.1, False): (29, 53, 88)}
    for (tolerance, alarms), numbers in table.items():
        levels = (0.05, 0.05 / 12, 0.05 / 500)
        assert tuple(positives_needed(tolerance, level, alarms=alarms) for level in levels) == numbers
    assert positives_needed(0.0, 0.05, alarms=True) == 0


@given(RATES | st.sampled_from([0.6, 0.95]), st.sampled_from([0.6, 0.05, 0.004, 1e-4]), st.booleans())
def test_the_least_number_is_decided_by_the_test_itself(tolerance, level, alarms):
    n = positives_needed(tolerance, level, alarms=alarms)
    rate = Fraction(tolerance)
    share = rate / (1 + rate) if alarms else rate
    assert n >= 1
    assert (1 - share) ** n <= Fraction(level) * Fraction(1_000_000_001, 1_000_000_000)
    assert (1 - share) ** (n - 1) > Fraction(level) * Fraction(999_999_999, 1_000_000_000)


@pytest.mark.parametrize("count", range(1, 12))
def test_a_p_value_that_just_meets_the_level_is_enough(count):
    # (1 − ½)^n = 2^−n: the level is met exactly.
    assert positives_needed(0.5, 2.0**-count, alarms=False) == count


@pytest.mark.parametrize("level", [0.05, 0.004])
@pytest.mark.parametrize("tolerance", [0.05, 0.1])
def test_without_errors_there_is_power_from_the_least_number_on(tolerance, level):
    for alarm in (None, 0.0):
        least = positives_needed(tolerance, level, alarms=alarm is not None)
        assert [power(0.0, alarm, n, tolerance, level) for n in (1, least - 1, least)] == [0.0, 0.0, 1.0]
        # From the least number on none may go wrong.
        right = (1 - 0.01) ** least * (1.0 if alarm is None else (1 / 1.01) ** least)
        assert power(0.01, alarm if alarm is None else 0.01, least, tolerance, level) == pytest.approx(right)


@given(st.integers(0, 40), st.integers(1, 60), RATES, st.sampled_from([0.0, 0.02, 0.4]))
def test_at_the_p_value_of_k_misses_so_many_pass_and_no_more(k, n, tolerance, miss):
    k = min(k, n - 1)
    level = float(below(at(k), at(n), tolerance)[0])
    chance = float(exact_below(k, n, Fraction(miss)))
    # Where the tail is 1 in floats, more misses have the same p-value.
    if float(below(at(k + 1), at(n), tolerance)[0]) > level:
        assert power(miss, None, n, tolerance, level) == pytest.approx(chance, rel=1e-9)


def test_power_is_that_of_the_theory():
    level = 0.05 / 12
    chances = [power(0.02, 0.02, n, 0.05, level) for n in (113, 200, 400, 800)]
    assert [round(chance, 2) for chance in chances] == [0.01, 0.06, 0.35, 0.94]
    assert round(power(0.03, 0.03, 200, 0.1, level), 2) == 0.78
    assert power(0.01, 0.01, 400, 0.05, level) == pytest.approx(0.958, abs=0.003)
    assert power(0.01, 0.01, 800, 0.05, level) > 0.999


def test_power_is_what_draws_give():
    rng = np.random.default_rng(0)
    n, m, a, tolerance, level = 300, 0.01, 0.02, 0.05, 0.01
    misses = rng.binomial(n, m, 20_000)
    alarms = rng.negative_binomial(n, 1 / (1 + a), 20_000)
    drawn = separation_p(misses, alarms, np.full(20_000, n), tolerance) <= level
    assert power(m, a, n, tolerance, level) == pytest.approx(drawn.mean(), abs=0.01)


def test_the_number_for_power_has_it_and_half_of_it_has_not():
    level = 0.05 / 12
    n = positives_for_power(0.01, 0.02, 0.05, level)
    assert power(0.01, 0.02, n, 0.05, level) >= 0.8 > power(0.01, 0.02, n // 2, 0.05, level)
    assert positives_for_power(0.05, 0.0, 0.05, level) == 0, "an error at the tolerance is never certified"
    n = positives_for_power(0.01, None, 0.05, level)
    assert power(0.01, None, n, 0.05, level) >= 0.8
    # So near to the tolerance a pair asks for more points than anybody has.
    assert positives_for_power(0.05 * (1 - 1e-6), None, 0.05, level) == 0


@pytest.mark.parametrize("alarm", [None, 0.0])
@pytest.mark.parametrize("level", [0.3, 0.05, 0.05 / 12])
@pytest.mark.parametrize("tolerance", [0.05, 0.1, 0.8])
def test_errorless_pairs_are_certified_for_sure_from_the_least_number_on(alarm, level, tolerance):
    least = positives_needed(tolerance, level, alarms=alarm is not None)
    assert positives_for_power(0.0, alarm, tolerance, level, 1.0) == least


@pytest.mark.parametrize(("miss", "alarm"), [(0.01, 0.02), (0.03, None), (0.02, 0.0)])
@pytest.mark.parametrize("level", [0.05, 0.004])
def test_a_number_lower_by_one_percent_has_not_the_power(miss, alarm, level):
    n = positives_for_power(miss, alarm, 0.05, level)
    assert power(miss, alarm, n, 0.05, level) >= 0.8
    nearby = range(n - max(1, n // 100), n)
    assert any(power(miss, alarm, fewer, 0.05, level) < 0.8 for fewer in nearby)


def test_power_with_many_points():
    level = float(below(at(450), at(10_000), 0.05)[0])
    assert power(0.045, None, 10_000, 0.05, level) == pytest.approx(stats.binom.cdf(450, 10_000, 0.045))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 30), RATES)
def test_not_separated_is_twice_the_lesser_tail_and_never_more_than_one(misses, alarms, positives, tolerance):
    misses, rate = min(misses, positives), Fraction(tolerance)
    tails = [
        1 - (exact_below(k - 1, n, r) if k else Fraction(0))
        for k, n, r in ((misses, positives, rate), (alarms, positives + alarms, rate / (1 + rate)))
    ]
    p = not_separation_p(at(misses), at(alarms), at(positives), tolerance)[0]
    assert p == pytest.approx(float(min(Fraction(1), 2 * min(tails))), rel=1e-9)


def _near_the_thresholds(alpha):
    """p-values at and about alpha/i, so that ties and thresholds that are just met occur."""
    exact = st.integers(1, 24).map(lambda i: alpha / i)
    return st.lists(exact | st.floats(0, 2 * alpha) | st.floats(0, 1), min_size=0, max_size=12)


@given(st.data(), st.sampled_from([0.05, 0.3]))
def test_corrections_against_their_definitions(data, alpha):
    p = np.array(data.draw(_near_the_thresholds(alpha)), dtype=np.float64)
    order = np.argsort(p, kind="stable")
    count = len(p)
    holm = 0
    while holm < count and p[order[holm]] <= alpha / (count - holm):
        holm += 1
    assert certified(p, alpha, "holm").sum() == holm
    harmonic = sum(1 / i for i in range(1, count + 1))
    passing = [i for i in range(1, count + 1) if p[order[i - 1]] <= alpha * i / (count * harmonic)]
    assert certified(p, alpha, "benjamini-yekutieli").sum() == max(passing, default=0)
    for correction in CORRECTIONS:
        refuted = certified(p, alpha, correction)
        assert not refuted.any() or p[refuted].max() <= p[~refuted].min(initial=np.inf)
        assert (refuted <= (p <= alpha)).all()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_p_values_that_just_meet_every_threshold_are_all_refuted(count, alpha):
    ranks = np.arange(1, count + 1)
    holm = alpha / (count - ranks + 1)
    by = alpha * ranks / (count * sum(1 / i for i in range(1, count + 1)))
    for correction, thresholds in zip(CORRECTIONS, (holm, by), strict=True):
        assert certified(thresholds, alpha, correction).all()
        # The first p-value decides under Holm, the last alone under Benjamini–Yekutieli.
        beyond = np.nextafter(thresholds, 1)
        assert not certified(beyond, alpha, correction).any()


@given(st.integers(0, 30), st.integers(1, 30), st.sampled_from([0.05, 0.001]))
def test_one_sided_limits_are_where_the_tests_turn(k, n, level):
    k = min(k, n)
    upper, lower = (float(end(at(k), at(n), level)[0]) for end in (share_at_most, share_at_least))
    assert 0 <= lower <= k / n <= upper <= 1
    assert (lower > 0, upper < 1) == (k > 0, k < n)
    if upper < 1:
        assert below(at(k), at(n), upper)[0] == pytest.approx(level, rel=1e-6)
    if lower > 0:
        assert above(at(k), at(n), lower)[0] == pytest.approx(level, rel=1e-6)
