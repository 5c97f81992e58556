"""A run's folder made by hand: small results of known values, written as the experiments write them."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geosae.analysis import Answer, ConceptAnswer
from geosae.analysis.round_trips import ConceptRoundTrip, RoundTrips
from geosae.data.dataset import ConceptDataset
from geosae.data.storage import save_dataset
from geosae.experiments import Cell, CellResult, GateEntry, Plan, WorldEntry, summarise
from geosae.experiments.cell_lattices import CellLattices, LatticeSize
from geosae.experiments.cell_result import ConceptAnswers, NotionAnswers
from geosae.experiments.measures import (
    AgreementMeasures,
    LatticeMeasures,
    Learned,
    Measures,
    MetricMeasures,
    NotionMeasures,
)
from geosae.experiments.store import RunCard, Store
from geosae.experiments.theorem_checks import CheckedClaim
from geosae.fca import compare, concept_lattice
from geosae.fca.context import FormalContext
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.storage.structure import write_record
from geosae.verification import Evidence
from geosae.verification.runner import ControlCount, Kept, Verdict

NAMES = ("left", "right <b>&", "all")
UNMEASURED = NotionMeasures(None, None, None, math.nan, math.nan, math.nan)
PAIRS = 6
"""How many pairs the made cells say that they judged together."""


def dataset(points: int = 80, names: Sequence[str] = NAMES) -> ConceptDataset:
    rng = np.random.default_rng(0)
    cloud = rng.uniform(-1, 1, size=(points, 2))
    left = cloud[:, 0] < -0.1
    right = cloud[:, 0] > 0.1
    return ConceptDataset(cloud, np.column_stack([left, right, left | right]), tuple(names))


def plan(world: str = "plane", seeds: tuple[int, ...] = (0, 1), others: Sequence[str] = ()) -> Plan:
    gates = (GateEntry("topk", (1, 2), (1,)), GateEntry("relu", (0.1,), (0.1,)))
    worlds = tuple(WorldEntry(name, "nowhere", {"number": i}) for i, name in enumerate(others))
    return Plan("made by hand", (WorldEntry(world, "nowhere"), *worlds), gates, widths=(2, 4), seeds=seeds)


def concept_answers(
    error: float, names: Sequence[str], neurons: tuple[int, ...], answer: Answer = "learned"
) -> tuple[ConceptAnswer, ...]:
    """Return the same answer for every concept: 100 held-out points each, as many misses as alarms."""
    numbers = {"miss": error, "alarm": error, "precision": 1 - error, "recall": 1 - error, "f1": 1 - error}
    return tuple(
        ConceptAnswer(
            concept=name, neurons=neurons, answer=answer, error=error, low=error / 2, high=2 * error,
            least_tolerance=2 * error, price=1.0, false_alarm_rate=error / 2, auc=math.nan, positives=100,
            needed=96, needed_here=0, trivial=False, **numbers,
        )
        for name in names
    )  # fmt: skip


def learned(share: float, error: float, tested: float) -> Learned[float]:
    """Return what a learner has learned where all that is not certified is certified not to be learned."""
    return Learned(
        share=share, not_learned=1 - share, undecided=0.0, no_unit=0.0, within=share, best_error=error,
        least_tolerance=2 * error, price=1.0, f1=1 - error, tested=tested,
    )  # fmt: skip


def evidence(cell: Cell) -> Mapping[str, tuple[Evidence, ...]]:
    half_way = Evidence(cell.name, observed=2.0, bound=4.0, slack=2.0, holds=True, grade="exact")
    return {"S5": (half_way,), "S7": (half_way,), "A1": ()}


def result(cell: Cell, names: Sequence[str], known: bool = True, neurons: float | None = None) -> CellResult:
    """A result whose errors fall with width, and are smaller for trained SAEs than for the baselines."""
    good = cell.baseline == "trained"
    error = (0.1 if good else 0.5) / cell.width + 0.01 * cell.seed if known else math.nan
    share = (1.0 if good else 0.0) if known else math.nan
    floor = 0.0 if known else math.nan
    of_all = learned(share, error, float(len(names)))
    notion = NotionMeasures(of_all, of_all, of_all, floor, floor, floor)
    told: Answer = "undecided" if not known else "learned" if good else "not learned"
    answers = NotionAnswers(
        *[concept_answers(error, names, unit, told) for unit in ((0,), (0, 1), tuple(range(cell.width)))]
    )
    return CellResult(
        cell=cell,
        measures=Measures(
            metrics=MetricMeasures(l0=1.5, fvu=0.2, dead_share=0.0, dense_share=0.0, mcc=math.nan),
            detection=notion,
            separation=notion,
            approximation=UNMEASURED,
            agreement=AgreementMeasures(math.nan, math.nan, math.nan),
            lattice=LatticeMeasures(2.0, 3.0, 4.0, *[math.nan] * 8),
            neurons=float(cell.width if neurons is None else neurons),
        ),
        answers=ConceptAnswers(answers, answers, NotionAnswers()),
        pairs=PAIRS,
        approximation_reason="no ambient measure",
        evidence=evidence(cell),
    )


def log(step: int) -> dict[str, float | int]:
    """A line of a training log, as the trainer writes it."""
    parts = {"loss": 1 / (step + 1), "error": 1 / (step + 1), "penalty": 0.0, "aux": 0.0}
    return {"step": step, "lr": 0.01, **parts, "fvu": 0.2, "l0": 1.5, "dead_share": 0.0}


def lattices(data: ConceptDataset) -> CellLattices:
    """Two neurons, each of which detects one concept, in a world where "all" holds both."""
    truth = FormalContext(NAMES, NAMES, data.hierarchy)
    context = FormalContext.from_array([[True, False], [False, True], [False, False]], NAMES, ["n0", "n1"])
    return CellLattices(
        detection=concept_lattice(context),
        tolerance=0.05,
        truth=concept_lattice(truth),
        comparison=compare(truth, context, np.random.default_rng(0), nulls=1),
        along={"detection": (LatticeSize(0.0, 2, complete=True), LatticeSize(0.1, 4, complete=True))},
        round_trips=RoundTrips(
            concepts=tuple(ConceptRoundTrip(name, 0, name, True, False, ()) for name in NAMES),
            neurons=(),
            mutual_rate=1.0,
            closed_share=0.0,
            violations=(),
        ),
    )


def checked_claim() -> CheckedClaim:
    """A check that holds, of a statement that a page must escape."""
    attained = Evidence("three", observed=3.0, bound=3.0, slack=0.0, holds=True, grade="exact")
    verdict = Verdict(
        id="S5", status="holds", reason="", tried=7, controls=(ControlCount("single neurons", 3, 3),),
        worst_slack=0.0,
        tightest=Kept("instance", 0, attained), grades=("exact",), eta=0.0, false_alarm=0.0, violations=(),
        seed=0, requested=5, seconds=math.nan,
    )  # fmt: skip
    return CheckedClaim("p <script>alert(1)</script> concepts", "p", (), "upper", "nowhere", "", verdict)


def write_run(
    folder: Path,
    *,
    known: bool = True,
    seeds: tuple[int, ...] = (0, 1),
    world: str = "plane",
    others: Sequence[str] = (),
) -> Path:
    """Write a run over a planar world, or several, with half-planes as SAEs; nothing is trained."""
    from geosae.sae import SparseAutoencoder, TrainConfig
    from geosae.sae.checkpoint import save
    from geosae.sae.training.train import TrainedSAE

    small = plan(world, seeds, others)
    store, data = Store(folder), dataset()
    store.write_plan(small)
    results = [result(cell, NAMES, known) for cell in small.cells()]
    for each in results:
        cell = each.cell
        if not store.world(cell).is_file():
            save_dataset(data, store.world(cell))
        angles = 2 * np.pi * np.arange(cell.width) / cell.width
        half = HalfSpaces(np.column_stack([np.cos(angles), np.sin(angles)]), np.full(cell.width, -0.1))
        sae = SparseAutoencoder.planted(half)
        config = TrainConfig(gate=sae.gate, width=cell.width, steps=10)
        save(TrainedSAE(sae, config, cell.seed, (log(0), log(10)), {"fvu": 0.2}, "0" * 64), store.cell(cell))
        write_record(store.cell(cell) / "lattice.json", lattices(data))
        store.write_result(each, 0.1)
    write_record(folder / "verdicts.json", (checked_claim(),))
    write_record(folder / "summary.json", summarise(results))
    store.write_card(
        RunCard(small.key, len(results), 1, 0, {"python": "3.11"}, status="finished", seconds=1.0)
    )
    return folder


def card(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / "figures" / f"{name}.json").read_text(encoding="utf-8"))
