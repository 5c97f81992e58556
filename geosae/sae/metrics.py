"""How well an SAE does on points: FVU, L0, dead and dense share.

FVU = Σ‖x − x̂‖² / Σ‖x − x̄‖², where x̄ is the points' mean: numerator and denominator are summed over all
points separately, and divided once. (The mean of per-batch quotients is another number, and so is a
denominator taken about 0.)
"""

import numpy as np
from jaxtyping import Float, Shaped

from geosae.errors import InvalidInput
from geosae.sae.neurons import Neurons
from geosae.validation import finite_points


def fvu(points: Shaped[np.ndarray, "..."], reconstruction: Shaped[np.ndarray, "..."]) -> float:
    """Return the fraction of variance unexplained, Σ‖x − x̂‖² / Σ‖x − x̄‖² (nan if the points are equal).

    Both arrays have shape (N, n), of any real type; sums are taken in float64.

    Raises
    ------
    InvalidInput
        If the points are not finite, or the two shapes differ.

    Examples
    --------
    >>> fvu(np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]]))
    0.5
    """
    cloud = finite_points(points)
    if reconstruction.shape != cloud.shape:
        raise InvalidInput(
            f"{cloud.shape[0]} points in {cloud.shape[1]} dimensions have a reconstruction of shape "
            f"{reconstruction.shape}",
            causes="a column or rows left out, or an array that numpy would broadcast",
            remedy="pass two arrays of the same shape",
        )
    return _quotient(float(np.square(cloud - reconstruction.astype(np.float64)).sum()), cloud)


def measure(neurons: Neurons, points: Float[np.ndarray, "N n"]) -> dict[str, float]:
    """Return what an SAE does on points, all of them, read in chunks.

    Returns
    -------
    dict
        "fvu"; "l0", the mean number of active neurons; "dead_share", the share of neurons that fire on none
        of the points; "dense_share", the share that fires on more than half of them (theory P6).
    """
    cloud = finite_points(points, dim=neurons.dim)
    error, counts = 0.0, np.zeros(neurons.width, dtype=np.int64)
    for rows, fires, reconstruction in neurons.in_chunks(cloud):
        counts += np.count_nonzero(fires, axis=0)
        error += float(np.square(cloud[rows] - reconstruction).sum())
    rates = counts / len(cloud)
    return {
        "fvu": _quotient(error, cloud),
        "l0": float(rates.sum()),
        "dead_share": float((counts == 0).mean()),
        "dense_share": float((rates > 0.5).mean()),
    }


def _quotient(error: float, cloud: Float[np.ndarray, "N n"]) -> float:
    # From the first point first: the offsets are then small, and exactly 0 where all points are equal.
    offsets = cloud - cloud[0]
    offsets -= offsets.mean(axis=0)
    spread = float(np.square(offsets).sum())
    return error / spread if spread > 0 else float("nan")
