r"""S8. How rare separability is: Cover's count of labelings, Wendel's probability of missing the centre.

T. M. Cover (1965): of the 2^N labelings of N points in general position in Rⁿ exactly 2Σ_{k≤n} C(N−1, k)
are separable by one neuron, the share ½ at N = 2(n+1). J. G. Wendel (1962): for independent points,
symmetric about o and almost surely in general position, Pr[o ∉ Conv] = 2^{1−N} Σ_{k<n} C(N−1, k); for fixed
points in linearly general position that is the share of sign patterns (±x_1, …, ±x_N) whose hull misses o,
and is counted here.

General position is needed: points on a common hyperplane (or two on a line through o) have fewer separable
labelings. Consequence: with N ≲ 2n points a verdict of separability says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Literal

import numpy as np

from geosae.geometry.arrangements.counting import cover_count, cover_share, wendel
from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._exact import general_position, hulls_meet, in_hull, rank

Part = Literal["labelings", "half", "wendel"]
MOST_DRAWS = 10_000


@dataclass(frozen=True)
class Case:
    """Integer points in Rⁿ, and the part that is counted on them; the first `fixed` keep their sign."""

    points: tuple[tuple[int, ...], ...]
    part: Part
    label: str
    dim: int
    fixed: int = 1


def bound(case: Case) -> Number:
    """Return the library's count of labelings, their share, or Wendel's probability."""
    size = len(case.points)
    if case.part == "half":
        return Fraction(1, 2) if size == 2 * (case.dim + 1) else cover_share(size, case.dim)
    return wendel(size, case.dim) if case.part == "wendel" else cover_count(size, case.dim)


def observe(case: Case) -> Observed:
    """Decide every labeling, or every choice of signs, by a rational linear program."""
    label = f"{case.label} [{case.part}]"
    if case.part == "wendel":
        return Observed(Fraction(_missing(case), 2 ** (len(case.points) - case.fixed)), label)
    count = 0
    # The first point is positive: the other half of the labelings are these with the sides exchanged.
    for signs in product((True, False), repeat=len(case.points) - 1):
        sides = [
            [x for x, s in zip(case.points, (True, *signs), strict=True) if s == side]
            for side in (True, False)
        ]
        count += 2 * (not hulls_meet(*sides))
    return Observed(Fraction(count, 2 ** len(case.points)) if case.part == "half" else count, label)


def _missing(case: Case) -> int:
    origin = [0] * case.dim
    # The sign of one point is free to choose: turning all of them round changes nothing.
    first, others = case.points[: case.fixed], case.points[case.fixed :]
    count = 0
    for signs in product((1, -1), repeat=len(others)):
        turned = [[s * v for v in x] for s, x in zip(signs, others, strict=True)]
        count += not in_hull(origin, [*first, *turned])
    return count


def _linear(points: tuple[tuple[int, ...], ...]) -> bool:
    """Tell whether every n of the points are linearly independent."""
    size = min(len(points), len(points[0]))
    return all(rank(chosen) == size for chosen in combinations(points, size))


def _draw(rng: np.random.Generator, size: int, n: int, *, linear: bool) -> tuple[tuple[int, ...], ...]:
    # One point many times comes first: a test that lets it pass must not go unnoticed.
    points = ((1,) * n,) * size
    for _ in range(MOST_DRAWS):
        if _linear(points) if linear else general_position(points):
            return points
        points = tuple(tuple(x) for x in rng.integers(-9, 10, (size, n)).tolist())
    raise ArithmeticError(f"none of {MOST_DRAWS} draws of {size} points of R^{n} is in general position")


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield one to six points in one to three dimensions, N = 2(n+1) among them, then random ones."""
    for n, size in ((1, 1), (1, 2), (1, 6), (2, 3), (2, 4), (2, 6), (3, 4), (3, 5)):
        yield Case(_draw(rng, size, n, linear=False), "labelings", f"{size} points, n={n}", n)
        yield Case(_draw(rng, size, n, linear=True), "wendel", f"{size} points, n={n}", n)
    for i in range(20):
        n = 1 + i % 2
        points = _draw(rng, 2 * n + 2, n, linear=False)
        yield Case(points, "half", f"N = 2(n+1) = {2 * n + 2}: the share is ½ ({i})", n)
    drawn: set[tuple[Part, tuple[tuple[int, ...], ...]]] = set()
    while len(drawn) < count:
        i = len(drawn)
        n, size = int(rng.integers(1, 4)), int(rng.integers(1, 6))
        part: Part = "wendel" if i % 2 else "labelings"
        points = _draw(rng, size, n, linear=bool(i % 2))
        if (part, points) not in drawn:
            drawn.add((part, points))
            yield Case(points, part, f"random points {i}: n={n}, N={size}", n)


