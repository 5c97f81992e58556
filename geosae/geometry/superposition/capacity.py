"""How many features single neurons can name in n dimensions, all of them at once (theory S11d).

If every one of p features is named on all codes of at most k entries in [1, ρ], then for every r ≥ 1

    C(q′ + r − 1, r) > p / (1 + (p − 1)/T_r(2ρ(k − 1) + 1)²),    q′ ≤ n + 1,

T_r the Chebyshev polynomial: scaled probes make a matrix close to the identity, T_r of its entries has rank
at most the left side, and the dimensionalities of its rows sum to at most its rank (C1). For p ≤ k the
columns must be independent. All in exact integers.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import count

from geosae.geometry.superposition._dictionary import amplitude
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, Range

_DIMENSIONS = Range(1, 100_000)


@checked_arguments(p=COUNT, k=COUNT)
def naming_dimensions(p: int, k: int, rho: int | float | Fraction = 1) -> int:
    """Return a lower bound on the dimensions in which all of p features are named at sparsity k (S11d).

    It holds for p named features among any number as well: the others only make it harder.

    Parameters
    ----------
    p
        The number of features that are named.
    k
        The greatest number of active features.
    rho
        The greatest amplitude ρ ≥ 1, the least being 1; a float is the rational that it is.

    Returns
    -------
    int
        The least n that the bound admits. For p/2 ≤ k it is attained: p − 1 (k < p) or p (k ≥ p).

    Raises
    ------
    InvalidInput
        If p or k is below 1, or rho is below 1 or not finite.

    Examples
    --------
    >>> [naming_dimensions(256, k) for k in (2, 3, 4, 6, 16)]
    [16, 22, 41, 82, 202]
    """
    exact = amplitude(rho)
    if p <= k or p == 1:
        return p
    if k == 1:
        return 1 if p == 2 else 2
    low, high = 1, p - 1  # in p − 1 dimensions the simplex is named for every k < p
    while low < high:
        middle = (low + high) // 2
        if _admits(middle + 1, p, k, exact):
            high = middle
        else:
            low = middle + 1
    return low


@checked_arguments(n=_DIMENSIONS, k=COUNT)
def most_named(n: int, k: int, rho: int | float | Fraction = 1) -> int | None:
    """Return an upper bound on the number of features named in n dimensions at sparsity k (S11d).

    Parameters
    ----------
    n
        The dimension, or the rank of the dictionary, at most 100,000 (the answer is exponential in n/k²).
    k
        The greatest number of active features.
    rho
        The greatest amplitude ρ ≥ 1, the least being 1; a float is the rational that it is.

    Returns
    -------
    int | None
        The greatest p that the bound admits; None where it admits every p (k = 1 from two dimensions on).

    Raises
    ------
    InvalidInput
        If n or k is below 1, or rho is below 1 or not finite.

    Examples
    --------
    >>> most_named(16, 2), most_named(15, 2), most_named(2, 1)
    (323, 255, None)
    """
    exact = amplitude(rho)
    if k > n:
        return n  # of n + 1 features, all active at once, one is a bounded combination of the others
    if k == 1:
        return 2 if n == 1 else None
    most: int | None = None
    rank = 1
    for r, power in enumerate(_powers(k, exact), start=1):
        rank = rank * (n + r) // r
        if most is not None and rank >= most:
            return most
        if power > rank:
            # rank > p/(1 + (p − 1)/power), solved for p
            admitted = math.ceil(Fraction(rank) * (power - 1) / (power - rank)) - 1
            most = admitted if most is None else min(most, admitted)
    raise ArithmeticError("some degree bounds p: T_r² grows faster than the rank")


def _admits(rank: int, p: int, k: int, rho: Fraction) -> bool:
    """Tell whether columns of rank q′ may let all of p ≥ 2 features be named, as far as the bound says."""
    for r, power in enumerate(_powers(k, rho), start=1):
        left = math.comb(rank + r - 1, r)
        if left >= p:
            return True
        if left * (power + p - 1) <= p * power:
            return False
    raise ArithmeticError("C(q′ + r − 1, r) passes p for q′ ≥ 2")


def _powers(k: int, rho: Fraction) -> Iterator[Fraction]:
    """Yield T_r(2ρ(k − 1) + 1)² for r = 1, 2, …."""
    x = 2 * rho * (k - 1) + 1
    before, value = Fraction(1), x
    for _ in count():
        yield value * value
        before, value = value, 2 * x * value - before
