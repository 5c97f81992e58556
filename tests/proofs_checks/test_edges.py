"""Certified edges in fractions (E4, E5): against scipy, the theory's tables, and rules written out again."""

from fractions import Fraction
from itertools import pairwise
from math import comb

import numpy as np
import pytest
from scipy import stats

from proofs_checks._edges import (
    alarm_p_value,
    at_least,
    at_most,
    benjamini_yekutieli,
    beyond_p_value,
    detection_edge_p_value,
    holm,
    many_alarms_p_value,
    many_misses_p_value,
    miss_p_value,
    most_alarms,
    most_misses,
    power,
    separation_p_value,
)
from proofs_checks._samples import Atom, outcomes, pair_atoms
from proofs_checks.e5_enough import least_positives

TWENTIETH, TENTH = Fraction(1, 20), Fraction(1, 10)
TOLERANCES = (Fraction(0), TWENTIETH, Fraction(1, 3), Fraction(1))


@pytest.mark.parametrize("rate", TOLERANCES)
@pytest.mark.parametrize("trials", [0, 1, 7, 40])
def test_the_tails_are_those_of_the_binomial_law(trials: int, rate: Fraction) -> None:
    terms = [comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(trials + 1)]
    assert [at_most(k, trials, rate) for k in range(trials + 1)] == [
        sum(terms[: k + 1]) for k in range(trials + 1)
    ]
    assert [at_least(k, trials, rate) for k in range(trials + 2)] == [
        sum(terms[k:]) for k in range(trials + 2)
    ]
    assert at_most(-1, trials, rate) == 0


@pytest.mark.parametrize("tolerance", TOLERANCES[1:3])
def test_the_p_values_agree_with_scipy(tolerance: Fraction) -> None:
    e = float(tolerance)
    for N, k, f in ((0, 0, 0), (0, 0, 3), (12, 0, 5), (113, 2, 0), (400, 8, 31), (900, 60, 70)):
        alarms = stats.binom.cdf(f, N + f, e / (1 + e))
        assert float(miss_p_value(k, N, tolerance)) == pytest.approx(stats.binom.cdf(k, N, e))
        assert float(alarm_p_value(f, N, tolerance)) == pytest.approx(alarms)
        assert separation_p_value(k, f, N, tolerance) == max(
            miss_p_value(k, N, tolerance), alarm_p_value(f, N, tolerance)
        )
        many = stats.binom.sf(k - 1, N, e)
        many_alarms = stats.binom.sf(f - 1, N + f, e / (1 + e))
        assert float(many_misses_p_value(k, N, tolerance)) == pytest.approx(many)
        assert float(many_alarms_p_value(f, N, tolerance)) == pytest.approx(many_alarms)
        beyond = float(beyond_p_value(k, f, N, tolerance))
        assert beyond == pytest.approx(min(1, 2 * min(many, many_alarms)))
        edge = max(stats.binom.cdf(k, N, e), stats.binom.sf(f - 1, 2 * N, e)) if f <= 2 * N else None
        if edge is not None:
            assert float(detection_edge_p_value(k, N, f, 2 * N, tolerance)) == pytest.approx(edge)


def test_the_critical_numbers_are_the_last_that_are_certified() -> None:
    for N in (0, 1, 58, 59, 62, 200):
        misses, alarms = most_misses(N, TWENTIETH, TWENTIETH), most_alarms(N, TWENTIETH, TWENTIETH)
        certified = [k for k in range(N + 1) if miss_p_value(k, N, TWENTIETH) <= TWENTIETH]
        assert misses == max(certified, default=-1)
        assert alarms == max(
            (f for f in range(80) if alarm_p_value(f, N, TWENTIETH) <= TWENTIETH), default=-1
        )


def test_more_errors_never_make_a_smaller_p_value() -> None:
    for p_value in (miss_p_value, alarm_p_value):
        values = [p_value(errors, 30, TENTH) for errors in range(31)]
        assert all(early < late for early, late in pairwise(values))


def rejected_by_holm(p_values: list[Fraction], level: Fraction) -> list[bool]:
    """Holm as closed testing of Bonferroni: rejected where every set with it is rejected."""
    n = len(p_values)
    sets = [[j for j in range(n) if mask >> j & 1] for mask in range(1, 1 << n)]
    return [all(min(p_values[j] for j in S) * len(S) <= level for S in sets if i in S) for i in range(n)]


def rejected_by_yekutieli(p_values: list[Fraction], level: Fraction) -> list[bool]:
    """The greatest number R such that R p-values are at most level·R/(n·Σ1/j)."""
    n = len(p_values)
    unit = level / (n * sum(Fraction(1, j) for j in range(1, n + 1)))
    sizes = [R for R in range(n + 1) if sum(p <= unit * R for p in p_values) >= R]
    return [p <= unit * max(sizes) for p in p_values]


