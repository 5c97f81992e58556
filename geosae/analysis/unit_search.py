"""Units worth counting for a concept: greedy conjunctions and closure units at several tolerances (D3).

At ε > 0 the best unit is a search. What is proposed here is counted and chosen from elsewhere
(`geosae.analysis.choice`), among single neurons too, so a unit is never worse there than the best neuron.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from geosae.analysis.firing_bits import FiringBits, Unit, ones

STARTS = 6
"""Greedy conjunctions start from so many neurons, by F1 and again by alarms among those that miss little."""
CLOSURES = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)
"""Closure units are taken at these multiples of the tolerance."""
MOST_MEMBERS = 512
"""So many neurons may enter a concept's conjunctions: those of greatest recall minus alarm rate."""


class Shortlist(NamedTuple):
    """The neurons that matter for one concept's units, found from counts alone."""

    members: Int[np.ndarray, " k"]
    """Those that may enter its conjunctions, in rising order."""
    hits: Int[np.ndarray, " k"]
    """Points of the concept on which they fire."""
    by_f1: Int[np.ndarray, " s"]
    """Where conjunctions start that grow by F1."""
    by_alarms: Int[np.ndarray, " t"]
    """Where those start that keep within the tolerance."""
    closures: tuple[Unit, ...]
    """The closure units, among them such as are no units of two neurons or more."""


_NONE = np.zeros(0, dtype=np.int64)
NOTHING = Shortlist(_NONE, _NONE, _NONE, _NONE, ())


def shortlist(
    hits: Int[np.ndarray, " d"], fired: Int[np.ndarray, " d"], positives: int, points: int, tolerance: float
) -> Shortlist:
    """Return the neurons that matter for the units of one concept.

    Parameters
    ----------
    hits
        The points of the concept on which each neuron fires.
    fired
        The points on which it fires.
    positives, points
        How many points the concept has, and how many there are.
    tolerance
        ε.

    Examples
    --------
    >>> found = shortlist(np.array([9, 4, 0]), np.array([9, 8, 2]), 9, 20, 0.05)
    >>> found.members.tolist(), found.by_f1.tolist(), found.by_alarms.tolist(), set(found.closures)
    ([0, 1], [0, 1], [0], {(0,)})
    """
    if positives == 0:
        return NOTHING
    # A score is at most the recall: what has too few hits for the 512-th score of some is left out unseen.
    among = np.flatnonzero(hits >= _hits_of_many(hits, MOST_MEMBERS))
    if len(among) > MOST_MEMBERS:
        score = _score(hits, fired, among, positives, points)
        least = np.partition(score, len(score) - MOST_MEMBERS)[len(score) - MOST_MEMBERS]
        among = np.flatnonzero(hits >= math.floor(least * positives) - 1)
    among = among[_greatest(_score(hits, fired, among, positives, points), MOST_MEMBERS)]
    members = among[hits[among] > 0]
    inside, all_points = hits[members].astype(np.int64), fired[members]
    alarm_rate = (all_points - inside) / max(points - positives, 1)
    able = 1 - inside / positives <= tolerance
    most = max(CLOSURES) * tolerance
    close = np.flatnonzero(hits >= math.floor((1 - most) * positives) - 1)
    miss = 1 - hits[close] / positives
    return Shortlist(
        members,
        inside,
        _starts(_f1(inside, all_points, positives), members),
        _starts(-alarm_rate[able], members[able]),
        tuple(tuple(close[miss <= multiple * tolerance].tolist()) for multiple in CLOSURES),
    )


def _hits_of_many(hits: Int[np.ndarray, " d"], many: int) -> int:
    """Return the greatest number of hits that so many neurons have, 0 if there are not so many."""
    at_least = np.cumsum(np.bincount(hits)[::-1])[::-1]
    return max(int(np.count_nonzero(at_least >= many)) - 1, 0)


def _score(
    hits: Int[np.ndarray, " d"],
    fired: Int[np.ndarray, " d"],
    among: Int[np.ndarray, " k"],
    positives: int,
    points: int,
) -> Float[np.ndarray, " k"]:
    """Return recall minus alarm rate of some neurons."""
    some = hits[among]
    return some / positives - (fired[among] - some) / max(points - positives, 1)


def _greatest(score: Float[np.ndarray, " k"], most: int) -> Bool[np.ndarray, " k"]:
    """Tell which are the so many greatest; of equals, the first."""
    if len(score) <= most:
        return np.ones(len(score), dtype=bool)
    least = np.partition(score, len(score) - most)[len(score) - most]
    chosen = score > least
    chosen[np.flatnonzero(score == least)[: most - np.count_nonzero(chosen)]] = True
    return chosen


