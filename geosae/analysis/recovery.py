"""Recovery of known feature directions and of the points themselves."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from geosae.geometry._door import InvalidInput, finite_points


def mcc(decoder: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p m"]) -> float:
    """Return the mean |cosine| of the directions with the atoms, matched one to one as well as possible.

    A direction left without an atom (d < p), or matched with a zero atom, counts as 0. Directions must not be
    zero.

    Raises
    ------
    InvalidInput
        If the dimensions differ or a direction is zero.

    References
    ----------
    The mean correlation coefficient of A. Hyvärinen and H. Morioka, NeurIPS 2016, arXiv 1605.06336, here of
    atoms instead of signals; matching by the Hungarian method.

    Examples
    --------
    >>> round(mcc(np.array([[0.0, -2.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])), 9)
    1.0
    """
    from geosae.geometry._program import assignment

    atoms = finite_points(decoder, "decoder atoms")
    truth = finite_points(directions, "directions", dim=atoms.shape[1])
    lengths = np.linalg.norm(truth, axis=1)
    if np.any(lengths == 0):
        raise InvalidInput(f"directions {np.flatnonzero(lengths == 0).tolist()} are zero")
    # Scaling first by the largest entry keeps tiny and huge atoms from under- and overflowing.
    unit = _unit(atoms)
    cosine = np.minimum(np.abs(_unit(truth) @ unit.T), 1.0)
    rows, columns = assignment(-cosine)
    return float(cosine[rows, columns].sum() / len(truth))


def fvu(points: Float[np.ndarray, "N n"], reconstruction: Float[np.ndarray, "M n"]) -> float:
    """Return Σ‖x − x̂‖² / Σ‖x − mean‖²: both sums are taken before the ratio, and variance is about the mean.

    0 is perfect, 1 is as good as always answering the mean, nan means that the points do not vary.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0]])
    >>> fvu(x, x), fvu(x, np.ones((2, 1)))
    (0.0, 1.0)
    """
    x = finite_points(points)
    y = finite_points(reconstruction, "reconstruction", dim=x.shape[1])
    if len(x) != len(y):
        raise InvalidInput(f"{len(x)} points against {len(y)} reconstructions")
    spread = float(np.sum((x - x.mean(axis=0)) ** 2))
    return float(np.sum((x - y) ** 2)) / spread if spread > 0 else float("nan")


def mcc_floor(
    decoder: Float[np.ndarray, "d n"],
    directions: Float[np.ndarray, "p n"],
    rng: np.random.Generator,
    draws: int = 10,
) -> Sequence[float]:
    """Return the MCC of as many random unit atoms, `draws` times: the floor to show beside `mcc`.

    Examples
    --------
    >>> floor = mcc_floor(np.eye(3), np.eye(3), np.random.default_rng(0))
    >>> 0 < min(floor) and max(floor) < 1
    True
    """
    return [mcc(rng.standard_normal(decoder.shape), directions) for _ in range(draws)]


def _unit(rows: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.divide(scaled, lengths, out=scaled, where=lengths > 0)
