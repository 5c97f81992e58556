"""Build a concept lattice through the package `concepts`, by its upper-neighbours generator.

C. Lindig, Fast concept analysis, in: Working with Conceptual Structures (ICCS 2000). The package's `.lattice`
does the same walk and then annotates every concept with its atoms, which dominates beyond a few thousand.
"""

from collections.abc import Iterable
from typing import Any

import concepts
import numpy as np
from jaxtyping import Bool, Int

from geosae.data.context import FormalContext
from geosae.geometry._door import InvalidInput
from geosae.lattice.lattice import ConceptLattice

_Pair = tuple[tuple[int, ...], tuple[int, ...]]


class TooManyConcepts(InvalidInput):
    """The context has more concepts than the cap; `at_least` says how many were found before stopping."""

    def __init__(self, at_least: int, context: FormalContext) -> None:
        super().__init__(
            f"this context of {len(context.objects)} objects × {len(context.attributes)} attributes has at "
            f"least {at_least} concepts",
            causes="noise: a few wrong crosses multiply concepts",
            remedy="raise cap=, or ask for a stricter relation (a smaller tolerance)",
        )
        self.at_least = at_least


def concept_lattice(context: FormalContext, *, cap: int = 20_000) -> ConceptLattice:
    """Return all formal concepts (A, B), A′ = B and B′ = A, ordered by extent, with their covers.

    Equal rows and equal columns are merged before the work and separated after it, and the shorter side is
    walked. About a millisecond per concept; the package keeps every context it has seen, so do not call this
    in a loop over thousands of contexts.

    Parameters
    ----------
    context
        Objects × attributes.
    cap
        The most concepts to accept.

    Raises
    ------
    TooManyConcepts
        If there are more than `cap`: the message says "at least N".

    Examples
    --------
    >>> cube = FormalContext.from_array([[False, True, True], [True, False, True], [True, True, False]])
    >>> lattice = concept_lattice(cube)
    >>> len(lattice), lattice.top.intent, lattice.bottom.extent
    (8, (), ())
    """
    if cap < 1:
        raise InvalidInput(f"a cap of {cap} concepts leaves no room for one")
    small, rows, columns = _clarified(context.incidence)
    if small.shape[0] > small.shape[1]:
        pairs, covers = _walk(small.T, cap, context)
        pairs = [(intent, extent) for extent, intent in pairs]
        covers = [(upper, lower) for lower, upper in covers]
    else:
        pairs, covers = _walk(small, cap, context)
    full = [(_members(extent, rows), _members(intent, columns)) for extent, intent in pairs]
    return _ordered(context, full, covers)


def _clarified(
    incidence: Bool[np.ndarray, "G M"],
) -> tuple[Bool[np.ndarray, "g m"], Int[np.ndarray, "G"], Int[np.ndarray, "M"]]:
    """Merge equal rows and columns; return the small matrix and the class of every row and column."""
    small, rows = _merged(incidence)
    small, columns = _merged(small.T)
    return small.T, rows, columns


def _merged(matrix: Bool[np.ndarray, "a b"]) -> tuple[Bool[np.ndarray, "c b"], Int[np.ndarray, "a"]]:
    # Bytes as keys: numpy.unique along an axis refuses rows without entries.
    classes: dict[bytes, int] = {}
    which = [classes.setdefault(np.packbits(row).tobytes(), len(classes)) for row in matrix]
    first = [which.index(k) for k in range(len(classes))]
    return matrix[first], np.array(which, dtype=np.int64)


def _walk(
    small: Bool[np.ndarray, "g m"], cap: int, context: FormalContext
) -> tuple[list[_Pair], list[tuple[int, int]]]:
    """Return all (extent, intent) index pairs from the bottom up, and covers as positions among them."""
    g, m = small.shape
    if g == 0 or m == 0:
        # `concepts` refuses an empty side; then one concept holds everything there is.
        return [(tuple(range(g)), tuple(range(m)))], []
    # Labels must be unique, disjoint and non-empty strings: numbered ones, which never leave this function.
    table = concepts.Context([f"o{i}" for i in range(g)], [f"a{i}" for i in range(m)], small.tolist())
    bottom: tuple[Any, Any] = table.__getitem__((), raw=True)
    found: list[tuple[Any, Any]] = [bottom]
    index: dict[Any, int] = {bottom[0]: 0}
    covers: list[tuple[int, int]] = []
    at = 0
    while at < len(found):
        for extent, intent in table.neighbors(found[at][0].members(), raw=True):
            if extent not in index:
                index[extent] = len(found)
                found.append((extent, intent))
                if len(found) > cap:
                    raise TooManyConcepts(len(found), context)
            covers.append((at, index[extent]))
        at += 1
    return [(tuple(extent.iter_set()), tuple(intent.iter_set())) for extent, intent in found], covers


def _members(classes: Iterable[int], which: Int[np.ndarray, "a"]) -> tuple[int, ...]:
    """Return the original indices whose class is among the given ones."""
    chosen = np.isin(which, list(classes))
    return tuple(int(i) for i in np.flatnonzero(chosen))


def _ordered(context: FormalContext, pairs: list[_Pair], covers: list[tuple[int, int]]) -> ConceptLattice:
    order = sorted(range(len(pairs)), key=lambda i: (len(pairs[i][0]), pairs[i][0]))
    place = {old: new for new, old in enumerate(order)}
    upper: list[list[int]] = [[] for _ in pairs]
    for lower, higher in covers:
        upper[place[lower]].append(place[higher])
    return ConceptLattice(
        context,
        tuple(pairs[i][0] for i in order),
        tuple(pairs[i][1] for i in order),
        tuple(tuple(sorted(row)) for row in upper),
    )
