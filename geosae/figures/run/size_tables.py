"""The numbers behind the size × sparsity maps, read from a run's summary."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from geosae.analysis import Notion
from geosae.experiments import LEARNERS, USUAL, Baseline, Gate, Learner, Results, SummaryRow
from geosae.figures.run.captions import LABELS, Method
from geosae.figures.run.measures import Measure, learned_interval, measured_notions

STRIPS: tuple[Baseline, ...] = (*USUAL, "planted")
"""Baselines that the maps have room for; the figures of baselines show all."""


@dataclass(frozen=True)
class SizeTables:
    """One measure of one world, by gate, learner, notion, width and sparsity."""

    results: Results
    world: str
    gates: Sequence[Gate]
    measure: Measure

    @property
    def rows(self) -> list[SummaryRow]:
        """The rows of the trained SAEs with these gates."""
        return [row for row in self.results.rows_of(self.world, "trained") if row.gate in self.gates]

    @property
    def widths(self) -> list[int]:
        """The widths of these gates, from small to large."""
        return sorted({row.width for row in self.rows})

    @property
    def notions(self) -> list[Notion]:
        """The notions that were measured in the world."""
        return measured_notions(self.results, self.world)

    def sparsities(self, gate: Gate) -> list[float | int]:
        """Return the sparsities of a gate's trained SAEs, from small to large."""
        return sorted({row.sparsity for row in self._rows_of(gate)})

    def l0(self, gate: Gate, sparsity: float | int) -> float:
        """Return the mean L0 of a gate's trained SAEs at a sparsity, over widths."""
        rows = self._rows_of(gate)
        return finite_mean([row.measures.metrics.l0.mean for row in rows if row.sparsity == sparsity])

    def table(self, gate: Gate, learner: Learner, notion: Notion) -> Float[np.ndarray, "r c"]:
        """Return the means by width and sparsity; NaN where there is none."""
        means = {
            (row.width, row.sparsity): learned_interval(row, notion, learner, self.measure).mean
            for row in self._rows_of(gate)
        }
        sparsities = self.sparsities(gate)
        return np.array([[means.get((width, s), math.nan) for s in sparsities] for width in self.widths])

    def strips(self, gate: Gate) -> list[Method]:
        """Return what is set apart beside a gate's map; errors of shuffled labels are not stored."""
        stored = {b for row in self._compared(gate) for b in self.results.baselines_of(row)}
        baselines: list[Method] = [b for b in STRIPS if b in stored]
        return [*baselines, LABELS] if self.measure == "share" else baselines

    def strip(self, gate: Gate, learner: Learner, notion: Notion, method: Method) -> Float[np.ndarray, "r"]:
        """Return a baseline's mean over its sparsities, by width."""
        if method == LABELS:
            rows = self._rows_of(gate)
            means = [(row.width, row.measures.notion(notion).floor(learner).mean) for row in rows]
        else:
            compared = [self.results.baselines_of(row) for row in self._compared(gate)]
            rows = [baselines[method] for baselines in compared if method in baselines]
            means = [(row.width, learned_interval(row, notion, learner, self.measure).mean) for row in rows]
        return np.array([finite_mean([mean for w, mean in means if w == width]) for width in self.widths])

    def compared(self) -> list[tuple[Gate, float | int]]:
        """Return the (gate, sparsity) pairs at which baselines were run."""
        return sorted({(row.gate, row.sparsity) for gate in self.gates for row in self._compared(gate)})

    def widest(self) -> float:
        """Return the largest half-width of an interval of trained SAEs; NaN with a single seed."""
        intervals = [
            learned_interval(row, notion, learner, self.measure)
            for row in self.rows
            for notion in self.notions
            for learner in LEARNERS
        ]
        return max(((i.high - i.low) / 2 for i in intervals if i.is_bounded), default=math.nan)

    def best(self, learner: Learner, notion: Notion) -> float:
        """Return the best mean over gates, widths and sparsities: the greatest share or the least error."""
        means = np.concatenate([self.table(gate, learner, notion).ravel() for gate in self.gates])
        finite = means[np.isfinite(means)]
        if not finite.size:
            return math.nan
        return float(finite.max() if self.measure == "share" else finite.min())

    def _rows_of(self, gate: Gate) -> list[SummaryRow]:
        return [row for row in self.rows if row.gate == gate]

    def _compared(self, gate: Gate) -> list[SummaryRow]:
        return [row for row in self.results.compared(self.world) if row.gate == gate]


def finite_mean(numbers: Sequence[float]) -> float:
    """Return the mean of the numbers that are known, NaN where none is.

    Examples
    --------
    >>> finite_mean([1.0, float("nan"), 3.0])
    2.0
    """
    finite = [number for number in numbers if np.isfinite(number)]
    return float(np.mean(finite)) if finite else math.nan
