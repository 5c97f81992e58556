r"""S12. Capacity at tolerance ε: what S5, S6 and S7 become where concepts are separated within ε only.

Let θ, θ′ separate C, C′ within ε (s ≤ ε). (a) θ′ ⊂ θ gives C′∖C ⊂ (C′∖θ′) ∪ (θ∖C), so μ(C′∖C) ≤
ε(μ(C)+μ(C′)). (b) θ = θ′: both ways, |C△C′| ≤ 2ε(|C∪C′|+|C∩C′|), so J(C, C′) ≥ (1−2ε)/(1+2ε); call
concepts with a smaller J ε-far. (c) So best neurons are injective on a pairwise ε-far family: its size is
at most d; disjoint concepts are ε-far for every ε < ½. (d) Where μ(C_l∖C_k) > ε(μ(C_k)+μ(C_l)) for all
ordered pairs, (a) makes the units an antichain: Sperner and, as each θ_k meets X for ε < 1, LYM with
|M_k| ≤ K. (e) Disjoint concepts, ε < ½: among the patterns of θ_k, C_k holds more than half of one, and
no two concepts do of the same: p ≤ the number of patterns on X, under any gate. (f) Distinct neurons that
detect C_k within ε: (1−ε)Σμ(C_k) ≤ ∫ L0 over ∪C_k ≤ K·μ(∪C_k). The chain bound L ≤ K fails at every ε >
0: Top-1 with a child of share ≤ ε of its parent, absorbed.

All neurons (all units) are tried, and the largest family is searched exactly. Controls: alarms per
negative; concepts that are not far; ε = ½; concepts that are not disjoint; one neuron for all; no
tolerance for the chain. The statement is ours, after Zhang, Lin and Lee (2026) and Sperner (1928).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.geometry.arrangements.counting import sperner
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._blocks import Block, absorbed, built, chained, disturbed, inner, layers, own_shares, wings
from proofs_checks._families import far, gathered_family, incomparable, largest_family, own_neurons
from proofs_checks._graded import Points, alarm, alarm_rate, count, jaccard, miss, pair_counts, run_tolerance
from proofs_checks._runs import fitted_units, sample_view

Part = Literal[
    "inclusion", "jaccard", "neurons", "disjoint", "antichain", "sperner", "lym", "patterns", "load",
    "budget", "chain",
]  # fmt: skip
FAMILIES: tuple[Part, ...] = (
    "neurons", "disjoint", "antichain", "sperner", "lym", "patterns", "load", "budget",
)  # fmt: skip
HALF = Fraction(1, 2)


@dataclass(frozen=True, eq=False)
class Case:
    """Which neurons fire on which points, concepts (rows), and a tolerance.

    For "inclusion" and "jaccard" the first two neurons serve the two concepts, and ε is the greater s of the
    two. Each of the last fields breaks a hypothesis: how alarms are counted, what families must satisfy, and
    whether neurons are distinct.
    """

    part: Part
    label: str
    fires: Bool[np.ndarray, "N d"]
    concepts: Bool[np.ndarray, "p N"]
    tolerance: Fraction = Fraction(0)
    attained: bool = False
    alarms: Literal["of C", "of the negatives"] = "of C"
    any_family: bool = False
    distinct: bool = True

    def error(self, theta: Points, concept: Points) -> Fraction:
        """Return s, or in a control the greater of the miss and the false-alarm rate."""
        false = alarm if self.alarms == "of C" else alarm_rate
        return max(miss(theta, concept), false(theta, concept))

    def epsilon(self) -> Fraction:
        """Return ε: that of the two pairs at hand, or the tolerance."""
        if self.part not in ("inclusion", "jaccard"):
            return self.tolerance
        return max(self.error(theta, C) for theta, C in zip(self.fires.T, self.concepts, strict=False))

    def units(self) -> list[tuple[int, ...] | None]:
        """Return for each concept the first unit (of one neuron, where units are not asked for) within ε."""
        d = self.fires.shape[1]
        largest = 1 if self.part in ("neurons", "disjoint") else d
        tried = [unit for size in range(1, largest + 1) for unit in combinations(range(d), size)]
        thetas = {unit: np.all(self.fires[:, list(unit)], axis=1) for unit in tried}
        return [
            next((unit for unit in tried if self.error(thetas[unit], C) <= self.tolerance), None)
            for C in self.concepts
        ]


def _sparsity(case: Case) -> int:
    return int(case.fires.sum(axis=1).max())


def _covered(case: Case) -> Points:
    """Return the union of the concepts that have a neuron of their own."""
    served = [k for k, _ in _matched(case)]
    return np.any(case.concepts[served], axis=0)


_BOUNDS: dict[Part, Callable[[Case], Number]] = {
    "inclusion": lambda case: case.epsilon() * sum(map(count, case.concepts)),
    "jaccard": lambda case: (1 - 2 * case.epsilon()) / (1 + 2 * case.epsilon()),
    "neurons": lambda case: case.fires.shape[1],
    "disjoint": lambda case: case.fires.shape[1],
    "antichain": lambda _: 0,
    "sperner": lambda case: sperner(case.fires.shape[1], _sparsity(case)),
    "lym": lambda _: 1,
    "patterns": lambda case: len(np.unique(case.fires, axis=0)),
    "load": lambda case: int(case.fires[_covered(case)].sum()),
    "budget": lambda case: _sparsity(case) * count(_covered(case)),
    "chain": lambda case: _sparsity(case) + 1,
}


def bound(case: Case) -> Number:
    """Return what the part allows: a measure, an index, a number of concepts, or 1 for the LYM sum."""
    return _BOUNDS[case.part](case)


def observe(case: Case) -> Observed:
    """Measure the two concepts, or the largest family that neurons (units) separate within ε."""
    kind: Kind = "lower" if case.part == "jaccard" else "upper"
    if case.attained or case.part in ("antichain", "chain"):
        kind = "tight"
    return Observed(_value(case), f"{case.label} [{case.part}]", kind=kind)


def _value(case: Case) -> Number:
    if case.part == "inclusion":
        return count(case.concepts[1] & ~case.concepts[0])
    if case.part == "jaccard":
        return jaccard(case.concepts[0], case.concepts[1])
    if case.part == "chain":
        return sum(unit is not None for unit in case.units())
    if case.part in ("load", "budget"):
        return (1 - case.tolerance) * sum(count(case.concepts[k]) for k, _ in _matched(case))
    units = case.units()
    served = [k for k, unit in enumerate(units) if unit is not None]
    family = largest_family(served, lambda k, j: case.any_family or _apart(case, k, j))
    members = [frozenset(units[k] or ()) for k in family]
    if case.part == "antichain":
        return sum(
            one <= another for i, one in enumerate(members) for j, another in enumerate(members) if i != j
        )
    if case.part == "lym":
        return sum((Fraction(1, math.comb(case.fires.shape[1], len(unit))) for unit in members), Fraction(0))
    return len(family)


def _apart(case: Case, k: int, j: int) -> bool:
    """Tell whether two concepts are as far apart as the part asks its families to be."""
    one, another, epsilon = case.concepts[k], case.concepts[j], case.tolerance
    if case.part == "neurons":
        return far(one, another, epsilon)
    if case.part in ("disjoint", "patterns"):
        return not (one & another).any()
    return incomparable(one, another, epsilon)


def _matched(case: Case) -> list[tuple[int, int]]:
    """Return concepts with neurons of their own that detect them within ε; in a control, any neurons."""
    detecting = [
        [i for i, theta in enumerate(case.fires.T) if miss(theta, C) <= case.tolerance] for C in case.concepts
    ]
    if not case.distinct:
        return [(k, neurons[0]) for k, neurons in enumerate(detecting) if neurons]
    return own_neurons(detecting)


def _case(
    part: Part, label: str, d: int, p: int, blocks: Sequence[Block], tolerance: Fraction = Fraction(0)
) -> Case:
    fires, concepts = built(d, p, blocks)
    return Case(part, label, fires, concepts, tolerance)


def _layered(part: Part, d: int, k: int, errors: int, *, attained: bool = True) -> Case:
    label = f"all {k}-subsets of {d} neurons, {errors} misses and alarms of 20"
    case = _case(part, label, d, math.comb(d, k), layers(d, k, errors), Fraction(errors, 20))
    return replace(case, attained=attained)


def _winged(core: int, half_wing: int, more: int = 0) -> Case:
    """Return two concepts with a core in common under one θ, among so many points more."""
    label = f"a core of {core} and wings of {2 * half_wing}"
    return _case("jaccard", label, 2, 2, [*wings(core, half_wing), Block(more, [], [])])


def _nested(concept: int, missed: int, alarms: int, silent: int, more: int = 0) -> Case:
    label = f"{missed} of {concept} missed, {alarms} of C′ in θ, {silent} in neither"
    return _case("inclusion", label, 2, 2, [*inner(concept, missed, alarms, silent), Block(more, [], [])])


def _absorbed(size: int, K: int, tolerance: Fraction | None = None) -> Case:
    """Return a chain of K + 1 concepts, the last one point of a parent with so many more, and absorbed."""
    epsilon = Fraction(1, size + 1) if tolerance is None else tolerance
    return _case(
        "chain", f"Top-{K}, a child of {size + 1} absorbed", K + 1, K + 1, absorbed(size, K), epsilon
    )


def _near(part: Part) -> Case:
    blocks = [Block(20, [0], [0, 1]), Block(1, [0], [1]), Block(5, [], [])]
    return _case(part, "C and one point more, one neuron", 1, 2, blocks, Fraction(1, 20))


def _fixed() -> Iterator[Case]:
    for core, half_wing in ((1, 0), (1, 3), *((core, 1) for core in range(3, 22))):
        yield replace(_winged(core, half_wing), attained=True)
    for k, counts in product(range(1, 8), ((10, 0, 5, 5), (12, 0, 4, 2), (20, 3, 4, 1))):  # ε = ½, ⅓, ⅕
        yield replace(_nested(*(k * n for n in counts)), attained=True)
    for part in ("neurons", "disjoint", "sperner", "lym", "patterns"):
        for d, errors in product(range(1, 6), (0, 1, 4, 9)):
            # With misses there is a pattern without neurons: one more than the concepts.
            yield _layered(part, d, 1, errors, attained=part != "patterns" or not errors)
    yield from (_layered("patterns", d, k, 0) for d in range(1, 7) for k in range(2, d + 1))
    for part in ("antichain", "sperner", "lym"):
        for d, errors in product((3, 4, 5), (0, 1, 2, 4, 6, 8, 9)):
            yield _layered(part, d, 2, errors)
    silent = [Block(20, [0], [0]), Block(20, [], [1])]
    yield _case("patterns", "one neuron, no unit for the silent half", 1, 2, silent, Fraction(1, 20))
    for size, missed in product((20, 30), range(10)):
        shares, label = own_shares([size, size], missed), f"two neurons, {missed} of {size} missed each"
        case = _case("load", label, 2, 2, shares, Fraction(missed, size))
        yield replace(case, attained=True)
    for part, d in product(("load", "budget"), range(1, 21)):
        full, label = [Block(20, range(d), range(d))], f"{d} neurons, one concept as often"
        yield replace(_case(part, label, d, d, full), attained=True)
    for size in (*range(1, 20), 999):
        yield _absorbed(size, 1 + size % 3)
    yield from map(_near, FAMILIES[:6])
    for part in FAMILIES:
        yield Case(part, "no neurons", np.zeros((4, 0), np.bool_), np.eye(4, dtype=np.bool_), Fraction(1, 4))


def _random(part: Part, rng: np.random.Generator, label: str) -> Case:
    fires, concepts = disturbed(rng)
    tolerance = Fraction(int(rng.integers(0, 20)), 40)
    label = f"{label}: d={fires.shape[1]}, N={len(fires)}, ε={tolerance}"
    return Case(part, label, fires, concepts, tolerance)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what attains each bound at ε = 0 and above, absorbed children, then random encoders."""
    yield from _fixed()
    parts: tuple[Part, ...] = (*FAMILIES, "inclusion", "jaccard")
    for i in range(count):
        part = parts[i % len(parts)]
        case = _random(part, rng, f"random encoder {i}")
        if part in FAMILIES:
            yield case
            continue
        outer = case.fires[:, 0]
        within = outer if part == "jaccard" else outer & (rng.random(len(outer)) < 0.7)
        yield replace(case, fires=np.column_stack([outer, within]), concepts=case.concepts[:2])


