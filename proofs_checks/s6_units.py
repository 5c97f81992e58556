r"""S6. Disjoint concepts separated by units: an antichain, so Sperner's and the LYM bound hold.

If M_j ⊂ M_k then θ_{M_k} ⊂ θ_{M_j}, hence C_k ⊂ C_j, which disjoint non-empty concepts forbid. So the units
are an antichain of subsets of d neurons: p ≤ C(d, ⌊d/2⌋) (E. Sperner, 1928). Every point of C_k activates
all of M_k, so |M_k| ≤ K where at most K neurons fire on X, and Σ 1/C(d, |M_k|) ≤ 1 (Lubell, Yamamoto,
Meshalkin) gives p ≤ C(d, min(K, ⌊d/2⌋)). For units of k neurons each k!·p ≤ d^k. Under absolute gating each
concept owns a cell of the arrangement, so p ≤ Σ_{i≤n} C(d, i); that ceiling holds for points on hyperplanes
too, since lowering all offsets a little turns each pattern on finitely many points into that of a cell.

Formulated in Zhang, Lin and Lee (2026), arXiv:2606.07007; the sparse form by LYM is ours.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.geometry.arrangements.counting import cells, least_width, sperner
from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._planted import (
    Planted,
    closure_unit,
    cube,
    layer,
    model_concept,
    random_planted,
    separated,
)
from proofs_checks._runs import Fitted, SampleView, fitted_units, sample_view

Part = Literal["width", "sparse", "power", "cells", "lym", "antichain"]
BASIC: tuple[Part, ...] = ("width", "sparse", "lym", "antichain")
PARTS: tuple[Part, ...] = ("width", "sparse", "power", "cells", "lym", "antichain")


@dataclass(frozen=True, eq=False)
class Case:
    """An encoder on its points, concepts (rows), and the part of the statement that is tried on them.

    What the statement does not allow: `forgiven` false alarms, a claimed K in place of the true one, or
    neurons that fire where their value is among the `abs_top` largest in size (AbsTopK).
    """

    model: Planted
    concepts: Bool[np.ndarray, "p N"]
    part: Part
    label: str
    forgiven: int = 0
    claimed: int | None = None
    abs_top: int | None = None

    def fires(self) -> Bool[np.ndarray, "N d"]:
        """Tell which neurons fire on which points."""
        return self.model.fires() if self.abs_top is None else _absolute_largest(self.model, self.abs_top)

    def units(self) -> list[Bool[np.ndarray, " d"]]:
        """Return the closure units of the concepts that some unit separates."""
        fires = self.fires()
        if not self.forgiven:
            return [closure_unit(fires, c) for c in self.concepts if separated(fires, c)]
        units = [closure_unit(fires, c) for c in self.concepts]
        alarms = [
            int((model_concept(fires, u) & ~c).sum()) for u, c in zip(units, self.concepts, strict=True)
        ]
        return [unit for unit, false in zip(units, alarms, strict=True) if false <= self.forgiven]


def _absolute_largest(model: Planted, top: int) -> Bool[np.ndarray, "N d"]:
    z = np.abs(model.points @ model.w.T + model.c)
    among = np.zeros(z.shape, dtype=np.bool_)
    np.put_along_axis(among, np.argsort(-z, axis=1, kind="stable")[:, :top], True, axis=1)
    return among & (z > 0)


def _common_size(case: Case) -> int:
    return max(1, max((int(unit.sum()) for unit in case.units()), default=1))


_BOUNDS: dict[Part, Callable[[Case], Number]] = {
    "width": lambda case: sperner(case.model.width),
    "sparse": lambda case: sperner(
        case.model.width, int(case.fires().sum(axis=1).max()) if case.claimed is None else case.claimed
    ),
    "power": lambda case: case.model.width ** _common_size(case),
    "cells": lambda case: cells(case.model.width, case.model.dim),
    "lym": lambda _: 1,
    "antichain": lambda _: 0,
}


def bound(case: Case) -> Number:
    """Return what the part allows: a number of concepts, d^k, 1 for the LYM sum, 0 for comparable pairs."""
    return _BOUNDS[case.part](case)


def observe(case: Case) -> Observed:
    """Count the concepts that units separate, or sum over their units, as the part demands."""
    units = case.units()
    sizes = [int(unit.sum()) for unit in units]
    value: Number = len(units)
    if case.part == "power":
        value = math.factorial(_common_size(case)) * len(units)
    elif case.part == "lym":
        value = sum((Fraction(1, math.comb(case.model.width, k)) for k in sizes), Fraction(0))
    elif case.part == "antichain":
        value = sum(bool((a <= b).all()) for i, a in enumerate(units) for j, b in enumerate(units) if i != j)
    return Observed(value, f"{case.label} [{case.part}]")


def _singletons(model: Planted) -> Bool[np.ndarray, "N N"]:
    return np.eye(len(model.points), dtype=np.bool_)


def _layer_case(d: int, k: int, part: Part, label: str) -> Case:
    model = cube(d, layer(d, k))
    return Case(model, _singletons(model), part, f"all {k}-subsets of {d} neurons{label}")


def _fitting(model: Planted, parts: tuple[Part, ...], rng: np.random.Generator, label: str) -> Iterator[Case]:
    """Gather disjoint concepts that units separate, in random order, and try the parts on them."""
    fires = model.fires()
    free = np.ones(len(fires), dtype=np.bool_)
    chosen: list[Bool[np.ndarray, " N"]] = []
    for row in rng.permutation(len(fires)):
        concept = model_concept(fires, fires[row])
        if free[concept].all():
            chosen.append(concept)
            free &= ~concept
    for part in parts:
        yield Case(model, np.array(chosen), part, label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the families that attain the bounds, then random encoders with many disjoint concepts."""
    for d in (1, 2, 3, 4, 5, 6):
        for part in BASIC:
            yield _layer_case(d, d // 2, part, " (Sperner attained)")
        for k in range(1, d // 2):
            yield _layer_case(d, k, "sparse", f" (K = {k} < d/2 attained)")
            yield _layer_case(d, k, "lym", " (LYM attained)")
        yield _layer_case(d, 1, "power", " (k = 1 attained)")
    for d in range(7, 21):
        yield _layer_case(d, 1, "power", " (k = 1 attained)")
    everything = cube(0, [()])
    for part in BASIC:
        yield Case(everything, _singletons(everything), part, "no neuron, one concept: everything")
    nowhere = Planted(
        np.zeros((1, 1), dtype=np.int64), np.zeros((0, 1), dtype=np.int64), np.zeros(0, np.int64)
    )
    yield Case(nowhere, _singletons(nowhere), "cells", "no neuron on the line, one cell: attained")
    line = Planted(np.arange(-3, 4)[:, None], np.array([[1], [-1]]), np.array([0, 0]))
    yield from _fitting(line, PARTS, rng, "two opposite half-lines that share their end")
    dull = Planted(np.arange(9)[:, None], np.array([[1], [-1]]), np.array([-3, 5]))
    for part in PARTS:
        yield Case(
            dull, _singletons(dull), part, "nine points as concepts, of which two neurons separate one"
        )
    for i in range(count):
        dim, width = int(rng.integers(1, 4)), int(rng.integers(1, 9))
        model = random_planted(rng, points=int(rng.integers(1, 40)), dim=dim, width=width)
        label = f"random encoder {i}: n={dim}, d={width}, N={len(model.points)}"
        # "power" is about units of one size, which random ones have not.
        free: tuple[Part, ...] = ("width", "sparse", "cells", "lym", "antichain")
        yield from _fitting(model, (free[i % len(free)],), rng, label)
        # Every point a concept of its own: few of them are separated, and the others must not count.
        distinct = np.unique(model.points, axis=0)
        scattered = replace(model, points=distinct)
        label = f"random encoder {i}, each of {len(distinct)} points a concept: d={width}"
        yield Case(scattered, _singletons(scattered), free[i % len(free)], label)


def _overlapping(d: int) -> Case:
    """Return every model concept of an encoder on the line: they overlap, and there are d + 2 of them."""
    points = np.array([[0], [2], [4], [6]])
    model = Planted(points, np.array([[1], [1], [-1]]), np.array([-1, -3, 5]))
    masks = [np.array([m & 1, m & 2, m & 4], dtype=np.bool_) for m in range(8)]
    concepts = np.unique([model_concept(model.fires(), mask) for mask in masks], axis=0)
    return Case(
        model, concepts[concepts.any(axis=1)][: d + 2], "cells", f"{d + 2} overlapping concepts on a line"
    )


def overlapping_or_empty(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield families that overlap, repeat a concept or hold the empty one: each passes its bound."""
    yield _overlapping(3)
    for d in (2, 3, 4, 5):
        for part in BASIC:
            case = _layer_case(d, d // 2, part, " and one of them again (not disjoint)")
            yield replace(case, concepts=np.vstack([case.concepts, case.concepts[:1]]))
        sparse = _layer_case(d + 1, 1, "sparse", " and one of them again (K = 1)")
        yield replace(sparse, concepts=np.vstack([sparse.concepts, sparse.concepts[-1:]]))
        none = _layer_case(d, d // 2, "width", " and the empty concept")
        yield replace(none, concepts=np.vstack([none.concepts, np.zeros_like(none.concepts[:1])]))
    single = _layer_case(5, 1, "power", " and one of them again (not disjoint)")
    yield replace(single, concepts=np.vstack([single.concepts, single.concepts[:1]]))
    # Nested concepts: the antichain is a chain.
    chain = Planted(np.arange(5)[:, None], np.ones((4, 1), dtype=np.int64), -np.arange(4))
    yield Case(chain, np.unique(chain.fires().T, axis=0), "antichain", "four nested half-lines")
    yield Case(chain, chain.fires().T[:2], "antichain", "two nested half-lines: one comparable pair")
    for i in range(max(1, count // 10)):
        d = int(rng.integers(2, 7))
        case = _layer_case(d, d // 2, "width", f", repetition {i}")
        yield replace(
            case, concepts=np.vstack([case.concepts, case.concepts[rng.integers(len(case.concepts))]])
        )


def with_alarms(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield disjoint concepts on which the same neurons fire: told apart by forgiving alarms."""
    for d in (1, 2, 3):
        size = math.comb(d, d // 2) + 1
        model = cube(d, [tuple(range(d))] * size)
        label = f"{size} points on which all {d} neurons fire, {size - 1} false alarms forgiven"
        for part in ("width", "sparse", "lym", "antichain"):
            yield Case(model, _singletons(model), part, label, forgiven=size - 1)


def more_active(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield pairs of neurons on points where one neuron is said to fire."""
    for d in (4, 5, *(int(v) for v in rng.integers(4, 9, max(1, count // 10)))):
        yield replace(_layer_case(d, 2, "sparse", ", K = 1 claimed"), claimed=1)


def absolute_topk(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield five AbsTopK neurons on the line with seven patterns, one more than five points cut cells."""
    model = Planted(
        np.arange(-60, 61)[:, None], np.array([[9], [7], [7], [1], [4]]), np.array([-27, -3, 44, 53, -36])
    )
    fires = _absolute_largest(model, 2)
    pairs = np.unique(fires[fires.sum(axis=1) == 2], axis=0)
    concepts = np.array([model_concept(fires, pair) for pair in pairs])
    yield Case(model, concepts, "cells", "seven pairs of five AbsTopK neurons on a line", abs_top=2)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the width against the least width that the disjoint concepts told apart by units would need.

    Counted with errors: if M_j ⊂ M_k for disjoint C_j and C_k, the hits of M_k are false alarms of M_j. So
    units with at least t hits each, and fewer than t false alarms each, are an antichain. Vacuous where the
    width would do for all concepts, were they disjoint.
    """
    view = sample_view(instance)
    sizes = view.concepts.sum(axis=0)
    fitted = [(int(sizes[f.concept]) - f.misses, f.alarms, f) for f in fitted_units(view)]
    families = [_disjoint(view, [f for h, a, f in fitted if a < t <= h]) for t, _, _ in fitted if t > 0]
    family = max(families, key=len, default=[])
    K = int(view.fires.sum(axis=1).max())
    needed = least_width(max(1, len(family)), max(1, K))
    label = f"{instance.label}: least width for {len(family)} disjoint concepts told apart by units, K={K}"
    width, most = instance.neurons.width, least_width(max(1, len(view.names)), max(1, K))
    return [compare(Observed(needed, label), width, "upper", vacuous=width >= most)]


def _disjoint(view: SampleView, fitted: Sequence[Fitted]) -> list[Fitted]:
    """Gather pairwise disjoint concepts, the smallest first."""
    chosen: list[Fitted] = []
    for unit in sorted(fitted, key=lambda f: int(view.concepts[:, f.concept].sum())):
        C = view.concepts[:, unit.concept]
        if not any((C & view.concepts[:, f.concept]).any() for f in chosen):
            chosen.append(unit)
    return chosen


CLAIM = Claim(
    id="S6",
    statement=(
        "Disjoint non-empty concepts separated by units have units that form an antichain, hence "
        "p ≤ C(d, min(K, ⌊d/2⌋)) when at most K neurons fire on X."
    ),
    tex=(
        r"p\le\binom{d}{\min(K,\lfloor d/2\rfloor)},\qquad \sum_k\binom{d}{|M_k|}^{-1}\le1,\qquad "
        r"k_c!\,p\le d^{k_c},\qquad p\le\sum_{i=0}^{n}\binom{d}{i}"
    ),
    hypotheses=(
        Hypothesis("the concepts are non-empty and pairwise disjoint", overlapping_or_empty),
        Hypothesis("each is separated exactly by a unit", with_alarms),
        Hypothesis("sparse form: at most K neurons fire on any point of the concepts", more_active),
        Hypothesis("cell form: absolute gating", absolute_topk),
    ),
    kind="upper",
    source="zhang2026geometric,sperner1928,lubell1966,yamamoto1954,meshalkin1963",
    figure="units_bound",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "half of d rounded up plus one, C(d, ⌊d/2⌋ + 1)": lambda case: (
            math.comb(case.model.width, case.model.width // 2 + 1) if case.part == "width" else bound(case)
        ),
        "power d^(k−1)": lambda case: (
            case.model.width ** (_common_size(case) - 1) if case.part == "power" else bound(case)
        ),
        "cells of n−1 dimensions": lambda case: (
            1 + sum(math.comb(case.model.width, i) for i in range(1, case.model.dim))
            if case.part == "cells"
            else bound(case)
        ),
        "LYM sum at most 1/2": lambda case: Fraction(1, 2) if case.part == "lym" else bound(case),
    },
)
