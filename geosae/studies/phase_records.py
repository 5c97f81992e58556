"""Settings and results of the study of the phase diagram: features over K/n, p/n and d/p."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from geosae.experiments.gates import Gate
from geosae.experiments.jobs import StudyRecord
from geosae.studies.certified_counts import Arm, Certified


@dataclass(frozen=True)
class Job:
    """SAEs on exactly k of p features along directions of low coherence in Rⁿ."""

    n: int
    p: int
    k: int
    width: int
    """Of BatchTopK, whose K is k."""
    relu_width: int
    """0: no ReLU SAEs."""
    penalty: float
    features: int
    """How many features are asked whether any half-space names them (S10)."""
    steps: int
    points: int
    """To train on."""
    held_out: int
    """To choose and to judge on, half for each."""
    seed: int


@dataclass(frozen=True)
class Row:
    """What one SAE is certified to have learned."""

    gate: Gate
    arm: Arm
    counts: Certified


@dataclass(frozen=True)
class Phase:
    """The SAEs of one draw, and how many of the features asked about some half-space names on all codes."""

    rows: tuple[Row, ...]
    asked: int
    nameable: int


Records: TypeAlias = Sequence[StudyRecord[Job, Phase]]


@dataclass(frozen=True)
class Cell:
    """Where one SAE stands."""

    n: int
    p: int
    k: int
    gate: Gate
    arm: Arm
    width: int
    seed: int


@dataclass(frozen=True)
class Shares:
    """Shares of the p features that one neuron, and a unit, is certified to separate within 0.1; and more."""

    neurons: float
    units: float
    strict: float
    not_learned: float
    shuffled: float
    fvu: float


Cells: TypeAlias = Sequence[StudyRecord[Cell, Shares]]


def cells_of(records: Records) -> Cells:
    """Return every SAE with its settings, one by one."""
    return list(_cells(records))


def _cells(records: Records) -> Iterator[StudyRecord[Cell, Shares]]:
    for record in records:
        job = record.settings
        for row in record.result.rows:
            width = job.relu_width if row.gate == "relu" else job.width
            width = job.p if row.arm == "supervised" else width  # a half-space for each feature
            counts = row.counts
            yield StudyRecord(
                Cell(job.n, job.p, job.k, row.gate, row.arm, width, job.seed),
                Shares(
                    counts.neurons / job.p,
                    counts.units / job.p,
                    counts.strict / job.p,
                    counts.not_learned / job.p,
                    counts.shuffled / job.p,
                    counts.fvu,
                ),
            )


def some(cells: Cells, **settings: object) -> Cells:
    """Return the cells with these settings."""
    return [c for c in cells if all(getattr(c.settings, name) == value for name, value in settings.items())]


def main_dimension(records: Records) -> int:
    """Return the dimension of the phase diagram: the one that has most pairs of p and k."""
    pairs: dict[int, set[tuple[int, int]]] = {}
    for r in records:
        pairs.setdefault(r.settings.n, set()).add((r.settings.p, r.settings.k))
    return max(pairs, key=lambda n: len(pairs[n]), default=0)


def diagram_of(records: Records) -> Records:
    """Return the draws of the phase diagram: one dimension, as many BatchTopK neurons as features."""
    n = main_dimension(records)
    return [r for r in records if r.settings.n == n and r.settings.width == r.settings.p]


def main_pair(records: Records) -> tuple[int, int]:
    """Return the p and k that have most widths: the axis of d/p."""
    widths: dict[tuple[int, int], set[int]] = {}
    for r in records:
        if r.settings.n == main_dimension(records):
            widths.setdefault((r.settings.p, r.settings.k), set()).add(r.settings.width)
    return max(widths, key=lambda pair: len(widths[pair]), default=(0, 0))


def can_be_identity(n: int, width: int, budget: int) -> bool:
    """Tell whether some SAE with this budget reproduces every point of a bounded body in Rⁿ.

    Where m neurons are active the reconstruction is an affine function of rank at most m: it is the identity
    on an open piece only if m ≥ n. So n neurons must be active nearly everywhere: K ≥ n for Top-K, and for
    BatchTopK, whose K is a mean. And then it can be: n of the neurons compute the coordinates, raised by a
    constant so that they are positive on the body, and the decoder takes the constant off again. Without a
    budget, as for ReLU, K is d. (On all of Rⁿ no constant is enough. There ReLU needs d ≥ 2n: far out in two
    opposite directions different neurons are active, n each; x_j and −x_j for every j are enough.)

    Examples
    --------
    >>> can_be_identity(16, 32, 16), can_be_identity(16, 32, 15), can_be_identity(16, 12, 12)
    (True, False, False)
    """
    return min(width, budget) >= n
