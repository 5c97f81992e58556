r"""C1. Dimensions add up to the rank: Σ_i D_ii²/Σ_j D_ij² ≤ rank D for every real p×p matrix D.

A zero row counts 0. Write φ_i for the summands, t_i = D_ii/Σ_j D_ij², q = rank D. M = diag(t)D has diagonal
φ_i, and ‖M‖_F² = Σφ_i. The trace is at most the sum of the q singular values of M, hence at most √q·‖M‖_F:
Σφ ≤ √(qΣφ). Equality needs a trace equal to the nuclear norm (M symmetric, ≥ 0), equal singular values, and
trace = ‖M‖_F², which makes them 1: Σφ = q exactly when M is the orthogonal projector of rank q. Gram case, D
= AᵀA: the feature dimensionalities ‖a_i‖⁴/Σ_j⟨a_i, a_j⟩² of Elhage et al. (2022) sum to at most rank A ≤ n,
with equality exactly when every a_i is an eigenvector of AAᵀ (an orthogonal sum of tight frames). Probe case,
D = BᵀA: at most min(rank A, rank B). Powers entry by entry: rank D^{∘r} ≤ C(q+r−1, r).

All in Fractions, the rank by elimination (of the columns, not of the Gram matrix, in the Gram case). Equality
is tried on projectors with rows scaled, tight frames, orthogonal sums of them, and the simplex; both
equivalences also on what misses them. Controls: half of the columns in the denominator; the row's largest
entry in place of D_ii; a rank that drops small singular values. Absolute values in place of squares are no
control: Σ|D_ii|/Σ_j|D_ij| ≤ q too, as all eigenvalues of the scaled matrix lie in the unit disc.

Status: exact. The Gram case is known as a sum of feature dimensionalities (Elhage et al., 2022); the
statement for every D, and its equality, are ours as far as we know. Open: the greatest Σφ of the powers for
r, q ≥ 2. For r = 2 no Gram matrix attains C(q+1, 2): the tensors a⊗a would be a tight frame of the symmetric
ones, Σ⟨a⊗a, T⟩² = c‖T‖²; T = I gives Σ‖a‖⁴ = cq, the trace Σ‖a‖⁴ = cq(q+1)/2.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from geosae.geometry.superposition.frames import feature_dimensions, frame_of
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._dictionaries import Columns, random_columns, rational_columns
from proofs_checks._exact import Point, dot, rank
from proofs_checks._frames import identity, projector, reflected, scaled, simplex, tight_frame
from proofs_checks._probes import probes_of

Part = Literal["matrix", "gram", "probe", "power", "projector", "eigenvectors"]
Rows = Sequence[Point]


@dataclass(frozen=True, eq=False)
class Case:
    """A square matrix D, by itself or as BᵀA of probes and features, and a power of its entries.

    Each of the last fields breaks a hypothesis: which columns the denominator has, which entry stands above
    it, and which singular values count for the rank.
    """

    part: Part
    label: str
    rows: Rows = ()
    features: Columns = ()
    probes: Columns = ()
    power: int = 1
    attained: bool = False
    denominator: Literal["all columns", "half of them"] = "all columns"
    numerator: Literal["the diagonal", "the largest"] = "the diagonal"
    rank: Literal["exact", "of large singular values"] = "exact"

    def matrix(self) -> list[list[Fraction]]:
        """Return D, with its entries raised to the power."""
        if self.rows:
            return [[Fraction(x) ** self.power for x in row] for row in self.rows]
        probes = self.probes or self.features
        return [[dot(b, a) ** self.power for a in self.features] for b in probes]


def _total(case: Case) -> Fraction:
    """Return Σφ, or what a control puts in its place."""
    total = Fraction(0)
    for i, row in enumerate(case.matrix()):
        counted = row if case.denominator == "all columns" else row[: (len(row) + 1) // 2]
        top = row[i] if case.numerator == "the diagonal" else max(row, key=abs)
        below = sum((x * x for x in counted), Fraction(0))
        total += top * top / below if below else 0
    return total


def _rank(case: Case) -> int:
    if case.rank != "exact":
        values = np.linalg.svd(np.array(case.matrix(), dtype=np.float64), compute_uv=False)
        return int((values > values.max() / 2).sum())
    if case.rows:
        return rank(case.rows)
    return min(rank(case.features), rank(case.probes or case.features))


def is_projector(rows: Rows) -> bool:
    """Tell whether the matrix diag(t)D is symmetric and equal to its square, t_i = D_ii/Σ_j D_ij²."""
    sizes = [dot(row, row) for row in rows]
    M = [
        [Fraction(row[i]) * x / size if size else Fraction(0) for x in row]
        for i, (row, size) in enumerate(zip(rows, sizes, strict=True))
    ]
    columns = [list(column) for column in zip(*M, strict=True)]
    return columns == M and all(
        dot(M[i], columns[j]) == M[i][j] for i in range(len(M)) for j in range(len(M))
    )


def are_eigenvectors(features: Columns) -> bool:
    """Tell whether every column a_i is parallel to AAᵀ a_i."""
    n = len(features[0])
    for a in features:
        weights = [dot(b, a) for b in features]
        image = [
            sum((w * b[k] for w, b in zip(weights, features, strict=True)), Fraction(0)) for k in range(n)
        ]
        if dot(a, a) * dot(image, image) != dot(a, image) ** 2:
            return False
    return True


def bound(case: Case) -> Number:
    """Return the rank, the rank of the powers, or whether equality is due."""
    if case.part == "projector":
        return int(is_projector(case.rows))
    if case.part == "eigenvectors":
        return int(are_eigenvectors(case.features))
    q = _rank(case)
    return math.comb(q + case.power - 1, case.power) if case.part == "power" else q


def observe(case: Case) -> Observed:
    """Sum the dimensions in rationals; for the equivalences, say whether they attain the rank."""
    label = f"{case.label} [{case.part}]"
    total = _total(case)
    if case.part in ("projector", "eigenvectors"):
        return Observed(int(total == _rank(case)), label, kind="equivalence")
    kind: Kind = "tight" if case.attained else "upper"
    return Observed(total, label, kind=kind)


def _nonzero(rng: np.random.Generator) -> Fraction:
    sign, top, below = int(rng.choice((-1, 1))), int(rng.integers(1, 6)), int(rng.integers(1, 6))
    return Fraction(sign * top, below)


def _fixed() -> Iterator[Case]:
    yield Case("matrix", "D = 0", [[0, 0], [0, 0]], attained=True)
    yield Case("matrix", "D = (−2)", [[-2]], attained=True)
    yield Case("matrix", "a zero diagonal", [[0, 1], [1, 0]])
    yield Case("matrix", "a zero row", [[0, 0], [3, 4]])
    yield Case("power", "all ones, cubed", [[1] * 4] * 4, power=3, attained=True)
    yield Case("power", "the squares of a diagonal", identity(3), power=2)
    yield Case("power", "the squares of a simplex: more than its rank", simplex(3), power=2)
    one = rational_columns(np.array([[2], [-1], [0]]))
    yield Case("gram", "three features on the line", features=one, attained=True)
    yield Case("gram", "the same column four times", features=one[:1] * 4, attained=True)
    yield Case(
        "probe", "probes along one axis", features=one, probes=rational_columns(np.array([[1], [3], [-1]]))
    )
    yield Case("projector", "D = 0", [[0, 0], [0, 0]])
    yield Case("projector", "not quite symmetric", [[1, 0], [Fraction(1, 10**9), 1]])
    nearly = rational_columns(np.array([[10**9, 0], [1, 10**9]]))
    yield Case("eigenvectors", "not quite orthogonal", features=nearly)


def _attaining(i: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what attains the rank: a projector with rows scaled, tight frames, their sums, a simplex."""
    p = int(rng.integers(2, 6))
    q = int(rng.integers(1, p + 1))
    factors = [_nonzero(rng) for _ in range(p)]
    rows = [[t * x for x in row] for t, row in zip(factors, projector(rng, p, q), strict=True)]
    yield Case("matrix", f"projector {i} of rank {q} in R^{p}, rows scaled", rows, attained=True)
    yield Case("projector", f"projector {i} of rank {q} in R^{p}, rows scaled", rows)
    frame = tight_frame(rng, int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    spanned = len(frame[0])
    yield Case(
        "gram", f"tight frame {i}: {len(frame)} features in R^{spanned}", features=frame, attained=True
    )
    yield Case("eigenvectors", f"tight frame {i}: {len(frame)} features in R^{spanned}", features=frame)
    both = (*((*a, Fraction(0)) for a in frame), (*([Fraction(0)] * spanned), _nonzero(rng)))
    yield Case("eigenvectors", f"tight frame {i} and a direction orthogonal to it", features=both)
    sides = [[x] * p for x in (_nonzero(rng) for _ in range(p))]
    r = int(rng.integers(2, 9))
    yield Case("power", f"equal entries in each of {p} rows ({i}), r={r}", sides, power=r, attained=True)
    corners = scaled(reflected(rng, simplex(int(rng.integers(2, 6)))), _nonzero(rng))
    label = f"simplex {i} of {len(corners)} corners, turned"
    yield Case("gram", label, features=corners, attained=True)
    B = scaled(corners, _nonzero(rng))
    yield Case("probe", f"{label}, read along itself", features=corners, probes=B, attained=True)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    n, p = int(rng.integers(1, 4)), int(rng.integers(1, 7))
    features = rational_columns(random_columns(rng, n, p))
    label = f"random instance {i}: n={n}, p={p}"
    if part == "gram" or part == "eigenvectors":
        return Case(part, label, features=features)
    probes = rational_columns(random_columns(rng, n, p))
    if part == "probe":
        return Case(part, label, features=features, probes=probes)
    rows = Case("probe", label, features=features, probes=probes).matrix()
    power = int(rng.integers(2, 5)) if part == "power" else 1
    return Case(part, f"{label}, r={power}", rows, power=power)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield degenerate matrices, what attains the rank, and random small integers of low rank."""
    yield from _fixed()
    parts: tuple[Part, ...] = ("matrix", "gram", "probe", "power", "projector", "eigenvectors")
    for i in range(max(2, count // 10)):
        yield from _attaining(i, rng)
    for i in range(count):
        yield _random(parts[i % len(parts)], i, rng)


def half_the_columns(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield projectors on a line, each entry non-zero: half of a row weighs less than the row."""
    for i in range(max(2, count // 10)):
        direction = [_nonzero(rng) for _ in range(int(rng.integers(2, 6)))]
        rows = [[x * y for y in direction] for x in direction]
        parts: tuple[Part, ...] = ("matrix", "power", "projector")
        for part in parts:
            case = Case(
                part, f"rank one, half of the columns counted ({i})", rows, power=1 + (part == "power")
            )
            yield replace(case, denominator="half of them")
        columns = tuple((x,) for x in direction)
        case = Case("gram", f"features on a line, half of them counted ({i})", features=columns)
        case = replace(case, denominator="half of them")
        yield from (case, replace(case, part="eigenvectors"))
        probes = tuple((_nonzero(rng),) for _ in direction)
        yield replace(case, part="probe", probes=probes)


def largest_entry(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield matrices of rank one whose row's largest entry is not on the diagonal."""
    for i in range(max(2, count // 10)):
        row = [Fraction(int(x)) for x in rng.integers(1, 5, int(rng.integers(1, 5)))] + [Fraction(7)]
        factors = [int(t) for t in rng.integers(1, 4, len(row))]
        rows = [[t * x for x in row] for t in factors]
        yield Case("matrix", f"rank one, the largest entry counted ({i})", rows, numerator="the largest")


def small_values_dropped(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield diagonals whose small entries are dropped from the rank."""
    for i in range(max(2, count // 10)):
        small = [Fraction(1, int(k)) for k in rng.integers(3, 99, int(rng.integers(1, 4)))]
        diagonal = [Fraction(1), *small]
        rows = [[x if i == j else Fraction(0) for j in range(len(diagonal))] for i, x in enumerate(diagonal)]
        case = Case("matrix", f"a diagonal, singular values of 1/{small[0].denominator} dropped ({i})", rows)
        yield replace(case, rank="of large singular values")


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold Σφ of the decoder's atoms, and of encoder rows against planted directions, against the rank.

    Certified: eta covers the rounding. Vacuous where there are no more atoms than dimensions: each φ is at
    most 1.
    """
    frame = frame_of(instance.neurons.decoder.T)
    most = min(frame.dim, frame.size)
    label = f"{instance.label}: Σφ of {frame.size} atoms, frame tightness {frame.tightness:.3g}"
    observed = Observed(frame.dimensions.total, label, "certified", frame.dimensions.eta)
    evidence = [compare(observed, most, "upper", vacuous=frame.size <= frame.dim)]
    probes = probes_of(instance)
    if probes is not None:
        dimensions = feature_dimensions(probes.A, probes.B)
        n, p = probes.A.shape
        best, least = int(dimensions.values.argmax()), int(dimensions.values.argmin())
        names = instance.dataset.names
        label = (
            f"{instance.label}: read-out dimensions of {p} features, most {names[best]} "
            f"({dimensions.values[best]:.2g}), least {names[least]} ({dimensions.values[least]:.2g})"
        )
        observed = Observed(dimensions.total, label, "certified", dimensions.eta)
        read = int((probes.neurons >= 0).sum())
        evidence.append(compare(observed, min(n, read), "upper", vacuous=read <= n))
    return evidence


def _in_part(part: Part, formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    return lambda case: formula(case) if case.part == part else bound(case)


CLAIM = Claim(
    id="C1",
    statement=(
        "For every real p×p matrix D of rank q: Σ D_ii²/Σ_j D_ij² ≤ q, with equality exactly when diag(t)D "
        "is the orthogonal projector of rank q; feature dimensionalities sum to at most rank A, with "
        "equality exactly when every a_i is an eigenvector of AAᵀ."
    ),
    tex=(
        r"\sum_i\frac{D_{ii}^2}{\sum_jD_{ij}^2}\le\operatorname{rank}D;\qquad "
        r"\sum_i\frac{\|a_i\|^4}{\sum_j\langle a_i,a_j\rangle^2}\le\operatorname{rank}A\le n;\qquad "
        r"\operatorname{rank}D^{\circ r}\le\binom{q+r-1}{r}"
    ),
    hypotheses=(
        Hypothesis("the denominator has all columns", half_the_columns),
        Hypothesis("the numerator is the diagonal's", largest_entry),
        Hypothesis("the rank is exact", small_values_dropped),
    ),
    kind="upper",
    source="elhage2022",
    figure="dimensions",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "rank D for the rank of the powers": _in_part("power", _rank),
        "C(q+r, r) for C(q+r−1, r)": _in_part(
            "power", lambda case: math.comb(_rank(case) + case.power, case.power)
        ),
        "the dimension n for the rank": _in_part("gram", lambda case: len(case.features[0])),
    },
)
