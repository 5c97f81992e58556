"""What decides naming and recovery in the checks, against linear programs in floats."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from proofs_checks._dictionaries import random_columns, rational_columns
from proofs_checks._naming import all_codes, float_columns, gap, is_combination, is_recovered, is_sum
from proofs_checks._spaces import corners, lifted, spanning, turned


def mass_needed(A: np.ndarray, i: int, k: int, box: float | None) -> float:
    """Return the least s with a_i = Σ v_j a_j, Σv⁺ ≤ k + s, Σv⁻ ≤ k − 1 + s, |v_j| ≤ box; inf for none."""
    others = np.delete(A, i, axis=1)
    m = others.shape[1]
    masses = np.zeros((2, 2 * m + 1))
    masses[0, :m] = masses[1, m : 2 * m] = 1
    masses[:, -1] = -1
    equations = np.column_stack([others, -others, np.zeros(len(A))])
    bounds = [(0, box)] * (2 * m) + [(None, None)]
    solution = linprog([0] * (2 * m) + [1], masses, [k, k - 1], equations, A[:, i], bounds)
    return float(solution.fun) if solution.status == 0 else np.inf


@pytest.mark.parametrize("seed", range(20))
def test_combinations_are_those_of_a_linear_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rational_columns(random_columns(rng, int(rng.integers(1, 4)), int(rng.integers(2, 6))))
    A, k = float_columns(columns), int(rng.integers(1, 4))
    for i in range(len(columns)):
        for box in (None, Fraction(1)):
            needed = mass_needed(A, i, k, None if box is None else 1.0)
            said = is_combination(columns, i, Fraction(k), Fraction(k - 1), box)
            assert said is (needed <= 0) or abs(needed) < 1e-9


def least_mass(A: np.ndarray, i: int) -> float:
    """Return the least Σ|v_j| with a_i = Σ v_j a_j; inf for none."""
    others = np.delete(A, i, axis=1)
    solution = linprog(np.ones(2 * others.shape[1]), A_eq=np.hstack([others, -others]), b_eq=A[:, i])
    return float(solution.fun) if solution.status == 0 else np.inf


@pytest.mark.parametrize("seed", range(20))
def test_sums_are_those_of_a_linear_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rational_columns(random_columns(rng, int(rng.integers(1, 4)), int(rng.integers(2, 6))))
    A = float_columns(columns)
    for i in range(len(columns)):
        least = least_mass(A, i)
        for total in (1, 2, 3):
            assert is_sum(columns, i, Fraction(total)) is (least <= total) or abs(least - total) < 1e-9


def is_only_least(A: np.ndarray, support: tuple[int, ...]) -> bool:
    """Tell whether z = 1 on the support is the only least sum: no other one reaches as much anywhere else."""
    z = np.zeros(A.shape[1])
    z[list(support)] = 1
    rows = np.vstack([A, np.ones(A.shape[1])])
    if linprog(np.ones(A.shape[1]), A_eq=A, b_eq=A @ z).fun < z.sum() - 1e-9:
        return False
    right = np.append(A @ z, z.sum())
    far = [linprog(sign * unit, A_eq=rows, b_eq=right).fun for unit in np.eye(A.shape[1]) for sign in (1, -1)]
    # The least and the greatest of every entry among the least sums.
    return np.allclose(far[::2], z) and np.allclose(far[1::2], -z)


@pytest.mark.parametrize("seed", range(25))
def test_recovery_is_that_of_linear_programs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rational_columns(random_columns(rng, int(rng.integers(1, 5)), int(rng.integers(2, 6))))
    A = float_columns(columns)
    for code in all_codes(len(columns), 2):
        support = tuple(code)
        if support:
            assert is_recovered(columns, support) is is_only_least(A, support)


def test_gaps_and_floats() -> None:
    line = rational_columns(np.array([[3], [-1]]))
    assert gap(line, 0, list(all_codes(2, 1)), [Fraction(1)]) == 3
    assert gap(line, 0, list(all_codes(2, 1, exactly=True)), [Fraction(1)]) == 4
    with pytest.raises(ArithmeticError, match="no float"):
        float_columns(((Fraction(1, 3),),))


def test_spaces() -> None:
    rng = np.random.default_rng(0)
    assert [len(a) for a in lifted(corners(4))] == [4] * 4
    for _ in range(5):
        A, B = (np.array(columns, dtype=float).T for columns in (corners(5), turned(corners(5), rng)))
        # The simplex's kernel stays that of the ones, whatever the coordinates.
        assert np.allclose(A.sum(axis=1), 0)
        assert np.allclose(B.sum(axis=1), 0)
        assert np.linalg.matrix_rank(B) == 4
    rows = tuple(tuple(Fraction(int(x)) for x in row) for row in rng.integers(-2, 3, (4, 5)))
    basis = np.array(spanning(rows), dtype=float).T
    matrix = np.array(rows, dtype=float)
    rank = np.linalg.matrix_rank(matrix)
    assert len(basis) == rank == np.linalg.matrix_rank(np.vstack([basis, matrix]))
