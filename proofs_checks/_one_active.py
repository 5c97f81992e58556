"""What P8 says of an SAE with one active atom at a time: its worst error, and the least that N rays leave."""

import math

import numpy as np
from jaxtyping import Float

from geosae.data.fvu import spread
from geosae.verification import Evidence, Observed, TrainedInstance, compare
from proofs_checks._round import least_cover
from proofs_checks._runs import sample_view

SHARES = (0.0, 0.1, 0.25, 0.5)
"""Points may be left out of the bound: those nearest to b_dec, by these shares."""


def round_evidence(instance: TrainedInstance) -> list[Evidence]:
    """Hold the worst error of an SAE with L0 ≤ 1 and codes ≥ 0 against N rays from b_dec in a plane.

    The plane is that of the points' two principal directions; there errors are only smaller. N is the number
    of atoms that fire. Errors are over the variance. Vacuous where the bound is not above rounding.
    """
    neurons, points = instance.neurons, sample_view(instance).points
    if neurons.sparsity != 1:
        return []
    a = neurons.activations(points)
    if a.min() < 0 or int((a != 0).sum(axis=1).max()) > 1:
        return []
    b = np.asarray(neurons.b_dec, dtype=np.float64)
    errors = np.square(points - neurons.reconstruct(points)).sum(axis=1)
    unit = spread(points) ** 2
    if unit == 0 or points.shape[1] < 2:
        return []
    atoms = int((a != 0).any(axis=0).sum())
    least = least_worst(points - b, max(atoms, 1)) / unit
    size = float(np.square(points).sum(axis=1).max() + np.square(b).sum())
    eta = 32 * (points.shape[1] + 8) * 2.0**-52 * size / unit + 1e-9 * least
    mean = float(errors.mean()) / unit
    away = float(np.linalg.norm(points.mean(axis=0) - b)) / unit**0.5
    text = (
        f"{instance.label}: worst error of {atoms} atoms, one at a time, b_dec {away:.2g} spreads off; the "
        f"mean error is {mean:.3g}"
    )
    observed = Observed(float(errors.max()) / unit, text, "certified", eta)
    return [compare(observed, least, "lower", vacuous=least <= eta)]


def least_worst(offsets: Float[np.ndarray, "N n"], atoms: int) -> float:
    """Return what N rays from the origin leave at the worst of some points: R²sin²(half the span of an arc).

    R is the least length, in the plane, of the points that are kept; the best of a few choices is taken.

    Examples
    --------
    >>> angles = 2 * np.pi * np.arange(12) / 12
    >>> circle = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> round(least_worst(circle, 4), 6), round(math.sin(math.pi / 6) ** 2, 6)
    (0.25, 0.25)
    """
    axes = np.linalg.svd(offsets - offsets.mean(axis=0), full_matrices=False)[2][:2]
    flat = offsets @ axes.T
    lengths, angles = np.hypot(*flat.T), np.arctan2(flat[:, 1], flat[:, 0])
    best = 0.0
    for share in SHARES:
        radius = float(np.quantile(lengths, share, method="lower"))
        half = least_cover(angles[lengths >= radius], atoms) / 2
        best = max(best, (radius * math.sin(min(half, math.pi / 2))) ** 2)
    return best
