"""The graded errors of theory §0 as fractions of counts, and how many misses and alarms each neuron has."""

from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Int

from proofs_checks._runs import SampleView

Points = Bool[np.ndarray, " N"]


def count(points: Points) -> int:
    """Return how many points a set holds.

    Examples
    --------
    >>> count(np.array([True, False, True]))
    2
    """
    return int(np.count_nonzero(points))


def miss(theta: Points, concept: Points) -> Fraction:
    """Return m = μ(C∖θ)/μ(C).

    Examples
    --------
    >>> miss(np.array([True, False, True]), np.array([True, True, False]))
    Fraction(1, 2)
    """
    return Fraction(count(concept & ~theta), count(concept))


def alarm(theta: Points, concept: Points) -> Fraction:
    """Return a = μ(θ∖C)/μ(C): alarms are counted per point of the concept.

    Examples
    --------
    >>> alarm(np.array([True, False, True]), np.array([True, True, False]))
    Fraction(1, 2)
    """
    return Fraction(count(theta & ~concept), count(concept))


def alarm_rate(theta: Points, concept: Points) -> Fraction:
    """Return μ(θ∖C)/μ(X∖C), the false-alarm rate, by which nothing is graded: the controls show why.

    Examples
    --------
    >>> alarm_rate(np.array([True, False, True]), np.array([True, True, False]))
    Fraction(1, 1)
    """
    return Fraction(count(theta & ~concept), count(~concept))


def separation_error(theta: Points, concept: Points) -> Fraction:
    """Return s = max(m, a).

    Examples
    --------
    >>> separation_error(np.array([True, True]), np.array([True, False]))
    Fraction(1, 1)
    """
    return max(miss(theta, concept), alarm(theta, concept))


def price(theta: Points, concept: Points) -> Fraction:
    """Return μ(θ)/μ(C).

    Examples
    --------
    >>> price(np.array([True, True]), np.array([True, False]))
    Fraction(2, 1)
    """
    return Fraction(count(theta), count(concept))


def jaccard(one: Points, another: Points) -> Fraction:
    """Return μ(∩)/μ(∪) of two sets that are not both empty.

    Examples
    --------
    >>> jaccard(np.array([True, True]), np.array([True, False]))
    Fraction(1, 2)
    """
    return Fraction(count(one & another), count(one | another))


def pair_counts(view: SampleView) -> tuple[Int[np.ndarray, "p d"], Int[np.ndarray, "p d"]]:
    """Return how many misses and alarms every neuron (column) has on every concept (row) of a sample."""
    # Counts below 2⁵³ are exact in float64, whose product is much the faster.
    inside, fires = view.concepts.astype(np.float64), view.fires.astype(np.float64)
    hits = inside.T @ fires
    misses = inside.sum(axis=0)[:, None] - hits
    alarms = fires.sum(axis=0)[None, :] - hits
    return misses.astype(np.int64), alarms.astype(np.int64)


def run_tolerance(view: SampleView) -> Fraction:
    """Return the tolerance of a run as the decimal number that was asked for: 0.05 is 1/20."""
    return Fraction(str(view.tolerance))
