r"""A5. Without the detection constraint a model concept can err less than the irreducible error.

Two squares of side s at distance g: detecting both costs e_irr = s·g, giving one of them up costs s². So
ν(θ△C) can be below e_irr as soon as g > s. One number does not say it: the curve of false alarms against
misses does. For convex C there is nothing to gain: e_irr = 0.

The statement is ours; areas are exact rationals.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._polygons import Line, area, cut_all, facets, hull, square

BOX = square(-(10**4), -(10**4), 2 * 10**4)


@dataclass(frozen=True)
class Case:
    """Two squares of the side at the distance; the model concept is the first, or one that detects both."""

    side: int
    gap: int
    label: str
    detecting: bool = False
    promised: int | None = None

    def lines(self) -> tuple[Line, ...]:
        """Return the half-planes of the model concept."""
        first, second = square(0, 0, self.side), square(self.side + self.gap, 0, self.side)
        return tuple(facets(hull([*first, *second]) if self.detecting else first))


def bound(case: Case) -> int:
    """Return s·(g − s): what is gained over e_irr by giving one square up."""
    return case.side * (case.gap - case.side) if case.promised is None else case.promised


def observe(case: Case) -> Observed:
    """Return e_irr − ν(θ△C), measured by cutting polygons."""
    parts = [square(0, 0, case.side), square(case.side + case.gap, 0, case.side)]
    whole = sum((area(p) for p in parts), Fraction(0))
    irreducible = area(hull([c for p in parts for c in p])) - whole
    lines = case.lines()
    shared = sum((area(cut_all(p, lines)) for p in parts), Fraction(0))
    wrong = area(cut_all(BOX, lines)) - shared + whole - shared
    return Observed(irreducible - wrong, case.label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield squares just far enough apart, then random ones: the gain is exactly s·(g − s)."""
    yield Case(1, 2, "side 1, gap 2: one unit is gained")
    yield Case(3, 4, "side 3, gap 4")
    yield Case(1, 999, "side 1, gap 999")
    drawn: set[tuple[int, int]] = set()
    while len(drawn) < count:
        side = int(rng.integers(1, 60))
        gap = side + int(rng.integers(1, 60))
        if (side, gap) not in drawn:
            yield Case(side, gap, f"random squares {len(drawn)}: side {side}, gap {gap}")
            drawn.add((side, gap))


def near(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield near squares, where a gain is promised and there is none."""
    yield Case(4, 4, "side 4, gap 4: nothing is gained where one unit is promised", promised=1)
    yield Case(4, 3, "side 4, gap 3: giving up costs more", promised=1)
    for i in range(max(1, count // 10)):
        side = int(rng.integers(1, 30))
        yield Case(side, side, f"random squares {i} at their own side's distance {side}", promised=1)


def detecting(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield model concepts that detect both squares."""
    yield Case(1, 2, "both detected: no gain", detecting=True)
    for i in range(max(1, count // 10)):
        side, gap = int(rng.integers(1, 30)), int(rng.integers(31, 60))
        yield Case(side, gap, f"random squares {i}, side {side}, gap {gap}, both detected", detecting=True)


CLAIM = Claim(
    id="A5",
    statement="A model concept that need not detect can have ν(θ△C) below the irreducible error of C.",
    tex=r"\exists C:\ \min_{\theta}\nu(\theta\mathbin\triangle C)<\nu(\operatorname{Conv}(C)\setminus C)",
    hypotheses=(
        Hypothesis("two equal squares, farther apart than they are wide", near),
        Hypothesis("detection is not required", detecting),
    ),
    kind="existence",
    source="zhang2026geometric",
    figure="false_alarms_against_misses",
    observe=observe,
    bound=bound,
    instances=instances,
)
