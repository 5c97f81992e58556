"""How many points each pair of a concept and a neuron shares: three ways to count, equal bit for bit.

Where many neurons fire and concepts are large, one dense product is fastest. An SAE of thousands of neurons
fires few of them on a point, and a concept holds few points: then only the pairs that occur are counted.
"""

import sys
from importlib.util import find_spec

import numpy as np
from jaxtyping import Bool, Int
from scipy import sparse

from geosae.data.codes import Codes

DENSE = 64
"""If more than one in so many of the products over points, concepts and neurons counts, all are computed."""
MANY = 2**23
"""From so many pairs and entries of the table on, the compiled loop saves more than the half second that it
takes to be loaded."""
_ROWS = 8192
"""Points of one dense product: far below 2^24, up to which float32 counts exactly."""
_CELLS = 2**22
"""Entries of the table that are added at once."""


def add_pairs(hits: Int[np.ndarray, "p d"], codes: Codes, inside: Bool[np.ndarray, "N p"]) -> None:
    """Add to hits[k, i] the number of points on which neuron i fires and which concept k holds.

    Parameters
    ----------
    hits
        The table of concepts against neurons, changed in place; its type must hold N more.
    codes
        Who fires at the N points.
    inside
        Which concepts hold them.

    Examples
    --------
    >>> hits = np.zeros((1, 2), dtype=np.int32)
    >>> fires = np.array([[True, False], [True, True], [False, True]])
    >>> add_pairs(hits, Codes.from_mask(fires), np.array([[True], [True], [False]]))
    >>> hits.tolist()
    [[2, 1]]
    """
    labels = Codes.from_mask(inside)
    pairs = int(np.diff(codes.indptr) @ np.diff(labels.indptr))
    if not pairs:
        return
    if DENSE * pairs > hits.size * len(codes):
        _add_dense(hits, codes, inside)
    elif _compiled(pairs + hits.size):
        from geosae.analysis import _kernels

        by_neuron = codes.transposed()
        _kernels.add_pairs(by_neuron.indptr, by_neuron.indices, labels.indptr, labels.indices, hits)
    else:
        _add_sparse(hits, codes, labels)


def _compiled(work: int) -> bool:
    if "geosae.analysis._kernels" in sys.modules:
        return True
    return work >= MANY and find_spec("numba") is not None


def _add_dense(hits: Int[np.ndarray, "p d"], codes: Codes, inside: Bool[np.ndarray, "N p"]) -> None:
    for start in range(0, len(codes), _ROWS):
        rows = slice(start, start + _ROWS)
        product = inside[rows].T.astype(np.float32) @ codes.rows(rows).dense().astype(np.float32)
        hits += product.astype(hits.dtype)


def _add_sparse(hits: Int[np.ndarray, "p d"], codes: Codes, labels: Codes) -> None:
    by_concept = _table(labels.transposed(), hits.dtype)
    fires = _table(codes, hits.dtype)
    step = max(1, _CELLS // max(hits.shape[1], 1))
    for start in range(0, len(hits), step):
        counts = by_concept[start : start + step] @ fires
        concepts = np.repeat(np.arange(start, start + counts.shape[0]), np.diff(counts.indptr))
        hits[concepts, counts.indices] += counts.data


def _table(codes: Codes, dtype: np.dtype) -> sparse.csr_array:
    ones = np.ones(codes.active, dtype=dtype)
    return sparse.csr_array((ones, codes.indices, codes.indptr), shape=(len(codes), codes.width))
