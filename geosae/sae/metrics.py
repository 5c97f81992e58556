"""How well an SAE does on points: FVU, L0, dead and dense share."""

import math

import numpy as np
from jaxtyping import Float

from geosae.data.fvu import unexplained_by
from geosae.errors import InvalidInput
from geosae.sae.neurons import Neurons
from geosae.validation import finite_points


def measure(neurons: Neurons, points: Float[np.ndarray, "N n"]) -> dict[str, float]:
    """Return what an SAE does on points, all of them, read in chunks.

    Returns
    -------
    dict
        "fvu"; "trimmed_fvu", that of the points without the hundredth part farthest from the mean, and
        "carried", the share of the variance which that part carries (both left out where the others do not
        vary; see `geosae.data.fvu`); "l0", the mean number of active neurons;
        "dead_share", the share of neurons that fire on none of the points; "dense_share", the share that
        fires on more than half of them (theory P6).

    Raises
    ------
    InvalidInput
        If these are no neurons, or the points are not finite or of another dimension.
    """
    if not isinstance(neurons, Neurons):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(
            f"a {type(neurons).__name__} is no Neurons",
            remedy="pass neurons_of(run.sae); for an imported SAE use geosae.sae.interop.compare_with_card",
        )
    cloud = finite_points(points, dim=neurons.dim)
    counts, reconstruction = np.zeros(neurons.width, dtype=np.int64), np.empty_like(cloud)
    for rows, fires, part in neurons.in_chunks(cloud):
        counts += np.count_nonzero(fires, axis=0)
        reconstruction[rows] = part
    rates = counts / len(cloud)
    left = unexplained_by(cloud, reconstruction)
    varies = math.isfinite(left.trimmed)
    trimmed = {"trimmed_fvu": left.trimmed, "carried": left.carried} if varies else {}
    return {
        "fvu": left.fvu,
        **trimmed,
        "l0": float(rates.sum()),
        "dead_share": float((counts == 0).mean()),
        "dense_share": float((rates > 0.5).mean()),
    }
