"""The numbers behind the size × sparsity maps, read from a run's summary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from geosae.experiments import USUAL, Results, Row, estimate_at
from geosae.figures.run.words import LABELS, LEARNERS, NOTIONS, mean

SHUFFLED = {"neurons": "shuffled", "units": "shuffled_units"}
STRIPS = (*USUAL, "planted")
"""Baselines that the maps have room for; the figures of baselines show all."""


@dataclass(frozen=True)
class SizeTables:
    """One measure ("share" or "best_error") of one world, by gate, learner, notion, width and sparsity."""

    results: Results
    world: str
    gates: Sequence[str]
    measure: str

    @property
    def rows(self) -> list[Row]:
        """The rows of the trained SAEs with these gates."""
        return [r for r in self.results.rows_of(self.world, "trained") if r["gate"] in self.gates]

    @property
    def widths(self) -> list[int]:
        """The widths of these gates, from small to large."""
        return sorted({int(r["width"]) for r in self.rows})

    def sparsities(self, gate: str) -> list[float | int]:
        """Return the sparsities of a gate's trained SAEs, from small to large."""
        return sorted({r["sparsity"] for r in self._of(gate)})

    def l0(self, gate: str, sparsity: float | int) -> float:
        """Return the mean L0 of a gate's trained SAEs at a sparsity, over widths."""
        return average([mean(r, "metrics", "l0") for r in self._of(gate) if r["sparsity"] == sparsity])

    def table(self, gate: str, who: str, notion: str) -> Float[np.ndarray, "r c"]:
        """Return the means by width and sparsity; NaN where there is none."""
        values = {
            (r["width"], r["sparsity"]): mean(r, "notions", notion, who, self.measure) for r in self._of(gate)
        }
        sparsities = self.sparsities(gate)
        return np.array([[values.get((w, s), float("nan")) for s in sparsities] for w in self.widths])

    def baselines(self, gate: str) -> list[str]:
        """Return the baselines that this measure has for a gate; errors of shuffled labels are not stored."""
        have = {b for row in self._compared(gate) for b in self.results.beside(row)}
        return [b for b in STRIPS if b in have] + [LABELS] * (self.measure == "share")

    def strip(self, gate: str, who: str, notion: str, baseline: str) -> Float[np.ndarray, "r"]:
        """Return a baseline's mean over its sparsities, by width."""
        if baseline == LABELS:
            place, chosen = ("notions", notion, SHUFFLED[who]), self._of(gate)
        else:
            beside = [self.results.beside(row) for row in self._compared(gate)]
            place = ("notions", notion, who, self.measure)
            chosen = [found[baseline] for found in beside if baseline in found]
        return np.array([average([mean(r, *place) for r in chosen if r["width"] == w]) for w in self.widths])

    def compared(self) -> list[tuple[str, float | int]]:
        """Return the (gate, sparsity) pairs at which baselines were run."""
        return sorted({(str(r["gate"]), r["sparsity"]) for g in self.gates for r in self._compared(g)})

    def widest(self) -> float:
        """Return the largest half-width of an interval of trained SAEs; NaN with a single seed."""
        halves = [float("nan")]
        for row in self.rows:
            for notion in NOTIONS:
                for who in LEARNERS:
                    found = estimate_at(row, "notions", notion, who, self.measure)
                    if found and found["count"] > 1 and None not in (found["low"], found["high"]):
                        halves.append((found["high"] - found["low"]) / 2)
        return max((h for h in halves if np.isfinite(h)), default=float("nan"))

    def best(self, who: str, notion: str) -> float:
        """Return the best mean over gates, widths and sparsities: the greatest share or the least error."""
        values = np.concatenate([self.table(gate, who, notion).ravel() for gate in self.gates])
        known = values[np.isfinite(values)]
        if not known.size:
            return float("nan")
        return float(known.max() if self.measure == "share" else known.min())

    def _of(self, gate: str) -> list[Row]:
        return [r for r in self.rows if r["gate"] == gate]

    def _compared(self, gate: str) -> list[Row]:
        return [r for r in self.results.compared(self.world) if r["gate"] == gate]


def average(values: Sequence[float]) -> float:
    """Return the mean of the known values, NaN where none is.

    Examples
    --------
    >>> average([1.0, float("nan"), 3.0])
    2.0
    """
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")
