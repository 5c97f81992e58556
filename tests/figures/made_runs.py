"""A run's folder made by hand: small results of known values, written as the experiments write them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.data.storage import save_dataset
from geosae.experiments import Cell, GateEntry, Plan, WorldEntry, summarise
from geosae.experiments.store import Store
from geosae.fca import compare, concept_lattice
from geosae.fca.context import FormalContext
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.storage.files import write_json

NAMES = ("left", "right <b>&", "all")


def dataset(points: int = 80, names: Sequence[str] = NAMES) -> ConceptDataset:
    rng = np.random.default_rng(0)
    cloud = rng.uniform(-1, 1, size=(points, 2))
    left = cloud[:, 0] < -0.1
    right = cloud[:, 0] > 0.1
    return ConceptDataset(cloud, np.column_stack([left, right, left | right]), tuple(names))


def plan(world: str = "plane", seeds: tuple[int, ...] = (0, 1)) -> Plan:
    gates = (GateEntry("topk", (1, 2), (1,)), GateEntry("relu", (0.1,), (0.1,)))
    return Plan("made by hand", (WorldEntry(world, "nowhere"),), gates, widths=(2, 4), seeds=seeds)


def entry(share: float | None, error: float | None, names: Sequence[str], unit: bool) -> dict[str, Any]:
    who: Any = [0, 1] if unit else 0
    rows = [[name, who, error, error, error, error is not None and error <= 0.05] for name in names]
    return {"share": share, "best_error": error, "tested": len(names), "per_concept": rows}


def result(cell: Cell, names: Sequence[str], known: bool = True) -> dict[str, Any]:
    """A result whose errors fall with width, and are smaller for trained SAEs than for the baselines."""
    good = cell.baseline == "trained"
    error = (0.1 if good else 0.5) / cell.width + 0.01 * cell.seed if known else None
    share = (1.0 if good else 0.0) if known else None
    notions: dict[str, Any] = {}
    for notion in ("detection", "separation", "approximation"):
        table = {who: entry(share, error, names, unit=who == "units") for who in ("neurons", "units")}
        missing = notion == "approximation"
        notions[notion] = (
            {"neurons": None, "units": None, "shuffled": None, "shuffled_units": None}
            if missing
            else {**table, "shuffled": 0.0 if known else None, "shuffled_units": 0.0 if known else None}
        )
    evidence = {"observed": 2.0, "bound": 4.0, "slack": 2.0, "holds": True, "grade": "exact"}
    return {
        "cell": cell.to_dict(),
        "metrics": {"l0": 1.5, "fvu": 0.2, "dead_share": 0.0, "dense_share": 0.0, "mcc": None},
        "notions": notions,
        "approximation_reason": "no ambient measure",
        "evidence": {
            "S5": [{**evidence, "instance": cell.name, "tightness": 0.5}],
            "S7": [{**evidence, "instance": cell.name, "tightness": 0.5}],
            "A1": [],
        },
        "lattice": {"concepts": 2, "truth_concepts": 4},
    }


def write_run(
    folder: Path, *, known: bool = True, seeds: tuple[int, ...] = (0, 1), world: str = "plane"
) -> Path:
    """Write a run over one planar world with half-planes as SAEs; nothing is trained."""
    from geosae.sae import SparseAutoencoder, TrainConfig
    from geosae.sae.checkpoint import save
    from geosae.sae.training.train import TrainedSAE

    made = plan(world, seeds)
    store, data = Store(folder), dataset()
    store.write_plan(made)
    results: list[dict[str, Any]] = []
    for cell in made.cells():
        path = store.world(cell)
        if not path.is_file():
            save_dataset(data, path)
        angles = 2 * np.pi * np.arange(cell.width) / cell.width
        half = HalfSpaces(np.column_stack([np.cos(angles), np.sin(angles)]), np.full(cell.width, -0.1))
        sae = SparseAutoencoder.planted(half)
        log = tuple(
            {"step": s, "loss": 1 / (s + 1), "fvu": 0.2, "l0": 1.5, "dead_share": 0.0} for s in (0, 10)
        )
        config = TrainConfig(gate=sae.gate, width=cell.width, steps=10)
        save(TrainedSAE(sae, config, cell.seed, log, {"fvu": 0.2}, "0" * 64), store.cell(cell))
        context = FormalContext.from_array(
            [[True, False], [False, True], [False, False]], NAMES, ["n0", "n1"]
        )
        truth = FormalContext(NAMES, NAMES, data.hierarchy)
        stored = {"detection": concept_lattice(context).to_dict(), "truth": concept_lattice(truth).to_dict()}
        stored["comparison"] = compare(truth, context, np.random.default_rng(0), nulls=1).to_dict()
        stored["along"] = {"detection": [[0.0, 2, True], [0.1, 4, True]]}
        write_json(store.cell(cell) / "lattice.json", stored)
        found = result(cell, NAMES, known)
        store.write_result(cell, found, 0.1)
        results.append(found)
    evidence = {
        "observed": 3.0,
        "bound": 3.0,
        "slack": 0.0,
        "holds": True,
        "instance": "three",
        "grade": "exact",
    }
    verdict: dict[str, Any] = {
        "id": "S5",
        "status": "holds",
        "reason": "",
        "kind": "upper",
        "grades": ["exact"],
    }
    verdict |= {"statement": "p <script>alert(1)</script> concepts", "violations": [], "tried": 7}
    verdict |= {
        "controls_tried": 3,
        "controls_refuted": 3,
        "worst_slack": 0.0,
        "eta": 0.0,
        "false_alarm": 0.0,
    }
    verdict |= {"tightest": {"role": "instance", "index": 0, "evidence": evidence}}
    write_json(folder / "verdicts.json", [verdict])
    write_json(folder / "summary.json", summarise(results))
    write_json(folder / "run.json", {"machine": {"python": "3.11"}, "seconds": 1.0})
    return folder


def card(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / "figures" / f"{name}.json").read_text(encoding="utf-8"))
