"""Non-negative codes by accelerated projected gradients, in floats: near the best, and always admissible."""

import numpy as np
from jaxtyping import Bool, Float


def nonnegative_codes(
    points: Float[np.ndarray, "N n"],
    atoms: Float[np.ndarray, "d n"],
    price: Float[np.ndarray, " d"] | None = None,
    allowed: Bool[np.ndarray, "N d"] | None = None,
    *,
    start: Float[np.ndarray, "N d"] | None = None,
    rounds: int = 400,
) -> Float[np.ndarray, "N d"]:
    """Return codes a ≥ 0, 0 where they are not allowed, of nearly least ‖x − Σ a_j w_j‖² + Σ price_j a_j.

    Examples
    --------
    >>> nonnegative_codes(np.array([[2.0, -1.0]]), np.eye(2), np.array([1.0, 0.0])).round(6).tolist()
    [[1.5, 0.0]]
    """
    gram = atoms @ atoms.T
    step = 1 / max(float(np.linalg.eigvalsh(gram)[-1]) if len(atoms) else 0.0, 1e-300)
    right = points @ atoms.T - (0.0 if price is None else price / 2)
    mask = 1.0 if allowed is None else allowed.astype(np.float64)
    codes = ahead = mask * np.maximum(right * step, 0) if start is None else mask * start
    for k in range(rounds):
        new = mask * np.maximum(ahead - step * (ahead @ gram - right), 0)
        ahead, codes = new + k / (k + 3) * (new - codes), new
    return codes
