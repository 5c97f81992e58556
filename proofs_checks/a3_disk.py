r"""A3. The least area of an m-gon that contains the unit disk is m·tan(π/m), for m ≥ 3.

An m-gon around the disk can be shrunk until its sides touch; with gaps α_i between its normals its area is
Σ tan(α_i/2), which by Jensen is least for equal gaps. So the excess m·tan(π/m) − π falls like π³/(3m²): the
calibration of every rate measured elsewhere. Fewer than three half-planes leave an unbounded set.

Random polygons have rational normals, hence exact rational areas; m·tan(π/m) is enclosed by ball arithmetic
(F. Johansson, Arb, 2017), and only eta, the size of that ball, separates "certified" from "exact".
L. Fejes Tóth (1972) is the source for circumscribed polygons of least area.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, pi
from typing import Literal

import numpy as np
from flint import arb, ctx

from geosae.geometry.approximation.polyhedra_around import circumscribed_polygon_area
from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._arb import ETA, enclosed
from proofs_checks._polygons import Line, area, cut_all, square

BITS = 256
BOX = square(-(10**6), -(10**6), 2 * 10**6)
Part = Literal["least", "attained", "regular", "library", "rate"]


@dataclass(frozen=True)
class Case:
    """Half-planes that are said to contain the unit disk ("least", "attained"), or a number m of sides.

    `true_m` is the number of sides where m is claimed.
    """

    m: int
    part: Part
    label: str
    lines: tuple[Line, ...] = ()
    true_m: int | None = None


def least_area(m: int) -> arb:
    """Return m·tan(π/m) in a ball."""
    return m * (arb.pi() / m).tan()


def bound(case: Case) -> Number:
    """Return m·tan(π/m), and π³/3 for the rate."""
    with ctx.workprec(BITS):
        return enclosed(arb.pi() ** 3 / 3 if case.part == "rate" else least_area(case.m))


def observe(case: Case) -> Observed:
    """Return the area of the polygon; for "rate" m²·(area of the regular m-gon − π)."""
    label = f"{case.label} [{case.part}]"
    m = case.m if case.true_m is None else case.true_m
    if case.part == "least":
        return Observed(area(cut_all(BOX, case.lines)), label, "certified", ETA)
    if case.part == "attained":
        # Normals within δ = 1e-6 of regular ones: the area Σ tan(α_i/2) is larger by less than 100·δ².
        return Observed(area(cut_all(BOX, case.lines)), label, "certified", 1e-10, kind="tight")
    if case.part == "library":
        # Rounded once, to a float below 8.
        return Observed(circumscribed_polygon_area(m), label, "certified", 2.0**-51, kind="tight")
    with ctx.workprec(BITS):
        polygon_area = _regular(m)
        if case.part == "regular":
            return Observed(enclosed(polygon_area), label, "certified", 2 * ETA, kind="tight")
        value = enclosed(case.m**2 * (polygon_area - arb.pi()), 2.0**-150)
    # tan x − x − x³/3 has positive coefficients whose ratio never exceeds 4/π².
    q = Fraction(4, case.m**2)
    eta = 10.3355 * float(q / (1 - q))  # 10.3355 > π³/3
    return Observed(value, label, "certified", eta, kind="tight")


def _regular(m: int) -> arb:
    """Return the area of the regular m-gon around the disk from its corners, by the shoelace formula."""
    radius = 1 / (arb.pi() / m).cos()
    corners = [
        (radius * (2 * arb.pi() * k / m).cos(), radius * (2 * arb.pi() * k / m).sin()) for k in range(m)
    ]
    twice = sum(
        (a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, corners[1:] + corners[:1], strict=True)), arb(0)
    )
    return twice / 2


def _normal(angle: float, grain: int) -> tuple[int, int, int]:
    """Return integers (a, b, c) with a² + b² = c² and (a, b)/c near the angle."""
    t = Fraction(round(np.tan(angle / 2) * grain), grain)
    p, q = t.numerator, t.denominator
    a, b, c = q * q - p * p, 2 * p * q, q * q + p * p
    common = gcd(a, gcd(b, c))
    return a // common, b // common, c // common


def _polygon(m: int, noise: float, rng: np.random.Generator, *, loose: int = 0) -> tuple[Line, ...] | None:
    """Return m half-planes around the disk with nearly regular normals; None if they leave it unbounded."""
    angles = rng.uniform(-pi, pi) + 2 * pi * np.arange(m) / m + noise * rng.uniform(-1, 1, m)
    angles = (angles + pi) % (2 * pi) - pi
    # tan(angle/2) grows without end near ±π, where a coarser grain is exact enough.
    normals = sorted(
        (_normal(float(np.clip(a, -3.1, 3.1)), 200) for a in angles), key=lambda n: np.arctan2(n[1], n[0])
    )
    after = normals[1:] + normals[:1]
    if any(u[0] * v[1] - u[1] * v[0] <= 0 for u, v in zip(normals, after, strict=True)):
        return None
    return tuple((-a, -b, c + Fraction(int(rng.integers(0, loose + 1)) * c, 100)) for a, b, c in normals)


SQUARE: tuple[Line, ...] = ((1, 0, 1), (-1, 0, 1), (0, 1, 1), (0, -1, 1))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield regular polygons (attained), the limit of m²·excess, then random polygons around the disk."""
    for m in (*range(3, 24), 100):
        yield Case(m, "regular", f"the regular {m}-gon: attained")
        yield Case(m, "library", f"the regular {m}-gon")
    yield Case(4, "least", "the square", SQUARE)
    yield Case(4, "attained", "the square", SQUARE)
    for m in (3, *range(5, 24)):
        angles = 0.1 + 2 * pi * np.arange(m) / m
        normals = [_normal(float(a), 10**6) for a in (angles + pi) % (2 * pi) - pi]
        lines = tuple((-a, -b, c) for a, b, c in normals)
        yield Case(m, "attained", f"a {m}-gon, regular up to a millionth", lines)
    for m in (*range(10, 200, 10), 1000):
        yield Case(m, "rate", f"m = {m}")
    for i in range(count):
        m = int(rng.integers(3, 12))
        lines = _polygon(m, float(rng.choice([0.0, 0.02, 0.3])), rng, loose=int(rng.choice([0, 10])))
        if lines is not None:
            yield Case(m, "least", f"random {m}-gon {i}", lines)


