"""A data set of concepts as sets of points: what every world and every real source hands to the library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.data import _admission
from geosae.data.files import content_hash
from geosae.data.order import subset_order
from geosae.data.truth import ConceptTruth
from geosae.geometry._door import InvalidInput
from geosae.geometry.measures import Measure
from geosae.geometry.sets import Region


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
        Pairs (child, parent) that must hold on the sample; checked at the door.
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
        """Check everything at the door."""
        _admission.admit(self)

    @property
    def size(self) -> int:
        """The number N of points."""
        return self.points.shape[0]

    @property
    def dim(self) -> int:
        """The dimension n of the points."""
        return self.points.shape[1]

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
        tests = round(self.size * test_share)
        if not 0 < tests < self.size:
            raise InvalidInput(f"a test share of {test_share} of {self.size} points leaves one part empty")
        order = rng.permutation(self.size)
        # Sorted, so that each part keeps the order of the data.
        fit, test = np.sort(order[tests:]), np.sort(order[:tests])
        return self.take(fit, allow_trivial=allow_trivial), self.take(test, allow_trivial=allow_trivial)

    def save(self, path: Path | str) -> Path:
        """Write one .npz without pickle, and beside it a readable .json card; return the .npz's path.

        Raises
        ------
        InvalidInput
            If the path does not end in .npz.
        """
        from geosae.data import storage

        return storage.save(self, Path(path))

    @classmethod
    def load(cls, path: Path | str) -> "ConceptDataset":
        """Read a data set and verify its content hash, and its card's if the card lies beside it.

        Raises
        ------
        InvalidInput
            If there is no such file, it is no data set of concepts, or it was changed after it was written.
        """
        from geosae.data import storage

        return storage.load(Path(path))


def hash_of(dataset: ConceptDataset, card_text: str) -> str:
    """Return the content hash of these arrays under this card."""
    directions = b"none" if dataset.directions is None else dataset.directions
    return content_hash(card_text, dataset.points, dataset.membership, directions)
