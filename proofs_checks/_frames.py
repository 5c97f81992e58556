"""Frames with rational coordinates: projectors, tight frames, simplices, equiangular lines."""

from fractions import Fraction
from itertools import combinations

import numpy as np

from proofs_checks._dictionaries import Columns
from proofs_checks._exact import Point, dot, rank, solve


def identity(n: int) -> list[list[Fraction]]:
    """Return the rows of the identity."""
    return [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]


def reflected(rng: np.random.Generator, columns: Columns) -> Columns:
    """Reflect all columns in one random hyperplane: lengths and products stay."""
    n = len(columns[0])
    normal = [Fraction(int(x)) for x in rng.integers(-3, 4, n)]
    size = dot(normal, normal)
    if not size:
        return columns
    return tuple(
        tuple(x - 2 * dot(normal, a) / size * v for x, v in zip(a, normal, strict=True)) for a in columns
    )


def scaled(columns: Columns, factor: Fraction) -> Columns:
    """Multiply all columns by one factor."""
    return tuple(tuple(factor * x for x in a) for a in columns)


def projector(rng: np.random.Generator, p: int, q: int) -> list[list[Fraction]]:
    """Return the orthogonal projector of R^p on a random q-dimensional subspace."""
    while True:
        basis = [[Fraction(int(x)) for x in row] for row in rng.integers(-2, 3, (q, p))]
        if rank(basis) == q:
            break
    gram = [[dot(u, v) for v in basis] for u in basis]
    columns: list[Point] = []
    for j in range(p):
        weights = solve(gram, [u[j] for u in basis])
        if weights is None:
            raise ArithmeticError("independent rows have an invertible Gram matrix")
        columns.append([dot(weights, [u[i] for u in basis]) for i in range(p)])
    return [[Fraction(column[i]) for column in columns] for i in range(p)]


def tight_frame(rng: np.random.Generator, n: int, bases: int) -> Columns:
    """Return so many orthogonal bases of Rⁿ, each turned and scaled by itself: together a tight frame."""
    frame: Columns = ()
    for _ in range(bases):
        axes: Columns = tuple(tuple(row) for row in identity(n))
        frame += scaled(reflected(rng, reflected(rng, axes)), Fraction(int(rng.integers(1, 5)), 2))
    return frame


def simplex(p: int) -> Columns:
    """Return p vectors of R^p that sum to 0, with equal lengths and products: rank p − 1, cosines −1/(p−1).

    Examples
    --------
    >>> [[int(x) for x in a] for a in simplex(3)]
    [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]
    """
    return tuple(tuple(Fraction(p * (i == j) - 1) for j in range(p)) for i in range(p))


def lines_28() -> Columns:
    """Return 28 equiangular lines of a 7-dimensional subspace of R⁸, cosines ±1/3."""
    return tuple(
        tuple(Fraction(3 if k in pair else -1) for k in range(8)) for pair in combinations(range(8), 2)
    )


def lines_16(*, complement: bool = False) -> Columns:
    """Return 16 equiangular lines in R⁶ (cosines ±1/3) or R¹⁰ (±1/5).

    Their coordinates are characters of (ℤ/2)⁴ on its difference set {x : x₁x₂ + x₃x₄ = 1} of six elements,
    or on the ten others.
    """
    vectors = [tuple(v >> i & 1 for i in range(4)) for v in range(16)]
    chosen = [x for x in vectors if (x[0] * x[1] + x[2] * x[3]) % 2 == (0 if complement else 1)]
    return tuple(
        tuple(Fraction((-1) ** sum(a * b for a, b in zip(x, y, strict=True))) for x in chosen)
        for y in vectors
    )
