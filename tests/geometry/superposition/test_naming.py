"""S10 by its programme: against all codes by an exact simplex, and against cvxpy."""

import math
from fractions import Fraction
from itertools import combinations, product

import cvxpy
import numpy as np
import pytest
from exact_oracle import hulls_meet
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

from geosae.errors import InvalidInput
from geosae.geometry import _program, separate
from geosae.geometry.superposition import _naming_program, naming
from geosae.geometry.superposition._dictionary import Dictionary, Question
from geosae.geometry.superposition.naming import name_feature, name_features
from geosae.geometry.superposition.naming_certificate import Named, Unnameable

EXACTLY_PARALLEL = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])


def points_of_codes(A: np.ndarray, i: int, k: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of all codes of at most k entries in {1, ρ}, with feature i and without."""
    amplitudes = sorted({1.0, rho})
    points: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for size in range(min(k, A.shape[1]) + 1):
        for support in combinations(range(A.shape[1]), size):
            for values in product(amplitudes, repeat=size):
                points[i not in support].append(
                    A[:, support] @ np.array(values) if size else np.zeros(len(A))
                )
    return np.array(points[0]), np.array(points[1])


@given(dictionaries(most_dim=3, most=5), st.integers(1, 3), st.sampled_from([1.0, 1.5, 2.0]), st.data())
def test_the_verdict_is_that_of_all_codes(A: np.ndarray, k: int, rho: float, data: st.DataObject):
    i = data.draw(st.integers(0, A.shape[1] - 1))
    verdict = name_feature(A, i, k, rho).check()
    assert verdict.nameable is not hulls_meet(*points_of_codes(A, i, k, rho))
    if isinstance(verdict, Unnameable):
        assert verdict.grade == "exact"
        codes = verdict.codes().check()
        assert len(codes.firing) + len(codes.silent) <= A.shape[0] + 2


def interference(A: np.ndarray, i: int, k: int, rho: float) -> float:
    """Return min ρ(T_k(c⁺) + T_{k−1}(c⁻)) over c_i = 1: feature i is named iff it is below 1."""
    b = cvxpy.Variable(len(A))
    others = np.delete(A, i, axis=1).T @ b
    r = min(k, A.shape[1] - 1)
    most = cvxpy.sum_largest(cvxpy.pos(others), r)
    least = cvxpy.sum_largest(cvxpy.neg(others), r - (k == r)) if min(k, r + 1) > 1 else 0
    problem = cvxpy.Problem(cvxpy.Minimize(rho * (most + least)), [A[:, i] @ b == 1])
    return float(problem.solve(solver=cvxpy.CLARABEL))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("rho", [1, 1.75])
def test_the_row_is_one_of_least_interference(k: int, rho: float):
    rng = np.random.default_rng(k)
    for n, p in ((4, 12), (9, 20), (12, 40)):
        A = rng.standard_normal((n, p))
        for i in range(3):
            verdict, least = name_feature(A, i, k, rho).check(), interference(A, i, k, rho)
            assert verdict.nameable is (least < 1)
            if isinstance(verdict, Named):
                assert float(verdict.interference()) == pytest.approx(least, abs=1e-6)


def largest_margin(A: np.ndarray, i: int, k: int) -> float:
    """Return the greatest margin of a neuron for feature i: half of max g(b) over the unit ball."""
    b = cvxpy.Variable(len(A))
    others = np.delete(A, i, axis=1).T @ b
    load = cvxpy.sum_largest(cvxpy.pos(others), k) + cvxpy.sum_largest(cvxpy.neg(others), k - 1)
    problem = cvxpy.Problem(cvxpy.Maximize(A[:, i] @ b - load), [cvxpy.norm(b) <= 1])
    return float(problem.solve(solver=cvxpy.CLARABEL)) / 2


@pytest.mark.parametrize("seed", range(4))
def test_margins_are_those_of_the_codes_and_below_the_largest(seed: int):
    A = np.random.default_rng(seed).standard_normal((5, 8))
    for i in range(4):
        verdict = name_feature(A, i, 2).check()
        largest = largest_margin(A, i, 2)
        if isinstance(verdict, Named):
            with_i, without = points_of_codes(A, i, 2, 1.0)
            sides = [with_i @ verdict.b - verdict.t, verdict.t - without @ verdict.b]
            nearest = min(side.min() for side in sides) / np.linalg.norm(verdict.b)
            assert verdict.margin == pytest.approx(nearest)
            assert verdict.margin <= largest + 1e-7
            best = separate(with_i, without)
            assert best.separable
            assert best.margin == pytest.approx(largest, abs=1e-6)
        else:
            assert largest < 1e-7


def test_the_margin_of_what_is_not_decided_is_bounded():
    A = np.random.default_rng(3).standard_normal((6, 12))
    for i in range(12):
        exact, bounded = name_feature(A, i, 2), name_feature(A, i, 2, exact_up_to=5).check()
        if exact.nameable:
            assert bounded.nameable
        else:
            assert (bounded.grade, bounded.eta > 0) == ("certified", True)
            assert bounded.eta < 1e-12


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2])
def test_equality_cases_are_decided_exactly(k: int, size: int):
    """a_1 = (1/k)Σ of k² orthonormal columns has mass exactly k (R5), and one column more is beyond it."""
    for columns in (k * k, k * k + size):
        A = np.column_stack([np.full(columns, 1.0 / k), np.eye(columns)])
        verdict = name_feature(A, 0, k).check()
        beyond = Fraction(1.0 / k) * columns > k
        assert verdict.nameable is beyond
        if not beyond:
            assert verdict.grade == "exact"


def test_a_sum_that_floats_round_is_told_from_the_sum():
    rng = np.random.default_rng(0)
    for dim in (5, 8, 20):
        A = rng.standard_normal((dim, 4))
        rounded = np.column_stack([A[:, 0] + A[:, 1], A])
        # The columns are independent, so that each is named, by a margin that no float programme sees.
        verdict = name_feature(rounded, 0, 2).check()
        exact = all(
            Fraction(s) == Fraction(x) + Fraction(y)
            for s, x, y in zip(rounded[:, 0], A[:, 0], A[:, 1], strict=True)
        )
        assert not exact
        assert verdict.nameable
        assert verdict.margin < 1e-15


def test_where_floats_are_blind_exact_arithmetic_decides(monkeypatch: pytest.MonkeyPatch):
    A = np.random.default_rng(5).standard_normal((4, 9))
    expected = [verdict.nameable for verdict in name_features(A, 2)]
    assert len(set(expected)) == 2
    monkeypatch.setattr(naming, "least_interference", lambda question: None)
    blind = [verdict.check() for verdict in name_features(A, 2)]
    assert [verdict.nameable for verdict in blind] == expected
    assert {verdict.grade for verdict in blind if isinstance(verdict, Unnameable)} == {"exact"}
    bounded = name_feature(A, 0, 2, exact_up_to=3).check()
    assert bounded.eta == pytest.approx(np.linalg.norm(A[:, 0]) / 2)


def test_columns_enter_until_none_would_help(monkeypatch: pytest.MonkeyPatch):
    A = np.random.default_rng(6).standard_normal((6, 400))
    solved: list[int] = []
    true = _naming_program.linear_program

    def counted(cost, **options):
        solved.append(len(cost))
        return true(cost, **options)

    monkeypatch.setattr(_naming_program, "linear_program", counted)
    few = _naming_program.least_interference(Question(Dictionary(A), 7, 3, Fraction(2)))
    assert few is not None
    assert len(solved) > 1
    assert max(solved) < 200
    monkeypatch.setattr(_naming_program, "ENTERING", 400)
    all_of_them = _naming_program.least_interference(Question(Dictionary(A), 7, 3, Fraction(2)))
    assert all_of_them is not None
    assert solved[-1] == 799
    assert few.tau == pytest.approx(all_of_them.tau)


def test_scales_do_not_matter():
    A = np.random.default_rng(7).standard_normal((4, 9))
    plain = [verdict.nameable for verdict in name_features(A, 2)]
    for factor in (2.0**-1060, 1e-300, 1e-160, 1e160, 1e300):
        assert [verdict.check().nameable for verdict in name_features(A * factor, 2)] == plain
    uneven = A.copy()
    uneven[0, 0] = 1e300
    uneven[1, 1] = 1e-300
    uneven[2, 2] = -1.7e308
    uneven[2, 3] = 1.7e308
    uneven[:, 5] = 5e-324
    for i in range(6):
        assert name_feature(uneven, i, 2).check().feature == i


def test_some_features_in_their_order():
    A = np.random.default_rng(8).standard_normal((4, 9))
    some = name_features(A, 2, features=(7, 0))
    assert [verdict.feature for verdict in some] == [7, 0]
    assert [verdict.nameable for verdict in some] == [name_feature(A, i, 2).nameable for i in (7, 0)]
    assert name_features(A, 2, features=()) == ()
    with pytest.raises(InvalidInput, match="features hold 9, and the dictionary has 9 features"):
        name_features(A, 2, features=(0, 9))


def test_thresholds_beyond_the_floats_are_brought_into_their_range(monkeypatch: pytest.MonkeyPatch):
    far = np.array([[1.7e308, 1.0, 0.0], [1.7e308, 0.0, 1.0]])
    for _ in range(2):
        verdicts = [name_feature(far, i, 3).check() for i in range(3)]
        assert [verdict.nameable for verdict in verdicts] == [True, False, False]
        monkeypatch.setattr(naming, "least_interference", lambda question: None)
    # Along (1, 1) the midpoint of 1 and 3.4e308 − 1 still is a float; along the exact row it is not.
    assert math.isfinite(verdicts[0].t)


def test_trivial_dictionaries():
    assert name_feature(np.array([[1.0]]), 0, 1).check().nameable
    assert name_feature(np.array([[-1e-320]]), 0, 3, 1e300).check().nameable
    assert not name_feature(np.array([[0.0]]), 0, 1).check().nameable
    assert [verdict.check().nameable for verdict in name_features(np.array([[0.0, 1.0]]), 1)] == [False, True]
    assert [verdict.check().nameable for verdict in name_features(np.array([[1.0, 1.0]]), 1)] == [
        False,
        False,
    ]
    # Antipodes are named at k = 1 and not beyond; a multiple only where amplitudes cannot make up for it.
    assert [verdict.check().nameable for verdict in name_features(np.array([[1.0, -1.0]]), 1)] == [True, True]
    assert [verdict.check().nameable for verdict in name_features(np.array([[1.0, -1.0]]), 2)] == [
        False,
        False,
    ]
    for rho, named in ((1, [False, True, True]), (Fraction(2), [False, False, True])):
        assert [v.check().nameable for v in name_features(EXACTLY_PARALLEL, 1, rho)] == named


def test_the_answer_keeps_its_own_columns():
    A = np.eye(2)
    verdict = name_feature(A, 0, 1)
    A[:] = 0
    assert verdict.check().A.tolist() == np.eye(2).tolist()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((np.eye(2), 2, 1), "i is 2, and the dictionary has 2 features"),
        ((np.eye(2), -1, 1), "'i' is -1"),
        ((np.eye(2), 0, 0), "'k' is 0"),
        ((np.eye(2), 0, 1, 0.5), "rho is 0.5"),
        ((np.eye(2), 0, 1, float("inf")), "rho is inf"),
        ((np.eye(2), 0, 1, float("nan")), "'rho' is nan"),
        ((np.array([[np.nan]]), 0, 1), "the dictionary A hold 1 NaN"),
    ],
)
def test_what_is_no_question_is_refused(arguments, complaint: str):
    with pytest.raises(InvalidInput, match=complaint):
        name_feature(*arguments)


def test_a_solver_that_fails_leaves_the_verdict_to_exact_arithmetic(monkeypatch: pytest.MonkeyPatch):
    stopped = _program.Outcome("stopped", None, None)
    monkeypatch.setattr(_naming_program, "linear_program", lambda cost, **options: stopped)
    assert [v.check().nameable for v in name_features(EXACTLY_PARALLEL, 1)] == [False, True, True]
