"""The fraction of variance unexplained, FVU = Σ‖x − x̂‖² / Σ‖x − x̄‖², in one place.

Both sums are taken over all points before the one division, in float64, and the variance is about the mean:
deviations are summed per block about the block's own mean and then combined, so that an offset of the points
costs no digits (T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37 (1983) 242,
doi:10.1080/00031305.1983.10483115).

A few rows far from the others can carry nearly all of the variance; the FVU then speaks of them alone. Beside
it stands the trimmed FVU, of the points without the hundredth part that lies farthest from the mean.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.validation import finite_points

TRIMMED = 0.01
"""The share of the points, those farthest from the mean, that the trimmed FVU leaves out (rounded up)."""
CARRIED = 0.5
"""From this share of the variance in the trimmed rows on, a warning says so."""
FEW = 20
"""With fewer points a single one is more than a hundredth part, and nothing is trimmed."""
LARGEST = 1e150
"""Squares of larger numbers leave the floats."""


class RunningVariance:
    """Mean and Σ‖x − mean‖² of points that come block by block."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Float[np.ndarray, " n"] = np.zeros(1)
        self.total = 0.0
        """Σ‖x − mean‖² so far; exactly 0 where the points are equal."""

    def add(self, points: Float[np.ndarray, "N n"]) -> None:
        """Take in a block of points."""
        if not len(points):
            return
        offsets = points - points[0]
        shift = offsets.mean(axis=0)
        offsets -= shift
        own = float(np.square(offsets, out=offsets).sum())
        mean, count = points[0] + shift, len(points)
        if self.count:
            step = mean - self.mean
            share = count / (self.count + count)
            own += float(np.square(step).sum()) * self.count * share
            mean = self.mean + step * share
        self.mean, self.count, self.total = mean, self.count + count, self.total + own


def spread(points: Any) -> float:
    """Return the root mean squared distance of the points to their mean: training's unit of length.

    Raises
    ------
    InvalidInput
        If the points are not finite.

    Examples
    --------
    >>> spread(np.array([[0.0], [2.0]]))
    1.0
    """
    variance = RunningVariance()
    variance.add(finite_points(points))
    return math.sqrt(variance.total / variance.count)


_SMALLEST = 2.0**-300


@dataclass(frozen=True)
class Unexplained:
    """What reconstructions leave of the variance of points."""

    residual: float
    """Σ‖x − x̂‖²."""
    variance: float
    """Σ‖x − x̄‖²."""
    trimmed: float
    """The FVU of the points without the hundredth part farthest from the mean; nan if these do not vary."""
    carried: float
    """The share of the variance that this hundredth part carries; nan if the points do not vary."""

    __repr__ = short_repr

    @property
    def fvu(self) -> float:
        """Σ‖x − x̂‖² / Σ‖x − x̄‖²; nan if the points do not vary."""
        return _ratio(self.residual, self.variance)

    @property
    def warning(self) -> str | None:
        """What to know where few rows carry the variance, else None.

        Examples
        --------
        >>> Unexplained(1.0, 4.0, trimmed=0.5, carried=0.1).warning
        """
        return few_rows_warning(self.fvu, self.trimmed, self.carried)


def few_rows_warning(fvu: float, trimmed: float, carried: float) -> str | None:
    """Return what to know where few rows carry the variance (more than half of it), else None.

    Examples
    --------
    >>> few_rows_warning(0.01, 0.8, 0.25)
    >>> "that of the others is 0.8" in few_rows_warning(0.01, 0.8, 0.99)
    True
    """
    if not carried > CARRIED:
        return None
    return (
        f"{TRIMMED:.0%} of the points, those farthest from the mean, carry {carried:.1%} of the variance, so "
        f"that the FVU of {fvu:.3g} speaks of them; that of the others is {trimmed:.3g}"
    )


