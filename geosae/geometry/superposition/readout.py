"""How far linear probes err on sparse codes, exactly, and the best probe of a feature (theory R1).

Over codes z in [−1, 1]^p with at most k non-zeros the greatest entry of |BᵀAz − z| is max_i T_k(|row i of D
− I|), D = BᵀA, T_k the sum of the k largest; over Boolean codes the greater of the sums of positive and of
negative entries. The best probe is a linear program: min_b T_k(|Aᵀb − e_i|) = max{y_i : Ay = 0, ‖y‖_∞ ≤ 1,
‖y‖₁ ≤ k}.
"""

from collections.abc import Sequence

import numpy as np
from flint import fmpq
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.exact import fraction, rational
from geosae.geometry.superposition._bracket import bracket_of
from geosae.geometry.superposition._dictionary import dictionary_of
from geosae.geometry.superposition.readout_certificate import BestProbe, ReadoutError, greatest_error
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL, finite_points


@checked_arguments(k=COUNT)
def readout_error(
    A: Float[np.ndarray, "n p"], B: Float[np.ndarray, "m q"], k: int, *, boolean: bool = False
) -> ReadoutError:
    """Return how far z is from Bᵀx at most, x = Az, over all codes z of at most k non-zeros (R1).

    Parameters
    ----------
    A
        The directions of the features, one per column.
    B
        The probes, one per column: ⟨b_i, x⟩ is to read z_i.
    k
        The greatest number of non-zeros.
    boolean
        Whether codes are Boolean; otherwise their entries are from [−1, 1].

    Returns
    -------
    ReadoutError
        The greatest error of every probe, exactly, and a code on which the worst of them errs so far.

    Raises
    ------
    InvalidInput
        If A or B is no finite matrix, their shapes differ, or k is below 1.

    Examples
    --------
    >>> mercedes = np.array([[1.0, -0.5, -0.5], [0.0, 0.75, -0.75]])
    >>> readout_error(mercedes, mercedes, 1)
    ReadoutError: 0.5 on codes from [−1, 1] of at most 1 active, by the probe of feature 0 of 3; exact
    >>> readout_error(mercedes, mercedes, 2).check().code.tolist()
    [0, -1, -1]
    """
    dictionary = dictionary_of(A)
    probes = finite_points(B, "the probes B").copy()
    if probes.shape != dictionary.columns.shape:
        raise InvalidInput(
            f"the probes B have shape {probes.shape}, the dictionary A {dictionary.columns.shape}",
            causes="probes as rows, or neurons that were not matched with the features",
            remedy="pass one probe per feature, as a column",
        )
    probes.setflags(write=False)
    errors: list[fmpq] = []
    worst: list[fmpq] = []
    for i, probe in enumerate(probes.T):
        row = dictionary.products([rational(v) for v in probe.tolist()])
        row[i] -= 1
        errors.append(greatest_error(row, k, boolean=boolean))
        worst = row if errors[-1] > max(errors[:-1], default=fmpq(-1)) else worst
    code = np.zeros(dictionary.size, dtype=np.int64)
    for j, sign in _worst_entries(worst, k, boolean=boolean):
        code[j] = sign
    return ReadoutError(dictionary, probes, k, boolean, tuple(fraction(e) for e in errors), code)


def _worst_entries(row: Sequence[fmpq], k: int, *, boolean: bool) -> list[tuple[int, int]]:
    """Return which entries of a code make this row of D − I err most, and their signs."""
    sizes = sorted(((abs(v), j) for j, v in enumerate(row) if v != 0), reverse=True)
    if not boolean:
        return [(j, 1 if row[j] > 0 else -1) for _, j in sizes[:k]]
    positive = [(v, j) for v, j in sizes if row[j] > 0][:k]
    negative = [(v, j) for v, j in sizes if row[j] < 0][:k]
    return [(j, 1) for _, j in max(positive, negative, key=lambda side: sum((v for v, _ in side), fmpq(0)))]


@checked_arguments(i=NATURAL, k=COUNT)
def best_probe(A: Float[np.ndarray, "n p"], i: int, k: int) -> BestProbe:
    """Return a linear probe of feature i that errs least on codes of at most k non-zeros in [−1, 1] (R1).

    Parameters
    ----------
    A
        The directions of the features, one per column.
    i
        The number of the feature, from 0.
    k
        The greatest number of non-zeros.

    Returns
    -------
    BestProbe
        The probe b with its greatest error, an upper bound on the least possible, and a y that proves a lower
        one. In all but large or ill-conditioned cases the two agree exactly.

    Raises
    ------
    InvalidInput
        If A is no finite matrix, or has no feature i, or k is below 1.

    Examples
    --------
    >>> probe = best_probe(np.array([[1.0, -10.0]]), 0, k=1).check()
    >>> probe.b, probe.lower, probe.grade
    ((Fraction(1, 11),), Fraction(10, 11), 'exact')
    """
    dictionary = dictionary_of(A)
    if i >= dictionary.size:
        raise InvalidInput(
            f"i is {i}, and the dictionary has {dictionary.size} features (columns)",
            causes="features in rows",
            remedy="pass the array of shape (n, p), features numbered from 0",
        )
    bracket = bracket_of(dictionary, [int(j == i) for j in range(dictionary.size)], k)
    support = np.array([j for j, v in enumerate(bracket.y) if v != 0], dtype=np.int64)
    return BestProbe(
        dictionary,
        i,
        k,
        tuple(fraction(v) for v in bracket.b),
        support,
        tuple(fraction(bracket.y[j]) for j in support.tolist()),
        fraction(bracket.upper),
        fraction(bracket.lower),
    )
