"""What a worker does: one cell, from the data set to result.json, in functions that can be sent to it."""

import math
import time
import traceback
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.data.planted import true_halfspaces
from geosae.data.storage import load_dataset, save_dataset
from geosae.errors import CannotWrite, InvalidInput
from geosae.experiments.cell import Cell
from geosae.experiments.cell_lattices import store_lattices
from geosae.experiments.jobs import MakeWorld
from geosae.experiments.store import Store
from geosae.experiments.theorem_checks import Claims
from geosae.storage.files import remove_temporaries_below
from geosae.storage.structure import write_record

if TYPE_CHECKING:
    from geosae.analysis import Agreement, Alignment
    from geosae.experiments.cell_result import CellResult
    from geosae.experiments.measures import AgreementMeasures
    from geosae.sae import Neurons
    from geosae.sae.training.train import TrainedSAE
    from geosae.verification import Evidence

# Imported once by the server from which workers are forked.
HEAVY = ("geosae.sae", "geosae.analysis", "geosae.fca", "geosae.verification")


def ensure_dataset(store: Store, cell: Cell, make_world: MakeWorld) -> Path:
    """Make the cell's data set unless it is there, and return its file."""
    path = store.world(cell)
    # The card is written last: where it is, the data set is whole.
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        dataset = make_world(cell.source, cell.world_params, np.random.default_rng(cell.data_seed))
        save_dataset(dataset, path)
    return path


@lru_cache(maxsize=4)
def _load(path: Path) -> ConceptDataset:
    return load_dataset(path)


def do_cell(folder: str, cell: Cell, make_world: MakeWorld, claims: Claims | None) -> str | None:
    """Do one cell and store its result; return None, or why it failed (recorded in error.json)."""
    store = Store(Path(folder))
    start = time.perf_counter()
    try:
        remove_temporaries_below(store.cell(cell))
        write_record(store.cell(cell) / "cell.json", cell)
        dataset = _load(ensure_dataset(store, cell, make_world))
        result = compute(cell, dataset, store.cell(cell), claims)
        store.write_result(result, time.perf_counter() - start)
    except CannotWrite:
        raise  # the failure could not be recorded either
    except Exception as error:  # one cell that fails must not lose the others
        reason = f"{type(error).__name__}: {error}"
        store.write_error(cell, reason, traceback.format_exc())
        return reason
    return None


def compute(cell: Cell, dataset: ConceptDataset, folder: Path, claims: Claims | None) -> "CellResult":
    """Train, analyse and check one cell, store the parts, and return its result.

    The SAE learns from one part of the points; everything is measured on the other, which it never saw
    (theory E2 asks for that).
    """
    from geosae.analysis import AnalysisConfig, agreement, analyse
    from geosae.experiments.cell_result import cell_result
    from geosae.sae import neurons_of
    from geosae.sae.checkpoint import save

    seen, unseen = dataset.train_test_split(cell.seed, cell.train_share)
    trained = fit_or_build(cell, seen)
    save(trained, folder)
    neurons = neurons_of(trained.sae)
    config = AnalysisConfig(tolerance=cell.tolerance, seed=cell.seed, **cell.analysis)
    alignment = analyse(neurons, unseen, config)
    alignment.save(folder / "alignment.npz")
    return cell_result(
        cell,
        alignment,
        agreement=_agreement(agreement(alignment.separation)),
        lattice=store_lattices(alignment, dataset, folder, cell.seed),
        mcc=_mcc(neurons, dataset),
        # Baselines are there to be compared with; the statements are held against what was trained.
        evidence=_evidence(claims, neurons, unseen, alignment, cell.name)
        if claims is not None and cell.baseline == "trained"
        else {},
    )


def fit_or_build(cell: Cell, data: ConceptDataset) -> "TrainedSAE":
    """Return the cell's SAE, trained or constructed on the points it may see."""
    from geosae.experiments.sae_config import config_of
    from geosae.sae import baselines
    from geosae.sae.device import resolve_device
    from geosae.sae.training.spec import resolve_kernel
    from geosae.sae.training.train import train

    if cell.baseline == "pca":
        return baselines.pca(data.points, int(cell.sparsity), cell.width, cell.seed)
    if cell.baseline == "kmeans":
        return baselines.kmeans(data.points, cell.width, cell.seed)
    if cell.baseline == "planted":
        halfspaces = true_halfspaces(data)
        if halfspaces is None:
            raise InvalidInput(f"no half-spaces are known to be true of the world {cell.world!r}")
        return baselines.planted(data.points, halfspaces, cell.seed)
    if cell.baseline == "supervised":
        return baselines.supervised(data.points, data.membership, cell.seed)
    config = config_of(cell.gate, cell.sparsity, cell.width, cell.baseline, cell.train)
    kernel = resolve_kernel(config, resolve_device(cell.device))
    if cell.kernel not in (None, kernel):
        raise InvalidInput(
            f"the cell is one of the kernel {cell.kernel!r}, and this machine would train it with {kernel!r}",
            causes="an executor one of whose machines has numba and another has not",
            remedy="install the same packages on all of them (pip install 'geosae[fast]')",
        )
    return train(data.points, config, cell.seed, device=cell.device)


def can_be_had(store: Store, cell: Cell) -> bool:
    """Return whether the cell's SAE exists: half-spaces can be planted only where the world has some."""
    return cell.baseline != "planted" or true_halfspaces(_load(store.world(cell))) is not None


def _agreement(agreement: "Agreement") -> "AgreementMeasures[float]":
    from geosae.experiments.measures import AgreementMeasures

    return AgreementMeasures(
        agreement.rate, agreement.mean_concept_asymmetry, agreement.mean_neuron_asymmetry
    )


def _mcc(neurons: "Neurons", dataset: ConceptDataset) -> float:
    from geosae.analysis import mcc

    return math.nan if dataset.directions is None else float(mcc(neurons.decoder, dataset.directions))


def _evidence(
    claims: Claims, neurons: "Neurons", dataset: ConceptDataset, alignment: "Alignment", name: str
) -> dict[str, tuple["Evidence", ...]]:
    """Hold every statement that speaks about trained SAEs against this one."""
    from geosae.verification import TrainedInstance

    instance = TrainedInstance(neurons, dataset, alignment, name)
    checks = {claim_id: claim.check_run for claim_id, claim in claims().items()}
    return {claim_id: tuple(check(instance)) for claim_id, check in checks.items() if check is not None}
