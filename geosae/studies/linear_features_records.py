"""What a job of the study of linear features is set to and what it finds, and how its records are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.experiments.gates import Gate
from geosae.experiments.jobs import StudyRecord
from geosae.studies.failures_records import Recovered

Arm = Literal["trained", "untrained", "frozen_decoder"]
ARMS: tuple[Arm, ...] = ("trained", "untrained", "frozen_decoder")


@dataclass(frozen=True)
class WorldSize:
    """The published law at a size: features, dimensions and trees, and the points that measure."""

    features: int
    dim: int
    roots: int
    points: int
    """Points to choose neurons on, and as many others to judge them on."""


@dataclass(frozen=True)
class SaeJob:
    """One SAE, trained on a stream that it sees once."""

    world: WorldSize
    gate: Gate
    sparsity: float | int
    arm: Arm
    width: int
    seed: int
    steps: int
    batch: int
    lr: float
    part: Literal["sae"] = "sae"


@dataclass(frozen=True)
class DirectionsJob:
    """The true directions as neurons, each with the threshold that labels teach."""

    world: WorldSize
    seed: int
    skip: int
    """Rows of the stream that the SAEs train on."""
    part: Literal["directions"] = "directions"


@dataclass(frozen=True)
class Separated:
    """How many features one neuron, chosen on some points, separates within ε on others."""

    features: int
    testable: int
    """Features with points enough that a neuron without any error would be certified (E5)."""
    within: int
    """Features whose neuron's misses and alarms are at most ε, by count."""
    within_half: int
    """Features whose neuron's misses and alarms are at most one half."""
    certified: int
    """Features of which it is certain, all at once, that they are within ε (E4, Holm)."""
    shuffled: int
    """As `within`, the points of each feature permuted: of nothing there is nothing to learn."""


@dataclass(frozen=True)
class SaeResult:
    """What an SAE recovers, and what its neurons separate."""

    recovery: Recovered
    sets: Separated


Job: TypeAlias = SaeJob | DirectionsJob
Result: TypeAlias = SaeResult | Separated
Records: TypeAlias = Sequence[StudyRecord[Job, Result]]
SaeRecords: TypeAlias = Sequence[StudyRecord[SaeJob, SaeResult]]


def within_share(result: SaeResult) -> float:
    """Return the share of all features that one neuron separates within ε."""
    return result.sets.within / result.sets.features


def half_share(result: SaeResult) -> float:
    """Return the share of all features that one neuron separates within one half."""
    return result.sets.within_half / result.sets.features


def certified_share(result: SaeResult) -> float:
    """Return the share of the testable features that one neuron separates within ε for certain."""
    return result.sets.certified / result.sets.testable if result.sets.testable else float("nan")


def f1(result: SaeResult) -> float:
    """Return the mean F1 of latents."""
    return result.recovery.f1_score


def mcc(result: SaeResult) -> float:
    """Return the mean |cosine| of atoms matched one to one with directions."""
    return result.recovery.mcc


def explained(result: SaeResult) -> float:
    """Return the explained variance."""
    return result.recovery.explained_variance
