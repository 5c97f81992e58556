"""Closed forms of combinatorial geometry, with exact integers.

Cells: R. C. Buck, Partition of space (1943), doi:10.2307/2303424 (Schläfli before him). Labelings:
T. M. Cover, Geometrical and statistical properties of systems of linear inequalities (1965),
doi:10.1109/PGEC.1965.264137. Hulls: J. G. Wendel, A problem in geometric probability (1962),
doi:10.7146/math.scand.a-10655. Antichains:
E. Sperner (1928), doi:10.1007/BF01171114, and the LYM inequality. Theory G3, G4, S5–S8.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from flint import arb, ctx

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.sign_rank import forster as forster
from geosae.geometry.arrangements.sign_rank import least_dimension as least_dimension
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, positive_number


def _natural(value: int, name: str, least: int = 0) -> int:
    if value < least:
        raise InvalidInput(f"{name} is {value}, where an integer ≥ {least} is needed")
    return value


def _partial_row(d: int, top: int) -> int:
    """Sum C(d, 0) + … + C(d, top), each term from the one before."""
    term, total = 1, 1
    for i in range(1, min(top, d) + 1):
        term = term * (d - i + 1) // i
        total += term
    return total if top >= 0 else 0


def cells(d: int, n: int) -> int:
    """Count the cells of d hyperplanes in general position in Rⁿ; no d hyperplanes have more (G3).

    Examples
    --------
    >>> cells(3, 2)
    7
    """
    return _partial_row(_natural(d, "d"), _natural(n, "n", 1))


def cells_central(d: int, n: int) -> int:
    """Count the cells of d hyperplanes through the origin of Rⁿ, general otherwise (G3).

    Examples
    --------
    >>> cells_central(3, 2)
    6
    """
    _natural(n, "n", 1)
    return 1 if _natural(d, "d") == 0 else 2 * _partial_row(d - 1, n - 1)


def topk_kept_sets(d: int, K: int) -> int:
    """Count the K-subsets of d neurons: the ceiling of G4 on the kept sets of Top-K.

    Examples
    --------
    >>> topk_kept_sets(5, 2)
    10
    """
    return math.comb(_natural(d, "d"), _natural(K, "K"))


def ranking_cells(d: int, n: int) -> int:
    """Count the orders in which d affine functions in general position can be ranked at the points of Rⁿ.

    The ties z_i = z_j form a generic n-dimensional section of the braid arrangement, with
    Σ_{i≤n} c(d, d−i) cells, c the unsigned Stirling numbers of the first kind (I. J. Good and
    T. N. Tideman, 1977, doi:10.1016/0097-3165(77)90077-2); no d affine functions have more. It sharpens
    the C(d,2)-hyperplane ceiling of G4, since three ties of three functions share a flat.

    Examples
    --------
    >>> ranking_cells(3, 2), ranking_cells(4, 2), cells(6, 2)
    (6, 18, 22)
    """
    _natural(n, "n", 1)
    # Row d of c(d, d−i) for i ≤ n, by c(m+1, k) = c(m, k−1) + m·c(m, k).
    row = [1] + [0] * n
    for m in range(1, _natural(d, "d")):
        row = [row[0]] + [row[i] + m * row[i - 1] for i in range(1, n + 1)]
    return sum(row)


def topk_ceiling(d: int, K: int, n: int) -> int:
    """Return the least known ceiling on the kept sets of Top-K with d neurons in Rⁿ (G4).

    Examples
    --------
    >>> topk_ceiling(10, 5, 2), topk_kept_sets(10, 5)
    (252, 252)
    """
    return min(topk_kept_sets(d, K), ranking_cells(d, n))


def cover_count(N: int, n: int) -> int:
    """Count the labelings of N points in general position in Rⁿ that one hyperplane separates (S8, Cover).

    Examples
    --------
    >>> cover_count(4, 2)
    14
    """
    _natural(n, "n", 1)
    return 2 * _partial_row(_natural(N, "N", 1) - 1, n)


def cover_share(N: int, n: int) -> Fraction:
    """Return the share of the 2^N labelings that one hyperplane separates: ½ at N = 2(n+1) (S8, Cover).

    Examples
    --------
    >>> cover_share(6, 2)
    Fraction(1, 2)
    """
    return Fraction(cover_count(N, n), 2**N)


def wendel(N: int, n: int) -> Fraction:
    """Return Pr[o ∉ Conv(x₁…x_N)], the points independent and symmetric about o (S8, Wendel).

    No hyperplane through o may have positive probability.

    Examples
    --------
    >>> wendel(3, 2)
    Fraction(3, 4)
    """
    _natural(n, "n", 1)
    return Fraction(_partial_row(_natural(N, "N", 1) - 1, n - 1), 2 ** (N - 1))


def sperner(d: int, K: int | None = None) -> int:
    """Return the largest antichain of subsets of d neurons, each of at most K neurons if K is given (S6).

    Examples
    --------
    >>> sperner(6), sperner(6, 2)
    (20, 15)
    """
    half = _natural(d, "d") // 2
    return math.comb(d, half if K is None else min(_natural(K, "K"), half))


def least_width(p: int, K: int | None = None) -> int:
    """Return the least d for which S6 allows p disjoint concepts, separated by units of at most K neurons.

    Examples
    --------
    >>> least_width(20), least_width(20, 2), least_width(20, 1)
    (6, 7, 20)
    """
    if _natural(p, "p", 1) > 1 and K is not None and _natural(K, "K") == 0:
        raise InvalidInput("no width separates two disjoint concepts by units of no neurons (K = 0)")
    high = 1
    while sperner(high, K) < p:
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if sperner(middle, K) < p else (low, middle)
    return low


def least_width_power(p: int, k: int) -> int:
    """Return the least integer d with dᵏ ≥ k!·p: the power form of S6 for units of exactly k neurons.

    Examples
    --------
    >>> least_width_power(20, 2)
    7
    """
    goal = math.factorial(_natural(k, "k", 1)) * _natural(p, "p", 1)
    high = 1
    while high**k < goal:
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**k < goal else (low, middle)
    return low


@checked_arguments(N=COUNT, n=COUNT)
def vacuous(N: int, n: int) -> str | None:
    """Return the warning of S8 when separability of N points in Rⁿ says little (N ≤ 2(n+1)), None otherwise.

    Examples
    --------
    >>> vacuous(100, 2) is None
    True
    >>> print(vacuous(6, 2))
    6 points in 2 dimensions: at least half of all labelings in general position are separable by one neuron
    (Cover), so this verdict says little; use margins, held-out points or fewer dimensions
    """
    if _natural(N, "N") > 2 * (_natural(n, "n", 1) + 1):
        return None
    share = "every labeling" if n + 1 >= N else "at least half of all labelings"
    verb = "is" if n + 1 >= N else "are"
    return (
        f"{N} points in {n} dimensions: {share} in general position {verb} separable by one neuron (Cover), "
        "so this verdict says little; use margins, held-out points or fewer dimensions"
    )


def log_cells(d: int, n: int) -> float:
    """Return the natural logarithm of `cells(d, n)` for arguments too large for its integers (G3).

    Exact integers serve up to 2000 terms; beyond, the terms' logarithms are summed in floats, with a relative
    error of the order of 1e-12.

    Examples
    --------
    >>> round(log_cells(3, 2) - math.log(7), 12)
    0.0
    >>> round(log_cells(10**6, 768))
    6271
    """
    return _log_partial_row(_natural(d, "d"), _natural(n, "n", 1))


def log_cover_share(N: int, n: int) -> float:
    """Return the natural logarithm of Cover's share for arguments too large for its integers (S8).

    Examples
    --------
    >>> round(log_cover_share(6, 2), 6)
    -0.693147
    """
    return _log_partial_row(_natural(N, "N", 1) - 1, _natural(n, "n", 1)) - (N - 1) * math.log(2)


def _log_partial_row(d: int, top: int) -> float:
    if min(top, d) <= 2000 and d <= 10**4:
        return math.log(_partial_row(d, top))
    logs = [math.lgamma(d + 1) - math.lgamma(i + 1) - math.lgamma(d - i + 1) for i in range(min(top, d) + 1)]
    largest = max(logs)
    return largest + math.log(math.fsum(math.exp(value - largest) for value in logs))


def ring_unit_size(gap: float | int, *, whole: bool = False) -> int:
    """Return the size m* of the smallest unit that separates the unit disk from a ring of radius 1 + gap.

    A half-space around the closed disk cuts off less than 2·φ of the ring, φ = arccos(1/(1+gap)). So a finite
    set of negatives on the ring, dense enough, needs exactly m* = ⌈π/φ⌉, the `whole` ring ⌊π/φ⌋ + 1: one more
    where the quotient is an integer, which for rational gaps happens at gap = 1 alone (Niven's theorem).
    How many a given number of points needs: `ring_points_unit_size`.

    Examples
    --------
    >>> ring_unit_size(0.25), ring_unit_size(1), ring_unit_size(1, whole=True)
    (5, 3, 4)
    """
    exact = positive_number(gap, "gap")
    if exact == 1.0:
        return 4 if whole else 3
    return _decided_ceiling(lambda: arb.pi() / _half_arc(exact))


def ring_points_unit_size(gap: float | int, points: int) -> int:
    """Return the size m* of the smallest unit that keeps N equally spaced points of a ring off the unit disk.

    A half-space around the closed disk excludes an open arc of 2φ, φ = arccos(1/(1+gap)), which holds at most
    ⌈Nφ/π⌉ of N points; so m* = ⌈N/⌈Nφ/π⌉⌉ (S4). It need not grow with N.

    Raises
    ------
    InvalidInput
        If the gap is not positive and finite, or there is no point.

    Examples
    --------
    >>> [ring_points_unit_size(1, points) for points in (1, 2, 3, 4, 5, 999)]
    [1, 2, 3, 2, 3, 3]
    """
    exact, count = positive_number(gap, "gap"), _natural(points, "points", 1)
    # φ = π/3 at gap 1, the only rational multiple of π among rational gaps: no ball could decide it there.
    most = -(-count // 3) if exact == 1.0 else _decided_ceiling(lambda: count * _half_arc(exact) / arb.pi())
    return -(-count // most)


def _half_arc(gap: float) -> arb:
    return (1 / (1 + arb(gap))).acos()


def _decided_ceiling(number: Callable[[], arb]) -> int:
    """Return the ceiling of a number that is no integer, with as many bits as it takes."""
    precision = 64
    while True:
        with ctx.workprec(precision):
            ceiling = number().ceil().unique_fmpz()
        if ceiling is not None:
            return int(ceiling)
        precision *= 2
