r"""G5. Top-1 is a power diagram of the encoder's rows, and nearest centre exactly when the weights agree.

In coordinates x − b_pre: ‖x − w_i‖² = ‖x‖² − 2⟨w_i, x⟩ + ‖w_i‖², so argmax ⟨w_i, x⟩ + c_i is at every x the
argmin of ‖x − w_i‖² − ω_i with the weight ω_i = ‖w_i‖² + 2c_i: a power diagram of the rows (F. Aurenhammer,
1987). It is their Voronoi diagram, nearest centre at every x, iff all ω_i are equal (unit rows with equal
biases; or c_i = −‖w_i‖²/2). Equal weights drop out. Conversely go from w_i to w_j on the segment: where the
nearest row changes both old and new one are nearest, so, if maximisers are the nearest rows, their scores tie
as well and their weights agree; the chain ends at j. In any case the winner's squared distance exceeds the
least one by at most max ω − min ω: that part, and that rows may coincide if ties are kept as sets, are ours.

Decided: sets of maximisers and of nearest rows in rationals, ties kept; the equivalence at every tie of
either kind on every segment between two rows, and between neighbouring ties. Points where all z ≤ 0 fire no
neuron, though there is a nearest row (control). Only the partition is that of k-means: the unit atom of least
squared error of a cell is the top eigenvector of its second moment, not its mean. Exact. On a Top-1 SAE the
excess is measured, in coordinates x − b_dec, beside the share of points whose neuron is the nearest row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._exact import Point, dot, minus
from proofs_checks._fits import random_points, unit_vector
from proofs_checks._gates import Encoder, fired
from proofs_checks._losses import Vector
from proofs_checks._runs import sample_view

Part = Literal["power", "nearest", "fires", "excess"]


@dataclass(frozen=True)
class Case:
    """An encoder, K, and points at which it is asked; the equivalence needs none.

    In a control scores are those of x − b_pre, and distances those of x.
    """

    part: Part
    encoder: Encoder
    label: str
    points: tuple[Vector, ...] = ()
    K: int = 1
    attained: bool = False
    b_pre: Vector | None = None

    def winners(self, x: Point) -> frozenset[int]:
        """Return all neurons of greatest score."""
        at = x if self.b_pre is None else minus(x, self.b_pre)
        return _smallest([-z for z in self.encoder.z(at)])


def _smallest(values: Sequence[Fraction]) -> frozenset[int]:
    least = min(values)
    return frozenset(i for i, v in enumerate(values) if v == least)


def distances(encoder: Encoder, x: Point) -> list[Fraction]:
    """Return ‖x − w_i‖² for each row."""
    return [dot(u, u) for u in (minus(x, w) for w in encoder.w)]


def weights(encoder: Encoder) -> list[Fraction]:
    """Return ω_i = ‖w_i‖² + 2c_i."""
    return [dot(w, w) + 2 * Fraction(c) for w, c in zip(encoder.w, encoder.c, strict=True)]


def bound(case: Case) -> Number:
    """Return the number of points; whether all weights agree; or the greatest less the least weight."""
    if case.part in ("power", "fires"):
        return len(case.points)
    omega = weights(case.encoder)
    return int(len(set(omega)) == 1) if case.part == "nearest" else max(omega) - min(omega)


def observe(case: Case) -> Observed:
    """Count the points where the winners are those of the diagram; compare both partitions; or the excess."""
    label, encoder = f"{case.label} [{case.part}]", case.encoder
    if case.part == "nearest":
        same = all(_agree(case, x) for x in _on_segments(encoder))
        return Observed(int(same), label, kind="equivalence")
    if case.part == "excess":
        worst = Fraction(0)
        for x in case.points:
            squares = distances(encoder, x)
            worst = max(worst, *(squares[i] - min(squares) for i in case.winners(x)))
        return Observed(worst, label, kind="tight" if case.attained else "upper")
    if case.part == "fires":
        count = sum(fired(encoder.z(x), case.K) == _nearest(encoder, x) for x in case.points)
        return Observed(count, label)
    count, omega = 0, weights(encoder)
    for x in case.points:
        powers = [d - o for d, o in zip(distances(encoder, x), omega, strict=True)]
        count += case.winners(x) == _smallest(powers)
    return Observed(count, label)


def _rational(w: Point) -> Vector:
    return tuple(Fraction(v) for v in w)


def _nearest(encoder: Encoder, x: Point) -> frozenset[int]:
    return _smallest(distances(encoder, x))


def _agree(case: Case, x: Point) -> bool:
    """Tell whether the winners at x are the nearest rows."""
    return case.winners(x) == _nearest(case.encoder, x)


def _on_segments(encoder: Encoder) -> Iterator[Vector]:
    """Yield the rows, and on each segment between two of them all ties of either kind, and points between."""
    rows = [_rational(w) for w in encoder.w]
    yield from rows
    for start, end in combinations(rows, 2):
        at = [tuple(u + t * (v - u) for u, v in zip(start, end, strict=True)) for t in (0, 1)]
        ties = {Fraction(0), Fraction(1)}
        for values in (encoder.z, partial(distances, encoder)):
            first, last = values(at[0]), values(at[1])
            # Differences of two of them are affine along the segment: the squares of t cancel.
            for i, j in combinations(range(len(rows)), 2):
                here, there = first[i] - first[j], last[i] - last[j]
                if here * there < 0:
                    ties.add(here / (here - there))
        stops = sorted(ties)
        for t in (*stops, *((s + u) / 2 for s, u in pairwise(stops))):
            yield tuple(u + t * (v - u) for u, v in zip(start, end, strict=True))


def _levelled(rows: Sequence[Vector], omega: Fraction) -> Encoder:
    """Return the rows with biases that make all weights the same."""
    return Encoder(tuple(rows), tuple((omega - dot(w, w)) / 2 for w in rows))


def _units(rng: np.random.Generator, count: int, dim: int) -> Encoder:
    """Return different unit rows with one positive bias."""
    rows = {unit_vector(rng, dim) for _ in range(count)}
    return Encoder(tuple(sorted(rows)), (Fraction(2),) * len(rows))


def _fixed() -> Iterator[Case]:
    one, zero = Fraction(1), Fraction(0)
    line = tuple((Fraction(v),) for v in (0, 1, 3))
    for encoder, label in (
        (_levelled(line, zero), "three centres of a line, c = −‖w‖²/2"),
        (_levelled(line[:1], one), "one row"),
        (Encoder(((one, zero),) * 2, (one, one)), "two equal rows"),
        (Encoder(((one, zero),) * 2, (one, zero)), "two equal rows, two biases"),
        (
            Encoder(line, (zero, -one / 2, -Fraction(9, 2) + Fraction(1, 10**9))),
            "one weight a little greater",
        ),
        (Encoder(line, (zero, -one / 2, Fraction(-99))), "a row that never wins"),
        (Encoder(((zero, zero), (one, zero), (zero, one)), (one, zero, zero)), "a row 0"),
    ):
        yield Case("nearest", encoder, label)
        points = tuple(_on_segments(encoder))
        yield Case("power", encoder, f"{label}, on its segments", points)
    for gap in (zero, one, Fraction(7, 2)):
        # At the tie of both scores the row of greater weight is farther by all of the difference.
        encoder = Encoder(((zero,), (one,)), (zero, (gap - 1) / 2))
        tie = (one - gap) / 2
        yield Case("excess", encoder, f"a tie, weights apart by {gap}", ((tie,),), attained=True)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield lines, equal rows, a row that never wins, ties; then random rows, levelled and not."""
    yield from _fixed()
    for i in range(count):
        dim, size = int(rng.integers(1, 4)), int(rng.integers(2, 6))
        rows, biases = random_points(rng, size, dim), random_points(rng, 1, size)[0]
        points = random_points(rng, int(rng.integers(4, 10)), dim)
        where = f"{size} rows in dimension {dim} ({i})"
        if i % 4 == 0:
            yield Case("power", Encoder(rows, biases), f"random {where}", points)
        elif i % 4 == 1:
            encoder = _levelled(rows, biases[0])
            yield Case("nearest", encoder, f"equal weights, {where}")
            off = Fraction(1, 10**6) * (-1) ** (i // 4)
            lifted = replace(encoder, c=(Fraction(encoder.c[0]) + off, *encoder.c[1:]))
            yield Case("nearest", lifted, f"one weight a little off, {where}")
        elif i % 4 == 2:
            encoder = _units(rng, size, dim)
            alone = [x for x in points if len(_nearest(encoder, x)) == 1 and max(encoder.z(x)) > 0]
            yield Case(
                "fires", encoder, f"unit rows with one bias, {where}", (_rational(encoder.w[0]), *alone)
            )
        else:
            yield Case("excess", Encoder(rows, biases), f"random {where}", points)
            gap, step = Fraction(int(rng.integers(0, 40)), 8), Fraction(int(rng.integers(1, 20)), 4)
            # Rows 0 and s·u, of weights 0 and g: on the line of u the scores tie at (s² − g)/2s.
            u = unit_vector(rng, dim)
            pair = Encoder(
                (tuple(0 * v for v in u), tuple(step * v for v in u)), (Fraction(0), (gap - step**2) / 2)
            )
            tie = tuple((step**2 - gap) / (2 * step) * v for v in u)
            yield Case("excess", pair, f"a tie, weights apart by {gap}, {where}", (tie,), attained=True)


def doubled(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield unit rows of which one is doubled, at points that it takes from the nearer row."""
    for i in range(max(1, count // 10)):
        u = unit_vector(rng, 2)
        v = (-u[1], u[0])
        share = Fraction(int(rng.integers(6, 12)), 10)  # above ½ its score wins, below 5/4 it is farther
        x = tuple(b + share * a for a, b in zip(u, v, strict=True))
        encoder = Encoder((tuple(2 * a for a in u), v), (Fraction(2),) * 2)
        yield Case("fires", encoder, f"one unit row doubled ({i})", (x,))


def top_two(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield Top-2 encoders: two neurons fire, and one row is nearest."""
    for i in range(max(1, count // 10)):
        encoder = _units(rng, 4, 3)
        while len(encoder.w) < 3:
            encoder = _units(rng, 4, 3)
        yield Case("fires", encoder, f"Top-2 of {len(encoder.w)} ({i})", (_rational(encoder.w[0]),), K=2)


def silent(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points at which no score is positive."""
    for i in range(max(1, count // 10)):
        u = unit_vector(rng, 2)
        far = Fraction(int(rng.integers(3, 30)), 2)
        turned = (
            u[0] * Fraction(3, 5) - u[1] * Fraction(4, 5),
            u[0] * Fraction(4, 5) + u[1] * Fraction(3, 5),
        )
        encoder = Encoder((u, turned), (Fraction(0),) * 2)
        x = tuple(-far * (a + b) for a, b in zip(u, turned, strict=True))
        yield Case("fires", encoder, f"all scores negative, {far} away ({i})", (x,))


def elsewhere(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield scores of x − b_pre against distances of x."""
    parts: tuple[Part, ...] = ("power", "nearest", "excess")
    for i in range(max(len(parts), count // 10)):
        # Two rows on a line, weights 0: the wall lies in the middle, and b_pre takes it to another place.
        far, b = Fraction(int(rng.integers(1, 9))), Fraction(int(rng.integers(1, 9)), 2)
        encoder = _levelled(((Fraction(0),), (far,)), Fraction(0))
        points = ((far / 2 + b / 2,),)
        yield Case(
            parts[i % 3], encoder, f"b_pre = {b} forgotten, rows {far} apart ({i})", points, b_pre=(b,)
        )


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the excess in squared distance of a Top-1 SAE's neurons against the spread of its weights.

    In coordinates x − b_dec; over the mean squared norm there. Vacuous where the bound is at least the
    greatest excess of any row on the points.
    """
    neurons = instance.neurons
    gate = getattr(neurons, "gate", None)
    gate = getattr(gate, "inner", gate)
    affine = getattr(neurons, "affine", None)
    if affine is None or getattr(gate, "kind", "") != "topk" or neurons.sparsity != 1:
        return ()
    points, b = sample_view(instance).points, np.asarray(neurons.b_dec, dtype=np.float64)
    fires = neurons.fires(points)
    firing = fires.any(axis=1)
    if not firing.any():
        return ()
    w = np.asarray(affine.w, dtype=np.float64)
    omega = np.square(w).sum(axis=1) + 2 * (np.asarray(affine.c, dtype=np.float64) + w @ b)
    x = points[firing] - b
    squares = np.square(x).sum(axis=1)[:, None] - 2 * x @ w.T + np.square(w).sum(axis=1)
    least, unit = squares.min(axis=1), max(float(np.square(x).sum(axis=1).mean()), 5e-324)
    chosen = squares[np.arange(len(x)), fires[firing].argmax(axis=1)]
    # What float64 may lose: a score and a squared distance of so many terms.
    size = float(np.square(x).sum(axis=1).max() + np.square(w).sum(axis=1).max() + np.abs(omega).max())
    eta = 16 * (points.shape[1] + 4) * 2.0**-53 * size / unit + 5e-324
    spread = float(omega.max() - omega.min()) / unit
    share = float((chosen == least).mean())
    text = f"{instance.label}: excess over the nearest of {len(w)} rows, which fires on {share:.1%}"
    most = float((squares.max(axis=1) - least).max()) / unit
    observed = Observed(float((chosen - least).max()) / unit, text, "certified", eta)
    return [compare(observed, spread, "upper", vacuous=spread >= most)]


def _with_weights(other: Callable[[Encoder], list[Fraction]]) -> Callable[[Case], Number]:
    """Return the bound with other weights."""

    def mutated(case: Case) -> Number:
        if case.part not in ("nearest", "excess"):
            return bound(case)
        omega = other(case.encoder)
        return int(len(set(omega)) == 1) if case.part == "nearest" else max(omega) - min(omega)

    return mutated


CLAIM = Claim(
    id="G5",
    statement=(
        "Top-1 picks the rows of the power diagram with weights ‖w_i‖² + 2c_i at every x, and the nearest "
        "row at every x if and only if all weights are equal; the excess of the squared distance is at most "
        "their spread."
    ),
    tex=(
        r"\arg\max_i\langle w_i,x\rangle+c_i=\arg\min_i\|x-w_i\|^2-\omega_i,\quad \omega_i=\|w_i\|^2+2c_i;"
        r"\qquad \text{nearest row at every }x\iff\omega_1=\dots=\omega_d"
    ),
    hypotheses=(
        Hypothesis("the weights are equal", doubled),
        Hypothesis("K = 1", top_two),
        Hypothesis("the greatest score is positive", silent),
        Hypothesis("coordinates: points less b_pre", elsewhere),
    ),
    kind="tight",
    source="aurenhammer1987",
    figure="nearest_centres",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "‖w‖² for ‖w‖² + 2c": _with_weights(lambda encoder: [dot(w, w) for w in encoder.w]),
        "c for 2c": _with_weights(
            lambda encoder: [dot(w, w) + c for w, c in zip(encoder.w, encoder.c, strict=True)]
        ),
    },
    scales={"power": None, "nearest": None, "fires": None, "excess": (0.99, 1.01)},
)
