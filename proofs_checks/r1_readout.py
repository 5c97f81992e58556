r"""R1. Linear read-out: how far Bᵀx is from z at most, x = Az, and how little the best probe errs.

D = BᵀA. Row i of D − I is greatest on z ∈ [−1, 1]^p with at most k non-zeros at the k largest entries:
T_k(|row|); on Boolean z it is max(T_k(row⁺), T_k(row⁻)). T_k(|·|) is the support function of {‖y‖_∞ ≤ 1, ‖y‖₁
≤ k}, so exchanging min and max gives ε_i* = min_b T_k(|Aᵀb − e_i|) = max{y_i : Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k}.
A Boolean error ε leaves a gap of at least 1 − 2ε between the readings with and without the feature: below ½
the neuron {⟨b, x⟩ > ½} names it (S10). Not conversely: on the line a = (1, −m) is named at k = 1, and the
least error is m/(m+1).

For the worst feature the box |y_j| ≤ 1 drops out: max_i ε_i*(k) = min(1, kδ), δ = max_i ε_i*(1). (Take y ∈
ker A of the greatest ‖y‖_∞/‖y‖₁, which is δ, with ‖y‖_∞ = min(1, kδ): its largest entry is an admissible
y_i.) Not for single features. Capacity: if ε = max_i ε_i* < 1, then for every r, with q = rank A, C(q+r−1, r)
≥ p(1−ε)^{2r}/((1−ε)^{2r} + ε^{2r}·max(1, (p−1)/k^{2r})), by C1 on the powers of D. Sharper, and of δ = ε/k
alone: with K = (1−δ)/δ ≥ 1 the polynomials T_r(Kt/D_ii), T_r Chebyshev, are at most 1 in size off the
diagonal of D, T_r(K) on it, and of the parity of r in a_j; so by C1 Σ_{s ≤ r, s ≡ r (2)} C(q+s−1, s) ≥ p/(1 +
(p−1)/T_r(K)²).

All codes are tried; the least error is found among all crossings of the places where T_k(|Aᵀb − e_i|) bends
(rank ≤ 2), and held against y, whose equations are checked here. Equality in the capacity: simplices, and 16
lines in R⁶ and R¹⁰, at k = 1. Controls: entries of z doubled, one more active than said, a reading with a
threshold.

Status: identity and duality are exact. Capacity in this form, the reduction to δ and its Chebyshev form are
ours; the question, and bounds up to logarithms, are those of Garg, Kleinberg and Peng (2026), whose abstract
alone we have. Open: whether the Chebyshev form is attained at any r ≥ 2; the capacity at a mean error.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Literal

import numpy as np
from jaxtyping import Int

from geosae.geometry.superposition.readout import best_probe, readout_error
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._crossings import chebyshev, least_by_crossings
from proofs_checks._dictionaries import Columns, random_columns, rational_columns, supports, whole
from proofs_checks._exact import dot, rank
from proofs_checks._frames import lines_16, reflected, simplex
from proofs_checks._probes import probes_of
from proofs_checks._runs import remembered, some_rows

Part = Literal["identity", "boolean", "best", "worst", "gap", "capacity", "chebyshev"]
PARTS: tuple[Part, ...] = ("identity", "boolean", "best", "worst", "gap", "capacity", "chebyshev")
# In trained SAEs so many features are read, of dictionaries of so many numbers; each takes a linear program,
# of up to a second.
MOST_FEATURES, MOST_CELLS = 6, 2**17


@dataclass(frozen=True, eq=False)
class Case:
    """Features and probes (rows here, the probes in a unit of one over a power of two), and what is read.

    `size` and `active` are the entries of z and how many there are in truth; the reading may have a
    threshold: each of these breaks a hypothesis.
    """

    part: Part
    label: str
    features: Int[np.ndarray, "p n"]
    probes: Int[np.ndarray, "p n"] | None = None
    unit: int = 1
    feature: int = 0
    k: int = 1
    order: int = 1
    attained: bool = False
    size: int = 1
    active: int | None = None
    reading: Literal["linear", "thresholded"] = "linear"

    def columns(self) -> Columns:
        """Return the features in rationals."""
        return rational_columns(self.features)

    def rows(self) -> list[list[Fraction]]:
        """Return D = BᵀA."""
        probes = rational_columns(self.features if self.probes is None else self.probes, self.unit)
        return [[dot(b, a) for a in self.columns()] for b in probes]

    def most(self) -> int:
        """Return how many entries of a code may be non-zero."""
        return self.k if self.active is None else self.active


def _least_error(case: Case, i: int, k: int) -> Fraction:
    """Return ε_i* from the library's certificate, whose equations are checked here."""
    probe = best_probe(case.features.T.astype(np.float64), i, k)
    columns = [[Fraction(x) for x in a] for a in case.features.tolist()]
    y = dict(zip(probe.support.tolist(), probe.weights, strict=True))
    balanced = all(
        sum((v * columns[j][r] for j, v in y.items()), Fraction(0)) == 0 for r in range(len(columns[0]))
    )
    sizes = [abs(v) for v in y.values()]
    if not (balanced and max(sizes, default=0) <= 1 and sum(sizes) <= k and probe.upper == probe.lower):
        raise ArithmeticError("the certificate of the best probe does not hold, or is not exact")
    return y.get(i, Fraction(0))


