"""Means with intervals over seeds, paired differences, and what they say about a predicted direction."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geosae.experiments.jobs import Record
from geosae.experiments.summary import interval
from geosae.studies.study import Verdict


@dataclass(frozen=True)
class Mean:
    """A mean over seeds with its Student-t interval (95 %); infinite ends of a single value.

    Examples
    --------
    >>> print(mean_of([1.0, 2.0, 3.0]))
    2.00 [−0.48, 4.48]
    >>> print(mean_of([]))
    none
    """

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        if not self.count:
            return "none"
        if self.count < 2:
            return _spell(self.value)
        return f"{_spell(self.value)} [{_spell(self.low)}, {_spell(self.high)}]"


def _spell(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def mean_of(values: Sequence[float | int | None]) -> Mean:
    """Return the mean of the values that are known, with its interval."""
    known = [float(v) for v in values if v is not None and math.isfinite(v)]
    if not known:
        return Mean(math.nan, math.nan, math.nan, 0)
    return Mean(*interval(known), len(known))


def direction(found: Mean, sign: int = 1) -> Verdict:
    """Tell whether an interval lies on the predicted side of 0, on the other, or holds it.

    Examples
    --------
    >>> high = mean_of([0.5, 0.6, 0.7])
    >>> direction(high), direction(high, -1), direction(mean_of([0.1]))
    ('as predicted', 'the prediction fails', 'undecided')
    """
    low, high = (found.low, found.high) if sign > 0 else (-found.high, -found.low)
    if not found.count or math.isnan(low):
        return "undecided"
    return "as predicted" if low > 0 else "the prediction fails" if high < 0 else "undecided"


def select(records: Sequence[Record], **wanted: Any) -> list[Record]:
    """Return the records whose settings have these values; a set or tuple means any of them.

    Examples
    --------
    >>> len(select([{"settings": {"a": 1}}, {"settings": {"a": 2}}], a=(1, 3)))
    1
    """
    return [
        r
        for r in records
        if all(
            r["settings"].get(k) in v if isinstance(v, tuple | set) else r["settings"].get(k) == v
            for k, v in wanted.items()
        )
    ]


def per_seed(
    records: Sequence[Record], value: Callable[[Mapping[str, Any]], float | None]
) -> dict[int, float]:
    """Return for each seed the mean over its records of a value read off the result, if known."""
    found: dict[int, list[float]] = {}
    for record in records:
        known = value(record["result"])
        if known is not None and math.isfinite(known):
            found.setdefault(int(record["settings"]["seed"]), []).append(float(known))
    return {seed: sum(values) / len(values) for seed, values in sorted(found.items())}


def paired(one: Mapping[int, float], other: Mapping[int, float]) -> list[float]:
    """Return one − other for each seed that has both.

    Examples
    --------
    >>> paired({0: 1.0, 1: 2.0}, {1: 0.5, 2: 9.0})
    [1.5]
    """
    return [one[seed] - other[seed] for seed in sorted(one.keys() & other.keys())]
