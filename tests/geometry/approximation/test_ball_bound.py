"""The lower bound around balls: against an independent implementation, known bodies, and its exponent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import Ball, InvalidInput, approximate
from geosae.geometry.approximation.ball_bound import least_ball_excess
from geosae.geometry.balls import ball_volume
from proofs_checks._balls import cap_excess


@pytest.mark.parametrize("r", [2, 3, 4, 5])
@pytest.mark.parametrize("m", [6, 17, 100, 3000])
def test_it_is_the_checks_own_bound(m: int, r: int):
    assert least_ball_excess(m, r) == pytest.approx(cap_excess(m, r), rel=1e-8)


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
    # Reached from below, and only in the limit.
    slopes = [math.log2(least_ball_excess(2 * m, r) / least_ball_excess(m, r)) for m in (50, 5000, 500_000)]
    assert slopes[0] < slopes[1] < -2 / (r - 1) or r == 2
    assert slopes[2] == pytest.approx(-2 / (r - 1), abs=0.02)


def test_too_few_half_spaces_are_unbounded_and_nonsense_is_refused():
    assert least_ball_excess(3, 3) == math.inf
    for m, r in ((3, 1), (0, 2)):
        with pytest.raises(InvalidInput, match="ball"):
            least_ball_excess(m, r)
