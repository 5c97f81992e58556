"""The least error of a linear probe, by trying every point where errors bend; Chebyshev polynomials."""

from fractions import Fraction
from itertools import combinations

from proofs_checks._dictionaries import Columns
from proofs_checks._exact import dot, rank, solve


def least_by_crossings(columns: Columns, i: int, k: int) -> Fraction:
    """Return min_b T_k(|Aᵀb − e_i|) for A of rank at most 2.

    It is linear in b wherever no u_j = ⟨a_j, b⟩ − δ_ij and no |u_j| − |u_l| changes its sign; so it is least
    where as many of these as A has rank vanish, with independent normals.
    """
    lines = _independent_rows(columns)
    short = [[a[r] for r in lines] for a in columns]
    affine = [(a, Fraction(int(j == i))) for j, a in enumerate(short)]
    bends = set[tuple[Fraction, ...]]()
    for a, shift in affine:
        bends.add((*a, shift))
    for (a, s), (c, t) in combinations(affine, 2):
        bends.add((*(x - y for x, y in zip(a, c, strict=True)), s - t))
        bends.add((*(x + y for x, y in zip(a, c, strict=True)), s + t))
    best = Fraction(1)  # at b = 0
    for crossing in combinations(bends, len(lines)):
        b = solve([bend[:-1] for bend in crossing], [bend[-1] for bend in crossing])
        if b is not None:
            errors = sorted((abs(dot(a, b) - shift) for a, shift in affine), reverse=True)
            best = min(best, sum(errors[:k], Fraction(0)))
    return best


def _independent_rows(columns: Columns) -> list[int]:
    """Return coordinates on which the others depend linearly."""
    chosen: list[int] = []
    for r in range(len(columns[0])):
        if rank([[a[s] for s in (*chosen, r)] for a in columns]) > len(chosen):
            chosen.append(r)
    return chosen


def chebyshev(r: int, x: Fraction) -> Fraction:
    """Return T_r(x) by the recurrence T_{r+1} = 2xT_r − T_{r−1}."""
    last, value = Fraction(1), x
    for _ in range(r - 1):
        last, value = value, 2 * x * value - last
    return value
