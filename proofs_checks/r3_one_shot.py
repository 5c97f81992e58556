r"""R3. One-shot support recovery: the k largest scores are those of the active features.

Tied encoder: score_i = ⟨a_i, Az⟩, unit columns of coherence κ, z ≥ 0 with support S, |S| = k = K. Inside S
the score is at least z_i − κ(‖z‖₁ − z_i), outside at most κ‖z‖₁. So (1+κ)z_min > 2κ‖z‖₁ makes Top-K keep
exactly S; it follows from (2k−1)κ·z_max < z_min, as ‖z‖₁ ≤ z_min + (k−1)z_max; and the scores kept are
positive, since (1+κ)z_min > κ‖z‖₁. Any D = BᵀA: right for all z with entries in [1, ρ] on every S of size k <
p (scores may be ≤ 0) iff for all i ≠ j e_i + (sum of the k−1 smallest e_l, l ≠ i, j) > 0, e_l = min(w_l,
ρw_l), w_l = D_il − D_jl: minimise score_i − score_j entry by entry, then over S. Equality: k+1 unit vectors,
products −κ inside S and +κ to the last, attain the margin (1+κ)z_min − 2κ‖z‖₁ for every z; at κ = 1/(2k−1)
and z = 1_S all scores tie.

Scores in Fractions. For the equivalence all S and all corners of the amplitudes are tried, and the least
margin is held against the library's. Controls: amplitudes beyond the range that the bound is told of; one
column three times as long; K = k + 1, which keeps a stranger; κ one percent above 1/(2k−1).

Status: exact. The sufficient part is of the kind of thresholding results for incoherent dictionaries; the
equivalence is ours, and holds with offsets and with rows that read no feature too (they compete). Open: the
share of codes read right where not all are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Literal

import numpy as np
from jaxtyping import Int

from geosae.geometry.superposition.one_shot import one_shot_recovery
from geosae.verification import (
    Claim,
    Evidence,
    Hypothesis,
    Kind,
    NeuronsLike,
    Number,
    Observed,
    TrainedInstance,
    compare,
)
from proofs_checks._probes import encoder_of, probes_of

Part = Literal["margin", "range", "inside", "kept", "iff"]
PARTS: tuple[Part, ...] = ("margin", "range", "inside", "kept", "iff")
# In trained SAEs: so many differences of scores at most, so many random codes beside the worst, and how near
# to 0 a margin may be, as a share of the largest score, for floats to tell its sign.
MOST_CELLS, CODES, NEAR = 30_000_000, 200, 1e-9


@dataclass(frozen=True, eq=False)
class Case:
    """D in integers over a common unit, a code or the range of codes, and K.

    In the first four parts D is the Gram matrix of columns of one length, whose square is the unit. Fields
    for controls: K, another κ and another z_max than the true ones, a range beyond ρ, and the claim that the
    condition holds.
    """

    part: Part
    label: str
    rows: Int[np.ndarray, "p q"]
    unit: int = 1
    code: tuple[Fraction, ...] = ()
    k: int = 1
    rho: Fraction = Fraction(1)
    attained: bool = False
    kept: int | None = None
    coherence: Fraction | None = None
    greatest: Fraction | None = None
    beyond: Fraction | None = None
    claimed: bool = False

    def matrix(self) -> list[list[Fraction]]:
        """Return D."""
        return [[Fraction(int(x), self.unit) for x in row] for row in self.rows]

    def kappa(self) -> Fraction:
        """Return κ, the largest product of two columns, or what a control puts in its place."""
        if self.coherence is not None:
            return self.coherence
        return max(abs(x) for i, row in enumerate(self.matrix()) for j, x in enumerate(row) if i != j)

    def active(self) -> list[Fraction]:
        """Return the entries of the code that are not 0."""
        return [z for z in self.code if z]


def _allowance(case: Case) -> Fraction:
    """Return (1+κ)z_min − 2κ‖z‖₁."""
    kappa, active = case.kappa(), case.active()
    return (1 + kappa) * min(active) - 2 * kappa * sum(active)


def bound(case: Case) -> Number:
    """Return the least margin or score, 0 features kept wrongly, or the library's margin."""
    if case.part == "iff":
        D = case.rows / case.unit
        return one_shot_recovery(D, case.k, case.rho).margin
    if case.part == "kept":
        # Where nothing is claimed, everything may be kept wrongly.
        return 0 if case.claimed or _allowance(case) > 0 else len(case.code)
    if case.part == "margin":
        return _allowance(case)
    kappa, active = case.kappa(), case.active()
    if case.part == "inside":
        return (1 + kappa) * min(active) - kappa * sum(active)
    greatest = max(active) if case.greatest is None else case.greatest
    return min(active) - (2 * len(active) - 1) * kappa * greatest


