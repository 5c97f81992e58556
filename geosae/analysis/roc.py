"""The area under the ROC curve of a neuron's activation, from the points on which it is active."""

from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.data.codes import Codes
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
    # Equal values share the mean of their ranks; the silent points share the lowest, the mean of 1 … silent.
    ordered, own = np.sort(active), active[in_concept]
    twice = np.searchsorted(ordered, own, "left") + np.searchsorted(ordered, own, "right") + 1
    ranks = float(twice.sum()) / 2 + silent * (pos - silent_pos)
    ranks += silent_pos * (silent + 1) / 2
    return (ranks - pos * (pos + 1) / 2) / (pos * neg)


class ActivationLog:
    """Notes chunk by chunk where some neurons are active, and how strongly."""

    def __init__(self, neurons: Int[np.ndarray, " m"]) -> None:
        self._neurons = neurons
        self._parts: list[Codes] = []

    def add(self, codes: Codes) -> None:
        """Note the activations of one chunk, of all neurons; a negative one counts by its size.

        They are rounded to float32, in which SAEs compute: what is equal there is a tie.

        Raises
        ------
        InvalidInput
            If they are not known, or one is beyond float32.
        """
        if codes.values is None:
            raise InvalidInput("these codes do not say how strongly a neuron is active")
        place_of = np.full(codes.width, -1)
        place_of[self._neurons] = np.arange(len(self._neurons))
        places = place_of[codes.indices]
        noted = places >= 0
        with np.errstate(over="ignore"):
            values = np.abs(codes.values[noted]).astype(np.float32)
        if not np.isfinite(values).all():
            raise InvalidInput(
                "an activation is beyond float32", remedy="scale the points as those of the training were"
            )
        points = np.repeat(np.arange(len(codes)), np.diff(codes.indptr))[noted]
        active = values > 0
        counts = np.bincount(points[active], minlength=len(codes))
        indptr = np.concatenate([[0], np.cumsum(counts)])
        self._parts.append(Codes(indptr, places[noted][active], len(self._neurons), values[active]))

    @cached_property
    def _by_neuron(self) -> Codes:
        return Codes.concatenate(self._parts).transposed()

    def roc_auc(self, neuron: int, inside: Bool[np.ndarray, " N"]) -> float:
        """Return the area for a noted neuron and a concept, given as which of the points it holds.

        It is nan where no activations were noted. Note all chunks before the first question.

        Raises
        ------
        InvalidInput
            If the neuron is none of those noted.
        """
        if not self._parts:
            return float("nan")
        place = int(np.searchsorted(self._neurons, neuron))
        if place == len(self._neurons) or self._neurons[place] != neuron:
            raise InvalidInput(f"neuron {neuron} was not noted")
        noted = self._by_neuron
        part = slice(*noted.indptr[place : place + 2].tolist())
        values = np.zeros(0) if noted.values is None else noted.values[part]
        pos = int(np.count_nonzero(inside))
        return roc_auc(values, inside[noted.indices[part]], pos, len(inside) - pos)
