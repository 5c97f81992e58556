"""Relations as boolean matrices, their rows as sets: which are equal, irreducible, included, and closed.

B. Ganter and R. Wille, Formal Concept Analysis, Springer 1999, doi:10.1007/978-3-642-59830-2, section 1.1.
"""

import numpy as np
from jaxtyping import Bool, Int

from geosae.errors import InvalidInput
from geosae.validation import as_mask


def merged(matrix: Bool[np.ndarray, "a b"]) -> tuple[Bool[np.ndarray, "c b"], Int[np.ndarray, "a"]]:
    """Return the distinct rows in order of first appearance, and which of them each row is.

    Examples
    --------
    >>> rows, which = merged(np.array([[True], [False], [True]]))
    >>> rows.tolist(), which.tolist()
    ([[True], [False]], [0, 1, 0])
    """
    # Bytes as keys: numpy.unique along an axis refuses rows without entries.
    classes: dict[bytes, int] = {}
    which: list[int] = []
    first: list[int] = []
    for i, row in enumerate(np.packbits(matrix, axis=1)):
        index = classes.setdefault(row.tobytes(), len(classes))
        if index == len(first):
            first.append(i)
        which.append(index)
    return matrix[first], np.array(which, dtype=np.int64)


def irreducible(distinct: Bool[np.ndarray, "a b"]) -> Bool[np.ndarray, "a"]:
    """Return which of the distinct rows are not the intersection of the rows that properly include them.

    Examples
    --------
    >>> irreducible(np.array([[True, False], [False, True], [False, False]])).tolist()
    [True, True, False]
    """
    lacks = (~distinct).astype(np.float32)
    keep = np.zeros(len(distinct), dtype=bool)
    for i, row in enumerate(distinct):
        # A row includes row i iff it lacks nothing of it.
        above = lacks[:, row].sum(axis=1) == 0
        above[i] = False
        keep[i] = not np.array_equal(distinct[above].all(axis=0), row)
    return keep


def included(sets: Bool[np.ndarray, "E n"], bounds: Bool[np.ndarray, "F n"]) -> Bool[np.ndarray, "E F"]:
    """Tell which sets (rows) are subsets of which bounds (columns).

    Examples
    --------
    >>> included(np.array([[True, False]]), np.array([[True, True], [False, True]])).tolist()
    [[True, False]]
    """
    # Missing members counted by a product of matrices.
    return sets.astype(np.float32) @ (~bounds).astype(np.float32).T == 0


def closures(incidence: Bool[np.ndarray, "G M"], sets: Bool[np.ndarray, "E G"]) -> Bool[np.ndarray, "E G"]:
    """Close every set of objects (row): the objects that have all attributes common to the set.

    Raises
    ------
    InvalidInput
        If the incidence or the sets are no masks, or the sets are of other objects.

    Examples
    --------
    >>> closures(np.array([[True], [True], [False]]), np.array([[True, False, False]])).tolist()
    [[True, True, False]]
    """
    incidence, sets = as_mask(incidence, "the incidence"), as_mask(sets, "the sets")
    if sets.shape[1] != len(incidence):
        raise InvalidInput(f"the sets are of {sets.shape[1]} objects, the incidence has {len(incidence)}")
    intents = included(sets, incidence.T)
    return included(intents, incidence)
