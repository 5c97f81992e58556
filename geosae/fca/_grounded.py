"""Which stable concepts are about something: own evidence, or an intersection of what has it.

Δ-stability counts the members of a concept's intent whatever else they are about. Where the concepts of a
hierarchy are objects themselves, a parent {g} alone is closed by its false crosses with neurons that belong
elsewhere, and a few of these make it stable. So each counted member speaks for the sets nearest to its own.
"""

import numpy as np
from jaxtyping import Bool

LIKE = 0.5
"""A member speaks for a set only if their Jaccard index is at least this: more in common than apart."""
BLOCK = 4096


def grounded(
    sets: Bool[np.ndarray, "k s"], crosses: Bool[np.ndarray, "l s"], theta: int
) -> Bool[np.ndarray, "k"]:
    """Tell which sets are nearest to at least θ rows, or are intersections of sets that are.

    A row is nearest to the sets with which it has the greatest Jaccard index, if that is at least a half; no
    set at all intersects to everything.

    Examples
    --------
    >>> rows = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1], [1, 0, 0]]) == 1
    >>> sets = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 0]]) == 1
    >>> grounded(sets, rows, 2).tolist()  # {0} has one row of its own
    [True, True, True, True, False]
    """
    own = own_rows(sets, crosses) >= theta
    members = sets.astype(np.float32)
    base, sizes = members[own], sets.sum(axis=1)
    kept = own.copy()
    for start in range(0, len(sets), BLOCK):
        part = members[start : start + BLOCK]
        above = (part @ base.T == sizes[start : start + BLOCK, None]).astype(np.float32)
        # In the intersection of the sets above is what lies in as many of them as there are.
        meet = above @ base == above.sum(axis=1, keepdims=True)
        kept[start : start + BLOCK] |= (meet == sets[start : start + BLOCK]).all(axis=1)
    return kept


def own_rows(sets: Bool[np.ndarray, "k s"], crosses: Bool[np.ndarray, "l s"]) -> np.ndarray:
    """Count for each set the rows that are nearest to it.

    Examples
    --------
    >>> sets, rows = np.array([[1, 1], [1, 0]]) == 1, np.array([[1, 0], [1, 1], [0, 0]]) == 1
    >>> own_rows(sets, rows)
    array([1, 1])
    """
    own = np.zeros(len(sets), dtype=np.int64)
    members, sizes = sets.astype(np.float32), sets.sum(axis=1, dtype=np.float32)
    if not len(sets):
        return own
    for start in range(0, len(crosses), BLOCK):
        rows = crosses[start : start + BLOCK]
        # Counts are exact in float32 below 2^24, and equal fractions are equal after rounding.
        common = members @ rows.T.astype(np.float32)
        union = sizes[:, None] + rows.sum(axis=1, dtype=np.float32) - common
        like = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
        own += ((like >= LIKE) & (like >= like.max(axis=0))).sum(axis=1)
    return own
