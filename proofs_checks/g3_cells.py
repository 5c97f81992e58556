r"""G3. d hyperplanes in general position cut Rⁿ into Σ_{i≤n} C(d, i) cells; no d hyperplanes cut more.

L. Schläfli (1901, written 1852); R. C. Buck (1943). So a ReLU layer has at most that many activation
patterns: the open positive sides, their closed complements. Points on hyperplanes do not break this
ceiling, since lowering every offset a little turns the patterns of finitely many points into patterns of
cells.

For hyperplanes through a common point the ceiling 2Σ_{i<n} C(d−1, i) counts cells, and the common point
itself may show one pattern more (no neuron fires): three lines through the origin have 6 cells and 7
patterns. Two opposite half-lines {x > 0}, {−x > 0} have 2 cells and 3 patterns. The part "patterns,
central" carries the corrected ceiling, for normals in general position.

Cells are counted here by Whitney's theorem: Σ over subsets of hyperplanes with a common point of (−1)^{size
− rank}, exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Literal

import numpy as np

from geosae.geometry.arrangements.arrangement import Arrangement
from geosae.geometry.arrangements.counting import cells, cells_central
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import rank
from proofs_checks._planted import Planted
from proofs_checks._runs import sample_view

Part = Literal["general", "at most", "central", "patterns", "patterns, central", "engine"]


@dataclass(frozen=True, eq=False)
class Case:
    """Hyperplanes ⟨w, x⟩ + c = 0 of integers, and points for the parts that count patterns.

    The bound forgets `uncounted` hyperplanes, or (with `cells_only`) the pattern of the common point.
    """

    model: Planted
    part: Part
    label: str
    uncounted: int = 0
    cells_only: bool = False


def bound(case: Case) -> int:
    """Return the closed count: of all, or of central hyperplanes, or Whitney's count for "engine"."""
    d, n = case.model.width - case.uncounted, case.model.dim
    if case.part == "engine":
        return whitney(replace(case.model, w=case.model.w[:d], c=case.model.c[:d]))
    if case.part == "central":
        return cells_central(d, n)
    return cells_central(d, n) + (not case.cells_only) if case.part == "patterns, central" else cells(d, n)


def observe(case: Case) -> Observed:
    """Count the cells by Whitney's theorem (or by the library), or the patterns that occur on the points."""
    label = f"{case.label} [{case.part}]"
    if case.part in ("patterns", "patterns, central"):
        return Observed(len(np.unique(case.model.fires(), axis=0)), label)
    if case.part == "engine":
        model = case.model
        arrangement = Arrangement(model.w.astype(np.float64), model.c.astype(np.float64))
        return Observed(arrangement.count(), label, kind="tight")
    return Observed(whitney(case.model), label, kind=None if case.part == "at most" else "tight")


def whitney(model: Planted) -> int:
    """Count the cells exactly; a row w = 0 is no hyperplane and cuts nothing.

    Examples
    --------
    >>> whitney(Planted(np.zeros((1, 2), int), np.array([[1, 0], [0, 1], [1, 1]]), np.array([0, 0, -1])))
    7
    """
    rows = [(*w, c) for w, c in zip(model.w.tolist(), model.c.tolist(), strict=True) if any(w)]
    total = 0
    for chosen in chain.from_iterable(combinations(rows, k) for k in range(len(rows) + 1)):
        normals = rank([row[:-1] for row in chosen])
        if normals == rank(chosen):
            total += (-1) ** (len(chosen) - normals)
    return total


def _moment(d: int, n: int, *, central: bool = False) -> Planted:
    """Plant hyperplanes with normals on the moment curve: any n of them independent, no n + 1 concurrent."""
    t = np.arange(1, d + 1)[:, None]
    w = t ** np.arange(n)[None, :]
    c = np.zeros(d, dtype=np.int64) if central else (t**n).ravel() * (-1) ** n
    return Planted(np.zeros((1, n), dtype=np.int64), w.astype(np.int64), c.astype(np.int64))


def _with_points(model: Planted, reach: int) -> Planted:
    grid = np.array(np.meshgrid(*[np.arange(-reach, reach + 1)] * model.dim)).reshape(model.dim, -1).T
    return Planted(grid.astype(np.int64), model.w, model.c)


