"""The record of an analysis: concepts against neurons and chosen units, for three notions of learning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.answers import (
    ANSWERS,
    Answer,
    Answers,
    Chosen,
    ConceptAnswer,
    Judgement,
    answer_all,
    closest,
)
from geosae.analysis.certified import Correction
from geosae.analysis.choice import LEARNER_NAMES, LEARNERS, Learner, Rule
from geosae.analysis.counts import Counts
from geosae.analysis.sae_metrics import SAEMetrics
from geosae.analysis.stored import (
    check_shapes,
    checked_card,
    chosen_arrays,
    chosen_from,
    hash_of_parts,
    listed,
    listed_arrays,
)
from geosae.analysis.table import NOTIONS, Notion, NotionTable
from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.notebook import html_table
from geosae.storage.files import json_value
from geosae.storage.npz_card import StoredArrays, check_card, check_digest, load_arrays, save_arrays
from geosae.storage.structure import to_json

_VERSION = 3
_FORMAT = f"geosae-alignment-{_VERSION}"
Edges = Literal["certified", "point"]
DRAWN_AT = (0.05, 0.1, 0.2, 0.3)
"""Where too few edges are certified at ε, a lattice is drawn at the least of these that has enough."""
ENOUGH_EDGES = 10


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """What an SAE has learned of each concept; every number is derived from integer counts.

    Neurons, units and pairs are named on the fit half; errors, intervals and answers come from the other half
    (theory E2, E4). They hold for points that the SAE was not trained on: otherwise they describe the
    training sample only.
    """

    concepts: tuple[str, ...]
    tolerance: float
    alpha: float
    correction: Correction
    seed: int
    fit_points: int
    test_points: int
    metrics: SAEMetrics
    fit: Counts
    """Concepts against neurons, (p, d), on the fit half; `counts`: on the held-out half."""
    counts: Counts
    chosen: Mapping[Rule, Mapping[Learner, Chosen]]
    """What each rule chose for each concept: single neurons, units of at most four, units of any size."""
    fit_ambient: AmbientCounts | None = None
    ambient: AmbientCounts | None = None
    approximation_reason: str = ""
    """Why there is no approximation table, or which concepts it leaves out; empty if nothing is missing."""
    floor: "Alignment | None" = None
    """The same analysis with the labels of the points permuted: what stands beside every number."""

    @property
    def width(self) -> int:
        """The number d of neurons."""
        return self.counts.hits.shape[1]

    @cached_property
    def detection(self) -> NotionTable:
        """Detection by single neurons."""
        return self._table("detection", self.fit, self.counts)

    @cached_property
    def separation(self) -> NotionTable:
        """Separation by single neurons."""
        return self._table("separation", self.fit, self.counts)

    @cached_property
    def approximation(self) -> NotionTable | None:
        """Approximation by single neurons, or None: then `approximation_reason` says why."""
        if self.ambient is None or self.fit_ambient is None:
            return None
        return self._table("approximation", self.fit_ambient, self.ambient)

    @property
    def notions(self) -> tuple[Notion, ...]:
        """The notions that were measured."""
        return NOTIONS if self.ambient is not None else NOTIONS[:2]

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
        """Concepts with no held-out point, or nothing else: nothing is said of them."""
        empty = (self.counts.positives[:, 0] == 0) | (self.counts.negatives[:, 0] == 0)
        return tuple(name for name, bad in zip(self.concepts, empty, strict=True) if bad)

    @property
    def judgement(self) -> Judgement:
        """How the chosen neurons and units are judged: tolerance, level, correction, number of pairs."""
        return self._answered[1]

    def answers(self, notion: Notion, learner: Learner = "units") -> tuple[ConceptAnswer, ...]:
        """Return a row per concept: what the chosen neuron, small unit or unit has learned of it.

        Raises
        ------
        InvalidInput
            If there is no such notion or learner, or approximation was not measured.
        """
        self._check(notion)
        if learner not in LEARNERS:
            raise InvalidInput(f"{learner!r} is no kind of learner", remedy=f"choose one of {LEARNERS}")
        return self._answered[0][notion][learner]

    def share(self, notion: Notion, learner: Learner = "units", answer: Answer = "learned") -> float:
        """Return the share of the tested concepts with an answer; nan if none was tested."""
        rows = [row for row in self.answers(notion, learner) if row.concept not in self.untested]
        return sum(row.answer == answer for row in rows) / len(rows) if rows else float("nan")

    @cached_property
    def closest(self) -> Mapping[Learner, tuple[ConceptAnswer, ...]]:
        """A row per concept and learner for the greatest F1, whatever the tolerance."""
        return closest(self.concepts, self.chosen["f1"], self.judgement)

    def table(self, notion: Notion) -> NotionTable:
        """Return the single-neuron table of a notion.

        Raises
        ------
        InvalidInput
            If the notion is none of the three, or is approximation and could not be measured.
        """
        self._check(notion)
        table: NotionTable | None = getattr(self, notion)
        if table is None:
            raise InvalidInput("approximation was not measured", causes=self.approximation_reason)
        return table

    def context(
        self, notion: Notion, tolerance: float | None = None, *, edges: Edges = "certified"
    ) -> FormalContext:
        """Return the formal context (concepts, neurons, "learns at the tolerance") of theory §7.

        A certified edge is a pair named on the fit half whose errors the held-out half shows to be below a
        tolerance fixed beforehand (E4). A certified separation is a detection too, so its context lies within
        that of detection (F1); the edges of both hold at once. With edges="point" the relation is that the
        held-out estimates are within the tolerance: chance makes many such pairs.

        Raises
        ------
        InvalidInput
            If the notion was not measured, or there is no such kind of edge.
        """
        table = self.table(notion)
        table = table if tolerance is None else table.at(tolerance)
        if edges not in ("certified", "point"):
            raise InvalidInput(f"{edges!r} is no kind of edge", remedy='choose "certified" or "point"')
        learned = table.within if edges == "point" else self._edges(table, table.named)
        return FormalContext(self.concepts, tuple(f"n{i}" for i in range(self.width)), learned)

    def contexts_along(
        self, notion: Notion, tolerances: tuple[float, ...], *, edges: Edges = "certified"
    ) -> dict[float, FormalContext]:
        """Return the contexts at several tolerances, the largest first, each within the one before.

        Certified edges hold at once for all of them: alpha is shared by the tolerances, and what is certified
        at one is an edge at every larger one.
        """
        steps = sorted({float(t) for t in tolerances})
        if edges == "point":
            return {t: self.context(notion, t, edges=edges) for t in reversed(steps)}
        within = np.zeros((len(self.concepts), self.width), dtype=bool)
        contexts: dict[float, FormalContext] = {}
        for t in steps:
            table = self.table(notion).at(t)
            within = within | self._edges(table, table.named, among=len(steps))
            contexts[t] = FormalContext(self.concepts, tuple(f"n{i}" for i in range(self.width)), within)
        return {t: contexts[t] for t in reversed(steps)}

    def drawn_context(self, notion: Notion) -> tuple[float, FormalContext]:
        """Return a tolerance and the context of certified edges at it, to draw a lattice of.

        It is the alignment's own tolerance, or where nothing is certified at it the least of `DRAWN_AT` with
        at least `ENOUGH_EDGES` edges (the largest of them if none has so many).
        """
        context = self.context(notion)
        if context.incidence.any():
            return self.tolerance, context
        along = self.contexts_along(notion, DRAWN_AT)
        enough = [t for t in DRAWN_AT if np.count_nonzero(along[t].incidence) >= ENOUGH_EDGES]
        tolerance = min(enough, default=DRAWN_AT[-1])
        return tolerance, along[tolerance]

    def columns(self) -> dict[str, list[Any]]:
        """Return a table, a row per notion, learner and concept, as columns for a data frame.

        The rows of the greatest F1 stand under the notion "f1".
        """
        rows = self._rows()
        rows += [("f1", learner, row) for learner in LEARNERS for row in self.closest[learner]]
        heads: dict[str, list[Any]] = {
            "notion": [notion for notion, _, _ in rows],
            "learner": [learner for _, learner, _ in rows],
        }
        return heads | {f.name: [getattr(row, f.name) for _, _, row in rows] for f in fields(ConceptAnswer)}

    def _rows(self) -> list[tuple[str, Learner, ConceptAnswer]]:
        return [
            (notion, learner, row)
            for notion in self.notions
            for learner in LEARNERS
            for row in self.answers(notion, learner)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready lists and numbers."""
        arrays = {name: {"dtype": a.dtype.name, "values": listed(a)} for name, a in self._arrays().items()}
        return self._card() | {"arrays": arrays}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Alignment":
        """Read what `to_dict` wrote; refuses another version, missing parts and impossible counts."""
        return cls._from_parts(value, listed_arrays(value.get("arrays")))

    def save(self, path: Path) -> None:
        """Write `path` (.npz, the counts) and beside it the same name with .json: card and answers."""
        text = json.dumps(self._card(), sort_keys=True, allow_nan=False)
        arrays = self._arrays()
        save_arrays(path, _FORMAT, StoredArrays(text, arrays, hash_of_parts(text, arrays)), self._readable())

    @classmethod
    def load(cls, path: Path) -> "Alignment":
        """Read what `save` wrote."""
        stored = load_arrays(path, _FORMAT, "alignment")
        check_digest(path, stored, hash_of_parts(stored.card, stored.arrays))
        alignment = cls._from_parts(json_value(stored.card, str(path)), stored.arrays)
        check_card(path, _FORMAT, stored, alignment._readable())
        return alignment

    @cached_property
    def _answered(self) -> tuple[Answers, Judgement]:
        by_notion: dict[Notion, Mapping[Learner, Chosen]] = {n: self.chosen[n] for n in self.notions}
        return answer_all(self.concepts, by_notion, self.tolerance, self.alpha, self.correction)

    def _table(
        self, notion: Notion, fit: Counts | AmbientCounts, counts: Counts | AmbientCounts
    ) -> NotionTable:
        return NotionTable(notion, self.tolerance, self.concepts, self.alpha, self.correction, fit, counts)

    def _check(self, notion: Notion) -> None:
        if notion not in NOTIONS:
            raise InvalidInput(f"{notion!r} is no notion of learning", remedy=f"choose one of {NOTIONS}")
        if notion not in self.notions:
            raise InvalidInput(
                "approximation was not measured", causes=self.approximation_reason, remedy="see the dataset"
            )

    def _edges(
        self, table: NotionTable, named: Bool[np.ndarray, "p d"], among: int = 1
    ) -> Bool[np.ndarray, "p d"]:
        # Detection and separation share alpha: a certified separation is a detection too, so that the edges
        # of both hold at once.
        level = self.alpha / among / (1 if table.notion == "approximation" else 2)
        edges = table.certified_among(named, level)
        if table.notion != "detection":
            return edges
        separation = self.separation.at(table.tolerance)
        return edges | separation.certified_among(separation.named, level)

    def _readable(self) -> dict[str, Any]:
        return {
            "results": self._results(),
            **({"floor_results": self.floor._results()} if self.floor else {}),
        }

    def _results(self) -> dict[str, Any]:
        shares = {
            notion: {
                learner: {
                    answer: sum(row.answer == answer for row in self.answers(notion, learner))
                    for answer in ANSWERS[:4]
                }
                for learner in LEARNERS
            }
            for notion in self.notions
        }
        return {
            "judged": to_json(self.judgement),
            "metrics": self.metrics.to_metrics(),
            "concepts": shares,
            "table": to_json(self.columns()),
        }

    def _card(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _IN_ARRAYS}
        return plain | {
            "kind": "alignment",
            "version": _VERSION,
            "concepts": list(self.concepts),
            "metrics": self.metrics.to_dict(),
            "floor": None if self.floor is None else self.floor._card(),
        }

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {"fired": self.metrics.fired}
        arrays |= self.fit.arrays("fit") | self.counts.arrays("neurons")
        if self.fit_ambient is not None and self.ambient is not None:
            arrays |= self.fit_ambient.arrays("fit_ambient") | self.ambient.arrays("ambient")
        arrays |= chosen_arrays(self.chosen)
        if self.floor is not None:
            arrays |= {f"floor.{name}": array for name, array in self.floor._arrays().items()}
        return arrays

    @classmethod
    def _from_parts(cls, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Alignment":
        try:
            parts = checked_card(card, _VERSION)
            parts["metrics"] = SAEMetrics.from_parts(card["metrics"], arrays["fired"])
            parts["fit"] = Counts.from_arrays(arrays, "fit")
            parts["counts"] = Counts.from_arrays(arrays, "neurons")
            parts["chosen"] = chosen_from(arrays)
            if "ambient.mass" in arrays:
                parts["fit_ambient"] = AmbientCounts.from_arrays(arrays, "fit_ambient")
                parts["ambient"] = AmbientCounts.from_arrays(arrays, "ambient")
            check_shapes(parts)
            if card["floor"] is not None:
                of_floor = {
                    name.removeprefix("floor."): array
                    for name, array in arrays.items()
                    if name.startswith("floor.")
                }
                parts["floor"] = cls._from_parts(card["floor"], of_floor)
            return cls(**parts)
        except KeyError as error:
            raise InvalidInput(
                f"the alignment lacks its part {error}", causes="a truncated or foreign file"
            ) from error

    def __repr__(self) -> str:
        learned = "; ".join(f"{notion} {self._count(notion)}" for notion in self.notions)
        return (
            f"Alignment of {len(self.concepts)} concepts with {self.width} neurons, on {self.test_points} "
            f"held-out points at tolerance {self.tolerance:g}.\n"
            f"Certified as learned by one neuron, by a unit of any size: {learned}.\n{self.metrics}"
        )

    def _repr_html_(self) -> str:
        rows = self._rows()
        columns = ("answer", "error", "least_tolerance", "price", "precision", "positives")
        table: dict[str, list[Any]] = {
            "concept": [row.concept for _, _, row in rows],
            "notion": [notion for notion, _, _ in rows],
            "by": [LEARNER_NAMES[learner] for _, learner, _ in rows],
            "neurons": [row.neurons for _, _, row in rows],
            **{name: [getattr(row, name) for _, _, row in rows] for name in columns},
        }
        return html_table(repr(self), table)

    def _count(self, notion: Notion) -> str:
        learned = [
            sum(row.answer == "learned" for row in self.answers(notion, learner))
            for learner in ("neurons", "units")
        ]
        return f"{learned[0]}, {learned[1]}"


_IN_ARRAYS = {"fit", "counts", "chosen", "fit_ambient", "ambient", "floor"}
