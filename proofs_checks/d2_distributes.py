r"""D2. Exact detection distributes: over unions of concepts, and over the members of a unit.

μ((C∪C′)∖θ) = 0 iff μ(C∖θ) = 0 and μ(C′∖θ) = 0; and μ(C∖θ_M) = 0 iff μ(C∖N_i) = 0 for every i ∈ M, since a
finite union of null sets is null, and an SAE has finitely many neurons. So "i detects C" is a relation from
which formal concept analysis starts.

Neither equivalence survives a tolerance ε > 0 on miss *rates*: a union may dilute the misses of a small
concept, and the misses of the members of a unit add up. Nor does separation distribute over unions. All are
controls. What is kept at ε > 0: if θ misses at most ε of C and of C′, it misses at most ε(μ(C)+μ(C′)) of
the union, a share of at most ε(μ(C)+μ(C′))/μ(C∪C′) ≤ 2ε, with equality where the misses lie outside C∩C′;
and a unit misses at most Σε_i where its members miss ε_i, with equality where they miss different points.

Elementary; the relation's use is that of Ganter and Wille (1999).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._planted import model_concept, random_planted

Part = Literal["union", "members", "union at ε", "members at ε"]
Notion = Literal["detection", "separation"]


@dataclass(frozen=True, eq=False)
class Case:
    """Which neurons fire where, integer weights of the points (0: a null set), two concepts and a unit.

    At ε > 0 the tolerances are the misses themselves: the greater one of the two concepts' (in a control, of
    the first concept's alone), and those of the members (in a control, of all but the last).
    """

    fires: Bool[np.ndarray, "N d"]
    weights: Int[np.ndarray, " N"]
    first: Bool[np.ndarray, " N"]
    second: Bool[np.ndarray, " N"]
    unit: Bool[np.ndarray, " d"]
    part: Part
    label: str
    tolerance: Fraction = Fraction(0)
    notion: Notion = "detection"
    attained: bool = False
    every: bool = True

    def learns(self, theta: Bool[np.ndarray, " N"], concept: Bool[np.ndarray, " N"]) -> bool:
        """Tell whether θ detects (or separates) the concept at the tolerance."""
        missed = int(self.weights[concept & ~theta].sum())
        if self.notion == "separation" and self.weights[theta & ~concept].any():
            return False
        return missed <= self.tolerance * int(self.weights[concept].sum())

    def miss(self, theta: Bool[np.ndarray, " N"], concept: Bool[np.ndarray, " N"]) -> Fraction:
        """Return m; nothing can be missed of a null set."""
        size = int(self.weights[concept].sum())
        return Fraction(int(self.weights[concept & ~theta].sum()), size) if size else Fraction(0)

    def measures(self) -> tuple[int, int, int]:
        """Return μ(C), μ(C′), μ(C∪C′)."""
        first, second, union = (
            int(self.weights[concept].sum())
            for concept in (self.first, self.second, self.first | self.second)
        )
        return first, second, union


def bound(case: Case) -> Number:
    """Return 1 if both concepts are detected (or C by every member), else 0; or the share that ε allows."""
    theta = model_concept(case.fires, case.unit)
    if case.part == "union at ε":
        first, second, union = case.measures()
        return _tolerance(case, theta) * Fraction(first + second, union) if union else 0
    if case.part == "members at ε":
        members = np.flatnonzero(case.unit)[: None if case.every else -1]
        return sum((case.miss(case.fires[:, i], case.first) for i in members), Fraction(0))
    if case.part == "union":
        return int(case.learns(theta, case.first) and case.learns(theta, case.second))
    return int(all(case.learns(case.fires[:, i], case.first) for i in np.flatnonzero(case.unit)))


def _tolerance(case: Case, theta: Bool[np.ndarray, " N"]) -> Fraction:
    first, second = case.miss(theta, case.first), case.miss(theta, case.second)
    return max(first, second) if case.every else first


def observe(case: Case) -> Observed:
    """Return 1 if the union (or C, by the unit) is detected, else 0; or the share of it that is missed."""
    theta = model_concept(case.fires, case.unit)
    target = case.first | case.second if case.part.startswith("union") else case.first
    label = f"{case.label} [{case.part}]"
    if case.part.endswith("at ε"):
        return Observed(case.miss(theta, target), label, kind="tight" if case.attained else "upper")
    return Observed(int(case.learns(theta, target)), label)


def _some(case: Case) -> Number:
    if case.part.endswith("at ε"):
        return bound(case)
    if case.part == "union":
        theta = model_concept(case.fires, case.unit)
        return int(case.learns(theta, case.first) or case.learns(theta, case.second))
    return int(any(case.learns(case.fires[:, i], case.first) for i in np.flatnonzero(case.unit)))


def _overlapping(common: int, rest: int, missed: int) -> Case:
    """Return two concepts with points in common; so many of each one's own points are missed."""
    size = common + 2 * rest
    rows = np.arange(size)
    first, second = rows < common + rest, (rows < common) | (rows >= common + rest)
    fires = (rows < common) | ((rows - common) % rest >= missed)
    return Case(
        fires[:, None], np.ones(size, dtype=np.int64), first, second, np.array([True]), "union at ε",
        f"{missed} of {rest} of each concept's own points missed, {common} in common", attained=True,
    )  # fmt: skip


