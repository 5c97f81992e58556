"""How few dimensions can hold an incidence of points and neurons (theory F5).

J. Forster, A linear lower bound on the unbounded error probabilistic communication complexity (2002),
doi:10.1016/S0022-0000(02)00019-3: sign-rank(A) ≥ √(rows·columns)/‖A‖ for A with entries ±1.
"""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.validation import as_array, finite_points


def forster(A: Float[np.ndarray, "N d"] | Int[np.ndarray, "N d"] | Bool[np.ndarray, "N d"]) -> float:
    """Return Forster's lower bound √(N·d)/‖A‖ on the sign-rank of a ±1 (or boolean) matrix, rounded down.

    Raises
    ------
    InvalidInput
        If the matrix is empty or has other entries.

    Examples
    --------
    >>> hadamard = np.array([[1, 1], [1, -1]])
    >>> round(forster(hadamard), 6)
    1.414214
    """
    matrix = as_array(A, "the matrix of signs")
    signs = np.where(matrix, 1.0, -1.0) if matrix.dtype == np.bool_ else finite_points(matrix, "signs")
    if signs.size == 0 or not np.all(np.abs(signs) == 1.0):
        raise InvalidInput(
            "Forster's bound needs a non-empty matrix of entries ±1 (or booleans)",
            causes="zeros for points on a hyperplane, or activations instead of signs",
        )
    rows, columns = signs.shape
    # A computed norm is within a small multiple of (N + d)·ε of the true one: enlarge it by that.
    norm = float(np.linalg.norm(signs, 2)) * (1 + 16 * (rows + columns) * float(np.finfo(np.float64).eps))
    return math.sqrt(rows) * math.sqrt(columns) / norm * (1 - 1e-15)


def least_dimension(A: Float[np.ndarray, "N d"] | Int[np.ndarray, "N d"] | Bool[np.ndarray, "N d"]) -> int:
    """Return the least input dimension n that Forster's bound allows: n + 1 ≥ sign-rank (F5).

    Examples
    --------
    >>> from scipy.linalg import hadamard
    >>> least_dimension(hadamard(64))
    7
    """
    return max(1, math.ceil(forster(A)) - 1)
