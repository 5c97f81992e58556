"""The single measures of a comparison, on extents as boolean rows; nan where there is nothing to measure."""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.fca.relations import closures, included

NAN = float("nan")
PAIRS = 2_000
"""At most so many pairs of objects, and so many true extents, are compared pairwise."""


def mean(values: np.ndarray) -> float:
    """Return the mean, or nan of nothing."""
    return float(np.mean(values)) if len(values) else NAN


def cophenetic(
    true: Bool[np.ndarray, "G M0"], learned: Bool[np.ndarray, "G M1"], rng: np.random.Generator
) -> float:
    """Return Spearman's ρ over pairs of objects of the sizes of the smallest extents that hold both.

    Up to 2 000 pairs, sampled if there are more. The tree case: R. Sokal and F. Rohlf, Taxon 11 (1962),
    doi:10.2307/1217208.
    """
    first, second = np.triu_indices(len(true), 1)
    if len(first) > PAIRS:
        chosen = rng.choice(len(first), PAIRS, replace=False)
        first, second = first[chosen], second[chosen]
    pairs = np.zeros((len(first), len(true)), dtype=bool)
    rows = np.arange(len(first))
    pairs[rows, first] = pairs[rows, second] = True
    return spearman(closures(true, pairs).sum(axis=1), closures(learned, pairs).sum(axis=1))


def spearman(a: Int[np.ndarray, "n"], b: Int[np.ndarray, "n"]) -> float:
    """Return Spearman's rank correlation, ties by mean ranks; nan where one side is constant.

    Examples
    --------
    >>> round(spearman(np.array([1, 2, 3, 3]), np.array([2, 4, 6, 6])), 6)
    1.0
    """
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return NAN
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


def jaccard(left: Bool[np.ndarray, "E G"], right: Bool[np.ndarray, "F G"]) -> Float[np.ndarray, "E F"]:
    """Return the Jaccard index of every pair of non-empty sets.

    Examples
    --------
    >>> jaccard(np.array([[True, True]]), np.array([[True, False], [True, True]])).tolist()
    [[0.5, 1.0]]
    """
    both = left.astype(np.float32) @ right.astype(np.float32).T
    union = left.sum(axis=1)[:, None] + right.sum(axis=1)[None] - both
    return (both / np.maximum(union, 1)).astype(np.float64)


def order(sets: Bool[np.ndarray, "E G"], images: Bool[np.ndarray, "E G"]) -> tuple[float, float]:
    """Return the share of pairs E ⊂ E′ whose images keep that order, and of other pairs that stay unordered.

    Examples
    --------
    >>> order(np.array([[True, False], [True, True]]), np.array([[True, False], [False, True]]))
    (0.0, 1.0)
    """
    ordered, images_ordered = included(sets, sets), included(images, images)
    unordered = ~ordered
    np.fill_diagonal(ordered, val=False)
    np.fill_diagonal(unordered, val=False)
    return mean(images_ordered[ordered]), mean(~images_ordered[unordered])
