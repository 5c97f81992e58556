r"""A4. A polytope with F facets is approximated without excess from m = F neurons on, and not with fewer.

θ of the F facet half-spaces is the polytope up to its boundary. With fewer half-spaces around it θ has
fewer facets and is larger. In affine dimension r = 1 a segment has two facets: two neurons.

The half-spaces are open: θ misses the boundary of a closed polytope, so with C ⊂ θ required pointwise the
excess is an infimum, approached and not attained; it is attained for open polytopes, or when detection is
asked up to null sets. All volumes are exact (Lasserre's recursion), against determinants and products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from math import factorial

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._exact import Rational, rank, solve
from proofs_checks._volumes import volume

FAR = 50
Half = tuple[tuple[Rational, ...], Rational]


@dataclass(frozen=True)
class Case:
    """Half-spaces ⟨a, x⟩ ≤ b, and the exact volume of the polytope that they should leave in a far box."""

    halves: tuple[Half, ...]
    exact: Fraction
    label: str
    dim: int


def bound(case: Case) -> Fraction:
    """Return the volume of C: no excess."""
    return case.exact


def observe(case: Case) -> Observed:
    """Return the volume of θ inside a far box."""
    box = [(tuple(s * int(i == j) for j in range(case.dim)), FAR) for i in range(case.dim) for s in (1, -1)]
    return Observed(volume([*case.halves, *box]), case.label)


def _box(sides: Sequence[int]) -> Case:
    n = len(sides)
    halves = [(tuple(s * int(i == j) for j in range(n)), side if s > 0 else 0)
              for i, side in enumerate(sides) for s in (1, -1)]  # fmt: skip
    return Case(tuple(halves), Fraction(int(np.prod(sides))), f"a box, n={n}, {2 * n} facets", n)


def _cross(n: int, size: int) -> Case:
    halves = tuple((signs, size) for signs in product((1, -1), repeat=n))
    exact = Fraction((2 * size) ** n, factorial(n))
    return Case(halves, exact, f"a cross-polytope, n={n}, {2**n} facets", n)


def _simplex(corners: Sequence[Sequence[int]]) -> Case | None:
    """Return the simplex with these corners; None if they are not affinely independent."""
    n = len(corners[0])
    edges = [[a - b for a, b in zip(p, corners[0], strict=True)] for p in corners[1:]]
    if rank(edges) < n:
        return None
    determinant = _determinant([[Fraction(v) for v in row] for row in edges])
    halves: list[Half] = []
    for left_out in range(n + 1):
        # The affine function that is 0 on a facet's corners and 1 on the corner across, negated.
        values = [int(k == left_out) for k in range(n + 1)]
        coefficients = solve([[*p, 1] for p in corners], values)
        if coefficients is None:
            return None
        halves.append((tuple(-v for v in coefficients[:n]), coefficients[n]))
    return Case(tuple(halves), abs(determinant) / factorial(n), f"a simplex, n={n}, {n + 1} facets", n)


def _determinant(rows: list[list[Fraction]]) -> Fraction:
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:k] + row[k + 1 :] for row in rows[1:]] for k in range(len(rows)))
    return sum(((-1) ** k * rows[0][k] * _determinant(m) for k, m in enumerate(minors)), Fraction(0))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield segments, boxes, cross-polytopes, redundant neurons, then random simplices and boxes."""
    yield replace(_box([7]), label="a segment, r = 1: two neurons")
    for sides in ([1, 2], [3, 3, 1], [1, 2, 1, 3]):
        yield _box(sides)
    for n in (2, 3):
        yield _cross(n, 2)
    square = _box([4, 4])
    idle: tuple[Half, ...] = (((1, 1), 8), ((1, 1), 9), ((1, 0), 4))
    yield replace(square, halves=(*square.halves, *idle), label="a square and three idle neurons, m > F")
    drawn: set[tuple[Half, ...]] = set()
    while len(drawn) < count:
        i, n = len(drawn), int(rng.integers(1, 4))
        box = i % 3 == 0
        body = (
            _box(rng.integers(1, 9, n).tolist())
            if box
            else _simplex(rng.integers(-6, 7, (n + 1, n)).tolist())
        )
        if body is not None and body.halves not in drawn:
            drawn.add(body.halves)
            yield replace(body, label=f"random {'box' if box else 'simplex'} {i}, n={n}")


def flat(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield segments of the plane, which is wider: their two ends leave a strip."""
    for length in (7, *(int(v) for v in rng.integers(1, 9, max(1, count // 10)))):
        ends: tuple[Half, ...] = (((1, 0), length), ((-1, 0), 0))
        yield Case(ends, Fraction(0), f"a segment of length {length} in the plane, two half-planes", 2)


def pushed_out(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield closed polytopes of which no point may be missed: open half-spaces must leave room."""
    square = _box([4, 4])
    pushed: Half = ((1, 0), Fraction(403, 100))
    yield replace(
        square, halves=(pushed, *square.halves[1:]), label="a square, one facet pushed out a little"
    )
    for i in range(max(1, count // 10)):
        box = _box(rng.integers(1, 9, int(rng.integers(1, 4))).tolist())
        loose = tuple((a, b + Fraction(1, 1000)) for a, b in box.halves)
        yield replace(box, halves=loose, label=f"random {box.label} ({i}), all pushed out by 1/1000")


def fewer(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield polytopes with a facet missing."""
    for case in (_box([7]), _box([2, 3]), _cross(2, 3), _box([1, 2, 3])):
        for halves in combinations(case.halves, len(case.halves) - 1):
            yield replace(case, halves=halves, label=f"{case.label}, one missing")
    for i in range(max(1, count // 10)):
        triangle = _simplex(rng.integers(-6, 7, (3, 2)).tolist())
        if triangle is not None:
            yield replace(
                triangle, halves=triangle.halves[1:], label=f"random triangle {i}, one side missing"
            )


CLAIM = Claim(
    id="A4",
    statement="The F facet half-spaces of a polytope leave no excess, and fewer half-spaces leave some.",
    tex=(
        r"C=\bigcap_{i=1}^{F}H_i\ \Longrightarrow\ \inf_{|M|=m,\ \theta_M\supset C}\nu(\theta_M\setminus C)=0"
        r"\iff m\ge F"
    ),
    hypotheses=(
        Hypothesis("C is full-dimensional (in its affine hull, where it is not)", flat),
        Hypothesis("attained: C is open, or detection is asked up to null sets", pushed_out),
        Hypothesis("m ≥ F: there is a neuron for each facet", fewer),
    ),
    kind="tight",
    source="zhang2026geometric",
    figure="approximation_rate",
    observe=observe,
    bound=bound,
    instances=instances,
    scales=(0.99, 1.01),
)