def one_side(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a single half-plane: m·tan(π/m) is 0 at m = 1, its area has no bound."""
    yield Case(1, "attained", "one half-plane", ((1, 0, 1),))
    for i in range(max(1, count // 10)):
        lines = _polygon(3, 0.0, rng)
        if lines is not None:
            yield Case(1, "attained", f"one half-plane of a random triangle {i}", lines[:1])


def sticking_out(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield polygons that cut a little off the disk."""
    square_in = tuple((a, b, Fraction(997, 1000)) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1)))
    yield Case(4, "least", "a square of side 1.994: the disk sticks out", square_in)
    for i in range(max(1, count // 10)):
        m = int(rng.integers(3, 9))
        lines = _polygon(m, 0.0, rng)
        if lines is not None:
            smaller = tuple((a, b, c * Fraction(996, 1000)) for a, b, c in lines)
            yield Case(m, "least", f"random {m}-gon {i}, shrunk", smaller)


def one_more(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield polygons with one side more than they say."""
    for m in range(3, 9):
        lines = None
        while lines is None:
            lines = _polygon(m + 1, 0.0, rng)
        yield Case(m, "least", f"{m + 1} sides counted as {m}", lines)
        yield Case(m, "regular", f"{m + 1} sides counted as {m}", true_m=m + 1)
        yield Case(m, "library", f"{m + 1} sides counted as {m}", true_m=m + 1)
    for m in (100, 1000):
        yield Case(m, "rate", f"{m + 1} sides counted as {m}", true_m=m + 1)


def _inscribed(m: int) -> Fraction:
    with ctx.workprec(BITS):
        return enclosed(arb(m) / 2 * (2 * arb.pi() / m).sin())


CLAIM = Claim(
    id="A3",
    statement="The least area of an m-gon around the unit disk is m·tan(π/m); its excess is ~ π³/(3m²).",
    tex=(
        r"\min_{\theta_M\supseteq D,\ |M|=m}|\theta_M|=m\tan\frac{\pi}{m},\qquad "
        r"m\tan\frac{\pi}{m}-\pi\sim\frac{\pi^3}{3m^2}"
    ),
    hypotheses=(
        Hypothesis("m ≥ 3", one_side),
        Hypothesis("the polygon contains the unit disk", sticking_out),
        Hypothesis("it has no more than m sides", one_more),
    ),
    kind="lower",
    source="fejestoth1972",
    figure="approximation_rate",
    observe=observe,
    bound=bound,
    instances=instances,
    mutants={
        "inscribed: m/2·sin(2π/m)": lambda case: _inscribed(case.m) if case.part == "regular" else bound(case)
    },
    scales=(0.99, 1.01),
)
