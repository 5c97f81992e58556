"""Records by kind and by seed, paired differences, and what an interval says about a predicted direction."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.studies.study import Verdict


class Seeded(Protocol):
    """What the settings of every job have."""

    @property
    def seed(self) -> int:
        """The seed of the job."""
        ...


S = TypeVar("S")
J = TypeVar("J", bound=Seeded)
R = TypeVar("R")
T = TypeVar("T")


def direction(interval: Interval, sign: int = 1) -> Verdict:
    """Tell whether an interval lies on the predicted side of 0, on the other, or holds it.

    Examples
    --------
    >>> from geosae.experiments.interval import mean_interval
    >>> high = mean_interval([0.5, 0.6, 0.7])
    >>> direction(high), direction(high, -1), direction(mean_interval([0.1]))
    ('as predicted', 'the prediction fails', 'undecided')
    """
    low, high = (interval.low, interval.high) if sign > 0 else (-interval.high, -interval.low)
    return "as predicted" if low > 0 else "the prediction fails" if high < 0 else "undecided"


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a prediction of several parts: all of them must be as predicted.

    Examples
    --------
    >>> together(["as predicted", "undecided"]), together(["undecided", "the prediction fails"])
    ('undecided', 'the prediction fails')
    """
    if "the prediction fails" in verdicts:
        return "the prediction fails"
    return "as predicted" if set(verdicts) == {"as predicted"} else "undecided"


def of_kind(
    records: Sequence[StudyRecord[Any, Any]], settings: type[S], result: type[T]
) -> list[StudyRecord[S, T]]:
    """Return the records of one kind of job, of a study whose jobs ask several things.

    Examples
    --------
    >>> len(of_kind([StudyRecord(1, 0.5), StudyRecord("a", 0.5)], int, float))
    1
    """
    return [r for r in records if isinstance(r.settings, settings) and isinstance(r.result, result)]


def per_seed(
    records: Sequence[StudyRecord[J, R]], value: Callable[[R], float | int | None]
) -> dict[int, float]:
    """Return for each seed the mean over its records of a value read off the result, where it is known."""
    by_seed: dict[int, list[float]] = {}
    for record in records:
        number = value(record.result)
        if number is not None and math.isfinite(number):
            by_seed.setdefault(record.settings.seed, []).append(float(number))
    return {seed: sum(values) / len(values) for seed, values in sorted(by_seed.items())}


def mean_over_seeds(
    records: Sequence[StudyRecord[J, R]], value: Callable[[R], float | int | None]
) -> Interval:
    """Return the mean over seeds, with its interval, of a value read off the results.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> records = [StudyRecord(SimpleNamespace(seed=seed), seed + 0.5) for seed in (0, 0, 1)]
    >>> mean_over_seeds(records, lambda result: result).mean
    1.0
    """
    return mean_interval(list(per_seed(records, value).values()))


def paired(left: Mapping[int, float], right: Mapping[int, float]) -> list[float]:
    """Return left − right for each seed that has both.

    Examples
    --------
    >>> paired({0: 1.0, 1: 2.0}, {1: 0.5, 2: 9.0})
    [1.5]
    """
    return list(differences(left, right).values())


def differences(left: Mapping[int, float], right: Mapping[int, float]) -> dict[int, float]:
    """Return left − right by seed, for each seed that has both: of differences again their difference.

    Examples
    --------
    >>> differences({0: 1.0, 1: 2.0}, {1: 0.5, 2: 9.0})
    {1: 1.5}
    """
    return {seed: left[seed] - right[seed] for seed in sorted(left.keys() & right.keys())}
