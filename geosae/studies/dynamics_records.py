"""Settings and results of the study of training: loss and separation after so many steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import stats

from geosae.experiments.gates import Gate
from geosae.experiments.jobs import StudyRecord
from geosae.studies.numbers import per_seed

Arm = Literal["untrained", "trained", "frozen_decoder"]
Learner = Literal["neuron", "unit"]
LEARNERS: tuple[Learner, ...] = ("neuron", "unit")


@dataclass(frozen=True)
class TrainingWorld:
    """A world with the SAE that is trained on it.

    Attributes
    ----------
    label
        What figures call it.
    source, params
        The world and its parameters, but for the number of points.
    dim, concepts
        The dimension n and the number p of concepts.
    gate, sparsity, width, decoder
        The SAE: its gate, λ or K, the number of neurons, and whether its atoms have norm 1.
    rate
        The rate of frozen decoders: geosae's own for so many neurons, a third of it where atoms are free.
    learner
        What separates here: single neurons, or units of any size.
    """

    label: str
    source: str
    params: Mapping[str, Any]
    dim: int
    concepts: int
    gate: Gate
    sparsity: float | int
    width: int
    decoder: Literal["unit", "free"]
    rate: float
    learner: Learner


def _superposition(dim: int, features: int) -> TrainingWorld:
    params = {"dim": dim, "features": features, "active": 2, "directions": "low-coherence"}
    constant = {"magnitudes": "constant", "noise": 0.01}
    return TrainingWorld(
        f"superposition, n = {dim}", "superposition", {**params, **constant}, dim, features, "batchtopk", 2,
        features, "free", 0.01, "neuron",
    )  # fmt: skip


_BALLS = {"dim": 16, "concepts": 32, "radius": 0.15, "background": 0.25}
_TREE = {"dim": 15, "context": "taxonomy-2x5", "concepts": "attributes"}
WORLDS: Mapping[str, TrainingWorld] = {
    "balls": TrainingWorld("balls", "disjoint-balls", _BALLS, 16, 32, "relu", 0.3, 64, "unit", 0.03, "unit"),
    "taxonomy": TrainingWorld(
        "taxonomy", "formal-context", _TREE, 15, 30, "relu", 0.1, 30, "unit", 0.03, "unit"
    ),
    "superposition-16": _superposition(16, 32),
    "superposition-24": _superposition(24, 48),
}
"""In the first two untrained units separate; in the others no untrained neuron or unit does."""


@dataclass(frozen=True)
class Training:
    """One training of so many steps at one peak rate; an untrained SAE has neither."""

    world: str
    arm: Arm
    steps: int
    rate: float
    points: int
    seed: int


@dataclass(frozen=True)
class TrainedState:
    """What an SAE has reached at its end; separation on points that it never saw."""

    loss: float
    """What the gate minimises, penalty included, at the last step."""
    fvu: float
    dead: float
    """The share of neurons that fire on no point."""
    l0: float
    neuron: float
    """The share of concepts that one neuron is certified to separate within 0.1 (E4, Holm)."""
    unit: float
    """The same for a unit of any size."""
    small_unit: float
    """The same for a unit of at most four neurons."""
    neuron_not: float
    """The share of concepts that the chosen neuron is certified not to separate within 0.1."""
    unit_not: float
    """The same for the chosen unit."""
    neuron_shuffled: float
    """The certified share where the labels of the points are permuted."""
    unit_shuffled: float


Records: TypeAlias = Sequence[StudyRecord[Training, TrainedState]]


def share_of(learner: Learner) -> Callable[[TrainedState], float]:
    """Return what reads the certified share of a learner off a result."""
    return (lambda state: state.neuron) if learner == "neuron" else (lambda state: state.unit)


def of_world(records: Records, world: str) -> Records:
    """Return the records of one world."""
    return [r for r in records if r.settings.world == world]


def of_arm(records: Records, arm: Arm) -> Records:
    """Return the records of trained SAEs, of untrained ones or of those with a frozen decoder."""
    return [r for r in records if r.settings.arm == arm]


def worlds_of(records: Records) -> list[str]:
    """Return the worlds that were run, in order."""
    return list(dict.fromkeys(r.settings.world for r in records))


def steps_of(records: Records) -> list[int]:
    """Return the numbers of steps of trained SAEs, in order."""
    return sorted({r.settings.steps for r in of_arm(records, "trained")})


def at_rate(records: Records, rate: float, steps: int | None = None) -> Records:
    """Return the trained SAEs of one rate, after so many steps or after any number."""
    return [
        r for r in of_arm(records, "trained") if r.settings.rate == rate and steps in (None, r.settings.steps)
    ]


def over_steps(records: Records, rate: float) -> list[tuple[int, Records]]:
    """Return (steps, records) of one world at one rate: untrained SAEs at 0 first."""
    start = of_arm(records, "untrained")
    trained = [(steps, at_rate(records, rate, steps)) for steps in steps_of(records)]
    return [*([(0, start)] if start else []), *trained]


def over_rates(records: Records) -> list[tuple[float, Records]]:
    """Return (rate, records) of one world after the most steps."""
    last = max(steps_of(records), default=0)
    rates = sorted({r.settings.rate for r in of_arm(records, "trained")})
    return [(rate, at_rate(records, rate, last)) for rate in rates]


def best_rate(
    records: Records, value: Callable[[TrainedState], float], seeds: Sequence[int] | None = None
) -> float:
    """Return the rate of the least mean value after the most steps, over all seeds or over these.

    Examples
    --------
    >>> state = TrainedState(0.5, *[0.0] * 10)
    >>> jobs = [Training("balls", "trained", 10, rate, 100, 0) for rate in (0.01, 0.03)]
    >>> runs = [StudyRecord(job, TrainedState(job.rate, *[0.0] * 10)) for job in jobs]
    >>> best_rate(runs, lambda state: state.loss)
    0.01
    """
    means: dict[float, float] = {}
    for rate, runs in over_rates(records):
        numbers = per_seed([r for r in runs if seeds is None or r.settings.seed in seeds], value)
        if numbers:
            means[rate] = sum(numbers.values()) / len(numbers)
    return min(means, key=lambda rate: means[rate])


def rank_correlation(records: Records, learner: Learner) -> dict[int, float]:
    """Return for each seed Spearman's ρ of the loss and the certified share over its trained SAEs.

    A seed none of whose SAEs separates more than another has none.
    """
    share = share_of(learner)
    correlations: dict[int, float] = {}
    for seed in sorted({r.settings.seed for r in records}):
        runs = [r.result for r in of_arm(records, "trained") if r.settings.seed == seed]
        losses, shares = [run.loss for run in runs], [share(run) for run in runs]
        if len(set(losses)) > 1 and len(set(shares)) > 1:
            correlations[seed] = float(np.asarray(stats.spearmanr(losses, shares).statistic))
    return correlations