def _worst(case: Case, k: int) -> Fraction:
    return max(_least_error(case, i, k) for i in range(len(case.features)))


def _capacity(case: Case) -> Fraction:
    """Return what C(q+r−1, r) is at least, 0 where the greatest error is 1."""
    epsilon, p, r = _worst(case, case.k), len(case.features), case.order
    if epsilon >= 1:
        return Fraction(0)
    signal = (1 - epsilon) ** (2 * r)
    return (
        p * signal / (signal + epsilon ** (2 * r) * max(Fraction(1), Fraction(p - 1, case.most() ** (2 * r))))
    )


def _chebyshev_capacity(case: Case) -> Fraction:
    epsilon, p = _worst(case, case.k), len(case.features)
    delta = epsilon / case.most()
    if epsilon >= 1 or 2 * delta > 1:
        return Fraction(0)
    if delta == 0:
        return Fraction(p)
    return p / (1 + (p - 1) / chebyshev(case.order, (1 - delta) / delta) ** 2)


def bound(case: Case) -> Number:
    """Return the library's error, the dual's value, the gap that is due, or the capacity."""
    if case.part in ("identity", "boolean", "gap"):
        A = case.features.T.astype(np.float64)
        B = A if case.probes is None else case.probes.T / case.unit
        error = readout_error(A, B, case.k, boolean=case.part != "identity")
        return 1 - 2 * error.errors[case.feature] if case.part == "gap" else error.error
    if case.part == "best":
        return _least_error(case, case.feature, case.k)
    if case.part == "worst":
        return min(Fraction(1), case.k * _worst(case, 1))
    return _capacity(case) if case.part == "capacity" else _chebyshev_capacity(case)


def observe(case: Case) -> Observed:
    """Try all codes, all crossings of bends, or count the monomials of a rank."""
    kind: Kind = "lower" if case.part in ("gap", "capacity", "chebyshev") else "tight"
    if case.attained:
        kind = "tight"
    return Observed(_value(case), f"{case.label}, k={case.k} [{case.part}]", kind=kind)


def _value(case: Case) -> Number:
    if case.part in ("identity", "boolean"):
        return _greatest_error(case)
    if case.part == "gap":
        return _gap(case)
    if case.part == "best":
        return least_by_crossings(case.columns(), case.feature, case.most())
    if case.part == "worst":
        return max(least_by_crossings(case.columns(), i, case.most()) for i in range(len(case.features)))
    q, r = rank(case.features.tolist()), case.order
    if case.part == "capacity":
        return math.comb(q + r - 1, r)
    return sum(math.comb(q + s - 1, s) for s in range(r % 2, r + 1, 2))


def _codes(case: Case) -> Iterator[dict[int, int]]:
    """Yield every code with entries 0 and the size; of both signs in the part that asks for [−1, 1]."""
    signs = (-case.size, case.size) if case.part == "identity" else (case.size,)
    for support in supports(len(case.features), case.most()):
        for entries in product(signs, repeat=len(support)):
            yield dict(zip(support, entries, strict=True))


def _greatest_error(case: Case) -> Fraction:
    rows, worst = case.rows(), Fraction(0)
    for code in _codes(case):
        for i, row in enumerate(rows):
            reading = sum((row[j] * z for j, z in code.items()), Fraction(0))
            if case.reading == "thresholded":
                reading = Fraction(int(2 * reading > 1))
            worst = max(worst, abs(reading - code.get(i, 0)))
    return worst


def _gap(case: Case) -> Fraction:
    """Return the least reading with the feature less the greatest without."""
    row = case.rows()[case.feature]
    readings: tuple[list[Fraction], list[Fraction]] = ([], [])
    for code in _codes(case):
        readings[case.feature in code].append(sum((row[j] * z for j, z in code.items()), Fraction(0)))
    return min(readings[True]) - max(readings[False])


