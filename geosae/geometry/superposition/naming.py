"""Which features of a dictionary one absolute neuron can name on all sparse codes, with proofs (theory S10).

Codes have at most k entries in [1, ρ] and zeros; a neuron names feature i if it fires on exactly the codes
with it. Some neuron does iff a_i is no v-combination of the other columns with |v_j| ≤ ρ, Σv⁺ ≤ ρk, Σv⁻ ≤
ρ(k−1). HiGHS finds the largest τ with τ·a_i = Σ v_j a_j, and its multipliers the row b of least
interference; exact arithmetic makes a proof of either, and finishes the search where floats cannot see
enough. The program has n + 2 rows and starts with some columns on either side; those whose reduced cost is
wrong enter, so that time hardly grows with p.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float, Int
from scipy import linalg

from geosae.errors import InvalidInput
from geosae.geometry._program import linear_program
from geosae.geometry.exact import fraction, nearest_float, power_of_two, rational
from geosae.geometry.separation.certificate import RationalHyperplane
from geosae.geometry.superposition._dictionary import (
    Dictionary,
    Question,
    admissible,
    amplitude,
    dictionary_of,
    remainder,
)
from geosae.geometry.superposition._grid import split
from geosae.geometry.superposition._naming_exact import decide_exactly
from geosae.geometry.superposition.naming_certificate import Named, Unnameable, margin_bound, proved_margin
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL

ENTERING = 2
"""Columns per dimension that stand on either side at first, and enter in a round at most."""
PRICED = 1e-9
"""A reduced cost nearer to 0 is none: the solver's own tolerance is coarser."""
SLACK = 1e-9
"""Entries nearer than this share to ±ρ stay there."""
STEPS, STEPS_IN_HIGH_DIMENSION = 10_000, 200
"""Solves of exact systems, up to 32 dimensions and above."""


@dataclass(frozen=True, eq=False)
class _Guess:
    """What floats say: the row of least interference, the largest τ, and v with τ·a_i = Σ v_j a_j."""

    row: Float[np.ndarray, " n"]
    tau: float
    support: Int[np.ndarray, " s"]
    v: Float[np.ndarray, " s"]


@checked_arguments(i=NATURAL, k=COUNT, exact_up_to=NATURAL)
def name_feature(
    A: Float[np.ndarray, "n p"],
    i: int,
    k: int,
    rho: int | float | Fraction = 1,
    *,
    exact_up_to: int = 256,
) -> Named | Unnameable:
    """Decide whether one absolute neuron names feature i on all k-sparse codes, and prove it (theory S10).

    Parameters
    ----------
    A
        The dictionary, shape (n, p): column j is the direction of feature j, of any length.
    i
        The feature, 0 ≤ i < p.
    k
        The greatest number of active features.
    rho
        The greatest amplitude ρ ≥ 1, the least being 1; a float is the rational that it is.
    exact_up_to
        Highest dimension n in which rational systems of n equations are solved. Above it an `Unnameable` is
        of grade "certified": a proved bound `eta` on every margin.

    Returns
    -------
    Named | Unnameable
        A row and a threshold; or a bounded combination of the other columns.

    Raises
    ------
    InvalidInput
        If the dictionary is empty or not finite, there is no feature i, or k or rho is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> three = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    >>> verdict = name_feature(three, 2, k=2).check()
    >>> verdict.nameable, verdict.codes().check().silent
    (False, ((0, 1),))
    >>> named = name_feature(three, 2, k=1).check()
    >>> named.nameable, [float(t) for t in named.thresholds()], round(named.margin, 4)
    (True, [0.5, 1.0], 0.3536)
    """
    dictionary = dictionary_of(A)
    _require_feature(dictionary, i, "i is")
    return _decide(Question(dictionary, i, k, amplitude(rho)), exact_up_to)


@checked_arguments(k=COUNT, exact_up_to=NATURAL)
def name_features(
    A: Float[np.ndarray, "n p"],
    k: int,
    rho: int | float | Fraction = 1,
    *,
    features: Sequence[int] | None = None,
    exact_up_to: int = 256,
) -> tuple[Named | Unnameable, ...]:
    """Decide for every feature whether one absolute neuron names it (see `name_feature`).

    Parameters
    ----------
    A, k, rho, exact_up_to
        As for one feature.
    features
        The features that are asked about, in their order; all by default.

    Raises
    ------
    InvalidInput
        If the dictionary is empty or not finite, there is no such feature, or k or rho is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[1.0, 2.0, -1.0]])
    >>> [verdict.nameable for verdict in name_features(line, k=1)]
    [False, True, True]
    """
    dictionary, exact_rho = dictionary_of(A), amplitude(rho)
    numbers = range(dictionary.size) if features is None else features
    for i in numbers:
        _require_feature(dictionary, i, "features hold")
    return tuple(_decide(Question(dictionary, i, k, exact_rho), exact_up_to) for i in numbers)


