"""Which run a seed belongs to, shuffled: an exact test of "both runs measure the same thing".

If they do, the seeds are exchangeable, and the labels "first run" and "second run" say nothing. All measures
of a seed keep together, so that every dependence among them is in the test: nothing is assumed normal or
independent. See P. H. Westfall and S. S. Young (1993), "Resampling-Based Multiple Testing" (the greatest of
many statistics), and B. Phipson and G. K. Smyth (2010), doi:10.2202/1544-6115.1585 (why the labels as they
are count among the shuffled ones).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import comb, prod

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import stdtr, stdtrit

# Rounding, in units of the range of a measure (which is scaled to 1).
EXACT = 1e-14


@dataclass(frozen=True, eq=False)
class Groups:
    """Two groups of seeds, compared in M measures under L labellings; NaN where a group has under two values.

    `apart` is the difference of the means (first − second), `error` its standard error after Welch,
    `freedom` its degrees of freedom, `explained` the share of the variance of all values that lies between
    the groups.
    """

    apart: Float[np.ndarray, "M L"]
    error: Float[np.ndarray, "M L"]
    explained: Float[np.ndarray, "M L"]
    freedom: Float[np.ndarray, "M L"]

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
    >>> split = groups(np.array([[0.0, 0.1, 0.9, 1.0]]), np.array([[True], [True], [False], [False]]))
    >>> round(float(split.welch[0, 0]), 3), round(float(split.explained[0, 0]), 3)
    (-12.728, 0.988)
    """
    finite = np.isfinite(values).astype(np.float64)
    filled = np.where(np.isfinite(values), values, 0.0)
    label = first.astype(np.float64)
    counts = [c := finite @ label, finite.sum(axis=1, keepdims=True) - c]
    sums = [s := filled @ label, filled.sum(axis=1, keepdims=True) - s]
    squares = [q := filled**2 @ label, (filled**2).sum(axis=1, keepdims=True) - q]
    parts: list[np.ndarray] = []
    frees: list[np.ndarray] = []
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [s / n for s, n in zip(sums, counts, strict=True)]
        for n, s, q in zip(counts, sums, squares, strict=True):
            variance = np.where(n >= 2, (q - s * s / n) / (n - 1), np.nan)
            variance = np.where(variance <= EXACT, 0.0, variance)
            parts.append(variance / n)
            frees.append((variance / n) ** 2 / (n - 1))
        apart = np.where(np.isnan(parts[0] + parts[1]), np.nan, means[0] - means[1])
        total = sum(squares) - sum(sums) ** 2 / sum(counts)
        return Groups(
            apart=apart,
            error=np.sqrt(parts[0] + parts[1]),
            explained=apart**2 * counts[0] * counts[1] / sum(counts) / total,
            freedom=(parts[0] + parts[1]) ** 2 / (frees[0] + frees[1]),
        )


CHUNK = 64


@dataclass(frozen=True, eq=False)
class Relabelled:
    """What the labels as they are look like among all labellings.

    Attributes
    ----------
    count, exact
        How many labellings, and whether these are all there are.
    least
        The smallest p that these seeds can give.
    pair
        For each measure the share of labellings in which *some* measure stands out as much (p corrected for
        all measures).
    explained, usual, part
        For each part the mean share of variance between the runs, its mean over all labellings, and the
        share of labellings in which *some* part exceeds its own as much (p corrected for all parts).
    """

    count: int
    exact: bool
    least: float
    pair: Float[np.ndarray, " M"]
    explained: Float[np.ndarray, " P"]
    usual: Float[np.ndarray, " P"]
    part: Float[np.ndarray, " P"]


def relabel(
    values: Float[np.ndarray, "M S"],
    first: Bool[np.ndarray, " S"],
    strata: Int[np.ndarray, " S"],
    parts: Int[np.ndarray, " M"],
    most: int,
    rng: np.random.Generator,
) -> Relabelled:
    """Shuffle the labels of the seeds within strata: all ways if they are at most `most`, else so many.

    Seeds of one stratum have been put to the same use (in the grid, in the same studies); only they can be
    exchanged.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.uniform(size=(3, 10))
    >>> values[1, :5] += 9  # one measure differs
    >>> first, parts = np.arange(10) < 5, np.zeros(3, dtype=int)
    >>> relabelled = relabel(values / 10, first, np.zeros(10, dtype=int), parts, 252, rng)
    >>> relabelled.exact, (relabelled.pair <= 0.025).tolist()
    (True, [False, True, False])
    """
    labels, exact = labellings(first, strata, most, rng)
    many = int(parts.max()) + 1
    member = (parts[None, :] == np.arange(many)[:, None]).astype(np.float64)
    caps, freedoms = _caps(values, first)
    greatest: list[np.ndarray] = []
    explained: list[np.ndarray] = []
    for start in range(0, labels.shape[1], CHUNK):
        split = groups(values, labels[:, start : start + CHUNK])
        greatest.append(_greatest(_capped(split.welch, caps), freedoms))
        explained.append(_mean_by_part(member, split.explained))
    scores = _score(_capped(groups(values, labels[:, :1]).welch, caps)[:, 0], freedoms)
    top, between = np.concatenate(greatest), _filled(np.concatenate(explained, axis=1))
    spread = between.std(axis=1, keepdims=True)
    excess = (between - between.mean(axis=1, keepdims=True)) / np.where(spread > EXACT, spread, np.inf)
    return Relabelled(
        count=labels.shape[1],
        exact=exact,
        least=_least(first, strata),
        pair=_shares_above(top, scores),
        explained=between[:, 0],
        usual=between.mean(axis=1),
        part=_shares_above(excess.max(axis=0), excess[:, 0]),
    )


