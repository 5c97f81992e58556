"""Dead neurons, which fire on no point, and dense ones, which fire on most (theory P6)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from geosae.analysis.phenomena._shares import absolute, open_share, read
from geosae.data.dataset import ConceptDataset
from geosae.geometry.intervals import clopper_pearson
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import PROBABILITY


@dataclass(frozen=True, eq=False)
class DeadAndDense:
    """How often each neuron fires; all intervals hold at once with probability ≥ 1 − alpha (theory E2).

    Attributes
    ----------
    fired
        Number of points on which each neuron fires.
    low, high
        Ends of the interval of each rate μ(N_i).
    distance
        For absolute gates, how far each neuron's half-space is from the nearest of these points: positive
        exactly for dead neurons, which stay dead while their hyperplane moves less than that (theory E1);
        0 for those that fire. None for other gates, whose regions have no hyperplane to measure from.
    """

    points: int
    fired: Int[np.ndarray, "d"]
    low: Float[np.ndarray, "d"]
    high: Float[np.ndarray, "d"]
    distance: Float[np.ndarray, "d"] | None
    alpha: float

    __repr__ = short_repr

    @property
    def dead(self) -> tuple[int, ...]:
        """The neurons that fire on none of these points: N_i ∩ X = ∅."""
        return tuple(np.flatnonzero(self.fired == 0).tolist())

    @property
    def dense(self) -> tuple[int, ...]:
        """The neurons that fire on more than half of these points."""
        return tuple(np.flatnonzero(2 * self.fired > self.points).tolist())

    @property
    def surely_dense(self) -> tuple[int, ...]:
        """The neurons whose whole interval lies above ½: dense beyond this sample."""
        return tuple(np.flatnonzero(self.low > 0.5).tolist())

    @property
    def dead_share(self) -> float:
        """The share of neurons that are dead."""
        return len(self.dead) / len(self.fired)

    @property
    def dense_share(self) -> float:
        """The share of neurons that are dense."""
        return len(self.dense) / len(self.fired)

    @property
    def rate_of_dead(self) -> float:
        """The rate below which every dead neuron's μ(N_i) lies at this level: silence here is no proof."""
        return float(self.high[self.fired == 0].max()) if len(self.dead) else 0.0

    @property
    def record(self) -> "DeadAndDenseRecord":
        """What can be stored of it: which neurons are dead or dense, without the arrays."""
        return DeadAndDenseRecord(
            points=self.points,
            dead=self.dead,
            dense=self.dense,
            surely_dense=self.surely_dense,
            dead_share=self.dead_share,
            dense_share=self.dense_share,
            rate_of_dead=self.rate_of_dead,
        )


@dataclass(frozen=True)
class DeadAndDenseRecord:
    """What can be stored of a `DeadAndDense`: see there for each field."""

    points: int
    dead: tuple[int, ...]
    dense: tuple[int, ...]
    surely_dense: tuple[int, ...]
    dead_share: float
    dense_share: float
    rate_of_dead: float


@checked_arguments(alpha=PROBABILITY)
def dead_and_dense(sae: Any, dataset: ConceptDataset, *, alpha: float = 0.05) -> DeadAndDense:
    """Tell which neurons of an SAE fire on no point, and which on most (P6).

    Raises
    ------
    InvalidInput
        If the SAE reads points of another dimension.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> x = np.linspace(0, 1, 100)[:, None]
    >>> data = ConceptDataset(x, x > 0.5, ("large",))
    >>> three = HalfSpaces(np.ones((3, 1)), np.array([-2.0, 1.0, -0.9]))
    >>> rates = dead_and_dense(neurons_of(SparseAutoencoder.planted(three)), data)
    >>> rates.dead, rates.dense, round(float(rates.distance[0]), 3)
    ((0,), (1,), 1.0)
    """
    alpha = open_share(alpha, "alpha")
    neurons, fires, points = read(sae, dataset)
    fired = np.count_nonzero(fires, axis=0).astype(np.int64)
    low, high = clopper_pearson(fired, dataset.size, alpha / neurons.width)
    distance = _distance(neurons, points) if absolute(neurons) else None
    return DeadAndDense(dataset.size, fired, low, high, distance, alpha)


def _distance(neurons: Any, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "d"]:
    regions = neurons.half_spaces()
    lengths = np.linalg.norm(regions.w, axis=1)
    highest = np.full(len(regions), -np.inf)
    for start in range(0, len(points), 8192):
        values = points[start : start + 8192] @ regions.w.T + regions.c
        highest = np.maximum(highest, values.max(axis=0))
    # Without a direction the region is empty or everything: no shift of the points changes it.
    far = np.divide(-highest, lengths, out=np.full(len(regions), np.inf), where=lengths > 0)
    return np.where(highest > 0, 0.0, far)
