"""Run by tests/test_one_door.py in a process of its own, where no hook checks types before the library does.

Reads lines of Python from the standard input and writes as JSON what each came to: ["refused", message],
["raised", type and message] or ["value", repr].
"""

import json
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import geosae_synthetic
import numpy as np
import torch

import geosae
import proofs_checks
from geosae.analysis import AnalysisConfig, phenomena
from geosae.data.dataset import ConceptDataset
from geosae.data.order import subset_order
from geosae.errors import InvalidInput
from geosae.experiments.plan import CheckEntry, GateEntry, Plan, StudyEntry, WorldEntry
from geosae.experiments.sweep import Sweep
from geosae.fca import FormalContext
from geosae.figures.units import UnitPicture, units_in_plane
from geosae.geometry import HalfSpaces, separate_many
from geosae.geometry.regions.registry import Ball
from geosae.sae import SparseAutoencoder, gates
from geosae.sae.baselines import supervised
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, Matryoshka, ReLU, TopK
from geosae.sae.interop import NONE, Imported, LayerNorm, Source, compare_with_card, write_saelens
from geosae.sae.metrics import measure
from geosae.sae.neurons import neurons_of
from geosae.sae.training.train import TrainedSAE
from geosae.validation import finite_points, finite_vector
from geosae.verification import verify
from geosae.verification.claim import TrainedInstance

NAN = float("nan")
POINTS = np.random.default_rng(0).normal(size=(200, 3))
NAMES = {
    **{item.__name__: item for item in (BatchTopK, Matryoshka, ReLU, TopK, TrainConfig, AnalysisConfig)},
    **{item.__name__: item for item in (CheckEntry, GateEntry, Plan, StudyEntry, Sweep, WorldEntry, verify)},
    "np": np, "nan": NAN, "geosae": geosae, "worlds": geosae_synthetic, "gates": gates, "points": POINTS,
    "claim": proofs_checks.claims()["S5"],
}  # fmt: skip


def saved_and_loaded(config: TrainConfig, seed: int) -> TrainConfig:
    with TemporaryDirectory() as folder:
        geosae.save(geosae.train(POINTS, config, seed), folder + "/sae")
        return geosae.load(folder + "/sae").config


def same(run: TrainedSAE) -> bool:
    """Whether a run on the points in another form has the bytes of that on the array."""
    first = geosae.train(POINTS, run.config, run.seed)
    return run.data_hash == first.data_hash and bool((run.sae.W_enc == first.sae.W_enc).all())


def lent(make: Any, read: Any, kind: type = float) -> bool:
    """Whether what is made of a matrix stays as it is when the matrix is overwritten."""
    matrix = np.eye(2).astype(kind)
    made = make(matrix)
    before = read(made)
    matrix[:] = 0
    return bool(np.array_equal(before, read(made)))


def refilled() -> bool:
    """Whether a generator that refills one buffer trains what one of fresh blocks trains."""

    def blocks(fresh: bool) -> Iterator[np.ndarray]:
        buffer, rng = np.empty((64, 3)), np.random.default_rng(0)
        for _ in range(40):
            buffer[:] = rng.normal(size=(64, 3))
            yield buffer.copy() if fresh else buffer

    config = TrainConfig(TopK(1), 4, steps=5, batch_size=100)
    one, two = (geosae.train(lambda fresh=fresh: blocks(fresh), config, 0) for fresh in (True, False))
    return one.data_hash == two.data_hash and bool((one.sae.W_enc == two.sae.W_enc).all())


class Odd:
    """Neurons of another library, which tell how strongly they fire where they should tell whether."""

    width, dim = 2, 3

    def fires(self, points: np.ndarray) -> np.ndarray:
        return np.full((len(points), 2), 3)

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return points


for helper in (saved_and_loaded, same, lent, refilled, Odd, Ball, ConceptDataset, FormalContext, HalfSpaces):
    NAMES[helper.__name__] = helper
for helper in (finite_points, finite_vector, separate_many, subset_order, supervised, torch, phenomena):
    NAMES[helper.__name__.rpartition(".")[2]] = helper


layered = Imported(
    SparseAutoencoder.planted(HalfSpaces(np.eye(3), np.zeros(3))), LayerNorm(), Source("hand", "relu")
)
data = ConceptDataset(POINTS, POINTS[:, :1] > 0, ("right",))
NAMES |= {"layered": layered, "data": data, "NONE": NONE}
for helper in (
    measure,
    neurons_of,
    write_saelens,
    compare_with_card,
    TrainedInstance,
    UnitPicture,
    units_in_plane,
):
    NAMES[helper.__name__] = helper


def outcome(line: str) -> list[str]:
    try:
        return ["value", repr(eval(line, dict(NAMES)))]
    except InvalidInput as error:
        return ["refused", str(error)]
    except Exception as error:
        return ["raised", f"{type(error).__name__}: {error}"]


if __name__ == "__main__":
    json.dump([outcome(line) for line in json.load(sys.stdin)], sys.stdout)
