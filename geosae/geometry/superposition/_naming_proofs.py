"""From what a program says to proofs: a row becomes a neuron, v/τ an exact combination."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Int
from scipy import linalg

from geosae.geometry.exact import fraction, nearest_float, power_of_two, rational
from geosae.geometry.separation.certificate import RationalHyperplane
from geosae.geometry.superposition._dictionary import Question, admissible, remainder
from geosae.geometry.superposition._naming_program import Guess
from geosae.geometry.superposition.naming_certificate import Named, proved_margin

SLACK = 1e-9
"""Entries nearer than this share to ±ρ stay there."""


def neuron_of(question: Question, row: Sequence[fmpq]) -> Named | None:
    """Return the record of a row, with the threshold midway, in floats where they express it."""
    low, high = question.thresholds(row)
    if not low < high:
        return None
    middle = (low + high) / 2
    floats = [nearest_float(v) for v in row]
    threshold = nearest_float(middle)
    exact = [rational(v) for v in floats] if all(map(math.isfinite, floats)) else []
    if exact == list(row) and math.isfinite(threshold):
        margin = proved_margin(question, row, rational(threshold))
        if margin is not None:
            return Named(question, np.array(floats), threshold, margin)
    else:
        # A power of two brings the row to about length 1, where floats express it best, or below that if the
        # threshold would be too large for them.
        bits = max(*(magnitude(v) for v in row), magnitude(middle) - 900)
        if bits:
            return neuron_of(question, [v * power_of_two(-bits) for v in row])
        rounded = neuron_of(question, exact) if any(floats) else None
        if rounded is not None and rounded.rational is None:
            return rounded
    margin = proved_margin(question, row, middle)
    assert margin is not None
    plane = RationalHyperplane(tuple(fraction(v) for v in row), fraction(-middle))
    return Named(question, np.array(floats), threshold, margin, plane)


def magnitude(value: fmpq) -> int:
    """Return the binary order of a rational, very low for 0."""
    return abs(int(value.p)).bit_length() - int(value.q).bit_length() if value else -(2**40)


def combination_of(
    question: Question, guess: Guess, *, boxed: bool = True
) -> tuple[Int[np.ndarray, " s"], tuple[Fraction, ...]] | None:
    """Return v/τ with as many entries as equations solved exactly; None if that is not admissible."""
    if not guess.tau >= 1:
        return None
    v = guess.v / guess.tau
    columns = question.dictionary.columns[:, guess.support]
    free = np.flatnonzero(np.abs(v) < (float(question.rho) * (1 - SLACK) if boxed else np.inf))
    size = float(np.abs(columns).max())
    if not len(free) or not math.isfinite(size):
        return None
    triangle, order = linalg.qr(columns[:, free] / size, mode="r", pivoting=True, check_finite=False)[-2:]
    rank = int(np.sum(np.abs(np.diag(triangle)) > 1e-10))
    if not rank:
        return None
    pivots = free[order[:rank]]
    rows = linalg.qr(columns[:, pivots].T / size, mode="r", pivoting=True, check_finite=False)[-1][:rank]
    weights = [rational(float(x)) for x in v]
    for j in pivots.tolist():
        weights[j] = fmpq(0)
    rest = remainder(question, guess.support, weights)
    exact = question.dictionary.exact
    unit = power_of_two(exact.exponent)
    right = [rest[r] / unit for r in sorted(rows.tolist())]
    common = fmpz(1)
    for entry in right:
        common = common.lcm(entry.q)
    system = fmpz_mat(
        [[exact.matrix[r, int(guess.support[j])] for j in pivots.tolist()] for r in sorted(rows.tolist())]
    )
    try:
        solution = system.solve(fmpz_mat(rank, 1, [(entry * common).p for entry in right]))
    except ZeroDivisionError:
        return None
    for place, j in enumerate(pivots.tolist()):
        weights[j] = solution[place, 0] / common
    exact_v = tuple(fraction(x) for x in weights)
    if admissible(question, exact_v, boxed=boxed) is not None or any(
        remainder(question, guess.support, weights)
    ):
        return None
    nonzero = [j for j, x in enumerate(exact_v) if x != 0]
    return guess.support[nonzero], tuple(exact_v[j] for j in nonzero)
