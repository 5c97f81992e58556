"""Whether single neurons name all features of a dictionary at once, with a proof of either (theory S11a).

All features are named on all codes of at most k entries in [1, ρ] iff for every i some row b has

    ρ(k·max_{j≠i} c_j⁺ + (k−1)·max_{j≠i} c_j⁻) < c_i,    c_j = ⟨b, a_j⟩:

a program of n + 2 unknowns a feature, whose proof is two maxima where S10's is two sorts. For all together
the box |v_j| ≤ ρ of S10 drops out: a combination with a larger entry shows that another feature is unnamed.
(For single features it does not: `name_feature`.) One unnamed feature settles the question, so the programs
are solved from the feature that promises least, and only where no row is at hand.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq
from jaxtyping import Float, Int
from scipy import linalg

from geosae.geometry.exact import fraction, nearest_float, power_of_two, rational
from geosae.geometry.superposition._dictionary import Dictionary, Question, amplitude, dictionary_of
from geosae.geometry.superposition._naming_exact import decide_exactly
from geosae.geometry.superposition._naming_program import first_vertices, least_interference
from geosae.geometry.superposition._naming_proofs import combination_of, magnitude
from geosae.geometry.superposition.naming_all_certificate import (
    AllNamed,
    ExactRow,
    NotAllNamed,
    load_and_signal,
    loads_and_signals,
)
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT

PROMISING = 1 - 1e-6
"""Rows of less interference in floats are tried as they are; the others give way to the program's."""
SHORT = 32
"""Binary digits of the rows that are tried: short ones are multiplied faster, and proved all the same."""


@checked_arguments(k=COUNT)
def name_all_features(
    A: Float[np.ndarray, "n p"], k: int, rho: int | float | Fraction = 1
) -> AllNamed | NotAllNamed:
    """Decide whether single neurons name all features on all k-sparse codes, and prove it (theory S11a).

    Parameters
    ----------
    A
        The dictionary, shape (n, p): column j is the direction of feature j, of any length.
    k
        The greatest number of active features.
    rho
        The greatest amplitude ρ ≥ 1, the least being 1; a float is the rational that it is.

    Returns
    -------
    AllNamed | NotAllNamed
        A row for every feature; or a vector of A's kernel whose mass is too small, and a feature that no
        neuron names. Both exact. Where floats cannot tell, systems of n equations are solved in rationals,
        which takes long in hundreds of dimensions.

    Raises
    ------
    InvalidInput
        If the dictionary is empty or not finite, or k or rho is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> three = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    >>> name_all_features(three, k=1).check().all_named
    True
    >>> verdict = name_all_features(three, k=2).check()
    >>> verdict.all_named, [str(v) for v in verdict.h()], verdict.unnameable().check().nameable
    (False, ['-1', '-1', '1'], False)
    """
    dictionary, exact_rho = dictionary_of(A), amplitude(rho)
    columns = dictionary.columns
    zero = np.flatnonzero(~columns.any(axis=0))
    if len(zero):
        i = int(zero[0])
        return NotAllNamed(dictionary, k, exact_rho, i, np.array([i]), (Fraction(1),))
    rows, interference = _matched(dictionary, k, float(min(exact_rho, Fraction(2**60))))
    exact: list[ExactRow] = []
    doubtful = ~(interference < PROMISING)
    pending = np.flatnonzero(doubtful)
    while True:
        for i in pending[np.argsort(-interference[pending], kind="stable")].tolist():
            answer = _row_of(Question(dictionary, i, k, exact_rho))
            if isinstance(answer, NotAllNamed):
                return answer
            rows[i] = [nearest_float(v) for v in answer]
            if [rational(v) for v in rows[i].tolist()] != list(answer):
                exact.append(ExactRow(i, tuple(fraction(v) for v in answer)))
        doubtful[pending] = True
        pending = _unproved(dictionary, k, exact_rho, rows, doubtful)
        if not len(pending):
            exact.sort(key=lambda row: row.feature)
            return AllNamed(dictionary, k, exact_rho, rows, tuple(exact))


def _matched(
    dictionary: Dictionary, k: int, rho: float
) -> tuple[Float[np.ndarray, "p n"], Float[np.ndarray, " p"]]:
    """Return for each feature the row of least spread with c_i = 1, short, and its interference in floats."""
    columns = dictionary.columns / np.abs(dictionary.columns).max()
    rows = linalg.solve(dictionary.spread, columns, assume_a="pos").T
    sizes = np.abs(rows).max(axis=1, keepdims=True)
    rows = np.divide(rows, sizes, out=np.zeros_like(rows), where=sizes > 0)
    rows = np.round(np.ldexp(rows, SHORT)) * 2.0**-SHORT
    products = rows @ columns
    signal = np.diag(products).copy()
    np.fill_diagonal(products, 0.0)
    load = rho * (k * products.max(axis=1) - (k - 1) * products.min(axis=1))
    return rows, np.divide(load, signal, out=np.full(len(load), np.inf), where=signal > 0)


def _unproved(
    dictionary: Dictionary,
    k: int,
    rho: Fraction,
    rows: Float[np.ndarray, "p n"],
    proved: np.ndarray,
) -> Int[np.ndarray, " q"]:
    """Return the features whose rows are not proved yet and fail the two maxima in exact arithmetic."""
    exact_rho = rational(rho)
    return np.array(
        [
            i
            for i, (load, signal) in enumerate(loads_and_signals(dictionary, k, rows))
            if not proved[i] and not exact_rho * load < signal
        ],
        dtype=np.int64,
    )


def _row_of(question: Question) -> list[fmpq] | NotAllNamed:
    """Return a row that two maxima prove, in floats where they express one; or a vector of the kernel."""
    guess = least_interference(question, boxed=False)
    if guess is not None:
        proof = combination_of(question, guess, boxed=False)
        if proof is not None:
            return _kernel_vector(question, *proof)
        row = [rational(v) for v in guess.row.tolist()]
        if _serves(question, row):
            return row
    start = [] if guess is None else first_vertices(question, guess, boxed=False)
    answer = decide_exactly(question, start, boxed=False)
    if answer.weights is not None:
        return _kernel_vector(question, answer.support, answer.weights)
    assert answer.row is not None, "without a limit of steps one side has a proof"
    return _in_floats(question, answer.row)


def _serves(question: Question, row: Sequence[fmpq]) -> bool:
    products, _ = question.products(row)
    load, signal = load_and_signal(products, question.feature, question.k)
    return bool(rational(question.rho) * load < signal)


def _in_floats(question: Question, row: Sequence[fmpq]) -> list[fmpq]:
    """Return the row at about length 1, rounded to floats if these serve as well."""
    scaled = [v * power_of_two(-max(magnitude(x) for x in row)) for v in row]
    rounded = [rational(nearest_float(v)) for v in scaled]
    return rounded if _serves(question, rounded) else scaled


def _kernel_vector(
    question: Question, support: Int[np.ndarray, " s"], weights: Sequence[Fraction]
) -> NotAllNamed:
    """Return h = v − e_i with a feature that it leaves unnamed: i, or that of a v_j larger than ρ."""
    entries = dict(zip(support.tolist(), weights, strict=True)) | {question.feature: Fraction(-1)}
    feature = max(entries, key=lambda j: abs(entries[j]))
    if abs(entries[feature]) <= question.rho:
        feature = question.feature
    size = abs(entries[feature])
    order = sorted(entries)
    return NotAllNamed(
        question.dictionary,
        question.k,
        question.rho,
        feature,
        np.array(order, dtype=np.int64),
        tuple(entries[j] / size for j in order),
    )