def degenerate(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield collinear and repeated points, and points on a hyperplane."""
    line = ((0, 0), (1, 0), (2, 0), (0, 1))
    yield Case(line, "labelings", "three collinear points of four", 2)
    yield Case(((0, 0), (0, 0), (1, 5)), "labelings", "a point twice", 2)
    yield Case(((0, 0), (1, 0), (2, 0), (0, 1), (3, 5), (5, 7)), "half", "collinear points of six", 2)
    for i in range(max(1, count // 10)):
        n = int(rng.integers(2, 4))
        flat = _draw(rng, n + 2, n - 1, linear=False)
        lifted = tuple((*x, 0) for x in flat)
        yield replace(Case(lifted, "labelings", f"random flat points {i}: a hyperplane of R^{n}", n))


def dependent(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points on a line through o."""
    yield Case(((1, 2), (2, 4), (1, -1)), "wendel", "two points on a line through o", 2)
    for i in range(max(1, count // 10)):
        a, b = (int(v) for v in rng.integers(1, 9, 2))
        points = ((a, b), (-2 * a, -2 * b), (a, -b))
        yield Case(points, "wendel", f"random points {i}, two on a line through o", 2)


def one_sided(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points of which two keep their sign: their distribution is not symmetric about o."""
    yield Case(((1,), (1,)), "wendel", "two positive points of a line", 1, fixed=2)
    for i in range(max(1, count // 10)):
        size = int(rng.integers(2, 6))
        points = tuple((int(v),) for v in rng.integers(1, 9, size))
        yield Case(points, "wendel", f"{size} random positive points of a line {i}", 1, fixed=size)


CLAIM = Claim(
    id="S8",
    statement=(
        "Of the labelings of N points in general position exactly 2Σ_{k≤n} C(N−1,k) are separable by one "
        "neuron, "
        "and a share 2^{1−N}Σ_{k<n} C(N−1,k) of sign choices leaves o outside the hull."
    ),
    tex=(
        r"\#\text{separable}=2\sum_{k=0}^{n}\binom{N-1}{k},\qquad "
        r"\Pr[o\notin\operatorname{Conv}]=2^{1-N}\sum_{k=0}^{n-1}\binom{N-1}{k}"
    ),
    hypotheses=(
        Hypothesis("Cover: general position (no n+1 points on a hyperplane)", degenerate),
        Hypothesis("Wendel: every n points linearly independent", dependent),
        Hypothesis("Wendel: the distribution is symmetric about o", one_sided),
    ),
    kind="tight",
    source="cover1965,wendel1962",
    figure="rarity",
    observe=observe,
    bound=bound,
    instances=instances,
    scales=(0.99, 1.01),
    mutants={
        "one dimension less": lambda case: (
            cover_count(len(case.points), case.dim - 1)
            if case.part == "labelings" and case.dim > 1
            else bound(case)
        ),
        "Wendel's sum up to n": lambda case: (
            wendel(len(case.points), case.dim + 1) if case.part == "wendel" else bound(case)
        ),
    },
)
