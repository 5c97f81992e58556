"""What a job of the study of absorption is set to and what it finds, and how its records are read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.analysis.phenomena.absorption import AbsorptionRecord
from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import GATES, Gate
from geosae.experiments.jobs import StudyRecord
from geosae.studies.numbers import differences, of_kind, per_seed
from geosae.studies.parent_child import PairSilence

Position = Literal["extreme", "inside"]
"""Two children at the edge; or a third inside their hull."""
POSITIONS: tuple[Position, ...] = ("extreme", "inside")


@dataclass(frozen=True)
class PositionJob:
    """One SAE on a draw of the world `absorption`; a magnitude scales a whole point."""

    position: Position
    variation: float
    gate: Gate
    sparsity: float | int
    baseline: Baseline
    seed: int
    steps: int
    width: int
    points: int
    dim: int
    part: Literal["position"] = "position"


@dataclass(frozen=True)
class PositionResult:
    """What became of a child at the edge, and of the one inside, of each of the two parents."""

    l0: float
    absolute: bool
    """Whether the SAE's gate is absolute."""
    edge: tuple[AbsorptionRecord, ...]
    inside: tuple[AbsorptionRecord, ...]
    """Of the same SAE; empty in the world that has no child inside."""


@dataclass(frozen=True)
class PairJob:
    """One SAE, as wide as there are features, on parents with a child each whose magnitudes vary apart."""

    gate: Gate
    sparsity: float | int
    trees: bool
    """Whether a child fires only with its parent."""
    variation: float
    """The coefficient of variation of each magnitude."""
    baseline: Baseline
    width: int
    seed: int
    steps: int
    points: int
    lr: float
    part: Literal["pairs"] = "pairs"


@dataclass(frozen=True)
class PairResult:
    """What the neurons of parents do where the children fire too."""

    silence: PairSilence
    """Means over the pairs; nan where no pair is measured."""
    pairs: int
    """How many pairs have enough points to be measured."""
    l0: float
    fvu: float
    spread: float
    """The root mean squared distance of the training points to their mean; λ times this is in data units."""


Job: TypeAlias = PositionJob | PairJob
Result: TypeAlias = PositionResult | PairResult
Records: TypeAlias = Sequence[StudyRecord[Job, Result]]
PositionRecords: TypeAlias = Sequence[StudyRecord[PositionJob, PositionResult]]
PairRecords: TypeAlias = Sequence[StudyRecord[PairJob, PairResult]]


def edge_effect(result: PositionResult) -> float:
    """Return the excess silence on a child at the edge over that on its siblings, a mean over the parents."""
    return _mean([pair.effect.value for pair in result.edge])


def inside_effect(result: PositionResult) -> float:
    """Return the same of the child inside; nan where there is none."""
    return _mean([pair.effect.value for pair in result.inside])


def contrast(result: PositionResult) -> float:
    """Return edge minus inside, of the same SAE."""
    return edge_effect(result) - inside_effect(result)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values and all(map(math.isfinite, values)) else math.nan


def silence_effect(result: PairResult) -> float:
    """Return the excess silence of the parent's neuron where the child fires."""
    return result.silence.effect


def position_of(
    records: Records,
    baseline: Baseline,
    *,
    gate: Gate | None = None,
    sparsity: float | int | None = None,
    variation: float | None = None,
    position: Position = "inside",
) -> PositionRecords:
    """Return the records of one arm in one world; of a gate, a sparsity, a variation where they are given."""
    return [
        r
        for r in of_kind(records, PositionJob, PositionResult)
        if (r.settings.baseline, r.settings.position) == (baseline, position)
        and gate in (None, r.settings.gate)
        and (sparsity is None or at_sparsity(r.settings.gate, baseline, r.settings.sparsity, sparsity))
        and variation in (None, r.settings.variation)
    ]


def pairs_of(
    records: Records,
    baseline: Baseline,
    gate: Gate,
    *,
    trees: bool,
    sparsity: float | int | None = None,
    variation: float | None = None,
) -> PairRecords:
    """Return the records of parents with a child each, or of the same rates without hierarchy."""
    return [
        r
        for r in of_kind(records, PairJob, PairResult)
        if (r.settings.baseline, r.settings.gate, r.settings.trees) == (baseline, gate, trees)
        and (sparsity is None or at_sparsity(gate, baseline, r.settings.sparsity, sparsity))
        and variation in (None, r.settings.variation)
    ]


def has_no_penalty(gate: Gate, baseline: Baseline) -> bool:
    """Tell whether this SAE is the same at every sparsity: an untrained one never met its penalty.

    Examples
    --------
    >>> has_no_penalty("relu", "untrained"), has_no_penalty("topk", "untrained")
    (True, False)
    """
    return baseline == "untrained" and not GATES[gate].whole


def at_sparsity(gate: Gate, baseline: Baseline, stored: float | int, wanted: float | int) -> bool:
    """Tell whether an SAE stored at one sparsity is that of another too."""
    return stored == wanted or has_no_penalty(gate, baseline)


def contrasts(
    records: Records, gate: Gate, sparsity: float | int, variation: float, baseline: Baseline
) -> dict[int, float]:
    """Return edge minus inside by seed, of one arm."""
    rows = position_of(records, baseline, gate=gate, sparsity=sparsity, variation=variation)
    return per_seed(rows, contrast)


def between_worlds(
    records: Records, gate: Gate, sparsity: float | int, variation: float, baseline: Baseline
) -> dict[int, float]:
    """Return edge minus inside by seed as the first run did, each in the SAEs of a world of its own."""
    edge, inside = (
        position_of(records, baseline, gate=gate, sparsity=sparsity, variation=variation, position=position)
        for position in POSITIONS
    )
    return differences(per_seed(edge, edge_effect), per_seed(inside, inside_effect))


def hierarchy_gaps(
    records: Records, gate: Gate, sparsity: float | int, variation: float, baseline: Baseline
) -> dict[int, float]:
    """Return by seed the excess silence with hierarchy minus that without, at the same rates."""
    with_trees, without = (
        pairs_of(records, baseline, gate, trees=trees, sparsity=sparsity, variation=variation)
        for trees in (True, False)
    )
    return differences(per_seed(with_trees, silence_effect), per_seed(without, silence_effect))


def silence_effects(
    records: Records, gate: Gate, sparsity: float | int, variation: float, baseline: Baseline
) -> dict[int, float]:
    """Return by seed the excess silence with hierarchy."""
    rows = pairs_of(records, baseline, gate, trees=True, sparsity=sparsity, variation=variation)
    return per_seed(rows, silence_effect)
