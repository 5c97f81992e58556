"""The area under the ROC curve of a neuron's activation, from the points on which it is active."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from geosae.errors import InvalidInput


def roc_auc(active: Float[np.ndarray, " a"], in_concept: Bool[np.ndarray, " a"], pos: int, neg: int) -> float:
    """Return the chance that a random point of C activates the neuron more than a random other point, ties ½.

    Parameters
    ----------
    active
        The activations where they are positive; at all other points they are 0.
    in_concept
        Whether each of these points lies in C.
    pos, neg
        The numbers of all points of C and of all others; without one of them the area is nan.

    References
    ----------
    J. A. Hanley and B. J. McNeil, Radiology 143 (1982), doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> roc_auc(np.array([2.0, 1.0]), np.array([True, False]), 1, 3)
    1.0
    >>> roc_auc(np.array([]), np.array([], dtype=bool), 2, 2)
    0.5
    """
    if pos == 0 or neg == 0:
        return float("nan")
    silent = pos + neg - len(active)
    silent_pos = pos - int(np.count_nonzero(in_concept))
    # The silent points share the lowest ranks, the mean of 1 … silent.
    ranks = float(rankdata(active)[in_concept].sum()) + silent * (pos - silent_pos)
    ranks += silent_pos * (silent + 1) / 2
    return (ranks - pos * (pos + 1) / 2) / (pos * neg)


class ActivationLog:
    """Notes chunk by chunk where some neurons are active, and how strongly."""

    def __init__(self, neurons: Int[np.ndarray, " m"]) -> None:
        self._neurons = neurons
        self._rows: list[Sequence[Int[np.ndarray, " a"]]] = []
        self._values: list[Sequence[Float[np.ndarray, " a"]]] = []
        self._points = 0

    def add(self, activations: Float[np.ndarray, "c d"]) -> None:
        """Note the activations of one chunk, of all neurons."""
        of_neurons = activations[:, self._neurons].T
        rows = [np.flatnonzero(row > 0) for row in of_neurons]
        self._values.append([row[where] for row, where in zip(of_neurons, rows, strict=True)])
        self._rows.append([where + self._points for where in rows])
        self._points += len(activations)

    def roc_auc(self, neuron: int, inside: Bool[np.ndarray, " N"]) -> float:
        """Return the area for a noted neuron and a concept, given as which of the points it holds.

        It is nan where no activations were noted.

        Raises
        ------
        InvalidInput
            If the neuron is none of those noted.
        """
        if not self._points:
            return float("nan")
        place = int(np.searchsorted(self._neurons, neuron))
        if place == len(self._neurons) or self._neurons[place] != neuron:
            raise InvalidInput(f"neuron {neuron} was not noted")
        rows = np.concatenate([each[place] for each in self._rows])
        values = np.concatenate([each[place] for each in self._values])
        pos = int(np.count_nonzero(inside))
        return roc_auc(values, inside[rows], pos, len(inside) - pos)
