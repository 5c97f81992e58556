r"""S11. All of p features named at once: a kernel condition, an approximate rank, a bound that is attained.

Columns, codes and naming as in S10; A′ is A with a row of ones below it, q = rank A, q′ = rank A′ ≤ q + 1.

(a) *Kernel.* Every feature is named on all codes of at most k entries iff every h ≠ 0 in ker A has max(Σh⁺,
Σh⁻) > k‖h‖_∞: iff no a_i is Σ v_j a_j with Σv⁺ ≤ k and Σv⁻ ≤ k−1. The box |v_j| ≤ 1 of S10 drops out: h = v −
e_i violates the condition, and the feature of its largest entry is unnamed. (Not for single features.)
Amplitudes in [1, ρ]: masses ρk and ρ(k−1). (b) *Codes of weight exactly k, 2k ≤ p*: iff ‖h‖₁ > 2k‖h‖_∞ on
ker A′ ∖ 0, iff no a′_i is Σ v_j a′_j with Σ|v_j| ≤ 2k−1: the ones are a bias. (c) *Width.* If M is p×p with
max|M_ij − I_ij| < 1/(2k), columns that span its row space name every feature at k: h ∈ ker A gives h =
(I−M)h, so ‖h‖_∞ < ‖h‖₁/(2k). With (b), the least n is the least rank of such M, or one less. (d) *Bound.*
All named at k gives, for every r ≥ 1, C(q′+r−1, r) > p/(1 + (p−1)/T_r(2k−1)²), T_r Chebyshev's polynomial (ρ:
of 2ρ(k−1)+1); q ≥ p for k ≥ p. By (a) and duality row i of some D = BᵀA with D_ii = 1 has positive entries ≤
α and negative ones ≥ −β, kα + (k−1)β < 1; T_r of its entries, shifted so that both are of one size, is of
degree r in a_j, hence homogeneous in a′_j and of rank ≤ C(q′+r−1, r); C1. Named families: the same for A
restricted to them. (e) *Pursuit.* All named at k: every z ≥ 0 with at most k entries is the only z′ ≥ 0 of
least sum with Az′ = Az. For h = z′−z in ker A, Σh⁻ ≤ k‖h‖_∞ < max(Σh⁺, Σh⁻), so Σh⁺ > Σh⁻.

Observed by enumeration of codes and by the simplex method on supports. The kernel condition is decided by the
library's programme of n+2 unknowns a feature, by checked certificates: rows with two maxima each, or a vector
of the kernel; families by S10's certificates, ranks by elimination. (d) is attained: by simplices and bases
(p/2 ≤ k), and by columns of small integers found by descent. Controls: other codes than those of at most k;
one named feature counted as many; features read by more than a half-space; 2k > p. On a trained SAE: how many
features its rows name, with their own thresholds and with the best, against the largest number that (d)
admits.

Status: exact, (c) in the direction from M to columns; found here, no novelty claimed. That the width is an
approximate rank is in Malykhin (2024); max|I − BᵀA| < 1/(2k) is, as we recall, a known sufficient condition
for basis pursuit (Juditsky and Nemirovski, 2011, not consulted); r = 1 is Welch's argument. Open: which of
its two values the least n takes; whether T_r is known for Kolmogorov widths of the octahedron; the least n
for symmetric D.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np

from geosae.geometry import most_named, name_all_features, name_features, naming_dimensions
from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._dictionaries import Columns, random_columns, rational_columns, supports
from proofs_checks._exact import Point, rank
from proofs_checks._naming import all_codes, float_columns, is_combination, is_recovered, is_sum, told_apart
from proofs_checks._optimised import optimised
from proofs_checks._spaces import corners, lifted, spanning, turned
from proofs_checks._superposed import named_where_planted, superposed

Part = Literal["kernel", "exactly", "width", "rank", "pursuit"]
PARTS: tuple[Part, ...] = ("kernel", "exactly", "width", "rank", "pursuit")
ONE = Fraction(1)


@dataclass(frozen=True, eq=False)
class Case:
    """A dictionary, k and ρ; for "width" the matrix whose row space the columns span.

    Each of the last fields breaks a hypothesis: the weights of the codes that occur, the sparsity at which
    features are named, the feature that is asked about alone, how many features are counted, and whether they
    are read as binary digits.
    """

    part: Part
    label: str
    columns: Columns
    k: int
    rho: Fraction = ONE
    matrix: tuple[Point, ...] = ()
    attained: bool = False
    weights: tuple[int, int] | None = None
    named_at: int | None = None
    feature: int | None = None
    counted: int | None = None
    digits: bool = False

    def family(self) -> list[int]:
        """Return the features that the library names, by checked certificates."""
        if self.digits:
            return list(range(len(self.columns)))
        return list(_named(self.columns, self.named_at or self.k, self.rho))


@lru_cache(maxsize=4096)
def _named(columns: Columns, k: int, rho: Fraction) -> tuple[int, ...]:
    verdicts = name_features(float_columns(columns), k, rho)
    return tuple(verdict.feature for verdict in verdicts if verdict.check().nameable)


def all_told_apart(case: Case) -> bool:
    """Tell whether a half-space tells the codes of each feature (or of the one asked about) from the rest."""
    low, high = case.weights or (case.k if case.part == "exactly" else 0, case.k)
    codes = [c for c in all_codes(len(case.columns), high, sorted({ONE, case.rho})) if len(c) >= low]
    features = range(len(case.columns)) if case.feature is None else [case.feature]
    return all(told_apart(case.columns, i, codes) for i in features)


def _counted(case: Case) -> int:
    return len(case.family()) if case.counted is None else case.counted


def bound(case: Case) -> Number:
    """Return whether the kernel, the lift or the width allow it; the least rank; or that recovery is due."""
    if case.part == "rank":
        named = _counted(case)
        return naming_dimensions(named, case.k, case.rho) if named else 0
    if case.part == "exactly":
        columns = lifted(case.columns)
        return int(not any(is_sum(columns, i, Fraction(2 * case.k - 1)) for i in range(len(columns))))
    if case.part == "width":
        return int(_distance(case) < Fraction(1, 2 * case.k))
    verdict = name_all_features(float_columns(case.columns), case.named_at or case.k, case.rho)
    return int(verdict.check().all_named)


def _distance(case: Case) -> Fraction:
    """Return the largest entry of |M − I|."""
    return max(abs(Fraction(x) - (i == j)) for i, row in enumerate(case.matrix) for j, x in enumerate(row))


def observe(case: Case) -> Observed:
    """Enumerate codes, or supports; of a named family the rank of its columns."""
    label = f"{case.label}, k={case.k}, ρ={case.rho} [{case.part}]"
    if case.part == "rank":
        value = rank([case.columns[i] for i in case.family()])
        return Observed(value, label, kind="tight" if case.attained else "lower")
    if case.part == "pursuit":
        size = min(case.k, len(case.columns))
        full = (s for s in supports(len(case.columns), size) if len(s) == size)
        return Observed(int(all(is_recovered(case.columns, s) for s in full)), label, kind="lower")
    kind = "lower" if case.part == "width" else "equivalence"
    return Observed(int(all_told_apart(case)), label, kind=kind)


def _line(*entries: int) -> Columns:
    return tuple((Fraction(x),) for x in entries)


def _fixed() -> Iterator[Case]:
    mirrored = rational_columns(np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]))
    for k in (1, 2):
        yield Case("kernel", "two lines both ways", mirrored, k)
        yield Case("exactly", "two lines both ways", mirrored, k)
        yield Case("pursuit", "two lines both ways", mirrored, k)
    yield Case("kernel", "one feature", _line(-2), 3)
    yield Case("kernel", "the zero column", _line(0, 1), 1)
    yield Case("exactly", "two on a line", _line(1, 2), 1)
    yield Case("exactly", "three on a line", _line(1, 2, 3), 1)
    # In the plane of two columns the third is 2·a_2 − a_3: named alone, though the kernel condition fails.
    yield Case("kernel", "an entry of 2", rational_columns(np.array([[2, -1], [1, 0], [0, 1]])), 2)
    for p in (3, 4, 5):
        for k in (1, 2):
            yield Case("pursuit", f"a simplex of {p}", corners(p), k)
            yield Case("kernel", f"a simplex of {p}", corners(p), k)
            yield _width(f"a simplex of {p}", [1] * p, k)
    # 1/(2k) itself is not enough, nor is anything up to 1/k: two equal columns.
    yield _width("two equal columns", [1, -1], 1)
    yield _width("two equal columns of three", [1, -1, 0], 1)
    yield Case("rank", "nothing named", _line(0), 1)


def _width(label: str, normal: list[int], k: int) -> Case:
    """Return I − hhᵀ/‖h‖², and the columns that span its rows."""
    size = sum(x * x for x in normal)
    matrix = tuple(
        tuple(Fraction(i == j) - Fraction(x * y, size) for j, y in enumerate(normal))
        for i, x in enumerate(normal)
    )
    return Case("width", label, spanning(matrix), k, matrix=matrix)


def _attaining(i: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what attains (d): a simplex, a basis, and columns found by descent, in other coordinates."""
    p = int(rng.integers(2, 13))
    k = int(rng.integers((p + 1) // 2, p))
    yield Case("rank", f"a simplex of {p} ({i})", turned(corners(p), rng), k, attained=True)
    basis = rational_columns(np.eye(p, dtype=np.int64))
    yield Case("rank", f"a basis of {p} ({i})", turned(basis, rng), p + int(rng.integers(2)), attained=True)
    by_descent = optimised()
    k, n = list(by_descent)[i % len(by_descent)]
    columns = turned(rational_columns(by_descent[k, n]), rng)
    yield Case("rank", f"{len(columns)} columns found in R^{n} ({i})", columns, k, attained=True)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    k, rho = int(rng.integers(1, 3)), (ONE, ONE, Fraction(3, 2))[int(rng.integers(3))]
    if part == "width":
        normal = rng.choice((-2, -1, -1, 1, 1, 2), int(rng.integers(3, 6))).tolist()
        return _width(f"the hyperplane normal to {normal} ({i})", normal, k)
    if part == "rank":
        n, p = int(rng.integers(2, 5)), int(rng.integers(3, 9))
        return Case(
            part, f"random dictionary {i}: n={n}, p={p}", rational_columns(random_columns(rng, n, p)), k, rho
        )
    p = int(rng.integers(2 * k, 6)) if part == "exactly" else int(rng.integers(2, 6))
    n = int(rng.integers(1, p + 1))
    columns = rational_columns(random_columns(rng, n, p))
    label = f"random dictionary {i}: n={n}, p={p}"
    return Case(part, label, columns, k, ONE if part == "exactly" else rho)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield degenerate dictionaries, what attains the bound, and random ones of small integers."""
    yield from _fixed()
    for i in range(max(8, count // 10)):
        yield from _attaining(i, rng)
    for i in range(count):
        yield _random(PARTS[i % len(PARTS)], i // len(PARTS), rng)


def _on_a_circle(p: int) -> Columns:
    """Return p points of the unit circle, up to rounding: all named at k = 1."""
    angles = 2 * np.pi * (np.arange(p) + 0.25) / p
    return tuple((Fraction(math.cos(t)), Fraction(math.sin(t))) for t in angles)


def other_codes(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes of weight k only, of all weights, of more than k features, and features named at less."""
    for p in (4, 60):
        label = f"{p} unit vectors in the plane, named on weight 1, claimed for 2"
        yield Case("rank", label, _on_a_circle(p), 2, named_at=1)
    for i in range(max(2, count // 10)):
        x, t, p = int(rng.integers(1, 9)), int(rng.integers(2, 9)), int(rng.integers(3, 6))
        yield Case("kernel", f"{x} and {x * t}, weight 1 only ({i})", _line(x, x * t), 1, weights=(1, 1))
        yield Case("exactly", f"{x} and {x * t}, weights 0 and 1 ({i})", _line(x, x * t), 1, weights=(0, 1))
        yield replace(_width(f"a simplex of {p}, all on too ({i})", [1] * p, 1), weights=(0, p))
        label = f"{p + 1} unit vectors in the plane, named on weight 1, pursued at 2 ({i})"
        yield Case("pursuit", label, _on_a_circle(p + 1), 2, named_at=1)


def not_every_feature(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield one named feature of many, counted as all; and one named alone though the kernel is too small."""
    for i in range(max(2, count // 10)):
        t, p = int(rng.integers(1, 9)), 4 if not i else int(rng.integers(4, 41))
        columns = rational_columns(np.array([[0, t], *([j + 1, 0] for j in range(p - 1))]))
        yield Case("rank", f"one named, counted as {p} ({i})", columns, 2, counted=p)
        outside = rational_columns(np.array([[2 * t, -t], [t, 0], [0, t]]))
        yield Case("kernel", f"one feature alone ({i})", turned_together(outside, t), 2, feature=0)


def turned_together(columns: Columns, t: int) -> Columns:
    """Return the columns sheared by t."""
    return tuple((a[0] + t * a[1], a[1]) for a in columns)


def digits(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield 1, 2, 4, … on a line: each feature is a binary digit, and no half-space."""
    for i in range(max(2, count // 10)):
        p = 8 if not i else int(rng.integers(3, 12))
        yield Case(
            "rank",
            f"{p} binary digits ({i})",
            _line(*(2**j for j in range(p))),
            3 if p > 4 else 2,
            digits=True,
        )


def most_on(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes of weight p − 1 on points in convex position: each feature is off at one point."""
    for i in range(max(2, count // 10)):
        p = int(rng.integers(4, 7))
        columns = tuple((Fraction(x), Fraction(x * x)) for x in rng.choice(20, p, replace=False).tolist())
        yield Case("exactly", f"{p} points on a parabola, all but one on ({i})", columns, p - 1)


def check_run(instance: TrainedInstance) -> list[Evidence]:
    """Hold the numbers of planted features that rows name against the largest number that (d) admits.

    k is 2, and the greatest number of features at a point of the sample. Vacuous where (d) admits them all.
    """
    world = superposed(instance)
    if world is None:
        return []
    evidence: list[Evidence] = []
    n, p = world.columns.A.shape
    for k in world.sparsities:
        most = most_named(n, k, world.rho)
        naming = named_where_planted(instance, world, k)
        able = world.nameable(k)
        share = f"{int(able.sum())} of {len(able)} nameable"
        for word, features in naming.counts():
            label = f"{instance.label}: features named at k={k}, {word} ({share})"
            limit = p if most is None else most
            evidence.append(compare(Observed(int(features.sum()), label), limit, "upper", vacuous=limit >= p))
    return evidence


def _least(p: int, x: Fraction, lift: int) -> int:
    """Return the least n with C(n + lift + r − 1, r) > p/(1 + (p−1)/T_r(x)²) for r up to 8."""
    n = 1
    while True:
        before, value, admitted = ONE, x, True
        for r in range(1, 9):
            right = Fraction(p) / (1 + (p - 1) / (value * value))
            admitted = admitted and math.comb(n + lift + r - 1, r) > right
            before, value = value, 2 * x * value - before
        if admitted:
            return n
        n += 1


def _other_rank(formula: Callable[[int, int, Fraction], int]) -> Callable[[Case], Number]:
    def other(case: Case) -> Number:
        if case.part != "rank" or not (p := _counted(case)):
            return bound(case)
        return p if p <= case.k else formula(p, case.k, case.rho)

    return other


def _other(part: Part, formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    return lambda case: formula(case) if case.part == part else bound(case)


def _with_equal_masses(case: Case) -> Number:
    """Return whether no column is a combination of the others with both masses ρ(k−1)."""
    mass = case.rho * (case.k - 1)
    return int(not any(is_combination(case.columns, i, mass, mass, None) for i in range(len(case.columns))))


CLAIM = Claim(
    id="S11",
    statement=(
        "All p features are named on all codes of at most k ones iff max(Σh⁺, Σh⁻) > k‖h‖_∞ on ker A∖0 (on "
        "codes of weight k, 2k ≤ p: ‖h‖₁ > 2k‖h‖_∞ on ker A′∖0); then C(q′+r−1, r) > p/(1+(p−1)/T_r(2k−1)²) "
        "for every r, and every k-sparse z ≥ 0 is the only least sum."
    ),
    tex=(
        r"\text{all named}\iff\max\bigl(\sum h^+,\sum h^-\bigr)>k\|h\|_\infty\ (h\in\ker A\setminus0)"
        r"\implies\binom{q'+r-1}{r}>\frac{p}{1+(p-1)/T_r(2k-1)^2};\qquad "
        r"\max|M-I|<\tfrac1{2k}\implies\text{all named in }\operatorname{rank}M\text{ dimensions}"
    ),
    hypotheses=(
        Hypothesis("the codes are those of at most k features (in b: of exactly k)", other_codes),
        Hypothesis("every feature is named", not_every_feature),
        Hypothesis("features are half-spaces", digits),
        Hypothesis("codes of weight exactly k: 2k ≤ p", most_on),
    ),
    kind="lower",
    source="malykhin2024,juditsky2011,welch1974",
    figure="naming_capacity",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "rank A for rank A′": _other_rank(lambda p, k, rho: _least(p, 2 * rho * (k - 1) + 1, 0)),
        "2k for 2k−1": _other_rank(lambda p, k, rho: _least(p, 2 * rho * k, 1)),
        "one mass of 2k−1": _other(
            "kernel",
            lambda case: int(
                not any(
                    is_sum(case.columns, i, case.rho * (2 * case.k - 1)) for i in range(len(case.columns))
                )
            ),
        ),
        "k−1 for k": _other("kernel", _with_equal_masses),
        "no ones below": _other(
            "exactly",
            lambda case: int(
                not any(is_sum(case.columns, i, Fraction(2 * case.k - 1)) for i in range(len(case.columns)))
            ),
        ),
        "1/k for 1/(2k)": _other("width", lambda case: int(_distance(case) < Fraction(1, case.k))),
    },
)
