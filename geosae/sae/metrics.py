"""How well an SAE does on points: FVU, L0, dead and dense share."""

import math

import numpy as np
from jaxtyping import Float

from geosae.data.fvu import unexplained_by
from geosae.sae.neurons import Neurons
from geosae.validation import finite_points


def measure(neurons: Neurons, points: Float[np.ndarray, "N n"]) -> dict[str, float]:
    """Return what an SAE does on points.

    Returns
    -------
    dict
        "fvu"; "trimmed_fvu", that of the points without the hundredth part farthest from the mean (left out
        where the others do not vary; see `geosae.data.fvu`); "l0", the mean number of active neurons;
        "dead_share", the share of neurons that fire on none of the points; "dense_share", the share that
        fires on more than half of them (theory P6).
    """
    cloud = finite_points(points, dim=neurons.dim)
    rates = neurons.fires(cloud).mean(axis=0)
    left = unexplained_by(cloud, neurons.reconstruct(cloud))
    trimmed = {"trimmed_fvu": left.trimmed} if math.isfinite(left.trimmed) else {}
    return {
        "fvu": left.fvu,
        **trimmed,
        "l0": float(rates.sum()),
        "dead_share": float((rates == 0).mean()),
        "dense_share": float((rates > 0.5).mean()),
    }
