"""Closure units: of all units that detect a concept, the one with the smallest model concept (D3)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.counts import Counts
from geosae.analysis.table import NotionTable


def closure_units(fit: Counts, tolerance: float) -> Bool[np.ndarray, "p d"]:
    """Return M_ε(C) = {i : the miss of neuron i on C is ≤ ε} for every concept, from counts on the fit half.

    At ε = 0 this is the closure unit of D3: the largest detecting unit, and no unit of the SAE has a smaller
    model concept around C. At ε > 0 each member misses at most ε of C but together they may miss more, up to
    |M|·ε: what they miss is measured on the held-out half like everything else. A concept without a fit point
    gets the empty unit, whose model concept is the whole space: no point tells which neurons belong to it.

    Examples
    --------
    >>> two = np.array([[4, 3]])  # of 4 points of the concept, neuron 0 fires on 4, neuron 1 on 3
    >>> fit = Counts(two, np.zeros_like(two), np.array([[4]]), np.array([[9]]))
    >>> closure_units(fit, 0.0)
    array([[ True, False]])
    >>> closure_units(fit, 0.25)
    array([[ True,  True]])
    """
    has_points = fit.positives > 0
    return has_points & (fit.misses / np.maximum(fit.positives, 1) <= tolerance)


@dataclass(frozen=True, eq=False)
class UnitAlignment:
    """The three tables for one unit per concept, with arrays of shape (p,)."""

    concepts: tuple[str, ...]
    members: Bool[np.ndarray, "p d"]
    tolerance: float
    level: float
    counts: Counts
    ambient: AmbientCounts | None = None

    @cached_property
    def neurons(self) -> tuple[tuple[int, ...], ...]:
        """The neurons of each concept's unit."""
        return tuple(tuple(int(i) for i in np.flatnonzero(row)) for row in self.members)

    @cached_property
    def detection(self) -> NotionTable:
        """Detection by the units."""
        return NotionTable("detection", self.tolerance, self.concepts, self.level, self.counts, self.neurons)

    @cached_property
    def separation(self) -> NotionTable:
        """Separation by the units."""
        return NotionTable("separation", self.tolerance, self.concepts, self.level, self.counts, self.neurons)

    @cached_property
    def approximation(self) -> NotionTable | None:
        """Approximation by the units, or None where it was not measured."""
        if self.ambient is None:
            return None
        return NotionTable(
            "approximation", self.tolerance, self.concepts, self.level, self.ambient, self.neurons
        )
