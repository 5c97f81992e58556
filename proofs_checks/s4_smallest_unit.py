r"""S4. The size m* of the smallest unit: one iff S1, at least the clique number of the conflict graph.

Two negatives conflict when their segment meets Conv(C): no half-space that holds C excludes both, so a
clique of conflicts needs as many neurons. Deciding m* is NP-hard (N. Megiddo, 1988). Here m* is found by
trying every grouping of a handful of negatives, and the library's interval [lower, upper] is held against
it.

For the closed unit disk and negatives at radius 1 + γ, φ = arccos(1/(1+γ)): a half-space around the disk
excludes less than an arc of 2φ. So N equally spaced negatives need ⌈N/⌈Nφ/π⌉⌉ neurons (held against a greedy
cover of the points themselves, decided by cosines), dense finite rings ⌈π/φ⌉, and the whole ring ⌊π/φ⌋ + 1:
one more where the quotient is an integer, for rational γ at γ = 1 alone (three for every dense finite set,
four for the ring; Niven).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from flint import arb, ctx

from geosae.geometry.arrangements.counting import ring_points_unit_size, ring_unit_size
from geosae.geometry.separation.smallest_unit import SmallestUnit, smallest_unit
from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._exact import Point, Rational, hulls_meet
from proofs_checks._small_units import clique, fewest, simplex_edges

Part = Literal["clique", "one", "lower", "upper", "ring", "points"]
MOST_DRAWS = 100


@dataclass(frozen=True)
class Case:
    """C and negatives, of which `counted` are used for m* (all by default) and `hidden` kept from the engine.

    For "ring": the gap and the number of points; no number is the whole ring. For "points" too; `positions`
    are where they lie in a control, as shares of the circle.
    """

    inside: tuple[tuple[Rational, ...], ...]
    outside: tuple[tuple[Rational, ...], ...]
    part: Part
    label: str
    counted: int | None = None
    hidden: int = 0
    gap: Fraction = Fraction(1)
    dense: int | None = None
    positions: tuple[Fraction, ...] | None = None


def _engine(case: Case) -> SmallestUnit:
    visible = case.outside[: len(case.outside) - case.hidden]
    a, b = (np.array([[float(v) for v in x] for x in cloud]) for cloud in (case.inside, visible))
    smallest = smallest_unit(a, b)
    if not isinstance(smallest, SmallestUnit):
        raise ArithmeticError("these negatives were built outside the hull")
    return smallest.check()


def bound(case: Case) -> Number:
    """Return the clique number, whether S1 holds, the library's bounds, ⌈π/φ⌉ or ⌈N/⌈Nφ/π⌉⌉."""
    if case.part == "ring":
        return ring_unit_size(float(case.gap))
    if case.part == "points":
        return ring_points_unit_size(float(case.gap), case.dense or 1)
    if case.part == "clique":
        return clique(case.inside, case.outside)
    if case.part == "one":
        return int(not hulls_meet(case.inside, case.outside))
    smallest = _engine(case)
    return smallest.lower if case.part == "lower" else smallest.upper


def observe(case: Case) -> Observed:
    """Return m* by brute force, whether it is one, or the cover of the ring's points by arcs."""
    label = f"{case.label} [{case.part}]"
    if case.part == "ring":
        return Observed(_arcs(case.gap, case.dense), label, kind="tight")
    if case.part == "points":
        count = case.dense or 1
        places = case.positions or tuple(Fraction(j, count) for j in range(count))
        return Observed(_fewest_arcs(Fraction(float(case.gap)), places), label, kind="tight")
    size = fewest(case.inside, case.outside[: case.counted])
    value = -1 if size is None else size
    if case.part == "one":
        return Observed(int(value == 1), label, kind="equivalence")
    return Observed(value, label, kind="upper" if case.part == "upper" else None)


