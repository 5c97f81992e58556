"""Naming as a linear program in floats: the row of least interference, and v on the other side. Guesses only.

The program has n + 2 rows and starts with some columns on either side; those whose reduced cost is wrong
enough enter, so that time hardly grows with p. With the box |v_j| ≤ ρ it is S10's, for one feature; without
it S11(a)'s, which serves where all features are to be named.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq
from jaxtyping import Float, Int
from scipy import linalg

from geosae.geometry._program import linear_program
from geosae.geometry.exact import rational
from geosae.geometry.superposition._dictionary import Question
from geosae.geometry.superposition._grid import Code, split

ENTERING = 2
"""Columns per dimension that stand on either side at first, and enter in a round at most."""
PRICED = 1e-9
"""A reduced cost nearer to 0 is none: the solver's own tolerance is coarser."""


@dataclass(frozen=True, eq=False)
class Guess:
    """What floats say: the row of least interference, the largest τ, and v with τ·a_i = Σ v_j a_j."""

    row: Float[np.ndarray, " n"]
    tau: float
    support: Int[np.ndarray, " s"]
    v: Float[np.ndarray, " s"]


def least_interference(question: Question, *, boxed: bool = True) -> Guess | None:
    """Solve max τ: τ·a_i = Σ v_j a_j, v admissible, in floats; None where floats or the solver give up.

    Without the box |v_j| ≤ ρ the row is the b of least ρ(k·max c⁺ + (k−1)·max c⁻)/c_i, which is 1/τ (S11a).
    """
    columns, target = question.dictionary.columns, question.target
    exponent = int(np.frexp(np.abs(target).max())[1])
    reach = int(np.frexp(np.abs(columns).max())[1])
    if question.rho > 2**60 or exponent < -1000 or reach - exponent > 900:
        return None
    scale, rho = 2.0**-exponent, float(question.rho)
    others, step = question.others, ENTERING * question.dictionary.dim
    matched = linalg.solve(question.dictionary.spread, target * scale, assume_a="pos")
    order = others[np.argsort(matched @ columns[:, others], kind="stable")]
    on, off = order[-step:], order[: step if question.k > 1 else 0]
    while True:
        cost = np.zeros(1 + len(on) + len(off))
        cost[0] = -1
        equations = np.column_stack([-target, columns[:, on], -columns[:, off]]) * scale
        masses = np.zeros((2, len(cost)))
        masses[0, 1 : 1 + len(on)] = masses[1, 1 + len(on) :] = 1
        outcome = linear_program(
            cost,
            at_most=(masses, np.array([rho * question.k, rho * (question.k - 1)])),
            equal=(equations, np.zeros(len(target))),
            bounds=[(0.0, None), *[(0.0, rho if boxed else None)] * (len(cost) - 1)],
        )
        if outcome.point is None or outcome.equal_multipliers is None or outcome.at_most_multipliers is None:
            return None
        row = outcome.equal_multipliers * scale
        products = row @ columns
        entering = [
            _worst(sign * products[others] + price, others, inside, step)
            for sign, price, inside in zip((1, -1), outcome.at_most_multipliers, (on, off), strict=True)
        ]
        if question.k == 1:
            entering[1] = entering[1][:0]
        if not len(entering[0]) and not len(entering[1]):
            break
        on, off = np.concatenate([on, entering[0]]), np.concatenate([off, entering[1]])
    v = np.zeros(question.dictionary.size)
    np.add.at(v, on, outcome.point[1 : 1 + len(on)])
    np.subtract.at(v, off, outcome.point[1 + len(on) :])
    support = np.flatnonzero(v)
    return Guess(row, float(outcome.point[0]), support, v[support])


def _worst(
    gains: Float[np.ndarray, " q"], others: Int[np.ndarray, " q"], inside: Int[np.ndarray, " s"], most: int
) -> Int[np.ndarray, " e"]:
    """Return the columns outside that would raise τ, those that promise most, at most so many."""
    outside = (gains > PRICED) & ~np.isin(others, inside)
    promising = np.flatnonzero(outside)
    return others[promising[np.argsort(-gains[promising], kind="stable")[:most]]]


def shrunk(question: Question, guess: Guess, *, boxed: bool = True) -> list[Fraction]:
    """Return v, of τ at most 1, made admissible exactly."""
    weights = [Fraction(float(x)) for x in guess.v / max(guess.tau, 1.0)]
    rho, k = question.rho, question.k
    if boxed:
        weights = [min(max(x, -rho), rho) for x in weights]
    for sign, most in ((1, rho * k), (-1, rho * (k - 1))):
        mass = sum((sign * x for x in weights if sign * x > 0), Fraction(0))
        if mass > most:
            weights = [x * most / mass if sign * x > 0 else x for x in weights]
    return weights


def first_vertices(question: Question, guess: Guess, *, boxed: bool = True) -> list[tuple[Code, Code, fmpq]]:
    """Return v as a convex combination of the vertices of the admissible v."""
    weights = [rational(x) for x in shrunk(question, guess, boxed=boxed)]
    return split(guess.support.tolist(), weights, question.shares(boxed=boxed))
