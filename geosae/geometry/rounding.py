"""How far a computed inner product can be from the true one, and where it is the true one.

N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, §3.1, doi:10.1137/1.9780898718027:
a sum of m products, in any order and with fused multiply-add or without, differs from the true one by at most
γ_m Σ|products| with γ_m = m·u/(1 − m·u), where u is half the distance from 1 to the next float.
"""

import numpy as np
from jaxtyping import Float, Int

UNIT = 2.0**-53
"""u of float64."""
UNIT_SINGLE = 2.0**-24
"""u of float32."""
LEAST = 2.0**-1022
"""The least float64 of full precision."""
LEAST_SINGLE = 2.0**-126
"""The least float32 of full precision."""

# A bound is computed in float64 from lengths of up to 2^31 entries: it may lose this share of itself.
_SLACK = 1 + 2.0**-20
# Pairs of rows are gathered for at most this many entries at a time (8 MiB).
_CELLS = 2**20


def lengths(rows: Float[np.ndarray, "k n"]) -> Float[np.ndarray, " k"]:
    """Return the Euclidean length of each row, without overflow or underflow on the way.

    Examples
    --------
    >>> lengths(np.array([[0.0, 1e200], [5e-324, 0.0]])).tolist()
    [1e+200, 5e-324]
    """
    euclidean, step = np.empty(len(rows)), max(1, _CELLS // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        euclidean[start : start + step] = _lengths(rows[start : start + step])
    return euclidean


def _lengths(rows: Float[np.ndarray, "k n"]) -> Float[np.ndarray, " k"]:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.square(rows) @ np.ones(rows.shape[1])
        euclidean = np.sqrt(squares)
        far = np.flatnonzero(~((squares > 2.0**-900) & (squares < 2.0**1000)))
        if len(far) and rows.shape[1]:
            exponents = np.frexp(np.max(np.abs(rows[far]), axis=1))[1]
            scaled = np.ldexp(rows[far], -exponents[:, None])
            euclidean[far] = np.ldexp(np.sqrt(np.square(scaled) @ np.ones(rows.shape[1])), exponents)
    return euclidean


def gamma(terms: int, unit: float = UNIT) -> float:
    """Return γ_m, infinite where m terms are too many for a bound.

    Examples
    --------
    >>> gamma(8, 2.0**-4)
    1.0
    """
    return terms * unit / (1 - terms * unit) if terms * unit < 1 else np.inf


def rounding_bound(
    x_length: Float[np.ndarray, "*x"] | float,
    w_length: Float[np.ndarray, "*w"] | float,
    c_size: Float[np.ndarray, "*c"] | float,
    dim: int,
    unit: float = UNIT,
    least: float = LEAST,
) -> Float[np.ndarray, "*z"]:
    """Return how far the computed ⟨w, x⟩ + c can be from the true one, given ‖x‖, ‖w‖ and |c|.

    By Cauchy and Schwarz Σ|w_j x_j| + |c| ≤ ‖w‖‖x‖ + |c|, a sum of n + 1 terms. What underflow loses, and a
    processor that takes numbers below `least` for 0, is in the last term: at most `least` for each product
    and sum, and `least`·Σ|·| for the entries that are taken for 0, where Σ|·| ≤ √n‖·‖. The bound is 0 where
    x or w is, since then the value is c itself.

    Examples
    --------
    >>> float(rounding_bound(1.0, 1.0, 0.0, 2)), float(rounding_bound(0.0, 1.0, 3.0, 2))
    (4.44...e-16, 0.0)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.multiply(x_length, w_length) + c_size
        underflow = 2 * (dim + 2) * least * (1.0 + np.add(x_length, w_length))
        bound = _SLACK * (gamma(dim + 2, unit) * sizes + underflow)
    zero = np.logical_or(np.equal(x_length, 0), np.equal(w_length, 0))
    return np.asarray(np.where(zero, 0.0, bound))


def pair_values(
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    points: Float[np.ndarray, "N n"],
    rows: Int[np.ndarray, " P"],
    columns: Int[np.ndarray, " P"],
) -> Float[np.ndarray, " P"]:
    """Return ⟨w_i, x⟩ + c_i for pairs of a point (row) and a function (column) alone, in float64.

    Each is computed by itself: it does not depend on the other pairs.

    Examples
    --------
    >>> pair_values(np.eye(2), np.ones(2), np.array([[3.0, 4.0]]), np.array([0]), np.array([1])).tolist()
    [5.0]
    """
    values, step = np.empty(len(rows)), max(1, _CELLS // max(1, w.shape[1]))
    runs = np.flatnonzero(np.diff(rows, prepend=-1))
    with np.errstate(over="ignore", invalid="ignore"):
        if _LONG * len(runs) >= len(rows):
            for start in range(0, len(rows), step):
                some = slice(start, start + step)
                values[some] = np.einsum("ij,ij->i", w[columns[some]], points[rows[some]])
        else:
            # One point against many functions is not copied for each of them: the same sums in a quarter of
            # the time.
            for first, last in zip(runs.tolist(), [*runs[1:].tolist(), len(rows)], strict=True):
                for start in range(first, last, step):
                    some = slice(start, min(start + step, last))
                    values[some] = np.einsum("ij,j->i", w[columns[some]], points[rows[first]])
        return values + c[columns]


_LONG = 8
"""Pairs per point from which on points are taken one by one."""


def product_sizes(
    w: Float[np.ndarray, "d n"],
    points: Float[np.ndarray, "N n"],
    rows: Int[np.ndarray, " P"],
    columns: Int[np.ndarray, " P"],
) -> Float[np.ndarray, " P"]:
    """Return Σ_j |w_ij x_j| for pairs of a point and a function; where it is 0, ⟨w_i, x⟩ is 0 exactly.

    A product that underflows counts as the least float.

    Examples
    --------
    >>> product_sizes(np.array([[3.0, 0.0]]), np.array([[-2.0, 7.0]]), np.array([0]), np.array([0])).tolist()
    [6.0]
    """
    sizes, step = np.empty(len(rows)), max(1, _CELLS // max(1, w.shape[1]))
    for start in range(0, len(rows), step):
        some = slice(start, start + step)
        normals, at = w[columns[some]], points[rows[some]]
        with np.errstate(over="ignore", under="ignore"):
            products = np.abs(normals * at)
        products[(products == 0) & (normals != 0) & (at != 0)] = np.nextafter(0.0, 1.0)
        sizes[some] = products.sum(axis=1)
    return sizes


def sums_are_floats(
    w: Float[np.ndarray, "d n"], c: Float[np.ndarray, " d"], points: Float[np.ndarray, "N n"]
) -> bool:
    """Tell whether ⟨w_i, x⟩ + c_i is computed without any rounding, in any order of summation.

    That is so where all products and offsets are multiples of one 2^q and no sum reaches 2^(q+53): every
    partial sum is a float then. Small integers are such numbers.

    Examples
    --------
    >>> point = np.array([[2.0, 7.0]])
    >>> sums_are_floats(np.array([[3.0, -1.0]]), np.array([0.5]), point)
    True
    >>> sums_are_floats(np.array([[0.1, -1.0]]), np.array([0.5]), point)
    False
    """
    top_w, top_x, top_c = (_top_exponent(array) for array in (w, points, c))
    bits = (51 - w.shape[1].bit_length()) // 2
    low = top_w + top_x - 2 * bits
    # Sums are below n·2^(top_w + top_x) + 2^top_c ≤ 2^(low + 53).
    if bits < 1 or top_c > low + 52 or min(low, top_w - bits, top_x - bits) < -1022:
        return False
    return _multiples(w, top_w - bits) and _multiples(points, top_x - bits) and _multiples(c, low)


def _top_exponent(values: Float[np.ndarray, "*shape"]) -> int:
    """Return the least e with all |values| < 2^e (0 where all are 0)."""
    return int(np.frexp(max(np.max(values, initial=0.0), -np.min(values, initial=0.0)))[1])


def _multiples(values: Float[np.ndarray, "*shape"], exponent: int) -> bool:
    """Tell whether all values are multiples of 2^exponent."""
    scaled = np.ldexp(values, -exponent)
    return bool(np.array_equal(scaled, np.rint(scaled)))
