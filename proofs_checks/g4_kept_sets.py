r"""G4. Top-K has at most C(d, K) kept sets, and at most as many as the ties z_i = z_j cut cells.

The kept set is constant on the cells of the arrangement of the C(d, 2) hyperplanes {z_i = z_j}; with d
affine functions these are never more than the cells of C(d, 2) hyperplanes in general position, nor than
the rankings of d generic affine functions (I. J. Good and T. N. Tideman, 1977), which is the sharper
ceiling.

The ceiling is that of general position. Against the cells of the arrangement *at hand* points on ties must
be left out: with z = (−x, 0, x) and ties to a middle index, three kept sets occur (K = 1) and the ties, all
in one point, cut two cells. Kept sets are counted before the positive part is taken: what fires can be
fewer neurons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from geosae.geometry.arrangements.counting import cells, ranking_cells, topk_ceiling, topk_kept_sets
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import Rational
from proofs_checks._gates import Encoder, fired, largest
from proofs_checks._runs import sample_view

Part = Literal["subsets", "ties", "rankings", "own ties"]


@dataclass(frozen=True)
class Case:
    """A Top-K encoder on points; `positive` counts what fires in place of what is kept."""

    encoder: Encoder
    K: int
    points: tuple[tuple[Rational, ...], ...]
    part: Part
    label: str
    positive: bool = False


def bound(case: Case) -> int:
    """Return C(d, K), the cells of C(d, 2) hyperplanes, the rankings, or the cells of its own ties."""
    d, n = len(case.encoder.c), len(case.points[0])
    if case.part == "own ties":
        return len(_breaks(case.encoder)) + 1
    return {
        "subsets": topk_kept_sets(d, case.K),
        "ties": cells(d * (d - 1) // 2, n),
        "rankings": ranking_cells(d, n),
    }[case.part]


def observe(case: Case) -> Observed:
    """Count the different kept sets on the points."""
    choose = fired if case.positive else largest
    kept_sets = {choose(case.encoder.z(x), case.K) for x in case.points}
    return Observed(len(kept_sets), f"{case.label} [{case.part}]")


def _breaks(encoder: Encoder) -> list[Fraction]:
    """Return the points of a line at which two of the functions tie."""
    rows = [(w[0], c) for w, c in zip(encoder.w, encoder.c, strict=True)]
    return sorted({Fraction(d - b, a - c) for (a, b), (c, d) in combinations(rows, 2) if a != c})


def _all_of_line(encoder: Encoder, *, on_ties: bool) -> tuple[tuple[Fraction], ...]:
    """Return a point of every cell of a line, and the ties themselves if asked for."""
    ends = _breaks(encoder)
    inner = [(a + b) / 2 for a, b in pairwise(ends)]
    outer = [ends[0] - 1, ends[-1] + 1] if ends else [Fraction(0)]
    return tuple((x,) for x in (*outer, *inner, *(ends if on_ties else [])))


def _line(slopes: Sequence[int], offsets: Sequence[int]) -> Encoder:
    return Encoder(tuple((a,) for a in slopes), tuple(offsets))


def _everything(d: int) -> tuple[Encoder, tuple[tuple[int, ...], ...]]:
    """Return coordinates as functions: on permutations of 1…d every ranking and every kept set occurs."""
    eye = tuple(tuple(int(i == j) for j in range(d)) for i in range(d))
    points = tuple(tuple(2 if i in chosen else 1 for i in range(d)) for k in range(d + 1)
                   for chosen in combinations(range(d), k))  # fmt: skip
    return Encoder(eye, (0,) * d), points


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield all kept sets at once, upper envelopes, ties in one point, then random lines and planes."""
    for d in (1, 2, 3, 5):
        encoder, points = _everything(d)
        for K in range(1, d + 1):
            yield Case(encoder, K, points, "subsets", f"d coordinates, d={d}, K={K}: attained")
    envelope = _line([-3, -1, 1, 3], [-9, -1, -1, -9])
    points = _all_of_line(envelope, on_ties=True)
    yield Case(envelope, 1, points, "subsets", "the upper envelope of four lines: attained")
    pair = _line([1, -1], [0, 0])
    parts: tuple[Part, ...] = ("subsets", "ties", "rankings", "own ties")
    for part in parts:
        yield Case(pair, 1, _all_of_line(pair, on_ties=True), part, "two lines that cross: attained")
    fan = _line([-1, 0, 1], [0, 0, 0])
    yield Case(fan, 1, _all_of_line(fan, on_ties=True), "ties", "three lines through one point")
    for i in range(count):
        d = int(rng.integers(1, 7))
        top = int(rng.integers(1, d + 1))
        part = parts[i % 4]
        if i % 2 or part == "own ties":
            encoder = _line(rng.integers(-4, 5, d).tolist(), rng.integers(-6, 7, d).tolist())
            where: tuple[tuple[Rational, ...], ...] = _all_of_line(encoder, on_ties=part != "own ties")
        else:
            w, c = rng.integers(-3, 4, (d, 2)).tolist(), rng.integers(-4, 5, d).tolist()
            encoder = Encoder(tuple(tuple(row) for row in w), tuple(c))
            where = tuple(tuple(x) for x in rng.integers(-6, 7, (60, 2)).tolist())
        yield Case(encoder, top, where, part, f"random encoder {i}: d={d}, K={top}")


