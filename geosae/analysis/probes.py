"""Linear detectors of a concept that are fitted to the points themselves: the floor above every SAE."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

PENALTY = 0.01
"""scikit-learn's C of the logistic probes, on standardised channels."""
STEPS = 60
CONSTANT = 1e-6
"""A channel of less than this share of the median channel's deviation is left out of the probe."""

Both = tuple[Float[np.ndarray, "F p"], Float[np.ndarray, "T p"]]


def mean_differences(
    fit: Float[np.ndarray, "F n"], inside: Bool[np.ndarray, "F p"], test: Float[np.ndarray, "T n"]
) -> Both:
    """Return the points along mean(C) − mean(others), of the fit half, for each concept.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [2.0, 1.0]])
    >>> mean_differences(x, np.array([[False], [True]]), x)[1].ravel().tolist()
    [0.0, 5.0]
    """
    counts = inside.sum(axis=0)
    sums = inside.T.astype(np.float64) @ fit
    direction = sums / counts[:, None] - (fit.sum(axis=0) - sums) / (len(fit) - counts)[:, None]
    return fit @ direction.T, test @ direction.T


def probe_scores(
    fit: Float[np.ndarray, "F n"], inside: Bool[np.ndarray, "F p"], test: Float[np.ndarray, "T n"]
) -> Both:
    """Return the log-odds of a logistic regression on the fit half, for each concept.

    scikit-learn's, with an L2 penalty (C = 0.01) on standardised channels and at most 60 steps; constant
    channels are left out.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> _, scores = probe_scores(x, x[:, :1] > 0, x)
    >>> bool(np.corrcoef(scores[:, 0], x[:, 0])[0, 1] > 0.99)
    True
    """
    # Imported here: scikit-learn takes a second to load.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    deviation = fit.std(axis=0)
    varying = deviation > CONSTANT * max(float(np.median(deviation)), np.finfo(np.float64).tiny)
    centre, scale = fit.mean(axis=0)[varying], deviation[varying]
    u, v = ((x[:, varying] - centre) / scale for x in (fit, test))
    scores = np.zeros((len(fit), inside.shape[1])), np.zeros((len(test), inside.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for k in range(inside.shape[1]):
            probe: Any = LogisticRegression(C=PENALTY, max_iter=STEPS)
            probe.fit(u, inside[:, k])
            scores[0][:, k], scores[1][:, k] = probe.decision_function(u), probe.decision_function(v)
    return scores
