"""Codes of a dictionary point by point, and bounded combinations by the simplex: naming decided by hand."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

import numpy as np
from jaxtyping import Float

from proofs_checks._dictionaries import Columns, supports
from proofs_checks._exact import dot, hulls_meet, nonnegative_solution, rank

Code = dict[int, Fraction]
"""The features that are on, and how strongly."""


def all_codes(
    p: int, k: int, amplitudes: Sequence[Fraction] = (Fraction(1),), *, exactly: bool = False
) -> Iterator[Code]:
    """Yield the codes of at most (or exactly) k features with these amplitudes: the vertices of all codes.

    Examples
    --------
    >>> [sorted(code) for code in all_codes(2, 1)]
    [[], [0], [1]]
    """
    for support in supports(p, k):
        if not exactly or len(support) == k:
            for values in product(amplitudes, repeat=len(support)):
                yield dict(zip(support, values, strict=True))


def point(columns: Columns, code: Code) -> list[Fraction]:
    """Return Σ z_j a_j.

    Examples
    --------
    >>> point(((Fraction(1), Fraction(2)), (Fraction(0), Fraction(1))), {0: Fraction(1), 1: Fraction(3)})
    [Fraction(1, 1), Fraction(5, 1)]
    """
    dim = len(columns[0])
    return [sum((z * columns[j][r] for j, z in code.items()), Fraction(0)) for r in range(dim)]


def told_apart(columns: Columns, feature: int, codes: Sequence[Code]) -> bool:
    """Tell whether one half-space holds the points of the codes with a feature and of no others (S1)."""
    sides = [
        [point(columns, code) for code in codes if (feature in code) is fires] for fires in (True, False)
    ]
    return not hulls_meet(*sides)


def gap(columns: Columns, feature: int, codes: Sequence[Code], row: Sequence[Fraction]) -> Fraction:
    """Return the least ⟨b, x⟩ of the codes with a feature minus the greatest of those without."""
    values = [(feature in code, dot(row, point(columns, code))) for code in codes]
    return min(v for fires, v in values if fires) - max(v for fires, v in values if not fires)


def is_combination(
    columns: Columns, feature: int, positive: Fraction, negative: Fraction, most: Fraction | None
) -> bool:
    """Tell whether a_i = Σ v_j a_j with Σv⁺ and Σv⁻ at most these, and entries at most `most` (None: any)."""
    others = [list(a) for j, a in enumerate(columns) if j != feature]
    m, n = len(others), len(columns[0])
    boxes = 0 if most is None else 2 * m
    # Unknowns: v⁺, v⁻, the slacks of the two sums, and those of the boxes.
    unknowns = [
        [s * x for x in a] + [int(s > 0), int(s < 0)] + [int(r == e) for r in range(boxes)]
        for e, (s, a) in enumerate([(1, a) for a in others] + [(-1, a) for a in others])
    ]
    unknowns += [[0] * n + [int(r == e) for r in range(2 + boxes)] for e in range(2 + boxes)]
    right = [*columns[feature], positive, negative, *([most or Fraction(0)] * boxes)]
    return nonnegative_solution(unknowns, right) is not None


def is_sum(columns: Columns, feature: int, total: Fraction) -> bool:
    """Tell whether a_i = Σ v_j a_j with Σ|v_j| at most this."""
    others = [list(a) for j, a in enumerate(columns) if j != feature]
    unknowns = [[s * x for x in a] + [1] for s in (1, -1) for a in others]
    slack = [0] * len(columns[0]) + [1]
    return nonnegative_solution([*unknowns, slack], [*columns[feature], total]) is not None


def is_recovered(columns: Columns, support: Sequence[int]) -> bool:
    """Tell whether every z ≥ 0 of this support is the only least sum among z′ ≥ 0 with Az′ = Az (R2, R5).

    It is iff the columns of the support are independent and no h ∈ ker A with Σh ≤ 0 is ≥ 0 off the support
    and not 0 there.
    """
    inside = [columns[j] for j in support]
    if rank(inside) < len(inside):
        return False
    off = [j not in support for j in range(len(columns))]
    # Rows: Ah = 0, Σh + slack = 0, and Σh = 1 off the support.
    unknowns = [[*a, 1, int(beyond)] for a, beyond in zip(columns, off, strict=True)]
    unknowns += [[*(-x for x in a), -1, 0] for a in inside]
    slack = [0] * len(columns[0]) + [1, 0]
    return nonnegative_solution([*unknowns, slack], [0] * len(columns[0]) + [0, 1]) is None


def float_columns(columns: Columns) -> Float[np.ndarray, "n p"]:
    """Return the dictionary as floats, which must hold it exactly.

    Raises
    ------
    ArithmeticError
        If a float is not the entry.

    Examples
    --------
    >>> float_columns(((Fraction(1, 2),), (Fraction(3),))).tolist()
    [[0.5, 3.0]]
    """
    A = np.array([[float(x) for x in a] for a in columns]).T
    if any(
        Fraction(float(x)) != y
        for row, a in zip(A.T, columns, strict=True)
        for x, y in zip(row, a, strict=True)
    ):
        raise ArithmeticError("an entry of the dictionary is no float")
    return A
