"""Least squares on sparse columns and a constant, many right sides at once, by one factorisation."""

import math

import numpy as np
from jaxtyping import Float
from scipy import linalg, sparse

from geosae.errors import InvalidInput

LARGEST_SYSTEM = 8192
"""The system has as many unknowns as there are columns, or as many as there are points if these are fewer."""
_ROUNDS = 4
_POINTS_RIDGE = 1e-9


def least_squares(
    table: sparse.csr_array, right: Float[np.ndarray, "N n"]
) -> tuple[Float[np.ndarray, "k1 n"], float]:
    """Return V of least ‖right − [table, 1]V‖, and the ridge by which the system was made regular.

    Columns are scaled to second moment 1. The ridge shrinks the step along a combination of variance σ by
    ridge/(σ + ridge) at each round, which is repeated on what is left. The system is that of the unknowns or
    that of the points, whichever is smaller.
    """
    count, atoms = table.shape
    unknowns = atoms + 1
    if min(count, unknowns) > LARGEST_SYSTEM:
        raise InvalidInput(
            f"{count} points and {atoms} live atoms make a system of more than {LARGEST_SYSTEM} unknowns",
            remedy=f"give at most {LARGEST_SYSTEM} of the points",
        )
    ones = sparse.csr_array(np.ones((count, 1)))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=0)).ravel() / count)
    inverse = np.append(np.divide(1.0, lengths, out=np.zeros(atoms), where=lengths > 0), 1.0)
    scaled = sparse.csr_array(sparse.hstack([table, ones]).multiply(inverse[None, :] / math.sqrt(count)))
    by_points = count < unknowns
    system = (scaled @ scaled.T if by_points else scaled.T @ scaled).toarray()
    ridge = float(4 * len(system) * np.finfo(np.float64).eps * np.abs(system).sum(axis=0).max())
    if by_points:
        # What no code can reach is divided by the ridge before the codes take it away, up to rounding.
        ridge = max(ridge, _POINTS_RIDGE)
    system[np.diag_indices(len(system))] += ridge
    factor = linalg.cho_factor(system, lower=True, overwrite_a=True)
    steps, left = np.zeros((unknowns, right.shape[1])), right / math.sqrt(count)
    for _ in range(_ROUNDS):
        if by_points:
            steps += scaled.T @ linalg.cho_solve(factor, left)
        else:
            steps += linalg.cho_solve(factor, np.asarray(scaled.T @ left))
        left = right / math.sqrt(count) - np.asarray(scaled @ steps)
    return steps * inverse[:, None], ridge
