r"""S10. One neuron names feature i on all k-sparse codes iff a_i is no bounded combination of the others.

Columns a_1 … a_p of any length; codes have at most k entries in [1, ρ] and zeros elsewhere, points are x =
Az; the neuron is absolute. It *names* feature i if it fires on exactly the codes with it. None does iff a_i =
Σ_{j≠i} v_j a_j for some v with |v_j| ≤ ρ, Σv⁺ ≤ ρk, Σv⁻ ≤ ρ(k−1).

With c_j = ⟨b, a_j⟩ and c_i > 0, the least of ⟨b, ·⟩ on the codes with i is c_i − ρT_{k−1}(c⁻), its greatest
on the others ρT_k(c⁺), T_r the sum of the r largest entries over j ≠ i: a row names i iff its gap g(b) = c_i
− ρT_{k−1}(c⁻) − ρT_k(c⁺) is above 0. {0 ≤ y ≤ 1, Σy ≤ r} has 0/1 vertices for whole r, so the two hulls are
{s·a_i + ρAy : 1 ≤ s ≤ ρ, Σy ≤ k−1} and {ρAw : Σw ≤ k}; they meet iff a_i ∈ (ρ/s)·V, V = {A(w−y)}; V is
convex and holds 0, so s = 1 asks least, and v = ρ(w−y). The rest is S1. For admissible v and r = a_i − Av:
g(b) ≤ ⟨b, r⟩, so that no unit row has a margin above ‖r‖/2. The row b = a_i serves where (2k−1)ρ·max_j|⟨a_i,
a_j⟩| < ‖a_i‖² (unit columns: (2k−1)ρκ < 1).

Observed by enumeration of all codes with entries 1 and ρ, and the simplex method on their hulls, in
Fractions; the statement's side is the library's certificate (`name_feature`), which is checked. Equality, a
combination whose sums are exactly ρk, is tried beside a feature longer by 1/64. Controls: codes of weight k
only; amplitudes above ρ; two half-spaces. On a trained SAE: the features that its rows name, with their own
thresholds and with the best ones, against those that any row can name; where the data are such codes without
noise, what a neuron names it must separate there.

Status: exact; ours, on S1 in the setting of Elhage et al. (2022). Open: the graded form, i.e. how small the
separation error s of a half-space can be where none names the feature; a proved lower bound on it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from geosae.geometry import name_feature
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._dictionaries import Columns, random_columns, rational_columns
from proofs_checks._exact import dot, in_hull
from proofs_checks._naming import Code, all_codes, float_columns, gap, is_combination, point, told_apart
from proofs_checks._superposed import named_where_planted, superposed, unnameable_but_separated

Part = Literal["names", "edge", "gap", "margin", "coherent"]
ONE = Fraction(1)


@dataclass(frozen=True, eq=False)
class Case:
    """A dictionary, a feature, k and ρ; for some parts a row b and an admissible v (0 at the feature itself).

    Each of the last fields breaks a hypothesis: which codes occur, how large their entries are, and how many
    half-spaces there are.
    """

    part: Part
    label: str
    columns: Columns
    feature: int
    k: int
    rho: Fraction = ONE
    row: tuple[Fraction, ...] = ()
    v: tuple[Fraction, ...] = ()
    attained: bool = False
    exactly: bool = False
    amplitude: Fraction | None = None
    unit: bool = False

    def codes(self) -> list[Code]:
        """Return the vertices of the codes that occur."""
        amplitudes = sorted({ONE, self.rho if self.amplitude is None else self.amplitude})
        return list(all_codes(len(self.columns), self.k, amplitudes, exactly=self.exactly))

    def products(self) -> list[Fraction]:
        """Return ⟨b, a_j⟩ of the other features."""
        return [dot(self.row, a) for j, a in enumerate(self.columns) if j != self.feature]

    def remainder(self) -> list[Fraction]:
        """Return a_i − Σ v_j a_j."""
        sums = point(self.columns, dict(enumerate(self.v)))
        return [x - y for x, y in zip(self.columns[self.feature], sums, strict=True)]


def largest(values: list[Fraction], r: int) -> Fraction:
    """Return T_r: the sum of the r largest positive entries."""
    return sum(sorted((v for v in values if v > 0), reverse=True)[:r], Fraction(0))


def _gap(case: Case, below: int, above: int, rho: Fraction) -> Fraction:
    products, signal = case.products(), dot(case.row, case.columns[case.feature])
    return signal - rho * largest([-c for c in products], below) - rho * largest(products, above)


def bound(case: Case) -> Number:
    """Return the library's verdict, the gap by two sorts, ⟨b, a_i − Av⟩, or whether b = a_i must serve."""
    if case.part == "gap":
        return _gap(case, case.k - 1, case.k, case.rho)
    if case.part == "margin":
        return dot(case.row, case.remainder())
    if case.part == "coherent":
        column = case.columns[case.feature]
        most = max((abs(dot(column, a)) for j, a in enumerate(case.columns) if j != case.feature), default=0)
        return int((2 * case.k - 1) * case.rho * most < dot(column, column))
    return int(name_feature(float_columns(case.columns), case.feature, case.k, case.rho).check().nameable)


