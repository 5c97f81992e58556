r"""S7. Overlap and depth cost sparsity: no chain of separated concepts is longer than the sparsity budget.

Single neurons: distinct concepts have distinct neurons, all of which fire on a common point, so K ≥ max_x
#{k : x ∈ C_k}. Units: along a chain C_1 ⊋ … ⊋ C_L of separated concepts the closure units grow strictly,
and M(C_1) is not empty because C_1 ≠ X; so |M(C_k)| ≥ k, and a point of C_L activates at least L neurons: L
≤ K.

The last concept must not be empty. Nothing activates the closure unit of ∅ (all of [d]), and two disjoint
half-lines give the chain N_1 ∩ X ⊋ ∅ of length 2 with one neuron active everywhere: the last control.

At ε > 0 the chain bound is false for every ε: a Top-1 child of share ≤ ε of its parent, absorbed, makes a
chain of two. What takes its place is S12 (f): distinct neurons that detect C_k within ε satisfy (1−ε)Σμ(C_k)
≤ ∫ L0 over ∪C_k ≤ K·μ(∪C_k).

The statement is ours; the closure unit is that of formal concept analysis (Ganter and Wille, 1999).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._planted import Planted, closure_unit, cube, model_concept, random_planted, separated
from proofs_checks._runs import Fitted, SampleView, fitted_units, pair_errors, sample_view

Part = Literal["overlap", "chain"]
# The search for a long chain is cut after so many steps: a shorter chain is a chain too.
MOST_STEPS = 5000


@dataclass(frozen=True, eq=False)
class Case:
    """An encoder on its points and concepts (rows): any family, or a chain from the largest inwards.

    What the statement does not allow: a `claimed` K that is too small, `forgiven` false alarms of the units,
    units that stand for the single neurons of an overlap (`by_units`).
    """

    model: Planted
    concepts: Bool[np.ndarray, "p N"]
    part: Part
    label: str
    claimed: int | None = None
    forgiven: int = 0
    by_units: bool = False


def bound(case: Case) -> int:
    """Return K, the largest number of neurons that fire on one point of X."""
    return int(case.model.fires().sum(axis=1).max()) if case.claimed is None else case.claimed


def observe(case: Case) -> Observed:
    """Measure the overlap of concepts that single neurons separate, or the length of the separated chain."""
    fires = case.model.fires()
    if case.part == "overlap":
        served = [c for c in case.concepts if (separated if case.by_units else _by_neuron)(fires, c)]
        value = int(np.sum(served, axis=0).max()) if served else 0
    elif case.forgiven:
        thetas = [model_concept(fires, closure_unit(fires, c)) for c in case.concepts]
        value = sum(int((t & ~c).sum()) <= case.forgiven for t, c in zip(thetas, case.concepts, strict=True))
    else:
        value = sum(separated(fires, c) for c in case.concepts)
    return Observed(value, f"{case.label} [{case.part}]")


def _by_neuron(fires: Bool[np.ndarray, "N d"], concept: Bool[np.ndarray, " N"]) -> bool:
    return bool((fires == concept[:, None]).all(axis=0).any())


def _staircase(depth: int, *, first: int = 0) -> Planted:
    """Plant the half-lines x > 0, …, x > depth − 1 on the points first, …, depth: at most `depth` fire."""
    points = np.arange(first, depth + 1)[:, None]
    return Planted(points, np.ones((depth, 1), dtype=np.int64), -np.arange(depth))


def _longest(model: Planted, rng: np.random.Generator) -> Bool[np.ndarray, "p N"]:
    """Follow a random walk of shrinking model concepts, from one that is not X to one that is not empty."""
    fires = model.fires()
    unit = np.zeros(model.width, dtype=np.bool_)
    chain: list[Bool[np.ndarray, " N"]] = []
    point = fires[rng.integers(len(fires))]
    for i in rng.permutation(np.flatnonzero(point)):
        unit[i] = True
        concept = model_concept(fires, unit)
        if not concept.all() and (not chain or (concept != chain[-1]).any()):
            chain.append(concept)
    return np.array(chain, dtype=np.bool_).reshape(len(chain), len(fires))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield chains of depth exactly K, overlaps of exactly K, degenerate encoders, then random ones."""
    for depth in (1, 2, 3, 8, 30):
        model = _staircase(depth)
        nested = model.fires().T
        yield Case(model, nested, "chain", f"a staircase of depth K = {depth}: attained")
        yield Case(model, nested, "overlap", f"{depth} nested half-lines over one point: attained")
    # Units of several neurons that grow by one each step.
    subsets = [tuple(range(k)) for k in range(6)]
    few = Planted(np.arange(9)[:, None], np.ones((2, 1), dtype=np.int64), np.array([-2, -5]))
    down = np.arange(9) > np.arange(8)[:, None]
    yield Case(few, down, "chain", "eight nested half-lines, two of them by neurons: attained")
    yield Case(few, down, "overlap", "eight nested half-lines, two of them by neurons: attained")
    tower = cube(5, subsets)
    yield Case(tower, tower.fires().T, "chain", "the initial segments of five neurons: attained")
    nothing = Planted(np.arange(4)[:, None], np.zeros((0, 1), dtype=np.int64), np.zeros(0, dtype=np.int64))
    parts: tuple[Part, ...] = ("chain", "overlap")
    for part in parts:
        yield Case(nothing, np.zeros((0, 4), dtype=np.bool_), part, "no neurons: depth 0")
    for i in range(count):
        dim, width = int(rng.integers(1, 5)), int(rng.integers(1, 15))
        model = random_planted(rng, points=int(rng.integers(2, 40)), dim=dim, width=width)
        label = f"random encoder {i}: n={dim}, d={width}, N={len(model.points)}"
        if i % 2:
            yield Case(model, np.unique(model.fires().T, axis=0), "overlap", label)
        else:
            yield Case(model, _longest(model, rng), "chain", label)
        # A chain of sets that need not be separated, longer than K: those that are not must not count.
        ranks = np.unique(model.points, axis=0, return_inverse=True)[1].ravel()
        nested = ranks < np.arange(int(ranks.max()), 0, -1)[:, None]
        part: Part = "overlap" if i % 2 else "chain"
        yield Case(model, nested, part, f"random encoder {i}, a chain of {len(nested)} sets")