def _arcs(gap: Fraction, count: int | None) -> int:
    """Return how many half-spaces around the disk exclude `count` equally spaced points of the ring, or all.

    One excludes the points in an open arc of half-width α = arccos(1/(1+γ)): at most ⌈αN/π⌉ of N. Open arcs
    cover the circle when there are more than π/α of them.
    """
    if count is None:
        if gap != 1:
            raise ArithmeticError("only at γ = 1 is π/α rational, and the whole ring needs one more")
        return 3 + 1
    with ctx.workprec(200):
        ratio = (1 / (1 + arb(gap.numerator) / gap.denominator)).acos() * count / arb.pi()
        # γ = 1: α = π/3 exactly, which no ball arithmetic can see.
        most = -(-count // 3) if gap == 1 else int(ratio.ceil().unique_fmpz() or 0)
    return -(-count // max(1, min(most, count)))


def _fewest_arcs(gap: Fraction, places: Sequence[Fraction]) -> int:
    """Return how few half-spaces around the disk exclude points of the ring, given as shares of the circle.

    One excludes the points of an arc that spans the share s if cos(πs) > 1/(1+γ). From a first point on,
    each arc takes as many as it can; the best first point counts.
    """
    ordered = sorted(places)
    turns = [*ordered, *(place + 1 for place in ordered)]
    fits = {span: _one_arc(gap, span) for span in {b - a for a in ordered for b in turns if b >= a}}
    best = len(ordered)
    for first in range(len(ordered)):
        arcs, start, end = 0, first, first + len(ordered)
        while start < end:
            stop = start + 1
            while stop < end and fits[turns[stop] - turns[start]]:
                stop += 1
            arcs, start = arcs + 1, stop
        best = min(best, arcs)
    return best


def _one_arc(gap: Fraction, span: Fraction) -> bool:
    """Tell whether cos(π·span) > 1/(1+γ): never from half of the circle on."""
    if 2 * span >= 1:
        return False
    if gap == 1 and span == Fraction(1, 3):
        return False  # cos(π/3) = ½ exactly, the only tie (Niven)
    precision = 64
    while True:
        with ctx.workprec(precision):
            angle = arb.pi() * span.numerator / span.denominator
            left = angle.cos() * (1 + arb(gap.numerator) / gap.denominator) - 1
            if left > 0 or left < 0:
                return bool(left > 0)
        precision *= 2


def _square_and_diamond() -> tuple[list[list[int]], list[list[int]]]:
    square = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    return square, [[3, 0], [0, 3], [-3, 0], [0, -3]]


def _fixed() -> Iterator[tuple[Sequence[Point], Sequence[Point], str]]:
    for n in (1, 2, 3):
        yield (*simplex_edges(n), f"a simplex's corners around its edge midpoints, n={n}: a clique, attained")
    yield (*_square_and_diamond(), "a square in a diamond of four: two neurons")
    pentagon = [[0, 10], [10, 3], [6, -8], [-6, -8], [-10, 3]]
    inner = [[0, -7], [-6, -2], [-4, 5], [4, 5], [6, -2]]
    yield inner, pentagon, "a pentagon around a pentagon: a cycle of conflicts"
    yield [[0, 0]], [[1, 0], [2, 0]], "one neuron is enough"


def _case(inside: Sequence[Point], outside: Sequence[Point], part: Part, label: str) -> Case:
    return Case(tuple(tuple(x) for x in inside), tuple(tuple(x) for x in outside), part, label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield cliques, rings of many gaps, an odd cycle of conflicts, then random separable clouds."""
    parts: tuple[Part, ...] = ("clique", "one", "lower", "upper")
    for inside, outside, label in _fixed():
        for part in parts:
            yield _case(inside, outside, part, label)
    for gap, dense in (("1", 999), ("1/10", 4001), ("1/100", 9001), ("3", 997), ("1/2", 5003), ("9", 101)):
        yield Case((), (), "ring", f"a disk in a ring, γ = {gap}", gap=Fraction(gap), dense=dense)
    for sixteenths in range(1, 15):
        gap = str(Fraction(2 * sixteenths + 1, 16))
        yield Case((), (), "ring", f"a disk in a ring, γ = {gap}", gap=Fraction(gap), dense=4001)
    for gap in ("1", "1/4", "3", "1/16"):
        for points in (1, 2, 3, 4, 5, 6, 7, 9, 12, 15):
            yield _spaced(gap, points)
    for i in range(count // 4):
        yield _spaced(str(Fraction(int(rng.integers(1, 64)), 16)), 16 + i % 20)
    number = 0
    for _ in range(MOST_DRAWS * count):
        n, size = int(rng.integers(1, 4)), int(rng.integers(2, 6))
        inside = rng.integers(-1, 2, (int(rng.integers(1, 5)), n)).tolist()
        outside = rng.integers(-3, 4, (size, n)).tolist()
        if fewest(inside, outside) is not None:
            part = parts[number % 4]
            yield _case(inside, outside, part, f"random clouds {number}: n={n}, {size} negatives")
            number += 1
        if number == count:
            return
    raise ArithmeticError(f"fewer than {count} of {MOST_DRAWS * count} random clouds are separable")


def _spaced(gap: str, points: int) -> Case:
    label = f"a disk and {points} points of a ring, γ = {gap}"
    return Case((), (), "points", label, gap=Fraction(gap), dense=points)


def bunched(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points of the ring that lie close together: one neuron excludes them all."""
    for i in range(1 + max(1, count // 10)):
        points = int(rng.integers(4, 12))
        case = _spaced("1/4", points)
        places = tuple(Fraction(j, 20 * points) for j in range(points))
        yield replace(case, label=f"{case.label}, bunched ({i})", positions=places)


def inside_or_none(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a negative in Conv(C), which no unit excludes, and no negative at all, which takes no neuron."""
    yield _case([[0], [2]], [[1]], "clique", "a negative between two points of C")
    yield _case([[0, 0], [2, 0], [0, 2]], [[1, 1], [5, 5]], "clique", "a negative on an edge of the hull")
    yield _case([[0]], [], "one", "no negatives: the empty unit does")
    for i in range(max(1, count // 10)):
        far = int(rng.integers(2, 9))
        yield _case([[-far], [far]], [[0], [far + 1]], "clique", f"random slab {i} around a negative")


def sparse_ring(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield rings of a few points."""
    for gap, dense in (("1", 2), ("1/10", 6), ("1/100", 20)):
        yield Case((), (), "ring", f"γ = {gap}, only {dense} points", gap=Fraction(gap), dense=dense)


def whole_ring(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield all points of the ring at γ = 1, where they need one neuron more than any finite number."""
    yield Case((), (), "ring", "γ = 1, the whole ring", gap=Fraction(1))


def left_out(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield negatives left out of m* or kept from the engine."""
    for n in (1, 2, 3):
        inside, outside = simplex_edges(n)
        parts: tuple[Part, Part] = ("clique", "lower")
        for part in parts:
            yield replace(_case(inside, outside, part, f"a corner left out of m*, n={n}"), counted=n)
        yield replace(_case(inside, outside, "upper", f"a corner kept from the engine, n={n}"), hidden=1)
    yield replace(_case([[0]], [[1], [-1]], "one", "m* of one negative of two"), counted=1)
    for i in range(max(1, count // 10)):
        far = int(rng.integers(1, 9))
        yield replace(_case([[0]], [[far], [-far]], "clique", f"random pair {i}, one left out"), counted=1)


CLAIM = Claim(
    id="S4",
    statement=(
        "The smallest separating unit has one neuron exactly when S1 holds and at least as many as negatives "
        "can conflict pairwise; a disk among N equally spaced points at gap γ needs ⌈N/⌈Nφ/π⌉⌉, φ = "
        "arccos(1/(1+γ)), and ⌈π/φ⌉ among densely many."
    ),
    tex=(
        r"m^*=1\iff\text{S1};\qquad m^*\ge\omega(\text{conflicts});\qquad "
        r"m^*_N=\Big\lceil\frac{N}{\lceil N\varphi/\pi\rceil}\Big\rceil,\quad "
        r"m^*_{\text{ring}}=\Big\lceil\frac{\pi}{\varphi}\Big\rceil,\quad\varphi=\arccos\frac1{1+\gamma}"
    ),
    hypotheses=(
        Hypothesis("no negative lies in Conv(C), and there is at least one", inside_or_none),
        Hypothesis("ring: finitely many negatives", whole_ring),
        Hypothesis("ring: they are dense enough", sparse_ring),
        Hypothesis("points of the ring: they are equally spaced", bunched),
        Hypothesis("the unit excludes every negative, and the engine is given every one", left_out),
    ),
    kind="lower",
    source="megiddo1988",
    figure="smallest_units",
    observe=observe,
    bound=bound,
    instances=instances,
    mutants={
        "the limit for few points": lambda case: (
            ring_unit_size(float(case.gap)) if case.part == "points" else bound(case)
        ),
        "closed arcs at γ = 1": lambda case: (
            -(-(case.dense or 1) // ((case.dense or 1) // 3 + 1))
            if case.part == "points" and case.gap == 1
            else bound(case)
        ),
    },
)
