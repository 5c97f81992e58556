"""A certificate that says more than it proves is refused: forged and perturbed ones of every kind."""

import copy
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import cloud_pairs

from geosae.geometry import (
    ForgedCertificate,
    Inseparable,
    RationalHyperplane,
    Separated,
    separability_measure,
    separate,
    separate_unit,
    smallest_unit,
)
from geosae.geometry.separation._cloud import Cloud

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@pytest.fixture
def separated() -> Separated:
    verdict = separate(SQUARE, SQUARE + np.array([3.0, 0.5]))
    assert isinstance(verdict, Separated)
    return verdict.check()


@pytest.fixture
def inseparable() -> Inseparable:
    verdict = separate(SQUARE, SQUARE + np.array([0.5, 0.25]))
    assert isinstance(verdict, Inseparable)
    return verdict.check()


def forged(record, **changes):
    """Return the record with fields changed behind the back of its constructor."""
    other = copy.copy(record)
    for name, value in changes.items():
        object.__setattr__(other, name, value)
    return other


@pytest.mark.parametrize(
    "changes",
    [
        {"b": 100.0},
        {"b": float("nan")},
        {"w": np.zeros(2)},
        {"w": np.array([1.0, 0.0])},
        {"w": np.array([np.inf, 0.0])},
        {"w": np.ones(3)},
        {"margin": 1.0000001},
        {"margin": -1.0},
        {"margin": float("nan")},
        {"margin_bound": 0.9999999},
        {"margin_bound": float("nan")},
        {"eta": -1e-300},
        {"margin_bound": 2.0},
        {"grade": "certified"},
        {"support_a": np.array([4])},
        {"support_a": np.array([-1])},
        {"support_a": np.array([], dtype=int), "weights_a": ()},
        {"support_a": np.array([0]), "weights_a": (Fraction(0),)},
        {"support_a": np.array([0]), "weights_a": (Fraction(1),)},
        {"support_a": np.array([1, 3]), "weights_a": (Fraction(3, 2), Fraction(-1, 2))},
        {"support_a": np.array([1, 3]), "weights_a": (0.5, 0.5)},
        {"weights_b": (Fraction(1, 2),)},
        {"rational": RationalHyperplane((Fraction(-1), Fraction(0)), Fraction(100))},
        {"negatives": Cloud(SQUARE)},
        {"negatives": Cloud(np.zeros((1, 3)))},
        {"negatives": Cloud(np.zeros((0, 2)))},
    ],
)
def test_forged_separation_is_refused(separated, changes):
    with pytest.raises(ForgedCertificate):
        forged(separated, **changes).check()


@pytest.mark.parametrize(
    "changes",
    [
        {"weights_a": (Fraction(1),)},
        {"weights_a": (Fraction(1, 3), Fraction(2, 3))},
        {"eta": 1e-9},
        {"grade": "certified", "eta": float("nan")},
        {"grade": "guess"},
        {"points_a": np.array([0, 9])},
        {"points_b": np.array([3])},
        {"points_b": np.array([], dtype=int), "weights_b": ()},
        {"negatives": Cloud(SQUARE + 7.0)},
        {"positives": Cloud(SQUARE, np.array([False, True, True, True]))},
    ],
)
def test_forged_common_point_is_refused(inseparable, changes):
    record = Inseparable(
        points_a=np.array([0, 3]),
        weights_a=(Fraction(1, 2), Fraction(1, 2)),
        points_b=np.array([0, 2]),
        weights_b=(Fraction(3, 4), Fraction(1, 4)),
        grade="exact",
        eta=0.0,
        positives=inseparable.positives,
        negatives=inseparable.negatives,
    )
    record.check()
    with pytest.raises(ForgedCertificate):
        forged(record, **changes).check()


def test_weights_must_be_positive_and_sum_to_one(inseparable):
    for weights in ((Fraction(3, 2), Fraction(-1, 2)), (Fraction(1, 2), Fraction(1, 4)), (0.5, 0.5)):
        with pytest.raises(ForgedCertificate):
            forged(inseparable, points_a=np.array([0, 3]), weights_a=weights).check()


