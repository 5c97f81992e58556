"""The record of an analysis: concepts against neurons and closure units, for three notions of learning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.counts import Counts
from geosae.analysis.sae_metrics import SAEMetrics
from geosae.analysis.table import NOTIONS, Notion, NotionTable
from geosae.analysis.units import UnitAlignment
from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.storage.files import content_hash
from geosae.storage.npz_card import StoredArrays, check_card, check_digest, load_arrays, save_arrays

_VERSION = 2
_FORMAT = f"geosae-alignment-{_VERSION}"


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """What an SAE has learned of each concept; every table is derived from integer counts.

    All intervals of one Alignment, over pairs, units and errors, hold at once with probability ≥ 1 − alpha
    (theory E2), provided the SAE was fixed before the held-out points were drawn: hand in points it was not
    trained on, otherwise the intervals describe the training sample only.
    """

    concepts: tuple[str, ...]
    tolerance: float
    alpha: float
    seed: int
    fit_points: int
    test_points: int
    metrics: SAEMetrics
    counts: Counts
    """Concepts against neurons, (p, d), on the held-out half."""
    members: Bool[np.ndarray, "p d"]
    """The closure unit of each concept, chosen on the fit half."""
    unit_tolerance: float
    """A neuron belongs to a concept's unit iff its miss on the fit half is ≤ this."""
    unit_counts: Counts
    ambient: AmbientCounts | None = None
    unit_ambient: AmbientCounts | None = None
    approximation_reason: str = ""
    """Why there is no approximation table, or which concepts it leaves out; empty if nothing is missing."""
    shuffled: bool = False
    """Whether the labels were permuted: then this is the floor that an alignment must rise above."""

    @property
    def width(self) -> int:
        """The number d of neurons."""
        return self.counts.hits.shape[1]

    @property
    def intervals(self) -> int:
        """The number of intervals that hold at once: 3 per pair and per unit, 2 more for ambient errors."""
        pairs = len(self.concepts) * (self.width + 1)
        return pairs * (3 if self.ambient is None else 5)

    @property
    def level(self) -> float:
        """The chance with which a single interval may miss: alpha over their number."""
        return self.alpha / self.intervals

    @cached_property
    def detection(self) -> NotionTable:
        """Detection by single neurons."""
        return NotionTable("detection", self.tolerance, self.concepts, self.level, self.counts)

    @cached_property
    def separation(self) -> NotionTable:
        """Separation by single neurons."""
        return NotionTable("separation", self.tolerance, self.concepts, self.level, self.counts)

    @cached_property
    def approximation(self) -> NotionTable | None:
        """Approximation by single neurons, or None: then `approximation_reason` says why."""
        if self.ambient is None:
            return None
        return NotionTable("approximation", self.tolerance, self.concepts, self.level, self.ambient)

    @cached_property
    def units(self) -> UnitAlignment:
        """The same three tables for the closure unit of each concept."""
        return UnitAlignment(
            self.concepts, self.members, self.tolerance, self.level, self.unit_counts, self.unit_ambient
        )

    @property
    def l0(self) -> float:
        """The mean number of active neurons per point."""
        return self.metrics.l0

    @property
    def fvu(self) -> float:
        """The fraction of variance unexplained on the held-out half; nan if the points do not vary."""
        return self.metrics.fvu

    @property
    def dead_share(self) -> float:
        """The share of neurons that fire on no point (P6)."""
        return self.metrics.dead_share

    @property
    def untested(self) -> tuple[str, ...]:
        """Concepts with no held-out point, or nothing else: an estimate is nan, its interval [0, 1]."""
        empty = (self.counts.positives[:, 0] == 0) | (self.counts.negatives[:, 0] == 0)
        return tuple(name for name, bad in zip(self.concepts, empty, strict=True) if bad)

    def table(self, notion: Notion) -> NotionTable:
        """Return the single-neuron table of a notion.

        Raises
        ------
        InvalidInput
            If the notion is none of the three, or is approximation and could not be measured.
        """
        if notion not in NOTIONS:
            raise InvalidInput(f"{notion!r} is no notion of learning", remedy=f"choose one of {NOTIONS}")
        table: NotionTable | None = getattr(self, notion)
        if table is None:
            raise InvalidInput(
                "approximation was not measured", causes=self.approximation_reason, remedy="see the dataset"
            )
        return table

    def context(self, notion: Notion, tolerance: float | None = None) -> FormalContext:
        """Return the formal context (concepts, neurons, "learns at the tolerance") of theory §7.

        Separation asks for detection too, so its context is contained in that of detection (F1).
        """
        table = self.table(notion)
        learned = table.holds if tolerance is None else table.at(tolerance).holds
        return FormalContext(self.concepts, tuple(f"n{i}" for i in range(self.width)), learned)

    def best(self, concept: str | int) -> dict[str, Any]:
        """Return the errors of a concept's best neuron and of its closure unit for each notion."""
        k = concept if isinstance(concept, int) else self._index(concept)
        learners = (("neuron", self), ("unit", self.units))
        return {
            notion: {name: table.rows()[k] for name, side in learners if (table := getattr(side, notion))}
            for notion in NOTIONS
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready lists and numbers."""
        arrays = {name: {"dtype": a.dtype.name, "values": _listed(a)} for name, a in self._arrays().items()}
        return self._card() | {"arrays": arrays}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Alignment":
        """Read what `to_dict` wrote; refuses another version, missing parts and impossible counts."""
        try:
            arrays = {k: np.asarray(a["values"], dtype=a["dtype"]) for k, a in value["arrays"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"the alignment's arrays cannot be read: {error!r}") from error
        return cls._from_parts(value, arrays)

    def save(self, path: Path) -> None:
        """Write `path` (.npz, the counts) and beside it the same name with .json (the card)."""
        text = json.dumps(self._card(), sort_keys=True, allow_nan=False)
        arrays = self._arrays()
        save_arrays(path, _FORMAT, StoredArrays(text, arrays, _hash(text, arrays)), {})

    @classmethod
    def load(cls, path: Path) -> "Alignment":
        """Read what `save` wrote."""
        stored = load_arrays(path, _FORMAT, "alignment")
        check_digest(path, stored, _hash(stored.card, stored.arrays))
        check_card(path, _FORMAT, stored, {})
        return cls._from_parts(json.loads(stored.card), stored.arrays)

    def _index(self, name: str) -> int:
        if name not in self.concepts:
            raise InvalidInput(f"there is no concept {name!r}", remedy=f"known: {', '.join(self.concepts)}")
        return self.concepts.index(name)

    def _card(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _IN_ARRAYS}
        return plain | {
            "kind": "alignment",
            "version": _VERSION,
            "concepts": list(self.concepts),
            "metrics": self.metrics.to_dict(),
        }

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {"members": self.members, "fired": self.metrics.fired}
        arrays |= self.counts.arrays("neurons") | self.unit_counts.arrays("units")
        if self.ambient is not None and self.unit_ambient is not None:
            arrays |= self.ambient.arrays("ambient") | self.unit_ambient.arrays("unit_ambient")
        return arrays

    @classmethod
    def _from_parts(cls, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Alignment":
        if card.get("kind") != "alignment" or card.get("version") != _VERSION:
            raise InvalidInput(
                f"this is no alignment of version {_VERSION}: kind {card.get('kind')!r}, "
                f"version {card.get('version')!r}"
            )
        try:
            parts: dict[str, Any] = {f.name: card[f.name] for f in fields(cls) if f.name not in _IN_ARRAYS}
            parts["concepts"] = tuple(card["concepts"])
            parts["metrics"] = SAEMetrics.from_parts(card["metrics"], arrays["fired"])
            parts["members"] = np.asarray(arrays["members"], dtype=bool)
            parts["counts"] = Counts.from_arrays(arrays, "neurons")
            parts["unit_counts"] = Counts.from_arrays(arrays, "units")
            if "ambient.mass" in arrays:
                parts["ambient"] = AmbientCounts.from_arrays(arrays, "ambient")
                parts["unit_ambient"] = AmbientCounts.from_arrays(arrays, "unit_ambient")
            return cls(**parts)
        except KeyError as error:
            raise InvalidInput(
                f"the alignment lacks its part {error}", causes="a truncated or foreign file"
            ) from error

    def __repr__(self) -> str:
        learned = "; ".join(_count(n, getattr(self, n)) for n in NOTIONS)
        return (
            f"Alignment of {len(self.concepts)} concepts with {self.width} neurons on {self.test_points} "
            f"held-out points at tolerance {self.tolerance:g}\n"
            f"  learned by one neuron: {learned}\n  {self.metrics}"
        )


_IN_ARRAYS = {"members", "counts", "unit_counts", "ambient", "unit_ambient"}


def _count(notion: str, table: NotionTable | None) -> str:
    if table is None:
        return f"{notion} not measured"
    return f"{notion} {int(np.count_nonzero(table.holds.any(axis=1)))} of {len(table.concepts)}"


def _hash(card: str, arrays: Mapping[str, np.ndarray]) -> str:
    return content_hash(card, *(part for name in sorted(arrays) for part in (name, arrays[name])))


def _listed(array: np.ndarray) -> list[Any]:
    """Return nested lists with null for nan."""
    if array.dtype.kind != "f":
        return array.tolist()
    plain = array.astype(object)
    plain[np.isnan(array)] = None
    return plain.tolist()
