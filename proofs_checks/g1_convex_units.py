r"""G1. Under absolute gating model concepts are convex; under Top-K a neuron fires only in its half-space.

An intersection of half-spaces is convex. Top-K and BatchTopK keep a value and fire when it is positive, so
N_i ⊂ H_i⁺ = {z_i > 0}.

The inclusion does not hold for every relative gate. Matching pursuit takes the atom that correlates best
with what is *left*, which can be an atom that does not correlate with x itself; sparsemax (SpaDE) is
unchanged by a shift of all z_i and fires where every z_i is negative. Both are controls below.

Formulated in Zhang, Lin and Lee (2026), arXiv:2606.07007.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Literal

import numpy as np

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import Point, Rational
from proofs_checks._gates import (
    Encoder,
    fired,
    fired_in_batch,
    pursued,
    sparsemax_support,
)
from proofs_checks._runs import sample_view

Gate = Literal["absolute", "topk", "batch", "pursuit", "sparsemax"]
MOST_PAIRS = 2000


@dataclass(frozen=True)
class Case:
    """An encoder with its gate on some points; `unit` is the unit whose convexity is tried."""

    encoder: Encoder
    gate: Gate
    points: tuple[tuple[Rational, ...], ...]
    unit: tuple[int, ...]
    K: int
    part: Literal["convex", "inside"]
    label: str

    def fires(self, points: Sequence[Point]) -> list[frozenset[int]]:
        """Return the neurons that fire at each point."""
        z = [self.encoder.z(x) for x in points]
        if self.gate == "batch":
            return fired_in_batch(z, self.K)
        if self.gate == "pursuit":
            return [pursued(x, self.encoder.w, self.K) for x in points]
        if self.gate == "sparsemax":
            return [sparsemax_support(v) for v in z]
        return [fired(v, self.K if self.gate == "topk" else None) for v in z]


def bound(case: Case) -> int:
    """Return 0: no point between two points of θ_M leaves it, no neuron fires outside its half-space."""
    return 0


def observe(case: Case) -> Observed:
    """Count the midpoints and thirds outside θ_M, or the firings outside H_i⁺."""
    label = f"{case.label} [{case.part}]"
    fires = case.fires(case.points)
    if case.part == "inside":
        z = [case.encoder.z(x) for x in case.points]
        return Observed(sum(v[i] <= 0 for v, on in zip(z, fires, strict=True) for i in on), label)
    unit = frozenset(case.unit)
    members = [x for x, on in zip(case.points, fires, strict=True) if unit <= on]
    between = [
        [t * a + (1 - t) * b for a, b in zip(x, y, strict=True)]
        for x, y in combinations(members, 2)
        for t in (Fraction(1, 2), Fraction(1, 3))
    ]
    return Observed(sum(not unit <= on for on in case.fires(between)), label)


def _encoder(rng: np.random.Generator, width: int, dim: int) -> Encoder:
    w, c = rng.integers(-3, 4, (width, dim)).tolist(), rng.integers(-4, 5, width).tolist()
    return Encoder(tuple(tuple(row) for row in w), tuple(c))


def _grid(rng: np.random.Generator, count: int, dim: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in rng.integers(-4, 5, (count, dim)).tolist())


EXAMPLE = Encoder(((0,), (1,), (-1,)), (1, 2, 2))
LINE = tuple((k,) for k in range(-3, 4))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the empty unit, dead rows, points on hyperplanes, then random encoders."""
    yield Case(EXAMPLE, "absolute", LINE, (), 0, "convex", "the empty unit: everything")
    dead = Encoder(((0,), (0,)), (1, 0))
    yield Case(dead, "absolute", LINE, (0,), 0, "convex", "a neuron that always fires")
    yield Case(dead, "absolute", LINE, (1,), 0, "convex", "a neuron that never fires")
    slab = Encoder(((1,), (-1,)), (2, 2))
    yield Case(slab, "absolute", LINE, (0, 1), 0, "convex", "a slab with points on its hyperplanes")
    yield Case(EXAMPLE, "topk", LINE, (), 3, "inside", "Top-K with K = d")
    for i in range(count):
        dim, width = int(rng.integers(1, 4)), int(rng.integers(1, 7))
        encoder, points = _encoder(rng, width, dim), _grid(rng, 12, dim)
        label = f"random encoder {i}: n={dim}, d={width}"
        if i % 2:
            gate: Gate = "topk" if i % 4 == 1 else "batch"
            K = int(rng.integers(1, width + 1))
            yield Case(encoder, gate, points, (), K, "inside", f"{label}, {gate}, K={K}")
        else:
            unit = tuple(int(v) for v in np.flatnonzero(rng.random(width) < 0.4))
            yield Case(encoder, "absolute", points, unit, 0, "convex", f"{label}, |M|={len(unit)}")


