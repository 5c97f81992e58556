"""Who fires where as lists: for each point the few neurons that are active there, and how strongly.

The format is compressed sparse rows: Y. Saad, Iterative Methods for Sparse Linear Systems (2003), §3.4,
doi:10.1137/1.9780898718003. N points on which K of d neurons fire take 4·N·K bytes, not N·d.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.validation import as_array, as_mask


@dataclass(frozen=True, eq=False)
class Codes:
    """The neurons that fire on each of N points, `indices[indptr[x] : indptr[x + 1]]` for point x.

    Attributes
    ----------
    indptr
        Where each point's neurons start, and the end, (N + 1,), int64.
    indices
        The neurons, rising within each point, (nnz,), int32.
    width
        The number d of neurons.
    values
        How strongly each of them is active, (nnz,), float64; None if only who fires is known.

    Raises
    ------
    InvalidInput
        If the arrays do not fit each other, or neurons are out of range or do not rise within a point.

    Examples
    --------
    >>> codes = Codes(np.array([0, 2, 2, 3]), np.array([0, 3, 1]), 4)
    >>> len(codes), codes.active
    (3, 3)
    >>> codes.dense().astype(int).tolist()
    [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    """

    indptr: Int[np.ndarray, " N1"]
    indices: Int[np.ndarray, " nnz"]
    width: int
    values: Float[np.ndarray, " entries"] | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        indptr, indices = _integers(self.indptr, "indptr"), _integers(self.indices, "indices")
        if len(indptr) < 1 or indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
            raise InvalidInput(f"indptr does not rise from 0 to the {len(indices)} neurons listed")
        if not 0 <= self.width < 2**31:
            raise InvalidInput(f"a width of {self.width} is not in 0 … 2^31 − 1")
        if len(indices) and (indices.min() < 0 or indices.max() >= self.width):
            raise InvalidInput(f"a neuron listed is not among the {self.width} there are")
        # Between two points the neuron may fall; everywhere else it rises.
        falls = np.flatnonzero(indices[1:] <= indices[:-1]) + 1
        if np.any(indptr[np.searchsorted(indptr, falls)] != falls):
            raise InvalidInput(
                "the neurons of a point do not rise", remedy="list each neuron once, in rising order"
            )
        object.__setattr__(self, "indptr", indptr.astype(np.int64, copy=False))
        object.__setattr__(self, "indices", indices.astype(np.int32, copy=False))
        if self.values is not None:
            values = as_array(self.values, "values").astype(np.float64, copy=False)
            if values.shape != indices.shape:
                raise InvalidInput(f"{len(indices)} neurons are listed with values of shape {values.shape}")
            object.__setattr__(self, "values", values)

    @classmethod
    def from_mask(
        cls, fires: Bool[np.ndarray, "N d"], values: Float[np.ndarray, "N d"] | None = None
    ) -> "Codes":
        """List who fires, and the entries of a table of values there.

        Examples
        --------
        >>> activations = np.array([[0.5, 0.0], [1.0, 2.0]])
        >>> codes = Codes.from_mask(activations > 0, activations)
        >>> codes.indices.tolist(), codes.values.tolist()
        ([0, 0, 1], [0.5, 1.0, 2.0])
        """
        fires = as_mask(fires, "who fires")
        indptr = np.zeros(len(fires) + 1, dtype=np.int64)
        np.cumsum(np.count_nonzero(fires, axis=1), out=indptr[1:])
        indices = np.nonzero(fires)[1].astype(np.int32)
        return cls(indptr, indices, fires.shape[1], None if values is None else values[fires])

    @classmethod
    def concatenate(cls, parts: Sequence["Codes"]) -> "Codes":
        """Return the points of all parts (at least one), one after the other.

        Raises
        ------
        InvalidInput
            If there is no part, they have different widths, or only some have values.

        Examples
        --------
        >>> codes = Codes.from_mask(np.eye(3, dtype=bool))
        >>> len(Codes.concatenate([codes, codes]))
        6
        """
        if not parts:
            raise InvalidInput("no codes to concatenate")
        if len({part.width for part in parts}) > 1:
            raise InvalidInput(f"codes of different widths: {sorted({part.width for part in parts})}")
        values = [part.values for part in parts if part.values is not None]
        if len(values) not in (0, len(parts)):
            raise InvalidInput("some of the codes have values, and others have none")
        counts = np.concatenate([np.diff(part.indptr) for part in parts])
        return cls(
            np.concatenate([[0], np.cumsum(counts)]),
            np.concatenate([part.indices for part in parts]),
            parts[0].width,
            np.concatenate(values) if values else None,
        )

    def __len__(self) -> int:
        """Return the number N of points."""
        return len(self.indptr) - 1

    @property
    def active(self) -> int:
        """The number of pairs of a point and a neuron that fires there."""
        return len(self.indices)

    def dense(self) -> Bool[np.ndarray, "N d"]:
        """Return who fires as a table."""
        fires = np.zeros((len(self), self.width), dtype=bool)
        fires[np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices] = True
        return fires

    def fired(self) -> Int[np.ndarray, " d"]:
        """Return the number of points on which each neuron fires.

        Examples
        --------
        >>> Codes.from_mask(np.array([[True, False], [True, True]])).fired().tolist()
        [2, 1]
        """
        return np.bincount(self.indices, minlength=self.width)

    def rows(self, which: slice | Int[np.ndarray, " k"]) -> "Codes":
        """Return some of the points, in the order asked for.

        Examples
        --------
        >>> codes = Codes.from_mask(np.eye(3, dtype=bool))
        >>> codes.rows(np.array([2, 0])).indices.tolist(), codes.rows(slice(1, 3)).indices.tolist()
        ([2, 0], [1, 2])
        """
        if isinstance(which, slice):
            start, stop, step = which.indices(len(self))
            if step == 1:
                first, last = self.indptr[start], self.indptr[max(start, stop)]
                values = None if self.values is None else self.values[first:last]
                indptr = self.indptr[start : max(start, stop) + 1] - first
                return Codes(indptr, self.indices[first:last], self.width, values)
            which = np.arange(start, stop, step)
        counts = np.diff(self.indptr)[which]
        indptr = np.concatenate([[0], np.cumsum(counts)])
        # Entry t of the answer is the (t − indptr[x])-th of its point x.
        places = np.repeat(self.indptr[:-1][which] - indptr[:-1], counts) + np.arange(indptr[-1])
        values = None if self.values is None else self.values[places]
        return Codes(indptr, self.indices[places], self.width, values)

    def transposed(self) -> "Codes":
        """Return the points on which each neuron fires: neurons and points change places; computed once.

        Examples
        --------
        >>> by_neuron = Codes.from_mask(np.array([[True, False], [True, True]])).transposed()
        >>> by_neuron.indptr.tolist(), by_neuron.indices.tolist()
        ([0, 2, 3], [0, 1, 1])
        """
        return self._by_neuron

    @cached_property
    def _by_neuron(self) -> "Codes":
        data = np.ones(self.active, dtype=np.int8) if self.values is None else self.values
        by_point = sparse.csr_array((data, self.indices, self.indptr), shape=(len(self), self.width))
        by_neuron = by_point.tocsc()
        values = None if self.values is None else by_neuron.data
        return Codes(by_neuron.indptr, by_neuron.indices, len(self), values)


def _integers(values: Int[np.ndarray, " k"], name: str) -> Int[np.ndarray, " k"]:
    array = as_array(values, name)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise InvalidInput(
            f"{name} is {array.dtype} of shape {array.shape}, where a list of integers is needed"
        )
    return array
