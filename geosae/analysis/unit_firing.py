"""Where units fire: on the points of a data set, the intersection of their neurons' firing sets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from geosae.analysis._neurons import firing_of, prepared
from geosae.analysis.firing_bits import Unit
from geosae.data.dataset import ConceptDataset

CHUNK = 8192


def unit_firing(sae: Any, dataset: ConceptDataset, units: Sequence[Unit]) -> Bool[np.ndarray, "N p"]:
    """Return where each unit fires, a column each; nowhere for (), which is no unit.

    Parameters
    ----------
    sae
        As `analyse` takes it.
    dataset
        Its points are what counts, (N, n).
    units
        The neurons of each unit.

    Raises
    ------
    InvalidInput
        If the SAE reads points of another dimension.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> data = ConceptDataset(np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[True], [False]]), ("both",))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.zeros(2)))
    >>> unit_firing(sae, data, [(0,), (0, 1), ()]).tolist()
    [[True, True, False], [True, False, False]]
    """
    neurons, inside = prepared(sae, dataset)
    table = np.zeros((dataset.size, len(units)), dtype=bool)
    for start in range(0, dataset.size, CHUNK):
        fires = firing_of(neurons, inside.points[start : start + CHUNK])
        for column, unit in enumerate(units):
            if unit:
                table[start : start + CHUNK, column] = fires[:, list(unit)].all(axis=1)
    return table