def topk_units(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a Top-2 neuron with a hole."""
    outer = ((-2,), (2,))
    idle = Encoder(((0,), (1,), (-1,), (0,)), (1, 2, 2, -1))
    yield Case(EXAMPLE, "topk", outer, (0,), 2, "convex", "Top-2: −2 and 2 but not 0")
    yield Case(EXAMPLE, "topk", ((-2,), (3,)), (0,), 2, "convex", "Top-2: −2 and 3, the middle only")
    yield Case(idle, "topk", LINE, (0,), 2, "convex", "Top-2 with an idle neuron")


def other_scores(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield gates that fire outside the half-space."""
    atoms = Encoder(((Fraction(4, 5), Fraction(3, 5)), (Fraction(-5, 13), Fraction(-12, 13))), (0, 0))
    yield Case(atoms, "pursuit", ((1, 0),), (), 2, "inside", "matching pursuit takes an atom against x")
    negative = Encoder(((1,), (-1,)), (-9, -7))
    yield Case(negative, "sparsemax", ((0,),), (), 0, "inside", "sparsemax fires with all z negative")
    for i in range(max(1, count // 10)):
        shift = int(rng.integers(1, 50))
        encoder = Encoder(((shift,), (0,)), (-2 * shift, -shift - 1))
        yield Case(encoder, "sparsemax", ((1,),), (), 0, "inside", f"random negative z {i}")


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Count the midpoints of points in a closure unit's θ that leave it, for every concept.

    Pairs are taken among points on which all neurons of the unit are active by more than rounding. Vacuous
    for the empty unit, which no point leaves.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    halfspaces = instance.neurons.half_spaces()
    values = halfspaces.values(view.points)
    size = np.abs(view.points) @ np.abs(halfspaces.w).T + np.abs(halfspaces.c)
    # A sum of n + 1 products is off by less than (n + 2)·2⁻⁵² of the sum of absolute values.
    sure = values > 4 * (view.points.shape[1] + 2) * 2.0**-52 * size.max(axis=0)
    rng = np.random.default_rng(0)
    evidence: list[Evidence] = []
    for k, name in enumerate(view.names):
        unit = np.all(view.fires[view.concepts[:, k]], axis=0)
        members = np.flatnonzero(np.all(sure[:, unit], axis=1))
        if len(members) < 2:
            continue
        pairs = rng.choice(members, (MOST_PAIRS, 2))
        middle = view.points[pairs].mean(axis=1)
        out = int((~np.all(instance.neurons.fires(middle)[:, unit], axis=1)).sum())
        label = f"{instance.label}: {name}, {MOST_PAIRS} midpoints in a unit of {int(unit.sum())}"
        evidence.append(compare(Observed(out, label), 0, "upper", vacuous=not unit.any()))
    return evidence


CLAIM = Claim(
    id="G1",
    statement=(
        "Under absolute gating every model concept is convex; under Top-K and BatchTopK a neuron fires "
        "only inside its half-space."
    ),
    tex=r"\text{absolute: }\theta_M\text{ convex};\qquad\text{Top-}K,\ \text{BatchTopK: }N_i\subset H_i^+",
    hypotheses=(
        Hypothesis("convexity: absolute gating", topk_units),
        Hypothesis(
            "inclusion: a gate that keeps some of the positive z_i (not matching pursuit, not sparsemax)",
            other_scores,
        ),
    ),
    kind="upper",
    source="zhang2026geometric",
    figure="gating_regions",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
