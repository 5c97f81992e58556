"""Run by tests/test_one_door.py in a process of its own, where no hook checks types before the library does.

Reads lines of Python from the standard input and writes as JSON what each came to: ["refused", message],
["raised", type and message] or ["value", repr].
"""

import json
import sys
from tempfile import TemporaryDirectory

import geosae_synthetic
import numpy as np

import geosae
from geosae.analysis import AnalysisConfig
from geosae.errors import InvalidInput
from geosae.experiments.plan import CheckEntry, GateEntry, Plan, StudyEntry, WorldEntry
from geosae.experiments.sweep import Sweep
from geosae.sae import gates
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, Matryoshka, ReLU, TopK
from geosae.verification import verify

NAN = float("nan")
POINTS = np.random.default_rng(0).normal(size=(200, 3))
NAMES = {
    **{item.__name__: item for item in (BatchTopK, Matryoshka, ReLU, TopK, TrainConfig, AnalysisConfig)},
    **{item.__name__: item for item in (CheckEntry, GateEntry, Plan, StudyEntry, Sweep, WorldEntry, verify)},
    "np": np, "nan": NAN, "geosae": geosae, "worlds": geosae_synthetic, "gates": gates, "points": POINTS,
}  # fmt: skip


def saved_and_loaded(config: TrainConfig, seed: int) -> TrainConfig:
    with TemporaryDirectory() as folder:
        geosae.save(geosae.train(POINTS, config, seed), folder + "/sae")
        return geosae.load(folder + "/sae").config


NAMES["saved_and_loaded"] = saved_and_loaded


def outcome(line: str) -> list[str]:
    try:
        return ["value", repr(eval(line, dict(NAMES)))]
    except InvalidInput as error:
        return ["refused", str(error)]
    except Exception as error:
        return ["raised", f"{type(error).__name__}: {error}"]


if __name__ == "__main__":
    json.dump([outcome(line) for line in json.load(sys.stdin)], sys.stdout)
