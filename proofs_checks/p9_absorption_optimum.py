r"""P9. L1 pays for one atom per direction of the data: absorption is a global optimum.

Codes a ≥ 0, loss E[‖x − x̂‖² + λΣ a_i‖w_i‖]. Put y = Σ a_i w_i; Σ a_i‖w_i‖ ≥ ‖y‖, so the loss at x is at least
min_y ‖x − b − y‖² + λ‖y‖ = h_λ(‖x − b‖), b = b_dec, with h_λ(u) = λu − λ²/4 for u ≥ λ/2 and u² below. For
λ > 0 it is equal at x iff every active atom lies on the ray of x − b and Σ a_i‖w_i‖ = ‖x − b‖ − λ/2 (where
‖x − b‖ > λ/2), or y = 0 and no active atom has length (where not). So with as many atoms as X − b has
directions the dictionary of the *data's directions*, one active atom each, is a global minimum for that b,
whatever composed the points. For x = αp + βc, p and c orthonormal, λ ≤ 2·min(α, β), it beats {p, c} by
λ(α + β − √(α² + β²)) − λ²/4; α = β = 1: (2 − √2)λ − λ²/4. Every child absorbs its parent.

Decided: losses in rationals, square roots enclosed; equality by rational lengths; {p, c} with its best codes
by trying every support. Whether an encoder makes these codes is another question: S1 for each direction (P2).

At λ = 0 equality asks for x̂ = x only, and the atoms need not share a ray: that λ > 0 is needed there is ours
(a control). Codes with signs, a penalty without norms, a bound about another b_dec and a loss without its
penalty all go below the bound. h_λ is Huber's function, convex, so the mean distance alone would give a
weaker bound. Exact up to square roots. On an SAE of a run λ = l1 times the spread of the points, and losses
are over their variance. The statement is ours; the L1 incentive of absorption is that of arXiv 2409.14507.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from flint import arb, ctx

from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._arb import ETA, enclosed
from proofs_checks._codes import best_codes
from proofs_checks._exact import dot, minus
from proofs_checks._fits import data_directions, random_fit, unit_vector
from proofs_checks._losses import Fit, Vector, ball, length, mean, rational_length
from proofs_checks._penalised import l1_evidence

Part = Literal["bound", "equality", "absorbs"]
BITS = 256


@dataclass(frozen=True)
class Case:
    """Codes, a decoder and λ; for "absorbs" one point of p + c and the atoms p, c.

    The last fields break hypotheses: the penalty counts codes without norms, or not at all; the bound is
    taken about another point than b_dec.
    """

    part: Part
    fit: Fit
    l1: Fraction
    label: str
    attained: bool = False
    penalty: Literal["by norms", "of codes", "left out"] = "by norms"
    about: Vector | None = None


def h(square: Fraction, l1: Fraction) -> arb:
    """Return h_λ(u) for u² = square, enclosed."""
    if 4 * square < l1 * l1:
        return ball(square)
    return ball(l1) * ball(square).sqrt() - ball(l1 * l1 / 4)


def _distances(case: Case) -> list[Fraction]:
    """Return ‖x − b‖² for each point."""
    centre = case.fit.b_dec if case.about is None else case.about
    offsets = (minus(x, centre) for x in case.fit.points)
    return [dot(u, u) for u in offsets]


def on_ray(fit: Fit, l1: Fraction, row: int) -> bool:
    """Tell whether one point meets the condition for equality at λ > 0; lengths are rational."""
    offset = minus(fit.points[row], fit.b_dec)
    size = rational_length(offset)
    active = [(a, w) for a, w in zip(fit.codes[row], fit.atoms, strict=True) if a]
    total = sum((a * rational_length(w) for a, w in active), Fraction(0))
    if 2 * size <= l1:
        return total == 0
    aligned = all(dot(offset, w) == size * rational_length(w) for _, w in active)
    return aligned and total == size - l1 / 2


def bound(case: Case) -> Number:
    """Return E h_λ(‖x − b‖); whether the condition for equality is met; what {p, c} costs more."""
    if case.part == "equality":
        return int(all(on_ray(case.fit, case.l1, row) for row in range(len(case.fit.points))))
    with ctx.workprec(BITS):
        if case.part == "absorbs":
            (square,), l1 = _distances(case), case.l1
            whole = sum(dot(case.fit.points[0], w) for w in case.fit.atoms)
            return enclosed(ball(l1) * (ball(whole) - ball(square).sqrt()) - ball(l1 * l1 / 4))
        squares = _distances(case)
        return enclosed(sum((h(square, case.l1) for square in squares), arb(0)) / len(squares))


def _penalty(case: Case) -> arb:
    if case.penalty == "left out":
        return arb(0)
    fit = case.fit
    lengths = [length(w) if case.penalty == "by norms" else arb(1) for w in fit.atoms]
    return sum((ball(case.l1 * fit.mean(j)) * size for j, size in enumerate(lengths)), arb(0))


def observe(case: Case) -> Observed:
    """Return the loss; whether it is the least there is at every point; the excess of {p, c}."""
    label, fit = f"{case.label} [{case.part}]", case.fit
    if case.part == "equality":
        # The least over y lies on the ray of x − b, where the loss is a parabola in the length of y.
        loss = fit.error() + case.l1 * sum(fit.mean(j) * rational_length(w) for j, w in enumerate(fit.atoms))
        sizes = [rational_length(minus(x, fit.b_dec)) for x in fit.points]
        return Observed(
            int(loss == mean([_least_on_ray(u, case.l1) for u in sizes])), label, kind="equivalence"
        )
    with ctx.workprec(BITS):
        if case.part == "absorbs":
            x = fit.points[0]
            codes = best_codes(x, fit.atoms, [case.l1] * len(fit.atoms))
            apart = replace(fit, codes=(codes,))
            loss = apart.error() + case.l1 * sum(codes, Fraction(0))
            size = length(x)
            code = size - ball(case.l1 / 2) if 4 * dot(x, x) > case.l1**2 else arb(0)
            left = size - code
            together = left * left + ball(case.l1) * code
            return Observed(enclosed(ball(loss) - together), label, "certified", 4 * ETA, kind="tight")
        value = enclosed(ball(fit.error()) + _penalty(case))
    return Observed(value, label, "certified", 4 * ETA, kind="tight" if case.attained else "lower")


def _least_on_ray(size: Fraction, l1: Fraction) -> Fraction:
    """Return min over s ≥ 0 of (size − s)² + λs, from its values at 0, 1 and 2."""
    at = [(size - s) ** 2 + l1 * s for s in (0, 1, 2)]
    curve = (at[2] - 2 * at[1] + at[0]) / 2
    best = max((at[0] - at[1] + curve) / (2 * curve), Fraction(0))
    return (size - best) ** 2 + l1 * best


def _fixed() -> Iterator[Case]:
    zero, one = Fraction(0), Fraction(1)
    at_centre = Fit(((one, one),), ((zero,),), ((one, zero),), (one, one))
    on_edge = Fit(((one, zero),), ((zero,),), ((one, zero),), (zero, zero))
    for l1 in (zero, one, 2 * one):
        yield Case("bound", at_centre, l1, f"a point at b_dec, λ = {l1}", attained=True)
        yield Case("bound", on_edge, l1, f"a silent point at distance 1, λ = {l1}", attained=l1 == 2)
    # Distances below λ/2, between λ/2 and λ, and above.
    three = ((one / 2, zero), (one, zero), (zero, 4 * one))
    codes = ((zero, zero), (one / 4, zero), (zero, 13 * one / 4))
    spread_out = Fit(three, codes, ((one, zero), (zero, one)), (zero, zero))
    yield Case("bound", spread_out, 3 * one / 2, "three distances at λ = 3/2", attained=True)
    yield Case("equality", at_centre, one, "a point at b_dec")
    yield Case("equality", on_edge, 2 * one, "a silent point at λ/2")
    yield Case("equality", replace(on_edge, atoms=((zero, zero),), codes=((one,),)), 2 * one, "an atom 0")
    yield Case("equality", on_edge, one, "a silent point beyond λ/2")


def _off(fit: Fit, i: int) -> Fit:
    """Return the fit with its first code a little too large, or with a little of a last atom off the ray."""
    tiny = Fraction(1, 10**9)
    if i % 2:
        off = tuple(-v for v in fit.atoms[0])
        return replace(
            fit,
            atoms=(*fit.atoms, off),
            codes=tuple((*row, tiny * (k == 0)) for k, row in enumerate(fit.codes)),
        )
    first = (fit.codes[0][0] + tiny, *fit.codes[0][1:])
    return replace(fit, codes=(first, *fit.codes[1:]))


def family(rng: np.random.Generator, l1: Fraction, *, turned: Fraction = Fraction(0)) -> Fit:
    """Return a point αp + βc with 2·min(α, β) ≥ λ, and the atoms p and c; c turned by a rational angle."""
    p = unit_vector(rng, 2)
    q = (-p[1], p[0])
    t = turned
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    c = tuple(cosine * v + sine * u for u, v in zip(p, q, strict=True))
    alpha, beta = (l1 / 2 + Fraction(int(v), 4) for v in rng.integers(0, 9, 2))
    point = tuple(alpha * u + beta * v for u, v in zip(p, c, strict=True))
    return Fit((point,), ((Fraction(0),) * 2,), (p, c), (Fraction(0),) * 2)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points at b_dec and at λ/2, then random codes, data directions, near misses and families."""
    yield from _fixed()
    for l1 in (Fraction(0), Fraction(1), Fraction(2)):
        one, zero = Fraction(1), Fraction(0)
        unit = Fit(((one, one),), ((zero, zero),), ((one, zero), (zero, one)), (zero, zero))
        yield Case("absorbs", unit, l1, f"p + c, λ = {l1}")
    for i in range(count):
        l1 = Fraction(int(rng.integers(1, 13)), 4)
        dim, size = (int(v) for v in rng.integers(1, 4, 2))
        where = f"λ = {l1}, {size} points in dimension {dim} ({i})"
        if i % 4 == 0:
            fit = random_fit(rng, dim=dim)
            yield Case("bound", fit, Fraction(int(rng.integers(0, 13)), 4), f"random codes, {where}")
        elif i % 4 == 1:
            fit = data_directions(rng, l1, count=size, dim=dim)
            yield Case("bound", fit, l1, f"data directions, {where}", attained=True)
        elif i % 4 == 2:
            fit = data_directions(rng, l1, count=size, dim=dim)
            yield Case("equality", fit, l1, f"data directions, {where}")
            yield Case("equality", _off(fit, i // 4), l1, f"data directions missed by a little, {where}")
        else:
            yield Case("absorbs", family(rng, l1), l1, f"a family, λ = {l1} ({i})")


def _spread_out(count: int, rng: np.random.Generator) -> Iterator[tuple[int, Fit, Fraction]]:
    """Yield data directions of which the first point lies beyond λ/2."""
    for i in range(max(1, count // 10)):
        fit, l1 = Fit((), (), (), ()), Fraction(int(rng.integers(1, 9)), 4)
        while not fit.codes or not fit.codes[0][0]:
            fit = data_directions(rng, l1, count=int(rng.integers(1, 4)), dim=int(rng.integers(1, 4)))
        yield i, fit, l1


def without_norms(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield atoms ten times as long and codes a tenth, under λΣa."""
    for i, fit, l1 in _spread_out(count, rng):
        atoms = tuple(tuple(10 * v for v in w) for w in fit.atoms)
        codes = tuple(tuple(a / 10 for a in row) for row in fit.codes)
        longer = replace(fit, atoms=atoms, codes=codes)
        yield Case("bound", longer, l1, f"long atoms, λ = {l1} ({i})", penalty="of codes")


def signed(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes of both signs whose signed sum is charged."""
    for i in range(max(1, count // 10)):
        l1, size = Fraction(int(rng.integers(1, 9)), 4), Fraction(int(rng.integers(1, 9)), 4)
        u = unit_vector(rng, int(rng.integers(1, 4)))
        point, zero = tuple(size * v for v in u), (Fraction(0),) * len(u)
        fit = Fit((point,), ((size - l1, -l1),), (u, tuple(-v for v in u)), zero)
        yield Case("bound", fit, l1, f"negative codes, λ = {l1}, distance {size} ({i})")


def about_the_mean(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield many points at b_dec and one away from it, the bound taken about their mean."""
    for i in range(max(1, count // 10)):
        zeros = 9 + i
        mu = Fraction(1, zeros + 1)
        points = (*(((Fraction(0),),) * zeros), (Fraction(1),))
        codes = (*(((Fraction(0),),) * zeros), (1 - mu / 4,))
        fit = Fit(points, codes, ((Fraction(1),),), (Fraction(0),))
        yield Case("bound", fit, mu / 2, f"{zeros} points 0 and one 1, b_dec = 0", about=(mu,))


def unpaid(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield losses from which the penalty is left out."""
    for i, fit, l1 in _spread_out(count, rng):
        yield Case("bound", fit, l1, f"the error alone, λ = {l1} ({i})", penalty="left out")


def free(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield λ = 0: a sum of atoms off the ray is as good."""
    for i in range(max(1, count // 10)):
        k = Fraction(int(rng.integers(1, 9)), 4)
        axes = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
        fit = Fit(((3 * k, 4 * k),), ((3 * k, 4 * k),), axes, (Fraction(0),) * 2)
        yield Case("equality", fit, Fraction(0), f"two atoms at right angles, λ = 0 ({i})")


def slanted(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a child that leans towards its parent."""
    for i in range(max(1, count // 10)):
        l1 = Fraction(int(rng.integers(1, 9)), 4)
        leaning = Fraction(int(rng.integers(2, 6)), 10)
        yield Case("absorbs", family(rng, l1, turned=leaning), l1, f"p and c not orthogonal, λ = {l1} ({i})")


def dear(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield λ > 2: no code of p or c is worth its price."""
    for i in range(max(1, count // 10)):
        l1 = 2 + Fraction(int(rng.integers(1, 9)), 4)
        fit = family(rng, Fraction(0))
        p, c = fit.atoms
        point = tuple(u + v for u, v in zip(p, c, strict=True))
        yield Case("absorbs", replace(fit, points=(point,)), l1, f"p + c, λ = {l1} ({i})")


def _with_h(other: Callable[[Fraction, Fraction], arb]) -> Callable[[Case], Number]:
    """Return the bound with another function for h_λ of a squared distance."""

    def mutated(case: Case) -> Number:
        if case.part != "bound":
            return bound(case)
        with ctx.workprec(BITS):
            squares = _distances(case)
            return enclosed(sum((other(square, case.l1) for square in squares), arb(0)) / len(squares))

    return mutated


def _of_the_mean(case: Case) -> Number:
    if case.part != "bound":
        return bound(case)
    with ctx.workprec(BITS):
        squares = _distances(case)
        u = sum((ball(square).sqrt() for square in squares), arb(0)) / len(squares)
        return enclosed(h(enclosed(u, 2.0**-100) ** 2, case.l1), 2.0**-90)


CLAIM = Claim(
    id="P9",
    statement=(
        "Under L1 the loss of non-negative codes is at least E h_λ(‖x−b_dec‖), attained exactly by one atom "
        "along each data point: a child's own direction beats parent and child by λ(α+β−√(α²+β²)) − λ²/4."
    ),
    tex=(
        r"\mathbb E\Bigl[\|x-\hat x\|^2+\lambda\sum_i a_i\|w_i\|\Bigr]\ge\mathbb E\,h_\lambda(\|x-b\|),\quad "
        r"h_\lambda(u)=\begin{cases}\lambda u-\lambda^2/4&u\ge\lambda/2\\u^2&\text{else}\end{cases}"
    ),
    hypotheses=(
        Hypothesis("the penalty weighs codes by norms", without_norms),
        Hypothesis("codes are non-negative", signed),
        Hypothesis("the bound is about the same b_dec", about_the_mean),
        Hypothesis("the penalty is part of the loss", unpaid),
        Hypothesis("equality: λ > 0", free),
        Hypothesis("family: parent and child are orthonormal", slanted),
        Hypothesis("family: λ ≤ 2·min(α, β)", dear),
    ),
    kind="lower",
    source="zhang2026geometric",
    figure="absorption_optimum",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=l1_evidence,
    mutants={
        "λu for λu − λ²/4": _with_h(lambda square, l1: ball(l1) * ball(square).sqrt()),
        "λ²/2 for λ²/4": _with_h(lambda square, l1: h(square, l1) - ball(l1 * l1 / 4)),
        "u² below λ": _with_h(lambda square, l1: ball(square) if square < l1 * l1 else h(square, l1)),
        "h of the mean distance": _of_the_mean,
        "λ²/4 forgotten for the family": lambda case: (
            bound(case) + case.l1 * case.l1 / 4 if case.part == "absorbs" else bound(case)
        ),
    },
    scales={"bound": (0.99, 1.01), "absorbs": (0.99, 1.01), "equality": None},
)
