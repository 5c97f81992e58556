r"""D3. The closure unit M(C) = {i : C ⊂ N_i} is the best exact unit for C: no search is needed.

A unit detects C exactly when all its members do (D2), so the detecting units are the 2^{|M(C)|} subsets of
M(C); the larger the unit the smaller θ, so θ_{M(C)} is the smallest model concept that holds C, and some
unit separates C iff θ_{M(C)} ∩ X = C. The smallest separating unit is a minimum cover of X∖C by the
complements of the N_i, i ∈ M(C).

Here all 2^d units are tried. At a tolerance on each member's misses the closure unit loses its rank: it can
miss too much jointly, and fail where a smaller unit succeeds (control). The statement is ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._planted import Planted, closure_unit, model_concept, random_planted
from proofs_checks._runs import sample_view

Part = Literal["separates", "subsets", "cover"]
TRIES = 200


@dataclass(frozen=True, eq=False)
class Case:
    """An encoder, a concept; `spared` misses are forgiven to each member when the closure unit is formed."""

    model: Planted
    concept: Bool[np.ndarray, " N"]
    part: Part
    label: str
    spared: int = 0

    def closure(self) -> Bool[np.ndarray, " d"]:
        """Return the neurons with at most `spared` misses on the concept."""
        missed = (~self.model.fires()[self.concept]).sum(axis=0)
        return missed <= self.spared


def _units(width: int) -> Iterator[Bool[np.ndarray, " d"]]:
    for size in range(width + 1):
        for chosen in combinations(range(width), size):
            unit = np.zeros(width, dtype=np.bool_)
            unit[list(chosen)] = True
            yield unit


def bound(case: Case) -> int:
    """Return what the closure unit says: whether it separates, 2^{|M(C)|}, or the least cover (−1: none)."""
    fires, unit = case.model.fires(), case.closure()
    theta = model_concept(fires, unit)
    if case.part == "subsets":
        return 2 ** int(unit.sum())
    if case.part == "separates":
        return int((theta == case.concept).all())
    return _least_cover(~fires[:, unit][~case.concept])


def _least_cover(sets: Bool[np.ndarray, "m k"]) -> int:
    """Return the fewest columns that together cover all rows, −1 if none do."""
    for size in range(sets.shape[1] + 1):
        for chosen in combinations(range(sets.shape[1]), size):
            if sets[:, list(chosen)].any(axis=1).all():
                return size
    return -1


def observe(case: Case) -> Observed:
    """Try all units: whether one separates, how many detect, and the size of the smallest that separates."""
    fires, label = case.model.fires(), f"{case.label} [{case.part}]"
    separating, detecting = [-1], 0
    for unit in _units(case.model.width):
        theta = model_concept(fires, unit)
        detecting += bool(theta[case.concept].all())
        if (theta == case.concept).all():
            separating.append(int(unit.sum()))
    value = {
        "separates": int(len(separating) > 1),
        "subsets": detecting,
        "cover": min(separating[1:], default=-1),
    }
    return Observed(value[case.part], label)


def _all_parts(model: Planted, concept: Bool[np.ndarray, " N"], label: str) -> Iterator[Case]:
    parts: tuple[Part, ...] = ("separates", "subsets", "cover")
    for part in parts:
        yield Case(model, concept, part, label)


def _slabs() -> Planted:
    """Plant x > −3, x < 3, x > −2, x < 2 on −4…4."""
    w, c = np.array([[1], [-1], [1], [-1]]), np.array([3, 3, 2, 2])
    return Planted(np.arange(-4, 5)[:, None], w, c)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield slabs, the empty and the whole concept, no neurons, then random encoders."""
    points = np.arange(-4, 5)
    for concept, label in (
        (np.abs(points) < 2, "a slab"),
        (np.abs(points) < 1, "less than any slab"),
        (points > 9, "the empty concept"),
        (points < 9, "the whole of X"),
    ):
        yield from _all_parts(_slabs(), concept, label)
    bare = Planted(points[:, None], np.zeros((0, 1), np.int64), np.zeros(0, np.int64))
    yield from _all_parts(bare, points < 9, "no neurons, all of X")
    yield from _all_parts(bare, points < 0, "no neurons, half of X")
    for i in range(count):
        model = random_planted(rng, points=int(rng.integers(1, 20)), dim=2, width=int(rng.integers(1, 6)))
        fires = model.fires()
        # Half of the concepts are model concepts, so that separable ones are not rare.
        concept = rng.random(len(fires)) < 0.3
        if i % 2:
            concept = model_concept(fires, rng.random(model.width) < 0.5)
        case = next(_all_parts(model, concept, f"random encoder {i}: d={model.width}, N={len(fires)}"))
        part: Part = ("separates", "subsets", "cover")[i % 3]
        yield replace(case, part=part)


def counter_instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield closure units that forgive each member a miss: they fail where smaller units succeed."""
    points = np.arange(-4, 5)
    concept = np.abs(points) < 3
    tight = Planted(points[:, None], np.array([[1], [-1], [1]]), np.array([3, 3, 2]))
    yield Case(tight, concept, "separates", "one miss forgiven to each member", spared=1)
    yield Case(tight, concept, "subsets", "one miss forgiven to each member", spared=1)
    lone = Planted(points[:, None], np.array([[1], [1]]), np.array([-1, 1]))
    yield Case(lone, points > 0, "cover", "one miss forgiven: a cover by what does not detect", spared=1)
    for i in range(max(1, count // 10)):
        size = int(rng.integers(3, 12))
        line = Planted(np.arange(size)[:, None], np.array([[1], [1]]), np.array([0, -1]))
        yield Case(line, np.arange(size) > 0, "separates", f"random line {i}: N={size}", spared=1)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the false alarms of random detecting units against those of the closure unit: never fewer.

    Always vacuous: the units are parts of the closure unit, and both sides come from one array of firing.
    """
    view = sample_view(instance)
    rng = np.random.default_rng(0)
    evidence: list[Evidence] = []
    for k, name in enumerate(view.names):
        inside = view.concepts[:, k]
        members = np.flatnonzero(closure_unit(view.fires, inside))
        outside = view.fires[~inside][:, members]
        best = int(outside.all(axis=1).sum())
        picks = [rng.random(len(members)) < rng.random() for _ in range(TRIES)]
        others = min(int(outside[:, pick].all(axis=1).sum()) for pick in picks)
        label = f"{instance.label}: {name}, false alarms of {TRIES} units in M(C), |M(C)|={len(members)}"
        evidence.append(compare(Observed(others, label), best, "lower", vacuous=True))
    return evidence


CLAIM = Claim(
    id="D3",
    statement=(
        "The units that detect C are the subsets of M(C), and some unit separates C exactly when the closure "
        "unit M(C) does."
    ),
    tex=(r"C\subset\theta_M\iff M\subset M(C);\qquad \exists M:\ \theta_M\cap X=C\iff\theta_{M(C)}\cap X=C"),
    hypotheses=(Hypothesis("detection is exact: no miss is forgiven", counter_instances),),
    kind="tight",
    source="ganter1999",
    figure="closure_units",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
