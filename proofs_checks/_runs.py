"""What the checks read off a trained SAE: who fires where, and which concepts that serves."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from geosae.verification import TrainedInstance

# Every statement that is checked here holds for any finite X, so a part of the sample serves as X.
MOST_POINTS = 4096


class Seen(NamedTuple):
    """The part of a data set that serves as X, who fires on it, and its concepts (neither empty nor all)."""

    points: Float[np.ndarray, "N n"]
    fires: Bool[np.ndarray, "N d"]
    concepts: Bool[np.ndarray, "N p"]
    names: tuple[str, ...]
    tolerance: float


def seen(instance: TrainedInstance) -> Seen:
    """Return evenly spaced points of the data set, at most `MOST_POINTS`, with firing and concepts."""
    data = instance.dataset
    rows = np.unique(np.linspace(0, data.size - 1, min(data.size, MOST_POINTS)).astype(np.int64))
    points = data.points[rows].astype(np.float64)
    concepts = data.membership[rows]
    kept = np.flatnonzero(concepts.any(axis=0) & ~concepts.all(axis=0))
    names = tuple(data.names[k] for k in kept)
    return Seen(points, instance.neurons.fires(points), concepts[:, kept], names, _tolerance(instance))


def _tolerance(instance: TrainedInstance) -> float:
    # An alignment knows the tolerance of its run; 0.05 is the default of `geosae.analyse`.
    return 0.05 if instance.alignment is None else float(instance.alignment.detection.tolerance)


def pair_errors(view: Seen) -> tuple[Float[np.ndarray, "p d"], Float[np.ndarray, "p d"]]:
    """Return miss rate and false-alarm rate of every neuron (column) for every concept (row)."""
    inside, fires = view.concepts.astype(np.float64), view.fires.astype(np.float64)
    sizes = inside.sum(axis=0)[:, None]
    hits = inside.T @ fires
    alarms = fires.sum(axis=0)[None, :] - hits
    return 1 - hits / sizes, alarms / (len(view.points) - sizes)


def separated_by_units(view: Seen, *, misses: float = 0.0) -> list[tuple[int, Bool[np.ndarray, " d"]]]:
    """Return the concepts that a unit separates at the tolerance, each with that unit.

    The unit misses at most a share `misses` of the concept (none by default: the closure unit) and its
    share of false alarms is at most the tolerance. Neurons enter in the order of their own miss rates.
    """
    found: list[tuple[int, Bool[np.ndarray, " d"]]] = []
    miss, _ = pair_errors(view)
    for k in range(view.concepts.shape[1]):
        inside = view.concepts[:, k]
        unit = np.zeros(view.fires.shape[1], dtype=np.bool_)
        held = np.ones(len(view.points), dtype=np.bool_)
        for i in np.argsort(miss[k], kind="stable"):
            trial = held & view.fires[:, i]
            if np.mean(~trial[inside]) > misses:
                break
            unit[i], held = True, trial
        if np.mean(held[~inside]) <= view.tolerance:
            found.append((k, unit))
    return found
