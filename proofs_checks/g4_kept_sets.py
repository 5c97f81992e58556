r"""G4. Top-K has at most C(d, K) kept sets, and at most as many as d affine functions on Rⁿ have orders.

The kept set is constant on the cells of the arrangement of the C(d, 2) hyperplanes {z_i = z_j}, and each
cell is an order of the d functions. In general position there are Σ_{i ≤ min(n, d−1)} c(d, d−i) of them, c
the unsigned Stirling numbers of the first kind, never more (I. J. Good and T. N. Tideman, 1977): 46 of 120
for five functions on the plane. Every order is met here at a point of every cell, so the count is tried as an
equality. It is sharper than the cells of C(d, 2) hyperplanes, since the ties of three functions share a flat.
What fires (kept *and* positive) is a pattern of d + 1 functions, 0 among them: d + 1 for d.

The ceiling is that of general position. Against the cells of the arrangement *at hand* points on ties must
be left out: with z = (−x, 0, x) and ties to a middle index, three kept sets occur (K = 1) and the ties, all
in one point, cut two cells. Kept sets are counted before the positive part is taken: what fires can be
fewer neurons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import factorial
from typing import Literal

import numpy as np

from geosae.geometry.arrangements.counting import cells, ranking_cells, topk_ceiling, topk_kept_sets
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import Rational
from proofs_checks._gates import Encoder, fired, largest
from proofs_checks._runs import sample_view

Part = Literal["subsets", "ties", "rankings", "own ties", "orders", "patterns"]


@dataclass(frozen=True)
class Case:
    """A Top-K encoder on points; `positive` counts what fires in place of what is kept."""

    encoder: Encoder
    K: int
    points: tuple[tuple[Rational, ...], ...]
    part: Part
    label: str
    positive: bool = False
    attained: bool = False
    counted: int | None = None
    """In a control: so many of the coordinates are said to be there."""


def bound(case: Case) -> int:
    """Return C(d, K), the cells of C(d, 2) hyperplanes, the orders of d or d + 1, or its own ties' cells."""
    d, n = len(case.encoder.c), case.counted or len(case.points[0])
    if case.part == "own ties":
        return len(_breaks(case.encoder)) + 1
    return {
        "subsets": topk_kept_sets(d, case.K),
        "ties": cells(d * (d - 1) // 2, n),
        "rankings": ranking_cells(d, n),
        "orders": ranking_cells(d, n),
        "patterns": ranking_cells(d + 1, n),
    }[case.part]


def observe(case: Case) -> Observed:
    """Count the different kept sets on the points, what fires there, or how the functions are ordered."""
    label = f"{case.label} [{case.part}]"
    if case.part == "orders":
        scores = [case.encoder.z(x) for x in case.points]
        orders = {tuple(sorted(range(len(z)), key=z.__getitem__)) for z in scores}
        return Observed(len(orders), label, kind="tight")
    choose = fired if case.positive or case.part == "patterns" else largest
    kept_sets = {choose(case.encoder.z(x), case.K) for x in case.points}
    return Observed(len(kept_sets), label, kind="tight" if case.attained else None)


def _breaks(encoder: Encoder) -> list[Fraction]:
    """Return the points of a line at which two of the functions tie."""
    rows = [(w[0], c) for w, c in zip(encoder.w, encoder.c, strict=True)]
    return sorted({Fraction(d - b, a - c) for (a, b), (c, d) in combinations(rows, 2) if a != c})


def _all_of_line(encoder: Encoder, *, on_ties: bool) -> tuple[tuple[Fraction], ...]:
    """Return a point of every cell of a line, and the ties themselves if asked for."""
    ends = _breaks(encoder)
    inner = [(a + b) / 2 for a, b in pairwise(ends)]
    outer = [ends[0] - 1, ends[-1] + 1] if ends else [Fraction(0)]
    return tuple((x,) for x in (*outer, *inner, *(ends if on_ties else [])))


def _all_of_plane(encoder: Encoder) -> tuple[tuple[Fraction, ...], ...]:
    """Return points of every cell that the ties cut out of the plane, on no tie: beside each crossing.

    Every cell has a corner if two ties cross; around a corner the cells lie between neighbouring ties. The
    step is far below the distance of a corner to any other tie (coefficients are small integers).
    """
    rows = [(*w, c) for w, c in zip(encoder.w, encoder.c, strict=True)]
    lines = [tuple(Fraction(a - b) for a, b in zip(u, v, strict=True)) for u, v in combinations(rows, 2)]
    points: set[tuple[Fraction, ...]] = set()
    for (a, b, e), (c, d, f) in combinations(lines, 2):
        if a * d == b * c:
            continue
        x, y = (b * f - d * e) / (a * d - b * c), (c * e - a * f) / (a * d - b * c)
        through = [(-v, u) for u, v, w in lines if (u or v) and u * x + v * y + w == 0]
        rays = sorted({_ray(s * p, s * q) for p, q in through for s in (1, -1)}, key=_turn)
        for (p, q), (r, s) in pairwise([*rays, rays[0]]):
            points.add((x + (p + r) * STEP, y + (q + s) * STEP))
    return tuple(sorted(points))


STEP = Fraction(1, 10**9)


def _ray(p: Fraction, q: Fraction) -> tuple[Fraction, Fraction]:
    size = max(abs(p), abs(q))
    return p / size, q / size


def _turn(ray: tuple[Fraction, Fraction]) -> Fraction:
    """Return a number that grows as the ray turns: along the square around the origin."""
    p, q = ray
    if abs(p) == 1:
        return q if p > 0 else 4 - q
    return 2 - p if q > 0 else 6 + p


def _generic(d: int, shift: int = 0) -> Encoder:
    """Return functions of the plane in general position: points of a curve, no two ties parallel.

    The tie of t and u has the direction of t + u, so no two pairs of nodes may have one sum.
    """
    nodes = [2**i + shift for i in range(d)]
    return Encoder(tuple((t, t * t) for t in nodes), tuple(t**4 + t**3 for t in nodes))


def _line(slopes: Sequence[int], offsets: Sequence[int]) -> Encoder:
    return Encoder(tuple((a,) for a in slopes), tuple(offsets))


def _everything(d: int) -> tuple[Encoder, tuple[tuple[int, ...], ...]]:
    """Return coordinates as functions: on permutations of 1…d every ranking and every kept set occurs."""
    eye = tuple(tuple(int(i == j) for j in range(d)) for i in range(d))
    points = tuple(tuple(2 if i in chosen else 1 for i in range(d)) for k in range(d + 1)
                   for chosen in combinations(range(d), k))  # fmt: skip
    return Encoder(eye, (0,) * d), points


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield all kept sets at once, upper envelopes, ties in one point, then random lines and planes."""
    for d in (1, 2, 3, 5):
        encoder, points = _everything(d)
        for K in range(1, d + 1):
            yield Case(encoder, K, points, "subsets", f"d coordinates, d={d}, K={K}: attained")
    envelope = _line([-3, -1, 1, 3], [-9, -1, -1, -9])
    points = _all_of_line(envelope, on_ties=True)
    yield Case(envelope, 1, points, "subsets", "the upper envelope of four lines: attained")
    pair = _line([1, -1], [0, 0])
    parts: tuple[Part, ...] = ("subsets", "ties", "rankings", "own ties")
    for part in parts:
        yield Case(pair, 1, _all_of_line(pair, on_ties=True), part, "two lines that cross: attained")
    fan = _line([-1, 0, 1], [0, 0, 0])
    yield Case(fan, 1, _all_of_line(fan, on_ties=True), "ties", "three lines through one point")
    for shift in range(5):
        for d in range(2, 6):
            slopes = [(t + shift) ** 2 for t in range(d)]
            lines = _line(slopes, [(t + shift) ** 5 for t in range(d)])
            label = f"{d} lines in general position ({shift})"
            yield Case(lines, 1, _all_of_line(lines, on_ties=False), "orders", label)
            if d > 2:
                planes = _generic(d, shift)
                label = f"{d} functions of the plane in general position ({shift})"
                yield Case(planes, 1, _all_of_plane(planes), "orders", label)
    for low in range(1, 21):
        valley = _line([1, -1], [-low, -low])
        where = tuple((Fraction(x),) for x in (-2 * low, 0, 2 * low))
        yield Case(valley, 1, where, "patterns", f"a valley below 0 at ±{low}: nothing fires inside")
    for cut in range(-10, 11):
        half, ends = _line([1], [-cut]), ((cut - 1,), (cut + 1,))
        yield Case(half, 1, ends, "patterns", f"a neuron from {cut} on fires or not", attained=True)
    for i in range(count):
        d = int(rng.integers(1, 7))
        top = int(rng.integers(1, d + 1))
        part = (*parts, "patterns")[i % 5]
        if i % 2 or part == "own ties":
            encoder = _line(rng.integers(-4, 5, d).tolist(), rng.integers(-6, 7, d).tolist())
            where: tuple[tuple[Rational, ...], ...] = _all_of_line(encoder, on_ties=part != "own ties")
        else:
            w, c = rng.integers(-3, 4, (d, 2)).tolist(), rng.integers(-4, 5, d).tolist()
            encoder = Encoder(tuple(tuple(row) for row in w), tuple(c))
            where = tuple(tuple(x) for x in rng.integers(-6, 7, (60, 2)).tolist())
        yield Case(encoder, top, where, part, f"random encoder {i}: d={d}, K={top}")


def firing(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what fires in place of what is kept: one set more."""
    valley = _line([1, -1], [-1, -1])
    parts: tuple[Part, ...] = ("subsets", "ties", "rankings")
    where = tuple((Fraction(x),) for x in (-2, 0, 2))
    for part in parts:
        yield Case(valley, 1, where, part, "what fires: two neurons, or none between them", positive=True)
    for i in range(max(1, count // 10)):
        low = int(rng.integers(1, 9))
        away = tuple((Fraction(x),) for x in (-2 * low, 0, 2 * low))
        yield Case(_line([1, -1], [-low, -low]), 1, away, "subsets", f"random valley {i}", positive=True)


def on_ties(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield ties that are met in a point."""
    # The middle function has the smallest index: it wins the tie in o and nowhere else.
    for steep in (1, *(int(v) for v in rng.integers(1, 9, max(1, count // 10)))):
        fan = _line([0, -steep, steep], [0, 0, 0])
        label = f"slopes 0 and ±{steep}: a point on three ties, 3 kept sets, 2 cells"
        yield Case(fan, 1, _all_of_line(fan, on_ties=True), "own ties", label)


def special(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield functions of which three tie in one point of the line, or which are parallel."""
    for i in range(1 + max(1, count // 10)):
        steep, d = int(rng.integers(1, 9)), int(rng.integers(3, 6))
        fan = _line([steep * j for j in range(d)], [0] * d)
        yield Case(fan, 1, _all_of_line(fan, on_ties=False), "orders", f"a fan of {d} ({i})")
        rows = Encoder(tuple((steep, j) for j in range(d)), tuple(j * j for j in range(d)))
        label = f"{d} functions of the plane with parallel ties ({i})"
        yield Case(
            rows, 1, tuple((Fraction(0), Fraction(2 * y + 1, 2)) for y in range(-9, 9)), "orders", label
        )


def flattened(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield coordinates, all of which fire or not, on points that are said to lie on a line."""
    for i in range(1 + max(1, count // 10)):
        d, far = 3 + i % 3, int(rng.integers(1, 9))
        encoder, _ = _everything(d)
        corners = tuple(product((-far, far), repeat=d))
        yield Case(encoder, d, corners, "patterns", f"{d} coordinates at ±{far} ({i})", counted=1)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the sets of K neurons that fire together on the sample against the ceiling on kept sets.

    Vacuous where the ceiling is not below the number of points on which K neurons fire.
    """
    K = instance.neurons.sparsity
    if instance.neurons.gating != "relative" or K is None:
        return ()
    view = sample_view(instance)
    full = view.fires[view.fires.sum(axis=1) == K]
    firing_sets = len(np.unique(np.packbits(full, axis=1), axis=0))
    label = f"{instance.label}: sets of {K} neurons that fire together on {len(view.points)} points"
    ceiling = topk_ceiling(instance.neurons.width, K, view.points.shape[1])
    return [compare(Observed(firing_sets, label), ceiling, "upper", vacuous=ceiling >= len(full))]


CLAIM = Claim(
    id="G4",
    statement=(
        "A Top-K encoder has at most C(d,K) kept sets, and no more than d affine functions in general "
        "position have orders: Σ_{i≤min(n,d−1)} c(d,d−i); what fires has as many patterns as d+1 have."
    ),
    tex=(
        r"\#\text{kept sets}\le\binom dK,\qquad \#\text{kept sets}\le\sum_{i=0}^{n}{d\brack d-i}"
        r"\le\sum_{i=0}^{n}\binom{\binom d2}{i}"
    ),
    hypotheses=(
        Hypothesis("kept sets, before the positive part", firing),
        Hypothesis("against the ties at hand: points off the ties", on_ties),
        Hypothesis("the number of orders: general position", special),
        Hypothesis("n counts every coordinate that the functions read", flattened),
    ),
    kind="upper",
    source="good1977,aurenhammer1987",
    figure="kept_sets",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "what fires as orders of d": lambda case: (
            ranking_cells(len(case.encoder.c), len(case.points[0]))
            if case.part == "patterns"
            else bound(case)
        ),
        "all d! orders": lambda case: (
            factorial(len(case.encoder.c)) if case.part == "orders" else bound(case)
        ),
        "the cells of the ties": lambda case: (
            cells(len(case.encoder.c) * (len(case.encoder.c) - 1) // 2, len(case.points[0]))
            if case.part == "orders"
            else bound(case)
        ),
    },
)
