"""Families of formal concepts, ordered by extent: partial orders, in general no lattices.

The AOC-poset has the concepts of single attributes and of single objects, at most |G| + |M| of them. Here it
is built from the definition, on arrays; the reference for speed is A. Berry, M. Huchard, A. Napoli and A.
Sigayret, Hermes: an efficient algorithm for building Galois sub-hierarchies, CLA 2012, CEUR Workshop
Proceedings 972, 21–32 (no DOI).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from geosae.errors import InvalidInput
from geosae.fca.bitsets import as_integer
from geosae.fca.context import FormalContext, labels_where
from geosae.fca.relations import included, merged
from geosae.notebook import short_text
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields
from geosae.validation import as_mask


@dataclass(frozen=True, eq=False, repr=False)
class ConceptFamily:
    """Concepts of a context by growing extent, with the covers *among them*; meets may be missing.

    Examples
    --------
    >>> context = FormalContext.from_array([[True, True], [True, False]], ["frog", "fish"], ["swims", "legs"])
    >>> family = ConceptFamily(context, np.array([[True, True], [True, False]]))
    >>> len(family), family.covers, family.extent(0), family.intent(0)
    (2, ((0, 1),), ('frog',), ('swims', 'legs'))
    """

    context: FormalContext
    extents: Bool[np.ndarray, "k G"]
    """The objects of each concept; sorted by size and then lexicographically when the family is made."""
    what: str = "concepts"
    """Which concepts these are, in words."""
    delta: Int[np.ndarray, "_k"] | None = None
    """What each further step costs at least, where the family is one of stable concepts."""
    theta: int | None = None
    """The least delta of the family, where it is one of stable concepts."""

    def __post_init__(self) -> None:
        """Sort by size, and refuse what does not fit the context."""
        check_fields(self, "the family")
        object.__setattr__(self, "extents", as_mask(self.extents, "the extents"))
        if self.extents.shape[1] != len(self.context.objects):
            raise InvalidInput(
                f"the extents are over {self.extents.shape[1]} objects, "
                f"the context has {len(self.context.objects)}"
            )
        if self.delta is not None and len(self.delta) != len(self.extents):
            raise InvalidInput(f"{len(self.delta)} deltas do not fit {len(self.extents)} concepts")
        keys = [tuple(np.flatnonzero(row).tolist()) for row in self.extents]
        order = sorted(range(len(keys)), key=lambda i: (len(keys[i]), keys[i]))
        object.__setattr__(self, "extents", self.extents[order])
        if self.delta is not None:
            object.__setattr__(self, "delta", self.delta[order])

    def __len__(self) -> int:
        return len(self.extents)

    @cached_property
    def intents(self) -> Bool[np.ndarray, "k M"]:
        """The attributes of each concept."""
        intents = np.zeros((len(self), len(self.context.attributes)), dtype=bool)
        for line, extent in zip(intents, self.extents, strict=True):
            line[:] = self.context.intent_mask(extent)
        return intents

    def extent(self, index: int) -> tuple[str, ...]:
        """Return the objects of a concept."""
        return labels_where(self.context.objects, self.extents[index])

    def intent(self, index: int) -> tuple[str, ...]:
        """Return the attributes of a concept."""
        return labels_where(self.context.attributes, self.context.intent_mask(self.extents[index]))

    @cached_property
    def upper(self) -> tuple[tuple[int, ...], ...]:
        """The concepts of the family that cover each concept."""
        above = _above(self.extents)
        rows: list[tuple[int, ...]] = []
        for i in range(len(self)):
            left, covers = above[i], list[int]()
            # By growing extent the lowest bit is minimal among what is left.
            while left:
                j = (left & -left).bit_length() - 1
                covers.append(j)
                left &= ~(above[j] | 1 << j)
            rows.append(tuple(covers))
        return tuple(rows)

    @property
    def covers(self) -> tuple[tuple[int, int], ...]:
        """The pairs (lower, upper) of the line diagram."""
        return tuple((i, j) for i, row in enumerate(self.upper) for j in row)

    @cached_property
    def object_labels(self) -> tuple[tuple[str, ...], ...]:
        """Each object stands at every least concept of the family whose extent holds it."""
        return self._labels(self.context.objects, self.extents, least=True)

    @cached_property
    def attribute_labels(self) -> tuple[tuple[str, ...], ...]:
        """Each attribute stands at every greatest concept of the family whose intent holds it."""
        return self._labels(self.context.attributes, self.intents, least=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the concepts, covers and labels as JSON-ready lists."""
        return {
            "kind": "concept_family",
            "version": 1,
            "what": self.what,
            "theta": self.theta,
            "objects": list(self.context.objects),
            "attributes": list(self.context.attributes),
            "extents": [np.flatnonzero(row).tolist() for row in self.extents],
            "intents": [np.flatnonzero(row).tolist() for row in self.intents],
            "delta": None if self.delta is None else self.delta.tolist(),
            "covers": [list(pair) for pair in self.covers],
            "object_labels": [list(names) for names in self.object_labels],
            "attribute_labels": [list(names) for names in self.attribute_labels],
        }

    def __repr__(self) -> str:
        return short_text(f"ConceptFamily of {len(self)} concepts: {self.what}")

    def _labels(
        self, names: Sequence[str], inside: Bool[np.ndarray, "k n"], *, least: bool
    ) -> tuple[tuple[str, ...], ...]:
        above = _above(self.extents)
        rows: list[list[str]] = [[] for _ in range(len(self))]
        for name, column in zip(names, inside.T, strict=True):
            having = np.flatnonzero(column).tolist()
            there = as_integer(column)
            if least:
                # Not least: something below it holds the name too.
                covered = 0
                for i in having:
                    covered |= above[i]
                ends = [i for i in having if not covered >> i & 1]
            else:
                ends = [i for i in having if not above[i] & there]
            for i in ends:
                rows[i].append(name)
        return tuple(tuple(row) for row in rows)


@checked_arguments()
def aoc_poset(context: FormalContext) -> ConceptFamily:
    """Return the concepts of single attributes and of single objects, ordered: every label has its node.

    Examples
    --------
    >>> cube = FormalContext.from_array(~np.eye(3, dtype=bool))
    >>> len(aoc_poset(cube))
    6
    """
    clarified = context.clarify()
    crosses = clarified.context.incidence
    # The extent of an object's concept: the objects that have all its attributes.
    extents = np.concatenate([crosses.T, included(crosses, crosses)])[:, clarified.object_class]
    return ConceptFamily(context, merged(extents)[0], "attribute and object concepts")


def _above(extents: Bool[np.ndarray, "k G"]) -> list[int]:
    """Return for every extent the properly greater ones, as an integer."""
    rows: list[int] = []
    for start in range(0, len(extents), 1024):
        part = included(extents[start : start + 1024], extents)
        part[np.arange(len(part)), start + np.arange(len(part))] = False
        rows.extend(as_integer(row) for row in part)
    return rows
