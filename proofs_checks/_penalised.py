"""What P9 says of an SAE with L1: its loss, and that of the world's own directions, over the least value."""

import numpy as np
from jaxtyping import Float

from geosae.data.fvu import spread
from geosae.verification import Evidence, Observed, TrainedInstance, compare
from proofs_checks._nonnegative import nonnegative_codes
from proofs_checks._runs import sample_view, some_rows

MOST_CODED = 256


def l1_weight(instance: TrainedInstance) -> float:
    """Return the weight of a ReLU's L1 penalty by norms, in units of the spread; 0 where there is none."""
    gate = getattr(instance.neurons, "gate", None)
    if getattr(gate, "kind", "") != "relu" or getattr(gate, "shape", "") != "l1":
        return 0.0
    return float(getattr(gate, "l1", 0.0))


def l1_evidence(instance: TrainedInstance) -> list[Evidence]:
    """Hold the loss of a ReLU SAE with L1 against E h_λ(‖x − b_dec‖), both over the points' variance.

    Beside it stands the dictionary of the world's directions, b_dec = 0, with nearly the best codes for it on
    some of the points: how far (loss − bound)/loss is from 0 says how far either is from total absorption.
    Vacuous where the bound is not above rounding.
    """
    l1, points = l1_weight(instance), sample_view(instance).points
    unit = spread(points)
    if l1 == 0 or unit == 0:
        return []
    neurons = instance.neurons
    a = neurons.activations(points).astype(np.float64) / unit
    w, b = (np.asarray(part, dtype=np.float64) for part in (neurons.decoder, neurons.b_dec))
    evidence = [_compared(instance.label, points / unit, a, w, b / unit, l1)]
    directions = instance.dataset.directions
    if directions is not None:
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        atoms = np.asarray(directions, dtype=np.float64) / np.where(lengths > 0, lengths, 1.0)
        some = points[some_rows(len(points), MOST_CODED)] / unit
        codes = nonnegative_codes(some, atoms, np.full(len(atoms), l1))
        label = f"{instance.label}: the world's directions"
        evidence.append(_compared(label, some, codes, atoms, np.zeros(points.shape[1]), l1))
    return evidence


def _compared(
    label: str,
    points: Float[np.ndarray, "N n"],
    a: Float[np.ndarray, "N d"],
    w: Float[np.ndarray, "d n"],
    b: Float[np.ndarray, " n"],
    l1: float,
) -> Evidence:
    lengths = np.linalg.norm(w, axis=1)
    penalty = l1 * float((a @ lengths).mean())
    loss = float(np.square(points - a @ w - b).sum(axis=1).mean()) + penalty
    u = np.linalg.norm(points - b, axis=1)
    least = float(np.where(u >= l1 / 2, l1 * u - l1**2 / 4, u**2).mean())
    # What float64 may lose in sums of so many terms.
    summed = np.square(points).sum(axis=1) + np.square(a @ lengths) + float(np.square(b).sum())
    eta = 16 * (len(w) + points.shape[1] + len(points)) * 2.0**-53 * (float(summed.mean()) + loss + l1)
    share = (loss - least) / loss if loss > 0 else 0.0
    text = f"{label}: loss at λ = {l1:g}, {share:.1%} above total absorption"
    return compare(Observed(loss, text, "certified", eta + 5e-324), least, "lower", vacuous=least <= eta)
