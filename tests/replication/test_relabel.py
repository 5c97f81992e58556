"""The shuffling of seeds: against other implementations, on a known law, and on a law that shifts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geosae.replication.relabel import Relabelled, groups, labellings, relabel

FIVE = np.array([True] * 5 + [False] * 5)


def scaled(rows: np.ndarray) -> np.ndarray:
    low, high = np.nanmin(rows, axis=1, keepdims=True), np.nanmax(rows, axis=1, keepdims=True)
    return (rows - low) / (high - low)


def shuffled(rows: np.ndarray, first: np.ndarray = FIVE, parts: np.ndarray | None = None) -> Relabelled:
    strata = np.zeros(len(first), dtype=np.int64)
    parts = np.zeros(len(rows), dtype=np.int64) if parts is None else parts
    return relabel(scaled(rows), first, strata, parts, 300, np.random.default_rng(0))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 6))
def test_two_groups_are_compared_as_scipy_does(seed: int, one: int, other: int):
    rows = np.random.default_rng(seed).normal(size=(3, one + other))
    first = np.arange(one + other) < one
    told = groups(rows, first[:, None])
    for i, row in enumerate(rows):
        a, b = row[first], row[~first]
        known = stats.ttest_ind(a, b, equal_var=False)
        assert told.welch[i, 0] == pytest.approx(known.statistic, rel=1e-9)
        assert told.freedom[i, 0] == pytest.approx(known.df, rel=1e-9)
        assert told.explained[i, 0] == pytest.approx(np.corrcoef(row, first)[0, 1] ** 2, rel=1e-9)


def test_single_points_are_infinitely_apart_and_one_value_says_nothing():
    rows = np.array([[1.0] * 5 + [0.0] * 5, [np.nan] * 4 + [0.5] + [0.0, 1, 0, 0, 1]])
    split = groups(rows, FIVE[:, None])
    assert np.isinf(split.welch[0, 0])
    assert np.isnan(split.welch[1, 0])


def test_all_labellings_are_tried_once_and_only_within_strata():
    strata = np.array([0, 0, 0, 0, 1, 1])
    first = np.array([True, True, False, False, True, False])
    found, exact = labellings(first, strata, 12, np.random.default_rng(0))
    assert exact
    assert found.shape == (6, 12)
    assert np.array_equal(found[:, 0], first)
    assert len({tuple(column) for column in found.T}) == 12
    assert (found[:4].sum(axis=0) == 2).all()
    drawn, exact = labellings(first, strata, 11, np.random.default_rng(0))
    assert not exact
    assert drawn.shape == (6, 11)
    assert np.array_equal(drawn[:, 0], first)
    assert (drawn[4:].sum(axis=0) == 1).all()


def dependent(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Skewed measures that share most of what varies, a third of them shares of four."""
    common = rng.normal(size=(1, 10))
    found = np.exp(1.5 * (0.8 * common + 0.6 * rng.normal(size=(rows, 10))))
    found[::3] = np.floor(4 * found[::3] / (1 + found[::3])) / 4
    return found[np.ptp(found, axis=1) > 0]


def test_one_law_is_seldom_called_two_however_skewed_and_dependent():
    rng = np.random.default_rng(5)
    tests = [shuffled(dependent(rng, 30)) for _ in range(200)]
    for level in (0.025, 0.1):
        pairs = sum(t.pair.min() <= level for t in tests)
        parts = sum(t.part.min() <= level for t in tests)
        # The binomial law's upper end: a test that is exact passes it once in ten thousand times.
        assert pairs <= stats.binom.ppf(0.9999, 200, level)
        assert parts <= stats.binom.ppf(0.9999, 200, level)
    # The negative control of this very check: p values read off the pairs one by one cry wolf far too often.
    naive = sum(
        stats.ttest_ind(rows[:, :5], rows[:, 5:], axis=1, equal_var=False).pvalue.min() <= 0.025
        for rows in (np.random.default_rng(k).normal(size=(30, 10)) for k in range(200))
    )
    assert naive > stats.binom.ppf(0.9999, 200, 0.025)


def test_the_share_of_variance_between_groups_is_usually_one_ninth():
    """It is 1/(N − 1) over all labellings, whatever the values."""
    relabelled = shuffled(np.random.default_rng(2).normal(size=(4000, 10)))
    assert relabelled.usual[0] == pytest.approx(1 / 9, rel=1e-9)


def test_a_shift_of_one_measure_is_found_in_that_measure():
    rows = np.random.default_rng(3).normal(size=(300, 10))
    rows[17, :5] += 60
    found = shuffled(rows)
    assert np.flatnonzero(found.pair <= 0.025).tolist() == [17]
    assert found.pair[17] == pytest.approx(2 / 252)
    assert found.least == pytest.approx(2 / 252)
    rows[17, :5] -= 60
    assert shuffled(rows).pair.min() > 0.025


def test_a_small_shift_of_all_measures_is_found_in_their_part():
    rows = np.random.default_rng(4).normal(size=(400, 10))
    rows[200:, :5] += 0.8
    parts = np.repeat([0, 1], 200)
    found = shuffled(rows, parts=parts)
    assert found.part[0] > 0.1
    assert found.part[1] <= 0.025
    assert found.explained[1] > found.usual[1]


def test_a_measure_of_few_values_does_not_hide_the_others():
    """Two values that happen to fall apart give an infinite t; it must not drown a true shift."""
    rng = np.random.default_rng(6)
    rows = np.vstack([rng.integers(0, 2, (300, 10)), rng.normal(size=(30, 10))]).astype(float)
    rows = rows[np.ptp(rows, axis=1) > 0]
    rows[0] = 1.0 * FIVE
    rows[-1, :5] += 40
    found = shuffled(rows)
    assert found.pair[-1] <= 0.025
    assert found.pair[0] > 0.5
