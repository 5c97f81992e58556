"""Linear read-out: every code tried, cvxpy's optimum, certificates that hold and forged ones that do not."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import cvxpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import NEARLY, dictionaries

from geosae.errors import InvalidInput
from geosae.geometry import ForgedCertificate, best_probe, readout_error
from geosae.geometry.superposition import _bracket
from geosae.geometry.superposition._kernel_program import Guess


def error_by_cvxpy(A: np.ndarray, i: int, k: int) -> float:
    b = cvxpy.Variable(len(A))
    errors = cvxpy.abs(A.T @ b - np.eye(A.shape[1])[i])
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_largest(errors, min(k, A.shape[1]))))
    problem.solve(solver=cvxpy.CLARABEL)
    return float(np.asarray(problem.value).item())


def errors_by_enumeration(A: np.ndarray, B: np.ndarray, k: int, entries: tuple[int, ...]) -> list[Fraction]:
    """Return the greatest |⟨b_i, Az⟩ − z_i| over all codes with such entries off at most k places."""
    n, p = A.shape
    worst = [Fraction(0)] * p
    for support in combinations(range(p), min(k, p)):
        for z in product((0, *entries), repeat=len(support)):
            code = dict(zip(support, z, strict=True))
            x = [sum((Fraction(A[r, j]) * v for j, v in code.items()), Fraction(0)) for r in range(n)]
            for i in range(p):
                reading = sum((Fraction(B[r, i]) * x[r] for r in range(n)), Fraction(0))
                worst[i] = max(worst[i], abs(reading - code.get(i, 0)))
    return worst


@given(dictionaries(most_dim=3, most=4), st.integers(1, 5), st.booleans(), st.randoms())
def test_the_error_is_that_of_all_codes(A: np.ndarray, k: int, boolean: bool, random: Any) -> None:
    B = np.array([[random.randint(-2, 2) for _ in column] for column in A], dtype=float)
    found = readout_error(A, B, k, boolean=boolean).check()
    assert list(found.errors) == errors_by_enumeration(A, B, k, (1,) if boolean else (1, -1))
    assert found.error == found.errors[found.feature]


@given(dictionaries(), st.integers(1, 5), st.integers(0, 5))
def test_the_best_probe_is_known_exactly_and_is_that_of_cvxpy(A: np.ndarray, k: int, i: int) -> None:
    i %= A.shape[1]
    probe = best_probe(A, i, k).check()
    assert probe.grade == "exact"
    if np.all(np.round(A) == A):  # floats do not tell near-parallel columns apart
        assert float(probe.upper) == pytest.approx(error_by_cvxpy(A, i, k), abs=1e-6)


@given(dictionaries(), st.integers(1, 5))
def test_for_the_worst_feature_k_codes_cost_k_times_one(A: np.ndarray, k: int) -> None:
    size = range(A.shape[1])
    one = max(best_probe(A, i, 1).upper for i in size)
    assert max(best_probe(A, i, k).upper for i in size) == min(1, k * one)


@given(dictionaries(), st.integers(1, 4), st.sampled_from([-800, -40, 40, 800]))
def test_scaling_the_columns_scales_the_probe_alone(A: np.ndarray, k: int, exponent: int) -> None:
    scaled = best_probe(np.ldexp(A, exponent), 0, k).check()
    assert scaled.upper == best_probe(A, 0, k).upper


def test_the_probe_of_floats_errs_as_little_as_rounding_allows() -> None:
    A = np.random.default_rng(0).normal(size=(8, 24))
    probes = [best_probe(A, i, 2).check() for i in range(24)]
    rounded = readout_error(A, np.column_stack([probe.row for probe in probes]), 2).check()
    for probe, error in zip(probes, rounded.errors, strict=True):
        assert probe.lower <= error <= probe.lower + Fraction(1, 10**12)


def test_64_dimensions_and_512_features_are_known_exactly() -> None:
    A = np.random.default_rng(1).normal(size=(64, 512))
    probe = best_probe(A, 3, 2).check()
    assert probe.grade == "exact"
    assert 0.3 < probe.upper < 0.5


def test_where_the_exact_step_is_too_large_both_bounds_still_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two columns that a solver takes for one, and no simplex in rationals to tell them apart.
    A = np.array([[1.0, 1.0, 1.0], [0.0, NEARLY, 0.0]])
    monkeypatch.setattr("geosae.geometry.superposition._bracket.MOST_CELLS", 0)
    probe = best_probe(A, 1, 1).check()
    assert (probe.grade, probe.lower) == ("certified", 0)
    assert 0 < probe.eta <= 0.5
    assert "known to within" in repr(probe)


def test_a_solver_that_gives_up_or_lies_costs_nothing_in_small_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    A = np.array([[1.0, -10.0]])
    right = best_probe(A, 0, 1)
    liars: list[Callable[..., Any]] = [
        lambda *_: None,
        lambda *_: Guess(np.array([1.0, 1.0]), np.array([7.0]), 0.25),
        lambda *_: Guess(np.zeros(2), np.zeros(1), 0.0),
    ]
    for lie in liars:
        monkeypatch.setattr(_bracket, "guess_of", lie)
        probe = best_probe(A, 0, 1).check()
        assert (probe.upper, probe.lower) == (right.upper, right.lower)


def test_equal_columns_cost_one_half_of_a_single_entry_and_one_of_two() -> None:
    A = np.array([[1.0, 1.0], [2.0, 2.0]])
    assert [best_probe(A, 0, k).upper for k in (1, 2, 3)] == [Fraction(1, 2), 1, 1]


def forgeries(probe: Any) -> dict[str, Any]:
    half = tuple(v / 2 for v in probe.weights)
    return {
        "the probe errs by another number": replace(probe, upper=probe.upper / 2),
        "the probe has another dimension": replace(probe, b=(*probe.b, Fraction(1))),
        "Ay is not 0": replace(probe, weights=(probe.weights[0] / 2, *probe.weights[1:])),
        "an entry of y exceeds 1": replace(probe, weights=tuple(3 * v for v in probe.weights)),
        "the sizes of y sum to more than 1": replace(
            probe, weights=tuple(Fraction(11, 10) * v for v in probe.weights)
        ),
        "y_i is another number": replace(probe, weights=half),
        "the entries of y are not at different": replace(probe, support=np.zeros(2, dtype=np.int64)),
    }


@pytest.mark.parametrize("complaint", forgeries(best_probe(np.array([[1.0, -10.0]]), 0, 1)))
def test_a_forged_probe_is_refused(complaint: str) -> None:
    with pytest.raises(ForgedCertificate, match=complaint):
        forgeries(best_probe(np.array([[1.0, -10.0]]), 0, 1))[complaint].check()


def test_a_forged_error_is_refused() -> None:
    A = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    honest = readout_error(A, A, 2).check()
    forged = {
        "the greatest error of probe 1 is another": replace(
            honest, errors=(honest.errors[0], Fraction(0), honest.errors[2])
        ),
        "the code is none": replace(honest, code=np.array([2, 0, 0])),
        "the code has more than 2 entries": replace(honest, code=np.array([1, 1, 1])),
        "err by another number": replace(honest, code=np.array([0, 0, 0])),
        "the shapes do not agree": replace(honest, errors=honest.errors[:2]),
    }
    for complaint, record in forged.items():
        with pytest.raises(ForgedCertificate, match=complaint):
            record.check()
    boolean = readout_error(A, -A, 2, boolean=True).check()
    with pytest.raises(ForgedCertificate, match="the code is none"):
        replace(boolean, code=-boolean.code).check()


def test_it_refuses_what_has_no_answer() -> None:
    with pytest.raises(InvalidInput, match="i is 3, and the dictionary has 3 features"):
        best_probe(np.eye(3), 3, 1)
    with pytest.raises(InvalidInput, match="the probes B have shape"):
        readout_error(np.eye(3), np.eye(2), 1)
    with pytest.raises(InvalidInput, match="'k' is 0"):
        best_probe(np.eye(3), 0, 0)
