r"""E3. Intersections of m half-spaces have VC dimension ≤ 2(n+1)m·log₂(3m); what follows for new points.

A. Blumer, A. Ehrenfeucht, D. Haussler and M. K. Warmuth (1989): m-fold intersections of a class of VC
dimension D have at most 2Dm·log₂(3m), and half-spaces of Rⁿ have n + 1. A unit that separates N training
points perfectly has an error of at most (2/N)(V·log₂(2eN/V) + log₂(2/δ)) with probability ≥ 1 − δ.

Both are loose: the largest sets known to be shattered here reach a third of V, and half-lines err forty
times less than the bound. The audit can therefore lower the bounds a good deal before an instance objects,
and its factors say how much. The quantile of the worst consistent half-line on a uniform grid is computed
exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import e, log2
from typing import Literal

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._exact import Rational, in_hull
from proofs_checks._small_units import fewest

Part = Literal["shatter", "error"]


@dataclass(frozen=True)
class Case:
    """Points that units of m neurons are said to shatter (any size with `unlimited`); or N training points.

    `displaced` is the share of the grid by which a unit is wrong that does *not* fit the training points.
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


def dimension_bound(n: int, m: int) -> float:
    """Return 2(n+1)m·log₂(3m).

    Examples
    --------
    >>> round(dimension_bound(2, 1), 2)
    9.51
    """
    return 2 * (n + 1) * m * log2(3 * m)


def bound(case: Case) -> float:
    """Return the bound on the VC dimension, or on the error."""
    V = dimension_bound(len(case.points[0]), case.m)
    if case.part == "shatter":
        return V
    return 2 / case.size * (V * log2(2 * e * case.size / V) + log2(2 / case.delta))


def observe(case: Case) -> Observed:
    """Return the size of the set if it is shattered (else 0), or the quantile of the worst error."""
    label = f"{case.label} [{case.part}]"
    if case.part == "error":
        return Observed(_quantile(case) if case.displaced is None else case.displaced, label)
    points = case.points
    if case.unlimited:
        convex = not any(in_hull(x, [y for y in points if y is not x]) for x in points)
        return Observed(len(points) * convex, label)
    for size in range(1, len(points)):
        for chosen in combinations(points, size):
            needed = fewest(chosen, [x for x in points if x not in chosen])
            if needed is None or needed > case.m:
                return Observed(0, label)
    return Observed(len(points), label)


def _quantile(case: Case) -> Fraction:
    """Return the least error that the worst consistent half-line exceeds with probability at most δ.

    The grid is uniform with the threshold in its middle: the worst error is at most j/q when a training point
    lies among the j nearest on either side, with probability 1 − 2(1 − j/q)^N + (1 − 2j/q)^N.
    """
    for j in range(case.grid // 2 + 1):
        share = Fraction(j, case.grid)
        if 2 * (1 - share) ** case.size - (1 - 2 * share) ** case.size <= case.delta:
            return share
    return Fraction(1)


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
    for i in range(count):
        if i % 10 == 0:
            size, delta = int(rng.integers(50, 400)), Fraction(1, int(rng.integers(2, 200)))
            yield Case("error", f"half-lines {i}, N={size}, δ={delta}", size=size, grid=1000, delta=delta)
            continue
        n, m = int(rng.integers(1, 3)), int(rng.integers(1, 3))
        points = tuple({tuple(x) for x in rng.integers(-4, 5, (int(rng.integers(2, 5)), n)).tolist()})
        yield Case("shatter", f"{len(points)} random points {i}: n={n}, m={m}", points, m)


def counter_instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points that only units without a limit shatter, and a unit that misfits its sample."""
    yield Case("shatter", "ten points of a circle by units of any size", CIRCLE, 1, unlimited=True)
    yield Case("error", "a unit that does not fit its 2000 points", size=2000, displaced=Fraction(75, 1000))
    for i in range(max(1, count // 10)):
        first = int(rng.integers(-50, 50))
        parabola = tuple((k, k * k) for k in range(first, first + 10))
        yield Case("shatter", f"ten points of a parabola from {first} ({i})", parabola, 1, unlimited=True)


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
        Hypothesis("units of m neurons with absolute gates", counter_instances),
        Hypothesis("the unit makes no error on N independent points", counter_instances),
    ),
    kind="upper",
    source="blumer1989",
    figure="generalisation",
    observe=observe,
    bound=bound,
    instances=instances,
    scales={"shatter": (0.3, 1.1), "error": (0.02, 1.1)},
)