def observe(case: Case) -> Observed:
    """Compute the scores of the code, or of all codes with entries 1 and ρ on every support."""
    kinds: dict[Part, Kind] = {"kept": "upper", "iff": "tight"}
    kind: Kind = "tight" if case.attained else kinds.get(case.part, "lower")
    return Observed(_value(case), f"{case.label}, k={case.k} [{case.part}]", kind=kind)


def _scores(matrix: Sequence[Sequence[Fraction]], code: Sequence[Fraction]) -> list[Fraction]:
    return [sum((x * z for x, z in zip(row, code, strict=True) if z), Fraction(0)) for row in matrix]


def _margin(scores: Sequence[Fraction], code: Sequence[Fraction]) -> Fraction:
    inside = [s for s, z in zip(scores, code, strict=True) if z]
    outside = [s for s, z in zip(scores, code, strict=True) if not z]
    return min(inside) - max(outside)


def _value(case: Case) -> Number:
    matrix = case.matrix()
    if case.part == "iff":
        return min(_margin(_scores(matrix, z), z) for z in _codes(case))
    scores = _scores(matrix, case.code)
    if case.part == "inside":
        return min(s for s, z in zip(scores, case.code, strict=True) if z)
    if case.part != "kept":
        return _margin(scores, case.code)
    # A tie counts as wrong: the inactive ones first.
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], case.code[j] != 0))
    top = set(order[: len(case.active()) if case.kept is None else case.kept])
    return len(top ^ {j for j, z in enumerate(case.code) if z})


def _codes(case: Case) -> Iterator[tuple[Fraction, ...]]:
    p, most = len(case.rows), case.rho if case.beyond is None else case.beyond
    for support in combinations(range(p), case.k):
        for entries in product((Fraction(1), most), repeat=case.k):
            z = dict(zip(support, entries, strict=True))
            yield tuple(z.get(j, Fraction(0)) for j in range(p))


def _hardest(k: int, unit: int, product_: int) -> Int[np.ndarray, "p p"]:
    """Return the Gram matrix of k+1 columns: products −c among the first k, +c to the last."""
    gram = np.full((k + 1, k + 1), -product_)
    gram[k] = gram[:, k] = product_
    np.fill_diagonal(gram, unit)
    return gram


def _on_first(k: int, entries: Sequence[Fraction | int]) -> tuple[Fraction, ...]:
    return (*(Fraction(z) for z in entries[:k]), Fraction(0))


def _fixed() -> Iterator[Case]:
    for k in (1, 2, 3):
        ties = _hardest(k, 2 * k - 1, 1)
        for part in ("margin", "range", "inside"):
            yield Case(
                part, "κ = 1/(2k−1): all scores tie", ties, 2 * k - 1, _on_first(k, [1] * k), k, attained=True
            )
        yield Case("iff", "κ = 1/(2k−1): all scores tie", ties, k=k)
    axes = np.eye(3, dtype=np.int64)
    for part in ("margin", "range", "inside", "kept"):
        yield Case(part, "an orthogonal basis", axes, 1, _on_first(2, [1, 1]), 2, attained=part == "margin")
    for rho in (1, 3):
        yield Case("iff", f"an orthogonal basis, ρ={rho}", axes, k=2, rho=Fraction(rho))
        yield Case(
            "iff", f"no row reads its feature, ρ={rho}", np.array([[0, 1], [1, 0]]), k=1, rho=Fraction(rho)
        )
        yield Case("iff", f"equal rows, ρ={rho}", np.array([[1, 2, 0]] * 3), k=2, rho=Fraction(rho))


def _entries(rng: np.random.Generator, k: int, most: int = 9) -> list[Fraction]:
    return [Fraction(int(z), 4) for z in rng.integers(4, 4 * most, k)]


