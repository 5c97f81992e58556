"""Compiled: which neurons fire, as lists; needs numba (the extra `geosae[fast]`).

Exact Top-K by block maxima: neurons j, j + S, j + 2S, … form block j of S. A number that k block maxima reach
is a lower bound of the k-th largest value, so only blocks whose maximum reaches it can hold a kept neuron.
The bound is found by bisection, which counts in vectors and branches little; it need not be the best one.

Lists are rows one after the other: row b holds `index[start[b]:start[b + 1]]`, its activations in `value`.
Only counting lets the compiler reorder float arithmetic: what is kept depends on z alone.
"""
# pyright: basic
# numba's decorators have no types, and a kernel's arguments are typed where it is called.

from typing import no_type_check

import numba
import numpy as np

SLACK = 2
"""Bisection ends when the bound leaves so many blocks more than k; counting on costs more than scanning."""


@numba.njit(cache=True)
@no_type_check
def add_and_block(z, bias, best):
    """Add the bias to z, in place, and write max(z[j], z[j + S], …) into best[j]."""
    blocks = best.size
    best[:] = -np.inf
    for first in range(0, z.size, blocks):
        # Slices from 0 on, as the compiler writes vector code only where no index can be negative.
        here, shift = z[first : first + blocks], bias[first : first + blocks]
        for j in range(here.size):
            here[j] += shift[j]
            best[j] = here[j] if here[j] > best[j] else best[j]


# Whole numbers below 2²⁴: a float32 sum of ones is exact in any order.
@numba.njit(cache=True, fastmath={"reassoc", "nsz"})
@no_type_check
def reaching(values, bound):
    """Count the values ≥ bound."""
    count = np.float32(0.0)
    for j in range(values.size):
        count += np.float32(1.0) if values[j] >= bound else np.float32(0.0)
    return count


@numba.njit(cache=True)
@no_type_check
def lower_bound(best, k, tiny):
    """Return a positive number that at least k block maxima reach, or tiny where too few are positive."""
    if reaching(best, tiny) <= k:
        return tiny
    low = tiny
    high = tiny
    for j in range(best.size):
        high = best[j] if best[j] > high else high
    half = best.dtype.type(0.5)
    while True:
        middle = half * low + half * high
        if not low < middle < high:
            return low
        count = reaching(best, middle)
        if count < k:
            high = middle
        else:
            low = middle
            if count <= k + SLACK:
                return low


@numba.njit(cache=True)
@no_type_check
def candidates(z, best, bound, lanes, index, value):
    """List the entries of z that are ≥ bound, block by block; return how many there are."""
    blocks, width = best.size, z.size
    open_blocks = 0
    for j in range(blocks):
        lanes[open_blocks] = j
        open_blocks += best[j] >= bound
    count = 0
    for lane in range(open_blocks):
        for j in range(lanes[lane], width, blocks):
            index[count] = j
            value[count] = z[j]
            count += z[j] >= bound
    return count


@numba.njit(cache=True)
@no_type_check
def trim(index, value, count, k):
    """Bring the k largest of the first `count` entries to the front; among equals the lower index wins."""
    for c in range(1, count):
        i, v = index[c], value[c]
        at = min(c, k)
        if at == k and not (v > value[k - 1] or (v == value[k - 1] and i < index[k - 1])):
            continue
        at -= at == k
        while at > 0 and (v > value[at - 1] or (v == value[at - 1] and i < index[at - 1])):
            value[at] = value[at - 1]
            index[at] = index[at - 1]
            at -= 1
        value[at] = v
        index[at] = i


@numba.njit(cache=True)
@no_type_check
def list_topk(z, bias, k, tiny, best, lanes, near, near_value, first, start, index, value):
    """Append to the lists, for each row of z + bias (kept in z), its k largest positive entries."""
    at = start[first]
    for row in range(z.shape[0]):
        add_and_block(z[row], bias, best)
        count = candidates(z[row], best, lower_bound(best, k, tiny), lanes, near, near_value)
        if count > k:
            trim(near, near_value, count, k)
            count = k
        for c in range(count):
            index[at + c] = near[c]
            value[at + c] = near_value[c]
        at += count
        start[first + row + 1] = at


@numba.njit(cache=True)
@no_type_check
def list_support(z, support, start, index, value):
    """Write the lists of the entries of z whose support is not 0."""
    at = 0
    for row in range(z.shape[0]):
        for j in range(z.shape[1]):
            index[at] = j
            value[at] = z[row, j]
            at += support[row, j] != 0
        start[row + 1] = at
