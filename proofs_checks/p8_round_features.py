r"""P8. Splitting of a round feature: how many atoms a circle or a sphere needs when one is active at a time.

x on the unit sphere S^{r−1}, at most one atom active, its code ≥ 0, b_dec at the centre. An atom at angle φ
leaves sin²φ, or 1 if φ ≥ 90°; so within ε < 1 it serves the cap of angle arcsin√ε, of share σ(ε) =
½I_ε((r−1)/2, ½), and caps that cover number N ≥ 1/σ(ε) ≥ 2ε^{−(r−1)/2}: ½sin^{r−1}θ − σ is 0 at 0 and 90°,
and its derivative changes sign once, from + to −. *Circle, N ≥ 2*: some gap is ≥ 1/N of a turn, so the worst
error is ≥ sin²(π/N); an atom that serves the share s leaves at least what the arc of share s does, convex in
s, so the mean error is ≥ ½ − (N/4π)sin(2π/N) (Jensen); the regular N-gon attains both. *L equally spaced
points*: some atom serves ⌈L/N⌉ of them, and the worst is ≥ sin²(min(π/2, π(⌈L/N⌉−1)/L)), attained by runs of
neighbours. For any points about b at a distance ≥ R the worst is ≥ R²sin²(min(π/2, s/2)), s the least span of
N equal arcs that hold all their angles: that form, found by sorting, is ours and is what SAEs are held
against, in the plane of the two principal directions, where errors are only smaller.

Decided: atoms at rational turns, errors at the middles of all gaps (at all points) in balls; spheres: the
facets of the atoms' hull in rationals (the farthest point is a facet's normal); cap shares by parts, not by
the beta function. Certified. Signed codes give each atom two rays; an arc, and two active atoms go below
(controls); a cap beyond the hemisphere has more than its share. *The centre matters*: from far away N rays
are parallel lines, which leave 1/N² at the worst, up to π² times less than N rays from the centre. Trained
Top-1 SAEs do that: on the world `week` b_dec ends up to five radii away, and two or three rays serve the
whole circle; so SAEs are held against rays from their own b_dec. What N rays from the best b_dec leave at
least is open here. The statement is ours (that connected concepts are tiled: arXiv 2604.28119, 2606.06333).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Literal

import numpy as np
from flint import arb, ctx

from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._arb import enclosed
from proofs_checks._codes import best_codes
from proofs_checks._exact import Point, dot, minus
from proofs_checks._fits import unit_vector
from proofs_checks._losses import ball
from proofs_checks._one_active import round_evidence
from proofs_checks._round import (
    Turns,
    cap_share,
    distance,
    error_at,
    gaps,
    mean_error,
    surrounding,
    worst_error,
)

Part = Literal["worst", "mean", "points", "sphere", "share", "simple"]
BITS = 256
WIDTH = 2.0**-100
MOST_DRAWS = 500


@dataclass(frozen=True)
class Case:
    """Atoms on the circle (turns) or on a sphere (vectors of one length), or r and ε of a cap.

    The last fields break hypotheses: codes of both signs, an arc of the circle alone, points that two atoms
    may serve at once, b_dec at (base, 0) with rays through (0, target), a cap beyond the hemisphere.
    """

    part: Part
    label: str
    turns: Turns = ()
    atoms: tuple[Point, ...] = ()
    count: int = 0
    r: int = 2
    epsilon: Fraction = Fraction(1)
    attained: bool = False
    signed: bool = False
    arc: Fraction | None = None
    tried: tuple[Point, ...] = ()
    base: float = 0.0
    targets: tuple[float, ...] = ()
    beyond: bool = False

    @property
    def size(self) -> int:
        """The number N of atoms."""
        return len(self.turns) or len(self.atoms)

    def both(self) -> Turns:
        """Return the rays: the atoms, and with signed codes their antipodes."""
        return (*self.turns, *(t + Fraction(1, 2) for t in self.turns)) if self.signed else self.turns


def sigma(epsilon: arb, r: int) -> arb:
    """Return σ(ε) = ½I_ε((r−1)/2, ½)."""
    if epsilon == 1:
        return arb(1) / 2
    return epsilon.beta_lower(arb(r - 1) / 2, arb(1) / 2, regularized=True) / 2


def squared_sine(half_turns: Fraction) -> arb:
    """Return sin²(π·half_turns)."""
    sine = ball(half_turns).sin_pi()
    return sine * sine


def bound(case: Case) -> Number:
    """Return the least worst or mean error of N atoms, the least N, or the share of a cap or its bound."""
    N, L = case.size, case.count
    with ctx.workprec(BITS):
        if case.part == "worst":
            return enclosed(squared_sine(Fraction(1, N)), WIDTH)
        if case.part == "mean":
            return enclosed(arb(1) / 2 - N * ball(Fraction(2, N)).sin_pi() / (4 * arb.pi()), WIDTH)
        if case.part == "points":
            return enclosed(squared_sine(min(Fraction(1, 2), Fraction(-(-L // N) - 1, L))), WIDTH)
        if case.part == "sphere":
            return enclosed(1 / sigma(_epsilon(case), case.r), WIDTH)
        if case.part == "share":
            return enclosed(sigma(ball(case.epsilon), case.r), WIDTH)
        return enclosed(ball(case.epsilon).sqrt() ** (case.r - 1) / 2, WIDTH)


def _epsilon(case: Case) -> arb:
    """Return the worst error that the atoms have: 1 where some direction is away from all of them."""
    if case.turns:
        return _worst(case)
    return ball(worst_error(case.atoms)) if surrounding(case.atoms) else arb(1)


def _worst(case: Case) -> arb:
    """Return the greatest error on the circle, on the arc, or at the points: at ends and middles of gaps."""
    rays = case.both()
    if case.part == "points":
        places = [Fraction(k, case.count) for k in range(case.count)]
    else:
        places = [start + gap / 2 for start, gap in gaps(rays)]
        if case.arc is not None:
            places = [Fraction(0), case.arc, *(t % 1 for t in places if t % 1 <= case.arc)]
    return error_at(max(distance(rays, t) for t in places))


def observe(case: Case) -> Observed:
    """Return the error of the atoms, their number, or the share of a cap by integration."""
    label = f"{case.label} [{case.part}]"
    kind = "lower" if not case.attained else "tight"
    if case.part == "sphere":
        return Observed(case.size, label, "certified", 1e-20, kind=kind)
    if case.targets:
        # Distances to a ray are at most 2 and change no faster than the point; the grid's step is < 0.002.
        return Observed(_off_centre(case.base, case.targets), label, "certified", 0.008, kind=kind)
    if case.tried:
        return Observed(max(_of_two(case.atoms, x) for x in case.tried), label, kind=kind)
    with ctx.workprec(BITS):
        if case.part in ("worst", "points"):
            return Observed(enclosed(_worst(case), WIDTH), label, "certified", 4 * WIDTH, kind=kind)
        if case.part == "mean":
            return Observed(
                enclosed(mean_error(case.both()), WIDTH), label, "certified", 4 * WIDTH, kind=kind
            )
        angle = arb.pi() / 2 if case.epsilon == 1 else ball(case.epsilon).sqrt().asin()
        share = enclosed(cap_share(case.r, arb.pi() - angle if case.beyond else angle), WIDTH)
    if case.part == "simple" and not case.attained:
        kind = "upper"
    return Observed(share, label, "certified", 4 * WIDTH, kind="tight" if case.part == "share" else kind)


def _of_two(atoms: Sequence[Point], x: Point) -> Fraction:
    """Return the error of a point of the plane with the best codes of any two atoms."""
    codes = best_codes(x, atoms, [0] * len(atoms))
    rest = minus(x, [dot(codes, [w[i] for w in atoms]) for i in range(len(x))])
    return dot(rest, rest)


def _off_centre(base: float, targets: Sequence[float]) -> float:
    """Return the worst error, on a grid of the circle, of rays from (base, 0) through (0, target)."""
    angles = np.linspace(-np.pi, np.pi, 4001)
    points = np.column_stack([np.cos(angles) - base, np.sin(angles)])
    atoms = np.array([[-base, target] for target in targets])
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes = np.maximum(points @ atoms.T, 0)
    return float((np.square(points).sum(axis=1)[:, None] - np.square(codes)).min(axis=1).max())


def _regular(count: int, start: Fraction) -> Turns:
    return tuple(start + Fraction(k, count) for k in range(count))


def runs(count: int, atoms: int) -> Turns:
    """Return atoms at the middles of runs of ⌈count/atoms⌉ neighbours among so many equally spaced points."""
    size = -(-count // atoms)
    starts = range(0, count, size)
    middles = [Fraction(2 * k + min(size, count - k) - 1, 2 * count) for k in starts]
    return tuple(middles + middles[:1] * (atoms - len(middles)))


def _solids() -> Iterator[tuple[str, tuple[Point, ...]]]:
    """Yield vertices of one length, in rationals, that surround the origin."""
    for dim in (2, 3, 4):
        axes = [[s * (i == k) for i in range(dim)] for k in range(dim) for s in (1, -1)]
        yield f"cross-polytope in dimension {dim}", tuple(map(tuple, axes))
    yield "cube", tuple(product((1, -1), repeat=3))
    yield "tetrahedron", ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    yield "cuboctahedron", tuple(v for v in product((1, 0, -1), repeat=3) if v.count(0) == 1)


def _fixed(rng: np.random.Generator) -> Iterator[Case]:
    for size in (2, 3, 4, 7):
        for part in ("worst", "mean"):
            yield Case(part, f"a regular {size}-gon", _regular(size, Fraction(0)), attained=True)
    for part in ("worst", "mean"):
        yield Case(part, "three atoms, two of them equal", (Fraction(0), Fraction(0), Fraction(1, 2)))
        yield Case(part, "atoms on one side", (Fraction(0), Fraction(1, 10)))
    for count, size in ((1, 1), (2, 1), (3, 2), (7, 7), (7, 9), (7, 3), (12, 4), (366, 5)):
        yield Case("points", f"{count} points, {size} atoms", runs(count, size), count=count, attained=True)
    for label, atoms in _solids():
        yield Case("sphere", label, atoms=atoms, r=len(atoms[0]))
    near = tuple(tuple(Fraction(v, 5) for v in w) for w in ((5, 0, 0), (4, 3, 0), (4, 0, 3)))
    yield Case("sphere", "three atoms on one side", atoms=near, r=3)
    yield Case("sphere", "atoms of a sphere", atoms=_on_sphere(rng), r=3)
    for size in (3, 5):
        yield Case("sphere", f"a regular {size}-gon", _regular(size, Fraction(0)), attained=True)
    for part in ("simple", "share"):
        yield Case(part, "a cap of 30°, r = 3", r=3, epsilon=Fraction(1, 4))
    for r in (2, 3, 8):
        yield Case("simple", f"a hemisphere, r = {r}", r=r, attained=True)
        yield Case("share", f"a hemisphere, r = {r}", r=r)


def _on_sphere(rng: np.random.Generator) -> tuple[Point, ...]:
    """Return atoms of R³, of length 1, that surround the origin."""
    for _ in range(MOST_DRAWS):
        atoms = tuple({unit_vector(rng, 3) for _ in range(int(rng.integers(5, 8)))})
        if surrounding(atoms):
            return atoms
    raise ArithmeticError(f"none of {MOST_DRAWS} draws of atoms surrounds the origin")


def _random_turns(rng: np.random.Generator, count: int) -> Turns:
    return tuple(Fraction(int(v), 360) for v in rng.integers(0, 360, count))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield polygons, solids and runs, which attain their bounds, equal atoms, then random ones."""
    yield from _fixed(rng)
    for i in range(count):
        N, start = int(rng.integers(2, 9)), Fraction(int(rng.integers(0, 360)), 360)
        part: Part = ("worst", "mean", "points", "sphere", "share", "simple")[i % 6]
        if part in ("worst", "mean"):
            yield Case(part, f"{N} atoms of a circle {i}", _random_turns(rng, N))
            turned = _regular(N, start)
            yield Case(part, f"a regular {N}-gon from {start} on {i}", turned, attained=True)
        elif part == "points":
            L = int(rng.integers(1, 30))
            yield Case(part, f"{L} points, {N} atoms anywhere {i}", _random_turns(rng, N), count=L)
            yield Case(part, f"{L} points, {N} runs {i}", runs(L, N), count=L, attained=True)
        elif part == "sphere":
            yield Case(part, f"atoms of a sphere {i}", atoms=_on_sphere(rng), r=3)
            turned = _regular(N + 1, start)
            yield Case(part, f"a regular {N + 1}-gon from {start} on {i}", turned, attained=True)
        else:
            epsilon = Fraction(int(rng.integers(1, 40)), 40)
            yield Case(part, f"ε = {epsilon} ({i})", r=2 + int(rng.integers(0, 12)), epsilon=epsilon)
            if part == "simple":
                yield Case(part, f"a hemisphere, r = {9 + i}", r=9 + i, attained=True)


