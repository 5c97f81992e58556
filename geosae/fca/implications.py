"""The Duquenne–Guigues basis: the fewest implications between attributes from which all that hold follow.

J.-L. Guigues and V. Duquenne, Familles minimales d'implications informatives résultant d'un tableau de
données binaires, Math. Sci. Hum. 95 (1986). Computed by Next Closure: B. Ganter, Two basic algorithms in
concept analysis, 1984, reprinted ICFCA 2010, doi:10.1007/978-3-642-11928-6_22.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geosae.errors import InvalidInput
from geosae.fca.bitsets import as_integer
from geosae.fca.context import FormalContext
from geosae.fca.families import ConceptFamily
from geosae.fca.relations import merged
from geosae.notebook import distinct, short_repr, short_text
from geosae.storage.arguments import checked_arguments
from geosae.validation import SECONDS, WIDE


@dataclass(frozen=True)
class Implication:
    """Whatever has all of the premise has all of the conclusion.

    Examples
    --------
    >>> print(Implication(("n17", "n4"), ("n30",), 5))
    whenever n17 and n4, n30 (5 objects)
    """

    premise: tuple[str, ...]
    conclusion: tuple[str, ...]
    """Attributes that follow, without the premise."""
    support: int
    """How many objects have the premise."""

    __repr__ = short_repr

    @property
    def in_words(self) -> str:
        """The rule as a sentence about neurons (attributes) and concepts (objects).

        Examples
        --------
        >>> Implication(("17", "4"), ("30",), 5).in_words
        'whenever 17 and 4 fire for a concept, 30 does (5 concepts)'
        """
        many = f"({self.support} concept{'' if self.support == 1 else 's'})"
        follows = f"{' and '.join(self.conclusion)} {'does' if len(self.conclusion) == 1 else 'do'}"
        if not self.premise:
            verb = "fires" if len(self.conclusion) == 1 else "fire"
            return f"{' and '.join(self.conclusion)} {verb} for every concept {many}"
        verb = "fires" if len(self.premise) == 1 else "fire"
        return f"whenever {' and '.join(self.premise)} {verb} for a concept, {follows} {many}"

    def __str__(self) -> str:
        conclusion = short_text(" and ".join(self.conclusion), 160)
        if not self.premise:
            return f"always {conclusion} ({self.support} objects)"
        premise = short_text(" and ".join(self.premise), 160)
        return f"whenever {premise}, {conclusion} ({self.support} objects)"


@checked_arguments(cap=WIDE, seconds=SECONDS)
def implication_basis(
    context: FormalContext, *, cap: int = 10_000, seconds: float = 60.0
) -> tuple[Implication, ...]:
    """Return the Duquenne–Guigues basis of a context: complete, and none of its implications is redundant.

    Attributes are called as `rule_names` says.

    Takes a step for every intent and every premise: for about fifty attributes, or for the stable core of
    more (`stable_core`).

    Raises
    ------
    InvalidInput
        If more than `cap` sets are visited, or the time is over.

    Examples
    --------
    >>> context = FormalContext.from_array([[True, True], [True, False]], None, ["swims", "legs"])
    >>> for rule in implication_basis(context): print(rule)
    always swims (2 objects)
    """
    rows = [as_integer(row) for row in context.incidence]
    size = len(context.attributes)
    columns = [as_integer(column) for column in context.incidence.T]
    everything, objects = (1 << size) - 1, (1 << len(rows)) - 1
    basis: list[tuple[int, int]] = []
    deadline = time.monotonic() + seconds
    current: int | None = 0
    visited = 0
    while current is not None:
        intent, extent = everything, objects
        for j in _bits(current):
            extent &= columns[j]
        for g in _bits(extent):
            intent &= rows[g]
        if intent != current:
            basis.append((current, intent))
        visited += 1
        if visited > cap or time.monotonic() > deadline:
            raise InvalidInput(
                f"after {visited} closed sets the basis is not complete ({len(basis)} implications so far)",
                causes="many attributes",
                remedy="take the stable core, or raise cap= or seconds=",
            )
        current = _next(current, size, basis)
    names = rule_names(context.attributes)
    return tuple(_implication(context, names, premise, intent) for premise, intent in basis)


def rule_names(labels: Sequence[str]) -> tuple[str, ...]:
    r"""Return what attributes are called in rules: their labels, each on one line, not blank, and none twice.

    Examples
    --------
    >>> rule_names(["legs", "legs", " ", "two\nlines"])
    ('legs', 'legs (2)', '(no name)', 'two lines')
    """
    return tuple(distinct(" ".join(label.split()) or "(no name)" for label in labels))


@checked_arguments()
def stable_core(family: ConceptFamily) -> FormalContext:
    """Return the context cut down to attributes whose extent is that of a concept of the family, one of each.

    Attributes that make no stable concept are noise by the family's measure, and those of no object say
    nothing; rules about the others are few enough to read. Each keeps the label of the first attribute of
    its kind, with their number: "n17 ×3".

    Examples
    --------
    >>> from geosae.fca import stable_family
    >>> context = FormalContext.from_array([[True] * 4 + [False], [False] * 3 + [True] * 2])
    >>> stable_core(stable_family(context, 2)).attributes
    ('m0 ×3',)
    """
    context = family.context
    columns, which = merged(context.incidence.T)
    stable = {row.tobytes() for row in np.packbits(family.extents, axis=1)}
    weights = np.bincount(which, minlength=len(columns)).tolist()
    firsts = np.unique(which, return_index=True)[1].tolist()
    packed = np.packbits(columns, axis=1)
    core = [k for k, row in enumerate(packed) if row.any() and row.tobytes() in stable]
    names = [context.attributes[firsts[k]] + (f" ×{weights[k]}" if weights[k] > 1 else "") for k in core]
    return FormalContext(context.objects, tuple(names), columns[core].T)


def _next(current: int, size: int, basis: list[tuple[int, int]]) -> int | None:
    """Return the next set in lectic order that is closed under the implications found so far."""
    for j in range(size - 1, -1, -1):
        bit = 1 << j
        if current & bit:
            current &= ~bit
            continue
        closed = _saturated(current | bit, basis)
        # Nothing new before j: bit 0 is the greatest in lectic order.
        if not (closed & ~current) & (bit - 1):
            return closed
    return None


def _saturated(members: int, basis: list[tuple[int, int]]) -> int:
    """Close under the implications whose premise is a *proper* subset: pseudo-intents stay as they are."""
    changed = True
    while changed:
        changed = False
        for premise, intent in basis:
            if intent & ~members and premise != members and not premise & ~members:
                members |= intent
                changed = True
    return members


def _bits(mask: int) -> list[int]:
    indices: list[int] = []
    while mask:
        low = mask & -mask
        indices.append(low.bit_length() - 1)
        mask ^= low
    return indices


def _implication(context: FormalContext, names: tuple[str, ...], premise: int, intent: int) -> Implication:
    having = context.incidence[:, _bits(premise)].all(axis=1)
    return Implication(
        tuple(names[j] for j in _bits(premise)),
        tuple(names[j] for j in _bits(intent & ~premise)),
        int(np.count_nonzero(having)),
    )
