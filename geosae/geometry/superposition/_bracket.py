"""From a solver's guess of the best probe to certificates, by two linear systems in rationals.

For a target t: min_b T_k(|Aᵀb − t|) = max{⟨t, y⟩ : Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k}. A vertex y has few entries
strictly between 0 and ±1, and there the error of an optimal b has one and the same size τ; so where the guess
shows which places these are, both follow by solving. A wrong guess gives what is not optimal, never what is
wrong: every b bounds the error from above, and every y with Ay = 0, made short enough, from below.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from flint import fmpq

from geosae.geometry.exact import power_of_two, rational
from geosae.geometry.superposition._dictionary import Dictionary
from geosae.geometry.superposition._kernel_program import Guess, guess_of
from geosae.geometry.superposition._largest import largest_sum
from geosae.geometry.superposition._near import Rationals, near_kernel, near_products
from geosae.geometry.superposition._simplex import KernelProgram, optimum

# How far from 0, ±1 or τ a float may be and still be taken for it; what comes of it is checked.
_CLOSE = (1e-9, 1e-7, 1e-5)
# The simplex method in rationals is for tableaus of so many cells.
MOST_CELLS = 3000


class Bracket(NamedTuple):
    """A probe b and an admissible y: lower = ⟨t, y⟩ ≤ the least error ≤ T_k(|Aᵀb − t|) = upper."""

    b: Rationals
    y: Rationals
    upper: fmpq
    lower: fmpq


def readout_program(target: Sequence[int], k: int) -> KernelProgram:
    """Return max{⟨target, y⟩ : Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k}."""
    ones = (1,) * len(target)
    return KernelProgram(tuple(target), ones, ones, ones, k)


def bracket_of(dictionary: Dictionary, target: Sequence[int], k: int) -> Bracket:
    """Return the best certificates that come of a solver's guess; in small cases the best that there are.

    Examples
    --------
    >>> line = Dictionary(np.array([[1.0, -10.0]]))
    >>> bracket_of(line, (1, 0), 1)
    Bracket(b=[1/11], y=[10/11, 1/11], upper=10/11, lower=10/11)
    """
    program = readout_program(target, k)
    zero = [fmpq(0)] * dictionary.dim
    y = [fmpq(0)] * dictionary.size
    best = Bracket(zero, y, largest_sum([fmpq(v) for v in target], k), fmpq(0))
    guess = guess_of(dictionary, program)
    if guess is not None:
        near = near_kernel(dictionary, np.arange(dictionary.size), guess.y, None)
        best = _better(dictionary, program, best, [rational(v) for v in guess.b.tolist()], near)
        for close in _CLOSE:
            if best.upper == best.lower:
                return best
            y = _dual(dictionary, guess, k, close)
            best = _better(dictionary, program, best, _probe(dictionary, target, guess, close), y)
    if best.upper != best.lower and small(dictionary):
        b, y = optimum(dictionary.exact.matrix, program)
        unit = power_of_two(-dictionary.exact.exponent)
        best = _better(dictionary, program, best, [v * unit for v in b], y)
    return best


def small(dictionary: Dictionary) -> bool:
    """Tell whether the simplex method in rationals takes this dictionary."""
    return (dictionary.dim + 1) * (2 * dictionary.size + 1) <= MOST_CELLS


def _better(
    dictionary: Dictionary, program: KernelProgram, best: Bracket, b: Rationals, y: Rationals
) -> Bracket:
    """Take the probe if its error is less, and y, made admissible, if its ⟨t, y⟩ is greater."""
    target, k = program.gains, program.limit
    errors = [c - t for c, t in zip(dictionary.products(b), target, strict=True)]
    upper = largest_sum(errors, k)
    if upper < best.upper:
        best = best._replace(b=b, upper=upper)
    size = max(max(abs(v) for v in y), sum((abs(v) for v in y), fmpq(0)) / k)
    y = [v / size for v in y] if size > 1 else y
    lower = sum((v * t for v, t in zip(y, target, strict=True) if t), fmpq(0))
    if lower > best.lower and dictionary.in_kernel(y):
        best = best._replace(y=y, lower=lower)
    return best


def _dual(dictionary: Dictionary, guess: Guess, k: int, close: float) -> Rationals:
    """Return y near the guess with entries that look like 0 or ±1 being so, and a mass that looks full."""
    inside = (np.abs(guess.y) > close) & (np.abs(guess.y) < 1 - close)
    snapped = np.where(inside, guess.y, np.round(guess.y))
    full = abs(np.abs(guess.y).sum() - k) <= close * dictionary.size
    return near_kernel(dictionary, np.flatnonzero(inside), snapped, k if full else None)


def _probe(dictionary: Dictionary, target: Sequence[int], guess: Guess, close: float) -> Rationals:
    """Return b near the guess for which the errors that look equal are equal, or 0 where τ is."""
    errors = np.array(target) - guess.b @ dictionary.columns
    tied = np.flatnonzero(np.abs(np.abs(errors) - guess.tau) <= close)
    if guess.tau > close:
        signs = np.sign(errors[tied]).astype(np.int64)
        return near_products(dictionary, tied, signs, target, guess.b, guess.tau)
    return near_products(dictionary, tied, np.ones(len(tied), dtype=np.int64), target, guess.b, None)
