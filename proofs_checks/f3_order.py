r"""F3. The hierarchy maps order-preservingly into the detection lattice: what is smaller, more detect.

If C ⊂ C′ every neuron that fires on all of C′ fires on all of C: intent(C) ⊇ intent(C′). Up to null sets
too.

Only exactly: at a tolerance ε > 0 the miss *rate* on a small child can exceed ε while that on its parent
does not, since the parent is larger (control). What is kept: C∖N_i ⊂ C′∖N_i, so a neuron that detects C′
within ε detects C within ε·μ(C′)/μ(C), which is attained where all misses lie in the child. So an analysis
at a tolerance must compare the intent of C at ε·max μ(C′)/μ(C), over the covers it examines, with that of
C′ at ε. The map is that of Ganter and Wille (1999).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from geosae.data.order import subset_order
from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._planted import random_planted
from proofs_checks._runs import pair_errors, sample_view

Part = Literal["exact", "tolerance"]


@dataclass(frozen=True, eq=False)
class Case:
    """Who fires where, integer weights of the points, concepts (columns), the tolerance on miss rates.

    For "tolerance" the first concept is the child of the second; `scaled` says whether its tolerance grows
    by the quotient of the shares.
    """

    fires: Bool[np.ndarray, "N d"]
    weights: Int[np.ndarray, " N"]
    concepts: Bool[np.ndarray, "N p"]
    label: str
    tolerance: Fraction = Fraction(0)
    part: Part = "exact"
    attained: bool = False
    scaled: bool = True

    def sizes(self) -> list[int]:
        """Return the weight of every concept."""
        return [int(size) for size in self.weights @ self.concepts.astype(np.int64)]

    def misses(self) -> list[list[int]]:
        """Return the weight of every concept (row) on which a neuron (column) is silent."""
        return ((self.concepts * self.weights[:, None]).T @ (~self.fires).astype(np.int64)).tolist()

    def intents(self) -> Bool[np.ndarray, "p d"]:
        """Tell which neurons detect which concepts."""
        allowed = [
            [missed <= self.tolerance * size for missed in row]
            for row, size in zip(self.misses(), self.sizes(), strict=True)
        ]
        return np.array(allowed, dtype=np.bool_).reshape(self.concepts.shape[1], self.fires.shape[1])


def bound(case: Case) -> Number:
    """Return 0: no neuron detects a parent and not its child; or ε·μ(C′)/μ(C)."""
    if case.part == "exact":
        return 0
    child, parent = case.sizes()[:2]
    return case.tolerance * Fraction(parent, child) if case.scaled else case.tolerance


def observe(case: Case) -> Observed:
    """Count the triples of child, parent and neuron that detects the parent alone; or take the worst miss.

    The worst miss is the greatest share of the child on which a neuron that detects the parent is silent.
    """
    label = f"{case.label} [{case.part}]"
    intents = case.intents()
    if case.part == "exact":
        order = subset_order(case.concepts)
        broken = sum(int((intents[p] & ~intents[c]).sum()) for c, p in np.argwhere(order).tolist())
        return Observed(broken, label)
    detecting = np.flatnonzero(intents[1])
    theirs = [Fraction(case.misses()[0][i], case.sizes()[0]) for i in detecting]
    return Observed(max(theirs, default=Fraction(0)), label, kind="tight" if case.attained else None)


def _inner(missed: int, child: int, parent: int, outer: int = 0) -> Case:
    """Return a neuron that misses so many points of the child, and of the parent outside the child."""
    rows = np.arange(parent + 3)
    concepts = np.column_stack([rows < child, rows < parent])
    fires = (rows >= missed) & ~((rows >= child) & (rows < child + outer))
    return Case(
        fires[:, None],
        np.ones(len(rows), dtype=np.int64),
        concepts,
        f"{missed} of {child} missed, and {outer} of the other {parent - child}",
        Fraction(missed + outer, parent),
        "tolerance",
        attained=not outer,
    )


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield half-lines, equal concepts, the empty concept, misses on null sets, then random ones."""
    line = np.arange(6)[:, None] >= np.arange(4)[None, :]
    ones = np.ones(6, dtype=np.int64)
    yield Case(line, ones, line, "a chain of half-lines detected by itself")
    yield Case(line, ones, line[:, [1, 1]], "equal concepts")
    yield Case(line, ones, np.zeros((6, 1), dtype=np.bool_), "the empty concept")
    yield Case(line, np.array([0, 1, 0, 1, 1, 1]), line, "misses on null sets")
    for missed in range(1, 4):
        for child in range(missed, missed + 4):
            for parent in (child, child + 6):
                yield _inner(missed, child, parent)
    yield _inner(2, 4, 9, 3)
    for i in range(count):
        model = random_planted(rng, points=int(rng.integers(1, 20)), dim=2, width=5)
        size = len(model.points)
        base = rng.random((size, 3)) < 0.6
        nested = np.column_stack([base, base[:, :1] & base[:, 1:2], base[:, 1:2] | base[:, 2:]])
        weights, label = rng.integers(0, 3, size), f"random nested concepts {i}: N={size}"
        if i % 2 and weights[nested[:, 3]].any():
            columns = nested[:, [3, 0]]
            tolerance = Fraction(int(rng.integers(1, 20)), 20)
            yield Case(model.fires(), weights, columns, label, tolerance, "tolerance")
        else:
            yield Case(model.fires(), weights, nested, label)


