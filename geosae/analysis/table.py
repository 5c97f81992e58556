"""One notion of learning over all concepts, graded: against every neuron, or against one unit per concept."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.counts import Counts
from geosae.analysis.grades import Graded, graded_share, shares

Notion = Literal["detection", "separation", "approximation"]
NOTIONS: tuple[Notion, ...] = ("detection", "separation", "approximation")


@dataclass(frozen=True)
class ConceptError:
    """The best model concept for one human concept: its neurons, its worst error and that error's limits.

    `error` is nan where the concept could not be tested; its interval then is as wide as the error's range.
    """

    concept: str
    neurons: tuple[int, ...]
    error: float
    low: float
    high: float
    holds: bool


@dataclass(frozen=True)
class NotionSummary:
    """What a table says in three numbers and a row per concept.

    Share and mean error are over the tested concepts, nan if there is none.
    """

    share: float
    """The share of concepts for which something holds at the tolerance."""
    best_error: float
    """The mean over concepts of the least error."""
    tested: int
    concepts: tuple[ConceptError, ...]


@dataclass(frozen=True, eq=False, repr=False)
class NotionTable:
    """Graded errors of one notion, for p concepts against d neurons, (p, d), or against units, (p,).

    The decisive errors, all of which must be ≤ the tolerance, are

    - detection: ``miss`` = μ(C∖θ)/μ(C);
    - separation: ``miss`` and ``false_alarm`` = μ(θ∖C)/μ(X∖C);
    - approximation: ``excess`` = ν(θ∖C)/ν(C), ``shortfall`` = ν(C∖θ)/ν(C) and their sum ``difference``.

    Source: theory §0.
    """

    notion: Notion
    tolerance: float
    concepts: tuple[str, ...]
    level: float
    """The chance with which one interval may miss; small enough for all intervals of an analysis at once."""
    counts: Counts | AmbientCounts
    units: tuple[tuple[int, ...], ...] | None = None
    """The neurons of each concept's unit, or None where every single neuron is graded."""

    @cached_property
    def values(self) -> dict[str, Float[np.ndarray, "..."]]:
        """The estimates of the decisive errors, without intervals; nan where nothing could be tested."""
        if isinstance(self.counts, AmbientCounts):
            return self.counts.values()
        values = {"miss": shares(self.counts.misses, self.counts.positives)}
        if self.notion == "separation":
            values["false_alarm"] = shares(self.counts.alarms, self.counts.negatives)
        return values

    @cached_property
    def errors(self) -> dict[str, Graded]:
        """The decisive errors with simultaneous intervals; solved on first use, a minute for 10⁶ pairs."""
        return self._errors(self.counts)

    @cached_property
    def precision(self) -> Graded | None:
        """The precision μ(θ∩C)/μ(θ) with intervals, nan for dead neurons; None for approximation."""
        if isinstance(self.counts, AmbientCounts):
            return None
        return graded_share(self.counts.hits, self.counts.fired, self.level)

    @property
    def alarms(self) -> Int[np.ndarray, "..."]:
        """How many points of θ∖C were counted: at equal errors fewer are better."""
        counts = self.counts.outer if isinstance(self.counts, AmbientCounts) else self.counts
        return counts.alarms

    @cached_property
    def worst(self) -> Float[np.ndarray, "..."]:
        """The greatest decisive error of each pair: the notion holds at ε iff this is ≤ ε."""
        return np.maximum.reduce(list(self.values.values()))

    @cached_property
    def holds(self) -> Bool[np.ndarray, "..."]:
        """Whether the estimates are within the tolerance; what could not be tested does not hold."""
        return np.asarray(self.worst <= self.tolerance)

    @cached_property
    def certified(self) -> Bool[np.ndarray, "..."]:
        """Whether every decisive error is within the tolerance up to its upper limit."""
        return np.asarray(np.all([e.high <= self.tolerance for e in self.errors.values()], axis=0))

    @cached_property
    def tested(self) -> Bool[np.ndarray, "p"]:
        """Whether there was anything to estimate each concept's errors from."""
        has_error = ~np.isnan(self.worst)
        return has_error if self.units is not None else np.asarray(has_error.any(axis=1))

    @cached_property
    def best(self) -> Int[np.ndarray, "p"]:
        """The best neuron of each concept, −1 if untested; ties go to the fewest false alarms.

        For units: 0 where tested, as there is one per concept.
        """
        if self.units is not None:
            return np.where(self.tested, 0, -1).astype(np.int64)
        order = np.lexsort((self.alarms, np.nan_to_num(self.worst, nan=np.inf, posinf=1e300)), axis=-1)
        return np.where(self.tested, order[:, 0], -1).astype(np.int64)

    def at(self, tolerance: float) -> "NotionTable":
        """Return the same errors judged at another tolerance; units stay those chosen in the analysis."""
        return replace(self, tolerance=float(tolerance))

    def rows(self) -> tuple[ConceptError, ...]:
        """Return the best model concept of each concept, with intervals for these alone."""
        neurons = np.maximum(self.best, 0)
        counts = self.counts if self.units is not None else self.counts.pick(neurons)
        errors = self._errors(counts).values()
        value, low, high = (
            np.maximum.reduce([getattr(e, part) for e in errors]) for part in ("value", "low", "high")
        )
        return tuple(
            ConceptError(
                concept=name,
                neurons=self._who(i),
                error=float(value[i]),
                low=float(low[i]),
                high=float(high[i]),
                holds=bool(value[i] <= self.tolerance),
            )
            for i, name in enumerate(self.concepts)
        )

    def summary(self) -> NotionSummary:
        """Return the share of concepts for which something holds, the mean least error, and the rows."""
        rows = self.rows()
        tested = [row for row, can_judge in zip(rows, self.tested, strict=True) if can_judge]
        if not tested:
            return NotionSummary(float("nan"), float("nan"), 0, rows)
        share = sum(row.holds for row in tested) / len(tested)
        return NotionSummary(share, float(np.mean([row.error for row in tested])), len(tested), rows)

    def _who(self, concept: int) -> tuple[int, ...]:
        if self.units is not None:
            return self.units[concept]
        neuron = int(self.best[concept])
        return () if neuron < 0 else (neuron,)

    def _errors(self, counts: Counts | AmbientCounts) -> dict[str, Graded]:
        if isinstance(counts, AmbientCounts):
            return counts.graded(self.level)
        errors = {"miss": graded_share(counts.misses, counts.positives, self.level)}
        if self.notion == "separation":
            errors["false_alarm"] = graded_share(counts.alarms, counts.negatives, self.level)
        return errors

    def __repr__(self) -> str:
        learner = "closure unit" if self.units is not None else "best neuron"
        head = f"{self.notion} at tolerance {self.tolerance:g}: {learner} per concept, worst error [interval]"
        first = self.rows()[:_SHOWN]
        lines = [head, *(_line(row, max(len(r.concept) for r in first)) for row in first)]
        hidden = len(self.concepts) - _SHOWN
        return "\n".join(lines + ([f"  … and {hidden} more: see .rows()"] if hidden > 0 else []))


_SHOWN = 20


def _line(row: ConceptError, width: int) -> str:
    neurons = ",".join(map(str, row.neurons[:6])) + ("…" if len(row.neurons) > 6 else "")
    error = "untested" if np.isnan(row.error) else f"{row.error:.4f}"
    verdict = "holds" if row.holds else "-"
    return f"  {row.concept:<{width}}  {{{neurons}}}  {error}  [{row.low:.4f}, {row.high:.4f}]  {verdict}"
