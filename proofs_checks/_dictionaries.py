"""Dictionaries as instances: columns of small integers, with degenerate ones among them, and their codes."""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import numpy as np
from jaxtyping import Int

Columns = tuple[tuple[Fraction, ...], ...]
"""p features, each with its n coordinates."""


def rational_columns(rows: Int[np.ndarray, "p n"], denominator: int = 1) -> Columns:
    """Return the features (rows) as Fractions over a common denominator.

    Examples
    --------
    >>> rational_columns(np.array([[1, 2]]), 2)
    ((Fraction(1, 2), Fraction(1, 1)),)
    """
    return tuple(tuple(Fraction(int(x), denominator) for x in row) for row in rows)


def whole(columns: Columns) -> Int[np.ndarray, "p n"]:
    """Return the features in integers, all multiplied by their common denominator.

    Examples
    --------
    >>> whole(((Fraction(1, 2), Fraction(1, 3)),)).tolist()
    [[3, 2]]
    """
    common = math.lcm(*(x.denominator for a in columns for x in a))
    return np.array([[int(common * x) for x in a] for a in columns], dtype=np.int64)


def random_columns(rng: np.random.Generator, n: int, p: int, reach: int = 3) -> Int[np.ndarray, "p n"]:
    """Return p features of small integers; mostly one of them copies, mirrors or sums others, or is 0."""
    rows = rng.integers(-reach, reach + 1, (p, n))
    if p >= 3:
        kind = int(rng.integers(6))
        if kind == 0:
            rows[p - 1] = rows[0]
        elif kind == 1:
            rows[p - 1] = -rows[0]
        elif kind == 2:
            rows[p - 1] = rows[0] + rows[1]
        elif kind == 3:
            rows[p - 1] = 0
    return rows


def supports(p: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield the sets of at most so many of p features, the empty one first.

    Examples
    --------
    >>> list(supports(2, 1))
    [(), (0,), (1,)]
    """
    for size in range(min(most, p) + 1):
        yield from combinations(range(p), size)


def combined(columns: Columns, support: tuple[int, ...]) -> tuple[Fraction, ...]:
    """Return the sum of the columns of a support: the point of its Boolean code.

    Examples
    --------
    >>> combined(rational_columns(np.array([[1, 2], [3, 4]])), (0, 1))
    (Fraction(4, 1), Fraction(6, 1))
    """
    dim = len(columns[0])
    return tuple(sum((columns[j][i] for j in support), Fraction(0)) for i in range(dim))
