r"""D1. A bounded concept is detected by one absolute neuron: push the hyperplane away.

For any direction w the half-space ⟨w, x⟩ > inf_C ⟨w, x⟩ − 1 holds C; only a limit on how many neurons may
fire gives detection a price. A bias is needed: without one a half-space holds C only if o ∉ Conv(C). The
direction must have a bounded infimum, which for w = 0 (a neuron that always fires) is the case on any set
whatever.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._planted import LARGEST, Planted
from proofs_checks._runs import pair_errors, sample_view


@dataclass(frozen=True, eq=False)
class Case:
    """Points of a concept, a direction, and the bias of its neuron (None: the hyperplane is pushed away)."""

    concept: Planted
    label: str
    bias: int | None = None


def bound(case: Case) -> int:
    """Return |C|: every point is detected."""
    return len(case.concept.points)


def observe(case: Case) -> Observed:
    """Count the points on which the neuron fires."""
    points, w = case.concept.points, case.concept.w
    away = 1 - int((points @ w.T).min()) if len(points) else 0
    pushed = replace(case.concept, c=np.array([away if case.bias is None else case.bias]))
    return Observed(int(pushed.fires().sum()), case.label)


def _cloud(points: Sequence[Sequence[int]], w: Sequence[int]) -> Planted:
    rows = np.array(points, dtype=np.int64).reshape(len(points), len(w))
    return Planted(rows, np.array([w], dtype=np.int64), np.zeros(1, dtype=np.int64))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the empty concept, one point, a wide one, a dead direction, then random clouds."""
    yield Case(_cloud([], [1]), "the empty concept")
    yield Case(_cloud([[0]], [0]), "one point, w = 0: the neuron always fires")
    far = LARGEST // 4
    yield Case(_cloud([[-far, far], [far, -far]], [1, 1]), "two far points")
    for i in range(count):
        n, size = int(rng.integers(1, 6)), int(rng.integers(1, 40))
        points, w = rng.integers(-50, 51, (size, n)), rng.integers(-3, 4, n)
        yield Case(_cloud(points.tolist(), w.tolist()), f"random cloud {i}: n={n}, |C|={size}")


def outgrown(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield an unbounded half-line: whatever the bias, a point of it lies behind the hyperplane."""
    for i in range(max(1, count // 10)):
        c = int(rng.integers(1, 1000))
        grown = [[k] for k in range(-c, 3)]
        yield Case(_cloud(grown, [1]), f"random unbounded concept {i}: the point {-c} lies behind", bias=c)


def unbiased(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points on both sides of o and a neuron without a bias."""
    yield Case(_cloud([[-1], [1]], [1]), "−1 and 1, no bias: one is missed", bias=0)
    for i in range(max(1, count // 10)):
        n = int(rng.integers(1, 5))
        x, w = rng.integers(-9, 10, n), rng.integers(1, 4, n)
        yield Case(_cloud([x.tolist(), (-x).tolist()], w.tolist()), f"random x and −x {i}, no bias", bias=0)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Say how many concepts single neurons of a trained SAE detect without a miss: at most all of them.

    Tightness is the share of the concepts for which training has reached what D1 allows. Always vacuous: no
    more concepts can be detected than there are.
    """
    view = sample_view(instance)
    detected = int((pair_errors(view)[0] == 0).any(axis=1).sum())
    label = f"{instance.label}: concepts that one neuron detects without a miss"
    return [compare(Observed(detected, label), len(view.names), "upper", vacuous=True)]


CLAIM = Claim(
    id="D1",
    statement="Every bounded concept is detected by a single neuron with an absolute gate and a bias.",
    tex=r"C\text{ bounded}\ \Longrightarrow\ \exists\,w\ne0,c:\ C\subset\{\langle w,x\rangle+c>0\}",
    hypotheses=(
        Hypothesis("C is bounded", outgrown),
        Hypothesis("the neuron has a bias", unbiased),
    ),
    kind="existence",
    source="zhang2026geometric",
    figure="detection",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