def firing(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what fires in place of what is kept: one set more."""
    valley = _line([1, -1], [-1, -1])
    parts: tuple[Part, ...] = ("subsets", "ties", "rankings")
    where = tuple((Fraction(x),) for x in (-2, 0, 2))
    for part in parts:
        yield Case(valley, 1, where, part, "what fires: two neurons, or none between them", positive=True)
    for i in range(max(1, count // 10)):
        low = int(rng.integers(1, 9))
        away = tuple((Fraction(x),) for x in (-2 * low, 0, 2 * low))
        yield Case(_line([1, -1], [-low, -low]), 1, away, "subsets", f"random valley {i}", positive=True)


def on_ties(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield ties that are met in a point."""
    # The middle function has the smallest index: it wins the tie in o and nowhere else.
    for steep in (1, *(int(v) for v in rng.integers(1, 9, max(1, count // 10)))):
        fan = _line([0, -steep, steep], [0, 0, 0])
        label = f"slopes 0 and ±{steep}: a point on three ties, 3 kept sets, 2 cells"
        yield Case(fan, 1, _all_of_line(fan, on_ties=True), "own ties", label)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the sets of K neurons that fire together on the sample against the ceiling on kept sets.

    Vacuous where the ceiling is not below the number of points on which K neurons fire.
    """
    K = instance.neurons.sparsity
    if instance.neurons.gating != "relative" or K is None:
        return ()
    view = sample_view(instance)
    full = view.fires[view.fires.sum(axis=1) == K]
    firing_sets = len(np.unique(np.packbits(full, axis=1), axis=0))
    label = f"{instance.label}: sets of {K} neurons that fire together on {len(view.points)} points"
    ceiling = topk_ceiling(instance.neurons.width, K, view.points.shape[1])
    return [compare(Observed(firing_sets, label), ceiling, "upper", vacuous=ceiling >= len(full))]


CLAIM = Claim(
    id="G4",
    statement=(
        "A Top-K encoder has at most C(d,K) kept sets, no more than d generic affine functions have "
        "rankings, nor than C(d,2) hyperplanes have cells."
    ),
    tex=(
        r"\#\text{kept sets}\le\binom dK,\qquad \#\text{kept sets}\le\sum_{i=0}^{n}{d\brack d-i}"
        r"\le\sum_{i=0}^{n}\binom{\binom d2}{i}"
    ),
    hypotheses=(
        Hypothesis("kept sets, before the positive part", firing),
        Hypothesis("against the ties at hand: points off the ties", on_ties),
    ),
    kind="upper",
    source="good1977,aurenhammer1987",
    figure="kept_sets",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