def labellings(
    first: Bool[np.ndarray, " S"], strata: Int[np.ndarray, " S"], most: int, rng: np.random.Generator
) -> tuple[Bool[np.ndarray, "S L"], bool]:
    """Return labellings, the one as it is before all others, and whether they are all there are.

    Examples
    --------
    >>> first, strata = np.array([True, True, False, False]), np.zeros(4, dtype=int)
    >>> labels, exact = labellings(first, strata, 100, np.random.default_rng(0))
    >>> labels.shape, exact
    ((4, 6), True)
    """
    places = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    sizes = [int(first[columns].sum()) for columns in places]
    total = prod(comb(len(columns), k) for columns, k in zip(places, sizes, strict=True))
    labels = [first]
    if total <= most:
        labels += [new for new in _all(places, sizes, len(first)) if not np.array_equal(new, first)]
        return np.array(labels).T, True
    for _ in range(most - 1):
        new = first.copy()
        for columns in places:
            new[columns] = rng.permutation(first[columns])
        labels.append(new)
    return np.array(labels).T, False


def _all(places: list[np.ndarray], sizes: list[int], size: int) -> Iterator[np.ndarray]:
    for chosen in product(*(combinations(p.tolist(), k) for p, k in zip(places, sizes, strict=True))):
        new = np.zeros(size, dtype=np.bool_)
        new[list(chain(*chosen))] = True
        yield new


def _least(first: np.ndarray, strata: np.ndarray) -> float:
    """Exchanging the runs as a whole, where both have as many seeds, changes no statistic."""
    sizes = [(int((strata == s).sum()), int(first[strata == s].sum())) for s in np.unique(strata)]
    even = all(2 * k == n for n, k in sizes)
    return (2 if even else 1) / prod(comb(n, k) for n, k in sizes)


def _caps(values: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each measure can stand out, and its degrees of freedom.

    Where at most half of the values differ (shares of few concepts, counts), a spread of zero arises by
    chance and t has no law: such a measure stands out by no more than the two most extreme of its own
    labellings do.
    """
    finite = np.isfinite(values)
    sizes, ones = finite.sum(axis=1), (finite & first[None, :]).sum(axis=1)
    freedoms = np.maximum(sizes - 2, 1).astype(np.float64)
    distinct = np.array([len(np.unique(row[ok])) for row, ok in zip(values, finite, strict=True)])
    ways = np.array([comb(int(n), int(k)) for n, k in zip(sizes, ones, strict=True)], dtype=np.float64)
    caps = np.where(2 * distinct <= sizes, stdtrit(freedoms, 1 - 1 / ways), 1e6)
    return caps, freedoms


def _capped(welch: np.ndarray, caps: np.ndarray) -> np.ndarray:
    return np.minimum(np.abs(np.nan_to_num(welch, posinf=1e6, neginf=-1e6)), caps[:, None])


def _score(t: np.ndarray, freedoms: np.ndarray | float) -> np.ndarray:
    """Return how far a measure stands out, on a scale common to all numbers of seeds: −log p of t."""
    return -np.log(np.maximum(stdtr(freedoms, -t), 1e-300))


def _greatest(t: np.ndarray, freedoms: np.ndarray) -> np.ndarray:
    """Return the greatest score of each labelling; measures of equal freedom are compared by t itself."""
    tops = [_score(t[freedoms == freedom].max(axis=0), freedom) for freedom in np.unique(freedoms)]
    return np.max(tops, axis=0)


def _mean_by_part(member: np.ndarray, table: np.ndarray) -> np.ndarray:
    finite = np.isfinite(table)
    with np.errstate(invalid="ignore"):
        return (member @ np.where(finite, table, 0.0)) / (member @ finite.astype(np.float64))


def _filled(table: np.ndarray) -> np.ndarray:
    """Put a part's mean where a labelling leaves it no pair that could be compared."""
    finite = np.isfinite(table)
    means = np.where(finite, table, 0.0).sum(axis=1, keepdims=True) / finite.sum(axis=1, keepdims=True)
    return np.where(finite, table, means)


def _shares_above(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return for each value the share of the reference that is as great, ties by rounding included."""
    ordered = np.sort(reference)
    slack = 1e-9 * (1 + np.abs(values))
    return 1 - np.searchsorted(ordered, values - slack, side="left") / len(ordered)
