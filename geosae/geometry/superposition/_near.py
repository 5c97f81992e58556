"""Exact solutions of linear equations near approximate ones: how a solver's floats become certificates.

Floats choose which equations and unknowns are independent; these are solved in rationals, and the other
unknowns stay where they are. Whoever uses the answer checks it.
"""

from collections.abc import Sequence

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float, Int
from scipy import linalg

from geosae.geometry.exact import power_of_two, rational
from geosae.geometry.superposition._dictionary import Dictionary

Rationals = list[fmpq]
# Beyond this share of the largest, a pivot of a matrix of floats counts as none.
_DEPENDENT = 1e-11


def near_kernel(
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


def near_products(
    dictionary: Dictionary,
    features: Int[np.ndarray, " s"],
    signs: Int[np.ndarray, " s"],
    target: Sequence[int],
    b: Float[np.ndarray, " n"],
    tau: float | None,
) -> Rationals:
    """Return b near the start with sign·(target − ⟨a_j, b⟩) equal to one τ for all these features.

    τ is an unknown too, unless it is None: then it is 0.
    """
    floats = (signs * dictionary.columns[:, features]).T
    matrix, unit = dictionary.exact.matrix.tolist(), power_of_two(dictionary.exact.exponent)
    pairs = list(zip(signs.tolist(), features.tolist(), strict=True))
    # The unknowns are b in units of 2**exponent, so that the equations are of integers, and τ.
    table = [[s * row[j] for row in matrix] for s, j in pairs]
    start = [rational(v) * unit for v in b.tolist()]
    if tau is not None:
        floats = np.column_stack([floats * _unit(floats), np.ones(len(pairs))])
        table, start = [[*row, fmpz(1)] for row in table], [*start, rational(tau)]
    right = [fmpq(s * target[j]) for s, j in pairs]
    return [v / unit for v in _solution(floats, table, right, start)[: dictionary.dim]]


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
