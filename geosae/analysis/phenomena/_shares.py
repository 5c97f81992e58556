"""Shares of points with exact intervals, and which neurons fire where: the measures of all phenomena."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from cattrs.gen import make_dict_structure_fn
from jaxtyping import Bool, Float, Int

from geosae.analysis._neurons import FiringNeurons, firing_of, prepared
from geosae.data.dataset import ConceptDataset
from geosae.data.split import split_at
from geosae.errors import InvalidInput
from geosae.geometry.intervals import clopper_pearson
from geosae.storage.structure import CONVERTER
from geosae.validation import whole_number

_CHUNK = 8192


@dataclass(frozen=True)
class Share:
    """A share of points, hits of trials, with its Clopper–Pearson interval (theory E2).

    Examples
    --------
    >>> share_of(np.array([True, True, False, True]), 0.05)
    3/4 = 0.75 [0.19, 0.99]
    """

    hits: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; nan of no trials, whose interval is [0, 1]."""
        return self.hits / self.trials if self.trials else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the share (null of no trials) and its interval, for JSON."""
        value = self.value if self.trials else None
        return {"hits": self.hits, "trials": self.trials, "value": value, "low": self.low, "high": self.high}

    def __repr__(self) -> str:
        return f"{self.hits}/{self.trials} = {self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


# In JSON the share stands beside the counts and the interval that it follows from.
_without_value = make_dict_structure_fn(Share, CONVERTER)


def _read_share(table: Mapping[str, Any], kind: type[Share]) -> Share:
    return _without_value({name: number for name, number in table.items() if name != "value"}, kind)


CONVERTER.register_unstructure_hook(Share, Share.to_dict)
CONVERTER.register_structure_hook(Share, _read_share)


def counted(hits: int | np.integer[Any], trials: int | np.integer[Any], alpha: float) -> Share:
    """Return the share of counts, at level 1 − alpha."""
    low, high = clopper_pearson(int(hits), int(trials), alpha)
    return Share(int(hits), int(trials), float(low), float(high))


def share_of(mask: Bool[np.ndarray, "N"], alpha: float) -> Share:
    """Return the share of points at which a mask holds, at level 1 − alpha."""
    return counted(np.count_nonzero(mask), mask.size, alpha)


@dataclass(frozen=True)
class Difference:
    """The difference of two shares; its interval is that of both ends at once, hence wide but safe."""

    value: float
    low: float
    high: float


def difference(left: Share, right: Share) -> Difference:
    """Return left − right; it covers at level 1 − 2·alpha if each share does at 1 − alpha.

    Examples
    --------
    >>> effect = difference(counted(9, 10, 0.05), counted(1, 10, 0.05))
    >>> round(effect.value, 2), effect.low > 0
    (0.8, True)
    """
    return Difference(left.value - right.value, left.low - right.high, left.high - right.low)


def read(
    sae: Any, dataset: ConceptDataset
) -> tuple[FiringNeurons, Bool[np.ndarray, "N d"], Float[np.ndarray, "N n"]]:
    """Return an SAE's neurons, at which points each fires (chunk by chunk), and the points as they read them.

    An imported SAE that normalises its points reads them so; its half-spaces live in that space, too.
    """
    neurons, inside = prepared(sae, dataset)
    points = np.asarray(inside.points, dtype=np.float64)
    fires = np.empty((dataset.size, neurons.width), dtype=np.bool_)
    for start in range(0, dataset.size, _CHUNK):
        rows = slice(start, start + _CHUNK)
        fires[rows] = firing_of(neurons, points[rows])
    return neurons, fires, points


def halves_of(count: int, seed: int) -> tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "test"]]:
    """Return the rows to choose neurons on and the rows to measure them on, two halves at random.

    Raises
    ------
    InvalidInput
        If there are fewer than two points.
    """
    if count < 2:
        raise InvalidInput(f"{count} points cannot be halved", remedy="hand in more points")
    return split_at(count, count // 2, np.random.default_rng([whole_number(seed, "the seed"), 7]))


def open_share(value: float | int, name: str) -> float:
    """Return a share strictly between 0 and 1.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    if not 0 < value < 1:
        raise InvalidInput(f"{name} is {value}; a share strictly between 0 and 1 is needed")
    return float(value)


def joint_counts(fires: Bool[np.ndarray, "N d"]) -> Int[np.ndarray, "d d"]:
    """Return at how many points each pair of neurons fires together."""
    total = np.zeros((fires.shape[1],) * 2, dtype=np.int64)
    for start in range(0, len(fires), _CHUNK):
        block: Float[np.ndarray, "rows d"] = fires[start : start + _CHUNK].astype(np.float32)
        # Float32 products count exactly up to 2^24, far above the length of a chunk.
        total += (block.T @ block).astype(np.int64)
    return total


def absolute(neurons: FiringNeurons) -> bool | None:
    """Return whether each neuron is decided by itself; None where the neurons do not say."""
    gating = getattr(neurons, "gating", None)
    return None if gating is None else gating == "absolute"
