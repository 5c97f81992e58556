import numpy as np
import pytest
from scipy import stats

from geosae.analysis.grades import graded_odds, graded_share, shares


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("p", [0.0, 0.03, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("level", [0.2, 0.01])
def test_a_share_is_covered_with_the_promised_probability_exactly(n, p, level):
    k = np.arange(n + 1)
    g = graded_share(k, np.full(n + 1, n), level)
    covered = (g.low <= p) & (p <= g.high)
    assert stats.binom.pmf(k, n, p)[covered].sum() >= 1 - level - 1e-12


@pytest.mark.parametrize("probabilities", [(0.1, 0.3), (0.5, 0.01), (0.02, 0.02), (0.3, 0.7)])
def test_odds_are_covered_unconditionally(probabilities):
    # The trials (points of A ∪ B) are themselves random: sum over every outcome of 25 points.
    a, b = probabilities
    n, level, covered = 25, 0.1, 0.0
    for i in range(n + 1):
        j = np.arange(n - i + 1)
        weight = stats.multinomial.pmf(
            np.stack([np.full_like(j, i), j, n - i - j], axis=1), n, [a, b, max(0.0, 1 - a - b)]
        )
        g = graded_odds(np.full_like(j, i), j, level)
        covered += weight[(g.low <= a / b) & (a / b <= g.high)].sum()
    assert covered >= 1 - level - 1e-12


def test_the_limits_of_odds_are_not_those_of_a_share():
    g = graded_odds(np.array([30]), np.array([10]), 0.05)
    assert g.value[0] == 3.0
    assert 1.0 < g.low[0] < 3.0 < g.high[0]


def test_nothing_to_estimate_from_is_nan_with_the_widest_interval_never_zero():
    empty = np.array([0])
    share, odds = graded_share(empty, empty, 0.05), graded_odds(np.array([0]), empty, 0.05)
    assert np.isnan(share.value[0])
    assert (share.low[0], share.high[0]) == (0.0, 1.0)
    assert np.isnan(odds.value[0])
    assert (odds.low[0], odds.high[0]) == (0.0, np.inf)
    assert np.isnan(shares(empty, empty)[0])


def test_one_trial_is_enough_for_an_estimate():
    k, n = np.array([0, 1, 1]), np.array([1, 1, 2])
    assert shares(k, n).tolist() == graded_share(k, n, 0.05).value.tolist() == [0.0, 1.0, 0.5]


def test_an_unseen_denominator_still_bounds_the_odds_from_below():
    g = graded_odds(np.array([50]), np.array([0]), 0.05)
    assert np.isnan(g.value[0])
    assert g.low[0] > 10
    assert g.high[0] == np.inf


def test_limits_are_computed_per_pair_whatever_the_shape():
    rng = np.random.default_rng(3)
    n = rng.integers(0, 9, (4, 1))
    k = np.minimum(rng.integers(0, 9, (4, 5)), n)
    g = graded_share(k, n, 0.05)
    for i in range(4):
        for j in range(5):
            one = graded_share(k[i, j : j + 1], n[i], 0.05)
            assert g.low[i, j] == one.low[0]
            assert g.high[i, j] == one.high[0]


def test_sums_and_known_factors_carry_the_limits():
    a = graded_share(np.array([3]), np.array([10]), 0.05)
    b = (a + a).scaled(np.array([2.0]))
    np.testing.assert_allclose([b.value, b.low, b.high], [4 * a.value, 4 * a.low, 4 * a.high])
