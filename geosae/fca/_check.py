"""Sets of small integers as bits of one Python integer, and an independent check of a lattice on them."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool

from geosae.errors import InvalidInput


def pack(members: Iterable[int]) -> int:
    """Return the integer whose bits are the members.

    Examples
    --------
    >>> pack([0, 2])
    5
    """
    return sum(1 << i for i in members)


def chosen(items: Iterable[str | int], labels: tuple[str, ...], what: str) -> Bool[np.ndarray, "K"]:
    """Return which labels were chosen, by name or index.

    Raises
    ------
    InvalidInput
        If one is not there, or its label names several.
    """
    mask = np.zeros(len(labels), dtype=bool)
    for item in items:
        if isinstance(item, str) and labels.count(item) != 1:
            raise InvalidInput(f"{labels.count(item)} {what}s are called {item!r}", remedy="use the index")
        place = labels.index(item) if isinstance(item, str) else item
        if not 0 <= place < len(labels):
            raise InvalidInput(f"there is no {what} number {place}; there are {len(labels)}")
        mask[place] = True
    return mask


def fault(
    incidence: Bool[np.ndarray, "G M"],
    extents: Sequence[Sequence[int]],
    intents: Sequence[Sequence[int]],
    upper: Sequence[Sequence[int]],
) -> str:
    """Say what is wrong with a lattice, or return the empty string; uses the context and nothing else.

    Complete: the extents are exactly the intersections of attribute extents, so it is enough that they hold
    all objects together and are closed under intersection with every attribute extent.
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
    there = set(a)
    if (1 << g) - 1 not in there or any(x & c not in there for x in a for c in columns):
        return "a concept is missing"
    place = {x: i for i, x in enumerate(b)}
    for i in range(len(a)):
        if sorted(upper[i]) != _covers(i, a, b, rows, place):
            return f"the covers of concept {i} are wrong"
    return ""


def _common(masks: Sequence[int], members: Iterable[int], everything: int) -> int:
    for i in members:
        everything &= masks[i]
    return everything


def _covers(i: int, a: list[int], b: list[int], rows: list[int], place: dict[int, int]) -> list[int]:
    """Each object outside leads to a greater concept; it is a cover iff all its new objects lead to it."""
    led = Counter(b[i] & row for k, row in enumerate(rows) if not a[i] >> k & 1)
    return sorted(place[y] for y, n in led.items() if a[place[y]].bit_count() - a[i].bit_count() == n)
