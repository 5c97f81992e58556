"""What a job of the study of known failures is set to and what it finds, part by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import Gate
from geosae.experiments.interval import mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.studies.parent_child import PairSilence


@dataclass(frozen=True)
class MixingJob:
    """A Top-K SAE on correlated features."""

    k: int
    baseline: Baseline
    width: int
    seed: int
    steps: int
    points: int
    lr: float
    part: Literal["mixing"] = "mixing"


@dataclass(frozen=True)
class CrowdJob:
    """An SAE on many features in few or in more dimensions."""

    gate: Gate
    k: int
    dim: int
    width: int
    seed: int
    steps: int
    points: int
    lr: float
    part: Literal["crowd"] = "crowd"


@dataclass(frozen=True)
class TreesJob:
    """An SAE on parents with a child each, or on the same rates without hierarchy."""

    gate: Gate
    k: float | int
    """The sparsity of the gate."""
    trees: bool
    """Whether a child fires only with its parent."""
    variation: float
    """The coefficient of variation of magnitudes."""
    baseline: Baseline
    width: int
    seed: int
    steps: int
    points: int
    lr: float
    part: Literal["trees"] = "trees"


Job: TypeAlias = MixingJob | CrowdJob | TreesJob


@dataclass(frozen=True)
class Recovered:
    """How an SAE recovers the features: see `geosae.analysis.recovery.Recovery` for each number."""

    mcc: float
    f1_score: float
    explained_variance: float
    uniqueness: float
    sae_l0: float
    true_l0: float
    dead_share: float


@dataclass(frozen=True)
class Mixed:
    """How much the atoms mix two features, beside what they recover."""

    recovery: Recovered
    mean_second: float
    """That of firing neurons (see `geosae.analysis.phenomena.Hedging`); nan if none fires."""


@dataclass(frozen=True)
class Absorbed:
    """What the neurons of parents do where the children fire too, beside what the SAE recovers."""

    silence: PairSilence
    """Means over the pairs; nan where no pair is measured."""
    pairs: int
    """How many pairs have enough points to be measured."""
    recovery: Recovered
    l0: float


Records: TypeAlias = Sequence[StudyRecord[Job, Recovered | Mixed | Absorbed]]
MixingRecords: TypeAlias = Sequence[StudyRecord[MixingJob, Mixed]]
CrowdRecords: TypeAlias = Sequence[StudyRecord[CrowdJob, Recovered]]
TreesRecords: TypeAlias = Sequence[StudyRecord[TreesJob, Absorbed]]


def true_l0(recoveries: Sequence[Recovered]) -> float:
    """Return the mean over SAEs of the number of features that are present in a point."""
    return mean_interval([recovery.true_l0 for recovery in recoveries]).mean


def trees_in(records: TreesRecords, baseline: Baseline, *, trees: bool, variation: float) -> TreesRecords:
    """Return the records of trained SAEs or of a baseline in one world, of all gates."""
    world = (baseline, trees, variation)
    return [r for r in records if (r.settings.baseline, r.settings.trees, r.settings.variation) == world]