LINES = np.array([[1, 0], [0, 1], [1, 1]])


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield general position for many d and n, degenerate arrangements, then random ones."""
    for n in (1, 2, 3, 4):
        for d in (0, 1, 2, 3, 5, 7):
            label = f"{d} hyperplanes in general position, n={n}"
            yield Case(_moment(d, n), "general", label)
            yield Case(_moment(d, n), "at most", label)
            yield Case(_moment(d, n, central=True), "central", f"{d} hyperplanes through o, n={n}")
    line = _with_points(_moment(4, 1), 6)
    yield Case(line, "patterns", "4 points cut a line: 5 patterns, attained")
    fan = Planted(np.zeros((1, 2), np.int64), LINES * [[1], [1], [-1]], np.zeros(3, np.int64))
    fan = _with_points(fan, 2)
    yield Case(fan, "patterns, central", "three lines through o: 6 cells and the pattern of o, attained")
    yield Case(replace(fan, w=fan.w[:1], c=fan.c[:1]), "patterns, central", "one line through o")
    for d in range(1, 6):
        for lean in range(4):
            w = np.array([[1, j + lean] for j in range(d)])
            fan = _with_points(Planted(np.zeros((1, 2), np.int64), w, np.zeros(d, np.int64)), 2 * (d + lean))
            yield Case(fan, "patterns, central", f"{d} lines through o that lean by {lean} and more")
    double = Planted(np.arange(-2, 3)[:, None], np.array([[1], [-1]]), np.zeros(2, dtype=np.int64))
    yield Case(double, "patterns", "two opposite half-lines that share their end: 3 patterns, attained")
    yield Case(double, "engine", "one point twice")
    yield Case(line, "engine", "4 points of a line")
    for i in range(count):
        n, d = int(rng.integers(1, 4)), int(rng.integers(0, 7))
        w, c = rng.integers(-2, 3, (d, n)), rng.integers(-2, 3, d)
        model = Planted(np.zeros((1, n), dtype=np.int64), w, c)
        label = f"random arrangement {i}: n={n}, d={d}"
        part: Part = ("at most", "patterns", "engine")[i % 3]
        yield Case(_with_points(model, 3) if part == "patterns" else model, part, label)


def special(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield parallels and a common point."""
    grid = replace(_moment(3, 2), w=np.array([[1, 0], [1, 0], [0, 1]]))
    yield Case(grid, "general", "two parallel lines of three")
    concurrent = Planted(np.zeros((1, 2), np.int64), LINES, np.zeros(3, np.int64))
    yield Case(concurrent, "general", "three lines through one point: not general")
    for i in range(max(1, count // 10)):
        d = int(rng.integers(3, 7))
        pencil = Planted(np.zeros((1, 2), np.int64), _moment(d, 2).w, np.zeros(d, np.int64))
        yield Case(pencil, "general", f"random pencil {i}: {d} lines through one point")


def not_central(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield lines and points without a common point."""
    apart = Planted(np.zeros((1, 2), np.int64), LINES, np.array([0, 0, -1]))
    yield Case(apart, "central", "three lines in general position: not central")
    points = _with_points(_moment(3, 1), 8)
    yield Case(points, "patterns, central", "three points of a line: not central")


def without_the_common_point(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the pattern of the common point, for which no cell is counted."""
    fan = Planted(np.zeros((1, 2), np.int64), LINES * [[1], [1], [-1]], np.zeros(3, np.int64))
    label = "three lines through o: 6 cells, and the pattern of o"
    yield Case(_with_points(fan, 2), "patterns, central", label, cells_only=True)


def uncounted(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a hyperplane that is not counted."""
    for d in (1, 3, 6):
        line = _with_points(_moment(d, 1), 8)
        yield Case(line, "at most", f"{d} points of a line, one of them not counted", uncounted=1)
        yield Case(line, "patterns", f"{d} neurons on a line, one of them not counted", uncounted=1)
        yield Case(line, "engine", f"{d} points of a line, one of them not counted", uncounted=1)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the activation patterns of a trained SAE on the sample against the number of cells.

    Vacuous where there are no more points, or no more sets of neurons, than cells.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    patterns = len(np.unique(np.packbits(view.fires, axis=1), axis=0))
    ceiling = cells(instance.neurons.width, view.points.shape[1])
    vacuous = ceiling >= min(len(view.points), 2**instance.neurons.width)
    label = f"{instance.label}: activation patterns on {len(view.points)} points"
    return [compare(Observed(patterns, label), ceiling, "upper", vacuous=vacuous)]


CLAIM = Claim(
    id="G3",
    statement=(
        "d hyperplanes in general position cut Rⁿ into exactly Σ_{i≤n} C(d,i) cells, never more, and "
        "through a common point into 2Σ_{i<n} C(d−1,i); activation patterns are no more than the former."
    ),
    tex=(
        r"\#\text{cells}\le\sum_{i=0}^{n}\binom di,\qquad \text{central: }2\sum_{i=0}^{n-1}\binom{d-1}{i},"
        r"\qquad \#\text{patterns}\le\sum_{i=0}^{n}\binom di"
    ),
    hypotheses=(
        Hypothesis("equality: general position", special),
        Hypothesis("central: through a common point, general otherwise", not_central),
        Hypothesis("patterns of central hyperplanes: one more than cells", without_the_common_point),
        Hypothesis("d counts every hyperplane", uncounted),
    ),
    kind="upper",
    source="schlaefli1901,buck1943",
    figure="cell_counts",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
