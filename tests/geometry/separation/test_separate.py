"""S1: every verdict against an independent rational simplex, on clouds made to be degenerate."""

import inspect
from fractions import Fraction

import numpy as np
import pytest
from exact_oracle import best_margin_squared, hulls_meet
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from strategies import cloud_pairs, transforms

from geosae.geometry import Inseparable, InvalidInput, Separated, separate


def agree(A, B):
    verdict = separate(A, B).check()
    assert verdict.grade == "exact"
    assert verdict.separable is not hulls_meet(A, B)
    return verdict


@given(cloud_pairs())
def test_verdict_equals_rational_simplex(pair):
    verdict = agree(*pair)
    if isinstance(verdict, Inseparable):
        assert len(verdict.points_a) + len(verdict.points_b) <= pair[0].shape[1] + 2


@given(st.data())
def test_verdict_in_absurd_units(data):
    A, B = data.draw(cloud_pairs(most_dim=3, most=5))
    units = data.draw(transforms(A.shape[1]))
    assert agree(A * units, B * units).separable is not hulls_meet(A, B)


@given(cloud_pairs(most_dim=3, most=4))
def test_margin_is_the_maximum(pair):
    verdict = separate(*pair)
    if not isinstance(verdict, Separated):
        return
    best = best_margin_squared(*pair)
    assert Fraction(verdict.margin) ** 2 <= best <= Fraction(verdict.margin_bound) ** 2
    assert verdict.eta <= 1e-12 * verdict.margin_bound


@given(cloud_pairs(most_dim=3, most=5), st.integers(-60, -1))
def test_touching_hulls_are_told_from_nearly_touching_ones(pair, exponent):
    A, B = pair
    lifted = np.column_stack([A, np.zeros(len(A))])
    above = np.column_stack([B, np.zeros(len(B))])
    agree(lifted, above)
    above[:, -1] = 2.0 ** (8 * exponent)
    verdict = agree(lifted, above)
    assert verdict.separable


@pytest.mark.parametrize("gap", [1e-300, 1e-200, 1e-30, 2.0**-53, 5e-324])
def test_margins_far_below_the_spacing_of_floats(gap):
    A = np.array([[gap, 5.0], [gap, -5.0], [1.0, 0.0]])
    B = np.array([[0.0, 5.0], [0.0, -1.0], [-1.0, 2.0]])
    verdict = agree(A, B)
    assert isinstance(verdict, Separated)
    assert verdict.margin == pytest.approx(gap / 2, rel=1e-9, abs=5e-324)
    assert verdict.eta <= max(1e-12 * verdict.margin_bound, 5e-324)
    B[0, 0] = gap
    assert not agree(A, B).separable


def test_neighbouring_floats_on_a_line():
    one, next_one = 1.5, float(np.nextafter(1.5, 2))
    assert agree(np.array([[next_one]]), np.array([[one], [0.0]])).separable
    assert not agree(np.array([[next_one], [0.0]]), np.array([[one]])).separable


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-160, 1e160, 1.7e308])
def test_the_edges_of_the_float_range(size):
    A = np.array([[1.0, 0.0], [0.0, 1.0]]) * size
    assert agree(A, -A).separable
    assert not agree(A, np.array([[size, 0.0]])).separable
    assert not agree(np.vstack([A, -A]), np.zeros((1, 2))).separable


def test_one_point_a_side_and_duplicates():
    assert not agree(np.ones((3, 2)), np.ones((2, 2))).separable
    verdict = agree(np.array([[1.0, 2.0]] * 4), np.array([[1.0, 2.5]] * 3))
    assert isinstance(verdict, Separated)
    assert verdict.margin == 0.25
    assert verdict.w.tolist() == [0.0, -1.0]


@pytest.mark.parametrize("touching", [True, False])
def test_columns_three_hundred_orders_apart(touching):
    rng = np.random.default_rng(10)
    A, B = rng.standard_normal((2, 60, 6))
    A[:, 0], B[:, 0] = np.abs(A[:, 0]), -np.abs(B[:, 0])
    A[:30, 0] = B[:30, 0] = 0
    A[:, 0] += 0 if touching else 1e-9
    units = 10.0 ** rng.uniform(-150, 150, 6)
    verdict = agree(A * units, B * units)
    assert verdict.separable is not touching
    assert touching or verdict.eta <= 1e-12 * verdict.margin_bound


def test_collinear_and_flat_clouds_far_from_the_origin():
    line = np.linspace(0, 1, 50)[:, None] * np.array([[3.0, 4.0, 0.0]]) + 1e9
    agree(line[:25], line[25:])
    agree(line[::2], line[1::2])
    agree(line[:25], line[25:] + np.array([0, 0, 1e-7]))


