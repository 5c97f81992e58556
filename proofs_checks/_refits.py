"""What the engine of O1 says of an SAE, held against the loss of the decoder it speaks of, decoded anew."""

import numpy as np
from jaxtyping import Float

from geosae.analysis.refit import atom_gains, refit
from geosae.data.codes import Codes
from geosae.verification import Evidence, Kind, Observed, TrainedInstance, compare
from proofs_checks._runs import sample_view


def refit_evidence(instance: TrainedInstance) -> list[Evidence]:
    """Hold gains of an SAE on points of a run against its loss; all of them over E‖x − x̂‖².

    The atom with most to gain, free and on its sphere, is put into the decoder, and the points are decoded
    anew; no gain is greater than that of the whole decoder; once that is fitted, no free one is left. Eta is
    what float64 may lose, by the number of terms. Vacuous where the gain itself is not above it.
    """
    if getattr(instance.neurons, "codes_follow_decoder", False):
        return []
    neurons, points = instance.neurons, sample_view(instance).points
    a = neurons.activations(points).astype(np.float64)
    w = np.asarray(neurons.decoder, dtype=np.float64)
    b = np.asarray(neurons.b_dec, dtype=np.float64)
    residuals = points - a @ w - b
    error = float(np.square(residuals).sum()) / len(points)
    if error == 0:
        return []
    codes = Codes.from_mask(a != 0, a)
    gains, fit = atom_gains(codes, points, w, b), refit(codes, points, w, b)
    terms = 16 * (neurons.width + neurons.dim + len(points)) * 2.0**-53
    summed = np.square(points).sum(axis=1) + np.square(np.abs(a) @ np.linalg.norm(w, axis=1))
    eta = terms * (float(summed.mean()) + float(np.square(b).sum())) / error + terms

    def decrease(j: int, atom: Float[np.ndarray, " n"]) -> float:
        return (
            error - float(np.square(residuals + np.outer(a[:, j], w[j] - atom)).sum()) / len(points)
        ) / error

    def compared(observed: float, limit: float, kind: Kind, text: str, doubt: float) -> Evidence:
        label = f"{instance.label}: {text}"
        vacuous = max(observed, limit) <= doubt and kind == "tight"
        return compare(Observed(observed, label, "certified", doubt), limit, kind, vacuous=vacuous)

    free, held = int(np.argmax(gains.free)), int(np.argmax(gains.norm_held))
    q = a[:, held] @ residuals + float(a[:, held] @ a[:, held]) * w[held]
    turned = q * np.linalg.norm(w[held]) / max(float(np.linalg.norm(q)), 5e-324)
    best = w[free] + a[:, free] @ residuals / max(float(a[:, free] @ a[:, free]), 5e-324)
    chance = f"{gains.alive} atoms on {gains.points} points"
    by_itself = float(gains.free[free]) / error
    on_sphere = float(gains.norm_held[held]) / error
    left = float(fit.after.free.max(initial=0.0)) / error
    slack = eta + fit.ridge
    return [
        compared(decrease(free, best), by_itself, "tight", f"greatest gain of an atom, {chance}", eta),
        compared(decrease(held, turned), on_sphere, "tight", "greatest gain of an atom, its norm held", eta),
        compared(by_itself, fit.share, "upper", f"an atom against the decoder, {chance}", slack),
        compared(left, 0.0, "upper", "an atom once the decoder is fitted", slack),
    ]
