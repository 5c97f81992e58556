"""How the detection lattice nears the true one while an SAE is trained, and as it grows (theory F3)."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from geosae.experiments.gates import Gate, gate_name
from geosae.experiments.interval import mean_interval
from geosae.experiments.jobs import MakeWorld, StudyRecord
from geosae.sae.device import Device
from geosae.studies.common import gates_in, trained, two_halves
from geosae.studies.numbers import direction, paired, per_seed
from geosae.studies.study import Answer, Study

if TYPE_CHECKING:
    from geosae.fca import LatticeComparison


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.03,), "topk": (4,)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change."""

    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    width: int = 32
    widths: tuple[int, ...] = (8, 16, 32, 64, 128)
    steps: tuple[int, ...] = (0, 30, 100, 300, 1000)
    points: int = 3000


@dataclass(frozen=True)
class Training:
    """One training of so many steps; 0 is the SAE before training."""

    gate: Gate
    sparsity: float | int
    width: int
    steps: int
    seed: int
    points: int


@dataclass(frozen=True)
class LatticeAgreement:
    """How a context's lattice compares with the true one (see `geosae.fca.compare`); nan where unknown."""

    exact_recall: float
    tightness: float
    round_trip: float
    closed_objects: float


@dataclass(frozen=True)
class Compared:
    """The detection lattice of one SAE beside the true one, and how well the SAE does otherwise."""

    lattice: LatticeAgreement
    floor: LatticeAgreement
    """The same of contexts with permuted columns."""
    mutual: float
    """The mutual-best rate of separation (F2)."""
    fvu: float

    @property
    def recall_above_floor(self) -> float:
        """The share of true lattice concepts that are learned exactly, above its floor; nan if unknown."""
        return self.lattice.exact_recall - self.floor.exact_recall


Records: TypeAlias = Sequence[StudyRecord[Training, Compared]]


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Training]:
    # Over training at one width, and over width before and after training; what is in both is run once.
    ends = sorted({min(grid.steps), max(grid.steps)})
    pairs = [*product([grid.width], grid.steps), *product(grid.widths, ends)]
    for gate, sparsity in gates_in(grid.gates):
        for (width, steps), seed in product(dict.fromkeys(pairs), seeds):
            yield Training(gate, sparsity, width, steps, seed, grid.points)


def _do(job: Training, make_world: MakeWorld, device: Device) -> Compared:
    from geosae.analysis import AnalysisConfig, agreement, analyse
    from geosae.experiments.cell_lattices import truth_context
    from geosae.fca import compare

    params = {"points": job.points, "dim": 4}
    train_half, test_half = two_halves(make_world, "ball-tree", params, job.seed)
    # A longer run is another run: its learning rate falls later. Each is the end of its own training.
    neurons = trained(
        train_half.points,
        job.gate,
        job.sparsity,
        job.width,
        job.seed,
        max(1, job.steps),
        device=device,
        baseline="trained" if job.steps else "untrained",
    )
    alignment = analyse(neurons, test_half, AnalysisConfig(ambient_samples=2000, floor=False, seed=job.seed))
    rng = np.random.default_rng([job.seed, 2])
    comparison = compare(truth_context(test_half), alignment.context("detection"), rng, nulls=5)
    return Compared(
        lattice=_agreement(comparison),
        floor=_agreement(comparison.floor),
        mutual=agreement(alignment.separation).rate,
        fvu=alignment.fvu,
    )


def _agreement(comparison: "LatticeComparison | None") -> LatticeAgreement:
    if comparison is None:
        return LatticeAgreement(*[math.nan] * 4)
    return LatticeAgreement(
        comparison.exact_recall, comparison.tightness, comparison.round_trip, comparison.closed_objects
    )


def width_over_training(records: Records) -> int:
    """Return the width at which most records are: the one that was followed over training."""
    return Counter(r.settings.width for r in records).most_common(1)[0][0]


def _answers(records: Records) -> list[Answer]:
    answers: list[Answer | None] = []
    for gate in dict.fromkeys(r.settings.gate for r in records):
        of_gate = [r for r in records if r.settings.gate == gate]
        answers += [_over_training(of_gate, gate), _over_width(of_gate, gate)]
    return [answer for answer in answers if answer is not None]


def _over_training(records: Records, gate: str) -> Answer | None:
    width = width_over_training(records)
    at_width = [r for r in records if r.settings.width == width]
    steps = sorted({r.settings.steps for r in at_width})
    if len(steps) < 2:
        return None
    begin, end = (
        _recall_above_floor([r for r in at_width if r.settings.steps == s]) for s in (steps[0], steps[-1])
    )
    gain = mean_interval(paired(end, begin))
    prediction = f"{gate_name(gate)}: training brings the detection lattice nearer to the true hierarchy."
    observation = (
        f"Recall of true lattice concepts above its floor: {mean_interval(list(begin.values()))} after "
        f"{steps[0]} steps, {mean_interval(list(end.values()))} after {steps[-1]}; paired difference {gain}."
    )
    return Answer("F3", prediction, observation, direction(gain))


def _over_width(records: Records, gate: str) -> Answer | None:
    widths = sorted({r.settings.width for r in records})
    longest = max(r.settings.steps for r in records)
    if len(widths) < 2:
        return None
    ends = [
        [r for r in records if r.settings.steps == longest and r.settings.width == width]
        for width in (widths[0], widths[-1])
    ]
    thin, wide = (_recall_above_floor(end) for end in ends)
    plain = [mean_interval(list(per_seed(end, lambda c: c.lattice.exact_recall).values())) for end in ends]
    gain = mean_interval(paired(wide, thin))
    prediction = (
        f"{gate_name(gate)}: more neurons have more of the true hierarchy's lattice (F4 needs |M(L)|)."
    )
    observation = (
        f"Recall of true lattice concepts above its floor: {mean_interval(list(thin.values()))} at width "
        f"{widths[0]}, {mean_interval(list(wide.values()))} at width {widths[-1]}; paired difference {gain}. "
        f"The recall itself is {plain[0]} and {plain[1]}: with more neurons chance has more of it too."
    )
    return Answer("F4", prediction, observation, direction(gain))


def _recall_above_floor(records: Records) -> dict[int, float]:
    return per_seed(records, lambda compared: compared.recall_above_floor)


STUDY = Study(
    name="lattice-training",
    title="The lattice over training and over width",
    question="Do training and more neurons bring the detection lattice nearer to the true one, and how soon?",
    world="World `ball-tree` in R⁴, whose hierarchy is known.",
    design="Gate × number of steps × seed (each number of steps is a training of its own); gate × width × "
    "seed, before and after training.",
    grid=Grid,
    settings=Training,
    result=Compared,
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
