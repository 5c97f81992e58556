"""Planted features of a data set, and the encoder's rows that are to read them out."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from geosae.analysis.matching import matched_rows
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.verification import NeuronsLike, TrainedInstance

# Matching takes time that grows like the cube of the number of rows: a second or two at so many pairs.
MOST_PAIRS = 2**22


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


@lru_cache(maxsize=2)
def probes_of(instance: TrainedInstance) -> Probes | None:
    """Match the encoder's rows with the planted directions; None where either is not known, or too many are.

    The statements ask one after another about one SAE, which is matched once.
    """
    directions, encoder = instance.dataset.directions, encoder_of(instance.neurons)
    if directions is None or encoder is None or len(directions) * len(encoder.w) > MOST_PAIRS:
        return None
    neurons = matched_rows(encoder.w, directions)
    rows = np.where(neurons[:, None] >= 0, encoder.w[neurons], 0.0)
    return Probes(directions.T, rows.T, neurons)