def _require_feature(dictionary: Dictionary, i: int, phrase: str) -> None:
    if not 0 <= i < dictionary.size:
        raise InvalidInput(
            f"{phrase} {i}, and the dictionary has {dictionary.size} features (columns)",
            causes="features in rows",
            remedy="pass the array of shape (n, p), features numbered from 0",
        )


def _decide(question: Question, exact_up_to: int) -> Named | Unnameable:
    if not question.target.any():
        return Unnameable(question, np.zeros(0, dtype=np.int64), ())
    guess = _least_interference(question)
    if guess is not None:
        verdict = _unnameable(question, guess, exact_up_to)
        if verdict is None:
            verdict = _named(question, [rational(v) for v in guess.row.tolist()])
        if verdict is not None:
            return verdict
    dim = question.dictionary.dim
    if dim <= exact_up_to:
        start = [] if guess is None else _start(question, guess)
        answer = decide_exactly(question, start, STEPS if dim <= 32 else STEPS_IN_HIGH_DIMENSION)
        if answer.row is not None:
            verdict = _named(question, answer.row)
            assert verdict is not None
            return verdict
        if answer.weights is not None:
            return Unnameable(question, answer.support, answer.weights)
    return _bounded(question, guess)


def _least_interference(question: Question) -> _Guess | None:
    """Solve max τ: τ·a_i = Σ v_j a_j, v admissible, in floats; None where floats or the solver give up."""
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
            bounds=[(0.0, None), *[(0.0, rho)] * (len(cost) - 1)],
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
    return _Guess(row, float(outcome.point[0]), support, v[support])


def _worst(
    gains: Float[np.ndarray, " q"], others: Int[np.ndarray, " q"], inside: Int[np.ndarray, " s"], most: int
) -> Int[np.ndarray, " e"]:
    """Return the columns outside that would raise τ, those that promise most, at most so many."""
    outside = (gains > PRICED) & ~np.isin(others, inside)
    promising = np.flatnonzero(outside)
    return others[promising[np.argsort(-gains[promising], kind="stable")[:most]]]


def _named(question: Question, row: Sequence[fmpq]) -> Named | None:
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
        bits = max(*(_magnitude(v) for v in row), _magnitude(middle) - 900)
        if bits:
            return _named(question, [v * power_of_two(-bits) for v in row])
        rounded = _named(question, exact) if any(floats) else None
        if rounded is not None and rounded.rational is None:
            return rounded
    margin = proved_margin(question, row, middle)
    assert margin is not None
    plane = RationalHyperplane(tuple(fraction(v) for v in row), fraction(-middle))
    return Named(question, np.array(floats), threshold, margin, plane)


def _magnitude(value: fmpq) -> int:
    """Return the binary order of a rational, very low for 0."""
    return abs(int(value.p)).bit_length() - int(value.q).bit_length() if value else -(2**40)


def _unnameable(question: Question, guess: _Guess, exact_up_to: int) -> Unnameable | None:
    """Return v/τ with as many entries as equations solved exactly; None if that is not admissible."""
    if not guess.tau >= 1 or question.dictionary.dim > exact_up_to:
        return None
    v = guess.v / guess.tau
    columns = question.dictionary.columns[:, guess.support]
    free = np.flatnonzero(np.abs(v) < float(question.rho) * (1 - SLACK))
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
    if admissible(question, exact_v) is not None or any(remainder(question, guess.support, weights)):
        return None
    nonzero = [j for j, x in enumerate(exact_v) if x != 0]
    return Unnameable(question, guess.support[nonzero], tuple(exact_v[j] for j in nonzero))


def _shrunk(question: Question, guess: _Guess) -> list[Fraction]:
    """Return v, of τ at most 1, made admissible exactly."""
    weights = [Fraction(float(x)) for x in guess.v / max(guess.tau, 1.0)]
    rho, k = question.rho, question.k
    weights = [min(max(x, -rho), rho) for x in weights]
    for sign, most in ((1, rho * k), (-1, rho * (k - 1))):
        mass = sum((sign * x for x in weights if sign * x > 0), Fraction(0))
        if mass > most:
            weights = [x * most / mass if sign * x > 0 else x for x in weights]
    return weights


def _start(question: Question, guess: _Guess) -> list[tuple[tuple[int, ...], tuple[int, ...], fmpq]]:
    weights = [rational(x) for x in _shrunk(question, guess)]
    return split(guess.support.tolist(), weights, rational(question.rho))


def _bounded(question: Question, guess: _Guess | None) -> Unnameable:
    """Return the record of a bound on the margin: half of what v leaves of a_i."""
    support = np.zeros(0, dtype=np.int64) if guess is None else guess.support
    weights = [] if guess is None else _shrunk(question, guess)
    nonzero = [j for j, x in enumerate(weights) if x != 0]
    weights = [weights[j] for j in nonzero]
    eta = margin_bound(remainder(question, support[nonzero], [rational(x) for x in weights]))
    return Unnameable(question, support[nonzero], tuple(weights), "exact" if eta == 0.0 else "certified", eta)
