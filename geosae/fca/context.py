"""Formal contexts: which object has which attribute, and smaller contexts with the same concept lattice.

B. Ganter and R. Wille, Formal Concept Analysis, Springer 1999, doi:10.1007/978-3-642-59830-2, section 1.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from geosae.errors import InvalidInput
from geosae.fca import formats
from geosae.fca.relations import irreducible, merged
from geosae.notebook import Columns, distinct, html_table, short_list, short_repr
from geosae.storage.files import write_atomic
from geosae.storage.names import admit_names
from geosae.storage.tables import decode
from geosae.validation import as_mask


@dataclass(frozen=True, eq=False)
class FormalContext:
    """A relation between objects and attributes, with the two derivation operators (theory §7).

    Labels are texts and may repeat; one that repeats cannot name an object or an attribute, its index can.

    Examples
    --------
    >>> crosses = [[True, True], [True, False]]
    >>> context = FormalContext.from_array(crosses, ["frog", "fish"], ["swims", "walks"])
    >>> context.intent(["frog", "fish"]), context.extent(["walks"])
    (('swims',), ('frog',))
    >>> context.closure(["fish"])
    ('frog', 'fish')
    """

    objects: tuple[str, ...]
    attributes: tuple[str, ...]
    incidence: Bool[np.ndarray, "G M"]

    def __post_init__(self) -> None:
        """Check that labels and crosses agree."""
        object.__setattr__(self, "objects", admit_names(self.objects, "the objects"))
        object.__setattr__(self, "attributes", admit_names(self.attributes, "the attributes"))
        shape = (len(self.objects), len(self.attributes))
        incidence = _crosses(self.incidence)
        if incidence.shape != shape:
            raise InvalidInput(
                f"the crosses have shape {incidence.shape}, the labels {shape} (objects, attributes)",
                causes="a transposed matrix",
            )
        object.__setattr__(self, "incidence", incidence)

    @classmethod
    def from_array(
        cls,
        crosses: Any,
        objects: Iterable[Any] | None = None,
        attributes: Iterable[Any] | None = None,
    ) -> "FormalContext":
        """Build a context from a matrix of true and false, or 1 and 0.

        Labels left out become g0, g1, … and m0, m1, … in order.

        Raises
        ------
        InvalidInput
            If the matrix has not two axes, is not boolean, or the labels do not fit it or are no texts.

        Examples
        --------
        >>> FormalContext.from_array([[True]]).objects
        ('g0',)
        """
        matrix = _crosses(crosses)
        rows = [f"g{i}" for i in range(matrix.shape[0])] if objects is None else objects
        columns = [f"m{i}" for i in range(matrix.shape[1])] if attributes is None else attributes
        return cls(admit_names(rows, "the objects"), admit_names(columns, "the attributes"), matrix)

    def intent_mask(self, objects: Bool[np.ndarray, "G"]) -> Bool[np.ndarray, "M"]:
        """Return which attributes all the given objects have (all attributes, for no object)."""
        return np.asarray(self.incidence[objects].all(axis=0))

    def extent_mask(self, attributes: Bool[np.ndarray, "M"]) -> Bool[np.ndarray, "G"]:
        """Return which objects have all the given attributes (all objects, for no attribute)."""
        return np.asarray(self.incidence[:, attributes].all(axis=1))

    def intent(self, objects: Iterable[str | int]) -> tuple[str, ...]:
        """Return the attributes that all the given objects have, the derivation of a set of objects.

        Raises
        ------
        InvalidInput
            If an object is not there, or its label names several.

        Examples
        --------
        >>> FormalContext.from_array([[True, False]]).intent([])
        ('m0', 'm1')
        """
        return labels_where(self.attributes, self.intent_mask(label_mask(objects, self.objects, "object")))

    def extent(self, attributes: Iterable[str | int]) -> tuple[str, ...]:
        """Return the objects that have all the given attributes, the derivation of a set of attributes.

        Raises
        ------
        InvalidInput
            If an attribute is not there, or its label names several.

        Examples
        --------
        >>> FormalContext.from_array([[True, False], [True, True]]).extent(["m1"])
        ('g1',)
        """
        return labels_where(
            self.objects, self.extent_mask(label_mask(attributes, self.attributes, "attribute"))
        )

    def closure(self, objects: Iterable[str | int]) -> tuple[str, ...]:
        """Return the smallest extent that holds the given objects.

        Labels and errors are those of `intent`.

        Examples
        --------
        >>> FormalContext.from_array([[True, False], [True, True]]).closure(["g0"])
        ('g0', 'g1')
        """
        common = self.intent_mask(label_mask(objects, self.objects, "object"))
        return labels_where(self.objects, self.extent_mask(common))

    def attribute_closure(self, attributes: Iterable[str | int]) -> tuple[str, ...]:
        """Return the smallest intent that holds the given attributes.

        Labels and errors are those of `extent`.

        Examples
        --------
        >>> FormalContext.from_array([[True, False], [True, True]]).attribute_closure(["m1"])
        ('m0', 'm1')
        """
        having = self.extent_mask(label_mask(attributes, self.attributes, "attribute"))
        return labels_where(self.attributes, self.intent_mask(having))

    def __repr__(self) -> str:
        return (
            f"FormalContext of {len(self.objects):,} objects × {len(self.attributes):,} attributes with "
            f"{np.count_nonzero(self.incidence):,} crosses; objects: {short_list(self.objects, 120)}; "
            f"attributes: {short_list(self.attributes, 120)}"
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the cross table as columns: the objects' labels, then true and false for each attribute.

        A label that repeats gets a number, so that every column has a name of its own.

        Examples
        --------
        >>> table = FormalContext.from_array([[1, 0], [1, 1]], ["frog", "fish"], ["swims", "swims"]).columns()
        >>> list(table), table["object"], table["swims (2)"].tolist()
        (['object', 'swims', 'swims (2)'], ['frog', 'fish'], [False, True])
        """
        names = distinct(self.attributes, taken=["object"])
        crosses = zip(names, self.incidence.T, strict=True)
        return {"object": list(self.objects), **{name: column.copy() for name, column in crosses}}

    def clarify(self) -> "Clarified":
        """Merge equal objects and equal attributes; the lattice stays the same, and the counts are kept.

        Examples
        --------
        >>> context = FormalContext.from_array([[True, True], [True, True], [False, False]])
        >>> print(context.clarify())
        3 objects are 2 classes, 2 attributes are 1
        """
        distinct_rows, object_class = merged(self.incidence)
        distinct_columns, attribute_class = merged(distinct_rows.T)
        first_objects = np.unique(object_class, return_index=True)[1]
        first_attributes = np.unique(attribute_class, return_index=True)[1]
        context = FormalContext(
            tuple(self.objects[g] for g in first_objects),
            tuple(self.attributes[m] for m in first_attributes),
            distinct_columns.T,
        )
        return Clarified(context, object_class, attribute_class)

    def reduce(self) -> "FormalContext":
        """Return the context of the irreducible objects and attributes: its lattice is isomorphic.

        An attribute is reducible if its extent is the intersection of the extents of others that are greater
        (a full column is the empty intersection), and likewise an object. Clarifies first.

        Examples
        --------
        >>> crosses = [[True, True, True], [True, False, False], [False, True, False]]
        >>> FormalContext.from_array(crosses).reduce().attributes
        ('m0', 'm1')
        """
        small = self.clarify().context
        rows, columns = irreducible(small.incidence), irreducible(small.incidence.T)
        return FormalContext(
            labels_where(small.objects, rows),
            labels_where(small.attributes, columns),
            small.incidence[np.ix_(rows, columns)],
        )

    @classmethod
    def read(cls, path: Path | str) -> "FormalContext":
        """Read Burmeister's .cxt (.ctx), a .csv table, .json as `concepts` writes it, or .fimi (.dat) items.

        Texts may be UTF-8, UTF-16 with its mark, or latin-1; tables may be delimited by , ; tab or |.

        Raises
        ------
        InvalidInput
            If there is no such file, its extension names no format, or its text is wrong; the line is named.
        """
        file = Path(path)
        kind = formats.format_of(file)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise InvalidInput(f"{file} cannot be read: {error}", remedy="check the path") from error
        return cls(*formats.PARSERS[kind](decode(data, file.name), file.name))

    def write(self, path: Path | str) -> None:
        """Write .cxt (.ctx), .csv, .json or .fimi (.dat), as UTF-8, whole or not at all.

        Item sets (.fimi) hold crosses only: labels are lost, and attributes after the last cross too.

        Raises
        ------
        InvalidInput
            If the extension names no format, or a label holds a line break (.cxt).
        """
        file = Path(path)
        kind = formats.format_of(file)
        raw = formats.RawContext(self.objects, self.attributes, self.incidence)
        write_atomic(file, formats.RENDERERS[kind](raw).encode())


