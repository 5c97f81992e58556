"""The lower bound around balls: against an independent implementation, known bodies, and its exponent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import Ball, InvalidInput, approximate
from geosae.geometry.approximation.ball_bound import least_ball_excess, power_law_count
from geosae.geometry.balls import ball_volume
from proofs_checks._balls import cap_excess, leading_constant


@pytest.mark.parametrize("r", [2, 3, 4, 5])
@pytest.mark.parametrize("m", [6, 17, 100, 3000])
def test_it_is_the_checks_own_bound(m: int, r: int):
    assert least_ball_excess(m, r) == pytest.approx(cap_excess(m, r), rel=1e-8)
    count = (leading_constant(r) / cap_excess(m, r)) ** ((r - 1) / 2)
    assert power_law_count(m, r) == pytest.approx(count, rel=1e-7)


@given(st.integers(3, 5000))
def test_the_regular_polygon_attains_it(m: int):
    assert least_ball_excess(m, 2) == pytest.approx(m * math.tan(math.pi / m) - math.pi, rel=1e-7)


@pytest.mark.parametrize("r", [2, 3, 4, 5, 6])
def test_cubes_and_what_a_search_finds_lie_above(r: int):
    assert 2.0**r - ball_volume(r) >= least_ball_excess(2 * r, r)
    if r <= 4:
        found = approximate(Ball(np.zeros(r), 1.0), 2 * r, np.random.default_rng(0), steps=20)
        assert found.excess.value >= least_ball_excess(2 * r, r) * (1 - 1e-9)


@given(st.integers(2, 9), st.integers(1, 400))
def test_more_facets_leave_less(r: int, m: int):
    assert least_ball_excess(m + 1, r) < least_ball_excess(m, r) or m < r


@pytest.mark.parametrize("r", [2, 3, 4, 5, 7])
def test_the_exponent_is_that_of_a2(r: int):
    counts = [power_law_count(m, r) for m in (50, 5000)]
    values = [least_ball_excess(m, r) for m in (50, 5000)]
    slope = math.log(values[1] / values[0]) / math.log(counts[1] / counts[0])
    assert slope == pytest.approx(-2 / (r - 1), rel=1e-9)
    # In m itself the exponent is reached from below, and only in the limit.
    plain = [math.log(least_ball_excess(2 * m, r) / least_ball_excess(m, r), 2) for m in (50, 5000)]
    assert plain[0] < plain[1] < -2 / (r - 1) or r == 2


def test_too_few_half_spaces_are_unbounded_and_nonsense_is_refused():
    assert least_ball_excess(3, 3) == math.inf
    for m, r in ((3, 1), (0, 2)):
        with pytest.raises(InvalidInput, match="ball"):
            least_ball_excess(m, r)
    with pytest.raises(InvalidInput, match="unbounded"):
        power_law_count(2, 2)
