"""What stands beside the SAE that is scored: an untrained one, a frozen decoder, the truth, a probe."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from geosae.benchmark.files import Benchmark
from geosae.benchmark.possible import naming_verdicts
from geosae.benchmark.settings import Size
from geosae.data.planted import true_halfspaces
from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.exact import nearest_float
from geosae.geometry.superposition.naming_certificate import Named
from geosae.notebook import short_repr

Rival = Literal["untrained", "frozen decoder", "planted", "probe"]
STEPS: Mapping[Size, int] = {"s": 2_000, "m": 4_000, "l": 8_000}
"""Steps of training of a frozen decoder."""
MOST_FITTED = 40_960
"""Points that planted thresholds and probes are fitted to, at most."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """An SAE to stand beside the scored one, or the reason why there is none."""

    rival: Rival
    sae: Any
    reason: str = ""

    __repr__ = short_repr


def rival(kind: Rival, sae: Any, benchmark: Benchmark, seed: int) -> Candidate:
    """Return one of the SAEs to compare with; without one, the reason says why.

    "untrained" and "frozen decoder" have the gate and the width of the scored SAE and are made on the points
    to train on; "planted" has the true half-spaces, those of S10's certificates where every feature can be
    named, or the true directions with the thresholds that labels teach; "probe" a half-space for each concept
    by logistic regression on its labels.
    """
    makers: Mapping[Rival, Callable[[], Any]] = {
        "untrained": lambda: _alike(sae, benchmark, seed, "untrained"),
        "frozen decoder": lambda: _alike(sae, benchmark, seed, "frozen_decoder"),
        "planted": lambda: _planted(benchmark),
        "probe": lambda: _probe(benchmark),
    }
    try:
        return Candidate(kind, makers[kind]())
    except InvalidInput as error:
        return Candidate(kind, None, str(error).splitlines()[0])


def _alike(sae: Any, benchmark: Benchmark, seed: int, baseline: Any) -> Any:
    from geosae.sae.config import TrainConfig
    from geosae.sae.training.train import train

    inner = getattr(sae, "sae", sae)
    gate = getattr(inner, "gate", None)
    if gate is None:
        raise InvalidInput(f"the gate of a {type(sae).__name__} is not known, so none like it can be made")
    config = TrainConfig(gate, inner.width, STEPS[benchmark.card.size], baseline=baseline)
    return train(np.asarray(benchmark.points("train")), config, seed).sae


def _planted(benchmark: Benchmark) -> Any:
    from geosae.sae import baselines

    points, membership = _labelled(benchmark)
    sides = true_halfspaces(benchmark.judged) or _naming_halfspaces(benchmark)
    if sides is None:
        directions = benchmark.judged.directions
        if directions is None:
            raise InvalidInput("neither half-spaces nor directions are known to be true of this setting")
        thresholds = [
            baselines.least_error_threshold(points @ direction, inside) if inside.any() else np.inf
            for direction, inside in zip(directions, membership.T, strict=True)
        ]
        with_points = np.isfinite(thresholds)
        sides = HalfSpaces(directions[with_points], -np.asarray(thresholds)[with_points])
    return baselines.planted(points, sides).sae


def _naming_halfspaces(benchmark: Benchmark) -> HalfSpaces | None:
    """Return the half-spaces with which single neurons name the features (S10), if there is one for each."""
    verdicts = naming_verdicts(benchmark.judged.directions, benchmark.card.params)
    if verdicts is None or not all(isinstance(verdict, Named) for verdict in verdicts):
        return None
    named = [verdict for verdict in verdicts if isinstance(verdict, Named)]
    rows = np.array([[nearest_float(entry) for entry in verdict.normal()] for verdict in named])
    return HalfSpaces(rows, -np.array([float(verdict.threshold()) for verdict in named]))


def _probe(benchmark: Benchmark) -> Any:
    from geosae.sae import baselines

    return baselines.supervised(*_labelled(benchmark)).sae


def _labelled(benchmark: Benchmark) -> tuple[Any, Any]:
    points = np.asarray(benchmark.points("train")[:MOST_FITTED], dtype=np.float64)
    return points, np.asarray(benchmark.membership("train")[:MOST_FITTED])
