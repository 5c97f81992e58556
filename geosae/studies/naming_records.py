"""Settings and results of the study of naming: what is possible, where it changes, what is learned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.experiments.gates import Gate
from geosae.experiments.jobs import StudyRecord
from geosae.studies.numbers import of_kind

Columns = Literal["unit", "gaussian"]
Arm = Literal["trained", "untrained", "frozen_decoder", "supervised", "certified"]
"""An SAE as it is trained, two baselines, a logistic half-space per feature, and the rows of certificates."""


@dataclass(frozen=True)
class PossibleJob:
    """Random columns: which features are nameable, and which codes of k features are read."""

    columns: Columns
    n: int
    p: int
    k: int
    features: int
    """The number of features asked about, drawn at random where there are more."""
    codes: int
    seed: int
    part: Literal["possible"] = "possible"


@dataclass(frozen=True)
class Possible:
    """How many of the features asked about some half-space names, and how many codes are read."""

    asked: int
    nameable: int
    every: bool
    """Whether all p features are nameable; all are asked about where all of the sample are."""
    codes: int
    recovered: int
    """Codes that basis pursuit returns among z ≥ 0, by certificate (R2)."""
    one_shot: int
    """Codes whose k active features have the k largest ⟨a_i, x⟩ (R3)."""


@dataclass(frozen=True)
class TransitionJob:
    """Where theory puts the transitions for Gaussian columns."""

    p: int
    k: int
    draws: int
    seed: int
    part: Literal["transition"] = "transition"


@dataclass(frozen=True)
class Transitions:
    """Dimensions: δ of naming with its standard error, that of basis pursuit (z ≥ 0), and S11's floor."""

    naming: float
    error: float
    recovery: float
    floor: int


@dataclass(frozen=True)
class LearnedJob:
    """One SAE, or what stands beside it, on points of 1 … k of p features along random unit directions."""

    n: int
    p: int
    k: int
    gate: Gate
    sparsity: float | int
    arm: Arm
    width: int
    steps: int
    points: int
    seed: int
    part: Literal["learned"] = "learned"


@dataclass(frozen=True)
class Learned:
    """How many of the features the rows name."""

    features: int
    """Their number p."""
    own: float
    """With each neuron's own threshold; nan for relative gates, whose neurons have none."""
    best: int
    """With the best threshold for each row."""
    within: int
    """Features that one neuron, chosen on the training half, separates within 0.1 on the other half."""


Job: TypeAlias = PossibleJob | TransitionJob | LearnedJob
Result: TypeAlias = Possible | Transitions | Learned
Records: TypeAlias = Sequence[StudyRecord[Job, Result]]
PossibleRecords: TypeAlias = Sequence[StudyRecord[PossibleJob, Possible]]
LearnedRecords: TypeAlias = Sequence[StudyRecord[LearnedJob, Learned]]

Share = Callable[[Possible], float]


def best_share(result: Learned) -> float:
    """Return the share of features that rows name with their best thresholds."""
    return result.best / result.features


def own_share(result: Learned) -> float:
    """Return the share of features that neurons name with their own thresholds; nan where they have none."""
    return result.own / result.features


def within_share(result: Learned) -> float:
    """Return the share of features that one neuron separates within 0.1 on held-out points."""
    return result.within / result.features


def named_share(result: Possible) -> float:
    """Return the share of the features asked about that are nameable."""
    return result.nameable / result.asked


def recovered_share(result: Possible) -> float:
    """Return the share of codes that basis pursuit returns."""
    return result.recovered / result.codes


def one_shot_share(result: Possible) -> float:
    """Return the share of codes that one look at the scores reads."""
    return result.one_shot / result.codes


def possible_of(records: Records) -> PossibleRecords:
    """Return what was asked of random columns."""
    return of_kind(records, PossibleJob, Possible)


def learned_of(records: Records, arm: Arm, gate: Gate | None = None) -> LearnedRecords:
    """Return the records of one arm, of one gate if it is given."""
    return [
        r
        for r in of_kind(records, LearnedJob, Learned)
        if r.settings.arm == arm and (gate is None or r.settings.gate == gate)
    ]


def transitions_of(records: Records) -> dict[tuple[int, int], Transitions]:
    """Return where theory puts the transitions, by p and k."""
    jobs = of_kind(records, TransitionJob, Transitions)
    return {(r.settings.p, r.settings.k): r.result for r in jobs}


def phase_of(records: Records, columns: Columns = "unit") -> PossibleRecords:
    """Return the records at the p that has most dimensions: the phase diagram, and not the axis of p."""
    jobs = [r for r in possible_of(records) if r.settings.columns == columns]
    dims: dict[int, set[int]] = {}
    for r in jobs:
        dims.setdefault(r.settings.p, set()).add(r.settings.n)
    most = max(dims, key=lambda p: len(dims[p]), default=0)
    return [r for r in jobs if r.settings.p == most and len(dims[most]) > 1]


def axis_of(records: Records) -> PossibleRecords:
    """Return the records at the n and k that have most values of p: the axis of p."""
    jobs = [r for r in possible_of(records) if r.settings.columns == "unit"]
    sizes: dict[tuple[int, int], set[int]] = {}
    for r in jobs:
        sizes.setdefault((r.settings.n, r.settings.k), set()).add(r.settings.p)
    most = max(sizes, key=lambda cell: len(sizes[cell]), default=(0, 0))
    return [r for r in jobs if (r.settings.n, r.settings.k) == most and len(sizes[most]) > 1]


def half_dimension(records: PossibleRecords, share: Share) -> float | None:
    """Return the dimension where a share passes one half, between the two sizes around it; None if none does.

    Examples
    --------
    >>> job = PossibleJob("unit", 4, 8, 2, 8, 4, 0)
    >>> tables = [(4, 2), (8, 4), (12, 8)]
    >>> from dataclasses import replace
    >>> runs = [StudyRecord(replace(job, n=n), Possible(8, m, m == 8, 4, 4, 4)) for n, m in tables]
    >>> half_dimension(runs, named_share), half_dimension(runs[:1], named_share)
    (8.0, None)
    """
    points = sorted((r.settings.n, share(r.result)) for r in records)
    below = [i for i, (_, value) in enumerate(points) if value < 0.5]
    if not points or not below or below[-1] + 1 == len(points):
        return None
    (low, under), (high, over) = points[below[-1]], points[below[-1] + 1]
    return low + (high - low) * (0.5 - under) / (over - under)


def half_dimensions(records: PossibleRecords, k: int, share: Share) -> dict[int, float]:
    """Return for each seed where a share passes one half at k."""
    of_k = [r for r in records if r.settings.k == k]
    halves = {
        seed: half_dimension([r for r in of_k if r.settings.seed == seed], share)
        for seed in sorted({r.settings.seed for r in of_k})
    }
    return {seed: half for seed, half in halves.items() if half is not None}