def test_more_points_than_kirchberger_allows_are_refused():
    cube = np.array([[x, y] for x in (0.0, 1.0, 2.0) for y in (0.0, 1.0, 2.0)])
    verdict = separate(cube, np.array([[1.0, 1.0]]))
    assert isinstance(verdict, Inseparable)
    ninth = tuple([Fraction(1, 9)] * 9)
    with pytest.raises(ForgedCertificate, match="n\\+2"):
        forged(verdict, points_a=np.arange(9), weights_a=ninth).check()


@given(cloud_pairs(), st.data())
def test_a_perturbed_common_point_is_refused(pair, data):
    verdict = separate(*pair)
    if not isinstance(verdict, Inseparable) or len(verdict.weights_a) < 2:
        return
    tiny = Fraction(1, 2 ** data.draw(st.integers(3, 2000)))
    first, second, *rest = verdict.weights_a
    moved = (first - tiny * first, second + tiny * first, *rest)
    rows = verdict.positives.take(verdict.points_a)
    assert not np.array_equal(rows[0], rows[1])  # the points of a certificate are independent
    with pytest.raises(ForgedCertificate):
        forged(verdict, weights_a=moved).check()


@given(cloud_pairs(), st.data())
def test_a_common_point_does_not_survive_a_moved_cloud(pair, data):
    A, B = pair
    verdict = separate(A, B)
    if not isinstance(verdict, Inseparable):
        return
    axis = data.draw(st.integers(0, A.shape[1] - 1))
    moved = B.copy()
    moved[:, axis] += 2.0**-40
    with pytest.raises(ForgedCertificate):
        forged(verdict, negatives=Cloud(moved)).check()


@given(cloud_pairs())
def test_a_hyperplane_does_not_survive_swapped_sides(pair):
    verdict = separate(*pair)
    if not isinstance(verdict, Separated):
        return
    with pytest.raises(ForgedCertificate):
        forged(verdict, positives=verdict.negatives, negatives=verdict.positives).check()


@given(cloud_pairs(), st.floats(1.0000001, 10))
def test_a_margin_cannot_be_inflated(pair, factor):
    verdict = separate(*pair)
    if not isinstance(verdict, Separated):
        return
    with pytest.raises(ForgedCertificate):
        forged(verdict, margin=verdict.margin * factor, margin_bound=verdict.margin_bound * factor).check()
    with pytest.raises(ForgedCertificate):
        forged(verdict, margin_bound=verdict.margin_bound / factor, margin=0.0, eta=1e9).check()


def test_a_float_hyperplane_that_only_seems_to_separate_is_refused():
    # In floats ⟨w, a⟩ + b rounds to a positive number; exactly it is zero.
    A, B = np.array([[0.1, 0.2]]), np.array([[-1.0, -1.0]])
    verdict = separate(A, B)
    w, b = np.array([1.0, 1.0]), -0.30000000000000004
    exact = Fraction(0.1) + Fraction(0.2) + Fraction(b)
    assert exact < 0
    assert A[0] @ w + b >= 0
    with pytest.raises(ForgedCertificate):
        forged(verdict, w=w, b=b, margin=0.0, eta=10.0).check()


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        (separate, r"\.separable"),
        (separate_unit, r"\.separable"),
        (separability_measure, r"\.low and \.high"),
        (smallest_unit, r"\.lower and \.upper"),
    ],
)
def test_an_answer_is_not_a_truth_value(question, fields):
    """The answers of either kind, where there are two: all of B beyond A, and some of B within A."""
    outside = SQUARE + np.array([3.0, 0.5])
    inside = np.vstack([outside, [[0.5, 0.5]]])
    for negatives in (outside,) if question is smallest_unit else (outside, inside):
        with pytest.raises(TypeError, match=fields):
            bool(question(SQUARE, negatives))


def test_points_are_kept_by_reference(separated):
    assert separated.A is SQUARE
    assert separated.positives.array() is SQUARE
