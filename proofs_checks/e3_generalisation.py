r"""E3. Intersections of m half-spaces have VC dimension ≤ 2(n+1)m·log₂(3m); what follows for new points.

A. Blumer, A. Ehrenfeucht, D. Haussler and M. K. Warmuth (1989): m-fold intersections of a class of VC
dimension D have at most 2Dm·log₂(3m), and half-spaces of Rⁿ have n + 1. A unit that separates N training
points perfectly has an error of at most (2/N)(V·log₂(2eN/V) + log₂(2/δ)) with probability ≥ 1 − δ.

Both are loose: the largest sets known to be shattered here reach a third of V, and half-lines err forty
times less than the bound. So such instances could not tell V from V/2. The two steps of the proof can: by
Sauer's lemma m-fold intersections cut at most Φ(s)^m subsets out of s points, Φ(s) = Σ_{i≤n+1} C(s,i), and
no s with Φ(s)^m ≥ 2^s may exceed V ("growth"); and of 2N points at most Σ_{i≤V} C(2N,i) subsets, whose
logarithm in place of V·log₂(2eN/V) must give no larger error ("sample"). Both sums are integers; they reach
0.83 and 0.99 of the bounds. The quantile of the worst consistent half-line on a uniform grid is computed
exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import comb, e, floor, log2
from typing import Literal

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._exact import Rational
from proofs_checks._small_units import fewest

Part = Literal["shatter", "error", "growth", "sample"]


@dataclass(frozen=True)
class Case:
    """Points that units of m neurons are said to shatter (any size with `unlimited`); or N training points.

    `displaced` is the share of the grid by which a unit is wrong that does *not* fit the training points;
    `distinct` is how many of the N points are independent, the others being copies; `true_m` is the size of
    the units where m is claimed.
    """

    part: Part
    label: str
    points: tuple[tuple[Rational, ...], ...] = ((0,),)
    m: int = 1
    unlimited: bool = False
    size: int = 0
    grid: int = 10_000
    delta: Fraction = Fraction(1, 20)
    displaced: Fraction | None = None
    distinct: int | None = None
    true_m: int | None = None


def dimension_bound(n: int, m: int) -> float:
    """Return 2(n+1)m·log₂(3m).

    Examples
    --------
    >>> round(dimension_bound(2, 1), 2)
    9.51
    """
    return 2 * (n + 1) * m * log2(3 * m)


def error_bound(V: float, size: int, delta: Fraction) -> float:
    """Return (2/N)(V·log₂(2eN/V) + log₂(2/δ)).

    Examples
    --------
    >>> round(error_bound(6.34, 2000, Fraction(1, 20)), 4)
    0.0734
    """
    return 2 / size * (V * log2(2 * e * size / V) + log2(2 / delta))


def bound(case: Case) -> float:
    """Return the bound on the VC dimension, or on the error."""
    V = dimension_bound(len(case.points[0]), case.m)
    return V if case.part in ("shatter", "growth") else error_bound(V, case.size, case.delta)


def observe(case: Case) -> Observed:
    """Return the size of the set if it is shattered (else 0), or the quantile of the worst error."""
    label = f"{case.label} [{case.part}]"
    n, m = len(case.points[0]), case.m if case.true_m is None else case.true_m
    if case.part == "growth":
        return Observed(_most_shattered(n, m), label)
    if case.part == "sample":
        size = case.size if case.distinct is None else case.distinct
        patterns = _sauer(floor(dimension_bound(n, m)), 2 * size)
        # Two logarithms and a sum in floats.
        return Observed(2 / size * (log2(patterns) + log2(2 / case.delta)), label, "certified", 1e-9)
    if case.part == "error":
        return Observed(_quantile(case) if case.displaced is None else case.displaced, label)
    points = case.points
    if case.unlimited:
        # Points in convex position: any of them are cut out by a half-plane for each of the others.
        return Observed(len(points), label)
    for size in range(1, len(points)):
        for chosen in combinations(points, size):
            needed = fewest(chosen, [x for x in points if x not in chosen])
            if needed is None or needed > case.m:
                return Observed(0, label)
    return Observed(len(points), label)


def _sauer(dimension: int, size: int) -> int:
    """Return Σ_{i≤D} C(s, i): the most subsets that a class of VC dimension D cuts out of s points."""
    return sum(comb(size, i) for i in range(dimension + 1))


def _most_shattered(n: int, m: int) -> int:
    """Return the largest s for which Sauer's lemma lets m-fold intersections shatter s points of Rⁿ.

    From s on at which Φ(s)^m < 2^s and s ≥ 2(n+1)m, the left side grows less than twofold with each point.
    """
    size = 2 * (n + 1) * m
    while _sauer(n + 1, size) ** m >= 2**size:
        size += 1
    return next(s for s in range(size, -1, -1) if _sauer(n + 1, s) ** m >= 2**s)


def _quantile(case: Case) -> Fraction:
    """Return the least error that the worst consistent half-line exceeds with probability at most δ.

    The grid is uniform with the threshold in its middle: the worst error is at most j/q when a training point
    lies among the j nearest on either side, with probability 1 − 2(1 − j/q)^N + (1 − 2j/q)^N.
    """
    size = case.size if case.distinct is None else case.distinct
    for j in range(case.grid // 2 + 1):
        share = Fraction(j, case.grid)
        if 2 * (1 - share) ** size - (1 - 2 * share) ** size <= case.delta:
            return share
    # A consistent half-line that looks the right way never errs on more than half.
    return Fraction(1, 2)


CIRCLE = ((5, 0), (3, 4), (0, 5), (-3, 4), (-5, 0), (-4, -3), (0, -5), (4, -3), (4, 3), (-4, 3))


def _simplex(n: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(i == j) for j in range(n)) for i in range(-1, n))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield simplices, points of a circle, growing training sets, then random points."""
    for n in (1, 2, 3, 4):
        yield Case("shatter", f"a simplex's {n + 1} corners by one neuron, n={n}", _simplex(n))
    yield Case("shatter", "five points of a circle by two neurons", CIRCLE[:9:2], 2)
    yield Case("shatter", "an interval's ends by two neurons", ((0,), (1,)), 2)
    for size in (50, 500, 2000):
        yield Case("error", f"half-lines on a grid, N={size}", size=size)
    for n, m in ((20, 2), *product(range(1, 5), range(1, 6))):
        origin = ((0,) * n,)
        yield Case("growth", f"what Sauer's lemma lets be shattered, n={n}, m={m}", origin, m)
        for size in (500, 20_000):
            label = f"patterns on {2 * size} points, n={n}, m={m}"
            yield Case("sample", label, origin, m, size=size)
    for i in range(count):
        if i % 10 == 0:
            size, delta = int(rng.integers(50, 400)), Fraction(1, int(rng.integers(2, 200)))
            yield Case("error", f"half-lines {i}, N={size}, δ={delta}", size=size, grid=1000, delta=delta)
            continue
        n, m = int(rng.integers(1, 3)), int(rng.integers(1, 3))
        points = tuple({tuple(x) for x in rng.integers(-4, 5, (int(rng.integers(2, 5)), n)).tolist()})
        yield Case("shatter", f"{len(points)} random points {i}: n={n}, m={m}", points, m)


