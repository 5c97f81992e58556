"""How far a computed inner product can be from the true one, and where it cannot be off at all.

N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, §3.1, doi:10.1137/1.9780898718027:
a sum of m products, in any order and with fused multiply-add or without, differs from the true one by at most
γ_m Σ|products| with γ_m = m·u/(1 − m·u), where u is half the distance from 1 to the next float.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

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
# More than the exponent of any float, and less than that of any.
_FAR = 5000
# Pairs of rows are gathered for at most this many entries at a time (8 MiB).
_CELLS = 2**20


def lengths(rows: Float[np.ndarray, "k n"]) -> Float[np.ndarray, " k"]:
    """Return the Euclidean length of each row, without overflow or underflow on the way.

    Examples
    --------
    >>> lengths(np.array([[0.0, 1e200], [5e-324, 0.0]])).tolist()
    [1e+200, 5e-324]
    """
    with np.errstate(over="ignore", under="ignore"):
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
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            values[some] = np.einsum("ij,ij->i", w[columns[some]], points[rows[some]])
        return values + c[columns]


def computed_exactly(
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    points: Float[np.ndarray, "N n"],
    rows: Int[np.ndarray, " P"],
    columns: Int[np.ndarray, " P"],
) -> Bool[np.ndarray, " P"]:
    """Tell for which pairs of a point and a function any order of summation gives the true ⟨w_i, x⟩ + c_i.

    That is so where all products and c are multiples of one power of two 2^q and Σ|w_j x_j| + |c| < 2^(q+53):
    every partial sum is a float then. Small integers are such numbers.

    Examples
    --------
    >>> w, one = np.array([[3.0, 0.0], [0.1, 0.7]]), np.array([0, 0])
    >>> computed_exactly(w, np.array([1.0, -1.0]), np.array([[2.0, 0.1]]), one, np.array([0, 1])).tolist()
    [True, False]
    """
    low_w, low_c, low_x = (_lowest_bits(array) for array in (w, c, points))
    exact, step = np.empty(len(rows), dtype=np.bool_), max(1, _CELLS // max(1, w.shape[1]))
    for start in range(0, len(rows), step):
        at, of = rows[start : start + step], columns[start : start + step]
        lowest = np.minimum(np.min(low_w[of] + low_x[at], axis=1, initial=_FAR), low_c[of])
        with np.errstate(over="ignore", invalid="ignore"):
            sizes = np.einsum("ij,ij->i", np.abs(w[of]), np.abs(points[at])) + np.abs(c[of])
            # One bit is left for the rounding of `sizes`.
            fits = sizes < np.ldexp(1.0, np.minimum(lowest + 52, _FAR))
        exact[start : start + step] = fits & (lowest >= -1022)
    return exact


def _lowest_bits(values: Float[np.ndarray, "*shape"]) -> Int[np.ndarray, "*shape"]:
    """Return the exponent of the lowest bit that is set, far above all for 0, far below for subnormals."""
    fractions, exponents = np.frexp(values)
    mantissas = np.ldexp(fractions, 53).astype(np.int64)
    lowest = np.frexp((mantissas & -mantissas).astype(np.float64))[1] - 54 + exponents
    lowest[np.abs(values) < LEAST] = -_FAR
    lowest[values == 0] = 2 * _FAR
    return lowest
