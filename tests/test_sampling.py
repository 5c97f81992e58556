import numpy as np
import pytest

from geosae.sampling import drawn_rows


@pytest.mark.parametrize(("count", "most"), [(0, 3), (1, 3), (3, 3), (4, 3), (10**9, 50)])
def test_rows_are_distinct_rising_and_at_most_so_many(count, most):
    rows = drawn_rows(count, most, np.random.default_rng(0))
    assert len(rows) == min(count, most)
    assert (np.diff(rows) > 0).all()
    assert not len(rows) or (rows[0] >= 0 and rows[-1] < count)
    assert np.array_equal(rows, drawn_rows(count, most, np.random.default_rng(0)))


def test_rows_follow_no_stride_and_every_row_is_drawn_alike():
    rng = np.random.default_rng(0)
    drawn = np.zeros(20)
    for _ in range(4000):
        drawn[drawn_rows(20, 5, rng)] += 1
    # 4,000 draws of a quarter: five standard deviations are 137.
    assert np.abs(drawn - 1000).max() < 137


def test_nothing_is_drawn_where_all_rows_are_taken():
    rng = np.random.default_rng(3)
    drawn_rows(5, 5, rng)
    assert rng.random() == np.random.default_rng(3).random()
