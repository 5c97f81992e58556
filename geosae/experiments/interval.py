"""The one interval of the experiments: a mean over seeds with its Student-t limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from geosae.storage.arguments import checked_arguments
from geosae.storage.structure import CONVERTER
from geosae.validation import PROBABILITY

LEVEL = 0.95
UNBOUNDED = (-math.inf, math.inf)


@dataclass(frozen=True)
class Interval:
    """A mean of n values with an interval (95 %) around it.

    One value has a mean and no interval: its limits are the ends of the quantity's range. Of no value
    (n = 0) everything is nan, and every comparison with it is false.

    Examples
    --------
    >>> print(mean_interval([1.0, 2.0, 3.0]))
    2.00 [−0.48, 4.48]
    >>> print(mean_interval([]), mean_interval([0.5]))
    none 0.50
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_bounded(self) -> bool:
        """Whether there are two values or more, and so an interval beyond the quantity's own range."""
        return self.n > 1 and math.isfinite(self.low) and math.isfinite(self.high)

    def __str__(self) -> str:
        if not self.n:
            return "none"
        if self.n < 2:
            return _spell(self.mean)
        return f"{_spell(self.mean)} [{_spell(self.low)}, {_spell(self.high)}]"


UNKNOWN = Interval(math.nan, math.nan, math.nan, 0)
"""The interval of no values."""


def _spell(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


@checked_arguments(level=PROBABILITY)
def mean_interval(
    values: Sequence[float | int | None], bounds: tuple[float, float] = UNBOUNDED, level: float = LEVEL
) -> Interval:
    """Return the mean of the values that are known (not None, finite) and its Student-t interval.

    Exact at the given level for independent normal values, and approximately otherwise; cut to the range
    `bounds` of the quantity.

    Examples
    --------
    >>> mean_interval([1.0, 1.0, None], (0.0, 1.0))
    Interval(mean=1.0, low=1.0, high=1.0, n=2)
    >>> interval = mean_interval([1.0, 2.0, 3.0])
    >>> interval.mean, round(interval.low, 3), round(interval.high, 3)
    (2.0, -0.484, 4.484)
    """
    finite = [float(v) for v in values if v is not None and math.isfinite(v)]
    if not finite:
        return UNKNOWN
    array: Float[np.ndarray, " n"] = np.asarray(finite, dtype=np.float64)
    mean, half = float(array.mean()), math.inf
    if array.size > 1:
        quantile = float(stdtrit(array.size - 1, 0.5 + level / 2))
        half = quantile * float(array.std(ddof=1)) / math.sqrt(array.size)
    return Interval(mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]), int(array.size))


@dataclass(frozen=True)
class _Stored:
    """An interval as it stands in JSON, which has no infinity: an open end is null."""

    mean: float
    low: float | None
    high: float | None
    n: int


def _plain(interval: Interval) -> dict[str, float | int | None] | None:
    if not interval.n:
        return None
    low, high = (end if math.isfinite(end) else None for end in (interval.low, interval.high))
    return CONVERTER.unstructure(_Stored(interval.mean, low, high, interval.n))


def _read(value: Any, _: Any) -> Interval:
    if value is None:
        return UNKNOWN
    stored = CONVERTER.structure(value, _Stored)
    low, high = (
        -math.inf if stored.low is None else stored.low,
        math.inf if stored.high is None else stored.high,
    )
    return Interval(stored.mean, low, high, stored.n)


# The interval of no values is null as a whole.
CONVERTER.register_unstructure_hook(Interval, _plain)
CONVERTER.register_structure_hook(Interval, _read)
