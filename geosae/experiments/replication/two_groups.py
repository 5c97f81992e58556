"""Two groups of seeds compared in many measures at once, under many labellings at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import stdtrit

from geosae.experiments.summary import LEVEL

# Rounding, in units of the range of a measure (which is scaled to 1).
EXACT = 1e-14


@dataclass(frozen=True, eq=False)
class Groups:
    """Two groups of seeds, compared in M measures under L labellings; NaN where a group has under two values.

    `apart` is the difference of the means (first − second), `error` its standard error after Welch,
    `reach` the sum of the half widths of both intervals, `explained` the share of the variance of all
    values that lies between the groups. `width_first` and `width_second` tell which interval has a width.
    """

    apart: Float[np.ndarray, "M L"]
    error: Float[np.ndarray, "M L"]
    reach: Float[np.ndarray, "M L"]
    explained: Float[np.ndarray, "M L"]
    freedom: Float[np.ndarray, "M L"]
    width_first: Bool[np.ndarray, "M L"]
    width_second: Bool[np.ndarray, "M L"]

    @property
    def overlaps(self) -> Float[np.ndarray, "M L"]:
        """1 where the intervals overlap, 0 where they do not."""
        shown = (np.abs(self.apart) <= self.reach + np.sqrt(EXACT)).astype(np.float64)
        return np.where(np.isnan(self.apart), np.nan, shown)

    @property
    def welch(self) -> Float[np.ndarray, "M L"]:
        """Welch's t: 0 for equal means, infinite where different values have no spread at all."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = self.apart / self.error
        return np.where(np.abs(self.apart) <= np.sqrt(EXACT), 0.0 * self.apart, t)


def groups(values: Float[np.ndarray, "M S"], first: Bool[np.ndarray, "S L"]) -> Groups:
    """Compare the seeds of the first group with the others, for each labelling.

    Values are scaled to the range [0, 1] within each measure; NaN is a value that is not known.

    Examples
    --------
    >>> told = groups(np.array([[0.0, 0.1, 0.9, 1.0]]), np.array([[True], [True], [False], [False]]))
    >>> round(float(told.welch[0, 0]), 3), float(told.overlaps[0, 0]), round(float(told.explained[0, 0]), 3)
    (-12.728, 1.0, 0.988)
    """
    known = np.isfinite(values).astype(np.float64)
    filled = np.where(np.isfinite(values), values, 0.0)
    label = first.astype(np.float64)
    counts = [c := known @ label, known.sum(axis=1, keepdims=True) - c]
    sums = [s := filled @ label, filled.sum(axis=1, keepdims=True) - s]
    squares = [q := filled**2 @ label, (filled**2).sum(axis=1, keepdims=True) - q]
    quantiles = np.concatenate([[np.nan, np.nan], stdtrit(np.arange(1, values.shape[1]), 0.5 + LEVEL / 2)])
    halves: list[np.ndarray] = []
    parts: list[np.ndarray] = []
    frees: list[np.ndarray] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [s / n for s, n in zip(sums, counts, strict=True)]
        for n, s, q in zip(counts, sums, squares, strict=True):
            variance = np.where(n >= 2, (q - s * s / n) / (n - 1), np.nan)
            variance = np.where(variance <= EXACT, 0.0, variance)
            parts.append(variance / n)
            frees.append((variance / n) ** 2 / (n - 1))
            halves.append(quantiles[n.astype(np.int64)] * np.sqrt(variance / n))
        apart = np.where(np.isnan(parts[0] + parts[1]), np.nan, means[0] - means[1])
        total = sum(squares) - sum(sums) ** 2 / sum(counts)
        return Groups(
            apart=apart,
            error=np.sqrt(parts[0] + parts[1]),
            reach=halves[0] + halves[1],
            explained=apart**2 * counts[0] * counts[1] / sum(counts) / total,
            freedom=(parts[0] + parts[1]) ** 2 / (frees[0] + frees[1]),
            width_first=parts[0] > 0,
            width_second=parts[1] > 0,
        )
