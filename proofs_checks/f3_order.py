r"""F3. The hierarchy maps order-preservingly into the detection lattice: what is smaller, more detect.

If C ⊂ C′ every neuron that fires on all of C′ fires on all of C: intent(C) ⊇ intent(C′). Up to null sets
too.

Only exactly: at a tolerance ε > 0 the miss *rate* on a small child can exceed ε while that on its parent
does not, since the parent is larger (control). Then the hierarchy is not preserved, and an analysis at a
tolerance must not assume it. The map is that of Ganter and Wille (1999).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Int

from geosae.data.order import subset_order
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._planted import random_planted
from proofs_checks._runs import pair_errors, sample_view


@dataclass(frozen=True, eq=False)
class Case:
    """Who fires where, integer weights of the points, concepts (columns), the tolerance on miss rates."""

    fires: Bool[np.ndarray, "N d"]
    weights: Int[np.ndarray, " N"]
    concepts: Bool[np.ndarray, "N p"]
    label: str
    tolerance: Fraction = Fraction(0)

    def intents(self) -> Bool[np.ndarray, "p d"]:
        """Tell which neurons detect which concepts."""
        missed = (self.concepts * self.weights[:, None]).T @ (~self.fires).astype(np.int64)
        sizes = (self.concepts * self.weights[:, None]).sum(axis=0)
        allowed = [[m * self.tolerance.denominator <= self.tolerance.numerator * s for m in row]
                   for row, s in zip(missed.tolist(), sizes.tolist(), strict=True)]  # fmt: skip
        return np.array(allowed, dtype=np.bool_).reshape(self.concepts.shape[1], self.fires.shape[1])


def bound(case: Case) -> int:
    """Return 0: no neuron detects a parent and not its child."""
    return 0


def observe(case: Case) -> Observed:
    """Count the triples of child, parent and neuron that detects the parent and not the child."""
    order, intents = subset_order(case.concepts), case.intents()
    broken = sum(int((intents[p] & ~intents[c]).sum()) for c, p in np.argwhere(order).tolist())
    return Observed(broken, case.label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield half-lines, equal concepts, the empty concept, misses on null sets, then random ones."""
    line = np.arange(6)[:, None] >= np.arange(4)[None, :]
    ones = np.ones(6, dtype=np.int64)
    yield Case(line, ones, line, "a chain of half-lines detected by itself")
    yield Case(line, ones, line[:, [1, 1]], "equal concepts")
    yield Case(line, ones, np.zeros((6, 1), dtype=np.bool_), "the empty concept")
    yield Case(line, np.array([0, 1, 0, 1, 1, 1]), line, "misses on null sets")
    for i in range(count):
        model = random_planted(rng, points=int(rng.integers(1, 20)), dim=2, width=5)
        size = len(model.points)
        base = rng.random((size, 3)) < 0.6
        nested = np.column_stack([base, base[:, :1] & base[:, 1:2], base[:, 1:2] | base[:, 2:]])
        yield Case(model.fires(), rng.integers(0, 3, size), nested, f"random nested concepts {i}: N={size}")


def counter_instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a tolerance: one missed point is much of the child and little of the parent."""
    for size in (10, *(int(v) for v in rng.integers(3, 60, max(1, count // 10)))):
        concepts = np.column_stack([np.arange(size) < 1, np.arange(size) < size])
        fires = np.arange(size)[:, None] > 0
        ones = np.ones(size, dtype=np.int64)
        yield Case(fires, ones, concepts, f"one of {size} points missed", Fraction(1, size))


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
    statement="If C is a part of C′, every neuron that detects C′ detects C.",
    tex=r"C\subset C'\ \Longrightarrow\ \operatorname{intent}(C)\supseteq\operatorname{intent}(C')",
    hypotheses=(Hypothesis("detection is exact (ε = 0)", counter_instances),),
    kind="upper",
    source="ganter1999",
    figure="lattice_realisations",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
