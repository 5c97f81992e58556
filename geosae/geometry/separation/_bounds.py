"""Values of an affine function on a cloud, proved: floats with an error bound, exact where needed.

The bound is the standard one for sums of products in any order (Higham, *Accuracy and Stability of Numerical
Algorithms*, 2nd ed., §3.1, doi:10.1137/1.9780898718027), with terms for underflow. No solver is imported
here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float, Int

from geosae.geometry.exact import integers, nearest_float, power_of_two, rational, scaled_floats
from geosae.geometry.separation._cloud import Cloud, Frame, blocks

UNIT = 2.0**-53
# Beyond this many points in doubt, a positive rigorous lower bound is used instead of the exact least value.
MOST_EXACT = 4096


@dataclass(frozen=True, eq=False)
class Affine:
    """The affine function x ↦ ⟨normal, x⟩ + offset with an integer normal and a rational offset."""

    normal: tuple[int, ...]
    offset: fmpq

    def plus(self, offset: fmpq) -> "Affine":
        """Return this function with something added to its offset."""
        return Affine(self.normal, self.offset + offset)

    def negated(self) -> "Affine":
        """Return minus this function."""
        return Affine(tuple(-v for v in self.normal), -self.offset)

    def squared_norm(self) -> int:
        """Return ‖normal‖², an integer."""
        return sum(v * v for v in self.normal)

    def at(self, points: Float[np.ndarray, "k n"]) -> list[fmpq]:
        """Return the exact values at a few points."""
        exact = integers(points)
        column = fmpz_mat(len(self.normal), 1, list(self.normal))
        factor = power_of_two(exact.exponent)
        return [fmpq(v) * factor + self.offset for v in (exact.matrix * column).entries()]


def affine_from_floats(w: Float[np.ndarray, " n"], b: float = 0.0) -> tuple[Affine, fmpq]:
    """Return x ↦ (⟨w, x⟩ + b) / unit with an integer normal, and the unit (a power of two)."""
    exact = integers(np.asarray(w, dtype=np.float64)[None, :])
    unit = power_of_two(exact.exponent)
    return Affine(tuple(int(v) for v in exact.matrix.entries()), rational(b) / unit), unit


def affine_from_rationals(normal: Sequence[fmpq], offset: fmpq) -> tuple[Affine, fmpq]:
    """Return the function divided by a positive rational unit that makes its normal integer, and the unit."""
    common = fmpz(1)
    for value in normal:
        common = common.lcm(value.q)
    whole = [int(value.p * (common // value.q)) for value in normal]
    return Affine(tuple(whole), offset * fmpq(common)), fmpq(fmpz(1), common)


class Least(NamedTuple):
    """The least value of a function on a cloud: attained at `row` if exact, else a lower bound > 0."""

    value: fmpq
    row: int
    exact: bool


@dataclass(frozen=True, eq=False)
class _Floats:
    """The function in the frame's coordinates, in floats, with what its errors are made of."""

    w: Float[np.ndarray, " n"]
    t: float
    unit: fmpq
    relative: float
    absolute: float

    def radius(self, size: float | Float[np.ndarray, " k"]) -> float | Float[np.ndarray, " k"]:
        """Return a bound on the error where Σ|w_j||d_j| ≤ size."""
        return self.relative * (size + abs(self.t)) + self.absolute


def _in_frame(function: Affine, frame: Frame) -> _Floats:
    w, top = scaled_floats(function.normal)
    # value = unit · (⟨w, x·scale⟩ + offset / unit), and x·scale = d + centre.
    unit = power_of_two(top) / rational(frame.scale)
    shift = function.offset / unit
    if frame.centre.any():
        shift += Affine(function.normal, fmpq(0)).at(frame.centre[None, :])[0] / power_of_two(top)
    n = len(w)
    absolute = (n + 4) * 2.0**-1018 * max(1.0, float(frame.reach.max()))
    return _Floats(w, nearest_float(shift), unit, 1.02 * (n + 12) * UNIT, absolute)


def least(function: Affine, cloud: Cloud, frame: Frame) -> Least:
    """Return the least value of the function over the cloud, exactly.

    Only where more than `MOST_EXACT` different points are in doubt and all are proved positive, a lower
    bound.
    """
    floats = _in_frame(function, frame)
    values = _float_values(floats, cloud, frame)
    radius = float(floats.radius(float(np.abs(floats.w) @ frame.reach)))
    if not np.isfinite(radius):
        return _exact_least(function, cloud, cloud.rows())
    doubtful = np.flatnonzero(values <= values.min() + 2 * radius)
    if len(doubtful) > 64:
        radii = _radii(floats, cloud, frame, doubtful)
        lower = values[doubtful] - radii
        doubtful = doubtful[lower <= (values[doubtful] + radii).min()]
        if len(doubtful) > MOST_EXACT and lower.min() > 0:
            row = int(doubtful[np.argmin(values[doubtful])])
            return Least(rational(float(np.nextafter(lower.min(), 0))) * floats.unit, row, False)
    return _exact_least(function, cloud, doubtful)


def rigorous_values(function: Affine, cloud: Cloud, frame: Frame) -> tuple[Float[np.ndarray, " N"], fmpq]:
    """Return floats u and a factor > 0 with function(x) ≤ u·factor, proved, on the cloud.

    Where floats overflow nothing is known, and u = +inf says so.
    """
    floats = _in_frame(function, frame)
    values = _float_values(floats, cloud, frame)
    radius = float(floats.radius(float(np.abs(floats.w) @ frame.reach)))
    return np.where(np.isfinite(values), values, np.inf) + 2 * radius, floats.unit


def _float_values(floats: _Floats, cloud: Cloud, frame: Frame) -> Float[np.ndarray, " N"]:
    """Return the float values of all rows; rows outside the cloud get +inf."""
    values = np.empty(len(cloud.points))
    with np.errstate(over="ignore", invalid="ignore"):
        for part in blocks(cloud.points):
            values[part] = frame.apply(cloud.points[part]) @ floats.w + floats.t
    if cloud.mask is not None:
        values[~cloud.mask] = np.inf
    return values


def _radii(
    floats: _Floats, cloud: Cloud, frame: Frame, rows: Int[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    """Return the error bound of each of these rows by its own size."""
    sizes = np.empty(len(rows))
    for part in blocks(np.empty((len(rows), cloud.dim))):
        sizes[part] = np.abs(frame.apply(cloud.points[rows[part]])) @ np.abs(floats.w)
    return np.asarray(floats.radius(sizes * (1 + 2.0**-40)))


def _exact_least(function: Affine, cloud: Cloud, rows: Int[np.ndarray, " k"]) -> Least:
    """Return the least exact value among these rows."""
    best: Least | None = None
    for start in range(0, len(rows), 1024):
        part = rows[start : start + 1024]
        values = function.at(cloud.take(part))
        index = min(range(len(values)), key=values.__getitem__)
        if best is None or values[index] < best.value:
            best = Least(values[index], int(part[index]), True)
    if best is None:
        raise ValueError("an empty cloud has no least value")
    return best
