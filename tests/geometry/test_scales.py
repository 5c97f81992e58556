"""The unit of measurement does not matter: verdicts at 2ᵏ times the size are those at size 1, or are refused.

Powers of two scale floats exactly, so nothing but the range of the floats can tell the two apart.
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import cloud_pairs, grid_cloud

from geosae.errors import InvalidInput
from geosae.geometry import (
    Arrangement,
    Ball,
    Box,
    HalfSpaces,
    Polytope,
    TopKCells,
    UniformBox,
    approximate,
    irreducible_error,
    separability_measure,
    separate,
    separate_unit,
)

EXPONENTS = st.integers(-900, 900)
# Lengths of regions whose squares are floats, with room for coordinates up to 4.
MIDDLE = st.integers(-480, 480)


@given(cloud_pairs(most_dim=3), EXPONENTS)
def test_separate_does_not_know_the_unit(pair, k):
    A, B = pair
    near, far = separate(A, B), separate(np.ldexp(A, k), np.ldexp(B, k))
    assert near.separable == far.separable
    assert far.check() is far


@given(cloud_pairs(most_dim=2, most=5), EXPONENTS)
def test_units_do_not_know_the_unit(pair, k):
    A, B = pair
    near, far = separate_unit(A, B), separate_unit(np.ldexp(A, k), np.ldexp(B, k))
    assert type(near) is type(far)


@given(cloud_pairs(most_dim=2, most=5), EXPONENTS)
def test_the_alarms_of_a_half_space_do_not_know_the_unit(pair, k):
    A, B = pair
    near = separability_measure(A, B, rounds=3)
    far = separability_measure(np.ldexp(A, k), np.ldexp(B, k), rounds=3)
    assert near.low <= far.high
    assert far.low <= near.high


@given(grid_cloud(2), grid_cloud(2), st.integers(-900, 900), st.integers(-900, 900))
def test_detection_does_not_know_the_unit(w, points, k, j):
    """⟨2ᵏw, 2ʲx⟩ + 2ᵏ⁺ʲc has the sign of ⟨w, x⟩ + c."""
    c = w.sum(axis=1) - 0.5
    assume(abs(k + j) <= 900)
    near, far = HalfSpaces(w, c), HalfSpaces(np.ldexp(w, k), np.ldexp(c, k + j))
    np.testing.assert_array_equal(near.contains(points), far.contains(np.ldexp(points, j)))


@given(grid_cloud(2, most=4), EXPONENTS)
def test_cells_do_not_know_the_unit(w, k):
    c = np.arange(len(w)) - 0.5
    near, far = Arrangement(w, c), Arrangement(np.ldexp(w, k), np.ldexp(c, k))
    assert len(near.cells()) == len(far.cells())
    points = np.array([[0.0, 0.0], [1.0, -2.0], [0.5, 3.0]])
    kept, far_kept = (TopKCells(np.ldexp(w, e), np.ldexp(c, e), 1).kept(points) for e in (0, k))
    np.testing.assert_array_equal(kept, far_kept)


def answer_or_range(ask: Callable[[], object]) -> object:
    """Return the answer, or None where the refusal states the range."""
    try:
        return ask()
    except InvalidInput as error:
        message = str(error)
    assert any(words in message for words in ("e+150", "floats", "no float")), message
    return None


@given(st.integers(-900, 900))
def test_a_hull_does_not_know_the_unit(k):
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [1.0, 0.25]])
    hull = answer_or_range(lambda: Polytope(np.ldexp(corners, k)))
    assert hull is not None or abs(k) > 490
    if isinstance(hull, Polytope):
        np.testing.assert_array_equal(hull.vertices, np.ldexp(Polytope(corners).vertices, k))
        inside = hull.contains(np.ldexp(np.array([[1.0, 0.5], [1.0, 2.0]]), k))
        assert inside.tolist() == [True, False]


@pytest.mark.parametrize("dim", [2, 3])
@given(k=st.integers(-1000, 1000))
def test_membership_does_not_know_the_unit(dim, k):
    low, high = np.zeros(dim), np.ones(dim)
    points = np.array([[0.5] * dim, [2.0] * dim])
    for make in (lambda s: Box(s * low, s * high), lambda s: Ball(s * low, s)):
        scale = float(np.ldexp(1.0, k))
        region = answer_or_range(lambda make=make, scale=scale: make(scale))
        assert region is not None or abs(k) > 490
        if isinstance(region, Box | Ball):
            assert region.contains(points * scale).tolist() == [True, False]


@given(MIDDLE)
def test_an_irreducible_error_does_not_know_the_unit(k):
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]])
    scale = float(np.ldexp(1.0, k))

    def ask():
        box = UniformBox(np.full(2, -scale), np.full(2, 3 * scale))
        return irreducible_error(corners * scale, box).value

    share = answer_or_range(ask)
    assert share == pytest.approx(1 / 16, rel=1e-12) or (share is None and abs(k) > 400)


@given(MIDDLE)
def test_an_approximation_does_not_know_the_unit(k):
    scale = float(np.ldexp(1.0, k))

    def ask():
        around = approximate(Box(np.zeros(2), np.array([scale, 2 * scale])), 4, np.random.default_rng(0))
        return around.excess.value / scale / scale

    excess = answer_or_range(ask)
    assert excess is None or excess <= 1e-9
    assert excess is not None or abs(k) > 400


@pytest.mark.parametrize("k", [-440, -200, -40, 40, 200, 440])
def test_a_descent_does_not_know_the_unit(k):
    def excess(scale: float) -> float:
        body = Polytope(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.5], [0.0, 1.0]]) * scale)
        found = approximate(body, 3, np.random.default_rng(0), restarts=1, steps=30)
        return found.excess.value / scale / scale

    assert excess(float(np.ldexp(1.0, k))) == pytest.approx(excess(1.0), rel=1e-3)
