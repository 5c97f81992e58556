"""An independent decision of S1 and S3: a rational simplex written here, sharing nothing with the library."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np


def hulls_meet(A: np.ndarray, B: np.ndarray) -> bool:
    """Decide by phase one of the simplex algorithm (Bland's rule) whether the hulls share a point."""
    dim = A.shape[1]
    columns = [[Fraction(float(v)) for v in a] + [Fraction(1), Fraction(0)] for a in A]
    columns += [[-Fraction(float(v)) for v in b] + [Fraction(0), Fraction(1)] for b in B]
    right = [Fraction(0)] * dim + [Fraction(1), Fraction(1)]
    return _feasible(columns, right)


def in_hull(point: np.ndarray, A: np.ndarray) -> bool:
    """Decide whether a point lies in Conv(A)."""
    return hulls_meet(A, point[None, :])


def _feasible(columns: list[list[Fraction]], right: list[Fraction]) -> bool:
    """Tell whether Σ x_j columns_j = right has a solution x ≥ 0 (right ≥ 0)."""
    m, k = len(right), len(columns)
    table = [[columns[j][i] for j in range(k)] + [right[i]] for i in range(m)]
    cost = [-sum(table[i][j] for i in range(m)) for j in range(k + 1)]
    basis = [k + i for i in range(m)]  # artificial variables
    while True:
        entering = next((j for j in range(k) if cost[j] < 0 and j not in basis), None)
        if entering is None:
            return cost[k] == 0
        ratios = [(table[i][k] / table[i][entering], basis[i], i) for i in range(m) if table[i][entering] > 0]
        if not ratios:
            raise ArithmeticError("phase one is never unbounded")
        _, _, row = min(ratios)
        pivot = table[row][entering]
        table[row] = [v / pivot for v in table[row]]
        for i in range(m):
            if i != row and table[i][entering]:
                factor = table[i][entering]
                table[i] = [v - factor * w for v, w in zip(table[i], table[row], strict=True)]
        factor = cost[entering]
        cost = [v - factor * w for v, w in zip(cost, table[row], strict=True)]
        basis[row] = entering


def best_margin_squared(A: np.ndarray, B: np.ndarray) -> Fraction:
    """Return ¼ of the squared distance of two hulls, by trying every pair of affinely independent faces.

    The nearest points lie inside two faces, and are the nearest points of their affine hulls.
    """
    best = None
    for s, t in product(_subsets(len(A), A.shape[1] + 1), _subsets(len(B), A.shape[1] + 1)):
        if len(s) + len(t) > A.shape[1] + 2:
            continue
        found = _nearest(A[list(s)], B[list(t)])
        if found is not None and (best is None or found < best):
            best = found
    assert best is not None
    return best / 4


def _subsets(count, most):
    return [c for size in range(1, min(count, most) + 1) for c in combinations(range(count), size)]


def _nearest(P: np.ndarray, Q: np.ndarray) -> Fraction | None:
    """Return the squared distance of the affine hulls if it is attained at weights ≥ 0, else None."""
    points = [[Fraction(float(v)) for v in row] for row in np.vstack([P, -Q])]
    k, sides = len(points), [0] * len(P) + [1] * len(Q)
    rows = [
        [sum(x * y for x, y in zip(points[i], points[j], strict=True)) for j in range(k)]
        + [Fraction(int(sides[i] == s)) for s in (0, 1)]
        + [Fraction(0)]
        for i in range(k)
    ]
    for s in (0, 1):
        rows.append([Fraction(int(side == s)) for side in sides] + [Fraction(0), Fraction(0), Fraction(1)])
    solution = _solve(rows)
    if solution is None or any(v < 0 for v in solution[:k]):
        return None
    difference = [sum(solution[i] * points[i][c] for i in range(k)) for c in range(len(points[0]))]
    return sum((v * v for v in difference), Fraction(0))


def _solve(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """Solve a square system given as an augmented matrix; None if it is singular."""
    size = len(rows)
    rows = [list(row) for row in rows]
    for c in range(size):
        pivot = next((r for r in range(c, size) if rows[r][c]), None)
        if pivot is None:
            return None
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [v / rows[c][c] for v in rows[c]]
        for r in range(size):
            if r != c and rows[r][c]:
                rows[r] = [v - rows[r][c] * w for v, w in zip(rows[r], rows[c], strict=True)]
    return [row[size] for row in rows]


def affine_values(w: np.ndarray, c: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return all ⟨w_i, x⟩ + c_i times one power of two as Python's integers, without any rounding."""
    rows, columns = _scaled(np.column_stack([points, np.ones(len(points))])), _scaled(np.column_stack([w, c]))
    return rows @ columns.T


def largest_positive(values: np.ndarray, count: int) -> np.ndarray:
    """Mark the `count` largest positive integers of each row, the lower index first among equals."""
    marked = np.zeros(values.shape, dtype=bool)
    for row, numbers in enumerate(values.tolist()):
        order = sorted(range(len(numbers)), key=lambda i: (-numbers[i], i))[:count]
        marked[row, [i for i in order if numbers[i] > 0]] = True
    return marked


def _scaled(table: np.ndarray) -> np.ndarray:
    """Return the floats times the least power of two that makes all of them integers."""
    exact = [[Fraction(float(v)) for v in row] for row in table]
    denominator = max((v.denominator for row in exact for v in row), default=1)
    return np.array([[int(v * denominator) for v in row] for row in exact], dtype=object).reshape(table.shape)
