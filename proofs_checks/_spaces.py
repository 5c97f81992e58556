"""Row spaces and changes of coordinates of dictionaries, in exact arithmetic."""

from fractions import Fraction

import numpy as np

from proofs_checks._dictionaries import Columns, rational_columns
from proofs_checks._exact import Point


def spanning(matrix: tuple[Point, ...]) -> Columns:
    """Return columns (n features' coordinates) that span the row space of a matrix, n its rank.

    Examples
    --------
    >>> spanning(((1, 1), (2, 2)))
    ((Fraction(1, 1),), (Fraction(1, 1),))
    """
    rows = [[Fraction(x) for x in row] for row in matrix]
    basis: list[list[Fraction]] = []
    for column in range(len(rows[0])):
        pivot = next((row for row in rows if row[column] != 0), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        pivot = [x / pivot[column] for x in pivot]
        rows = [[x - row[column] * y for x, y in zip(row, pivot, strict=True)] for row in rows]
        basis.append(pivot)
    return tuple(zip(*basis, strict=True))


def turned(columns: Columns, rng: np.random.Generator) -> Columns:
    """Return the features in other integer coordinates and another order: what is named stays named."""
    n, p = len(columns[0]), len(columns)
    step = np.triu(rng.integers(-1, 2, (n, n)), 1) + np.diag(rng.choice((-1, 1), n))
    order = rng.permutation(p)
    rows = np.array([[int(x) for x in columns[j]] for j in order]) @ step
    return rational_columns(rows)


def lifted(columns: Columns) -> Columns:
    """Return the columns with a one below each."""
    return tuple((*a, Fraction(1)) for a in columns)


def corners(p: int) -> Columns:
    """Return the p corners of a simplex of p − 1 dimensions, which sum to 0.

    Examples
    --------
    >>> corners(2)
    ((Fraction(1, 1),), (Fraction(-1, 1),))
    """
    return rational_columns(np.vstack([np.eye(p - 1, dtype=np.int64), -np.ones((1, p - 1), dtype=np.int64)]))