def _disjoint_misses(members: int, missed: int, size: int) -> Case:
    """Return a unit whose members miss different points of a concept."""
    rows = np.arange(size)
    fires = np.column_stack([rows // missed != i for i in range(members)])
    concept = np.ones(size, dtype=np.bool_)
    return Case(
        fires, np.ones(size, dtype=np.int64), concept, concept, np.ones(members, dtype=np.bool_),
        "members at ε", f"{members} members, each misses {missed} of {size}", attained=True,
    )  # fmt: skip


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield empty concepts and units, misses on null sets, equality at ε > 0, then random ones."""
    parts: tuple[Part, Part, Part, Part] = ("union", "members", "union at ε", "members at ε")
    line = np.arange(4)[:, None] > np.arange(2)[None, :]
    weights = np.array([0, 1, 1, 1])
    none, low, high = np.zeros(4, dtype=np.bool_), np.arange(4) < 2, np.arange(4) > 1
    for part in parts:
        yield Case(line, weights, none, none, np.array([True, True]), part, "empty concepts")
        yield Case(line, weights, low, high, np.array([False, False]), part, "the empty unit")
        yield Case(line, weights, low, high, np.array([True, False]), part, "a miss of measure zero")
        yield Case(line, weights, low, high, np.array([True, True]), part, "one of two is missed")
        yield Case(line, weights, high, low, np.array([False, True]), part, "the other of two is missed")
    for common in range(4):
        for missed in range(1, 4):
            for more in range(2):
                yield _overlapping(common, missed + more, missed)
    for members in range(1, 5):
        for missed in range(1, 4):
            for more in range(2):
                yield _disjoint_misses(members, missed, members * missed + more)
    for i in range(count):
        model = random_planted(rng, points=int(rng.integers(1, 12)), dim=int(rng.integers(1, 4)), width=3)
        size = len(model.points)
        first, second = (rng.random(size) < rng.choice([0.1, 0.5]) for _ in range(2))
        unit = rng.random(3) < 0.5
        weights, label = rng.integers(0, 3, size), f"random encoder {i}: N={size}"
        yield Case(model.fires(), weights, first, second, unit, parts[i % 4], label)


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


def one_of_the_concepts(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield an ε that is the first concept's own; the second one is missed altogether."""
    for i in range(1 + max(1, count // 10)):
        size = int(rng.integers(2, 30))
        rows = np.arange(2 * size)
        case = Case(
            (rows < size)[:, None], np.ones(2 * size, dtype=np.int64), rows < size, rows >= size,
            np.array([True]), "union at ε", f"the other concept of {size} points is missed ({i})",
        )  # fmt: skip
        yield replace(case, every=False)


def all_but_one(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a sum without the last member, which misses points that no other member misses."""
    for i in range(1 + max(1, count // 10)):
        case = _disjoint_misses(int(rng.integers(1, 5)), int(rng.integers(1, 9)), 50)
        yield replace(case, label=f"{case.label} ({i})", attained=False, every=False)


CLAIM = Claim(
    id="D2",
    statement=(
        "A model concept detects a union exactly when it detects both concepts, and a unit detects a concept "
        "exactly when each of its members does; within ε it misses at most ε(μ(C)+μ(C′))/μ(C∪C′) of the "
        "union, a unit at most the sum of its members' misses."
    ),
    tex=(
        r"\mu((C\cup C')\setminus\theta)=0\iff\mu(C\setminus\theta)=\mu(C'\setminus\theta)=0;\qquad "
        r"\mu(C\setminus\theta_M)=0\iff\forall i\in M:\ \mu(C\setminus N_i)=0"
    ),
    hypotheses=(
        Hypothesis("for the equivalences: detection is exact (ε = 0)", with_tolerance),
        Hypothesis("the notion is detection, not separation", separation),
        Hypothesis("union at ε: both concepts are within ε", one_of_the_concepts),
        Hypothesis("members at ε: the misses of every member count", all_but_one),
    ),
    kind="equivalence",
    source="ganter1999",
    figure="detection",
    observe=observe,
    bound=bound,
    instances=instances,
    scales={"union": None, "members": None, "union at ε": (0.99, 1.01), "members at ε": (0.99, 1.01)},
    mutants={
        "one of the two is enough": _some,
        "ε of the union": lambda case: (
            _tolerance(case, model_concept(case.fires, case.unit))
            if case.part == "union at ε"
            else bound(case)
        ),
        "2ε of every union": lambda case: (
            2 * _tolerance(case, model_concept(case.fires, case.unit))
            if case.part == "union at ε"
            else bound(case)
        ),
        "the worst member's misses": lambda case: (
            max((case.miss(theta, case.first) for theta in case.fires.T[case.unit]), default=Fraction(0))
            if case.part == "members at ε"
            else bound(case)
        ),
    },
)
