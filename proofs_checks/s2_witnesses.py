r"""S2. Witnesses are small: n + 2 points prove inseparability, and half the distance of the hulls the margin.

P. Kirchberger (1903): if Conv(A) and Conv(B) meet, so do the hulls of at most n + 2 of the points. Points
in general position need all n + 2 (Radon's theorem), so the number cannot be lowered. If the hulls are
disjoint the largest margin of a hyperplane is half their distance.

The minimal witness is found by dropping points while the hulls still meet; the distance by trying every
face. Both exactly, both without the library, whose own witness and margin are held against them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import separate
from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._exact import hull_distance_squared, hulls_meet, rational

Part = Literal["points", "library's points", "margin"]
DIGITS = 2**200


@dataclass(frozen=True, eq=False)
class Case:
    """Two clouds; `dim` is the dimension that is claimed, `worse` scales the margin that is claimed.

    With `limits`, B is infinite: points besides those listed close in on the limits, which are not in B.
    """

    a: Float[np.ndarray, "Na n"]
    b: Float[np.ndarray, "Nb n"]
    part: Part
    label: str
    dim: int
    worse: Fraction = Fraction(1)
    limits: Float[np.ndarray, "L n"] | None = None


def bound(case: Case) -> Number:
    """Return n + 2, or half the distance of the hulls (to 200 bits)."""
    if case.part != "margin":
        return case.dim + 2
    squared = hull_distance_squared(rational(case.a.tolist()), rational(case.b.tolist())) / 4
    return Fraction(isqrt(int(squared * DIGITS**2)), DIGITS)


def observe(case: Case) -> Observed:
    """Return the size of a minimal witness, of the library's witness, or the library's margin."""
    label = f"{case.label} [{case.part}]"
    if case.part == "points":
        return Observed(_minimal(case), label)
    verdict = separate(case.a, case.b).check()
    if case.part == "margin":
        if not isinstance(verdict, Separated):
            raise ArithmeticError("these hulls were built disjoint")
        eta = verdict.eta + 2.0**-190
        return Observed(Fraction(verdict.margin) * case.worse, label, "certified", eta, kind="tight")
    if not isinstance(verdict, Inseparable) or verdict.grade != "exact":
        raise ArithmeticError("these hulls were built to meet")
    return Observed(len(verdict.points_a) + len(verdict.points_b), label)


def _minimal(case: Case) -> int:
    if case.limits is not None and not hulls_meet(rational(case.a.tolist()), rational(case.b.tolist())):
        # Not separable, by the limits alone: no finite number of points already is not.
        return len(case.a) + len(case.b) + 1
    left = rational(case.a.tolist()), rational(case.b.tolist())
    for side in (0, 1):
        for point in list(left[side]):
            fewer = [p for p in left[side] if p is not point]
            trial = (fewer, left[1]) if side == 0 else (left[0], fewer)
            if hulls_meet(*trial):
                left = trial
    return len(left[0]) + len(left[1])


def _radon(n: int) -> Case:
    """Return a simplex and the point in its middle: all n + 2 points are needed."""
    corners = np.vstack([np.zeros((1, n)), (n + 1) * np.eye(n)])
    return Case(corners, np.ones((1, n)), "points", f"a simplex around a point, n={n}: attained", n)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield Radon points, shared points, small gaps, then random clouds."""
    for n in (1, 2, 3, 4):
        yield _radon(n)
        yield replace(_radon(n), part="library's points")
    same = np.array([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]])
    yield Case(same, same[:1], "points", "a point in both: two are enough", 2)
    yield Case(same, same[:1], "library's points", "a point in both: two are enough", 2)
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    yield Case(square * 3, square + 1, "points", "a square in a square: eight points, four are enough", 2)
    line = np.array([[0.0], [1.0]])
    yield Case(line, line + 4, "margin", "two segments of a line, 3 apart", 1)
    yield Case(line, line + 1 + 2**-30, "margin", "two segments, 2⁻³⁰ apart", 1)
    yield Case(square, square + 2.0, "margin", "corner against corner", 2)
    for i in range(count):
        n = int(rng.integers(1, 4))
        a, b = (
            rng.integers(-4, 5, (int(rng.integers(1, 5 - n // 3)), n)).astype(np.float64) for _ in range(2)
        )
        meets = hulls_meet(rational(a.tolist()), rational(b.tolist()))
        part: Part = ("points" if i % 2 else "library's points") if meets else "margin"
        yield Case(a, b, part, f"random clouds {i}: n={n}, {len(a)} and {len(b)} points", n)


def infinite(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield 0 against all 1/k: not separable, and every finite number of these points is."""
    zero = np.zeros((1, 1))
    for size in (4, *(int(v) for v in rng.integers(4, 30, max(1, count // 10)))):
        near = 1.0 / np.arange(1, size)[:, None]
        yield Case(zero, near, "points", f"0 against all 1/k, {size - 1} of them listed", 1, limits=zero)


def understated(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield Radon points with the dimension understated by one."""
    for n in (2, 3, 4):
        short = replace(_radon(n), dim=n - 1, label=f"Radon points of R^{n} taken for R^{n - 1}")
        yield short
        yield replace(short, part="library's points")


def worse_hyperplanes(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield margins of hyperplanes that are not the best."""
    line = np.array([[0.0], [1.0]])
    for i in range(max(1, count // 10)):
        gap = int(rng.integers(1, 9))
        worse = Case(line, line + 1 + gap, "margin", f"a hyperplane off the middle, gap {gap} ({i})", 1)
        yield replace(worse, worse=Fraction(999, 1000))


CLAIM = Claim(
    id="S2",
    statement=(
        "If two finite sets are not separable, at most n+2 of their points already are not; if they are, the "
        "largest margin is half the distance of their hulls."
    ),
    tex=(
        r"\operatorname{Conv}A\cap\operatorname{Conv}B\ne\emptyset\Rightarrow\exists A'\subset "
        r"A,B'\subset B,\ "
        r"|A'|+|B'|\le n+2:\ \operatorname{Conv}A'\cap\operatorname{Conv}B'\ne\emptyset;\quad "
        r"\gamma=\tfrac12\operatorname{dist}(\operatorname{Conv}A,\operatorname{Conv}B)"
    ),
    hypotheses=(
        Hypothesis("A and B are finite (or compact), and not empty", infinite),
        Hypothesis("n is the dimension of the space", understated),
        Hypothesis("margin: the largest of all hyperplanes", worse_hyperplanes),
    ),
    kind="upper",
    source="kirchberger1903",
    figure="hulls_and_halfplanes",
    observe=observe,
    bound=bound,
    instances=instances,
    mutants={
        "the whole distance": lambda case: bound(case) * (2 if case.part == "margin" else 1),
        "n + 1 points": lambda case: bound(case) - (0 if case.part == "margin" else 1),
    },
)
