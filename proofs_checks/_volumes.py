"""Exact volumes of small polytopes {A x ≤ b} in rational arithmetic.

J. B. Lasserre, An analytical expression and an algorithm for the volume of a convex polyhedron in Rⁿ (1983),
doi:10.1007/BF00934110.
"""

from collections.abc import Sequence
from fractions import Fraction

from proofs_checks._exact import Rational

Row = tuple[tuple[Fraction, ...], Fraction]


def volume(rows: Sequence[tuple[Sequence[Rational], Rational]]) -> Fraction:
    """Return the volume of {x : ⟨a, x⟩ ≤ b for every row (a, b)}, which must be bounded.

    Raises
    ------
    ArithmeticError
        If the set is unbounded.

    Examples
    --------
    >>> volume([((1, 0), 2), ((-1, 0), 0), ((0, 1), 3), ((0, -1), 0)])
    Fraction(6, 1)
    """
    exact = [(tuple(Fraction(v) for v in a), Fraction(b)) for a, b in rows]
    return _volume(exact, len(rows[0][0]))


def _volume(rows: Sequence[Row], n: int) -> Fraction:
    reduced = _without_repeats(rows)
    if reduced is None:
        return Fraction(0)
    if n == 1:
        upper = [b / a[0] for a, b in reduced if a[0] > 0]
        lower = [b / a[0] for a, b in reduced if a[0] < 0]
        if not upper or not lower:
            raise ArithmeticError("the set is unbounded")
        return max(min(upper) - max(lower), Fraction(0))
    total = Fraction(0)
    for i, (a, b) in enumerate(reduced):
        if b == 0:
            continue  # its facet's cone from the origin is flat
        j = next(k for k, v in enumerate(a) if v != 0)
        facet = [_substituted(row, a, b, j) for k, row in enumerate(reduced) if k != i]
        total += b / abs(a[j]) * _volume(facet, n - 1)
    return total / n


def _substituted(row: Row, a: tuple[Fraction, ...], b: Fraction, j: int) -> Row:
    """Put x_j from the equation ⟨a, x⟩ = b into another row."""
    factor = row[0][j] / a[j]
    rest = tuple(v - factor * u for k, (v, u) in enumerate(zip(row[0], a, strict=True)) if k != j)
    return rest, row[1] - factor * b


def _without_repeats(rows: Sequence[Row]) -> list[Row] | None:
    """Drop rows that say nothing, keep the tightest of parallel ones; None if the set is empty."""
    best: dict[tuple[Fraction, ...], Fraction] = {}
    for a, b in rows:
        size = sum((abs(v) for v in a), Fraction(0))
        if size == 0:
            if b < 0:
                return None
            continue
        key = tuple(v / size for v in a)
        best[key] = min(best.get(key, b / size), b / size)
    return list(best.items())
