r"""C2. Welch's bound: p unit vectors in Rⁿ have κ^{2r} ≥ (p/C(n+r−1, r) − 1)/(p − 1) for every order r ≥ 1.

κ = max |⟨a_i, a_j⟩| over the pairs. L. R. Welch (1974). By C1 on the r-th powers of the Gram matrix: its rank
is at most C(n+r−1, r), and each summand is at least 1/(1 + (p−1)κ^{2r}). At r = 1: κ² ≥ (p−n)/(n(p−1)), with
equality exactly for an equiangular tight frame: all |⟨a_i, a_j⟩| equal, Σ a_i a_iᵀ = (p/n)·I on the span. The
simplex p = n + 1 is one, κ = 1/n.

Squares of cosines of columns with integer entries are rational, whatever their lengths: nothing is rounded.
Equality is tried on simplices, 16 lines in R⁶ and R¹⁰ and 28 in R⁷, turned, with columns of other lengths;
the equivalence also on equiangular lines that are not tight, and tight frames that are not equiangular.
Controls: columns shorter than 1 with their plain products; the mean of |cos| in place of the greatest.

Status: exact, and classical. Open here: order 2 is not attained for n ≥ 2 (C1's equality fails there), and
sharper bounds for many real lines (Levenshtein's) are not implemented.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Literal

import numpy as np

from geosae.geometry.superposition.frames import frame_of, welch
from geosae.sampling import drawn_rows
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._dictionaries import Columns, random_columns, rational_columns
from proofs_checks._exact import dot, rank
from proofs_checks._frames import identity, lines_16, lines_28, reflected, scaled, simplex, tight_frame

Part = Literal["coherence", "equiangular"]
# The cosines of all pairs of so many atoms take about a second.
MOST_ATOMS = 4096


@dataclass(frozen=True, eq=False)
class Case:
    """Directions as columns of any length but 0, and the order of the bound.

    The last two fields break a hypothesis: products in place of cosines, and which of them is reported.
    """

    part: Part
    label: str
    columns: Columns
    order: int = 1
    attained: bool = False
    lengths: Literal["divided out", "left in"] = "divided out"
    over_pairs: Literal["greatest", "mean"] = "greatest"

    def squares(self) -> list[Fraction]:
        """Return the squared cosine of every pair."""
        sizes = [dot(a, a) if self.lengths == "divided out" else Fraction(1) for a in self.columns]
        pairs = combinations(range(len(self.columns)), 2)
        return [dot(self.columns[i], self.columns[j]) ** 2 / (sizes[i] * sizes[j]) for i, j in pairs]

    def dim(self) -> int:
        """Return the dimension that the columns span."""
        return rank(self.columns)


def is_equiangular(case: Case) -> bool:
    """Tell whether all squared cosines agree."""
    return len(set(case.squares())) <= 1


def is_tight(case: Case) -> bool:
    """Tell whether Σ a aᵀ/‖a‖² maps every column to p/n times itself."""
    p, n, coordinates = len(case.columns), case.dim(), range(len(case.columns[0]))
    for a in case.columns:
        weights = [dot(b, a) / dot(b, b) for b in case.columns]
        parts = list(zip(weights, case.columns, strict=True))
        image = [sum((w * b[k] for w, b in parts), Fraction(0)) for k in coordinates]
        if any(n * image[k] != p * a[k] for k in coordinates):
            return False
    return True


def bound(case: Case) -> Number:
    """Return the library's bound of the order, or whether the columns are an equiangular tight frame."""
    if case.part == "equiangular":
        return int(is_equiangular(case) and is_tight(case))
    return welch(len(case.columns), case.dim(), case.order)


def _coherence_square(case: Case) -> Fraction:
    """Return κ², or in a control the square of the mean |cos| of columns of one length."""
    if case.over_pairs == "greatest":
        return max(case.squares())
    size = dot(case.columns[0], case.columns[0])
    cosines = [abs(dot(a, b)) / size for a, b in combinations(case.columns, 2)]
    return (sum(cosines, Fraction(0)) / len(cosines)) ** 2


def observe(case: Case) -> Observed:
    """Raise κ² to the order, or say whether Welch's bound of order 1 is attained."""
    label, square = f"{case.label}, r={case.order} [{case.part}]", _coherence_square(case)
    if case.part == "equiangular":
        p, n = len(case.columns), case.dim()
        return Observed(int(square == Fraction(p - n, n * (p - 1))), label, kind="equivalence")
    kind: Kind = "tight" if case.attained else "lower"
    return Observed(square**case.order, label, kind=kind)


def _lengthened(rng: np.random.Generator, columns: Columns) -> Columns:
    """Give every column a length, and a sign, of its own."""
    factors = rng.choice((-3, -2, -1, 1, 2, 3), len(columns))
    return tuple(tuple(int(t) * x for x in a) for t, a in zip(factors, columns, strict=True))


def _both(label: str, columns: Columns, *, attained: bool) -> Iterator[Case]:
    yield Case("coherence", label, columns, attained=attained)
    yield Case("equiangular", label, columns)


def _fixed() -> Iterator[Case]:
    yield from _both("28 lines of a 7-dimensional space", lines_28(), attained=True)
    line: Columns = ((Fraction(2),), (Fraction(-3),), (Fraction(1),))
    for r in (1, 2, 5):
        yield Case("coherence", "three vectors on a line", line, r, attained=True)
    axes: Columns = tuple(tuple(row) for row in identity(3))
    yield from _both("an orthogonal basis", axes, attained=True)
    yield from _both("a basis and its mirror image", axes + scaled(axes, Fraction(-1)), attained=False)
    yield from _both("tight, not equiangular: a basis twice", axes + axes, attained=False)
    # Cosines of 1/2 throughout, in the plane and out of it.
    yield from _both(
        "equiangular, not tight",
        rational_columns(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]])),
        attained=False,
    )
    nearly = rational_columns(np.array([[10**9, 0], [-(10**9) + 1, 10**9], [0, -(10**9)]]))
    yield from _both("near a simplex only after a shear", nearly, attained=False)


