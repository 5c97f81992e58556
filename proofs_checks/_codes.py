"""Codes of least penalised error for fixed atoms, exactly: non-negative least squares with a price."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from proofs_checks._exact import Point, Rational, dot, solve
from proofs_checks._losses import Vector


def violations(
    target: Point, atoms: Sequence[Point], prices: Sequence[Rational], a: Sequence[Fraction]
) -> Iterator[Fraction]:
    """Yield, per atom, −a_i, −g_i and |a_i g_i| where positive: what is left of the KKT conditions.

    g_i = price_i − 2⟨w_i, target − Σ a_j w_j⟩ is the slope of ‖target − Σ a_j w_j‖² + Σ price_j a_j in a_i.

    Examples
    --------
    >>> list(violations([2], [[1]], [1], [Fraction(3, 2)])), list(violations([2], [[1]], [1], [Fraction(0)]))
    ([], [Fraction(3, 1)])
    """
    rest = [Fraction(t) - dot(a, [w[i] for w in atoms]) for i, t in enumerate(target)]
    for w, price, code in zip(atoms, prices, a, strict=True):
        slope = price - 2 * dot(w, rest)
        for amount in (-code, -slope, abs(code * slope)):
            if amount > 0:
                yield amount


def best_codes(target: Point, atoms: Sequence[Point], prices: Sequence[Rational]) -> Vector:
    """Return a ≥ 0 of least ‖target − Σ a_j w_j‖² + Σ price_j a_j, by trying every independent support.

    Examples
    --------
    >>> best_codes([2, 2], [[1, 0], [0, 1], [-1, 0]], [1, 4, 1])
    (Fraction(3, 2), Fraction(0, 1), Fraction(0, 1))
    """
    for size in range(min(len(atoms), len(target)) + 1):
        for support in combinations(range(len(atoms)), size):
            chosen = [atoms[j] for j in support]
            gram = [[2 * dot(u, v) for v in chosen] for u in chosen]
            right = [2 * dot(u, target) - prices[j] for u, j in zip(chosen, support, strict=True)]
            weights = solve(gram, right)
            if weights is None:
                continue
            a = [Fraction(0)] * len(atoms)
            for j, weight in zip(support, weights, strict=True):
                a[j] = weight
            if next(violations(target, atoms, prices, a), None) is None:
                return tuple(a)
    raise ArithmeticError("some optimal code has independent atoms")
