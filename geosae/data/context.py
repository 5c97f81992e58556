"""Formal contexts (Ganter & Wille, Formal Concept Analysis, 1999): objects, attributes, and who has which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, UInt64

from geosae.data import formats
from geosae.data.bits import pack_words
from geosae.data.files import write_atomic
from geosae.geometry._door import InvalidInput

if TYPE_CHECKING:
    from geosae.data.clarify import Clarified
    from geosae.data.family import ConceptFamily


@dataclass(frozen=True, eq=False)
class FormalContext:
    """A relation between objects and attributes, with the two derivation operators (theory §7).

    Labels may repeat; a label that repeats is refused where it is used to name something, an index is not.

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
        """Check at the door that labels and crosses agree."""
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
        objects: Sequence[str] | None = None,
        attributes: Sequence[str] | None = None,
    ) -> "FormalContext":
        """Build a context from a matrix of true and false, or 1 and 0.

        Labels left out become g0, g1, … and m0, m1, … in order.

        Raises
        ------
        InvalidInput
            If the matrix has not two axes, is not boolean, or the labels do not fit it.

        Examples
        --------
        >>> FormalContext.from_array([[True]]).objects
        ('g0',)
        """
        matrix = _crosses(crosses)
        rows = [f"g{i}" for i in range(matrix.shape[0])] if objects is None else objects
        columns = [f"m{i}" for i in range(matrix.shape[1])] if attributes is None else attributes
        return cls(tuple(rows), tuple(columns), matrix)

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
        return _pick(self.attributes, self.intent_mask(_mask(objects, self.objects, "object")))

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
        return _pick(self.objects, self.extent_mask(_mask(attributes, self.attributes, "attribute")))

    def closure(self, objects: Iterable[str | int]) -> tuple[str, ...]:
        """Return the smallest extent that holds the given objects.

        Labels and errors are those of `intent`.

        Examples
        --------
        >>> FormalContext.from_array([[True, False], [True, True]]).closure(["g0"])
        ('g0', 'g1')
        """
        common = self.intent_mask(_mask(objects, self.objects, "object"))
        return _pick(self.objects, self.extent_mask(common))

    def attribute_closure(self, attributes: Iterable[str | int]) -> tuple[str, ...]:
        """Return the smallest intent that holds the given attributes.

        Labels and errors are those of `extent`.

        Examples
        --------
        >>> FormalContext.from_array([[True, False], [True, True]]).attribute_closure(["m1"])
        ('m0', 'm1')
        """
        having = self.extent_mask(_mask(attributes, self.attributes, "attribute"))
        return _pick(self.attributes, self.intent_mask(having))

    @cached_property
    def rows(self) -> UInt64[np.ndarray, "G w"]:
        """The crosses of each object as 64-bit words, attribute j at bit j % 64 of word j // 64."""
        return pack_words(self.incidence)

    @cached_property
    def columns(self) -> UInt64[np.ndarray, "M v"]:
        """The crosses of each attribute as 64-bit words."""
        return pack_words(self.incidence.T)

    def clarify(self) -> "Clarified":
        """Merge equal objects and equal attributes; the record keeps how many each stands for."""
        from geosae.data.clarify import clarified

        return clarified(self)

    def reduce(self) -> "FormalContext":
        """Return the context of the irreducible objects and attributes, whose lattice is isomorphic."""
        from geosae.data.clarify import reduced

        return reduced(self)

    def aoc_poset(self) -> "ConceptFamily":
        """Return the concepts of single objects and single attributes, ordered."""
        from geosae.data.aoc import aoc_poset

        return aoc_poset(self)

    @classmethod
    def read(cls, path: Path | str) -> "FormalContext":
        """Read a Burmeister .cxt, a .csv table, .json as `concepts` writes it, or .fimi (.dat) item sets.

        Raises
        ------
        InvalidInput
            If there is no such file, its extension names no format, or its text is wrong; the line is named.
        """
        place = Path(path)
        kind = formats.format_of(place)
        try:
            text = formats.decode(place.read_bytes())
        except OSError as error:
            raise InvalidInput(f"{place} cannot be read: {error}", remedy="check the path") from error
        return cls(*formats.PARSERS[kind](text, place.name))

    def write(self, path: Path | str) -> None:
        """Write .cxt, .csv, .json or .fimi (.dat), as UTF-8, whole or not at all.

        Item sets (.fimi) hold crosses only: labels are lost, and attributes after the last cross too.

        Raises
        ------
        InvalidInput
            If the extension names no format, or a label holds a line break (.cxt).
        """
        place = Path(path)
        kind = formats.format_of(place)
        raw = formats.RawContext(self.objects, self.attributes, self.incidence)
        write_atomic(place, formats.RENDERERS[kind](raw).encode())


def _crosses(values: Any) -> Bool[np.ndarray, "G M"]:
    matrix = np.asarray(values)
    if matrix.ndim != 2:
        raise InvalidInput(f"crosses have shape {matrix.shape}, not (objects, attributes)")
    if matrix.dtype != np.bool_ and (matrix.dtype.kind not in "iu" or not np.isin(matrix, (0, 1)).all()):
        raise InvalidInput(f"crosses must be true or false, or 1 or 0, and they are {matrix.dtype}")
    return matrix.astype(bool, copy=False)


def _pick(labels: tuple[str, ...], mask: Bool[np.ndarray, "K"]) -> tuple[str, ...]:
    return tuple(label for label, chosen in zip(labels, mask.tolist(), strict=True) if chosen)


def _mask(chosen: Iterable[str | int], labels: tuple[str, ...], what: str) -> Bool[np.ndarray, "K"]:
    mask = np.zeros(len(labels), dtype=bool)
    for item in chosen:
        mask[_position(item, labels, what)] = True
    return mask


def _position(item: str | int, labels: tuple[str, ...], what: str) -> int:
    if isinstance(item, int):
        if not 0 <= item < len(labels):
            raise InvalidInput(f"there is no {what} number {item}; there are {len(labels)}")
        return item
    if labels.count(item) > 1:
        raise InvalidInput(f"{labels.count(item)} {what}s are called {item!r}", remedy="name it by its index")
    if item not in labels:
        raise InvalidInput(f"there is no {what} {item!r}", causes="a misspelt label")
    return labels.index(item)
