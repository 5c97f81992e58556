r"""D2. Exact detection distributes: over unions of concepts, and over the members of a unit.

μ((C∪C′)∖θ) = 0 iff μ(C∖θ) = 0 and μ(C′∖θ) = 0; and μ(C∖θ_M) = 0 iff μ(C∖N_i) = 0 for every i ∈ M, since a
finite union of null sets is null, and an SAE has finitely many neurons. So "i detects C" is a relation from
which formal concept analysis starts.

Neither survives a tolerance ε > 0 on miss *rates*: a union may dilute the misses of a small concept, and
the misses of the members of a unit add up. Nor does separation distribute over unions. All are controls.

Elementary; the relation's use is that of Ganter and Wille (1999).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._planted import model_concept, random_planted

Part = Literal["union", "members"]
Notion = Literal["detection", "separation"]


@dataclass(frozen=True, eq=False)
class Case:
    """Which neurons fire where, integer weights of the points (0: a null set), two concepts and a unit."""

    fires: Bool[np.ndarray, "N d"]
    weights: Int[np.ndarray, " N"]
    first: Bool[np.ndarray, " N"]
    second: Bool[np.ndarray, " N"]
    unit: Bool[np.ndarray, " d"]
    part: Part
    label: str
    tolerance: Fraction = Fraction(0)
    notion: Notion = "detection"

    def learns(self, theta: Bool[np.ndarray, " N"], concept: Bool[np.ndarray, " N"]) -> bool:
        """Tell whether θ detects (or separates) the concept at the tolerance."""
        missed = int(self.weights[concept & ~theta].sum())
        if self.notion == "separation" and self.weights[theta & ~concept].any():
            return False
        return missed <= self.tolerance * int(self.weights[concept].sum())


def bound(case: Case) -> int:
    """Return 1 if both concepts are detected (or C by every member), 0 otherwise."""
    if case.part == "union":
        theta = model_concept(case.fires, case.unit)
        return int(case.learns(theta, case.first) and case.learns(theta, case.second))
    return int(all(case.learns(case.fires[:, i], case.first) for i in np.flatnonzero(case.unit)))


def observe(case: Case) -> Observed:
    """Return 1 if the union (or C, by the unit) is detected, 0 otherwise."""
    theta = model_concept(case.fires, case.unit)
    target = case.first | case.second if case.part == "union" else case.first
    return Observed(int(case.learns(theta, target)), f"{case.label} [{case.part}]")


def _some(case: Case) -> int:
    if case.part == "union":
        theta = model_concept(case.fires, case.unit)
        return int(case.learns(theta, case.first) or case.learns(theta, case.second))
    return int(any(case.learns(case.fires[:, i], case.first) for i in np.flatnonzero(case.unit)))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield empty concepts and units, misses on null sets, then random ones in which all occur."""
    parts: tuple[Part, Part] = ("union", "members")
    line = np.arange(4)[:, None] > np.arange(2)[None, :]
    weights = np.array([0, 1, 1, 1])
    none, low, high = np.zeros(4, dtype=np.bool_), np.arange(4) < 2, np.arange(4) > 1
    for part in parts:
        yield Case(line, weights, none, none, np.array([True, True]), part, "empty concepts")
        yield Case(line, weights, low, high, np.array([False, False]), part, "the empty unit")
        yield Case(line, weights, low, high, np.array([True, False]), part, "a miss of measure zero")
        yield Case(line, weights, low, high, np.array([True, True]), part, "one of two is missed")
        yield Case(line, weights, high, low, np.array([False, True]), part, "the other of two is missed")
    for i in range(count):
        model = random_planted(rng, points=int(rng.integers(1, 12)), dim=int(rng.integers(1, 4)), width=3)
        size = len(model.points)
        first, second = (rng.random(size) < rng.choice([0.1, 0.5]) for _ in range(2))
        unit = rng.random(3) < 0.5
        weights, label = rng.integers(0, 3, size), f"random encoder {i}: N={size}"
        yield Case(model.fires(), weights, first, second, unit, parts[i % 2], label)


def with_tolerance(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a tolerance that dilutes, and one that adds up."""
    for _ in range(max(1, count // 10)):
        size = int(rng.integers(8, 30))
        ones = np.ones(size, dtype=np.int64)
        first, rest = np.arange(size) == 0, np.arange(size) > 0
        fires = np.column_stack([np.arange(size) != 0, np.arange(size) != 1])
        member = np.array([True, False])
        half = Fraction(1, size)
        yield Case(fires, ones, first, rest, member, "union", f"{size} points: a union dilutes", half)
        every, both = first | rest, np.array([True, True])
        yield Case(fires, ones, every, every, both, "members", f"{size} points: misses add up", half)


def separation(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield separation of a union by a unit that separates neither part."""
    for _ in range(max(1, count // 10)):
        size = int(rng.integers(8, 30))
        first, rest = np.arange(size) == 0, np.arange(size) > 0
        label = f"{size} points: separation of a union"
        everywhere = np.zeros((size, 0), dtype=np.bool_)
        yield Case(
            everywhere, np.ones(size, dtype=np.int64), first, rest, everywhere[0], "union", label,
            notion="separation",
        )  # fmt: skip


CLAIM = Claim(
    id="D2",
    statement=(
        "A model concept detects a union exactly when it detects both concepts, and a unit detects a concept "
        "exactly when each of its members does."
    ),
    tex=(
        r"\mu((C\cup C')\setminus\theta)=0\iff\mu(C\setminus\theta)=\mu(C'\setminus\theta)=0;\qquad "
        r"\mu(C\setminus\theta_M)=0\iff\forall i\in M:\ \mu(C\setminus N_i)=0"
    ),
    hypotheses=(
        Hypothesis("detection is exact (ε = 0)", with_tolerance),
        Hypothesis("the notion is detection, not separation", separation),
    ),
    kind="equivalence",
    source="ganter1999",
    figure="detection",
    observe=observe,
    bound=bound,
    instances=instances,
    mutants={"one of the two is enough": _some},
)
