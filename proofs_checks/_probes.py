"""Planted features of a data set, and the encoder's rows that are to read them out."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from geosae.analysis.matching import matched_rows
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.verification import NeuronsLike, TrainedInstance


class Probes(NamedTuple):
    """The true directions as columns of A, and for each of them a probe: a row of the encoder of its own."""

    A: Float[np.ndarray, "n p"]
    B: Float[np.ndarray, "n p"]
    neurons: Int[np.ndarray, " p"]
    """Which neuron each probe is; −1, and a zero probe, where there are too few."""


def encoder_of(neurons: NeuronsLike) -> HalfSpaces | None:
    """Return the affine functions before the gate, where the neurons hand them out."""
    affine = getattr(neurons, "affine", None)
    return affine if isinstance(affine, HalfSpaces) else None


def probes_of(instance: TrainedInstance) -> Probes | None:
    """Match the encoder's rows with the planted directions; None where either is not known."""
    directions, encoder = instance.dataset.directions, encoder_of(instance.neurons)
    if directions is None or encoder is None:
        return None
    neurons = matched_rows(encoder.w, directions)
    rows = np.where(neurons[:, None] >= 0, encoder.w[neurons], 0.0)
    return Probes(directions.T, rows.T, neurons)
