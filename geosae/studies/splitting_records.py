"""What a job of the study of splitting is set to and what it finds, and how its records are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.analysis.phenomena import Kind
from geosae.analysis.phenomena.splitting import CutRecord
from geosae.experiments.gates import Gate
from geosae.experiments.interval import Interval
from geosae.experiments.jobs import StudyRecord
from geosae.studies.numbers import mean_over_seeds

World = Literal["separated", "connected", "shell"]
CutKind = Literal["whole", "clean", "cut", "tiled", "partial"]
"""One neuron has the concept; pieces lie apart; pieces meet; pieces overlap; a part is left over."""


@dataclass(frozen=True)
class SplittingJob:
    """SAEs of several widths on one draw of a world."""

    world: World
    margin: float
    """The planted distance between the concept's parts; 0 for a connected concept."""
    gate: Gate
    sparsity: float | int
    seed: int
    widths: tuple[int, ...]
    steps: int
    points: int
    dim: int


@dataclass(frozen=True)
class FamilyCounts:
    """How many pairs of neurons fire together beyond chance, and how many neurons the largest family has."""

    share: float
    """`beyond` over `pairs`."""
    largest: int
    beyond: int
    pairs: int


@dataclass(frozen=True)
class SaeResult:
    """How one SAE covers the concept, and which of its neurons go together."""

    cut: CutRecord
    owned: int | None
    """How many parts of the concept have a neuron to themselves; None where it has one part only."""
    families: FamilyCounts
    l0: float
    fvu: float


@dataclass(frozen=True)
class NeuronFates:
    """How many neurons of one width the SAE of the next width keeps whole, splits, tiles or has in part."""

    whole: int
    split: int
    tiled: int
    partial: int
    clean: int
    """How many of those that are split have pieces that lie apart."""

    @property
    def total(self) -> int:
        """How many neurons there are."""
        return self.whole + self.split + self.tiled + self.partial


@dataclass(frozen=True)
class SplittingResult:
    """The SAEs of a job, width by width."""

    trained: tuple[SaeResult, ...]
    untrained: tuple[SaeResult, ...]
    frozen: tuple[SaeResult, ...]
    """With a frozen random decoder."""
    permuted: tuple[FamilyCounts, ...]
    """The families in the trained SAEs if each neuron's points are permuted: what independence gives."""
    splits: tuple[NeuronFates, ...]
    """What becomes of the trained SAEs' neurons from each width to the next."""
    isolable: int
    """How many parts of the concept a half-space separates from the others, by certificate."""
    planted: CutRecord | None
    """The cut by half-spaces of the parts themselves: what any SAE could reach on these points."""


Records: TypeAlias = Sequence[StudyRecord[SplittingJob, SplittingResult]]


def kind_of_cut(kind: Kind, clean: bool) -> CutKind:
    """Return the kind of a cut, where splits count as clean if their pieces lie apart.

    Examples
    --------
    >>> kind_of_cut("split", False), kind_of_cut("tiled", False)
    ('cut', 'tiled')
    """
    if kind == "split":
        return "clean" if clean else "cut"
    return kind


def gates_of(records: Records) -> list[tuple[Gate, float | int]]:
    """Return the (gate, sparsity) pairs of these records, in order."""
    return sorted({(r.settings.gate, r.settings.sparsity) for r in records})


def of_gate(records: Records, gate: Gate, sparsity: float | int | None = None) -> Records:
    """Return the records of one gate, of all its sparsities where none is named."""
    return [r for r in records if r.settings.gate == gate and sparsity in (None, r.settings.sparsity)]


def of_worlds(records: Records, *worlds: World, margin: float | None = None) -> Records:
    """Return the records of these worlds, at one margin if it is given."""
    return [r for r in records if r.settings.world in worlds and margin in (None, r.settings.margin)]


def margins_of(records: Records) -> list[float]:
    """Return the planted margins, the least first."""
    return sorted({r.settings.margin for r in of_worlds(records, "separated")})


def planted_share(records: Records) -> Interval:
    """Return in which share of the draws the true parts themselves would count as a clean split."""
    return mean_over_seeds(records, lambda r: None if r.planted is None else float(r.planted.clean))


def several(records: Records) -> Records:
    """Return the records whose gate lets more than one neuron fire: others can have no family."""
    return [r for r in records if r.settings.sparsity != 1]


def clean_share(saes: Sequence[SaeResult]) -> float:
    """Return the share of the widths at which the concept is split cleanly."""
    return sum(sae.cut.clean for sae in saes) / len(saes)


def share_beyond(counts: Sequence[FamilyCounts]) -> float:
    """Return the share of pairs beyond chance, a mean over the widths.

    Examples
    --------
    >>> share_beyond([FamilyCounts(0.5, 2, 1, 2), FamilyCounts(0.0, 0, 0, 6)])
    0.25
    """
    return sum(c.share for c in counts) / len(counts)


def largest_family(saes: Sequence[SaeResult]) -> float:
    """Return the number of neurons in the largest family, a mean over the widths."""
    return sum(sae.families.largest for sae in saes) / len(saes)
