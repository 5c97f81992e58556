"""Units worth counting for a concept: greedy conjunctions and closure units at several tolerances (D3).

At ε > 0 the best unit is a search. What is proposed here is counted and chosen from elsewhere
(`geosae.analysis.choice`), among single neurons too, so a unit is never worse there than the best neuron.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from geosae.analysis.firing_bits import FiringBits, Unit, ones

STARTS = 6
"""Greedy conjunctions start from so many neurons, by F1 and again by alarms among those that miss little."""
CLOSURES = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)
"""Closure units are taken at these multiples of the tolerance."""
MOST_MEMBERS = 512
"""So many neurons may enter a concept's conjunctions: those of greatest recall minus alarm rate."""


def propose(bits: FiringBits, concept: int, tolerance: float) -> tuple[Unit, ...]:
    """Return units of two neurons or more for one concept, each once, in a fixed order.

    Three kinds: conjunctions grown while F1 rises, conjunctions grown while the firing rate falls and at most
    ε of the concept is missed (both with every step on the way), and the closure units M_τ(C) = {i : the miss
    of neuron i is ≤ τ} at τ = 0, …, 2ε.

    Parameters
    ----------
    bits
        The points to search on; a concept without points among them gets no unit.
    concept
        Its index.
    tolerance
        ε.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 101)
    >>> fires = np.stack([x > -0.5, x < 0.5, x < 0.9], axis=1)
    >>> propose(FiringBits.of(fires, (np.abs(x) < 0.5)[:, None]), 0, 0.05)
    ((0, 1), (0, 2), (0, 1, 2))
    """
    C = bits.concepts[concept]
    positives = int(ones(C))
    if positives == 0:
        return ()
    hits, fired = ones(bits.neurons & C), ones(bits.neurons)
    recall = hits / positives
    alarm_rate = (fired - hits) / max(bits.points - positives, 1)
    order = np.argsort(-(recall - alarm_rate), kind="stable")[:MOST_MEMBERS]
    members = np.sort(order[recall[order] > 0])
    proposed = list(_closures(1 - recall, tolerance))
    for start in _starts(_f1(hits, fired, positives), members).tolist():
        proposed += _grow_f1(bits, C, positives, start, members)
    for start in _starts(-alarm_rate, members[1 - recall[members] <= tolerance]).tolist():
        proposed += _grow_price(bits, C, positives, start, members, tolerance)
    return tuple(sorted({unit for unit in proposed if len(unit) > 1}, key=lambda unit: (len(unit), unit)))


def _f1(hits: Int[np.ndarray, "*k"], fired: Int[np.ndarray, "*k"], positives: int) -> Float[np.ndarray, "*k"]:
    return np.asarray(2 * hits / (positives + fired))


def _starts(score: Float[np.ndarray, " d"], members: Int[np.ndarray, " k"]) -> Int[np.ndarray, " s"]:
    return members[np.argsort(-score[members], kind="stable")[:STARTS]]


def _closures(miss: Float[np.ndarray, " d"], tolerance: float) -> Iterator[Unit]:
    for multiple in CLOSURES:
        yield tuple(np.flatnonzero(miss <= multiple * tolerance).tolist())


def _grow_f1(
    bits: FiringBits, C: UInt64[np.ndarray, " W"], positives: int, start: int, members: Int[np.ndarray, " k"]
) -> Iterator[Unit]:
    """Yield the conjunctions from a start on, one neuron more at a time, while F1 rises."""
    unit, theta = (start,), bits.neurons[start]
    best = float(_f1(ones(theta & C), ones(theta), positives))
    while True:
        # A unit of recall r has F1 ≤ 2r/(1 + r), and no more recall than θ∩N_i: what cannot rise is left out.
        inner = bits.neurons[members] & theta
        hits = ones(inner & C)
        able = hits > positives * best / (2 - best)
        if not able.any():
            return
        members, inner, hits = members[able], inner[able], hits[able]
        scores = _f1(hits, ones(inner), positives)
        top = int(np.argmax(scores))
        if scores[top] <= best:
            return
        best, theta = float(scores[top]), inner[top]
        unit = tuple(sorted((*unit, int(members[top]))))
        yield unit


def _grow_price(
    bits: FiringBits,
    C: UInt64[np.ndarray, " W"],
    positives: int,
    start: int,
    members: Int[np.ndarray, " k"],
    tolerance: float,
) -> Iterator[Unit]:
    """Yield the conjunctions from a start on that fire ever less and miss at most ε of the concept."""
    unit, theta = (start,), bits.neurons[start]
    hits, fired = int(ones(theta & C)), int(ones(theta))
    while True:
        inner = bits.neurons[members] & theta
        inner_hits, inner_fired = ones(inner & C), ones(inner)
        able = _within(positives - inner_hits, positives, tolerance) & (
            inner_fired - inner_hits < fired - hits
        )
        if not able.any():
            return
        members, inner = members[able], inner[able]
        inner_hits, inner_fired = inner_hits[able], inner_fired[able]
        saved = (fired - hits) - (inner_fired - inner_hits)
        # The misses are a budget: alarms saved per point of the concept that is lost.
        top = int(np.argmax(saved / (1 + hits - inner_hits)))
        theta, hits, fired = inner[top], int(inner_hits[top]), int(inner_fired[top])
        unit = tuple(sorted((*unit, int(members[top]))))
        yield unit


def _within(misses: Int[np.ndarray, " k"], positives: int, tolerance: float) -> Bool[np.ndarray, " k"]:
    return misses / positives <= tolerance