def _attaining(i: int, rng: np.random.Generator) -> Iterator[Case]:
    k, unit = int(rng.integers(1, 4)), int(rng.integers(12, 100))
    gram, label = _hardest(k, unit, int(rng.integers(1, unit // (2 * k)))), f"products of both signs {i}"
    for part in ("margin", "inside"):
        yield Case(part, label, gram, unit, _on_first(k, _entries(rng, k)), k, attained=True)
    equal = [Fraction(int(rng.integers(1, 9)), 2)] * k
    yield Case("range", label, gram, unit, _on_first(k, equal), k, attained=True)
    yield Case("kept", label, _hardest(k, unit, (unit - 1) // (2 * k)), unit, _on_first(k, equal), k)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    if part == "iff":
        p = int(rng.integers(2, 6))
        k = int(rng.integers(1, min(p, 4)))
        rows = rng.integers(-3, 4, (p, p)) + 3 * int(rng.integers(0, 3)) * np.eye(p, dtype=np.int64)
        rho = Fraction(int(rng.integers(2, 9)), 2)
        return Case(part, f"random scores {i}: p={p}", rows, k=k, rho=rho)
    n, p = int(rng.integers(2, 6)), int(rng.integers(2, 7))
    entries = rng.integers(0, 4, n)
    entries[0] += not entries.any()
    columns = np.array([rng.permutation(entries) * rng.choice((-1, 1), n) for _ in range(p)])
    if part == "kept":
        # Nearly orthogonal ones: long axes with small entries beside them.
        columns = 20 * np.eye(p, dtype=np.int64)
        columns[np.arange(p), (np.arange(p) + 1) % p] = rng.choice((-1, 1), p)
    k = int(rng.integers(1, p))
    support = set(rng.choice(p, k, replace=False).tolist())
    code = tuple(z if j in support else Fraction(0) for j, z in enumerate(_entries(rng, p, 2)))
    gram = columns @ columns.T
    return Case(part, f"random columns {i}: n={n}, p={p}", gram, int(gram[0, 0]), code, k)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield ties, bases, rows that read nothing, what attains the margin, then random columns and scores."""
    yield from _fixed()
    for i in range(max(2, count // 10)):
        yield from _attaining(i, rng)
    for i in range(count):
        yield _random(PARTS[i % len(PARTS)], i, rng)


def beyond_the_range(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield amplitudes from a wider range than the bound is told of."""
    for i in range(max(2, count // 10)):
        k, times = int(rng.integers(2, 4)), int(rng.integers(20, 40))
        unit = 100 * k
        gram, wide = _hardest(k, unit, 25), _on_first(k, [1, *[times] * (k - 1)])
        label = f"one entry of {times} times the others ({i})"
        yield Case("range", label, gram, unit, wide, k, greatest=Fraction(1))
        yield Case("kept", label, gram, unit, wide, k, claimed=True)
        yield Case("iff", label, gram, k=k, rho=Fraction(2), beyond=Fraction(times))


def longer_column(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield one column three times as long as the others, with the cosines as κ."""
    for i in range(max(2, count // 10)):
        k, unit = int(rng.integers(2, 4)), int(rng.integers(50, 99))
        gram = _hardest(k, unit, 5)
        longer: tuple[tuple[Part, int], ...] = (("margin", k), ("inside", 0), ("range", k))
        for part, which in longer:
            long = gram.copy()
            long[which] *= 3
            long[:, which] *= 3
            label = f"column {which} three times as long ({i})"
            # The shortest entry is not that of the long column.
            code = _on_first(k, [2, *[1] * (k - 1)])
            yield Case(part, label, long, unit, code, k, coherence=Fraction(5, unit))


def one_more(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield K = k + 1."""
    for i in range(max(2, count // 10)):
        k, unit = int(rng.integers(1, 4)), int(rng.integers(50, 99))
        case = Case("kept", f"one more kept ({i})", _hardest(k, unit, 5), unit, _on_first(k, [1] * k), k)
        yield replace(case, kept=k + 1)


def too_coherent(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield κ one percent above 1/(2k − 1)."""
    for i in range(max(2, count // 10)):
        k, times = int(rng.integers(2, 5)), int(rng.integers(1, 30))
        gram = _hardest(k, 100 * (2 * k - 1) * times, 101 * times)
        code = _on_first(k, [Fraction(int(rng.integers(1, 9)))] * k)
        yield Case("kept", f"κ 1 % too large ({i})", gram, 100 * (2 * k - 1) * times, code, k, claimed=True)


def top_k(neurons: NeuronsLike) -> int | None:
    """Return K where the gate keeps the K largest scores, None elsewhere."""
    gate = getattr(neurons, "gate", None)
    gate = getattr(gate, "inner", gate)
    return neurons.sparsity if getattr(gate, "kind", "") == "topk" else None


def _amplitudes(instance: TrainedInstance) -> tuple[float, Fraction]:
    """Return the least amplitude of a world whose magnitudes are uniform, and ρ; 1 and 1 elsewhere."""
    params = instance.dataset.provenance.get("params") or {}
    if params.get("magnitudes") != "uniform":
        return 1.0, Fraction(1)
    low, high = float(params["low"]), float(params["high"])
    return low, Fraction(high / low)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Ask whether Top-K reads every code of K planted features right, and try it on the SAE's own scores.

    Rows are matched with the directions; the others compete. Amplitudes are the world's, where it says them,
    else 1. The verdict is exact for D in floats; then the SAE's scores are ranked at the worst code, and at
    random ones if all are to be read right. No evidence from other gates, without directions, with fewer
    neurons than features, for more than K features nowhere, or where the margin is within rounding of 0.
    """
    probes, encoder, k = probes_of(instance), encoder_of(instance.neurons), top_k(instance.neurons)
    if probes is None or encoder is None or k is None:
        return []
    p, d = probes.A.shape[1], len(encoder.w)
    if d < p or k >= d or k > p or p * d * p > MOST_CELLS:
        return []
    low, rho = _amplitudes(instance)
    others = np.setdiff1d(np.arange(d), probes.neurons)
    order = np.concatenate([probes.neurons, others])
    D = low * (encoder.w[order] @ probes.A)
    verdict = one_shot_recovery(D, k, rho, offsets=encoder.c[order])
    if abs(verdict.margin) <= NEAR * float(
        np.abs(D).sum(axis=1).max() * float(rho) + np.abs(encoder.c).max()
    ):
        return []
    codes = [np.array([float(z) for z in verdict.code])]
    rng = np.random.default_rng(0)
    for _ in range(CODES if verdict.right else 0):
        code = np.zeros(p)
        code[rng.choice(p, k, replace=False)] = rng.uniform(1.0, float(rho), k)
        codes.append(code)
    scores = encoder.values(low * np.array(codes) @ probes.A.T)[:, order]
    top = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    right = all(set(row) == set(np.flatnonzero(z)) for row, z in zip(top.tolist(), codes, strict=True))
    names = [*instance.dataset.names, *(f"neuron {j}" for j in others)]
    pair = f"{names[verdict.feature]} against {names[verdict.rival]}"
    where = f"smallest margin {float(verdict.margin):.3g}: {pair}"
    label = f"{instance.label}: Top-{k} reads all codes of {k} of {p} features right, {where}"
    observed = Observed(int(right), label)
    return [compare(observed, int(verdict.right), "equivalence")]


def _in_part(part: Part, formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    return lambda case: formula(case) if case.part == part else bound(case)


CLAIM = Claim(
    id="R3",
    statement=(
        "Tied encoder, unit columns, z ≥ 0 with k active: scores in S exceed the others by at least "
        "(1+κ)z_min − 2κ‖z‖₁ ≥ z_min − (2k−1)κz_max. For any D and entries in [1, ρ] the least difference of "
        "an active and an inactive score is the least over i ≠ j of e_i + the k−1 smallest e_l, e_l = "
        "min(w_l, ρw_l), w_l = D_il − D_jl."
    ),
    tex=(
        r"\min_S\text{score}-\max_{S^c}\text{score}\ge(1+\kappa)z_{\min}-2\kappa\|z\|_1\ge "
        r"z_{\min}-(2k-1)\kappa z_{\max};\qquad "
        r"\min_{i\ne j}\Bigl(e_i+\sum_{k-1\text{ smallest}}e_l\Bigr)>0"
    ),
    hypotheses=(
        Hypothesis("amplitudes are in the range", beyond_the_range),
        Hypothesis("the columns have length 1", longer_column),
        Hypothesis("K = k", one_more),
        Hypothesis("κ < 1/(2k − 1)", too_coherent),
    ),
    kind="lower",
    source="donoho2003",
    figure="one_shot",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "κ‖z‖₁ for 2κ‖z‖₁": _in_part(
            "margin", lambda case: _allowance(case) + case.kappa() * sum(case.active())
        ),
        "2kκ for (2k−1)κ": _in_part(
            "range", lambda case: Fraction(bound(case)) - case.kappa() * max(case.active())
        ),
        "ρ forgotten": _in_part("iff", lambda case: bound(replace(case, rho=Fraction(1)))),
    },
    scales={**dict.fromkeys(PARTS, (0.99, 1.01)), "kept": None},
)
