"""How well an SAE does on points: FVU, L0, dead and dense share.

FVU = Σ‖x − x̂‖² / Σ‖x − x̄‖², where x̄ is the points' mean: numerator and denominator are summed over all
points separately, and divided once. (The mean of per-batch quotients is another number, and so is a
denominator taken about 0.)
"""

import numpy as np
from jaxtyping import Float

from geosae.sae.neurons import Neurons
from geosae.validation import finite_points


def fvu(points: Float[np.ndarray, "N n"], reconstruction: Float[np.ndarray, "N n"]) -> float:
    """Return the fraction of variance unexplained, Σ‖x − x̂‖² / Σ‖x − x̄‖² (nan if the points are equal).

    Examples
    --------
    >>> fvu(np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]]))
    0.5
    """
    spread = float(np.square(points - points.mean(axis=0)).sum())
    return float(np.square(points - reconstruction).sum()) / spread if spread > 0 else float("nan")


def measure(neurons: Neurons, points: Float[np.ndarray, "N n"]) -> dict[str, float]:
    """Return what an SAE does on points.

    Returns
    -------
    dict
        "fvu"; "l0", the mean number of active neurons; "dead_share", the share of neurons that fire on none
        of the points; "dense_share", the share that fires on more than half of them (theory P6).
    """
    cloud = finite_points(points, dim=neurons.dim)
    rates = neurons.fires(cloud).mean(axis=0)
    return {
        "fvu": fvu(cloud, neurons.reconstruct(cloud)),
        "l0": float(rates.sum()),
        "dead_share": float((rates == 0).mean()),
        "dense_share": float((rates > 0.5).mean()),
    }