@dataclass(frozen=True, eq=False)
class Clarified:
    """A context without equal rows and columns, and which of the original ones each stands for.

    Examples
    --------
    >>> clarified = FormalContext.from_array([[True, True], [True, True], [False, False]]).clarify()
    >>> clarified.context.incidence.tolist()
    [[True], [False]]
    >>> clarified.object_weights.tolist(), clarified.attribute_weights.tolist()
    ([2, 1], [2])
    """

    context: FormalContext
    """One object and one attribute per class: the first one, under its own label."""
    object_class: Int[np.ndarray, "G"]
    """The row of `context` that each original object became."""
    attribute_class: Int[np.ndarray, "M"]
    """The column of `context` that each original attribute became."""

    __repr__ = short_repr

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


def label_mask(items: Iterable[str | int], labels: tuple[str, ...], kind: str) -> Bool[np.ndarray, "K"]:
    """Return which labels are meant by items, each of them a label or an index; `kind` is for the errors.

    Raises
    ------
    InvalidInput
        If an item is not there, or is a label that repeats.

    Examples
    --------
    >>> label_mask(["frog", 1], ("frog", "fish", "fish"), "object").tolist()
    [True, True, False]
    """
    mask = np.zeros(len(labels), dtype=bool)
    for item in items:
        mask[_position(item, labels, kind)] = True
    return mask


def _position(item: str | int, labels: tuple[str, ...], kind: str) -> int:
    if isinstance(item, int):
        if not 0 <= item < len(labels):
            raise InvalidInput(f"there is no {kind} number {item}; there are {len(labels)}")
        return item
    if labels.count(item) > 1:
        raise InvalidInput(f"{labels.count(item)} {kind}s are called {item!r}", remedy="name it by its index")
    if item not in labels:
        raise InvalidInput(f"there is no {kind} {item!r}", causes="a misspelt label")
    return labels.index(item)


def labels_where(labels: tuple[str, ...], mask: Bool[np.ndarray, "K"]) -> tuple[str, ...]:
    """Return the labels at which the mask is true.

    Examples
    --------
    >>> labels_where(("frog", "fish"), np.array([False, True]))
    ('fish',)
    """
    return tuple(labels[i] for i in np.flatnonzero(mask).tolist())


def _crosses(values: Any) -> Bool[np.ndarray, "G M"]:
    # A copy: a context stays as it was when the caller's matrix changes.
    return as_mask(values, "the incidence").copy()