def per_negative(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield alarms over the negatives: one neuron serves two disjoint concepts of forty."""
    for part in ("neurons", "disjoint"):
        for p in (40, 25):
            blocks = [Block(1, [0] if j < 2 else [], [j]) for j in range(p)]
            case = _case(part, f"one neuron on two of {p} concepts", 1, p, blocks, Fraction(1, 20))
            yield replace(case, alarms="of the negatives")
    for core, half_wing in ((18, 1), (8, 2)):
        case = _winged(core, half_wing, more=200)
        # θ is the union of both concepts: nothing is missed, and the rate makes little of the alarms.
        union = case.concepts.any(axis=0)
        yield replace(case, fires=np.column_stack([union, union]), alarms="of the negatives")
    for i in range(max(1, count // 10)):
        alarms, more = int(rng.integers(3, 20)), int(rng.integers(100, 300))
        case = _nested(20, 0, alarms, 0, more)
        label = f"{case.label}, among {more} more ({i})"
        yield replace(case, alarms="of the negatives", label=label)


def not_far(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield C = C′ up to a few points: one neuron (one unit) serves both."""
    for part in ("neurons", "antichain", "sperner", "lym"):
        yield replace(_near(part), any_family=True)
    for i in range(max(1, count // 10)):
        size, p = int(rng.integers(20, 40)), int(rng.integers(2, 6))
        blocks = [Block(size, [0], range(p)), *(Block(1, [], [j]) for j in range(p)), Block(5, [], [])]
        label = f"{p} concepts with {size} points in common, one neuron ({i})"
        yield replace(_case("neurons", label, 1, p, blocks, Fraction(1, 20)), any_family=True)


def one_half(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield θ = half of each of two disjoint concepts: at ε = ½ a neuron serves two."""
    for i in range(2 + max(1, count // 10)):
        d, half = (2, 1) if i < 2 else (int(rng.integers(2, 4)), int(rng.integers(1, 5)))
        part: Part = "patterns" if i % 2 else "disjoint"
        blocks = [Block(half, fires, [j]) for j in range(2 * d) for fires in ([j // 2], [])]
        yield _case(part, f"{d} neurons on half of each of {2 * d} concepts ({i})", d, 2 * d, blocks, HALF)


def nested(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield nested concepts, more of them than patterns."""
    for i in range(max(2, count // 10)):
        size, p = (20, 3) if not i else (int(rng.integers(20, 60)), int(rng.integers(3, 6)))
        label = f"{p} nested concepts from {size} points on, one neuron ({i})"
        yield replace(_case("patterns", label, 1, p, chained(size, p), Fraction(1, 5)), any_family=True)


def one_for_all(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield concepts that are all detected by the same neuron."""
    for part in ("load", "budget"):
        for i in range(1 + max(1, count // 10)):
            size = 200 if not i else int(rng.integers(5, 100))
            blocks = [Block(1, [0], [0, 1]), Block(size - 1, [0], [0])]
            case = _case(part, f"{size} points and one of them, by one neuron ({i})", 1, 2, blocks)
            yield replace(case, distinct=False)


def no_tolerance(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield absorbed children at ε = 0: then the chain is no longer than K, as S7 says."""
    for i in range(1 + max(1, count // 10)):
        yield _absorbed(int(rng.integers(1, 30)), 1 + i % 3, Fraction(0))


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the width, the number of patterns and ∫ L0 against the concepts within ε.

    Single neurons: a pairwise ε-far family needs as many neurons. Fitted units, concepts of which none is
    nearly held by another: Sperner. Disjoint concepts within ε < ½: patterns. Concepts with a neuron of their
    own that detects them: ∫ L0. Vacuous where the bound is at least the number (the size) of all concepts.
    """
    view = sample_view(instance)
    epsilon = run_tolerance(view)
    misses, alarms = pair_counts(view)
    sizes = view.concepts.sum(axis=0)
    allowed = float(epsilon) * sizes[:, None]
    served = np.flatnonzero(((misses <= allowed) & (alarms <= allowed)).any(axis=1)).tolist()
    units = {
        u.concept
        for u in fitted_units(view)
        if u.unit.any() and max(u.misses, u.alarms) <= allowed[u.concept]
    }
    by_units = sorted(units | set(served))
    K, width = int(view.fires.sum(axis=1).max()), instance.neurons.width
    apart = gathered_family(view.concepts.T, served, lambda C, D: far(C, D, epsilon))
    antichain = gathered_family(view.concepts.T, by_units, lambda C, D: incomparable(C, D, epsilon))
    where = f"ε={float(epsilon):g}"
    evidence: list[tuple[Number, Number, str]] = [
        (len(apart), width, f"ε-far concepts by single neurons, {where}"),
        (len(antichain), sperner(width, K), f"concepts by units, K={K}, {where}"),
    ]
    if epsilon < HALF:
        disjoint = gathered_family(view.concepts.T, by_units, lambda C, D: not (C & D).any())
        patterns = len(np.unique(view.fires, axis=0))
        evidence.append((len(disjoint), patterns, f"disjoint concepts by units against patterns, {where}"))
    concepts = [k for k, _ in own_neurons([np.flatnonzero(row).tolist() for row in misses <= allowed])]
    load = int(view.fires[view.concepts[:, concepts].any(axis=1)].sum())
    claimed = (1 - epsilon) * int(sizes[concepts].sum())
    evidence.append((claimed, load, f"points of {len(concepts)} concepts with a neuron each, {where}"))
    label, most = instance.label, [*[len(view.names)] * (len(evidence) - 1), int(sizes.sum())]
    named = [(Observed(v, f"{label}: {text}"), limit) for v, limit, text in evidence]
    pairs = zip(named, most, strict=True)
    return [compare(o, limit, "upper", vacuous=limit >= n) for (o, limit), n in pairs if o.value]


def _in_part(part: Part, formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    """Return the bound with another formula in one part."""
    return lambda case: formula(case) if case.part == part else bound(case)


CLAIM = Claim(
    id="S12",
    statement=(
        "Concepts separated within ε: one θ serves two only if J ≥ (1−2ε)/(1+2ε), so an ε-far family needs "
        "as many neurons; units of concepts with μ(C_l∖C_k) > ε(μ(C_k)+μ(C_l)) are an antichain; disjoint "
        "ones number at most the patterns for ε < ½; (1−ε)Σμ(C_k) ≤ ∫ L0 for distinct neurons."
    ),
    tex=(
        r"\theta=\theta'\Rightarrow J(C,C')\ge\frac{1-2\varepsilon}{1+2\varepsilon};\qquad "
        r"\theta'\subset\theta\Rightarrow\mu(C'\setminus C)\le\varepsilon(\mu(C)+\mu(C'));\qquad "
        r"p\le\#\text{patterns}\ (\varepsilon<\tfrac12);\qquad (1-\varepsilon)\sum_k\mu(C_k)\le\int L_0\,d\mu"
    ),
    hypotheses=(
        Hypothesis("alarms are counted per point of the concept", per_negative),
        Hypothesis("the concepts are far from one another", not_far),
        Hypothesis("ε < ½", one_half),
        Hypothesis("patterns: the concepts are disjoint", nested),
        Hypothesis("load: the neurons are distinct", one_for_all),
        Hypothesis("a chain longer than K: ε > 0", no_tolerance),
    ),
    kind="upper",
    source="zhang2026geometric,sperner1928,lubell1966",
    figure="capacity_at_tolerance",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "J ≥ (1−ε)/(1+ε)": _in_part("jaccard", lambda case: (1 - case.epsilon()) / (1 + case.epsilon())),
        "μ(C′∖C) ≤ ε·μ(C)": _in_part("inclusion", lambda case: case.epsilon() * count(case.concepts[0])),
        "the chain bound L ≤ K": _in_part("chain", _sparsity),
    },
    scales={
        **dict.fromkeys((*FAMILIES, "chain")),
        **dict.fromkeys(("inclusion", "jaccard", "load", "budget"), (0.99, 1.01)),
    },
)