def counter_instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a tolerance: one missed point is much of the child and little of the parent."""
    for size in (10, *(int(v) for v in rng.integers(3, 60, max(1, count // 10)))):
        concepts = np.column_stack([np.arange(size) < 1, np.arange(size) < size])
        fires = np.arange(size)[:, None] > 0
        ones = np.ones(size, dtype=np.int64)
        yield Case(fires, ones, concepts, f"one of {size} points missed", Fraction(1, size))


def unscaled(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the child held against ε itself."""
    for i in range(1 + max(1, count // 10)):
        child = int(rng.integers(2, 9))
        case = _inner(1, child, child + int(rng.integers(1, 30)))
        yield replace(case, label=f"{case.label} ({i})", scaled=False, attained=False)


def no_child(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a concept that is no part of the other: the neuron of the other is silent on it."""
    for i in range(1 + max(1, count // 10)):
        size = int(rng.integers(3, 30))
        rows = np.arange(2 * size)
        concepts = np.column_stack([rows >= size, rows < size])
        ones = np.ones(2 * size, dtype=np.int64)
        label = f"disjoint concepts of {size} points ({i})"
        yield Case((rows < size)[:, None], ones, concepts, label, Fraction(1, 3), "tolerance")


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Count triples of child, parent and neuron that detects the parent without a miss and not the child.

    Always vacuous: hierarchy and misses are read off the same points.
    """
    view = sample_view(instance)
    detects = pair_errors(view)[0] == 0
    order = subset_order(view.concepts)
    broken = sum(int((detects[p] & ~detects[c]).sum()) for c, p in np.argwhere(order).tolist())
    pairs = int(order.sum()) - len(order)
    label = f"{instance.label}: {pairs} pairs of the hierarchy"
    return [compare(Observed(broken, label), 0, "upper", vacuous=True)]


CLAIM = Claim(
    id="F3",
    statement=(
        "If C is a part of C′, every neuron that detects C′ detects C; within ε it detects C within "
        "ε·μ(C′)/μ(C)."
    ),
    tex=(
        r"C\subset C'\ \Longrightarrow\ \operatorname{intent}(C)\supseteq\operatorname{intent}(C'),\qquad "
        r"\operatorname{intent}_{\varepsilon\mu(C')/\mu(C)}(C)\supseteq\operatorname{intent}_\varepsilon(C')"
    ),
    hypotheses=(
        Hypothesis("with one tolerance for both: detection is exact (ε = 0)", counter_instances),
        Hypothesis("at ε > 0 the child's tolerance grows by μ(C′)/μ(C)", unscaled),
        Hypothesis("C is a part of C′", no_child),
    ),
    kind="upper",
    source="ganter1999",
    figure="lattice_realisations",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    scales={"exact": None, "tolerance": (0.99, 1.01)},
    mutants={
        "half of the quotient": lambda case: bound(case) if case.part == "exact" else bound(case) / 2,
        "μ(C)/μ(C′)": lambda case: (
            bound(case)
            if case.part == "exact"
            else case.tolerance * Fraction(case.sizes()[0], case.sizes()[1])
        ),
    },
)
