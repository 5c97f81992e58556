"""A search for realisations of a context in few dimensions: gradient descent on a low-rank factorisation.

Whether signs of a matrix have a factorisation of given rank is a hard problem (sign-rank; Forster 2002,
doi:10.1016/S0022-0000(02)00019-3), so a failure proves nothing.
"""

import numpy as np
from jaxtyping import Float

from geosae.fca.context import FormalContext
from geosae.geometry.arrangements.halfspaces import HalfSpaces

_STARTS = 12
_STEPS = 3000
_RATE = 0.05


def search(
    context: FormalContext, dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "G n"], HalfSpaces] | None:
    """Return points and half-spaces whose float signs agree with the context, or None if none were found.

    Examples
    --------
    >>> context = FormalContext.from_array([[True, False], [False, True]])
    >>> search(context, 1, np.random.default_rng(0)) is not None
    True
    """
    signs = np.where(context.incidence, 1.0, -1.0)
    for _ in range(_STARTS):
        points, normals = (
            rng.standard_normal((signs.shape[0], dim)),
            rng.standard_normal((signs.shape[1], dim + 1)),
        )
        if _descend(signs, points, normals):
            return points, HalfSpaces(normals[:, :-1].copy(), normals[:, -1].copy())
    return None


def _descend(
    signs: Float[np.ndarray, "G M"], points: Float[np.ndarray, "G n"], normals: Float[np.ndarray, "M k"]
) -> bool:
    """Move both in place (Adam on the hinge loss) until all margins are 1; say whether signs agree."""
    moments = [np.zeros_like(points), np.zeros_like(points), np.zeros_like(normals), np.zeros_like(normals)]
    for step in range(1, _STEPS + 1):
        lifted = np.column_stack([points, np.ones(len(points))])
        short = signs * (lifted @ normals.T) < 1.0
        if not short.any():
            return True
        pull = np.where(short, signs, 0.0)
        gradients = (pull @ normals[:, :-1], pull.T @ lifted)
        for index, (target, gradient) in enumerate(zip((points, normals), gradients, strict=True)):
            first, second = moments[2 * index], moments[2 * index + 1]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            size = np.sqrt(second / (1 - 0.999**step)) + 1e-8
            target += _RATE * (first / (1 - 0.9**step)) / size
    lifted = np.column_stack([points, np.ones(len(points))])
    return bool((signs * (lifted @ normals.T) > 0).all())