def unlimited(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points that only units without a limit shatter, and units larger than they say."""
    yield Case("shatter", "ten points of a circle by units of any size", CIRCLE, 1, unlimited=True)
    for i in range(max(1, count // 10)):
        first = int(rng.integers(-50, 50))
        parabola = tuple((k, k * k) for k in range(first, first + 10))
        yield Case("shatter", f"ten points of a parabola from {first} ({i})", parabola, 1, unlimited=True)
    for n in (5, 10):
        label = f"units of 5 neurons counted as 4, n={n}"
        yield Case("growth", label, ((0,) * n,), 4, true_m=5)
        yield Case("sample", label, ((0,) * n,), 4, size=500, true_m=5)


def misfitting(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a unit that misfits its sample."""
    yield Case("error", "a unit that does not fit its 2000 points", size=2000, displaced=Fraction(75, 1000))


def copied(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield samples in which points are counted more than once."""
    yield Case("error", "one point, counted 2000 times", size=2000, distinct=1)
    yield Case("error", "four points, each counted 500 times", size=2000, distinct=4)
    yield Case("sample", "1960 points, 40 of them twice", ((0, 0),), 3, size=2000, distinct=1960)
    for i in range(max(1, count // 10)):
        size = int(rng.integers(500, 3000))
        yield Case("sample", f"random: {size} points, each twice ({i})", size=2 * size, distinct=size)


CLAIM = Claim(
    id="E3",
    statement=(
        "Intersections of m half-spaces of Rⁿ shatter no more than 2(n+1)m·log₂(3m) points, and a unit "
        "that fits "
        "N training points errs by at most (2/N)(V·log₂(2eN/V) + log₂(2/δ)) with probability 1 − δ."
    ),
    tex=(
        r"\mathrm{VC}\le V=2(n+1)m\log_2(3m),\qquad "
        r"\mathrm{err}\le\frac2N\Big(V\log_2\frac{2eN}{V}+\log_2\frac2\delta\Big)\ \text{w.p.}\ge1-\delta"
    ),
    hypotheses=(
        Hypothesis("units of at most m neurons with absolute gates", unlimited),
        Hypothesis("the unit makes no error on the N points", misfitting),
        Hypothesis("the N points are independent", copied),
    ),
    kind="upper",
    source="blumer1989",
    figure="generalisation",
    observe=observe,
    bound=bound,
    instances=instances,
    scales={"shatter": (0.3, 1.1), "error": (0.02, 1.1), "growth": (0.82, 1.05), "sample": (0.98, 1.02)},
)
