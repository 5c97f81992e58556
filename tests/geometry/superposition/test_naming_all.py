"""S11(a)'s programme: all features at once, against each alone, against cvxpy, and forged."""

import copy
from dataclasses import replace
from fractions import Fraction

import cvxpy
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

from geosae.errors import InvalidInput
from geosae.geometry import (
    AllNamed,
    ForgedCertificate,
    NotAllNamed,
    _program,
    name_all_features,
    name_features,
)
from geosae.geometry.superposition import _naming_program, naming_all
from geosae.geometry.superposition.naming_all_certificate import ExactRow

ENTRY_OF_TWO = np.array([[2.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
"""a_1 = 2·a_2 − a_3: feature 0 is named alone at k = 2, and feature 1 is not: its column is ½·a_0 + ½·a_2."""


def forged(record, **changes):
    """Return the record with fields changed behind the back of its constructor."""
    other = copy.copy(record)
    for name, value in changes.items():
        object.__setattr__(other, name, value)
    return other


@given(dictionaries(), st.integers(1, 7), st.sampled_from([1, 1.5, Fraction(4, 3), 3]))
@example(ENTRY_OF_TWO, 2, 1)
@example(ENTRY_OF_TWO, 2, 3)
@example(np.array([[1.0, 1.0 + 2.0**-40]]), 1, 1)
def test_all_are_named_iff_each_is(A: np.ndarray, k: int, rho: float | Fraction):
    verdict = name_all_features(A, k, rho).check()
    alone = [answer.nameable for answer in name_features(A, k, rho)]
    assert verdict.all_named is all(alone)
    if isinstance(verdict, NotAllNamed):
        assert not alone[verdict.feature]
        assert verdict.unnameable().check().grade == "exact"
        h = [abs(x) for x in verdict.h()]
        assert rho != 1 or h[verdict.feature] == max(h)
    else:
        assert all(verdict.neuron(i).check().feature == i for i in range(A.shape[1]))
        assert max(verdict.interference()) < 1


def worst_interference(A: np.ndarray, k: int, rho: float) -> float:
    """Return the largest over i of min ρ(k·max c⁺ + (k−1)·max c⁻), c_i = 1: all are named iff below 1."""
    values = []
    for i in range(A.shape[1]):
        b, c = cvxpy.Variable(len(A)), np.delete(A, i, axis=1)
        load = k * cvxpy.max(cvxpy.pos(c.T @ b)) + (k - 1) * cvxpy.max(cvxpy.neg(c.T @ b))
        problem = cvxpy.Problem(cvxpy.Minimize(rho * load), [A[:, i] @ b == 1])
        values.append(float(problem.solve(solver=cvxpy.CLARABEL)))
    return max(values)


@pytest.mark.parametrize(("n", "p", "k", "rho"), [
    (6, 9, 2, 1), (9, 12, 2, 1), (9, 12, 2, 1.5), (12, 18, 3, 1), (14, 16, 3, 1.25), (10, 24, 1, 2.0),
])  # fmt: skip
def test_the_verdict_is_that_of_the_program(n: int, p: int, k: int, rho: float):
    rng = np.random.default_rng([n, p, k])
    for A in (rng.standard_normal((n, p)), rng.integers(-3, 4, (n, p)) + 0.0):
        A[0, ~A.any(axis=0)] = 1.0
        worst = worst_interference(A, k, rho)
        if abs(worst - 1) > 1e-6:
            assert name_all_features(A, k, rho).check().all_named is (worst < 1)


@pytest.mark.parametrize(
    ("k", "verdict"), [(1, True), (2, True), (3, True), (4, True), (5, False), (9, False)]
)
def test_the_simplex_is_named_below_its_number_of_corners(k: int, verdict: bool):
    simplex = np.column_stack([np.eye(4), -np.ones(4)])
    assert name_all_features(simplex, k).check().all_named is verdict


@pytest.mark.parametrize(
    "A",
    [
        np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        np.array([[0.0, 1.0]]),
        np.zeros((2, 1)),
        np.zeros((3, 2)),
    ],
    ids=["duplicates", "a zero column", "zero alone", "zeros"],
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_degenerate_dictionaries_are_not_named(A: np.ndarray, k: int):
    verdict = name_all_features(A, k).check()
    assert isinstance(verdict, NotAllNamed)
    assert not verdict.unnameable().check().nameable


def test_independent_columns_are_named_at_every_sparsity_and_length():
    A = np.diag([2.0**-900, 1.0, 2.0**900])
    assert name_all_features(A, 100, 7.5).check().all_named
    assert name_all_features(A[:, 2:], 3).check().all_named


def test_what_single_features_need_the_box_for():
    verdict = name_all_features(ENTRY_OF_TWO, 2).check()
    assert isinstance(verdict, NotAllNamed)
    assert verdict.feature == 1
    assert [answer.nameable for answer in name_features(ENTRY_OF_TWO, 2)] == [True, False, True]


@pytest.mark.parametrize("k", [1, 2])
def test_a_solver_that_fails_leaves_the_verdict_to_exact_arithmetic(monkeypatch: pytest.MonkeyPatch, k: int):
    A = np.random.default_rng(0).standard_normal((4, 9))
    usual = name_all_features(A, k).check().all_named
    stopped = _program.Outcome("stopped", None, None)
    monkeypatch.setattr(_naming_program, "linear_program", lambda cost, **options: stopped)
    monkeypatch.setattr(naming_all, "PROMISING", 0.0)
    assert name_all_features(A, k).check().all_named is usual


def test_ties_that_no_float_sees_are_decided():
    A = np.array([[1.0, 1.0, 0.0], [2.0**-60, 0.0, 0.0], [0.0, 0.0, 1.0]])
    verdict = name_all_features(A, 3).check()
    assert isinstance(verdict, AllNamed)
    # (1/k)·Σ of k² orthonormal columns has mass exactly k (R5): the edge itself is not named.
    edge = np.column_stack([np.full(4, 0.5), np.eye(4)])
    assert not name_all_features(edge, 2).check().all_named
    assert name_all_features(edge * [2 + 2.0**-45, *[1] * 4], 2).check().all_named


def test_what_the_verdicts_say():
    named, unnamed = name_all_features(np.eye(3), 2, 1.5), name_all_features(np.ones((1, 2)), 1)
    assert repr(named) == (
        "AllNamed: one neuron each names all 3 features (n = 3) on all codes of at most 2 active and "
        "amplitudes up to 1.5; proved exactly"
    )
    assert "NotAllNamed: single neurons cannot name all 2 features (n = 1)" in repr(unnamed)
    assert named._repr_html_().startswith("<div>")
    with pytest.raises(TypeError, match=r"ask for \.all_named"):
        bool(unnamed)


@pytest.fixture
def named() -> AllNamed:
    verdict = name_all_features(np.column_stack([np.eye(4), -np.ones(4)]), 3)
    assert isinstance(verdict, AllNamed)
    return verdict.check()


@pytest.fixture
def unnamed() -> NotAllNamed:
    verdict = name_all_features(np.column_stack([np.full(4, 0.5), np.eye(4)]), 2)
    assert isinstance(verdict, NotAllNamed)
    return verdict.check()


def test_rows_that_prove_too_little_are_refused(named: AllNamed):
    B = named.B
    for wrong, complaint in [
        ({"B": -B}, "may be misled by 3"),
        ({"B": B[[1, 0, 2, 3, 4]]}, "may be misled"),
        ({"B": 0 * B}, "may be misled"),
        ({"B": B[:4]}, "the rows have shape"),
        ({"B": B * np.nan}, "not finite"),
        ({"k": 5}, "may be misled by 5"),
        ({"k": 0}, "at least 1"),
        ({"rho": Fraction(2)}, "may be misled"),
        ({"rational": (ExactRow(7, (Fraction(1),) * 4),)}, "of no feature"),
        ({"rational": (ExactRow(0, (Fraction(1),) * 4),)}, "does not hold the rounded"),
        ({"rational": (ExactRow(1, named.row(1)), ExactRow(0, named.row(0)))}, "not in order"),
    ]:
        with pytest.raises(ForgedCertificate, match=complaint):
            forged(named, **wrong).check()
    with pytest.raises(ForgedCertificate, match="does not name feature 0"):
        forged(named, B=-B).neuron(0)


def test_a_rational_row_counts_for_its_feature(named: AllNamed):
    third = Fraction(1, 3)
    row = tuple(v * third for v in named.row(2))
    B = named.B.copy()
    B[2] = [float(v) for v in row]
    exact = replace(named, B=B, rational=(ExactRow(2, row),)).check()
    assert exact.row(2) == row
    assert exact.neuron(2).check().feature == 2
    assert exact.interference()[2] == named.interference()[2]


def test_vectors_that_prove_too_little_are_refused(unnamed: NotAllNamed):
    support, weights = unnamed.support, unnamed.weights
    orthonormal = int(support[-1])
    for wrong, complaint in [
        ({"weights": tuple(2 * v if j else v for j, v in enumerate(weights))}, "not in the kernel"),
        ({"feature": orthonormal}, "more mass|exceeds"),
        ({"k": 1}, "more mass"),
        ({"support": support[:-1]}, "do not pair"),
        ({"support": support[::-1].copy()}, "rising order"),
        ({"support": support + 4}, "holds no features"),
        ({"support": support.astype(float)}, "no list of features"),
        ({"weights": tuple(float(v) for v in weights)}, "no rational"),
        ({"support": support[1:], "weights": weights[1:]}, "not in the support"),
        ({"weights": (Fraction(0),) * len(weights)}, "is 0"),
    ]:
        with pytest.raises(ForgedCertificate, match=complaint):
            forged(unnamed, **wrong).check()


def test_a_vector_whose_other_entries_are_larger_is_refused():
    # Without the box this h would "show" that feature 0 is unnamed, which it is not.
    verdict = name_all_features(ENTRY_OF_TWO, 2)
    assert isinstance(verdict, NotAllNamed)
    with pytest.raises(ForgedCertificate, match=r"exceeds|mass"):
        forged(verdict, feature=0).check()


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match="k"):
        name_all_features(np.eye(2), 0)
    with pytest.raises(InvalidInput, match="rho"):
        name_all_features(np.eye(2), 1, 0.5)
    with pytest.raises(InvalidInput, match="dictionary"):
        name_all_features(np.array([[np.nan]]), 1)