def observe(case: Case) -> Observed:
    """Decide by all codes whether a half-space tells them apart, or how far a row does."""
    label = f"{case.label}, k={case.k}, ρ={case.rho} [{case.part}]"
    if case.part in ("gap", "margin"):
        kind: Kind = "tight" if case.part == "gap" or case.attained else "upper"
        return Observed(gap(case.columns, case.feature, case.codes(), case.row), label, kind=kind)
    kind = "lower" if case.part == "coherent" else "equivalence"
    return Observed(
        int(by_unit(case) if case.unit else told_apart(case.columns, case.feature, case.codes())),
        label,
        kind=kind,
    )


def by_unit(case: Case) -> bool:
    """Tell whether a unit of several half-spaces tells the codes apart (S3)."""
    points = [(case.feature in code, point(case.columns, code)) for code in case.codes()]
    firing = [x for fires, x in points if fires]
    return not any(in_hull(x, firing) for fires, x in points if not fires)


def _line(*entries: int | Fraction) -> Columns:
    return tuple((Fraction(x),) for x in entries)


def _fixed() -> Iterator[Case]:
    yield Case("names", "the zero column", _line(0, 1), 0, 1)
    yield Case("names", "one feature only", _line(-3), 0, 2, Fraction(2))
    yield Case("names", "half of another", _line(1, 2), 0, 1)
    yield Case("names", "twice another", _line(2, 1), 0, 1)
    yield Case("names", "twice another", _line(2, 1), 0, 1, Fraction(2))
    for k in (1, 2):
        yield Case("names", "an antipode", _line(1, -1), 0, k)
        yield Case("names", "a duplicate", _line(1, 1), 0, k)
    three = rational_columns(np.array([[1, 0], [0, 1], [1, 1]]))
    for k in (1, 2, 5):
        yield Case("names", "the sum of two", three, 2, k)
        yield Case("names", "the difference of two", three, 0, k)
    # Without the box this one would be a combination: 2·a_2 − a_3.
    outside = rational_columns(np.array([[2, -1], [1, 0], [0, 1]]))
    yield Case("names", "a combination with an entry of 2", outside, 0, 2)
    yield Case("names", "a duplicate, not even by a unit", _line(1, 1), 0, 1, unit=True)
    yield Case("gap", "no other feature", _line(2), 0, 3, row=(ONE,))
    yield Case("margin", "no combination", _line(2, 1), 0, 1, row=(ONE,), v=(Fraction(0), ONE), attained=True)


