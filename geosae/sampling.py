"""Random samples of rows: the one place where few rows are drawn to speak for many.

A stride, or the first rows, would follow whatever order the rows have; a random sample does not.
"""

import numpy as np
from jaxtyping import Int


def drawn_rows(count: int, most: int, rng: np.random.Generator) -> Int[np.ndarray, "k"]:
    """Return at most so many of `count` rows, drawn without replacement, in rising order.

    All rows where there are no more; nothing is drawn from the generator then.

    Examples
    --------
    >>> drawn_rows(3, 5, np.random.default_rng(0)).tolist()
    [0, 1, 2]
    >>> rows = drawn_rows(1000, 5, np.random.default_rng(0))
    >>> len(set(rows.tolist())), bool((np.diff(rows) > 0).all())
    (5, True)
    """
    if count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))
