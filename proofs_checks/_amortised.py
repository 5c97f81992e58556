"""What P10 says of an SAE: what better codes on its own pattern would save, and its KKT violations."""

import numpy as np

from geosae.data.fvu import spread
from geosae.verification import Evidence, Observed, TrainedInstance, compare
from proofs_checks._nonnegative import nonnegative_codes
from proofs_checks._penalised import l1_weight
from proofs_checks._runs import sample_view, some_rows

MOST_CODED = 256


def amortisation(instance: TrainedInstance) -> list[Evidence]:
    """Hold what nearly the best codes save, on the pattern of the SAE's own, against Σ g_i(a_i − a*_i).

    Where the codes are ≥ 0; over the variance. A ReLU with L1 has its penalty by norms, others have none.
    Both sides are 0 where the encoder leaves nothing: vacuous, as is all that is not above rounding.
    """
    neurons, points = instance.neurons, sample_view(instance).points
    unit = spread(points)
    chosen = points[some_rows(len(points), MOST_CODED)]
    a = neurons.activations(chosen).astype(np.float64)
    fires = a > 0
    active = fires.any(axis=0)
    if unit == 0 or a.min(initial=0.0) < 0 or not active.any():
        return []
    a, fires = a[:, active] / unit, fires[:, active]
    w = np.asarray(neurons.decoder, dtype=np.float64)[active]
    x = (chosen - np.asarray(neurons.b_dec, dtype=np.float64)) / unit
    price = l1_weight(instance) * np.linalg.norm(w, axis=1)
    best = nonnegative_codes(x, w, price, fires, start=a)
    rest, left = x - a @ w, x - best @ w
    losses = [
        float(np.square(e).sum(axis=1).mean() + (c @ price).mean()) for e, c in ((rest, a), (left, best))
    ]
    slopes = price - 2 * rest @ w.T
    limit = float((slopes * (a - best)).sum(axis=1).mean())
    sums = np.square(x).sum(axis=1) + np.square((a + best) @ np.linalg.norm(w, axis=1)) + (a + best) @ price
    eta = 16 * (len(w) + points.shape[1] + len(x)) * 2.0**-53 * (float(sums.mean()) + 1)
    saved = losses[0] - losses[1]
    share = saved / losses[0] if losses[0] > 0 else 0.0
    text = f"{instance.label}: better codes on the same pattern would save {share:.1%} of the loss"
    return [compare(Observed(saved, text, "certified", eta), limit, "upper", vacuous=limit <= eta)]