def unexplained(
    points: Float[np.ndarray, "N n"],
    residuals: Float[np.ndarray, " K"],
    rows: Int[np.ndarray, " K"] | None = None,
    *,
    chunk: int = 8192,
) -> Unexplained:
    """Return what is left of the variance of these rows of the points, given ‖x − x̂‖² for each of them.

    The points are read three times in chunks and never copied as a whole; any real type is widened exactly.

    Raises
    ------
    InvalidInput
        If the numbers of rows and of residuals differ.

    Examples
    --------
    >>> unexplained(np.array([[0.0], [2.0]]), np.array([0.0, 1.0])).fvu
    0.5
    """
    chosen = np.arange(len(points)) if rows is None else rows
    if len(chosen) != len(residuals):
        raise InvalidInput(f"{len(chosen)} points against {len(residuals)} residuals")
    whole = RunningVariance()
    for _, block in _blocks(points, chosen, chunk):
        whole.add(block)
    away = np.zeros(len(chosen))
    for part, block in _blocks(points, chosen, chunk):
        block -= whole.mean
        away[part] = np.square(block, out=block).sum(axis=1)
    count = math.ceil(TRIMMED * len(chosen)) if len(chosen) >= FEW else 0
    near = np.ones(len(chosen), dtype=np.bool_)
    near[np.argsort(away, kind="stable")[len(chosen) - count :]] = False
    rest = RunningVariance()
    for _, block in _blocks(points, chosen[near], chunk):
        rest.add(block)
    return Unexplained(
        residual=float(np.sum(residuals)),
        variance=whole.total,
        trimmed=_ratio(float(np.sum(residuals[near])), rest.total),
        carried=_ratio(float(away[~near].sum()), float(away.sum())) if whole.total > 0 else math.nan,
    )


def unexplained_by(points: Any, reconstruction: Any) -> Unexplained:
    """Return what reconstructions leave of the variance of points, both of shape (N, n).

    Raises
    ------
    InvalidInput
        If one of them is not finite, or beyond 1e150, or the shapes differ.

    Examples
    --------
    One point a thousand times as far away as the others makes the FVU its own:

    >>> x = np.random.default_rng(0).normal(size=(2000, 3))
    >>> x[0] *= 1000
    >>> left = unexplained_by(x, np.where(np.arange(2000)[:, None] == 0, x, 0.0))
    >>> left.fvu < 0.05, round(left.trimmed, 2), left.warning is None
    (True, 1.0, False)
    """
    x = finite_points(points)
    y = finite_points(reconstruction, "reconstruction", dim=x.shape[1])
    if len(x) != len(y):
        raise InvalidInput(f"{len(x)} points against {len(y)} reconstructions")
    for part, name in ((x, "points"), (y, "reconstruction")):
        largest = float(np.max(np.abs(part)))
        if largest > LARGEST:
            raise InvalidInput(
                f"{name} reach {largest:.2g}; their squares leave the floats",
                causes="a diverged run",
                remedy="divide points and reconstructions by one number: an FVU has no unit",
            )
    return unexplained(x, np.square(x - y).sum(axis=1))


def fvu(points: Any, reconstruction: Any) -> float:
    """Return Σ‖x − x̂‖² / Σ‖x − mean‖²: both sums are taken before the ratio, and variance is about the mean.

    0 is perfect, 1 is as good as always answering the mean, nan means that the points do not vary. Points and
    reconstructions have one shape, (N, n), and are widened to float64 first.

    Raises
    ------
    InvalidInput
        If one of them is not finite, or the shapes differ.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0]])
    >>> fvu(x, x), fvu(x, np.ones((2, 1)))
    (0.0, 1.0)
    """
    x, y = finite_points(points), finite_points(reconstruction, "reconstruction")
    size = float(max(np.max(np.abs(x)), np.max(np.abs(y))))
    if not _SMALLEST < size < 1 / _SMALLEST:
        # A ratio has no unit; in one in which the largest entry is about 1 no square leaves the floats.
        x, y = (np.ldexp(part, -math.frexp(size)[1]) for part in (x, y))
    return unexplained_by(x, y).fvu


def _ratio(residual: float, variance: float) -> float:
    return residual / variance if variance > 0 else math.nan


def _blocks(
    points: Float[np.ndarray, "N n"], rows: Int[np.ndarray, " K"], chunk: int
) -> Iterator[tuple[slice, Float[np.ndarray, "c n"]]]:
    for start in range(0, len(rows), chunk):
        part = slice(start, start + chunk)
        yield part, points[rows[part]].astype(np.float64)
