"""The compiled loop that counts pairs of a concept and a neuron; needs numba (the extra `geosae[fast]`).

`pair_counts.py` says what it computes, and does the same without numba.
"""

from typing import no_type_check

import numba
import numpy as np

# pyright: basic
# numba's decorators have no types, and a kernel's arguments are typed where it is called.

BLOCK = 64
"""Neurons counted before they are added to the table, where the counts of one concept lie side by side."""


@numba.njit(cache=True)
@no_type_check
def add_pairs(neuron_start, points, point_start, concepts, hits):
    """Add to hits[k, i] the number of points on which neuron i fires and which concept k holds.

    The points of neuron i are `points[neuron_start[i] : neuron_start[i + 1]]`, the concepts of point x are
    `concepts[point_start[x] : point_start[x + 1]]`. Rows of `hits` lie a power of two apart, where they share
    their place in the cache: the counts of a block are kept apart and added to it once.
    """
    size, width = hits.shape
    counts = np.zeros((BLOCK, size), dtype=hits.dtype)
    for first in range(0, width, BLOCK):
        last = min(first + BLOCK, width)
        if neuron_start[last] == neuron_start[first]:
            continue
        for i in range(first, last):
            row = counts[i - first]
            for t in range(neuron_start[i], neuron_start[i + 1]):
                x = points[t]
                for s in range(point_start[x], point_start[x + 1]):
                    row[concepts[s]] += 1
        for k in range(size):
            for i in range(first, last):
                hits[k, i] += counts[i - first, k]
        counts[:] = 0
