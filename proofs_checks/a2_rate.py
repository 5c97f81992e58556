r"""A2. The excess of the best m half-spaces falls like m^{−2/(r−1)}: exactly so around the ball.

For every convex body of dimension r the excess can be brought to e_irr + A·m^{−2/(r−1)} (E. M. Bronshtein
and L. D. Ivanov, 1975; R. M. Dudley, 1974); for smooth bodies with positive curvature no power is better
(P. M. Gruber, 1993). On the unit ball the lower bound is elementary and explicit (m cones over equal caps),
so the best excess is enclosed between it and that of evenly spread tangent half-spaces: an interval for the
exponent, and for the constant A, without an optimiser that would have to be believed. Non-smooth bodies can
do better: A4.

Where r < n all of this is said inside the affine hull: in Rⁿ the concept is a null set, and n − r further
pairs of neurons make the excess around it as small as one likes.

Volumes are exact for rational normals (Lasserre's recursion); for many normals they are qhull's, enlarged
by a millionth, far above its rounding. The exponent holds up to eta: half the enclosure plus what the lower
bound's own exponent lacks between the two m.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import log, pi, tan
from typing import Literal

import numpy as np

from geosae.verification import Claim, Observed
from proofs_checks._balls import ball_volume, cap_bound, leading_constant, spread, tangent_volume
from proofs_checks._exact import Rational
from proofs_checks._volumes import volume

Part = Literal["lower", "constant", "slope"]
# Rounding of the closed forms in floats: sums and products of a few dozen terms.
ROUNDING = 1e-12
RANGES = {2: (100, 10_000), 3: (32, 1024), 4: (32, 512), 5: (32, 256)}


@dataclass(frozen=True)
class Case:
    """Half-spaces around the unit ball of R^r ("lower"), or a number m that they are counted as.

    `counted` is what the statement is told; `true_r` the dimension in which the slope is measured.
    """

    r: int
    m: int
    part: Part
    label: str
    halves: tuple[tuple[tuple[Rational, ...], Rational], ...] = ()
    counted: int | None = None
    true_r: int | None = None


@lru_cache(maxsize=64)
def found(m: int, r: int) -> float:
    """Return an upper bound on the best excess: regular polygons, or evenly spread tangent half-spaces."""
    if r == 2:
        return (m * tan(pi / m) - pi) * (1 + 1e-9)
    return tangent_volume(spread(m, r)) * (1 + 1e-6) - ball_volume(r)


def bound(case: Case) -> float:
    """Return the cap bound on the volume, 2·A·m^{−2/(r−1)} with the cap bound's A, or −2/(r−1)."""
    m = case.m if case.counted is None else case.counted
    if case.part == "lower":
        return cap_bound(m, case.r)
    if case.part == "slope":
        return -2 / (case.r - 1)
    return 2 * leading_constant(case.r) * m ** (-2 / (case.r - 1))


def observe(case: Case) -> Observed:
    """Return the exact volume, the excess found, or the middle of the interval for the exponent."""
    label = f"{case.label} [{case.part}]"
    if case.part == "lower":
        return Observed(volume(case.halves), label, "certified", ROUNDING * 100)
    if case.part == "constant":
        return Observed(found(case.m, case.r), label, "certified", ROUNDING, kind="upper")
    r = case.r if case.true_r is None else case.true_r
    low, high, lacking = exponent(r)
    return Observed((low + high) / 2, label, "certified", (high - low) / 2 + lacking, kind="tight")


def exponent(r: int) -> tuple[float, float, float]:
    """Return an interval for the exponent of the best excess, and what the lower bound's own one lacks."""
    (m, n) = RANGES[r]
    least = [cap_bound(k, r) - ball_volume(r) for k in (m, n)]
    most = [found(k, r) for k in (m, n)]
    span = log(n / m)
    own = log(least[1] / least[0]) / span
    return log(least[1] / most[0]) / span, log(most[1] / least[0]) / span, abs(own + 2 / (r - 1))


