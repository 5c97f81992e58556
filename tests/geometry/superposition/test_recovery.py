"""Basis pursuit: every circuit of the kernel tried, cvxpy's minimiser, certificates, and forged ones."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import cvxpy
import numpy as np
import pytest
from flint import fmpq, fmpz_mat
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import NEARLY, dictionaries

from geosae.errors import InvalidInput
from geosae.geometry import ForgedCertificate, best_probe, recover_all, recover_code
from geosae.geometry.exact import integers
from geosae.geometry.superposition import recovery


def minimiser_by_cvxpy(A: np.ndarray, z: np.ndarray) -> np.ndarray:
    other = cvxpy.Variable(A.shape[1])
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm1(other)), [A @ other == A @ z])
    problem.solve(solver=cvxpy.CLARABEL)
    return np.asarray(other.value)


def circuits(A: np.ndarray) -> list[list[fmpq]]:
    """Return the kernel's vectors of least support; every vector is a sum of some without cancellation."""
    rows, p = integers(A).matrix.tolist(), A.shape[1]
    found: list[list[fmpq]] = []
    for size in range(1, p + 1):
        for places in combinations(range(p), size):
            basis, nullity = fmpz_mat([[row[j] for j in places] for row in rows]).nullspace()
            entries = [basis[r, 0] for r in range(size)] if nullity == 1 else []
            if entries and all(entries):
                h = [fmpq(0)] * p
                for j, v in zip(places, entries, strict=True):
                    h[j] = fmpq(v)
                found.append(h)
    return found


def is_only_shortest(A: np.ndarray, signs: list[int], nonnegative: bool) -> bool:
    """Decide it by the circuits: ‖z + h‖₁ − ‖z‖₁ is a sum over those that h is made of, for small h."""
    for h in circuits(A):
        for turn in (1, -1):
            off = [turn * v for s, v in zip(signs, h, strict=True) if not s]
            rise = sum((turn * s * v for s, v in zip(signs, h, strict=True)), fmpq(0))
            if nonnegative and any(v < 0 for v in off):
                continue
            if rise + sum((abs(v) for v in off), fmpq(0)) <= 0:
                return False
    return True


@given(dictionaries(most=5), st.lists(st.integers(-1, 1), min_size=5, max_size=5), st.booleans())
def test_a_code_is_returned_iff_every_circuit_makes_it_longer(
    A: np.ndarray, entries: list[int], nonnegative: bool
) -> None:
    signs = [abs(s) if nonnegative else s for s in entries[: A.shape[1]]]
    verdict = recover_code(A, 2.5 * np.array(signs), nonnegative=nonnegative).check()
    assert verdict.recovered == is_only_shortest(A, signs, nonnegative)
    if not verdict.recovered:
        z = 2.5 * np.array(signs)
        rival = verdict.rival(z)
        assert list(rival) != [Fraction(v) for v in z]
        assert sum(map(abs, rival)) <= sum(map(abs, map(Fraction, z)))
        for row in A:
            assert sum(Fraction(a) * v for a, v in zip(row, rival, strict=True)) == Fraction(float(row @ z))
        assert min(rival) >= 0 or not nonnegative


@given(dictionaries(most=5), st.integers(1, 4))
def test_all_codes_are_returned_iff_no_circuit_has_half_of_itself_on_k_features(
    A: np.ndarray, k: int
) -> None:
    verdict = recover_all(A, k).check()
    shares = [sum(sorted(map(abs, h))[-k:], fmpq(0)) / sum(map(abs, h), fmpq(0)) for h in circuits(A)]
    assert verdict.recovered == (max(shares, default=fmpq(0)) < fmpq(1, 2))
    if not verdict.recovered:
        assert verdict.share >= Fraction(1, 2)


@given(dictionaries(most=5), st.integers(1, 3))
def test_where_probes_err_by_less_than_one_half_all_codes_are_returned(A: np.ndarray, k: int) -> None:
    errors = [best_probe(A, i, k).upper for i in range(A.shape[1])]
    if max(errors) < Fraction(1, 2):
        verdict = recover_all(A, k).check()
        assert verdict.recovered
        assert verdict.by_features


def two_blocks() -> np.ndarray:
    """Return two copies of five axes and a column; either kernel is spanned by (2, 1, 1, 1, 1, 1)."""
    block = np.hstack([np.full((5, 1), -0.5), np.eye(5)])
    return np.block([[block, np.zeros((5, 6))], [np.zeros((5, 6)), block]])


def test_sets_prove_what_features_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # 2/7 + 2/7 for the two largest features, but no vector has more than 3/7 of itself on two of them.
    verdict = recover_all(two_blocks(), 2).check()
    assert verdict.recovered
    assert not verdict.by_features
    assert recover_all(two_blocks(), 1).check().by_features
    assert not recover_all(two_blocks(), 3).check().recovered
    monkeypatch.setattr(recovery, "MOST_SETS", 0)
    assert recover_all(two_blocks(), 2).recovered is None


