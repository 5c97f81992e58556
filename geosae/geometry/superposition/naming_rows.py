"""Which features an encoder's rows name, each with its own threshold and with the best one (theory S10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.exact import rational
from geosae.geometry.rounding import lengths, rounding_bound
from geosae.geometry.superposition._dictionary import Question, amplitude, dictionary_of
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, finite_points, finite_vector


@dataclass(frozen=True, eq=False)
class RowsNaming:
    """What each neuron names on all k-sparse codes: the number of the feature, −1 for none.

    A half-space holds the codes of one feature and no others, if of any, so that a row names at most one.
    """

    own: Int[np.ndarray, " d"]
    """With the neuron's own threshold."""
    best: Int[np.ndarray, " d"]
    """With the best threshold for the same row."""
    size: int
    """The number p of features."""

    __repr__ = short_repr

    def features(self, *, best: bool = True) -> Bool[np.ndarray, " p"]:
        """Tell which features some row names, with the best threshold for it or with its own."""
        numbers = self.best if best else self.own
        mask = np.zeros(self.size, dtype=np.bool_)
        mask[numbers[numbers >= 0]] = True
        return mask


@checked_arguments(k=COUNT)
def named_by(
    A: Float[np.ndarray, "n p"],
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    k: int,
    rho: int | float | Fraction = 1,
) -> RowsNaming:
    """Tell which feature each neuron ⟨w_j, x⟩ + c_j > 0 names on all k-sparse codes, exactly (theory S10).

    Parameters
    ----------
    A
        The dictionary, shape (n, p): column j is the direction of feature j.
    w, c
        The neurons, as half-spaces: rows (d, n) and offsets (d,).
    k, rho
        At most k features are active, with amplitudes in [1, rho].

    Raises
    ------
    InvalidInput
        If an array is not finite or of another shape, or k or rho is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> three = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    >>> naming = named_by(three, three.T, np.array([-0.5, -1.0, -0.5]), k=1)
    >>> naming.own.tolist(), naming.best.tolist()
    ([0, -1, 2], [0, 1, 2])
    """
    dictionary, exact_rho = dictionary_of(A), amplitude(rho)
    rows = finite_points(w, "the rows w", dim=dictionary.dim)
    offsets = finite_vector(c, "the offsets c", dim=len(rows))
    own, best = (np.full(len(rows), -1, dtype=np.int64) for _ in range(2))
    for j, i in _candidates(dictionary.columns, rows, k, float(min(exact_rho, Fraction(2**60)))):
        question = Question(dictionary, i, k, exact_rho)
        low, high = question.thresholds([rational(v) for v in rows[j].tolist()])
        if low < high:
            best[j] = i
            threshold = -rational(float(offsets[j]))
            own[j] = i if low <= threshold < high else -1
    return RowsNaming(own, best, dictionary.size)


def _candidates(
    columns: Float[np.ndarray, "n p"], rows: Float[np.ndarray, "d n"], k: int, rho: float
) -> Iterator[tuple[int, int]]:
    """Yield neurons with a feature each that floats do not exclude: its product must be the row's largest."""
    w, a = _of_size_one(rows, axis=1), _of_size_one(columns, axis=None)
    products = w @ a
    error = rounding_bound(lengths(w), float(lengths(a.T).max()), 0.0, len(columns))
    # Sums of 2k terms are rounded too: by less than this multiple of what one product may be off.
    slack = (2 * k + 4) * (1 + rho * (2 * k - 1)) * error
    top = products.max(axis=1)
    for j in np.flatnonzero(top + error > 0).tolist():
        for i in np.flatnonzero(products[j] >= top[j] - 2 * error[j]).tolist():
            others = np.sort(np.delete(products[j], i))
            load = np.maximum(others[-k:], 0).sum() + np.maximum(-others[: k - 1], 0).sum()
            if products[j, i] - rho * load > -slack[j]:
                yield j, i


def _of_size_one(array: Float[np.ndarray, "r c"], axis: int | None) -> Float[np.ndarray, "r c"]:
    """Return the array, or each row of it, times a power of two that brings its largest entry to about 1."""
    exponents = np.frexp(np.abs(array).max(axis=axis, keepdims=True))[1]
    return np.ldexp(array, -exponents)
