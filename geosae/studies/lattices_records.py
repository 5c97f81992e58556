"""Settings and results of the study of lattices: how much of the true one is in what an SAE learned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.analysis import Notion
from geosae.experiments.gates import Gate
from geosae.experiments.jobs import StudyRecord

Arm = Literal["planted", "trained", "untrained", "frozen_decoder", "shuffled"]
"""The true half-spaces; an SAE as it is trained; two baselines; the trained one, labels permuted."""
FLOORS: tuple[Arm, ...] = ("untrained", "frozen_decoder", "shuffled")
ARM_NAMES: Mapping[Arm, str] = {
    "planted": "planted half-spaces",
    "trained": "trained",
    "untrained": "untrained",
    "frozen_decoder": "frozen decoder",
    "shuffled": "shuffled labels",
}
DEGREES = ("0", "1", "2–3", "4–7", "8+")
"""The classes in which neurons per concept, and concepts per neuron, are counted."""


@dataclass(frozen=True)
class Learning:
    """One truth, one SAE and its baselines, one notion at one tolerance."""

    truth: str
    gate: Gate
    sparsity: float | int
    width: int
    steps: int
    spread: float
    """The radius of the balls over the largest safe one."""
    tolerance: float
    notion: Notion
    seed: int
    points: int
    """The number of points of each object."""


@dataclass(frozen=True)
class RuleCounts:
    """Rules between concepts, "whoever has these has those too", of which a case is there.

    Of the true basis: how many hold in the learned context with a case, fail there, or have no case there.
    Of the learned basis the same in the true context. None where a basis is too large to be computed.
    """

    kept: int
    broken: int
    silent: int
    true: int | None
    false: int | None
    baseless: int | None


@dataclass(frozen=True)
class Reached:
    """What the certified context of one arm has of the true lattice."""

    edges: int
    theta: int | None
    """The least Δ of its stable family, chosen on its own shuffled columns."""
    family: int
    soft_recall: float
    """Mean over true extents of the best Jaccard index with a member of the family."""
    soft_precision: float
    """Mean over the family of the best Jaccard index with a true extent; nan of no family."""
    exact_recall: float
    """Share of true extents that are closed in the whole certified context."""
    concepts: int
    """The number of all concepts of the certified context, without ∅ and the whole set (Δ ≥ 1)."""
    whole_recall: float
    """Soft recall and precision of all of them; nan where they are too many."""
    whole_precision: float
    exact_precision: float
    """Share of all of them that are true extents."""
    stable_recall: float
    """Share of true extents in the family."""
    order_kept: float
    mutual: float
    """Share of concepts C with g(f(C)) = C (F2)."""
    closed: float
    """Share of concepts that are closed alone."""
    neurons_per_concept: tuple[int, ...]
    """How many concepts have so many neurons, by `DEGREES`."""
    concepts_per_neuron: tuple[int, ...]
    rules: RuleCounts


@dataclass(frozen=True)
class Compared:
    """All arms of one setting, beside the true lattice."""

    concepts: int
    """The number of concepts of the true lattice."""
    arms: Mapping[Arm, Reached]
    permuted_recall: float
    """Soft recall of the trained context with permuted columns, at the same θ."""
    permuted_precision: float
    permuted_exact: float
    fvu: float


Records: TypeAlias = Sequence[StudyRecord[Learning, Compared]]
AXES: Mapping[str, Callable[[Learning], float | int | str]] = {
    "width": lambda job: job.width,
    "sparsity": lambda job: job.sparsity,
    "steps": lambda job: job.steps,
    "spread": lambda job: job.spread,
    "tolerance": lambda job: job.tolerance,
}
"""What is varied one at a time around the base, at the base's truth."""


def read(arm: Arm, value: Callable[[Reached], float]) -> Callable[[Compared], float | None]:
    """Return what reads a number of one arm off a result; None where the arm was not run."""
    return lambda result: value(result.arms[arm]) if arm in result.arms else None


def soft_recall(reached: Reached) -> float:
    """Return the soft recall."""
    return reached.soft_recall


def soft_precision(reached: Reached) -> float:
    """Return the soft precision."""
    return reached.soft_precision


def base_of(records: Records, gate: Gate) -> Learning | None:
    """Return the setting of a gate that most truths share, at the truth with most settings, if any."""
    jobs = [r.settings for r in records if r.settings.gate == gate and r.settings.notion == "detection"]
    if not jobs:
        return None
    settings: dict[tuple[float | int | str, ...], set[str]] = {}
    for job in jobs:
        settings.setdefault(_point(job), set()).add(job.truth)
    base = max(settings, key=lambda point: len(settings[point]))
    truths = [job.truth for job in jobs]
    most = max(dict.fromkeys(truths), key=truths.count)
    return next((job for job in jobs if _point(job) == base and job.truth == most), jobs[0])


def _point(job: Learning) -> tuple[float | int | str, ...]:
    return tuple(value(job) for value in AXES.values())


def over_truths(records: Records, base: Learning) -> dict[str, Records]:
    """Return the records at the base's setting, truth by truth, the smaller lattices first."""
    at = [
        r
        for r in records
        if r.settings.gate == base.gate
        and r.settings.notion == base.notion
        and _point(r.settings) == _point(base)
    ]
    by_truth: dict[str, list[StudyRecord[Learning, Compared]]] = {}
    for record in at:
        by_truth.setdefault(record.settings.truth, []).append(record)
    return dict(sorted(by_truth.items(), key=lambda item: _size(item[1])))


def _size(records: Records) -> float:
    return sum(r.result.concepts for r in records) / len(records)


def over_axis(records: Records, base: Learning, axis: str) -> list[tuple[float, Records]]:
    """Return (value, records) of one axis, everything else as at the base."""
    others = {name: value(base) for name, value in AXES.items() if name != axis}
    at = [
        r
        for r in records
        if (r.settings.truth, r.settings.gate, r.settings.notion) == (base.truth, base.gate, base.notion)
        and all(AXES[name](r.settings) == value for name, value in others.items())
    ]
    values = sorted({float(AXES[axis](r.settings)) for r in at})
    return [(v, [r for r in at if float(AXES[axis](r.settings)) == v]) for v in values]