def _line(m: int, part: Part = "best", k: int = 1) -> Case:
    return Case(part, f"a = (1, −{m}) on the line", np.array([[1], [-m]]), k=k)


def _interfering(c: int, k: int) -> Case:
    """Return features of the line of which k + 1 weigh c/32 and as many −c/32 in the reading of the first."""
    features = np.array([[32], *([[c], [-c]] * (k + 1))])
    probes = np.zeros_like(features)
    probes[0] = 1
    return Case("gap", f"interference of ±{c}/32", features, probes, 32, k=k)


def _balanced(c: int, k: int) -> Case:
    """Return a reading that errs as far with its feature as without: k − 1 of −kc/32, k of (k−1)c/32."""
    features = np.array([[32], *([[-k * c]] * (k - 1)), *([[(k - 1) * c]] * k)])
    probes = np.zeros_like(features)
    probes[0] = 1
    return Case("gap", f"balanced interference, c={c}", features, probes, 32, k=k, attained=True)


def _orthogonal(part: Part, n: int) -> Case:
    axes = np.eye(n, dtype=np.int64)
    return Case(part, f"an orthogonal basis of R^{n}", axes, axes, attained=True)


def _fixed() -> Iterator[Case]:
    for part in PARTS:
        yield _orthogonal(part, 3)
        yield replace(_orthogonal(part, 1), k=3, label="one feature, k beyond p")
        if part not in ("gap", "capacity", "chebyshev"):
            zeros = np.zeros((3, 2), dtype=np.int64)
            yield Case(part, "zero columns", zeros, zeros, k=2)
    opposed = np.array([[1], [1], [-1]])
    for part in ("identity", "boolean"):
        yield Case(part, "interference of both signs", opposed, np.array([[1], [0], [0]]), k=2)
    for k in (1, 2, 3):
        yield Case("best", "a column twice", np.array([[1, 2], [1, 2], [0, 1]]), k=k)
        yield Case("best", "a column and its mirror image", np.array([[1, 2], [-1, -2], [0, 1]]), k=k)
        yield Case("best", "a column and half of it", np.array([[2], [1]]), k=k)
        yield Case("worst", "three columns of the plane", np.array([[2, -1], [-1, 2], [-1, -1]]), k=k)
    for complement in (False, True):
        lines = whole(lines_16(complement=complement))
        for part in ("capacity", "chebyshev"):
            yield Case(part, f"16 lines in R^{lines.shape[1]}", lines, attained=True)