def two_active(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield four axes of the plane of which two are active at once."""
    axes = ((1, 0), (0, 1), (-1, 0), (0, -1))
    for i in range(max(1, count // 10)):
        tried = tuple(unit_vector(rng, 2) for _ in range(4))
        yield Case("worst", f"two of four axes {i}", _regular(4, Fraction(0)), axes, tried=tried)


def both_signs(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield lines for rays: codes of both signs."""
    parts: tuple[Part, ...] = ("worst", "mean", "points", "sphere")
    for i in range(max(len(parts), count // 10)):
        part, N = parts[i % len(parts)], int(rng.integers(2, 7))
        start = Fraction(int(rng.integers(0, 360)), 360)
        lines = tuple(t / 2 for t in _regular(N, start))
        # Of the points every second pair of neighbours shares a line with the pair opposite.
        lines = runs(4 * N, 2 * N)[:N] if part == "points" else lines
        case = Case(part, f"{N} lines from {start} on ({i})", lines, signed=True)
        yield replace(case, count=4 * N) if part == "points" else case


def off_centre(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield two rays from a point of the circle itself, and rays from far away that are nearly parallel."""
    slope = 0.36397023426620234  # tan 20°
    yield Case(
        "worst", "rays from (−1, 0) at ±20°", _regular(2, Fraction(0)), base=-1.0, targets=(slope, -slope)
    )
    for i in range(max(2, count // 10)):
        size, base = int(rng.integers(2, 7)), -float(rng.integers(5, 60))
        targets = tuple((2 * k + 1) / size - 1 for k in range(size))
        turns = tuple(Fraction(np.arctan2(target, -base) / (2 * np.pi)) for target in targets)
        yield Case("worst", f"{size} rays from ({base:g}, 0) on ({i})", turns, base=base, targets=targets)


def on_an_arc(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield atoms along an arc, and points of that arc alone."""
    for i in range(max(1, count // 10)):
        N, arc = int(rng.integers(2, 7)), Fraction(int(rng.integers(10, 200)), 360)
        turns = tuple(arc * Fraction(2 * k + 1, 2 * N) for k in range(N))
        yield Case("worst", f"{N} atoms on {arc} of a turn ({i})", turns, arc=arc)


def beyond(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield caps of more than a hemisphere, with the squared sine of their angle."""
    for i in range(max(2, count // 10)):
        part: Part = "share" if i % 2 else "simple"
        epsilon, r = Fraction(int(rng.integers(1, 40)), 40), int(rng.integers(2, 12))
        yield Case(
            part, f"a cap beyond the hemisphere, ε = {epsilon} ({i})", r=r, epsilon=epsilon, beyond=True
        )


def _on(part: Part, formula: Callable[[Case], arb]) -> Callable[[Case], Number]:
    """Return the bound with another formula in one part."""

    def mutated(case: Case) -> Number:
        if case.part != part:
            return bound(case)
        with ctx.workprec(BITS):
            return enclosed(formula(case), WIDTH)

    return mutated


def _of_points(served: Callable[[int, int], int]) -> Callable[[Case], Number]:
    return _on(
        "points",
        lambda case: squared_sine(min(Fraction(1, 2), Fraction(served(case.count, case.size), case.count))),
    )


CLAIM = Claim(
    id="P8",
    statement=(
        "With one active atom of code ≥ 0 on a unit sphere S^{r−1}, worst error ε < 1 needs N ≥ 1/σ(ε) ≥ "
        "2ε^{−(r−1)/2} atoms; on the circle the worst error is ≥ sin²(π/N), the mean ≥ ½ − (N/4π)sin(2π/N), "
        "attained by the regular N-gon."
    ),
    tex=(
        r"N\ \ge\ \frac1{\sigma(\varepsilon)}\ \ge\ 2\,\varepsilon^{-(r-1)/2},\quad "
        r"\sigma(\varepsilon)=\tfrac12I_\varepsilon\bigl(\tfrac{r-1}2,\tfrac12\bigr);\qquad r=2:\ "
        r"\text{worst}\ge\sin^2\tfrac\pi N,\quad \text{mean}\ge\tfrac12-\tfrac N{4\pi}\sin\tfrac{2\pi}N"
    ),
    hypotheses=(
        Hypothesis("one atom is active at a time", two_active),
        Hypothesis("codes are non-negative", both_signs),
        Hypothesis("b_dec is at the centre", off_centre),
        Hypothesis("all of the sphere, not an arc", on_an_arc),
        Hypothesis("a cap is at most a hemisphere", beyond),
    ),
    kind="lower",
    source="zhang2026geometric",
    figure="round_features",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=round_evidence,
    mutants={
        "lines for rays: π/2N": _on("worst", lambda case: squared_sine(Fraction(1, 2 * case.size))),
        "sin π/N for its square": _on("worst", lambda case: ball(Fraction(1, case.size)).sin_pi()),
        "⌈L/N⌉ for ⌈L/N⌉ − 1": _of_points(lambda L, N: -(-L // N)),
        "⌊L/N⌋": _of_points(lambda L, N: max(L // N - 1, 0)),
        "σ without ½": _on("share", lambda case: 2 * sigma(ball(case.epsilon), case.r)),
        "ε^{r/2}": _on("simple", lambda case: ball(case.epsilon).sqrt() ** case.r / 2),
    },
    scales=dict.fromkeys(("worst", "mean", "points", "sphere", "share", "simple"), (0.99, 1.01)),
)
