"""From a solver's guess of the best probe to certificates, by two linear systems in rationals.

ε* = min_b T_k(|Aᵀb − e_i|) = max{y_i : Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k}. A vertex y has few entries strictly
between 0 and ±1, and there the error of an optimal b has one and the same size τ; so where the guess shows
which places these are, both follow by solving. A wrong guess gives what is not optimal, never what is wrong:
every b bounds ε* from above, and every y with Ay = 0, made short enough, from below.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float, Int
from scipy import linalg

from geosae.geometry.exact import power_of_two, rational
from geosae.geometry.superposition._dictionary import Dictionary
from geosae.geometry.superposition._largest import largest_sum
from geosae.geometry.superposition._probe_simplex import best_by_pivots

Rationals = list[fmpq]
# How far from 0, ±1 or τ a float may be and still be taken for it; what comes of it is checked.
_CLOSE = (1e-9, 1e-7, 1e-5)
# Beyond this share of the largest, a pivot of a matrix of floats counts as none.
_DEPENDENT = 1e-11
# The simplex method in rationals is for tableaus of so many cells.
_MOST_CELLS = 3000


class Guess(NamedTuple):
    """What a solver says of y, b and τ."""

    y: Float[np.ndarray, " p"]
    b: Float[np.ndarray, " n"]
    tau: float


class Bracket(NamedTuple):
    """A probe b and an admissible y: y_i ≤ ε* ≤ T_k(|Aᵀb − e_i|)."""

    b: Rationals
    y: Rationals
    upper: fmpq
    lower: fmpq


def error_of(dictionary: Dictionary, b: Sequence[fmpq], feature: int, k: int) -> fmpq:
    """Return T_k(|Aᵀb − e_i|): the greatest error of a probe on codes with k entries in [−1, 1]."""
    errors = dictionary.products(b)
    errors[feature] -= 1
    return largest_sum(errors, k)


def bracket_of(dictionary: Dictionary, feature: int, k: int, guess: Guess | None) -> Bracket:
    """Return the best certificates that come of a guess; in small cases the best that there are."""
    n, p = dictionary.dim, dictionary.size
    best = Bracket([fmpq(0)] * n, [fmpq(0)] * p, fmpq(1), fmpq(0))
    if guess is not None:
        near = _near_kernel(dictionary, np.arange(p), guess.y, None)
        best = _better(dictionary, feature, k, best, [rational(v) for v in guess.b.tolist()], near)
        for close in _CLOSE:
            if best.upper == best.lower:
                break
            inside = (np.abs(guess.y) > close) & (np.abs(guess.y) < 1 - close)
            snapped = np.where(inside, guess.y, np.round(guess.y))
            full = k if abs(np.abs(guess.y).sum() - k) <= close * p else None
            y = _near_kernel(dictionary, np.flatnonzero(inside), snapped, full)
            best = _better(dictionary, feature, k, best, _probe(dictionary, feature, guess, close), y)
    if best.upper != best.lower and (n + 1) * (2 * p + 1) <= _MOST_CELLS:
        b, y = best_by_pivots(dictionary.exact.matrix, feature, k)
        unit = power_of_two(-dictionary.exact.exponent)
        best = _better(dictionary, feature, k, best, [v * unit for v in b], y)
    return best


def _better(
    dictionary: Dictionary, feature: int, k: int, best: Bracket, b: Rationals, y: Rationals
) -> Bracket:
    """Take the probe if its error is less, and y, made admissible, if its y_i is greater."""
    upper = error_of(dictionary, b, feature, k)
    if upper < best.upper:
        best = best._replace(b=b, upper=upper)
    size = max(max(abs(v) for v in y), sum((abs(v) for v in y), fmpq(0)) / k)
    y = [v / size for v in y] if size > 1 else y
    if y[feature] > best.lower and dictionary.in_kernel(y):
        best = best._replace(y=y, lower=y[feature])
    return best


def _near_kernel(
    dictionary: Dictionary, free: Int[np.ndarray, " f"], y: Float[np.ndarray, " p"], mass: int | None
) -> Rationals:
    """Return y with its free entries moved so that Ay = 0, and ‖y‖₁ is the mass where there is one."""
    solution = [rational(v) for v in y.tolist()]
    signs = np.sign(y[free]).astype(np.int64)
    floats = dictionary.columns[:, free]
    table = [[row[j] for j in free] for row in dictionary.exact.matrix.tolist()]
    moving = set(free.tolist())
    fixed = [fmpq(0) if j in moving else v for j, v in enumerate(solution)]
    right = [-v for v in _moments(dictionary, fixed)]
    if mass is not None:
        floats = np.vstack([floats * _unit(floats), signs[None, :]])
        table.append([fmpz(int(s)) for s in signs])
        right.append(fmpq(mass) - sum((abs(v) for v in fixed), fmpq(0)))
    moved = _solution(floats, table, right, [solution[j] for j in free])
    for j, value in zip(free.tolist(), moved, strict=True):
        solution[j] = value
    return solution


def _moments(dictionary: Dictionary, y: Sequence[fmpq]) -> Rationals:
    """Return My for the integer matrix M of the dictionary."""
    common = _common(y)
    column = fmpz_mat(len(y), 1, [v.p * (common // v.q) for v in y])
    return [fmpq(v) / common for v in (dictionary.exact.matrix * column).entries()]


def _probe(dictionary: Dictionary, feature: int, guess: Guess, close: float) -> Rationals:
    """Return b near the guess for which the errors that look equal are equal, or 0 where τ is."""
    columns, n = dictionary.columns, dictionary.dim
    errors = -(guess.b @ columns)
    errors[feature] += 1
    tied = np.flatnonzero(np.abs(np.abs(errors) - guess.tau) <= close)
    positive = guess.tau > close
    signs = np.sign(errors[tied]).astype(np.int64) if positive else np.ones(len(tied), dtype=np.int64)
    matrix, unit = dictionary.exact.matrix.tolist(), power_of_two(dictionary.exact.exponent)
    # The unknowns are b in units of 2**exponent, so that the equations are of integers, and τ.
    table = [[int(s) * matrix[r][j] for r in range(n)] for s, j in zip(signs, tied, strict=True)]
    floats = (signs * columns[:, tied]).T
    start = [rational(v) * unit for v in guess.b.tolist()]
    if positive:
        floats = np.column_stack([floats * _unit(floats), np.ones(len(tied))])
        table, start = [[*row, fmpz(1)] for row in table], [*start, rational(guess.tau)]
    right = [fmpq(int(s) * int(j == feature)) for s, j in zip(signs, tied, strict=True)]
    return [v / unit for v in _solution(floats, table, right, start)[:n]]


def _solution(
    floats: Float[np.ndarray, "m u"], table: Sequence[Sequence[fmpz]], right: Sequence[fmpq], start: Rationals
) -> Rationals:
    """Return a solution of as many independent equations as the floats show, near the start.

    Unknowns that these equations leave open stay where they are. Where floats misjudge what is independent
    the start is returned.
    """
    unknowns = _independent(floats)
    if not unknowns:
        return start
    lines = _independent(floats[:, unknowns].T)
    unknowns = unknowns[: len(lines)]
    settled, solution = set(unknowns), list(start)
    staying = [(u, x) for u, x in enumerate(start) if u not in settled]
    rest = [right[r] - sum((table[r][u] * x for u, x in staying), fmpq(0)) for r in lines]
    common = _common(rest)
    square = fmpz_mat([[table[r][u] for u in unknowns] for r in lines])
    try:
        values = square.solve(fmpz_mat(len(rest), 1, [v.p * (common // v.q) for v in rest]))
    except ZeroDivisionError:
        return start
    for r, u in enumerate(unknowns):
        solution[u] = values[r, 0] / common
    return solution


def _independent(floats: Float[np.ndarray, "m u"]) -> list[int]:
    """Return columns that floats show to be independent, the largest first."""
    if not floats.any():
        return []
    diagonal, order = linalg.qr(floats, mode="r", pivoting=True)
    sizes = np.abs(np.diagonal(diagonal))
    return order[: int((sizes > _DEPENDENT * sizes[0]).sum())].tolist()


def _unit(floats: Float[np.ndarray, "m u"]) -> float:
    """Return what brings the largest entry to 1, so that the row of ones beside it has the same weight."""
    return 1 / max(float(np.abs(floats).max(initial=0.0)), 2.0**-1000)


def _common(values: Sequence[fmpq]) -> fmpz:
    common = fmpz(1)
    for value in values:
        common = common.lcm(value.q)
    return common
