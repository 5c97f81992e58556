"""Exact arithmetic on floats: a float is an integer times a power of two, so nothing need be rounded.

Integers and rationals are python-flint's; no solver is imported here.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float


class Integers(NamedTuple):
    """A matrix of floats written exactly as `matrix * 2**exponent`."""

    matrix: fmpz_mat
    exponent: int


def integers(array: Float[np.ndarray, "k n"]) -> Integers:
    """Write a float matrix exactly as an integer matrix times one power of two, the largest that will do.

    Examples
    --------
    >>> integers(np.array([[0.5, -3.0]]))
    Integers(matrix=[1, -6], exponent=-1)
    """
    wide = np.asarray(array, dtype=np.float64)
    rows, columns = wide.shape
    fraction, exponent = np.frexp(wide.ravel())
    mantissa = np.ldexp(fraction, 53).astype(np.int64)
    exponent = exponent.astype(np.int64) - 53
    nonzero = mantissa != 0
    if not nonzero.any():
        return Integers(fmpz_mat(rows, columns, [0] * wide.size), 0)
    trailing = np.frexp((mantissa & -mantissa).astype(np.float64))[1].astype(np.int64) - 1
    trailing = np.where(nonzero, trailing, 0)
    mantissa >>= trailing
    exponent += trailing
    base = int(exponent[nonzero].min())
    shift = np.where(nonzero, exponent - base, 0)
    if int(shift.max()) <= 9:
        entries = (mantissa << shift).tolist()
    else:
        entries = [m << s for m, s in zip(mantissa.tolist(), shift.tolist(), strict=True)]
    return Integers(fmpz_mat(rows, columns, entries), base)


def power_of_two(exponent: int) -> fmpq:
    """Return 2**exponent as a rational.

    Examples
    --------
    >>> power_of_two(-2)
    1/4
    """
    unit = fmpz(1)
    return fmpq(unit << exponent, unit) if exponent >= 0 else fmpq(unit, unit << -exponent)


def rational(value: float | int | Fraction) -> fmpq:
    """Return a float, an integer or a Fraction as a python-flint rational, exactly.

    Examples
    --------
    >>> rational(0.75)
    3/4
    """
    exact = Fraction(value)
    return fmpq(exact.numerator, exact.denominator)


def fraction(value: fmpq) -> Fraction:
    """Return a python-flint rational as a Fraction.

    Examples
    --------
    >>> fraction(fmpq(3, 4))
    Fraction(3, 4)
    """
    return Fraction(int(value.p), int(value.q))


def nearest_float(value: fmpq | Fraction) -> float:
    """Round a rational to the nearest float; beyond the largest float it is ±inf.

    Examples
    --------
    >>> nearest_float(fmpq(1, 3)), nearest_float(Fraction(-(10**400)))
    (0.3333333333333333, -inf)
    """
    try:
        return float(value) if isinstance(value, Fraction) else int(value.p) / int(value.q)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def root_below(value: fmpq) -> float:
    """Return the largest float whose square is at most the value (0.0 for values ≤ 0).

    Examples
    --------
    >>> root_below(fmpq(4)), root_below(fmpq(-1))
    (2.0, 0.0)
    """
    if value <= 0:
        return 0.0
    root = _root(value)
    while root > 0 and (math.isinf(root) or _square(root) > value):
        root = math.nextafter(root, 0.0)
    while (above := math.nextafter(root, math.inf)) < math.inf and _square(above) <= value:
        root = above
    return root


def root_above(value: fmpq) -> float:
    """Return the least float whose square is at least the value; inf beyond the largest float.

    Examples
    --------
    >>> root_above(fmpq(2)) ** 2 >= 2
    True
    """
    if value <= 0:
        return 0.0
    below = root_below(value)
    return below if _square(below) == value else math.nextafter(below, math.inf)


def _square(root: float) -> fmpq:
    exact = rational(root)
    return exact * exact


def _root(value: fmpq) -> float:
    """Return √value to about 1e-15 relative, without overflow on the way."""
    p, q = int(value.p), int(value.q)
    shift = 128 - (p.bit_length() - q.bit_length())
    shift += shift % 2
    scaled = (p << shift) // q if shift >= 0 else p // (q << -shift)
    try:
        return math.ldexp(math.isqrt(scaled), -shift // 2)
    except OverflowError:
        return math.inf


def scaled_floats(numbers: Sequence[int]) -> tuple[Float[np.ndarray, " n"], int]:
    """Return floats f and p with numbers ≈ f·2**p, each to 2 rounding units, and max |f| in [½, 1].

    Examples
    --------
    >>> scaled_floats([3, -1])
    (array([ 0.75, -0.25]), 2)
    """
    top = max((abs(v).bit_length() for v in numbers), default=0)
    out = np.zeros(len(numbers))
    for i, v in enumerate(numbers):
        drop = max(0, abs(v).bit_length() - 64)
        out[i] = math.ldexp(float(v >> drop), drop - top)
    return out, top


def combination(points: Float[np.ndarray, "k n"], weights: Sequence[fmpq]) -> list[fmpq]:
    """Return Σ weights_i · points_i exactly.

    Examples
    --------
    >>> combination(np.array([[1.0], [2.0]]), [fmpq(1, 3), fmpq(2, 3)])
    [5/3]
    """
    exact = integers(points)
    common = fmpz(1)
    for weight in weights:
        common = common.lcm(weight.q)
    row = fmpz_mat(1, len(weights), [weight.p * (common // weight.q) for weight in weights])
    factor = power_of_two(exact.exponent) / fmpq(common)
    return [fmpq(v) * factor for v in (row * exact.matrix).entries()]


def squared_norm(vector: Sequence[fmpq]) -> fmpq:
    """Return the exact sum of squares.

    Examples
    --------
    >>> squared_norm([fmpq(3, 5), fmpq(4, 5)])
    1
    """
    total = fmpq(0)
    for value in vector:
        total += value * value
    return total
