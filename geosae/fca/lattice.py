"""The concept lattice of a formal context: concepts, order, meets, joins and covers, in a frozen record.

B. Ganter and R. Wille, Formal Concept Analysis, Springer 1999, doi:10.1007/978-3-642-59830-2.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from geosae.errors import InvalidInput
from geosae.fca import _check
from geosae.fca._rows import BitRows, ListRows, Rows, lists_of, sizes_of, transpose
from geosae.fca.bitsets import as_integer
from geosae.fca.context import FormalContext, label_mask
from geosae.fca.families import ConceptFamily
from geosae.notebook import MOST_ROWS, Columns, html_table, short_list


@dataclass(frozen=True, eq=False)
class ConceptLattice:
    """All formal concepts of a context, by growing extent: number 0 is the bottom, the last one the top.

    Examples
    --------
    >>> from geosae.fca import concept_lattice
    >>> animals = FormalContext.from_array([[True, True], [True, False]], ["frog", "fish"], ["swims", "legs"])
    >>> lattice = concept_lattice(animals)
    >>> [(c.extent, c.intent) for c in lattice]
    [(('frog',), ('swims', 'legs')), (('frog', 'fish'), ('swims',))]
    >>> lattice[0] <= lattice[1], (lattice[0] | lattice[1]).extent
    (True, ('frog', 'fish'))
    """

    context: FormalContext
    extents: Sequence[tuple[int, ...]]
    """Object indices of each concept, by size and then lexicographically by the context's shorter side.

    Built lattices store bits and make tuples on demand; iterating makes many at once."""
    intents: Sequence[tuple[int, ...]]
    """Attribute indices of each concept."""
    upper: Sequence[tuple[int, ...]]
    """The concepts that cover each concept: its next greater ones."""

    def __len__(self) -> int:
        return len(self.extents)

    def __iter__(self) -> Iterator["Concept"]:
        return (Concept(self, i) for i in range(len(self)))

    def __getitem__(self, index: int) -> "Concept":
        return Concept(self, range(len(self))[index])

    @cached_property
    def lower(self) -> Sequence[tuple[int, ...]]:
        """The concepts that each concept covers: its next smaller ones."""
        return ListRows(*transpose(*lists_of(self.upper)))

    @cached_property
    def covers(self) -> tuple[tuple[int, int], ...]:
        """The pairs (lower, upper) of the line diagram; `cover_count` is their number without making them."""
        return tuple((i, j) for i, above in enumerate(self.upper) for j in above)

    @property
    def cover_count(self) -> int:
        """The number of covers."""
        return int(sizes_of(self.upper).sum())

    @cached_property
    def extent_sizes(self) -> Int[np.ndarray, "m"]:
        """The number of objects of each concept, its support."""
        return sizes_of(self.extents)

    @cached_property
    def intent_sizes(self) -> Int[np.ndarray, "m"]:
        """The number of attributes of each concept."""
        return sizes_of(self.intents)

    @property
    def top(self) -> "Concept":
        """The concept of all objects; its intent may be non-empty."""
        return self[len(self) - 1]

    @property
    def bottom(self) -> "Concept":
        """The concept of all attributes; its extent may be non-empty."""
        return self[0]

    def leq(self, i: int, j: int) -> bool:
        """Tell whether concept i lies below or at concept j: extent within extent."""
        low, high = (i, j) if self._short_objects else (j, i)
        return not self._short_masks[low] & ~self._short_masks[high]

    def meet(self, i: int, j: int) -> int:
        """Return the greatest concept below both: the one of the extents' intersection."""
        if self._short_objects:
            return self._by_short[self._short_masks[i] & self._short_masks[j]]
        return self._concept_of(_both(self.extents, i, j, len(self.context.objects)), objects=True)

    def join(self, i: int, j: int) -> int:
        """Return the least concept above both: the one of the intents' intersection."""
        if not self._short_objects:
            return self._by_short[self._short_masks[i] & self._short_masks[j]]
        return self._concept_of(_both(self.intents, i, j, len(self.context.attributes)), objects=False)

    def of_objects(self, objects: Iterable[str | int]) -> "Concept":
        """Return the least concept whose extent holds the objects.

        Raises
        ------
        InvalidInput
            If one is not there, or its label names several.
        """
        return self.of_attributes(self.context.intent(objects))

    def of_attributes(self, attributes: Iterable[str | int]) -> "Concept":
        """Return the greatest concept whose intent holds the attributes.

        Raises
        ------
        InvalidInput
            If one is not there, or its label names several.
        """
        extent = self.context.extent_mask(label_mask(attributes, self.context.attributes, "attribute"))
        return self[self._concept_of(extent, objects=True)]

    @cached_property
    def object_labels(self) -> tuple[tuple[str, ...], ...]:
        """Reduced labels: each object stands only at the least concept whose extent holds it."""
        rows = self.context.incidence
        return self._labels([self._concept_of(r, objects=False) for r in rows], self.context.objects)

    @cached_property
    def attribute_labels(self) -> tuple[tuple[str, ...], ...]:
        """Reduced labels: each attribute stands only at the greatest concept whose intent holds it."""
        columns = self.context.incidence.T
        return self._labels([self._concept_of(c, objects=True) for c in columns], self.context.attributes)

    def iceberg(self, min_support: int) -> ConceptFamily:
        """Return the concepts of at least so many objects, an upper part of the lattice.

        For contexts whose whole lattice is too large, `geosae.fca.iceberg` finds them without it.
        """
        frequent = np.flatnonzero(self.extent_sizes >= min_support)
        return self.family(frequent, f"at least {min_support} objects")

    def family(self, indices: Int[np.ndarray, "k"], what: str = "chosen concepts") -> ConceptFamily:
        """Return some of the concepts as an ordered family."""
        extents = np.zeros((len(indices), len(self.context.objects)), dtype=bool)
        for extent, i in zip(extents, np.sort(indices).tolist(), strict=True):
            extent[list(self.extents[i])] = True
        return ConceptFamily(self.context, extents, what)

    def check(self) -> "ConceptLattice":
        """Verify from the context alone that the concepts are right and complete, and the covers too.

        Raises
        ------
        InvalidInput
            If a pair is no concept, one is missing or out of order, or a cover is wrong.
        """
        violation = _check.invariant_violation(self.context.incidence, self.extents, self.intents, self.upper)
        if violation:
            raise InvalidInput(f"this is not the concept lattice of its context: {violation}")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the context, concepts, covers and reduced labels as JSON-ready lists."""
        return {
            "kind": "concept_lattice",
            "version": 1,
            "objects": list(self.context.objects),
            "attributes": list(self.context.attributes),
            "rows": [np.flatnonzero(row).tolist() for row in self.context.incidence],
            "extents": [list(extent) for extent in self.extents],
            "intents": [list(intent) for intent in self.intents],
            "covers": [list(pair) for pair in self.covers],
            "object_labels": [list(names) for names in self.object_labels],
            "attribute_labels": [list(names) for names in self.attribute_labels],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "ConceptLattice":
        """Read what `to_dict` wrote, and check it against its context.

        Raises
        ------
        InvalidInput
            If parts are missing, or the lattice is not that of its context.
        """
        if value.get("kind") != "concept_lattice" or value.get("version") != 1:
            raise InvalidInput(f"this is no concept lattice of version 1 but {value.get('kind')!r}")
        try:
            objects, attributes = tuple(value["objects"]), tuple(value["attributes"])
            incidence = np.zeros((len(objects), len(attributes)), dtype=bool)
            for g, row in enumerate(value["rows"]):
                incidence[g, row] = True
            upper: list[list[int]] = [[] for _ in value["extents"]]
            for low, high in value["covers"]:
                upper[low].append(high)
            return cls(
                FormalContext(objects, attributes, incidence),
                tuple(tuple(extent) for extent in value["extents"]),
                tuple(tuple(intent) for intent in value["intents"]),
                tuple(tuple(row) for row in upper),
            ).check()
        except (KeyError, IndexError, TypeError) as error:
            raise InvalidInput(f"the lattice cannot be read: {error!r}", causes="a truncated file") from error

    def __repr__(self) -> str:
        context = self.context
        return (
            f"ConceptLattice of {len(self)} concepts and {self.cover_count} covers "
            f"({len(context.objects)} objects × {len(context.attributes)} attributes)"
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self._columns(min(len(self), MOST_ROWS)), len(self))

    def columns(self) -> Columns:
        """Return the concepts as columns, in their order: sizes, and the labels of extent and intent.

        Examples
        --------
        >>> from geosae.fca import concept_lattice
        >>> lattice = concept_lattice(FormalContext.from_array([[True, True], [True, False]]))
        >>> lattice.columns()["extent"], lattice.columns()["intent_size"].tolist()
        ([['g0'], ['g0', 'g1']], [2, 1])
        """
        return self._columns(len(self))

    def _columns(self, count: int) -> Columns:
        concepts = [self[i] for i in range(count)]
        return {
            "concept": np.arange(count),
            "extent_size": np.array([len(c.extent) for c in concepts], dtype=np.int64),
            "intent_size": np.array([len(c.intent) for c in concepts], dtype=np.int64),
            "extent": [list(c.extent) for c in concepts],
            "intent": [list(c.intent) for c in concepts],
        }

    @cached_property
    def _short_objects(self) -> bool:
        if isinstance(self.extents, Rows):
            return isinstance(self.extents, BitRows)
        return len(self.context.objects) <= len(self.context.attributes)

    @cached_property
    def _short_masks(self) -> tuple[int, ...]:
        """The shorter side of each concept as an integer."""
        rows = self.extents if self._short_objects else self.intents
        return rows.masks() if isinstance(rows, BitRows) else tuple(_check.pack(row) for row in rows)

    @cached_property
    def _by_short(self) -> dict[int, int]:
        return {mask: i for i, mask in enumerate(self._short_masks)}

    def _concept_of(self, inside: Bool[np.ndarray, "k"], *, objects: bool) -> int:
        """Return the concept whose extent (or intent) is the closure of the objects (or attributes)."""
        if objects:
            inside = self.context.intent_mask(inside)
            short = self.context.extent_mask(inside) if self._short_objects else inside
        else:
            inside = self.context.extent_mask(inside)
            short = inside if self._short_objects else self.context.intent_mask(inside)
        return self._by_short[as_integer(short)]

    def _labels(self, concepts: list[int], names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """Return the names of each concept, given the concept of each name."""
        rows: list[list[str]] = [[] for _ in self.extents]
        for concept, name in zip(concepts, names, strict=True):
            rows[concept].append(name)
        return tuple(tuple(row) for row in rows)


def _both(rows: Sequence[tuple[int, ...]], i: int, j: int, size: int) -> Bool[np.ndarray, "k"]:
    mask = np.zeros(size, dtype=bool)
    mask[list(set(rows[i]) & set(rows[j]))] = True
    return mask


@dataclass(frozen=True, eq=False, repr=False)
class Concept:
    """One concept of a lattice; `<=`, `&` and `|` are its order, meet and join."""

    lattice: ConceptLattice
    index: int

    @property
    def extent(self) -> tuple[str, ...]:
        """The objects that have every attribute of the intent."""
        return tuple(self.lattice.context.objects[g] for g in self.lattice.extents[self.index])

    @property
    def intent(self) -> tuple[str, ...]:
        """The attributes that every object of the extent has."""
        return tuple(self.lattice.context.attributes[m] for m in self.lattice.intents[self.index])

    @property
    def upper(self) -> tuple["Concept", ...]:
        """The concepts that cover this one."""
        return tuple(Concept(self.lattice, j) for j in self.lattice.upper[self.index])

    @property
    def lower(self) -> tuple["Concept", ...]:
        """The concepts that this one covers."""
        return tuple(Concept(self.lattice, j) for j in self.lattice.lower[self.index])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Concept):
            return NotImplemented
        return self.lattice is other.lattice and self.index == other.index

    def __hash__(self) -> int:
        return hash((id(self.lattice), self.index))

    def __le__(self, other: "Concept") -> bool:
        return self.lattice.leq(self.index, self._sibling(other))

    def __lt__(self, other: "Concept") -> bool:
        return self.index != self._sibling(other) and self <= other

    def __and__(self, other: "Concept") -> "Concept":
        return Concept(self.lattice, self.lattice.meet(self.index, self._sibling(other)))

    def __or__(self, other: "Concept") -> "Concept":
        return Concept(self.lattice, self.lattice.join(self.index, self._sibling(other)))

    def __repr__(self) -> str:
        return f"Concept({{{short_list(self.extent, 150)}}}, {{{short_list(self.intent, 150)}}})"

    def _sibling(self, other: "Concept") -> int:
        if other.lattice is not self.lattice:
            raise InvalidInput("these concepts belong to two lattices", remedy="compare extents instead")
        return other.index