def test_duality_gap_is_closed_in_higher_dimension():
    rng = np.random.default_rng(5)
    for n, count in ((16, 400), (40, 500)):
        points = rng.standard_normal((count, n))
        side = points[:, 0] + 0.1 * points[:, 1] > 0
        verdict = separate(points[side], points[~side]).check()
        assert isinstance(verdict, Separated)
        assert verdict.eta <= 1e-7 * verdict.margin
        assert len(verdict.support_a) + len(verdict.support_b) <= n + 2


def test_moving_every_point_by_less_than_the_margin_keeps_the_separation():
    rng = np.random.default_rng(6)
    points = rng.standard_normal((200, 5))
    side = points.sum(axis=1) > 0.3
    verdict = separate(points[side], points[~side])
    assert isinstance(verdict, Separated)
    push = -verdict.w / np.linalg.norm(verdict.w) * verdict.margin
    assert np.all((points[side] + 0.999 * push) @ verdict.w + verdict.b > 0)
    assert not separate(points[side] + 2.001 * push * (1 + verdict.eta), points[~side]).separable


def test_above_the_exact_limit_a_bound_on_the_margin_is_certified():
    rng = np.random.default_rng(7)
    points = rng.standard_normal((300, 6))
    verdict = separate(points[:150], points[150:], exact_up_to=5).check()
    assert isinstance(verdict, Inseparable)
    assert verdict.grade == "certified"
    assert 0 < verdict.eta < 1e-10


def test_float32_is_read_exactly_and_by_reference():
    rng = np.random.default_rng(8)
    A = rng.standard_normal((50, 3)).astype(np.float32)
    verdict = separate(A, A + np.float32(20)).check()
    assert verdict.positives.points is A
    assert verdict.separable


def test_iris():
    data = load_iris()
    setosa, versicolor = data.target == 0, data.target == 1
    assert separate(data.data[setosa], data.data[~setosa]).check().separable
    assert not separate(data.data[versicolor], data.data[~versicolor]).check().separable


def test_a_verdict_on_few_points_says_so():
    rng = np.random.default_rng(9)
    assert "says little" in (separate(rng.standard_normal((3, 8)), rng.standard_normal((4, 8))).vacuous or "")
    assert separate(rng.standard_normal((30, 2)), rng.standard_normal((30, 2))).vacuous is None


@pytest.mark.parametrize(
    ("A", "B"),
    [
        (np.zeros((0, 2)), np.zeros((1, 2))),
        (np.array([[np.nan]]), np.zeros((1, 1))),
        (np.zeros((2, 2)), np.array([[np.inf, 0.0]])),
        (np.zeros((2, 0)), np.zeros((2, 0))),
    ],
)
def test_unusable_clouds_are_refused(A, B):
    with pytest.raises(InvalidInput):
        separate(A, B)


def test_clouds_of_different_dimension_are_refused():
    # The run-time shape check of the tests would speak first; a user meets the door.
    door = inspect.unwrap(separate)
    with pytest.raises(InvalidInput, match="2 coordinates and points B 3"):
        door(np.zeros((1, 2)), np.zeros((1, 3)))


def small_instances(rng, count):
    for _ in range(count):
        n = int(rng.integers(1, 5))
        a, b = rng.integers(1, 2 * n + 3, size=2)
        A, B = rng.integers(-2, 3, (a, n)).astype(float), rng.integers(-2, 3, (b, n)).astype(float)
        B[:, 0] += rng.integers(0, 4)
        yield A, B


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_hunt_for_a_wrong_verdict(seed):
    wrong = undecided = 0
    for A, B in small_instances(np.random.default_rng(seed), 5000):
        verdict = separate(A, B).check()
        wrong += verdict.separable is hulls_meet(A, B)
        undecided += verdict.grade != "exact"
    assert (wrong, undecided) == (0, 0)


@pytest.mark.slow
def test_nothing_is_undecided_up_to_dimension_16():
    rng = np.random.default_rng(11)
    for n in range(1, 17):
        for _ in range(20):
            A, B = rng.integers(-1, 2, (2, 2 * n, n)).astype(float)
            assert separate(A, B).check().grade == "exact"


def test_a_margin_that_stays_open_is_still_a_verdict() -> None:
    """Beyond `exact_up_to` dimensions the float margin stands; it is a record, and no truth value."""
    rng = np.random.default_rng(7)
    points = rng.normal(size=(6, 3)).astype(np.float32).astype(np.float64)
    inside = rng.random(6) < 0.5
    verdict = separate(points[inside], points[~inside], exact_up_to=1)
    assert isinstance(verdict.check(), Separated)
    assert verdict.margin < (1 - 1e-14) * verdict.margin_bound
