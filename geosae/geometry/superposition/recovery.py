"""Does basis pursuit return a sparse code: one code, or all of so many non-zeros (theory R2).

A code z is returned when it is the only minimiser of ‖z′‖₁ subject to Az′ = Az (for z ≥ 0 on request among z′
≥ 0). D. L. Donoho and M. Elad, 2003, doi:10.1073/pnas.0437847100; R. Gribonval and M. Nielsen, 2003,
doi:10.1109/TIT.2003.820031; for all codes by p linear programs: A. Juditsky and A. Nemirovski, 2011,
doi:10.1007/s10107-010-0417-z.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz_mat
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.exact import fraction, power_of_two
from geosae.geometry.superposition._bracket import bracket_of, small
from geosae.geometry.superposition._dictionary import Dictionary, dictionary_of
from geosae.geometry.superposition._kernel_program import Guess, guess_of
from geosae.geometry.superposition._largest import largest_sum
from geosae.geometry.superposition._near import Rationals, near_kernel, near_products
from geosae.geometry.superposition._simplex import KernelProgram, optimum
from geosae.geometry.superposition.recovery_certificate import (
    AllRecovered,
    NotAllRecovered,
    Recovered,
    SignedCode,
    Undecided,
    Unrecovered,
    signed_sets,
)
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, finite_vector

# Entries of h below this in floats count as none; what comes of it is checked.
_NONE = 1e-9
# So many sets with signs are tried, each by a linear program.
MOST_SETS = 2000


@checked_arguments()
def recover_code(
    A: Float[np.ndarray, "n p"], z: Float[np.ndarray, " q"], *, nonnegative: bool = False
) -> Recovered | Unrecovered | Undecided:
    """Decide whether z is the only shortest code of its point: the only minimiser of ‖z′‖₁ with Az′ = Az.

    Parameters
    ----------
    A
        The directions of the features, one per column.
    z
        The code; only its support and its signs matter.
    nonnegative
        Whether it competes with codes z′ ≥ 0 alone.

    Returns
    -------
    Recovered | Unrecovered | Undecided
        A certificate either way. Undecided: a tie that floats do not show, in a large dictionary.

    Raises
    ------
    InvalidInput
        If A is no finite matrix, z no finite vector of one entry per column, or z has negative entries where
        codes are to be nonnegative.

    Examples
    --------
    >>> mercedes = np.array([[2.0, -1.0, -1.0], [0.0, 2.0, -2.0]])
    >>> recover_code(mercedes, np.array([1.0, 0.0, 0.0])).check().recovered
    True
    >>> lost = recover_code(mercedes, np.array([1.0, 1.0, 0.0])).check()
    >>> [str(v) for v in lost.rival(np.array([1.0, 1.0, 0.0]))]
    ['0', '0', '-1']
    """
    dictionary = dictionary_of(A)
    vector = finite_vector(z, "the code z")
    if len(vector) != dictionary.size:
        raise InvalidInput(
            f"the code z has {len(vector)} entries, the dictionary {dictionary.size} features (columns)",
            causes="features in rows",
            remedy="pass A of shape (n, p) and z of length p",
        )
    signs = tuple(int(s) for s in np.sign(vector))
    if nonnegative and -1 in signs:
        raise InvalidInput("the code z has negative entries, and codes are to be nonnegative")
    return _decide(SignedCode(dictionary, signs, nonnegative))


def _decide(code: SignedCode) -> Recovered | Unrecovered | Undecided:
    if not code.injective():
        h = _kernel_on(code.dictionary, code.support)
        return _unrecovered(code, h if code.rise(h) <= 0 else [-v for v in h])
    if not code.support:
        return _recovered(code, [fmpq(0)] * code.dictionary.dim)
    program = _program_of(code)
    guess = guess_of(code.dictionary, program)
    if guess is not None:
        verdict = _from_guess(code, guess)
        if verdict is not None:
            return verdict
    if not small(code.dictionary):
        return Undecided(code)
    multipliers, h = optimum(code.dictionary.exact.matrix, program)
    unit = power_of_two(-code.dictionary.exact.exponent)
    y = [-v * unit for v in multipliers]
    return _recovered(code, y) if _proves(code, y) else _unrecovered(code, h)


def _program_of(code: SignedCode) -> KernelProgram:
    """Return max −Σ_S s_j h_j over Ah = 0, Σ_off |h_j| ≤ 1: z is the only shortest iff that is below 1."""
    inside = [s != 0 for s in code.signs]
    return KernelProgram(
        tuple(-s for s in code.signs),
        tuple(int(not s) for s in inside),
        (None,) * len(inside),
        tuple(0 if code.nonnegative and not s else None for s in inside),
        1,
    )


def _from_guess(code: SignedCode, guess: Guess) -> Recovered | Unrecovered | None:
    """Return the certificate that lies near the floats, if one does."""
    dictionary, support = code.dictionary, np.array(code.support)
    ones = np.ones(len(support), dtype=np.int64)
    y = near_products(dictionary, support, ones, code.signs, -guess.b, None)
    if _proves(code, y):
        return _recovered(code, y)
    moved = np.abs(guess.y) > _NONE
    h = near_kernel(dictionary, np.flatnonzero(moved), np.where(moved, guess.y, 0.0), None)
    if _refutes(code, h):
        return _unrecovered(code, h)
    # A tie is seen only at a vertex: its entries are determined by their places.
    h = _kernel_on(dictionary, np.flatnonzero(moved).tolist())
    for candidate in (h, [-v for v in h]):
        if _refutes(code, candidate):
            return _unrecovered(code, candidate)
    return None


def _proves(code: SignedCode, y: Rationals) -> bool:
    """Tell whether y is as `Recovered` says."""
    products = code.dictionary.products(y)
    return all(
        c == s if s else (c if code.nonnegative else abs(c)) < 1
        for s, c in zip(code.signs, products, strict=True)
    )


def _refutes(code: SignedCode, h: Rationals) -> bool:
    """Tell whether h is as `Unrecovered` says."""
    negative = code.nonnegative and any(v < 0 for s, v in zip(code.signs, h, strict=True) if not s)
    return any(h) and not negative and code.rise(h) <= 0 and code.dictionary.in_kernel(h)


def _recovered(code: SignedCode, y: Sequence[fmpq]) -> Recovered:
    return Recovered(code, tuple(fraction(v) for v in y))


def _unrecovered(code: SignedCode, h: Sequence[fmpq]) -> Unrecovered:
    places = [j for j, v in enumerate(h) if v != 0]
    return Unrecovered(code, np.array(places, dtype=np.int64), tuple(fraction(h[j]) for j in places))


def _kernel_on(dictionary: Dictionary, places: Sequence[int]) -> Rationals:
    """Return a vector of ker A whose entries off these places are 0; 0 if there is none."""
    h = [fmpq(0)] * dictionary.size
    columns = [[row[j] for j in places] for row in dictionary.exact.matrix.tolist()]
    if places:
        basis, nullity = fmpz_mat(columns).nullspace()
        if nullity:
            for r, j in enumerate(places):
                h[j] = fmpq(basis[r, 0])
    return h


@checked_arguments(k=COUNT)
def recover_all(A: Float[np.ndarray, "n p"], k: int) -> AllRecovered | NotAllRecovered | Undecided:
    """Decide whether every code of at most k non-zeros is the only shortest one of its point (R2).

    p linear programs suffice where the k largest ε_i = min_b ‖Aᵀb − e_i‖_∞ sum to less than ½; the vectors of
    the kernel that they end with may refute it. Between the two, all sets of k features and their signs are
    tried where these are at most 2,000.

    Parameters
    ----------
    A
        The directions of the features, one per column.
    k
        The greatest number of non-zeros.

    Raises
    ------
    InvalidInput
        If A is no finite matrix, or k is below 1.

    Examples
    --------
    >>> mercedes = np.array([[2.0, -1.0, -1.0], [0.0, 2.0, -2.0]])
    >>> recover_all(mercedes, 1).check().recovered, recover_all(mercedes, 2).check().share
    (True, Fraction(2, 3))
    """
    dictionary = dictionary_of(A)
    p, half = dictionary.size, fmpq(1, 2)
    brackets = [bracket_of(dictionary, [int(j == i) for j in range(p)], 1) for i in range(p)]
    if largest_sum([bracket.upper for bracket in brackets], k) < half:
        return AllRecovered(dictionary, k, tuple(_fractions(bracket.b) for bracket in brackets), True)
    for bracket in brackets:
        if 2 * largest_sum(bracket.y, k) >= sum((abs(v) for v in bracket.y), fmpq(0)) > 0:
            return _half_of(dictionary, k, bracket.y)
    size = min(k, p)
    if math.comb(p, size) * 2 ** (size - 1) > MOST_SETS:
        return Undecided()
    probes: list[tuple[fmpq, ...]] = []
    for signs in signed_sets(p, k):
        bracket = bracket_of(dictionary, signs, 1)
        if bracket.lower >= half:
            return _half_of(dictionary, k, bracket.y)
        if bracket.upper >= half:
            return Undecided()
        probes.append(tuple(bracket.b))
    return AllRecovered(dictionary, k, tuple(_fractions(b) for b in probes), False)


def _half_of(dictionary: Dictionary, k: int, h: Rationals) -> NotAllRecovered:
    places = [j for j, v in enumerate(h) if v != 0]
    return NotAllRecovered(
        dictionary, k, np.array(places, dtype=np.int64), tuple(fraction(h[j]) for j in places)
    )


def _fractions(values: Sequence[fmpq]) -> tuple[Fraction, ...]:
    return tuple(fraction(v) for v in values)
