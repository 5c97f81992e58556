"""One notion of learning, graded for every concept against every single neuron."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.certified import (
    Correction,
    approximation_p,
    certified,
    detection_p,
    separation_p,
)
from geosae.analysis.counts import Counts
from geosae.analysis.grades import Graded, graded_odds, graded_share, shares

Notion = Literal["detection", "separation", "approximation"]
NOTIONS: tuple[Notion, ...] = ("detection", "separation", "approximation")


@dataclass(frozen=True, eq=False, repr=False)
class NotionTable:
    """Graded errors of one notion, for p concepts against d neurons, (p, d).

    The decisive errors, all of which must be ≤ the tolerance, are

    - detection: ``miss`` m = μ(C∖θ)/μ(C);
    - separation: ``miss`` and ``alarm`` a = μ(θ∖C)/μ(C), alarms per point of the concept (N1);
    - approximation: ``excess`` = ν(θ∖C)/ν(C), ``shortfall`` = ν(C∖θ)/ν(C) and their sum ``difference``.

    Neurons and pairs are chosen by `fit`, errors are counted in `counts`, on other points.

    Source: theory §0, N1, E2, E4.
    """

    notion: Notion
    tolerance: float
    concepts: tuple[str, ...]
    alpha: float
    correction: Correction
    fit: Counts | AmbientCounts
    counts: Counts | AmbientCounts

    @cached_property
    def values(self) -> dict[str, Float[np.ndarray, "p d"]]:
        """The estimates of the decisive errors, without intervals; nan where nothing could be tested."""
        return _values(self.notion, self.counts)

    @cached_property
    def errors(self) -> dict[str, Graded]:
        """The decisive errors with intervals that hold at once for all pairs of the table (E2).

        Solved on first use, a minute for 10⁶ pairs.
        """
        level = self.alpha / (self.pairs * (1 if self.notion == "detection" else 2))
        if isinstance(self.counts, AmbientCounts):
            return self.counts.graded(level)
        errors = {"miss": graded_share(self.counts.misses, self.counts.positives, level)}
        if self.notion == "separation":
            errors["alarm"] = graded_odds(self.counts.alarms, self.counts.positives, level)
        return errors

    @property
    def pairs(self) -> int:
        """The number p·d of pairs."""
        return self.worst.size

    @cached_property
    def worst(self) -> Float[np.ndarray, "p d"]:
        """The greatest decisive error of each pair: s for separation."""
        return np.maximum.reduce(list(self.values.values()))

    @cached_property
    def fit_worst(self) -> Float[np.ndarray, "p d"]:
        """The same on the fit half, by which neurons and pairs are chosen."""
        return np.maximum.reduce(list(_values(self.notion, self.fit).values()))

    @cached_property
    def within(self) -> Bool[np.ndarray, "p d"]:
        """Whether the estimates are within the tolerance; what could not be tested is not."""
        return np.asarray(self.worst <= self.tolerance)

    @cached_property
    def named(self) -> Bool[np.ndarray, "p d"]:
        """The pairs within the tolerance on the fit half: those for which certification is tried (E4)."""
        return np.asarray(self.fit_worst <= self.tolerance)

    @cached_property
    def certified(self) -> Bool[np.ndarray, "p d"]:
        """The certified edges: pairs named on the fit half, errors shown to be < ε by the other (E4)."""
        return self.certified_among(self.named)

    def certified_among(
        self, pairs: Bool[np.ndarray, "p d"], alpha: float | None = None
    ) -> Bool[np.ndarray, "p d"]:
        """Return which of some pairs, named without the held-out points, are certified at the tolerance."""
        edges = np.zeros(pairs.shape, dtype=bool)
        level = self.alpha if alpha is None else alpha
        edges[pairs] = certified(self._p_values(pairs), level, self.correction)
        return edges

    @cached_property
    def tested(self) -> Bool[np.ndarray, "p"]:
        """Whether there was anything to estimate each concept's errors from."""
        return np.asarray((~np.isnan(self.worst)).any(axis=1))

    @cached_property
    def best(self) -> Int[np.ndarray, "p"]:
        """The neuron of least error on the fit half, −1 without points; ties go to the fewest alarms."""
        order = np.lexsort((_alarms(self.fit), _last(self.fit_worst)), axis=-1)
        chosen = (~np.isnan(self.fit_worst)).any(axis=1)
        return np.where(chosen, order[:, 0], -1).astype(np.int64)

    @cached_property
    def best_concept(self) -> Int[np.ndarray, "d"]:
        """The concept of least error of each neuron on the fit half, by the same rule; −1 without points."""
        order = np.lexsort((_alarms(self.fit), _last(self.fit_worst)), axis=0)
        chosen = (~np.isnan(self.fit_worst)).any(axis=0)
        return np.where(chosen, order[0], -1).astype(np.int64)

    def at(self, tolerance: float) -> "NotionTable":
        """Return the same counts judged at another tolerance."""
        return NotionTable(
            self.notion, float(tolerance), self.concepts, self.alpha, self.correction, self.fit, self.counts
        )

    def _p_values(self, pairs: Bool[np.ndarray, "p d"]) -> Float[np.ndarray, " P"]:
        counts = self.counts.outer if isinstance(self.counts, AmbientCounts) else self.counts
        positives, negatives = (
            np.broadcast_to(part, pairs.shape)[pairs] for part in (counts.positives, counts.negatives)
        )
        misses, alarms = counts.misses[pairs], counts.alarms[pairs]
        if self.notion == "detection":
            return detection_p(misses, positives, negatives - alarms, negatives, self.tolerance)
        if self.notion == "separation":
            return separation_p(misses, alarms, positives, self.tolerance)
        return approximation_p(misses, alarms, positives, self.tolerance)

    def __repr__(self) -> str:
        edges = int(np.count_nonzero(self.certified))
        return (
            f"{self.notion} of {len(self.concepts)} concepts by {self.worst.shape[1]} single neurons at "
            f"tolerance {self.tolerance:g}: {edges} of {int(np.count_nonzero(self.named))} pairs within it "
            f"on the fit half are certified ({self.correction}, {self.alpha:g}); "
            f"{int(np.count_nonzero(self.within))} pairs are within it on the held-out half"
        )


def _values(notion: Notion, counts: Counts | AmbientCounts) -> dict[str, Float[np.ndarray, "p d"]]:
    if isinstance(counts, AmbientCounts):
        return counts.values()
    values = {"miss": shares(counts.misses, counts.positives)}
    if notion == "separation":
        values["alarm"] = shares(counts.alarms, counts.positives)
    return values


def _alarms(counts: Counts | AmbientCounts) -> Int[np.ndarray, "p d"]:
    return (counts.outer if isinstance(counts, AmbientCounts) else counts).alarms


def _last(errors: Float[np.ndarray, "p d"]) -> Float[np.ndarray, "p d"]:
    """Put what could not be tested behind everything else."""
    return np.nan_to_num(errors, nan=np.inf, posinf=1e300)