@pytest.mark.parametrize("seed", range(20))
def test_the_rules_for_many_pairs_agree_with_their_definitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = Fraction(1, 4)
    for _ in range(20):
        # A coarse grid, so that ties and equalities with the thresholds occur.
        p_values = [Fraction(int(v), 48) for v in rng.integers(1, 14, int(rng.integers(1, 6)))]
        assert holm(p_values, level) == rejected_by_holm(p_values, level)
        assert benjamini_yekutieli(p_values, level) == rejected_by_yekutieli(p_values, level)


def test_no_pairs_no_rejections() -> None:
    assert holm([], TWENTIETH) == benjamini_yekutieli([], TWENTIETH) == []


@pytest.mark.parametrize(
    ("tolerance", "detection", "numbers"),
    [
        (TWENTIETH, False, (62, 113, 189)),
        (TENTH, False, (32, 58, 97)),
        (TWENTIETH, True, (59, 107, 180)),
        (TENTH, True, (29, 53, 88)),
    ],
)
def test_the_table_of_enough_positives(
    tolerance: Fraction, detection: bool, numbers: tuple[int, int, int]
) -> None:
    p_value = miss_p_value if detection else alarm_p_value
    for pairs, least in zip((1, 12, 500), numbers, strict=True):
        level = TWENTIETH / pairs
        assert least_positives(level, tolerance, detection=detection) == least
        assert p_value(0, least, tolerance) <= level < p_value(0, least - 1, tolerance)


@pytest.mark.parametrize("exponent", [1, 40, 3000])
def test_a_level_that_is_a_power_is_reached_and_a_hair_below_it_is_not(exponent: int) -> None:
    level = Fraction(19, 20) ** exponent
    hair = 1 - Fraction(1, 10**60)
    assert least_positives(level, TWENTIETH, detection=True) == exponent
    assert least_positives(level * hair, TWENTIETH, detection=True) == exponent + 1
    assert least_positives(level / hair, TWENTIETH, detection=True) == exponent


@pytest.mark.parametrize(
    ("positives", "tolerance", "errors", "chance", "within"),
    [
        (200, TWENTIETH, Fraction(1, 50), 0.06, 0.005),
        (400, TWENTIETH, Fraction(1, 50), 0.35, 0.005),
        (800, TWENTIETH, Fraction(1, 50), 0.94, 0.005),
        (113, TWENTIETH, Fraction(1, 50), 0.01, 0.005),
        (200, TENTH, Fraction(3, 100), 0.78, 0.005),
        (400, TWENTIETH, Fraction(1, 100), 0.958, 0.0005),
        (800, TWENTIETH, Fraction(1, 100), 1.0, 0.0005),
    ],
)
def test_the_power_among_twelve_pairs(
    positives: int, tolerance: Fraction, errors: Fraction, chance: float, within: float
) -> None:
    exact = power(positives, tolerance, TWENTIETH / 12, errors, errors)
    assert abs(exact - Fraction(chance)) <= Fraction(within)
    # The same, summed over all outcomes: alarms before the N_C-th point of C are negative binomial.
    misses = np.arange(positives + 1)
    certified = [
        (k, f)
        for k in misses[: most_misses(positives, tolerance, TWENTIETH / 12) + 1].tolist()
        for f in range(most_alarms(positives, tolerance, TWENTIETH / 12) + 1)
    ]
    e = float(errors)
    chances = [
        stats.binom.pmf(k, positives, e) * stats.nbinom.pmf(f, positives, 1 / (1 + e)) for k, f in certified
    ]
    assert float(exact) == pytest.approx(sum(chances))
    assert all(
        separation_p_value(k, f, positives, tolerance) <= TWENTIETH / 12
        for k, f in (certified[0], certified[-1])
    )


def test_three_and_a_half_times_the_least_number_gives_power_95_at_a_fifth_of_the_tolerance() -> None:
    def reached(positives: int) -> bool:
        return power(positives, TWENTIETH, TWENTIETH / 12, TWENTIETH / 5, TWENTIETH / 5) >= Fraction(19, 20)

    # The power of a discrete test falls between its jumps: the first number that reaches .95.
    first = next(N for N in range(113, 800) if reached(N))
    assert 3.3 <= first / 113 <= 3.7


def test_certification_of_twice_the_tolerance_is_rarer_than_the_level() -> None:
    for positives in (400, 800):
        assert power(positives, TWENTIETH, TWENTIETH / 12, TENTH, TENTH) < TWENTIETH / 12


def test_all_samples_are_enumerated_with_their_weights() -> None:
    atoms = pair_atoms(3, 1, 1, 5)
    weights = [weight for weight, _ in outcomes(atoms, 6)]
    assert len(weights) == comb(9, 3)
    assert sum(weights) == 10**6
    assert list(outcomes((Atom(0, ()), Atom(2, ())), 3)) == [(8, (0, 3))]
