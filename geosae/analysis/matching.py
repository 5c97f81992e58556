"""Which atom of a decoder stands for which known direction: MCC, best features, uniqueness.

The definitions are those of SAELens' synthetic evaluation (arXiv 2602.14687).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from geosae.errors import InvalidInput
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, finite_points

_SLICE = 4096  # atoms compared with all directions at once


@checked_arguments()
def mcc(
    decoder: Float[np.ndarray, "d n"],
    directions: Float[np.ndarray, "p m"],
    *,
    over: Literal["pairs", "directions"] = "pairs",
) -> float:
    """Return the mean |cosine| of directions and atoms, matched one to one as well as possible.

    MCC = max over matchings of Σ |cos(atom, direction)| / number of pairs, which is min(d, p): as the field
    has it, directions left over do not count. With over="directions" the sum is divided by p instead, so that
    a direction without an atom counts as 0. A zero atom has cosine 0; directions must not be zero.

    Raises
    ------
    InvalidInput
        If the dimensions differ or a direction is zero.

    References
    ----------
    The mean correlation coefficient of A. Hyvärinen and H. Morioka, NeurIPS 2016, arXiv 1605.06336, here of
    atoms instead of signals as in arXiv 2505.20254; matching by the Hungarian method.

    Examples
    --------
    >>> round(mcc(np.array([[0.0, -2.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])), 9)
    1.0
    >>> atom, truth = np.array([[1.0, 0.0]]), np.eye(2)
    >>> mcc(atom, truth), mcc(atom, truth, over="directions")
    (1.0, 0.5)
    """
    from geosae.geometry._program import assignment

    atoms, truth = _unit_atoms(decoder, directions)
    cost = truth @ atoms.T
    # In place: with 16 384 features and atoms one such matrix is 2 GiB.
    np.abs(cost, out=cost)
    np.minimum(cost, 1.0, out=cost)
    np.negative(cost, out=cost)
    rows, columns = assignment(cost)
    total = -float(cost[rows, columns].sum())
    return total / (len(truth) if over == "directions" else len(rows))


def best_features(
    decoder: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p m"]
) -> Int[np.ndarray, "d"]:
    """Return for each atom the direction with the largest |cosine|, the first of equal ones.

    Raises
    ------
    InvalidInput
        If the dimensions differ or a direction is zero.

    Examples
    --------
    >>> best_features(np.array([[0.0, -2.0], [3.0, 1.0]]), np.eye(2)).tolist()
    [1, 0]
    """
    atoms, truth = _unit_atoms(decoder, directions)
    parts = [
        np.abs(atoms[start : start + _SLICE] @ truth.T).argmax(axis=1)
        for start in range(0, len(atoms), _SLICE)
    ]
    return np.concatenate(parts)


@checked_arguments()
def matched_rows(
    rows: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p m"]
) -> Int[np.ndarray, "p"]:
    """Return for each direction a row of its own, all together of the greatest total cosine; −1 for none.

    The sign counts: an encoder's row that points away from a feature does not read it. Where d < p, the
    directions without which the total is greatest stay without a row.

    Raises
    ------
    InvalidInput
        If the dimensions differ or a direction is zero.

    Examples
    --------
    >>> matched_rows(np.array([[-2.0, 0.0], [1.0, 3.0], [1.0, 0.1]]), np.eye(2)).tolist()
    [2, 1]
    >>> matched_rows(np.array([[1.0, 3.0]]), np.eye(2)).tolist()
    [-1, 0]
    """
    from geosae.geometry._program import assignment

    atoms, truth = _unit_atoms(rows, directions)
    features, matches = assignment(-(truth @ atoms.T))
    matched = np.full(len(truth), -1, dtype=np.int64)
    matched[features] = matches
    return matched


def uniqueness(decoder: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p m"]) -> float:
    """Return |{best feature of atom 1, …, best feature of atom d}| / d: 1 if no two atoms track one feature.

    Raises
    ------
    InvalidInput
        If the dimensions differ or a direction is zero.

    Examples
    --------
    >>> uniqueness(np.array([[1.0, 0.0], [2.0, 0.1]]), np.eye(2))
    0.5
    """
    return len(np.unique(best_features(decoder, directions))) / len(decoder)


@checked_arguments(draws=COUNT)
def mcc_floor(
    decoder: Float[np.ndarray, "d n"],
    directions: Float[np.ndarray, "p n"],
    rng: np.random.Generator,
    draws: int = 10,
) -> Sequence[float]:
    """Return the MCC of as many random unit atoms, `draws` times: the floor to show beside `mcc`.

    Raises
    ------
    InvalidInput
        As `mcc` does.

    Examples
    --------
    >>> floor = mcc_floor(np.eye(3), np.eye(3), np.random.default_rng(0))
    >>> 0 < min(floor) and max(floor) < 1
    True
    """
    shape = finite_points(decoder, "decoder atoms").shape
    return [mcc(rng.standard_normal(shape), directions) for _ in range(draws)]


def _unit_atoms(
    decoder: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p m"]
) -> tuple[Float[np.ndarray, "d n"], Float[np.ndarray, "p n"]]:
    atoms = finite_points(decoder, "decoder atoms")
    truth = finite_points(directions, "directions", dim=atoms.shape[1])
    zero = np.flatnonzero(~truth.any(axis=1))
    if zero.size:
        raise InvalidInput(f"directions {zero.tolist()} are zero")
    # Scaling first by the largest entry keeps tiny and huge atoms from under- and overflowing.
    return _unit(atoms), _unit(truth)


def _unit(rows: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.divide(scaled, lengths, out=scaled, where=lengths > 0)
