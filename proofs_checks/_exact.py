"""Exact rational decisions, written apart from the library so that the checks do not share its mistakes.

Meant for a few dozen points: plain fractions, no float, no solver. The simplex method uses Bland's rule
(R. G. Bland, 1977, doi:10.1287/moor.2.2.103) and therefore ends.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

Rational = int | Fraction
Point = Sequence[Rational]


def dot(u: Point, v: Point) -> Fraction:
    """Return ⟨u, v⟩ exactly.

    Examples
    --------
    >>> dot([1, 2], [Fraction(1, 2), 3])
    Fraction(13, 2)
    """
    return sum((Fraction(a) * b for a, b in zip(u, v, strict=True)), Fraction(0))


def minus(u: Point, v: Point) -> list[Fraction]:
    """Return u − v exactly."""
    return [Fraction(a) - b for a, b in zip(u, v, strict=True)]


def rational(rows: Sequence[Sequence[float | int | Fraction]]) -> list[list[Fraction]]:
    """Return the rows as fractions; every float is one exactly.

    Examples
    --------
    >>> rational([[0.5, 0.25]])
    [[Fraction(1, 2), Fraction(1, 4)]]
    """
    return [[Fraction(float(x)) if not isinstance(x, Fraction) else x for x in row] for row in rows]


def solve(matrix: Sequence[Point], right: Point) -> list[Fraction] | None:
    """Solve a square system exactly; None if the matrix is singular.

    Examples
    --------
    >>> solve([[2, 0], [1, 1]], [1, 1])
    [Fraction(1, 2), Fraction(1, 2)]
    """
    size = len(matrix)
    rows = [[Fraction(x) for x in row] + [Fraction(b)] for row, b in zip(matrix, right, strict=True)]
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(size):
            if i != k and rows[i][k] != 0:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[size] for row in rows]


def rank(matrix: Sequence[Point]) -> int:
    """Return the exact rank.

    Examples
    --------
    >>> rank([[1, 2], [2, 4]])
    1
    """
    rows = [[Fraction(x) for x in row] for row in matrix]
    independent = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(independent, len(rows)) if rows[i][column] != 0), None)
        if pivot is None:
            continue
        rows[independent], rows[pivot] = rows[pivot], rows[independent]
        for i in range(independent + 1, len(rows)):
            factor = rows[i][column] / rows[independent][column]
            if factor != 0:
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[independent], strict=True)]
        independent += 1
    return independent


def general_position(points: Sequence[Point]) -> bool:
    """Tell whether no n+1 of the points of Rⁿ lie on a hyperplane (fewer: are affinely independent).

    Examples
    --------
    >>> general_position([[0, 0], [1, 1], [2, 2]])
    False
    """
    size = min(len(points), len(points[0]) + 1)
    return all(rank([[1, *p] for p in chosen]) == size for chosen in combinations(points, size))


def nonnegative_solution(columns: Sequence[Point], right: Point) -> list[Fraction] | None:
    """Return x ≥ 0 with Σ x_j·column_j = right, or None if there is none: phase one of the simplex method.

    Examples
    --------
    >>> nonnegative_solution([[1, 0], [0, 1], [1, 1]], [2, 1])
    [Fraction(2, 1), Fraction(1, 1), Fraction(0, 1)]
    >>> nonnegative_solution([[1, 0]], [-1, 0]) is None
    True
    """
    m, count = len(right), len(columns)
    sign = [-1 if b < 0 else 1 for b in right]
    rows = [
        [Fraction(s * columns[j][i]) for j in range(count)] + [Fraction(s * right[i])]
        for i, s in enumerate(sign)
    ]
    basis = [-1] * m  # -1: an artificial variable; it never returns to the basis
    cost = [sum((row[j] for row in rows), Fraction(0)) for j in range(count + 1)]
    while True:
        enter = next((j for j in range(count) if cost[j] > 0), None)
        if enter is None:
            break
        leave = _ratio_test(rows, basis, enter)
        pivot = rows[leave][enter]
        rows[leave] = [x / pivot for x in rows[leave]]
        for row in [*(r for i, r in enumerate(rows) if i != leave), cost]:
            factor = row[enter]
            if factor != 0:
                row[:] = [x - factor * y for x, y in zip(row, rows[leave], strict=True)]
        basis[leave] = enter
    if cost[count] != 0:
        return None
    solution = [Fraction(0)] * count
    for i, j in enumerate(basis):
        if j >= 0:
            solution[j] = rows[i][count]
    return solution


def _ratio_test(rows: list[list[Fraction]], basis: list[int], enter: int) -> int:
    # The cost row is the sum of the artificial rows, so some row has a positive entry here.
    ratios = [(row[-1] / row[enter], basis[i], i) for i, row in enumerate(rows) if row[enter] > 0]
    return min(ratios)[2]


def hulls_meet(a: Sequence[Point], b: Sequence[Point]) -> bool:
    """Tell whether Conv(a) ∩ Conv(b) is non-empty; the hull of nothing is empty.

    Examples
    --------
    >>> hulls_meet([[0, 0], [2, 2]], [[0, 2], [2, 0]])
    True
    >>> hulls_meet([[0, 0], [2, 2]], [[0, 2], [1, 2]])
    False
    """
    if not len(a) or not len(b):
        return False
    dim = len(a[0])
    columns = [[*p, 1, 0] for p in a] + [[*(-x for x in q), 0, 1] for q in b]
    return nonnegative_solution(columns, [0] * dim + [1, 1]) is not None


def in_hull(point: Point, points: Sequence[Point]) -> bool:
    """Tell whether the point lies in the convex hull of the points.

    Examples
    --------
    >>> in_hull([1, 1], [[0, 0], [2, 2]])
    True
    """
    return hulls_meet([point], points)


def cone_distance_squared(point: Point, generators: Sequence[Point]) -> Fraction:
    """Return the squared distance of the point to cone(generators), by trying every face (few generators).

    The projection is the one whose coefficients are nonnegative and whose residual makes no acute angle
    with a generator; both conditions are checked exactly.

    Examples
    --------
    >>> cone_distance_squared([-1, 2], [[1, 0], [0, 1]])
    Fraction(1, 1)
    """
    for size in range(min(len(generators), len(point)) + 1):
        for face in combinations(generators, size):
            weights = solve([[dot(u, v) for v in face] for u in face], [dot(u, point) for u in face])
            if weights is None or any(w < 0 for w in weights):
                continue
            near = [dot(weights, [v[i] for v in face]) for i in range(len(point))]
            rest = minus(point, near)
            if all(dot(rest, v) <= 0 for v in generators):
                return dot(rest, rest)
    raise ArithmeticError("a finitely generated cone has a nearest point on some face")


def hull_distance_squared(a: Sequence[Point], b: Sequence[Point]) -> Fraction:
    """Return the squared distance of two hulls, by trying every face of the differences (few points).

    Examples
    --------
    >>> hull_distance_squared([[0, 0], [0, 2]], [[3, 1]])
    Fraction(9, 1)
    """
    differences = [minus(p, q) for p in a for q in b]
    best = min(dot(d, d) for d in differences)
    for size in range(2, min(len(differences), len(a[0]) + 1) + 1):
        for face in combinations(differences, size):
            rows = [[*(dot(u, v) for v in face), 1] for u in face]
            weights = solve([*rows, [1] * size + [0]], [0] * size + [1])
            if weights is None or any(w < 0 for w in weights[:size]):
                continue
            near = [dot(weights[:size], [v[i] for v in face]) for i in range(len(face[0]))]
            best = min(best, dot(near, near))
    return best
