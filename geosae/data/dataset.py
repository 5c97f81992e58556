"""A data set of concepts as sets of points, the form in which every world and every real source is read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.data.order import subset_order
from geosae.data.split import split_rows
from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Measure
from geosae.geometry.regions.registry import Region
from geosae.notebook import Columns, html_table, short_list
from geosae.storage.files import content_hash
from geosae.storage.names import admit_names
from geosae.storage.records import checked_types
from geosae.validation import as_array, as_mask, finite_points, whole_number

_CHECKED = ("regions", "ambient", "truth", "declared_subsets", "seed", "allow_trivial")
"""Fields that are checked by their types alone."""


def admit(dataset: "ConceptDataset") -> None:
    """Check a data set and bring its fields into their exact types.

    Raises
    ------
    InvalidInput
        If anything in it is not as its docstring promises.
    """
    points = admit_points(dataset.points)
    membership = admit_membership(dataset.membership, points.shape[0])
    names = _names(dataset.names, membership.shape[1])
    for name, value in checked_types(
        {name: getattr(dataset, name) for name in _CHECKED}, type(dataset), "the data set"
    ).items():
        object.__setattr__(dataset, name, value)
    _check_dimensions(dataset, points, names)
    if not dataset.allow_trivial:
        _refuse_trivial(membership, names)
    _check_subsets(dataset, membership, names)
    changed: dict[str, Any] = {
        "points": points,
        "membership": membership,
        "names": names,
        "directions": None
        if dataset.directions is None
        else admit_directions(dataset.directions, points.shape[1], len(names)),
        "provenance": _plain(dataset.provenance),
    }
    for name, value in changed.items():
        object.__setattr__(dataset, name, value)


def admit_points(points: Any) -> Float[np.ndarray, "N n"]:
    """Return points as float32 or float64, C-ordered; float32 is kept without a wide copy."""
    array = as_array(points, "points")
    if array.dtype == np.float32 and array.ndim == 2 and array.size and np.isfinite(array).all():
        return np.ascontiguousarray(array)
    return np.ascontiguousarray(finite_points(points))


def admit_membership(membership: Any, size: int) -> Bool[np.ndarray, "N p"]:
    """Return membership as a C-ordered boolean array of `size` rows."""
    mask = as_mask(membership, "membership")
    if mask.shape[0] != size or mask.shape[1] == 0:
        raise InvalidInput(
            f"membership has shape {mask.shape} where ({size}, p) with p ≥ 1 concepts is needed",
            causes="a transposed table, or points and membership from different samples",
        )
    return np.ascontiguousarray(mask)


def _names(given: Iterable[str], concepts: int) -> tuple[str, ...]:
    names = admit_names(given, "the names of the concepts")
    if len(names) != concepts:
        raise InvalidInput(f"{len(names)} names for {concepts} concepts")
    earlier: set[str] = set()
    for position, name in enumerate(names):
        if not name.strip():
            raise InvalidInput(f"concept {position} has no name")
        if name in earlier:
            raise InvalidInput(f"two concepts are called {name!r}")
        earlier.add(name)
    return names


def _check_dimensions(
    dataset: "ConceptDataset", points: Float[np.ndarray, "N n"], names: tuple[str, ...]
) -> None:
    for field_name, entries in (("regions", dataset.regions), ("truth", dataset.truth)):
        if entries and len(entries) != len(names):
            raise InvalidInput(f"{field_name} has {len(entries)} entries for {len(names)} concepts")
    for name, region in zip(names, dataset.regions, strict=False):
        if region is not None and region.dim != points.shape[1]:
            raise InvalidInput(
                f"the region of {name!r} has dimension {region.dim}, the points have {points.shape[1]}"
            )
    if dataset.ambient is not None and dataset.ambient.dim != points.shape[1]:
        raise InvalidInput(
            f"the ambient measure has dimension {dataset.ambient.dim}, the points have {points.shape[1]}"
        )


def _refuse_trivial(membership: Bool[np.ndarray, "N p"], names: tuple[str, ...]) -> None:
    sizes = np.count_nonzero(membership, axis=0)
    for name, size in zip(names, sizes.tolist(), strict=True):
        if size in (0, membership.shape[0]):
            raise InvalidInput(
                f"the concept {name!r} holds {'no point' if size == 0 else f'all {size} points'}",
                causes="a sample too small for a rare concept, or a column that says nothing",
                remedy="draw more points, leave the concept out, or (in Python) pass allow_trivial=True",
            )


def _check_subsets(
    dataset: "ConceptDataset", membership: Bool[np.ndarray, "N p"], names: tuple[str, ...]
) -> None:
    column = {name: position for position, name in enumerate(names)}
    for child, parent in dataset.declared_subsets:
        if child not in column or parent not in column:
            raise InvalidInput(f"{child!r} ⊂ {parent!r} is declared, and one of them is no concept here")
        outside = membership[:, column[child]] & ~membership[:, column[parent]]
        if outside.any():
            raise InvalidInput(
                f"{child!r} ⊂ {parent!r} is declared, but {np.count_nonzero(outside)} points of {child!r} "
                f"lie outside (first: row {int(outside.argmax())})"
            )


def admit_directions(directions: Any, dim: int, concepts: int) -> Float[np.ndarray, "p n"]:
    """Return ground-truth directions as float64, one row per concept."""
    array = finite_points(directions, "directions", dim=dim)
    if array.shape[0] != concepts:
        raise InvalidInput(f"{array.shape[0]} directions for {concepts} concepts")
    return np.ascontiguousarray(array)


def _plain(provenance: Any) -> dict[str, Any]:
    # Through JSON and back, so that what is in memory equals what a file gives back.
    try:
        return json.loads(json.dumps(dict(provenance), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"the provenance cannot be written as JSON: {error}",
            causes="numpy scalars, arrays, paths, NaN",
            remedy="convert with float(), int(), str() or .tolist()",
        ) from error


@dataclass(frozen=True, eq=False)
class ConceptDataset:
    """Points, the concepts they belong to, and what is known about those concepts.

    Attributes
    ----------
    points
        (N, n), float32 or float64; other numeric types are widened to float64. Not to be changed in place.
    membership
        (N, p): whether a point belongs to a concept.
    names
        One name per concept, all different.
    regions
        Empty, or for each concept its region in Rⁿ (None where there is none).
    ambient
        The measure ν that approximation is measured with, if there is one.
    truth
        Empty, or for each concept what is known of it in closed form.
    declared_subsets
        Pairs (child, parent) that must hold on the sample; checked when the data set is made.
    directions
        (p, n): ground-truth feature directions, for linear worlds.
    seed
        The seed the points were drawn with, if they were and it is known.
    provenance
        Where the data come from: JSON values only.
    allow_trivial
        Keep concepts that hold no point or every point, which are refused otherwise.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [2.0]])
    >>> membership = np.array([[True, True], [False, True], [False, False]])
    >>> data = ConceptDataset(points, membership, ("zero", "small"), declared_subsets=(("zero", "small"),))
    >>> data.dim, data.size, data.hierarchy.tolist()
    (1, 3, [[True, True], [False, True]])
    """

    points: Float[np.ndarray, "N n"]
    membership: Bool[np.ndarray, "N p"]
    names: tuple[str, ...]
    regions: tuple[Region | None, ...] = ()
    ambient: Measure | None = None
    truth: tuple[ConceptTruth | None, ...] = ()
    declared_subsets: tuple[tuple[str, str], ...] = ()
    directions: Float[np.ndarray, "p n"] | None = None
    seed: int | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])
    allow_trivial: bool = False

    def __post_init__(self) -> None:
        """Check every field and bring it into its exact type."""
        admit(self)

    @property
    def size(self) -> int:
        """The number N of points."""
        return self.points.shape[0]

    @property
    def dim(self) -> int:
        """The dimension n of the points."""
        return self.points.shape[1]

    def __repr__(self) -> str:
        sizes = f"{self.size:,} points in {self.dim:,} dimensions and {len(self.names):,} concepts"
        return f"ConceptDataset of {sizes}: {short_list(self.names)}"

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the concepts as columns: name, number of points, and share of all points.

        Examples
        --------
        >>> data = ConceptDataset(np.array([[0.0], [1.0]]), np.array([[True], [False]]), ("zero",))
        >>> data.columns()["concept"], data.columns()["share"].tolist()
        (['zero'], [0.5])
        """
        sizes = np.count_nonzero(self.membership, axis=0)
        return {"concept": list(self.names), "size": sizes, "share": sizes / self.size}

    @cached_property
    def hierarchy(self) -> Bool[np.ndarray, "p p"]:
        """The subset order on the sample: entry (i, j) says that concept i lies inside concept j."""
        return subset_order(self.membership)

    @property
    def content_hash(self) -> str:
        """SHA-256 over points, membership, directions and everything the card states."""
        return hash_of(self, self.card_text())

    def card_text(self) -> str:
        """Return what is not an array (names, regions, truth, provenance, …) as canonical JSON."""
        value = {
            "names": self.names,
            "regions": [None if region is None else region.to_dict() for region in self.regions],
            "ambient": None if self.ambient is None else self.ambient.to_dict(),
            "truth": [None if truth is None else truth.to_dict() for truth in self.truth],
            "declared_subsets": self.declared_subsets,
            "seed": self.seed,
            "provenance": self.provenance,
            "allow_trivial": self.allow_trivial,
        }
        return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)

    def index(self, concept: str | int) -> int:
        """Return the column of a concept given by name or number.

        Raises
        ------
        InvalidInput
            If there is no such concept.
        """
        if isinstance(concept, int) and 0 <= concept < len(self.names):
            return concept
        if concept in self.names:
            return self.names.index(concept)  # pyright: ignore[reportArgumentType]
        raise InvalidInput(
            f"there is no concept {concept!r}", remedy=f"the concepts are {', '.join(self.names[:12])}"
        )

    def concept(self, concept: str | int) -> Float[np.ndarray, "Nc n"]:
        """Return the points of a concept given by name or number.

        Raises
        ------
        InvalidInput
            If there is no such concept.
        """
        return self.points[self.membership[:, self.index(concept)]]

    def take(self, indices: Int[np.ndarray, "K"], *, allow_trivial: bool | None = None) -> "ConceptDataset":
        """Return the data set of the points with these indices, in their order.

        Its truth is that of the regions, which does not depend on the sample.

        Raises
        ------
        InvalidInput
            If a concept loses all its points, or holds all that are left, and `allow_trivial` is not set
            (left out, it is this data set's own).
        """
        allowed = self.allow_trivial if allow_trivial is None else allow_trivial
        return replace(
            self, points=self.points[indices], membership=self.membership[indices], allow_trivial=allowed
        )

    def split(
        self, test_share: float, rng: np.random.Generator, *, allow_trivial: bool | None = None
    ) -> tuple["ConceptDataset", "ConceptDataset"]:
        """Split the points at random into two independent parts: one to fit on, one to test on.

        The split is not stratified, so that the test points stay an independent sample (theory E2).

        Raises
        ------
        InvalidInput
            If the share leaves a part without points, or a concept is empty or everything in a part and
            `allow_trivial` is not set.
        """
        fit, test = split_rows(self.size, test_share, rng)
        return self.take(fit, allow_trivial=allow_trivial), self.take(test, allow_trivial=allow_trivial)

    def train_test_split(
        self, seed: int, train_share: float = 0.5
    ) -> tuple["ConceptDataset", "ConceptDataset"]:
        """Return the part that an SAE of this seed learns from, and the part it never sees (theory E2)."""
        return self.split(
            1 - train_share, np.random.default_rng([whole_number(seed, "the seed"), 1]), allow_trivial=True
        )


def hash_of(dataset: ConceptDataset, card_text: str) -> str:
    """Return the content hash of these arrays under this card."""
    directions = b"none" if dataset.directions is None else dataset.directions
    return content_hash(card_text, dataset.points, dataset.membership, directions)
