r"""A6. A Top-K neuron can detect a concept with less excess than any convex set, for 2 ≤ K < d.

With z = (h, x + s, s − x) and K = 2 neuron 0 is kept where one of the others falls below h: N_0 is |x| ≥ s
− h. It detects C = {s − h ≤ |x| ≤ r} within |x| ≤ r without any excess, while every convex set that holds C
adds the middle, e_irr = 2(s − h). More neurons that are always kept give an example for any K. For K = 1
and for K = d a neuron's region is convex, and no escape is possible.

The statement is ours. Lengths are exact: the region is read off between its breaks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._gates import Encoder, fired


@dataclass(frozen=True)
class Case:
    """The example's h, s, r and K (None: ReLU), neurons always kept, an error in the threshold.

    With `hollow` ν is length on C alone, and does not see the middle.
    """

    h: int
    s: int
    r: int
    K: int | None
    label: str
    always: int = 0
    off: Fraction = Fraction(0)
    hollow: bool = False

    def encoder(self) -> Encoder:
        """Return the affine functions."""
        extra = (10**6,) * self.always
        w = ((0,), (1,), (-1,), *((0,) for _ in extra))
        return Encoder(w, (self.h + self.off, self.s, self.s, *extra))


def bound(case: Case) -> int:
    """Return e_irr = 2(s − h): all of it is saved."""
    return 2 * (case.s - case.h)


def observe(case: Case) -> Observed:
    """Return e_irr minus the excess of N_0 inside |x| ≤ r; −1 where N_0 does not detect C."""
    encoder, inner = case.encoder(), case.s - case.h
    rows = list(zip(encoder.w, encoder.c, strict=True))
    ties = {Fraction(d - b, a[0] - c[0]) for a, b in rows for c, d in rows if a != c}
    zeros = {Fraction(-b, a[0]) for a, b in rows if a[0] != 0}
    ends = {Fraction(v) for v in (-case.r, -inner, inner, case.r)}
    cuts = sorted(x for x in ties | zeros | ends if abs(x) <= case.r)
    excess = Fraction(0)
    for low, high in pairwise(cuts):
        middle = (low + high) / 2
        on = 0 in fired(encoder.z([middle]), case.K)
        if on and abs(middle) < inner and not case.hollow:
            excess += high - low
        if not on and abs(middle) > inner:
            return Observed(-1, case.label)
    irreducible = 0 if case.hollow else 2 * inner
    return Observed(irreducible - excess, case.label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the example for several K, then random ones."""
    yield Case(1, 2, 2, 2, "the example: |x| ≥ 1 in |x| ≤ 2")
    for K in (2, 3, 7):
        yield Case(1, 3, 9, K, f"K = {K}, d = {K + 1}", always=K - 2)
    for i in range(count):
        h = int(rng.integers(1, 20))
        s = h + int(rng.integers(1, 20))
        always = int(rng.integers(0, 4))
        r = s - h + int(rng.integers(1, 20))
        yield Case(h, s, r, 2 + always, f"random example {i}: h={h}, s={s}, r={r}, K={2 + always}", always)


def other_gates(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield ReLU, K = d and K = 1 in place of Top-2."""
    yield Case(1, 2, 2, None, "ReLU: the half-space holds everything")
    yield Case(1, 2, 2, 3, "K = d: the half-space holds everything")
    yield Case(1, 2, 2, 1, "K = 1: a convex region, C is not detected")
    for i in range(max(1, count // 10)):
        h = int(rng.integers(1, 20))
        s = h + int(rng.integers(2, 20))
        yield Case(h, s, 60, None, f"random example {i} under ReLU: h={h}, s={s}")


def hollow(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield measures that do not see the middle: there nothing is irreducible, and nothing to save."""
    yield Case(1, 2, 2, 2, "ν is length on 1 ≤ |x| ≤ 2", hollow=True)
    for i in range(max(1, count // 10)):
        h = int(rng.integers(1, 20))
        s = h + int(rng.integers(1, 20))
        yield Case(h, s, 60, 2, f"random example {i}, ν on C alone: h={h}, s={s}", hollow=True)


def off(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield thresholds that are a little off."""
    yield Case(1, 3, 9, 2, "a threshold half a unit off: one unit less is saved", off=Fraction(1, 2))
    for i in range(max(1, count // 10)):
        h = int(rng.integers(1, 20))
        s = h + int(rng.integers(2, 20))
        yield Case(h, s, 60, 2, f"random threshold {i}, half a unit off", off=Fraction(1, 2))


CLAIM = Claim(
    id="A6",
    statement="For 2 ≤ K < d a Top-K neuron can detect a concept with an excess below the irreducible error.",
    tex=(
        r"z=(h,x+s,s-x),\ K=2:\quad C=\{s-h\le|x|\le r\}\subset N_0,\quad \nu(N_0\setminus C)=0<"
        r"\nu(\operatorname{Conv}(C)\setminus C)=2(s-h)"
    ),
    hypotheses=(
        Hypothesis("relative gating with 2 ≤ K < d", other_gates),
        Hypothesis("ν is length on |x| ≤ r", hollow),
        Hypothesis("C is where the neuron fires: |x| ≥ s − h", off),
    ),
    kind="existence",
    source="zhang2026geometric",
    figure="topk_escape",
    observe=observe,
    bound=bound,
    instances=instances,
)
