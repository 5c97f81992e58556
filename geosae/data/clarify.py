"""Smaller contexts with the same concept lattice: equal rows and columns merged, reducible ones left out.

B. Ganter and R. Wille, Formal Concept Analysis, Springer 1999, doi:10.1007/978-3-642-59830-2, section 1.1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from geosae.data.context import FormalContext


@dataclass(frozen=True, eq=False)
class Clarified:
    """A context without equal rows and columns, and which of the original ones each stands for.

    Examples
    --------
    >>> found = clarified(FormalContext.from_array([[True, True], [True, True], [False, False]]))
    >>> found.context.incidence.tolist(), found.object_weights.tolist(), found.attribute_weights.tolist()
    ([[True], [False]], [2, 1], [2])
    >>> print(found)
    3 objects are 2 classes, 2 attributes are 1
    """

    context: FormalContext
    """One object and one attribute per class: the first one, under its own label."""
    object_class: Int[np.ndarray, "G"]
    """The row of `context` that each original object became."""
    attribute_class: Int[np.ndarray, "M"]
    """The column of `context` that each original attribute became."""

    @property
    def object_weights(self) -> Int[np.ndarray, "g"]:
        """How many objects each class holds."""
        return np.bincount(self.object_class, minlength=len(self.context.objects))

    @property
    def attribute_weights(self) -> Int[np.ndarray, "m"]:
        """How many attributes each class holds."""
        return np.bincount(self.attribute_class, minlength=len(self.context.attributes))

    def __str__(self) -> str:
        small = self.context
        return (
            f"{len(self.object_class)} objects are {len(small.objects)} classes, "
            f"{len(self.attribute_class)} attributes are {len(small.attributes)}"
        )


def clarified(context: FormalContext) -> Clarified:
    """Merge equal objects and equal attributes; the lattice stays the same."""
    small, rows = merged(context.incidence)
    turned, columns = merged(small.T)
    firsts = np.unique(rows, return_index=True)[1], np.unique(columns, return_index=True)[1]
    objects = tuple(context.objects[i] for i in firsts[0])
    attributes = tuple(context.attributes[i] for i in firsts[1])
    return Clarified(FormalContext(objects, attributes, turned.T), rows, columns)


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
        place = classes.setdefault(row.tobytes(), len(classes))
        if place == len(first):
            first.append(i)
        which.append(place)
    return matrix[first], np.array(which, dtype=np.int64)


def reduced(context: FormalContext) -> FormalContext:
    """Return the context of irreducible objects and attributes only: its lattice is isomorphic.

    An attribute is reducible if its extent is the intersection of the extents of others that are greater
    (a full column is the empty intersection), and likewise an object. Clarifies first.

    Examples
    --------
    >>> crosses = [[True, True, True], [True, False, False], [False, True, False]]
    >>> reduced(FormalContext.from_array(crosses)).attributes
    ('m0', 'm1')
    """
    small = clarified(context).context
    rows, columns = irreducible(small.incidence), irreducible(small.incidence.T)
    return FormalContext(
        tuple(name for name, keep in zip(small.objects, rows.tolist(), strict=True) if keep),
        tuple(name for name, keep in zip(small.attributes, columns.tolist(), strict=True) if keep),
        small.incidence[np.ix_(rows, columns)],
    )


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