def _edge(i: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a_i = Σ v_j a_j over independent columns with sums at their bounds, and the same 1/64 longer."""
    k = int(rng.integers(1, 4))
    rho = Fraction(int(rng.choice((2, 2, 3))), 2)
    # Σv⁺ = ρk in entries of ρ or two of ρ/2; Σv⁻ at most ρ(k−1).
    halves = int(rng.integers(0, 2)) if k < 3 else 0
    positive = [rho] * (k - halves) + [rho / 2] * (2 * halves)
    negative = [rho] * int(rng.integers(0, k if k < 3 else 1))
    v = [*positive, *(-x for x in negative)]
    size = len(v)
    basis = np.triu(rng.integers(-1, 2, (size, size)), 1) + np.eye(size, dtype=np.int64)
    others = rational_columns(basis)
    column = point(others, dict(enumerate(v)))
    for stretch, word in ((ONE, "exactly"), (1 + Fraction(1, 64), "slightly more than")):
        columns = (tuple(stretch * x for x in column), *others)
        yield Case("edge", f"{word} at the bounds ({i}), n={size}", columns, 0, k, rho)


def _row(columns: Columns, feature: int, rng: np.random.Generator) -> tuple[Fraction, ...]:
    """Return a row along which the feature's column is positive, or the column itself."""
    row = tuple(Fraction(int(x), 2) for x in rng.integers(-4, 5, len(columns[0])))
    signal = dot(row, columns[feature])
    if signal == 0:
        return columns[feature]
    return row if signal > 0 else tuple(-x for x in row)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    n, p = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    k = int(rng.integers(1, 4))
    rho = (ONE, ONE, Fraction(3, 2), Fraction(2))[int(rng.integers(4))] if k < 3 else ONE
    columns = rational_columns(random_columns(rng, n, p))
    feature = int(rng.integers(p))
    while part in ("gap", "margin") and not any(columns[feature]):
        columns = rational_columns(random_columns(rng, n, p))
    case = Case(part, f"random dictionary {i}: n={n}, p={p}", columns, feature, k, rho)
    if part == "coherent":
        scaled = tuple(tuple(5 * x for x in a) if j == feature else a for j, a in enumerate(columns))
        return replace(case, columns=scaled)
    if part in ("gap", "margin"):
        case = replace(case, row=_row(columns, feature, rng))
    if part == "margin":
        case = _with_combination(case, rng, best=i % 2 == 0)
    return case


def _with_combination(case: Case, rng: np.random.Generator, *, best: bool) -> Case:
    """Return the case with an admissible v: ρ on k features, −ρ on k−1; those of the row's sorts if best."""
    order = sorted((dot(case.row, a), j) for j, a in enumerate(case.columns) if j != case.feature)
    if not best:
        rng.shuffle(order)
    off = [j for c, j in order[: case.k - 1] if c < 0 or not best]
    on = [j for c, j in order[::-1][: case.k] if (c > 0 or not best) and j not in off]
    v = [case.rho * (j in on) - case.rho * (j in off) for j in range(len(case.columns))]
    return replace(case, v=tuple(Fraction(x) for x in v), attained=best)


AT_LEAST = 24
"""Random ones that are always drawn: what is fixed does not expose every wrong form."""


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield degenerate dictionaries, equality cases, and random ones of small integers."""
    yield from _fixed()
    for i in range(max(2, count // 10)):
        yield from _edge(i, rng)
    parts: tuple[Part, ...] = ("names", "gap", "margin", "coherent")
    for i in range(max(count, AT_LEAST)):
        yield _random(parts[i % len(parts)], i // len(parts), rng)


def one_weight(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes of weight exactly k: what lies between the codes left out may be told apart."""
    for i in range(max(2, count // 10)):
        x, t = int(rng.integers(1, 9)), int(rng.integers(2, 9))
        case = Case("names", f"the multiple {x * t} beside {x}, weight 1 only ({i})", _line(x, x * t), 0, 1)
        yield replace(case, exactly=True)
        case = Case("gap", f"{-x} beside {x * t}, weight 1 only ({i})", _line(x * t, -x), 0, 1, row=(ONE,))
        yield replace(case, exactly=True)
        yield replace(case, part="margin", v=(Fraction(0),) * 2, exactly=True, attained=bool(i % 2))


def larger_amplitudes(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes with entries above ρ: another feature reaches where only this one should."""
    for i in range(max(2, count // 10)):
        t = int(rng.integers(2, 9))
        columns = rational_columns(np.array([[t, 0], [1, 0], [0, int(rng.integers(1, 5))]]))
        parts: tuple[Part, ...] = ("names", "edge", "coherent", "gap")
        for part in parts:
            case = Case(
                part, f"{t} times another, amplitudes up to {t} ({i})", columns, 0, 1, amplitude=Fraction(t)
            )
            yield replace(case, row=(ONE, Fraction(0)) if part == "gap" else ())


def two_half_spaces(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a feature between 0 and a multiple of it: two half-lines tell it apart, one does not."""
    for i in range(max(2, count // 10)):
        x, t = int(rng.integers(1, 9)), int(rng.integers(2, 9))
        columns = rational_columns(np.array([[x, 2 * x], [x * t, 2 * x * t]]))
        yield Case("names", f"between 0 and {t} times itself, a unit ({i})", columns, 0, 1, unit=True)


def check_run(instance: TrainedInstance) -> list[Evidence]:
    """Hold the features that rows name against those that any row can name, on planted dictionaries.

    k is 2, and the greatest number of features at a point of the sample. Counted twice: with each neuron's
    own threshold, and with the best one for its row (relative gates: with the best alone). Vacuous where
    every feature can be named. Where the points are such codes, without noise, a neuron that names a feature
    with room to spare separates it on the sample. What a relative gate separates there though no half-space
    names it is counted, and violates nothing.
    """
    world = superposed(instance)
    if world is None:
        return []
    evidence: list[Evidence] = []
    for k in world.sparsities:
        naming = named_where_planted(instance, world, k)
        able = world.nameable(k)
        where = f"{instance.label}: features of {len(able)} named at k={k}, ρ={float(world.rho):g}"
        for word, features in naming.counts():
            observed = Observed(int(features[world.asked].sum()), f"{where}, {word}")
            evidence.append(compare(observed, int(able.sum()), "upper", vacuous=bool(able.all())))
        for name, errors in naming.errors_on(instance, world, k):
            observed = Observed(errors, f"{instance.label}: {name}, named at k={k}: errors on the sample")
            evidence.append(compare(observed, 0, "tight"))
    beyond = unnameable_but_separated(instance, world)
    if beyond is not None:
        label = f"{instance.label}: features that no half-space names, separated on the sample"
        evidence.append(compare(Observed(beyond, label), len(world.asked), "upper", vacuous=True))
    return evidence


def _combined(case: Case, positive: Fraction, negative: Fraction, most: Fraction | None) -> Number:
    """Return the verdict under other bounds on v."""
    if case.part not in ("names", "edge"):
        return bound(case)
    return int(not is_combination(case.columns, case.feature, positive, negative, most))


def _gap_with(below: int, above: int, scaled: bool) -> Callable[[Case], Number]:
    return lambda case: (
        _gap(case, case.k - 1 + below, case.k + above, case.rho if scaled else ONE)
        if case.part == "gap"
        else bound(case)
    )


CLAIM = Claim(
    id="S10",
    statement=(
        "One absolute neuron names feature i on all codes of at most k entries in [1, ρ] iff there is no v "
        "with a_i = Σ_{j≠i} v_j a_j, |v_j| ≤ ρ, Σv⁺ ≤ ρk, Σv⁻ ≤ ρ(k−1); a row b does iff c_i > "
        "ρT_k(c⁺) + ρT_{k−1}(c⁻)."
    ),
    tex=(
        r"\text{unnameable}\iff a_i=\sum_{j\ne i}v_ja_j,\ |v_j|\le\rho,\ \sum v^+\le\rho k,\ "
        r"\sum v^-\le\rho(k-1);\qquad g(b)=c_i-\rho T_{k-1}(c^-)-\rho T_k(c^+)\le\langle b,a_i-Av\rangle"
    ),
    hypotheses=(
        Hypothesis("codes of every weight from 0 to k occur", one_weight),
        Hypothesis("amplitudes are at most ρ", larger_amplitudes),
        Hypothesis("one half-space", two_half_spaces),
    ),
    kind="equivalence",
    source="elhage2022,kirchberger1903",
    figure="naming",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "k for k−1 in Σv⁻": lambda case: _combined(case, case.rho * case.k, case.rho * case.k, case.rho),
        "no box on v": lambda case: _combined(case, case.rho * case.k, case.rho * (case.k - 1), None),
        "ρ left out": lambda case: _combined(case, Fraction(case.k), Fraction(case.k - 1), ONE),
        "k+1 for k in Σv⁺": lambda case: _combined(
            case, case.rho * (case.k + 1), case.rho * (case.k - 1), case.rho
        ),
        "T_k for T_{k−1}": _gap_with(1, 0, scaled=True),
        "T_{k−1} for T_k": _gap_with(0, -1, scaled=True),
        "the gap without ρ": _gap_with(0, 0, scaled=False),
    },
    scales={**dict.fromkeys(("names", "edge", "coherent")), **dict.fromkeys(("gap", "margin"), (0.99, 1.01))},
)