def understated(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield staircases with K understated by one."""
    for depth in (1, 4, *(int(v) for v in rng.integers(2, 12, max(1, count // 10)))):
        model = _staircase(depth)
        for part in ("chain", "overlap"):
            label = f"a staircase of depth {depth}, K = {depth - 1} claimed"
            yield Case(model, model.fires().T, part, label, claimed=depth - 1)


def from_everything(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield chains that start at C_1 = X."""
    for depth in (1, 4, *(int(v) for v in rng.integers(2, 12, max(1, count // 10)))):
        model = _staircase(depth)
        whole = np.vstack([np.ones((1, depth + 1), dtype=np.bool_), model.fires().T])
        yield Case(model, whole, "chain", f"the chain starts at C_1 = X, K = {depth}")


def down_to_nothing(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a chain that ends at the empty concept."""
    apart = Planted(np.array([[-1], [0], [1]]), np.array([[1], [-1]]), np.zeros(2, dtype=np.int64))
    down = np.vstack([apart.fires().T[:1], np.zeros((1, 3), dtype=np.bool_)])
    yield Case(apart, down, "chain", "the chain ends at the empty concept, K = 1")


def not_strict(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield chains with a concept repeated."""
    for depth in (1, 3, 7):
        model = _staircase(depth)
        again = np.vstack([model.fires().T, model.fires().T[-1:]])
        yield Case(model, again, "chain", f"the last concept twice (not strict), K = {depth}")


def with_alarms(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a chain of half-lines by one neuron, its false alarms forgiven."""
    for length in (2, 5, *(int(v) for v in rng.integers(2, 12, max(1, count // 10)))):
        points = np.arange(length + 1)
        line = Planted(points[:, None], np.ones((1, 1), dtype=np.int64), np.zeros(1, dtype=np.int64))
        chain = points > np.arange(length)[:, None]
        yield Case(line, chain, "chain", f"{length} half-lines by one neuron, errors", forgiven=length)


def repeated(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield overlaps in which a concept is counted twice."""
    for depth in (1, 3, 7):
        model = _staircase(depth)
        again = np.vstack([model.fires().T, model.fires().T[-1:]])
        yield Case(model, again, "overlap", f"one concept twice (not distinct), K = {depth}")


def by_units(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield all model concepts of d neurons: 2^d units separate them, and all hold the common point."""
    for d in (2, 3, 4):
        subsets = [tuple(i for i in range(d) if bits >> i & 1) for bits in range(2**d)]
        model = cube(d, subsets)
        units = [np.isin(np.arange(d), subset) for subset in subsets]
        concepts = np.array([model_concept(model.fires(), unit) for unit in units])
        yield Case(model, concepts, "overlap", f"all units of {d} neurons over one point", by_units=True)


def _longest_chain(view: SampleView, fitted: Sequence[Fitted]) -> list[Fitted]:
    """Return the longest chain of concepts whose units must grow, counted with errors.

    Let U_k be the union of the first k units. If M_k ⊂ U_{k−1}, the points of C_{k−1}∖C_k that the first
    k − 1 units hold are false alarms of M_k; so |C_{k−1}∖C_k| > alarms_k + misses_1 + … + misses_{k−1} makes
    U_k larger. If |C_L| exceeds all misses, some point of C_L activates all of U_L: L ≤ K.
    """
    outer_first = sorted(fitted, key=lambda f: -int(view.concepts[:, f.concept].sum()))
    everything = np.ones(len(view.points), dtype=np.bool_)
    best: tuple[int, ...] = ()
    stack: list[tuple[tuple[int, ...], int]] = [((), 0)]
    for _ in range(MOST_STEPS):
        if not stack:
            break
        chain, missed = stack.pop()
        inner = view.concepts[:, outer_first[chain[-1]].concept] if chain else everything
        if len(chain) > len(best) and int(inner.sum()) > missed:
            best = chain
        # The largest next concept is tried first: long chains come early, should the search be cut.
        for k in reversed(range(chain[-1] + 1 if chain else 0, len(outer_first))):
            unit = outer_first[k]
            C = view.concepts[:, unit.concept]
            if not (C & ~inner).any() and int((inner & ~C).sum()) > unit.alarms + missed:
                stack.append(((*chain, k), missed + unit.misses))
    return [outer_first[k] for k in best]


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold K against the depth of the separated hierarchy and against the overlap served by single neurons.

    Overlap: at each point, concepts that a neuron detects without a miss and with false alarms at most ε, and
    that differ pairwise on more than 2ε of X. Vacuous where the concepts themselves are no deeper, and
    overlap no more, than K.
    """
    view = sample_view(instance)
    K = int(view.fires.sum(axis=1).max())
    chain = _longest_chain(view, fitted_units(view))
    miss, alarms = pair_errors(view)
    family: list[int] = []
    for k in np.flatnonzero(((miss == 0) & (alarms <= view.tolerance)).any(axis=1)):
        if all(np.mean(view.concepts[:, k] != view.concepts[:, j]) > 2 * view.tolerance for j in family):
            family.append(int(k))
    overlap = int(view.concepts[:, family].sum(axis=1).max()) if family else 0
    errors = sum(f.misses + f.alarms for f in chain)
    deep = f"{instance.label}: depth of the hierarchy told apart by units, {errors} errors in all"
    wide = f"{instance.label}: overlap of concepts by single neurons, ε={view.tolerance:g}"
    most = int(view.concepts.sum(axis=1).max(initial=0))
    return [
        compare(Observed(len(chain), deep), K, "upper", vacuous=_depth(view.concepts) <= K),
        compare(Observed(overlap, wide), K, "upper", vacuous=most <= K),
    ]


def _depth(concepts: Bool[np.ndarray, "N p"]) -> int:
    """Return the length of the longest strictly decreasing chain of the concepts."""
    depths: list[int] = []
    by_size = concepts[:, np.argsort(concepts.sum(axis=0), kind="stable")]
    for k in range(by_size.shape[1]):
        inside = [j for j in range(k) if not (by_size[:, j] & ~by_size[:, k]).any()]
        strict = [depths[j] for j in inside if (by_size[:, j] != by_size[:, k]).any()]
        depths.append(1 + max(strict, default=0))
    return max(depths, default=0)


CLAIM = Claim(
    id="S7",
    statement=(
        "A chain of L separated concepts, from C_1 ≠ X to C_L ≠ ∅, needs L ≤ K neurons active on some point; "
        "concepts separated by single neurons overlap at most K-fold."
    ),
    tex=(
        r"X\ne C_1\supsetneq\dots\supsetneq C_L\ne\emptyset\ \text{separated},\ L_0\le K\ \text{on}\ X"
        r"\ \Longrightarrow\ L\le K;\qquad \max_x\#\{k:x\in C_k\}\le K"
    ),
    hypotheses=(
        Hypothesis("at most K neurons fire on any point of X", understated),
        Hypothesis("chain: C_1 ≠ X", from_everything),
        Hypothesis("chain: C_L ≠ ∅", down_to_nothing),
        Hypothesis("chain: strictly decreasing", not_strict),
        Hypothesis("chain: each separated by a unit, exactly", with_alarms),
        Hypothesis("overlap: distinct concepts", repeated),
        Hypothesis("overlap: each separated by a single neuron", by_units),
    ),
    kind="upper",
    source="ganter1999",
    figure="depth_sparsity",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
