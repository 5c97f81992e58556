"""A linear program over the kernel of a dictionary, solved in floats: a guess, and no more."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from geosae.geometry._program import linear_program
from geosae.geometry.superposition._dictionary import Dictionary
from geosae.geometry.superposition._simplex import KernelProgram

# Beyond such powers of two a solver's tolerances are not to be trusted with the columns' scale.
_FARTHEST = 900


class Guess(NamedTuple):
    """What a solver says of y, of the multipliers b of Ay = 0, and of that of the mass, τ."""

    y: Float[np.ndarray, " p"]
    b: Float[np.ndarray, " n"]
    tau: float


def guess_of(dictionary: Dictionary, program: KernelProgram) -> Guess | None:
    """Solve for y = y⁺ − y⁻; None where the solver finds no optimum, or the scale is beyond the floats."""
    p, exponent = dictionary.size, int(np.frexp(np.abs(dictionary.columns).max())[1])
    if abs(exponent) > _FARTHEST:
        return None
    columns = np.ldexp(dictionary.columns, -exponent)
    gains = np.array(program.gains, dtype=np.float64)
    mass = np.array([(*program.masses, *program.masses)], dtype=np.float64)
    outcome = linear_program(
        np.concatenate([-gains, gains]),
        equal=(np.hstack([columns, -columns]), np.zeros(dictionary.dim)),
        at_most=(mass, np.array([float(program.limit)])),
        bounds=[(0.0, None if end is None else float(end)) for end in (*program.rises, *program.falls)],
    )
    if outcome.point is None or outcome.equal_multipliers is None or outcome.at_most_multipliers is None:
        return None
    b = np.ldexp(-outcome.equal_multipliers, -exponent)
    return Guess(outcome.point[:p] - outcome.point[p:], b, max(0.0, -float(outcome.at_most_multipliers[0])))