def _unit(numbers: tuple[int, ...]) -> tuple[Fraction, ...]:
    """Return a rational point of the sphere by stereographic projection."""
    square = sum(v * v for v in numbers)
    return (*(Fraction(2 * v, square + 1) for v in numbers), Fraction(square - 1, square + 1))


def _cube(r: int) -> Case:
    halves = tuple((tuple(s * int(i == j) for j in range(r)), 1) for i in range(r) for s in (1, -1))
    return Case(r, 2 * r, "lower", f"a cube around the ball, r={r}", halves)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield cubes, the exponents for r = 2…5, spread half-spaces, then random half-spaces around cubes."""
    for r in (2, 3, 4):
        yield _cube(r)
    for r in (2, 3, 4, 5):
        yield Case(r, 0, "slope", f"the exponent between m = {RANGES[r][0]} and {RANGES[r][1]}, r={r}")
    for r, m in ((2, 50), (2, 1000), (3, 64), (3, 1024), (4, 512), (5, 256)):
        yield Case(r, m, "constant", f"m = {m} spread half-spaces, r={r}")
    for i in range(count):
        r = 3 if i % 3 == 0 else 2
        extra = int(rng.integers(1, 4))
        rows = [_unit(tuple(int(v) for v in rng.integers(-5, 6, r - 1))) for _ in range(extra)]
        looser = Fraction(int(rng.integers(0, 3)), 10)
        halves = (*_cube(r).halves, *((row, 1 + looser) for row in rows))
        yield Case(r, len(halves), "lower", f"a cube cut by {extra} random half-spaces {i}, r={r}", halves)


def counter_instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield bodies without the ball, half-spaces counted as more, exponents of other dimensions."""
    square = _cube(2)
    smaller = tuple((a, Fraction(997, 1000)) for a, _ in square.halves)
    yield replace(square, halves=smaller, label="a square of side 1.994")
    yield replace(_cube(3), counted=4, label="a cube counted as a tetrahedron", halves=_half_size(3))
    yield Case(3, 32, "constant", "32 half-spaces counted as 68", counted=68)
    yield Case(2, 100, "constant", "100 half-planes counted as 150", counted=150)
    yield Case(2, 0, "slope", "the exponent of r = 3 taken for r = 2", true_r=3)
    yield Case(4, 0, "slope", "the exponent of r = 2 taken for r = 4", true_r=2)
    for i in range(max(1, count // 10)):
        share = Fraction(int(rng.integers(980, 999)), 1000)
        shrunk = tuple((a, share) for a, _ in square.halves)
        yield replace(square, halves=shrunk, label=f"random square {i}, the disk sticks out by {1 - share}")


def _half_size(r: int) -> tuple[tuple[tuple[Rational, ...], Rational], ...]:
    return tuple((a, Fraction(1, 2)) for a, _ in _cube(r).halves)


CLAIM = Claim(
    id="A2",
    statement=(
        "The least excess of m half-spaces around the unit ball of R^r is between A·m^{−2/(r−1)} and "
        "2A·m^{−2/(r−1)}: the exponent −2/(r−1) is exact."
    ),
    tex=(
        r"\inf_{|M|=m,\ \theta_M\supseteq C}\nu(\theta_M\setminus C)\le e_{\mathrm{irr}}+A\,m^{-2/(r-1)},"
        r"\qquad \text{of exact order for smooth bodies of positive curvature}"
    ),
    hypotheses=("the body has affine dimension r ≥ 2 and ν is volume there", "exact order: smooth, curved"),
    kind="lower",
    source="bronshtein1975,dudley1974,gruber1993",
    figure="approximation_rate",
    observe=observe,
    bound=bound,
    instances=instances,
    counter_instances=counter_instances,
    # The constant is twice that of the lower bound, and the exponent's interval is a few hundredths wide.
    scales={"lower": (0.99, 1.01), "constant": (0.5, 1.5), "slope": (0.9, 1.1)},
)
