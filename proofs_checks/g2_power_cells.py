r"""G2. Top-K: the kept set is constant on convex cells; N_i is a union of cells, convex for K = 1 only.

{x : the kept set is S} is where every z_i, i ∈ S, exceeds every z_j, j ∉ S: an intersection of half-spaces
(open ones, or closed where the smaller index wins a tie), a cell of the order-K power diagram of the affine
functions (F. Aurenhammer, 1987). For K = 1 a neuron has one cell, cut with H_i⁺: convex. For 2 ≤ K < d a
neuron may have several: n = 1, z = (1, x+2, 2−x), K = 2 gives N_1 = (−∞,−1] ∪ [1,∞) with ties to the
smaller index. For K = d all are kept and N_i = H_i⁺ is convex again: the example needs K < d.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Literal

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._exact import Rational
from proofs_checks._gates import Encoder, fired, largest

Part = Literal["cells", "top one", "holes"]


@dataclass(frozen=True)
class Case:
    """A Top-K encoder on points; part "holes" looks for points that a neuron leaves out in between.

    With `turning` ties go to the larger index at points whose coordinates have an odd sum.
    """

    encoder: Encoder
    K: int
    points: tuple[tuple[Rational, ...], ...]
    part: Part
    label: str
    neuron: int = 0
    watched: frozenset[int] | None = None
    turning: bool = False


def bound(case: Case) -> int:
    """Return 0 departures from convexity; for "holes" at least 1."""
    return 1 if case.part == "holes" else 0


def observe(case: Case) -> Observed:
    """Count points between two of the same cell (or of the same N_i) that lie outside it."""
    label = f"{case.label} [{case.part}]"

    def state(x: tuple[Rational, ...]) -> object:
        z = case.encoder.z(x)
        if case.part != "cells":
            return case.neuron in fired(z, case.K)
        if case.turning and sum(x) % 2 == 1:
            return frozenset(len(z) - 1 - i for i in largest(z[::-1], case.K))
        return largest(z, case.K) if case.watched is None else largest(z, case.K) & case.watched

    states = [state(x) for x in case.points]
    out = 0
    for (x, s), (y, t) in combinations(zip(case.points, states, strict=True), 2):
        if s != t or s is False:
            continue
        for share in (Fraction(1, 2), Fraction(1, 4)):
            middle = tuple(share * a + (1 - share) * b for a, b in zip(x, y, strict=True))
            out += state(middle) != s
    return Observed(out, label, kind="existence" if case.part == "holes" else None)


def _example(K: int, extra: int = 1) -> Encoder:
    """Return the example for any K: K − 2 neurons that are always kept, and `extra` − 1 that never are."""
    always = tuple((0,) for _ in range(K - 2))
    never = tuple((0,) for _ in range(extra - 1))
    return Encoder(((0,), (1,), (-1,), *always, *never), (1, 2, 2, *(99,) * (K - 2), *(-99,) * (extra - 1)))


LINE = tuple((k,) for k in range(-4, 5))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the example for K = 2…5, ties everywhere, then random encoders."""
    for K in (2, 3, 5):
        yield Case(_example(K), K, LINE, "holes", f"the example with K = {K}, d = {K + 1}")
    yield Case(_example(2), 2, ((-2,), (2,)), "holes", "the example, two points only: one hole each")
    # One hole exactly: ½ is left out, 1¼ is not.
    yield Case(_example(2), 2, ((-1,), (2,)), "holes", "the example from −1 to 2")
    for far in range(3, 20):
        yield Case(_example(2), 2, ((-far,), (far,)), "holes", f"the example at ±{far}: one hole")
    same = Encoder(((1,), (1,), (1,)), (0, 0, 0))
    yield Case(same, 2, LINE, "cells", "three equal neurons: ties everywhere")
    fan = Encoder(((1,), (0,), (-1,)), (0, 0, 0))
    yield Case(fan, 1, LINE, "cells", "three ties in one point")
    yield Case(fan, 1, LINE, "top one", "three ties in one point, K = 1", neuron=1)
    for i in range(count):
        dim, width = int(rng.integers(1, 4)), int(rng.integers(2, 7))
        w, c = rng.integers(-3, 4, (width, dim)).tolist(), rng.integers(-4, 5, width).tolist()
        encoder = Encoder(tuple(tuple(row) for row in w), tuple(c))
        points = tuple(tuple(row) for row in rng.integers(-4, 5, (14, dim)).tolist())
        top = 1 if i % 2 else int(rng.integers(1, width + 1))
        part: Part = "top one" if i % 2 else "cells"
        label = f"random encoder {i}: n={dim}, d={width}, K={top}"
        yield Case(encoder, top, points, part, label, int(rng.integers(width)))


def turning(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield ties that go to the smaller index at some points and to the larger one at others."""
    same = Encoder(((1,), (1,), (1,)), (0, 0, 0))
    yield Case(same, 2, LINE, "cells", "three equal neurons, ties this way and that", turning=True)
    for i in range(max(1, count // 10)):
        d = int(rng.integers(2, 7))
        flat = Encoder(((1, 1),) * d, (0,) * d)
        points = tuple(tuple(row) for row in (2 * rng.integers(-4, 5, (5, 2))).tolist())
        corners = ((0, 0), (2, 0), *points)
        yield Case(flat, 1, corners, "cells", f"{d} equal neurons {i}, ties this way and that", turning=True)


def all_or_one(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield examples with K = d and K = 1, which have no hole."""
    for d in (3, 4):
        yield Case(_example(d - 1), d, LINE, "holes", f"K = d = {d}: every N_i is a half-space")
    yield Case(_example(2), 1, LINE, "holes", "K = 1: every N_i is convex", neuron=1)


def top_two(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a Top-2 neuron taken for a Top-1 neuron."""
    yield Case(_example(2), 2, ((-1,), (2,)), "top one", "a Top-2 neuron: one midpoint left out")
    for i in range(max(1, count // 10)):
        a = int(rng.integers(1, 9))
        yield Case(_example(2), 2, ((-1 - a,), (1 + a,)), "top one", f"random Top-2 pair {i}: ±{1 + a}")


def in_part(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield two cells that share neuron 0, taken for one because only that neuron is looked at."""
    part_of_set = Case(_example(2), 2, ((-2,), (3,)), "cells", "only one of the kept neurons is looked at")
    yield replace(part_of_set, watched=frozenset({0}))


CLAIM = Claim(
    id="G2",
    statement=(
        "The kept set of a Top-K encoder is constant on convex cells; a neuron's region is convex for K = 1, "
        "and need not be for 2 ≤ K < d."
    ),
    tex=(
        r"\{x:\text{kept}(x)=S\}\ \text{convex};\quad K=1\Rightarrow N_i\ \text{convex};\quad "
        r"z=(1,x+2,2-x),\ K=2:\ N_1=(-\infty,-1]\cup[1,\infty)"
    ),
    hypotheses=(
        Hypothesis("ties go to the smaller index", turning),
        Hypothesis("the example: 2 ≤ K < d", all_or_one),
        Hypothesis("convex regions: K = 1", top_two),
        Hypothesis("cells are those of the whole kept set", in_part),
    ),
    kind="upper",
    source="aurenhammer1987",
    figure="power_cells",
    observe=observe,
    bound=bound,
    instances=instances,
)
