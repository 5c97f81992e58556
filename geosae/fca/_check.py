"""An independent check of a concept lattice: from the context alone, on sets as bits of Python integers."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool


def pack(members: Iterable[int]) -> int:
    """Return the integer whose bits are the members.

    Examples
    --------
    >>> pack([0, 2])
    5
    """
    return sum(1 << i for i in members)


def invariant_violation(
    incidence: Bool[np.ndarray, "G M"],
    extents: Sequence[Sequence[int]],
    intents: Sequence[Sequence[int]],
    upper: Sequence[Sequence[int]],
) -> str:
    """Return in words which invariant a lattice violates, or "" if none; uses nothing but the context.

    No concept is missing if the set of all objects is an extent and the extents are closed under intersection
    with every attribute extent: the extents of a lattice are exactly the intersections of attribute extents.
    """
    g, m = incidence.shape
    if not len(extents) == len(intents) == len(upper):
        return "extents, intents and covers differ in number"
    if any(not 0 <= i < g for extent in extents for i in extent):
        return "an extent names an object that is not there"
    if any(not 0 <= i < m for intent in intents for i in intent):
        return "an intent names an attribute that is not there"
    a, b = [pack(extent) for extent in extents], [pack(intent) for intent in intents]
    columns = [pack(np.flatnonzero(c).tolist()) for c in incidence.T]
    rows = [pack(np.flatnonzero(r).tolist()) for r in incidence]
    for i in range(len(a)):
        if (
            _common(columns, intents[i], (1 << g) - 1) != a[i]
            or _common(rows, extents[i], (1 << m) - 1) != b[i]
        ):
            return f"concept {i} is not closed"
    sizes = [len(extent) for extent in extents]
    if len(set(a)) != len(a) or sizes != sorted(sizes):
        return "the concepts are not distinct and in order"
    distinct = set(a)
    if (1 << g) - 1 not in distinct or any(x & c not in distinct for x in a for c in columns):
        return "a concept is missing"
    index_of = {x: i for i, x in enumerate(b)}
    for i in range(len(a)):
        if sorted(upper[i]) != _covers(i, a, b, rows, index_of):
            return f"the covers of concept {i} are wrong"
    return ""


def _common(masks: Sequence[int], members: Iterable[int], everything: int) -> int:
    for i in members:
        everything &= masks[i]
    return everything


def _covers(i: int, a: list[int], b: list[int], rows: list[int], index_of: dict[int, int]) -> list[int]:
    """Return the covers of concept i, sorted.

    Each object outside leads to a greater concept; it is a cover iff all its new objects lead to it.
    """
    leading = Counter(b[i] & row for k, row in enumerate(rows) if not a[i] >> k & 1)
    return sorted(
        index_of[intent]
        for intent, count in leading.items()
        if a[index_of[intent]].bit_count() - a[i].bit_count() == count
    )
