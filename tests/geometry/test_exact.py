"""Exact arithmetic on floats, and float values with error bounds that hold."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry.exact import (
    combination,
    fraction,
    integers,
    nearest_float,
    power_of_two,
    rational,
    root_above,
    root_below,
    scaled_floats,
)
from geosae.geometry.separation import _bounds as evaluate
from geosae.geometry.separation._cloud import Cloud, as_cloud, frame_of

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.one_of(st.floats(-1e6, 1e6), st.integers(-3, 3).map(float))


@given(st.lists(finite, min_size=1, max_size=6))
def test_floats_become_integers_without_loss(values):
    exact = integers(np.array([values]))
    factor = fraction(power_of_two(exact.exponent))
    assert [int(v) * factor for v in exact.matrix.entries()] == [Fraction(v) for v in values]


@given(finite.map(abs))
def test_roots_are_rounded_to_the_right_side(value):
    low, high = root_below(rational(value)), root_above(rational(value))
    assert Fraction(low) ** 2 <= Fraction(value) <= Fraction(high) ** 2
    assert high <= math.nextafter(low, math.inf)


@given(st.fractions(), st.integers(-1200, 1200))
def test_rationals_round_to_the_nearest_float(value, exponent):
    exact = rational(value) * power_of_two(exponent)
    try:
        expected = float(fraction(exact))
    except OverflowError:
        expected = math.copysign(math.inf, value)
    assert nearest_float(exact) == expected


@given(st.lists(st.integers(-(2**300), 2**300), min_size=1, max_size=5))
def test_long_integers_are_rounded_to_two_units(numbers):
    floats, top = scaled_floats(numbers)
    for number, value in zip(numbers, floats, strict=True):
        assert abs(Fraction(float(value)) * Fraction(2) ** top - number) <= abs(number) * Fraction(1, 2**52)
    assert np.all(np.abs(floats) <= 1)


def test_combinations_are_exact():
    third = rational(Fraction(1, 3))
    assert combination(np.array([[0.1], [0.2], [0.3]]), [third] * 3) == [
        rational((Fraction(0.1) + Fraction(0.2) + Fraction(0.3)) / 3)
    ]


@given(st.data())
def test_least_values_are_exact_and_bounds_hold(data):
    n, count = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 12))
    row = st.lists(moderate, min_size=n, max_size=n)
    points = np.array(data.draw(st.lists(row, min_size=count, max_size=count)))
    points = points * data.draw(st.sampled_from([1.0, 2.0**-900, 2.0**900, 2.0**-1040])) + data.draw(
        st.sampled_from([0.0, 0.0, 1e9])
    )
    w, b = np.array(data.draw(row)), data.draw(moderate)
    function, unit = evaluate.affine_from_floats(w, b)
    exact = [
        sum((Fraction(x) * Fraction(v) for x, v in zip(point, w.tolist(), strict=True)), Fraction(b))
        for point in points.tolist()
    ]
    cloud = Cloud(points)
    frame = frame_of(cloud)
    found = evaluate.least(function, cloud, frame)
    assert fraction(found.value * unit) == min(exact)
    assert exact[found.row] == min(exact)
    upper, factor = evaluate.rigorous_values(function, cloud, frame)
    for value, bound in zip(exact, upper.tolist(), strict=True):
        assert math.isinf(bound) or value <= Fraction(bound) * fraction(factor * unit)


def test_a_sum_that_floats_round_to_zero_is_decided_exactly():
    points = np.array([[1e16, 1.0, -1e16], [1.0, 1.0, -2.0]])
    function, _ = evaluate.affine_from_floats(np.ones(3))
    cloud = Cloud(points)
    assert evaluate.least(function, cloud, frame_of(cloud)).row == 1
    assert evaluate.least(function.negated(), cloud, frame_of(cloud)).value == -1


def test_many_points_in_doubt_get_a_bound_or_the_exact_value():
    rng = np.random.default_rng(0)
    points = rng.integers(0, 2, (6000, 3)) * 1.0
    points[:, 2] = 1 - points[:, 0] - points[:, 1]
    cloud = Cloud(points)
    function, _ = evaluate.affine_from_floats(np.ones(3), 0.5)
    found = evaluate.least(function, cloud, frame_of(cloud))
    assert 0 < found.value <= rational(1.5) * 2
    zero = evaluate.least(evaluate.affine_from_floats(np.ones(3), -1.0)[0], cloud, frame_of(cloud))
    assert zero.exact
    assert zero.value == 0


def test_masked_clouds_keep_their_row_numbers():
    points = np.array([[5.0], [1.0], [3.0]])
    cloud = Cloud(points, np.array([True, False, True]))
    assert len(cloud) == 2
    assert cloud.array().ravel().tolist() == [5.0, 3.0]
    function, _ = evaluate.affine_from_floats(np.ones(1))
    assert evaluate.least(function, cloud, frame_of(cloud)).row == 2
    assert cloud.holds(np.array([0, 2]))
    assert not cloud.holds(np.array([1]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_float_arrays_are_kept_by_reference_and_others_widened(kind):
    points = np.zeros((2, 2), dtype=kind)
    assert as_cloud(points, "points").points is points
    assert as_cloud(points.astype(np.int8), "points").points.dtype == np.float64
