"""The subset order of concepts on a sample, and its transitive reduction."""

import numpy as np
from jaxtyping import Bool

from geosae.validation import as_mask

# Counts inside a block stay far below 2²⁴, where float32 still counts exactly; blocks bound the memory.
_BLOCK = 65_536


def subset_order(membership: Bool[np.ndarray, "N p"]) -> Bool[np.ndarray, "p p"]:
    """Return for each pair (i, j) whether every point of concept i belongs to concept j (true for i = j).

    Examples
    --------
    >>> subset_order(np.array([[True, True], [False, True]])).tolist()
    [[True, True], [False, True]]
    """
    membership = as_mask(membership, "membership")
    width = membership.shape[1]
    shared = np.zeros((width, width), dtype=np.int64)
    for start in range(0, membership.shape[0], _BLOCK):
        block = membership[start : start + _BLOCK].astype(np.float32)
        shared += (block.T @ block).astype(np.int64)
    return shared == shared.diagonal()[:, None]


def cover_edges(order: Bool[np.ndarray, "p p"]) -> tuple[tuple[int, int], ...]:
    """Return the pairs (i, j) of a subset order with i strictly inside j and nothing strictly between.

    Concepts that are equal as sets have no edge between them, and each has the edges of all.

    Examples
    --------
    >>> chain = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], dtype=bool)
    >>> cover_edges(chain)
    ((0, 1), (1, 2))
    """
    strict = order & ~order.T
    between = (strict.astype(np.float32) @ strict.astype(np.float32)) > 0
    return tuple((int(i), int(j)) for i, j in np.argwhere(strict & ~between))
