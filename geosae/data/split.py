"""The one way in which points are split at random into two parts."""

import numpy as np
from jaxtyping import Int

from geosae.errors import InvalidInput
from geosae.validation import as_array, positive_number


def split_rows(
    size: int, test_share: float, rng: np.random.Generator
) -> tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "test"]]:
    """Return the rows of the part to fit on and those of the part to test on, each in rising order.

    Simple, not stratified: only then are the test points an independent sample, and counts on them binomial
    (theory E2).

    Raises
    ------
    InvalidInput
        If the share leaves a part without points.

    Examples
    --------
    >>> fit, test = split_rows(5, 0.4, np.random.default_rng(0))
    >>> len(fit), len(test), sorted([*fit, *test]) == list(range(5))
    (3, 2, True)
    """
    tests = round(size * positive_number(test_share, "the test share"))
    if not 0 < tests < size:
        raise InvalidInput(
            f"a test share of {test_share:g} of {size} points leaves one part empty",
            remedy="give more points or another share",
        )
    test, fit = split_at(size, tests, rng)
    return fit, test


def seeded_split(
    size: int, test_share: float, seed: int
) -> tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "test"]]:
    """Return the rows that an analysis of this seed chooses by, and those that it judges on.

    Examples
    --------
    >>> [len(part) for part in seeded_split(5, 0.4, seed=0)]
    [3, 2]
    """
    # The first of the streams that an analysis draws from.
    stream = np.random.SeedSequence(seed).spawn(1)[0]
    return split_rows(size, test_share, np.random.default_rng(stream))


def split_at(
    size: int, first: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, "first"], Int[np.ndarray, "second"]]:
    """Return `first` of the rows at random, and the others, each in rising order.

    Examples
    --------
    >>> [len(part) for part in split_at(5, 2, np.random.default_rng(0))]
    [2, 3]
    """
    order = rng.permutation(size)
    return np.sort(order[:first]), np.sort(order[first:])


def rows_apart(
    size: int, held_out: Int[np.ndarray, "K"]
) -> tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "test"]]:
    """Return the rows that are not held out and those that are, each in rising order.

    Raises
    ------
    InvalidInput
        If a row is no row or comes twice, or one part is empty.

    Examples
    --------
    >>> [part.tolist() for part in rows_apart(5, np.array([4, 1]))]
    [[0, 2, 3], [1, 4]]
    """
    rows = as_array(held_out, "the rows held out")
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InvalidInput(
            f"the rows held out are an array of shape {rows.shape} and type {rows.dtype}",
            causes="a mask of booleans",
            remedy="give row numbers: np.flatnonzero(mask)",
        )
    test = np.unique(rows.astype(np.int64))
    if len(test) != len(rows):
        raise InvalidInput(f"{len(rows) - len(test)} of the {len(rows)} rows held out come more than once")
    if not 0 < len(test) < size or test[0] < 0 or test[-1] >= size:
        raise InvalidInput(
            f"{len(test)} rows held out of {size} must leave some, and lie in 0 … {size - 1}",
            causes="rows of another data set, or an empty split",
        )
    return np.setdiff1d(np.arange(size), test), test
