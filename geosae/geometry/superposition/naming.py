"""Which features of a dictionary one absolute neuron can name on all sparse codes, with proofs (theory S10).

Codes have at most k entries in [1, ρ] and zeros; a neuron names feature i if it fires on exactly the codes
with it. Some neuron does iff a_i is no v-combination of the other columns with |v_j| ≤ ρ, Σv⁺ ≤ ρk, Σv⁻ ≤
ρ(k−1). HiGHS finds the largest τ with τ·a_i = Σ v_j a_j, and its multipliers the row b of least
interference; exact arithmetic makes a proof of either, and finishes the search where floats cannot see
enough. Where all features are to be named at once, `name_all_features` asks less (theory S11a).
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.exact import rational
from geosae.geometry.superposition._dictionary import (
    Dictionary,
    Question,
    amplitude,
    dictionary_of,
    remainder,
)
from geosae.geometry.superposition._naming_exact import decide_exactly
from geosae.geometry.superposition._naming_program import Guess, first_vertices, least_interference, shrunk
from geosae.geometry.superposition._naming_proofs import combination_of, neuron_of
from geosae.geometry.superposition.naming_certificate import Named, Unnameable, margin_bound
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL

STEPS, STEPS_IN_HIGH_DIMENSION = 10_000, 200
"""Solves of exact systems, up to 32 dimensions and above."""


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
    guess = least_interference(question)
    if guess is not None:
        proof = combination_of(question, guess) if question.dictionary.dim <= exact_up_to else None
        verdict = None if proof is None else Unnameable(question, *proof)
        if verdict is None:
            verdict = neuron_of(question, [rational(v) for v in guess.row.tolist()])
        if verdict is not None:
            return verdict
    dim = question.dictionary.dim
    if dim <= exact_up_to:
        start = [] if guess is None else first_vertices(question, guess)
        answer = decide_exactly(question, start, STEPS if dim <= 32 else STEPS_IN_HIGH_DIMENSION)
        if answer.row is not None:
            verdict = neuron_of(question, answer.row)
            assert verdict is not None
            return verdict
        if answer.weights is not None:
            return Unnameable(question, answer.support, answer.weights)
    return _bounded(question, guess)


def _bounded(question: Question, guess: Guess | None) -> Unnameable:
    """Return the record of a bound on the margin: half of what v leaves of a_i."""
    support = np.zeros(0, dtype=np.int64) if guess is None else guess.support
    weights = [] if guess is None else shrunk(question, guess)
    nonzero = [j for j, x in enumerate(weights) if x != 0]
    weights = [weights[j] for j in nonzero]
    eta = margin_bound(remainder(question, support[nonzero], [rational(x) for x in weights]))
    return Unnameable(question, support[nonzero], tuple(weights), "exact" if eta == 0.0 else "certified", eta)
