r"""S5. Separating p distinct concepts by single neurons needs a width of at least p.

A neuron that separates C fires on X exactly at C, so N_i ∩ X determines C: two distinct concepts never share
a neuron. Nothing is asked of the gate. The empty concept counts (a neuron silent on X separates it); a
concept listed twice does not count twice. At a tolerance ε a neuron may serve two concepts only when they
differ on at most a share 2ε of X, so the bound stays true for concepts pairwise further apart than that.

Formulated in Zhang, Lin and Lee (2026), arXiv:2606.07007; the argument is elementary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._planted import Planted, closure_unit, cube, layer, model_concept, random_planted
from proofs_checks._runs import pair_errors, sample_view


@dataclass(frozen=True, eq=False)
class Case:
    """An encoder on its points, and the concepts (rows) that are said to be separated.

    `by_units` lets units separate, and `forgiven` errors are forgiven: neither is what the statement allows.
    """

    model: Planted
    concepts: Bool[np.ndarray, "p N"]
    label: str
    by_units: bool = False
    forgiven: int = 0


def bound(case: Case) -> int:
    """Return the width d: no more distinct concepts are separated by single neurons."""
    return case.model.width


def observe(case: Case) -> Observed:
    """Count the concepts that some neuron separates: N_i ∩ X = C."""
    fires = case.model.fires()
    if case.by_units:
        thetas = [model_concept(fires, closure_unit(fires, concept)) for concept in case.concepts]
        exact = [bool((theta == c).all()) for theta, c in zip(thetas, case.concepts, strict=True)]
        return Observed(sum(exact), case.label)
    return Observed(sum(_served(fires, concept, case.forgiven) for concept in case.concepts), case.label)


def _served(fires: Bool[np.ndarray, "N d"], concept: Bool[np.ndarray, " N"], forgiven: int) -> bool:
    """Tell whether some neuron fires exactly on the concept, but for the errors that are forgiven."""
    return bool(((fires != concept[:, None]).sum(axis=0) <= forgiven).any())


def _own(model: Planted, label: str) -> Case:
    """Take as concepts the distinct sets on which the neurons fire: as many as can be separated."""
    return Case(model, np.unique(model.fires().T, axis=0), label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield encoders whose own firing sets are the concepts, the bound attained first."""
    for d in (1, 2, 7):
        yield _own(cube(d, layer(d, 1)), f"{d} disjoint concepts by {d} neurons: attained")
    nested = Planted(np.arange(9)[:, None], np.ones((8, 1), dtype=np.int64), -np.arange(8))
    yield _own(nested, "a chain of 8 nested half-lines: attained")
    silent = Planted(np.arange(3)[:, None], np.array([[1], [1]]), np.array([0, -9]))
    yield _own(silent, "the empty concept, separated by a neuron that never fires: attained")
    twins = Planted(np.arange(4)[:, None], np.ones((5, 1), dtype=np.int64), np.full(5, -1))
    yield _own(twins, "five equal neurons: one concept")
    for d, size in ((1, 2), (2, 4)):
        # All 2^N sets as concepts: most of them no neuron separates, and those must not count.
        every = (np.arange(2**size)[:, None] >> np.arange(size)) & 1 == 1
        model = Planted(np.arange(size)[:, None], np.ones((d, 1), dtype=np.int64), -np.arange(d))
        yield Case(model, every, f"all subsets of {size} points, d={d}: only {d} of them separated, attained")
    for i in range(count):
        dim, width = int(rng.integers(1, 5)), int(rng.integers(1, 13))
        model = random_planted(rng, points=int(rng.integers(1, 30)), dim=dim, width=width)
        case = _own(model, f"random encoder {i}: n={dim}, d={width}, N={len(model.points)}")
        # Random sets besides the neurons' own: more concepts than neurons, few of them separated.
        others = rng.random((width, len(model.points))) < 0.5
        yield replace(case, concepts=np.unique(np.vstack([case.concepts, others]), axis=0)) if i % 2 else case


def repeated(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield one concept too many: a concept listed twice, in fixed and random encoders."""
    for d in (1, 4):
        case = _own(cube(d, layer(d, 1)), "")
        yield Case(case.model, np.vstack([case.concepts, case.concepts[:1]]), f"d={d}, one concept twice")
    for i in range(max(1, count // 10)):
        d = int(rng.integers(2, 9))
        case = _own(cube(d, layer(d, 1)), "")
        again = case.concepts[rng.integers(0, d, size=1)]
        yield Case(case.model, np.vstack([case.concepts, again]), f"random repetition {i}: d={d}")


def by_units(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield concepts that pairs of neurons separate and no neuron does: C(d, 2) > d of them for d ≥ 4."""
    for d in (4, int(rng.integers(4, 9))):
        model = cube(d, layer(d, 2))
        singletons = np.eye(len(model.points), dtype=np.bool_)
        yield Case(model, singletons, f"{len(singletons)} concepts by pairs of {d} neurons", by_units=True)


def with_errors(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a neuron that serves two concepts when an error is forgiven."""
    for size in (2, *(int(v) for v in rng.integers(3, 20, max(1, count // 10)))):
        line = Planted(np.arange(size)[:, None], np.ones((1, 1), dtype=np.int64), np.zeros(1, dtype=np.int64))
        concepts = np.arange(size) > np.arange(2)[:, None]
        yield Case(line, concepts, f"two half-lines of {size} points by one neuron, an error", forgiven=1)


def _far(C: Bool[np.ndarray, " N"], other: Bool[np.ndarray, " N"], tolerance: float) -> bool:
    """Whether no neuron can be within ε of both: it would have |C △ C′| ≤ 2ε(|C| + |C′|) (S12)."""
    apart, total = int(np.sum(other != C)), int(C.sum() + other.sum())
    return apart > 2 * tolerance * total


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold d against the number of concepts, pairwise further apart than 2ε, that single neurons separate.

    Vacuous where there are no more concepts than neurons.
    """
    view = sample_view(instance)
    miss, alarms = pair_errors(view)
    served = np.flatnonzero((np.maximum(miss, alarms) <= view.tolerance).any(axis=1))
    apart: list[int] = []
    for k in served:
        if all(_far(view.concepts[:, k], view.concepts[:, j], view.tolerance) for j in apart):
            apart.append(int(k))
    width = instance.neurons.width
    label = f"{instance.label}: concepts served by single neurons at ε={view.tolerance:g}"
    return [compare(Observed(len(apart), label), width, "upper", vacuous=width >= len(view.names))]


CLAIM = Claim(
    id="S5",
    statement="p distinct concepts separated by single neurons need at least p neurons.",
    tex=r"\{C_k\}_{k=1}^{p}\ \text{distinct},\ \forall k\,\exists i:\ N_i\cap X=C_k\ \Longrightarrow\ d\ge p",
    hypotheses=(
        Hypothesis("the concepts are distinct subsets of X", repeated),
        Hypothesis("each is separated by a single neuron", by_units),
        Hypothesis("separation is exact: no error is forgiven", with_errors),
    ),
    kind="upper",
    source="zhang2026geometric",
    figure="width_bound",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