def _attaining(i: int, rng: np.random.Generator) -> Iterator[Case]:
    corners = reflected(rng, _lengthened(rng, simplex(int(rng.integers(3, 7)))))
    yield from _both(f"simplex {i} of {len(corners)} corners, turned", corners, attained=True)
    lines = lines_16(complement=bool(i % 2))
    columns = _lengthened(rng, reflected(rng, lines))
    yield Case("coherence", f"16 lines {i} in R^{len(lines[0])}, turned", columns, attained=True)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    n, p = int(rng.integers(1, 4)), int(rng.integers(2, 9))
    rows = random_columns(rng, n, p)
    rows[~rows.any(axis=1), 0] = 1
    columns = rational_columns(rows)
    if part == "equiangular":
        if i % 4 == 0:
            columns = tight_frame(rng, int(rng.integers(2, 4)), int(rng.integers(1, 3)))
        return Case(part, f"random instance {i}: {len(columns)} vectors", columns)
    return Case(part, f"random instance {i}: n={n}, p={p}", columns, int(rng.integers(1, 4)))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what attains the bound, what nearly does, and random small integers at orders 1 to 3."""
    yield from _fixed()
    parts: tuple[Part, ...] = ("coherence", "equiangular")
    for i in range(max(2, count // 10)):
        yield from _attaining(i, rng)
    for i in range(count):
        yield _random(parts[i % 2], i, rng)


# Six unit vectors of the plane.
_SIX = rational_columns(np.array([[5, 0], [4, 3], [3, 4], [0, 5], [-3, 4], [-4, 3]]), 5)


def shrunk(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield unit vectors made shorter, with products in place of cosines."""
    for i in range(max(2, count // 10)):
        factor = Fraction(int(rng.integers(60, 100)), 100)
        lines = scaled(lines_16(), factor / 3)
        case = Case("equiangular", f"16 lines shortened to length² {factor**2 * 2 / 3} ({i})", lines)
        yield replace(case, lengths="left in")
        # κ = 24/25: κ² is shortened below the bound of order 1, 2/5, and κ⁴ below that of order 2, 1/5.
        for r, (low, high) in ((1, (60, 81)), (2, (77, 84))):
            shorter = Fraction(int(rng.integers(low, high)), 100)
            columns = scaled(_SIX, shorter)
            label = f"six vectors of the plane shortened to {shorter} ({i})"
            yield Case("coherence", label, columns, r, lengths="left in")


def mean_cosine(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield orthogonal bases several times over: most pairs are orthogonal."""
    for i in range(max(2, count // 10)):
        n, times = int(rng.integers(2, 5)), int(rng.integers(2, 4))
        axes: Columns = tuple(tuple(row) for row in identity(n))
        columns = reflected(rng, axes * times)
        yield Case("coherence", f"a basis of R^{n}, {times} times ({i})", columns, over_pairs="mean")


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the coherence of the decoder's atoms (a random part of many) against the bound of its best order.

    Certified: eta covers the rounding. Vacuous where there are no more atoms than dimensions. No evidence
    where fewer than two atoms are not zero.
    """
    decoder = instance.neurons.decoder
    rows = drawn_rows(len(decoder), MOST_ATOMS, np.random.default_rng(0))
    frame = frame_of(decoder[rows].T)
    if frame.size < 2:
        return []
    over = "no bound" if frame.over_welch is None else f"{frame.over_welch:.3g} times Welch's bound"
    label = f"{instance.label}: coherence of {frame.size} of {len(decoder)} atoms, {over}"
    observed = Observed(frame.coherence, label, "certified", frame.eta)
    return [compare(observed, frame.welch, "lower", vacuous=frame.welch <= 0)]


def _in_coherence(formula: Callable[[int, int, int], Number]) -> Callable[[Case], Number]:
    """Return the bound with another formula of p, n and r."""
    return lambda case: (
        max(0, formula(len(case.columns), case.dim(), case.order))
        if case.part == "coherence"
        else bound(case)
    )


CLAIM = Claim(
    id="C2",
    statement=(
        "p unit vectors in Rⁿ have coherence κ^{2r} ≥ (p/C(n+r−1, r) − 1)/(p − 1) for every r ≥ 1; at r = 1 "
        "with equality exactly for an equiangular tight frame."
    ),
    tex=(
        r"\kappa^{2r}\ \ge\ \frac1{p-1}\Bigl(\frac{p}{\binom{n+r-1}{r}}-1\Bigr),\qquad "
        r"\kappa\ \ge\ \sqrt{\frac{p-n}{n(p-1)}}"
    ),
    hypotheses=(
        Hypothesis("the vectors have length 1", shrunk),
        Hypothesis("κ is the greatest of all pairs", mean_cosine),
    ),
    kind="lower",
    source="welch1974",
    figure="coherence",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "p for p − 1": _in_coherence(lambda p, n, r: (Fraction(p, math.comb(n + r - 1, r)) - 1) / p),
        "n^r for C(n+r−1, r)": _in_coherence(lambda p, n, r: (Fraction(p, n**r) - 1) / (p - 1)),
    },
    scales={"coherence": (0.99, 1.01), "equiangular": None},
)