def propose(
    bits: FiringBits, concept: int, tolerance: float, short: Shortlist | None = None
) -> tuple[Unit, ...]:
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
    short
        The neurons that matter, if they were found from counts of the same points; the bits need hold no
        others. None: they are found from the bits.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 101)
    >>> fires = np.stack([x > -0.5, x < 0.5, x < 0.9], axis=1)
    >>> propose(FiringBits.of(fires, (np.abs(x) < 0.5)[:, None]), 0, 0.05)
    ((0, 1), (0, 2), (0, 1, 2))
    """
    C = bits.concepts[concept]
    positives = int(ones(C))
    if short is None:
        short = shortlist(ones(bits.neurons & C), ones(bits.neurons), positives, bits.points, tolerance)
    proposed = list(short.closures)
    rows = bits.rows(short.members)
    for start in _promising(bits, C, positives, bits.rows(short.by_f1), rows, short.hits):
        proposed += _grow_f1(bits, C, positives, start, rows, short.hits)
    for start in bits.rows(short.by_alarms).tolist():
        proposed += _grow_price(bits, C, positives, start, rows, short.hits, tolerance)
    return tuple(sorted({unit for unit in proposed if len(unit) > 1}, key=lambda unit: (len(unit), unit)))


def _f1(hits: Int[np.ndarray, "*k"], fired: Int[np.ndarray, "*k"], positives: int) -> Float[np.ndarray, "*k"]:
    return np.asarray(2 * hits / (positives + fired))


def _starts(score: Float[np.ndarray, " k"], members: Int[np.ndarray, " k"]) -> Int[np.ndarray, " s"]:
    return members[np.argsort(-score, kind="stable")[:STARTS]]


def _promising(
    bits: FiringBits,
    C: UInt64[np.ndarray, " W"],
    positives: int,
    starts: Int[np.ndarray, " s"],
    rows: Int[np.ndarray, " k"],
    hits: Int[np.ndarray, " k"],
) -> list[int]:
    """Return the starts from which F1 may rise, by the two bounds of `_grow_f1`; mostly there is none."""
    thetas = bits.neurons[starts]
    best = _f1(ones(thetas & C), ones(thetas), positives)
    bound = positives * best / (2 - best)
    able = (hits[:, None] > bound) & (rows[:, None] != starts)
    rows, able = rows[able.any(axis=1)], able.any(axis=0)
    starts, bound = starts[able], bound[able]
    if not len(starts):
        return []
    # Every start fires on the concept, so each has a word; its words stand together.
    inside = thetas[able] & C
    start, words = np.nonzero(inside)
    shared = np.bitwise_count(bits.neurons[rows[:, None], words] & inside[start, words])
    first = np.searchsorted(start, np.arange(len(starts)))
    inner = np.add.reduceat(shared, first, axis=1, dtype=np.int64)
    return starts[((inner > bound) & (rows[:, None] != starts)).any(axis=0)].tolist()


def _grow_f1(
    bits: FiringBits,
    C: UInt64[np.ndarray, " W"],
    positives: int,
    start: int,
    rows: Int[np.ndarray, " k"],
    hits: Int[np.ndarray, " k"],
) -> Iterator[Unit]:
    """Yield the conjunctions from a start on, one neuron more at a time, while F1 rises.

    `hits`: the concept's points in each row.
    """
    unit, theta = (start,), bits.neurons[start]
    best = float(_f1(ones(theta & C), ones(theta), positives))
    rows, hits = rows[rows != start], hits[rows != start]
    while True:
        # A unit of recall r has F1 ≤ 2r/(1 + r), and no more recall than θ∩N_i: what cannot rise is left out,
        # first by the recall of N_i alone.
        rows = rows[hits > positives * best / (2 - best)]
        if not len(rows):
            return
        hits = _shared(bits, rows, theta & C)
        able = hits > positives * best / (2 - best)
        if not able.any():
            return
        rows, hits = rows[able], hits[able]
        scores = _f1(hits, _shared(bits, rows, theta), positives)
        top = int(np.argmax(scores))
        if scores[top] <= best:
            return
        best, theta = float(scores[top]), theta & bits.neurons[rows[top]]
        unit = (*unit, int(rows[top]))
        yield _unit(bits, unit)


def _grow_price(
    bits: FiringBits,
    C: UInt64[np.ndarray, " W"],
    positives: int,
    start: int,
    rows: Int[np.ndarray, " k"],
    row_hits: Int[np.ndarray, " k"],
    tolerance: float,
) -> Iterator[Unit]:
    """Yield the conjunctions from a start on that fire ever less and miss at most ε of the concept."""
    unit, theta = (start,), bits.neurons[start]
    hits, fired = int(ones(theta & C)), int(ones(theta))
    # θ∩N_i misses what N_i misses.
    rows = rows[_within(positives - row_hits, positives, tolerance)]
    while True:
        inner_hits = _shared(bits, rows, theta & C)
        inner_fired = _shared(bits, rows, theta)
        able = _within(positives - inner_hits, positives, tolerance) & (
            inner_fired - inner_hits < fired - hits
        )
        if not able.any():
            return
        rows, inner_hits, inner_fired = rows[able], inner_hits[able], inner_fired[able]
        saved = (fired - hits) - (inner_fired - inner_hits)
        # The misses are a budget: alarms saved per point of the concept that is lost.
        top = int(np.argmax(saved / (1 + hits - inner_hits)))
        theta = theta & bits.neurons[rows[top]]
        hits, fired = int(inner_hits[top]), int(inner_fired[top])
        unit = (*unit, int(rows[top]))
        yield _unit(bits, unit)


def _shared(
    bits: FiringBits, rows: Int[np.ndarray, " k"], points: UInt64[np.ndarray, " W"]
) -> Int[np.ndarray, " k"]:
    """Return on how many of some points each row's neuron fires; words without such a point are not read."""
    words = np.flatnonzero(points)
    return ones(bits.neurons[rows[:, None], words] & points[words])


def _unit(bits: FiringBits, rows: Sequence[int]) -> Unit:
    return tuple(sorted(bits.which[list(rows)].tolist()))


def _within(misses: Int[np.ndarray, " k"], positives: int, tolerance: float) -> Bool[np.ndarray, " k"]:
    return misses / positives <= tolerance