@pytest.mark.parametrize("k", [1, 4, 12, 30])
def test_gaussian_columns_are_decided_at_size_and_agree_with_cvxpy(k: int) -> None:
    rng = np.random.default_rng(k)
    A, z = rng.normal(size=(32, 96)), np.zeros(96)
    z[rng.choice(96, k, replace=False)] = rng.normal(size=k)
    verdict = recover_code(A, z).check()
    assert verdict.recovered == (np.abs(minimiser_by_cvxpy(A, z) - z).max() < 1e-5)
    assert verdict.recovered == (k < 30)


def test_dependent_columns_on_the_support_lose_the_code() -> None:
    A = np.random.default_rng(0).normal(size=(3, 8))
    lost = recover_code(A, np.array([1.0, -2.0, 1.0, 1.0, 0, 0, 0, 0])).check()
    assert not lost.recovered
    assert set(lost.places.tolist()) <= {0, 1, 2, 3}


def test_the_simplex_of_2k_vectors_is_a_tie() -> None:
    for k in (1, 2, 3):
        A = np.eye(2 * k)[:, :] - 1 / (2 * k)
        verdict = recover_all(A * 2 * k, k).check()
        assert (verdict.recovered, verdict.share) == (False, Fraction(1, 2))
        assert k == 1 or recover_all(A * 2 * k, k - 1).check().recovered
        tie = recover_code(A * 2 * k, np.array([1.0] * k + [0.0] * k)).check()
        assert "as short" in repr(tie)
        assert tie.rival(np.array([1.0] * k + [0.0] * k)) == (Fraction(0),) * k + (Fraction(-1),) * k


def test_zero_is_returned_unless_a_column_is_zero_which_changes_nothing() -> None:
    assert recover_code(np.array([[1.0, 0.0]]), np.zeros(2)).check().recovered
    assert not recover_code(np.array([[1.0, 0.0]]), np.array([0.0, 1.0])).check().recovered


def test_what_is_not_shown_by_floats_is_left_open_in_large_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    A = np.array([[1.0, 1.0, 1.0], [0.0, NEARLY, 0.0]])
    z = np.array([0.0, 1.0, 0.0])
    assert recover_code(A, z).check().recovered
    monkeypatch.setattr("geosae.geometry.superposition._bracket.MOST_CELLS", 0)
    open_verdict = recover_code(A, z)
    assert open_verdict.recovered is None
    with pytest.raises(TypeError, match=r"\.recovered"):
        bool(open_verdict)


def test_a_forged_certificate_is_refused() -> None:
    mercedes = np.array([[2.0, -1.0, -1.0], [0.0, 2.0, -2.0]])
    found: Any = recover_code(mercedes, np.array([1.0, 0.0, 0.0]))
    lost: Any = recover_code(mercedes, np.array([1.0, 1.0, 0.0]))
    every: Any = recover_all(mercedes, 1)
    some: Any = recover_all(mercedes, 2)
    half = tuple(v / 2 for v in found.y)
    code = lost.code
    forged = {
        "⟨y, a_0⟩ is not": replace(found, y=half),
        "⟨y, a_1⟩ is not": replace(
            found, code=replace(code, signs=(1, 0, 0)), y=(Fraction(1, 2), Fraction(9))
        ),
        "y has another dimension": replace(found, y=(*found.y, Fraction(0))),
        "columns of the support are dependent": replace(found, code=replace(code, signs=(1, 1, 1))),
        "the signs are none": replace(found, code=replace(code, signs=(1, 2, 0))),
        "Ah is not 0": replace(lost, weights=(Fraction(1), *lost.weights[1:])),
        "rises": replace(lost, weights=tuple(-v for v in lost.weights)),
        "negative off the support": replace(lost, code=replace(code, nonnegative=True)),
        "h is 0": replace(lost, weights=(Fraction(0),) * 3),
        "not at different features": replace(lost, places=np.zeros(3, dtype=np.int64)),
        "the probes are not one for each": replace(every, probes=every.probes[:2]),
        "a probe has another dimension": replace(every, probes=(half[:1], *every.probes[1:])),
        "sum to ½ or more": replace(every, k=2),
        "errs by ½": replace(every, by_features=False, probes=((Fraction(0), Fraction(0)),) * 3),
        "carry less than half": replace(some, k=1),
    }
    for complaint, record in forged.items():
        with pytest.raises(ForgedCertificate, match=complaint):
            record.check()
    with pytest.raises(ForgedCertificate, match="z has other signs"):
        lost.rival(np.array([1.0, -1.0, 0.0]))


def test_it_refuses_what_has_no_answer() -> None:
    with pytest.raises(InvalidInput, match="the code z has 2 entries"):
        recover_code(np.eye(3), np.ones(2))
    with pytest.raises(InvalidInput, match="the code z has negative entries"):
        recover_code(np.eye(2), np.array([1.0, -1.0]), nonnegative=True)
    for verdict in (
        recover_code(np.eye(2), np.ones(2)),
        recover_all(np.eye(2), 1),
        recover_all(np.ones((1, 2)), 1),
    ):
        with pytest.raises(TypeError, match=r"\.recovered"):
            bool(verdict)
