r"""N1. What the separation error s = max(m, a) says: precision, recall, F1 and Jaccard index in closed form.

μ(θ ∩ C) = (1−m)μ(C) and μ(θ) = (1−m+a)μ(C), since alarms are counted per point of the concept. So
precision = (1−m)/(1−m+a), recall = 1−m, F1 = 2(1−m)/(2−m+a), the Jaccard index is (1−m)/(1+a), μ(θ)/μ(C)
= 1−m+a, and the false-alarm rate is a·μ(C)/(1−μ(C)). Each quotient falls in m and in a, so for s ≤ ε < 1
it is least at m = a = ε. Conversely F1 ≥ 1−η reads 2η ≥ (1+η)m + (1−η)a, whose extremes are m = 2η/(1+η)
and a = 2η/(1−η).

Instances of the identities are finite sets with rational masses. The bounds are sharp: for given numbers
of points, every pair of counts (misses, alarms) is tried, and the extreme is the bound itself wherever
the counts allow it. Controls: the false-alarm *rate* in the place of a (with p disjoint concepts of share
1/p a rate ≤ ε allows a up to ε(p−1)), or misses per point of θ; the mean of m and a in the place of their
maximum; conversely, another index than the one that is named. C. J. van Rijsbergen (1979) is the source
of F1; the statement is ours.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from geosae.verification import Claim, Evidence, Hypothesis, Kind, Observed, TrainedInstance, compare
from proofs_checks._graded import count as size_of
from proofs_checks._graded import pair_counts
from proofs_checks._planted import model_concept
from proofs_checks._runs import fitted_units, sample_view

Identity = Literal["precision", "recall", "F1", "J", "price", "rate"]
Extreme = Literal[
    "min precision", "min recall", "min F1", "min J", "min price", "max price",
    "max m by F1", "max a by F1", "max m by J", "max a by J",
]  # fmt: skip
IDENTITIES: tuple[Identity, ...] = ("precision", "recall", "F1", "J", "price", "rate")
WITHIN: tuple[Extreme, ...] = (
    "min precision", "min recall", "min F1", "min J", "min price", "max price",
)  # fmt: skip
CONVERSE: tuple[Extreme, ...] = (
    "max m by F1", "max a by F1", "max m by J", "max a by J",
)  # fmt: skip


ATTAINED = 20
"""So many cases of each extreme are attained by whole numbers of points."""
Masses = tuple[Fraction, Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class Case:
    """Masses of θ∩C, C∖θ, θ∖C and the rest; or numbers of points in and out of C, and a tolerance ε or η.

    In a control `graded` says what takes the place of max(m, a), of m or a themselves, or of the index that
    is asked to be at least 1 − η.
    """

    part: Identity | Extreme
    label: str
    masses: Masses = (Fraction(1), Fraction(0), Fraction(0), Fraction(0))
    positives: int = 0
    negatives: int = 0
    tolerance: Fraction = Fraction(0)
    graded: Literal[
        "max(m, a)", "max(m, rate)", "misses over θ", "mean of m and a", "another index"
    ] = "max(m, a)"  # fmt: skip


def _errors(case: Case) -> tuple[Fraction, Fraction]:
    both, missed, alarms, rest = case.masses
    m = missed / (both + (alarms if case.graded == "misses over θ" else missed))
    return m, alarms / (alarms + rest if case.graded == "max(m, rate)" else both + missed)


def _rate(case: Case) -> Fraction:
    """Return a·μ(C)/(1 − μ(C))."""
    share = (case.masses[0] + case.masses[1]) / sum(case.masses)
    return _errors(case)[1] * share / (1 - share)


_FORMULAS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "precision": lambda m, a: (1 - m) / (1 - m + a),
    "recall": lambda m, a: 1 - m,
    "F1": lambda m, a: 2 * (1 - m) / (2 - m + a),
    "J": lambda m, a: (1 - m) / (1 + a),
    "price": lambda m, a: 1 - m + a,
}
_EXTREMES: dict[str, Callable[[Fraction], Fraction]] = {
    "min precision": lambda e: 1 - e,
    "min recall": lambda e: 1 - e,
    "min F1": lambda e: 1 - e,
    "min J": lambda e: (1 - e) / (1 + e),
    "min price": lambda e: 1 - e,
    "max price": lambda e: 1 + e,
    "max m by F1": lambda e: 2 * e / (1 + e),
    "max a by F1": lambda e: 2 * e / (1 - e),
    "max m by J": lambda e: e,
    "max a by J": lambda e: e / (1 - e),
}


def bound(case: Case) -> Fraction:
    """Return the closed form in m and a, or the extreme that the tolerance allows."""
    if case.part == "rate":
        return _rate(case)
    if case.part in _FORMULAS:
        return _FORMULAS[case.part](*_errors(case))
    return _EXTREMES[case.part](case.tolerance)


# By their definitions, from numbers (or masses): θ∩C, C∖θ, θ∖C.
_DEFINITIONS: dict[str, Callable[[Fraction, Fraction, Fraction], Fraction]] = {
    "precision": lambda both, missed, alarms: both / (both + alarms),
    "recall": lambda both, missed, alarms: both / (both + missed),
    # The harmonic mean of the two above, where both are positive.
    "F1": lambda both, missed, alarms: both / (both + (missed + alarms) / 2),
    "J": lambda both, missed, alarms: both / (both + missed + alarms),
    "price": lambda both, missed, alarms: (both + alarms) / (both + missed),
    "m": lambda both, missed, alarms: missed / (both + missed),
    "a": lambda both, missed, alarms: alarms / (both + missed),
}


def observe(case: Case) -> Observed:
    """Return the measure by its definition, or its extreme over all admitted pairs of counts."""
    label = f"{case.label} [{case.part}]"
    both, missed, alarms, rest = case.masses
    if case.part == "rate":
        return Observed(alarms / (alarms + rest), label)
    if case.part in _FORMULAS:
        return Observed(_DEFINITIONS[case.part](both, missed, alarms), label)
    extreme, name = case.part.split(" ")[:2]
    values = [_DEFINITIONS[name](*counts) for counts in _counts(case) if _admitted(case, *counts)]
    most = min if extreme == "min" else max
    return Observed(most(values, default=Fraction(-1)), label, kind=_kind(case))


def _counts(case: Case) -> Iterator[tuple[Fraction, Fraction, Fraction]]:
    for missed in range(case.positives + 1):
        for alarms in range(case.negatives + 1):
            if missed < case.positives or alarms:  # θ is not empty
                yield Fraction(case.positives - missed), Fraction(missed), Fraction(alarms)


def _admitted(case: Case, both: Fraction, missed: Fraction, alarms: Fraction) -> bool:
    if " by " in case.part:
        return _index(case, both, missed, alarms) >= 1 - case.tolerance
    m, a = missed / case.positives, alarms / case.positives
    if case.graded == "max(m, rate)":
        return max(m, alarms / case.negatives) <= case.tolerance
    return (m + a) / 2 <= case.tolerance if case.graded == "mean of m and a" else max(m, a) <= case.tolerance


def _index(case: Case, both: Fraction, missed: Fraction, alarms: Fraction) -> Fraction:
    """Return F1 or the Jaccard index; in a control the mean of precision and recall, or F1 for Jaccard."""
    name = case.part.split(" by ")[1]
    if case.graded != "another index":
        return _DEFINITIONS[name](both, missed, alarms)
    if name == "J":
        return _DEFINITIONS["F1"](both, missed, alarms)
    if not both + alarms:
        return Fraction(0)
    return sum(_DEFINITIONS[each](both, missed, alarms) for each in ("precision", "recall")) / Fraction(2)


def _kind(case: Case) -> Kind:
    """Return "tight" where whole numbers of points attain the extreme; else the sense of the inequality."""
    limit = _EXTREMES[case.part](case.tolerance) if " by " in case.part else case.tolerance
    points = limit * case.positives
    spare = points if case.part.startswith("max m") else case.negatives
    if points.denominator == 1 and points <= spare:
        return "tight"
    return "lower" if case.part.startswith("min") else "upper"


def _sharp(positives: int, negatives: int, tolerance: Fraction, label: str) -> Iterator[Case]:
    for part in (*WITHIN, *CONVERSE):
        yield Case(part, label, positives=positives, negatives=negatives, tolerance=tolerance)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield θ = C, θ disjoint from C, tiny and huge masses, sharp tolerances, then random ones."""
    one, none = Fraction(1), Fraction(0)
    tiny = Fraction(1, 10**9)
    for masses, label in (
        ((one, none, none, one), "θ = C"),
        ((none, one, one, one), "θ and C disjoint"),
        ((one, none, one, tiny), "θ nearly all of X"),
        ((tiny, one, none, one), "θ a speck of C"),
        ((tiny, tiny, one, one), "C rare, θ not"),
        ((Fraction(19), Fraction(1), Fraction(31), Fraction(589)), "a rate of .05 over 32 concepts"),
    ):
        for part in IDENTITIES:
            yield Case(part, label, masses)
    for positives, negatives, tolerance in (
        (20, 4, Fraction(1, 20)), (12, 12, Fraction(1, 3)), (10, 5, none), (4, 12, Fraction(3, 4)),
        (6, 12, Fraction(1, 2)), (1, 1, Fraction(1, 2)),
    ):  # fmt: skip
        label = f"{positives} points of C, {negatives} others, {tolerance}"
        yield from _sharp(positives, negatives, tolerance, label)
    everything = (*WITHIN, *CONVERSE)
    for part in everything:
        yield from _attained(part, rng)
    for i in range(count + count // 2):
        if i % 2:
            whole = rng.integers(0, 20, 4) + np.array([1, 0, 0, 1])
            both, missed, alarms, rest = (Fraction(int(v), int(rng.integers(1, 9))) for v in whole)
            part = IDENTITIES[i // 2 % len(IDENTITIES)]
            yield Case(part, f"random masses {i}", (both, missed, alarms, rest))
            continue
        tolerance = Fraction(int(rng.integers(0, 12)), 12)
        positives, negatives = int(rng.integers(1, 16)), int(rng.integers(1, 24))
        label = f"random counts {i}: {positives} points of C, {negatives} others, {tolerance}"
        part = everything[i // 2 % len(everything)]
        yield Case(part, label, positives=positives, negatives=negatives, tolerance=tolerance)


def _attained(part: Extreme, rng: np.random.Generator) -> Iterator[Case]:
    """Yield counts at which whole numbers of points attain the extreme."""
    drawn: set[tuple[int, int, Fraction]] = set()
    while len(drawn) < ATTAINED:
        positives, negatives = int(rng.integers(1, 16)), int(rng.integers(1, 24))
        tolerance = Fraction(int(rng.integers(0, 12)), 12)
        case = Case(part, "", positives=positives, negatives=negatives, tolerance=tolerance)
        if _kind(case) == "tight" and (positives, negatives, tolerance) not in drawn:
            drawn.add((positives, negatives, tolerance))
            label = f"attained {len(drawn)}: {positives} points of C, {negatives} others, {tolerance}"
            yield replace(case, label=label)


def by_rate(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield alarms over the negatives: with 32 concepts a rate of .05 leaves a precision of .38."""
    parts: tuple[Extreme, ...] = ("min precision", "min F1", "min J", "max price")
    for part, concepts in zip(parts, (32, 6, 5, 4), strict=True):
        yield Case(part, f"{concepts} concepts of 20 points", positives=20, negatives=20 * (concepts - 1),
                   tolerance=Fraction(1, 20), graded="max(m, rate)")  # fmt: skip
    for i in range(max(1, count // 10)):
        positives = int(rng.integers(2, 20))
        negatives = int(rng.integers(positives * 2 + 1, positives * 4))
        # One negative more than a of the positives: the rate still allows it.
        tolerance = Fraction(int(rng.integers(1, positives)), positives)
        yield Case(parts[i % 4], f"random {i}: {positives} of {positives + negatives}, {tolerance}",
                   positives=positives, negatives=negatives, tolerance=tolerance,
                   graded="max(m, rate)")  # fmt: skip


def other_shares(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the false-alarm rate in the place of a, and misses per point of θ in the place of m."""
    yield from by_rate(count, rng)
    masses = (Fraction(19), Fraction(1), Fraction(31), Fraction(589))
    for part in IDENTITIES:
        if part != "recall":
            yield Case(part, "the rate for a, 32 concepts", masses, graded="max(m, rate)")
        if part != "rate":
            yield Case(part, "misses per point of θ", masses, graded="misses over θ")


def by_another_index(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield η promised by the mean of precision and recall for F1, and by F1 for the Jaccard index."""
    for part in CONVERSE:
        for positives, tolerance in ((12, Fraction(1, 3)), (10, Fraction(1, 5))):
            yield Case(part, f"another index on {positives} points", positives=positives,
                       negatives=4 * positives, tolerance=tolerance, graded="another index")  # fmt: skip


def by_mean(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the mean of m and a in the place of the greater: it allows m = 2ε."""
    for part in WITHIN:
        yield Case(part, "the mean of m and a", positives=10, negatives=20, tolerance=Fraction(1, 10),
                   graded="mean of m and a")  # fmt: skip
    for i in range(max(1, count // 10)):
        positives = int(rng.integers(4, 20))
        tolerance = Fraction(int(rng.integers(1, positives // 2)), positives)
        yield Case("min recall", f"random mean {i}: {positives} points, {tolerance}", positives=positives,
                   negatives=positives, tolerance=tolerance, graded="mean of m and a")  # fmt: skip


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold F1 and Jaccard index against what s promises, per concept of the neuron or unit nearest to it.

    Where s ≥ 1 nothing is promised, and the neuron is left out. Always vacuous: both sides come from one
    array of firing, and what is read off is how near they are.
    """
    view = sample_view(instance)
    misses, alarms = pair_counts(view)
    units = [unit for unit in fitted_units(view) if unit.unit.any()]
    evidence: list[Evidence] = []
    for k, name in enumerate(view.names):
        C = view.concepts[:, k]
        own = [unit for unit in units if unit.concept == k]
        missed = np.append(misses[k], np.array([unit.misses for unit in own], dtype=np.int64))
        false = np.append(alarms[k], np.array([unit.alarms for unit in own], dtype=np.int64))
        positives, greater = size_of(C), np.maximum(missed, false)
        promised = np.flatnonzero(greater < positives)
        for part, weight in (("F1", 0.5), ("J", 1.0)) if len(promised) else ():
            # In floats to find the nearest, in fractions and from the sets themselves to judge it.
            values = (positives - missed) / (positives - missed + weight * (missed + false))
            share = greater / positives
            floors = (1 - share) / (1 + share) if part == "J" else 1 - share
            i = int(promised[np.argmin((values - floors)[promised])])
            width = view.fires.shape[1]
            theta = view.fires[:, i] if i < width else model_concept(view.fires, own[i - width].unit)
            counts = (Fraction(size_of(each)) for each in (theta & C, C & ~theta, theta & ~C))
            label = f"{instance.label}: {name}, {part} where it is nearest to what s promises"
            floor = _EXTREMES[f"min {part}"](Fraction(int(greater[i]), positives))
            evidence.append(
                compare(Observed(_DEFINITIONS[part](*counts), label), floor, "lower", vacuous=True)
            )
    return evidence


CLAIM = Claim(
    id="N1",
    statement=(
        "With m = μ(C∖θ)/μ(C), a = μ(θ∖C)/μ(C) and s = max(m, a): precision is (1−m)/(1−m+a), F1 "
        "2(1−m)/(2−m+a) and the Jaccard index (1−m)/(1+a); s ≤ ε < 1 gives precision, recall and F1 ≥ 1−ε, "
        "and F1 ≥ 1−η gives m ≤ 2η/(1+η), a ≤ 2η/(1−η), all of them sharp."
    ),
    tex=(
        r"\text{precision}=\frac{1-m}{1-m+a},\quad F_1=\frac{2(1-m)}{2-m+a},\quad J=\frac{1-m}{1+a};\qquad "
        r"s\le\varepsilon\ \Longrightarrow\ \text{precision},\text{recall},F_1\ge1-\varepsilon,\quad "
        r"J\ge\frac{1-\varepsilon}{1+\varepsilon},\quad "
        r"\frac{\mu(\theta)}{\mu(C)}\in[1-\varepsilon,1+\varepsilon]"
    ),
    hypotheses=(
        Hypothesis("misses and alarms are counted per point of the concept", other_shares),
        Hypothesis("s is the greater of m and a, not their mean", by_mean),
        Hypothesis("conversely, F1 itself, or the Jaccard index itself, is at least 1 − η", by_another_index),
    ),
    kind="tight",
    source="vanrijsbergen1979",
    figure="separation_error",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "precision 1 − a": lambda case: 1 - _errors(case)[1] if case.part == "precision" else bound(case),
        "rate a": lambda case: _errors(case)[1] if case.part == "rate" else bound(case),
        "J ≥ 1 − 2ε": lambda case: 1 - 2 * case.tolerance if case.part == "min J" else bound(case),
        "J ≥ 1 − ε": lambda case: 1 - case.tolerance if case.part == "min J" else bound(case),
        "F1 ≥ (1−ε)/(1+ε)": lambda case: (
            (1 - case.tolerance) / (1 + case.tolerance) if case.part == "min F1" else bound(case)
        ),
        "a ≤ 2η/(1+η) from F1": lambda case: (
            2 * case.tolerance / (1 + case.tolerance) if case.part == "max a by F1" else bound(case)
        ),
        "m ≤ η/(1−η) from J": lambda case: (
            case.tolerance / (1 - case.tolerance) if case.part == "max m by J" else bound(case)
        ),
    },
    scales=(0.99, 1.01),
)
