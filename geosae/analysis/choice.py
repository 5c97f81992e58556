"""Which neuron and which unit stand for a concept: chosen by counts on the fit half, never on the other.

Four rules, each over single neurons, units of at most four neurons, and units of any size. A neuron is a
unit: on the points on which they are chosen a unit is never worse than the neuron of the same rule (D3).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis.counts import Counts
from geosae.analysis.firing_bits import Unit
from geosae.notebook import short_repr

Rule = Literal["detection", "separation", "approximation", "f1"]
Learner = Literal["neurons", "small_units", "units"]
LEARNERS: tuple[Learner, ...] = ("neurons", "small_units", "units")
SMALL = 4
"""A small unit has at most so many neurons."""
LEARNER_NAMES: dict[Learner, str] = {
    "neurons": "neuron",
    "small_units": f"unit of ≤ {SMALL}",
    "units": "unit",
}


@dataclass(frozen=True, eq=False)
class Candidates:
    """What may be chosen for one concept, with counts of points: on the fit half, single neurons first."""

    units: tuple[Unit, ...]
    hits: Int[np.ndarray, " k"]
    fired: Int[np.ndarray, " k"]
    positives: int

    __repr__ = short_repr

    @property
    def miss(self) -> Float[np.ndarray, " k"]:
        """The misses over the points of C."""
        return (self.positives - self.hits) / max(self.positives, 1)

    @property
    def separation_error(self) -> Float[np.ndarray, " k"]:
        """The greater of misses and alarms, over the points of C."""
        worst = np.maximum(self.positives - self.hits, self.fired - self.hits)
        return worst / max(self.positives, 1)

    @property
    def f1(self) -> Float[np.ndarray, " k"]:
        """F1 = 2|θ∩C| / (|θ| + |C|)."""
        return 2 * self.hits / np.maximum(self.positives + self.fired, 1)


def candidates(
    concept: int,
    neurons: Counts,
    units: Sequence[Unit],
    counts: Counts,
    among: Int[np.ndarray, " m"] | None = None,
) -> Candidates:
    """Gather the neurons that fire on a concept's points and the proposed units, with their counts.

    `among` names the neurons to gather in place of all that fire there: `contenders` are enough.
    """
    alive = np.flatnonzero(neurons.hits[concept]) if among is None else among
    singles = tuple((i,) for i in alive.tolist())
    return Candidates(
        (*singles, *units),
        np.concatenate([neurons.hits[concept, alive], counts.hits], dtype=np.int64),
        np.concatenate([neurons.fired[concept, alive], counts.fired], dtype=np.int64),
        int(neurons.positives[concept, 0]),
    )


def contenders(concept: int, neurons: Counts, tolerance: float) -> Int[np.ndarray, " m"]:
    """Return the neurons, at most three, one of which each rule chooses if it chooses a single neuron.

    They are the best by each criterion among those that fire on the concept, the first of equals. An SAE has
    thousands that do.

    Examples
    --------
    >>> counts = Counts(np.array([[20, 19, 9]]), np.array([[40, 3, 1]]), np.array([[20]]), np.array([[80]]))
    >>> contenders(0, counts, 0.05).tolist(), contenders(0, counts, 0.0).tolist()
    ([1], [0, 1])
    """
    hits, positives = neurons.hits[concept], int(neurons.positives[concept, 0])
    top = int(np.argmax(hits))
    if not hits[top]:
        return np.zeros(0, dtype=np.int64)
    best_f1 = 2 * int(hits[top]) / (positives + int(neurons.fired[concept, top]))
    # F1 ≤ 2r/(1 + r) for a recall r: most neurons have too few hits to be better, or to miss no more than ε.
    enough = min(best_f1 / (2 - best_f1), 1 - tolerance) * positives - 1
    alive = np.flatnonzero(hits >= max(math.floor(enough), 1))
    pool = Candidates((), hits[alive].astype(np.int64), neurons.fired[concept, alive], positives)
    best: set[int] = set()
    for badness, allowed in (
        (pool.fired, pool.miss <= tolerance),
        (pool.separation_error, pool.separation_error <= tolerance),
        (-pool.f1, pool.hits > 0),
    ):
        among = np.flatnonzero(allowed)
        if len(among):
            best.add(int(among[np.argmin(badness[among])]))
    return alive[sorted(best)]


def choose(pool: Candidates, rule: Rule, learner: Learner, tolerance: float) -> Unit:
    """Return what a rule chooses, () if it chooses nothing; ties go to fewer neurons, then to lower indices.

    - detection: the least firing rate among those with a miss ≤ ε;
    - separation: the least separation error s among those with s ≤ ε, or the greatest F1 if there is none;
    - f1: the greatest F1, whatever ε is.

    Only what fires on some point of the concept is chosen: a region that holds none of it is no model
    concept. (Approximation chooses the least error of ν points: `geosae.analysis.ambient`.)

    Examples
    --------
    >>> pool = Candidates(((0,), (1,), (0, 1)), np.array([20, 19, 19]), np.array([60, 22, 20]), 20)
    >>> choose(pool, "detection", "neurons", 0.05), choose(pool, "separation", "units", 0.05)
    ((1,), (0, 1))
    >>> choose(pool, "detection", "neurons", 0.0), choose(pool, "separation", "neurons", 0.0)
    ((0,), (1,))
    """
    allowed = pool.hits > 0
    badness = -pool.f1
    if rule == "detection":
        allowed &= pool.miss <= tolerance
        badness = pool.fired.astype(np.float64)
    elif rule == "separation":
        error = pool.separation_error
        within = allowed & admitted(pool.units, learner) & (error <= tolerance)
        allowed, badness = (within, error) if within.any() else (allowed, badness)
    return least(pool.units, badness, allowed & admitted(pool.units, learner))


def least(units: Sequence[Unit], badness: Float[np.ndarray, " k"], allowed: Bool[np.ndarray, " k"]) -> Unit:
    """Return the allowed unit of least badness, the one of fewer neurons and lower indices of equals, or ().

    Examples
    --------
    >>> least([(0, 1), (2,), (1,)], np.zeros(3), np.ones(3, dtype=bool))
    (1,)
    """
    if not allowed.any():
        return ()
    tied = np.flatnonzero(allowed & (badness == badness[allowed].min())).tolist()
    return min([units[j] for j in tied], key=_order)


def _order(unit: Unit) -> tuple[int, Unit]:
    return len(unit), unit


def admitted(units: Sequence[Unit], learner: Learner) -> Bool[np.ndarray, " k"]:
    """Tell which units have as few neurons as the learner may have.

    Examples
    --------
    >>> admitted([(0,), (0, 1), (0, 1, 2, 3, 4)], "small_units").tolist()
    [True, True, False]
    """
    most = {"neurons": 1, "small_units": SMALL, "units": np.inf}[learner]
    return np.array([len(unit) <= most for unit in units], dtype=bool)