def _attaining(i: int, rng: np.random.Generator) -> Iterator[Case]:
    yield _line(int(rng.integers(1, 10**6)))
    yield _balanced(1 + i % 19, 2 + i % 2)
    corners = whole(reflected(rng, simplex(int(rng.integers(2, 6)))))
    for part in ("capacity", "chebyshev"):
        yield Case(part, f"simplex {i} of {len(corners)} corners, turned", corners, attained=True)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    planar = part in ("best", "worst")
    n = int(rng.integers(1, 3 if planar else 4))
    p = int(rng.integers(2, 6 - n if part == "worst" else 5))
    features, k = random_columns(rng, n, p), int(rng.integers(1, 4))
    label = f"random instance {i}: n={n}, p={p}"
    case = Case(part, label, features, feature=int(rng.integers(p)), k=k, order=int(rng.integers(1, 4)))
    return case if planar else replace(case, probes=random_columns(rng, n, p, 2))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield bases, zero, equal and opposite columns, what attains the capacity, then random integers."""
    yield from _fixed()
    for i in range(max(2, count // 10)):
        yield from _attaining(i, rng)
    for i in range(count):
        yield _random(PARTS[i % len(PARTS)], i, rng)


def doubled(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes with entries of size 2."""
    for i in range(max(2, count // 10)):
        features = 1 + rng.integers(1, 4, (3, 2))
        for part in ("identity", "boolean"):
            case = Case(part, f"entries of size 2 ({i})", features, features, k=int(rng.integers(1, 4)))
            yield replace(case, size=2)


def one_more(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes with one more non-zero than the bound is told of."""
    for i in range(max(2, count // 10)):
        k = int(rng.integers(1, 3))
        features = 1 + rng.integers(1, 4, (4, 2))
        for part in ("identity", "boolean"):
            case = Case(part, f"one more active ({i})", features, features, k=k)
            yield replace(case, active=k + 1)
        m = int(rng.integers(2, 100))
        yield replace(_line(m), label=f"one more active on the line ({i})", active=2)
        corners = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]])[:, :2] * int(rng.integers(1, 50))
        yield Case("worst", f"one more active than one corner of three ({i})", corners, active=2)
        yield replace(_interfering(int(rng.integers(1, 4)), k), label=f"one more active ({i})", active=k + 1)
        simplices = whole(simplex(int(rng.integers(3, 6))))
        for part in ("capacity", "chebyshev"):
            case = Case(part, f"errors at 1 active counted for 2, {len(simplices)} corners ({i})", simplices)
            yield replace(case, active=2)


def thresholded(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield readings by a threshold of ½, which err less than linear ones."""
    for i in range(max(2, count // 10)):
        p, k = int(rng.integers(3, 5)), int(rng.integers(1, 3))
        features = 8 * np.eye(p, dtype=np.int64) + rng.choice((-1, 1), (p, p)) * (
            1 - np.eye(p, dtype=np.int64)
        )
        case = Case("boolean", f"a threshold of ½, p={p} ({i})", features, np.eye(p, dtype=np.int64), 8, k=k)
        yield replace(case, reading="thresholded")


@remembered
def _least_errors(dictionary: bytes, p: int, k: int, chosen: tuple[int, ...]) -> tuple[Fraction, ...]:
    A = np.frombuffer(dictionary).reshape(-1, p)
    return tuple(best_probe(A, i, k).lower for i in chosen)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the error of an encoder's rows, each with its best scale, against the least of any linear probe.

    Rows are matched with planted directions; k is the largest number of concepts at a point. A few random
    features are read: the greatest error T_k of ⟨s·w, x⟩ over all codes is exact, and so is the dual's bound.
    Vacuous where that is 0. No evidence without planted directions, without the encoder's rows, or where the
    dictionary is too large.
    """
    probes = probes_of(instance)
    if probes is None or probes.A.size > MOST_CELLS:
        return []
    p, k = probes.A.shape[1], max(1, int(instance.dataset.membership.sum(axis=1).max()))
    chosen = tuple(sorted(i for i in some_rows(p, MOST_FEATURES).tolist() if probes.neurons[i] >= 0))
    least = _least_errors(np.ascontiguousarray(probes.A).tobytes(), p, k, chosen)
    evidence: list[Evidence] = []
    for i, lower in zip(chosen, least, strict=True):
        row = probes.B[:, i]
        scale = best_probe((row @ probes.A)[None, :], i, k).row
        B = np.zeros_like(probes.A)
        B[:, i] = scale * row
        error = readout_error(probes.A, B, k).errors[i]
        label = f"greatest error of neuron {probes.neurons[i]} on {instance.dataset.names[i]}, k={k}"
        observed = Observed(error, f"{instance.label}: {label}")
        evidence.append(compare(observed, lower, "lower", vacuous=lower <= 0))
    return evidence


def _in_part(part: Part, formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    return lambda case: formula(case) if case.part == part else bound(case)


CLAIM = Claim(
    id="R1",
    statement=(
        "On k-sparse codes from [−1, 1] the greatest error of Bᵀx is the largest T_k of a row of |D − I|; "
        "the least error of a probe of feature i is max{y_i : Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k}; for the worst "
        "feature it is min(1, kδ), δ its value at k = 1, and δ ≤ ½ needs rank A ≥ p/(1 + (p−1)δ²/(1−δ)²)."
    ),
    tex=(
        r"\max_z|B^\top Az-z|_\infty=\max_iT_k(|(D-I)_i|),\qquad "
        r"\min_bT_k(|A^\top b-e_i|)=\max\{y_i:Ay=0,\|y\|_\infty\le1,\|y\|_1\le k\},\qquad "
        r"\sum_{s\le r,\,s\equiv r(2)}\binom{q+s-1}{s}\ge\frac{p}{1+(p-1)/T_r(\frac{1-\delta}{\delta})^2}"
    ),
    hypotheses=(
        Hypothesis("the entries of a code are at most 1 in size", doubled),
        Hypothesis("at most k of them are not 0", one_more),
        Hypothesis("the reading is linear", thresholded),
    ),
    kind="tight",
    source="garg2026,welch1974",
    figure="readout",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "k entries of ±1 for T_k": _in_part(
            "best", lambda case: min(Fraction(1), case.k * _least_error(case, case.feature, 1))
        ),
        "k·δ without the 1": _in_part("worst", lambda case: case.k * _worst(case, 1)),
        "both signs for Boolean codes": _in_part(
            "boolean", lambda case: bound(replace(case, part="identity"))
        ),
        "2(p − 1) for p − 1": _in_part("capacity", lambda case: _capacity(case) * Fraction(101, 100)),
    },
    scales=(0.99, 1.01),
)
