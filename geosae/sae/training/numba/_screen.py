"""Compiled: exact Top-K from pre-activations rounded to bfloat16; needs numba (the extra `geosae[fast]`).

The encoder's product is taken in bfloat16, two to eight times as fast as float32 where the processor has it.
Its error is bounded, so who may be among the k largest is known; only for those few is z computed in float32,
and the k largest of these numbers are exactly the k largest of all.

A bfloat16 is the upper half of a float32. Read as an int16 it is turned into a number (a key) in the same
order as the floats: x ^ 0x7FFF where the sign is set, which undoes itself.
"""
# pyright: basic
# numba's decorators have no types, and a kernel's arguments are typed where it is called.

from typing import no_type_check

import numba
import numpy as np

from geosae.sae.training.numba._rows import SUMS
from geosae.sae.training.numba._select import lower_bound, trim

HALF_UP = np.float32(1.0 + 2.0**-7)
HALF_DOWN = np.float32(1.0 - 2.0**-7)
"""Twice what rounding a product to bfloat16 may change it by, as a factor."""


@numba.njit(cache=True, fastmath=SUMS)
@no_type_check
def lengths(rows, halves, bits, back, length, error):
    """Write ‖row‖ and ‖row − rounded row‖; bits and back are one scratch row, as int32 and as float32."""
    for i in range(rows.shape[0]):
        row, half = rows[i], halves[i]
        for j in range(row.size):
            bits[j] = half[j] << 16
        square, off = row.dtype.type(0.0), row.dtype.type(0.0)
        for j in range(row.size):
            square += row[j] * row[j]
            off += (row[j] - back[j]) * (row[j] - back[j])
        length[i] = np.sqrt(square)
        error[i] = np.sqrt(off)


@numba.njit(cache=True)
@no_type_check
def block_peaks(keys, peaks):
    """Turn bfloat16 into keys, in place, and write max(keys[j], keys[j + S], …) into peaks[j]."""
    blocks = peaks.size
    peaks[:] = -32768
    for first in range(0, keys.size, blocks):
        here = keys[first : first + blocks]
        for j in range(here.size):
            here[j] ^= (here[j] >> 15) & 0x7FFF
        for j in range(here.size):
            peaks[j] = here[j] if here[j] > peaks[j] else peaks[j]


@numba.njit(cache=True)
@no_type_check
def least_key(bound, error, tiny, bits, cell):
    """Return the least key that an entry may have which is among the k largest.

    bound is reached by the rounded values of k entries (tiny: by fewer, and then 0 is the bar). Their true
    values reach it less the errors, and what is among the k largest is itself off by as much.
    """
    bar = bound * HALF_DOWN - error if bound > tiny else np.float32(0.0)
    bar -= error
    cell[0] = bar * (HALF_DOWN if bar > 0 else HALF_UP)
    key = bits[0] >> 16
    return (key ^ ((key >> 15) & 0x7FFF)) - 1


@numba.njit(cache=True, fastmath=SUMS)
@no_type_check
def product(point, row, bias):
    """Return z."""
    total = point.dtype.type(0.0)
    for j in range(point.size):
        total += point[j] * row[j]
    return total + bias


@numba.njit(cache=True)
@no_type_check
def list_screened(
    keys, inputs, W_enc, b_enc, errors, k, tiny, peaks, bits, best, lanes, near, near_value,
    first, start, index, value,
):  # fmt: skip
    """Append to the lists, for each row, its k largest positive z; bits and best are the same memory."""
    at, blocks, width = start[first], peaks.size, keys.shape[1]
    for row in range(keys.shape[0]):
        here = keys[row]
        block_peaks(here, peaks)
        for j in range(blocks):
            bits[j] = (peaks[j] ^ ((peaks[j] >> 15) & 0x7FFF)) << 16
        bound = lower_bound(best[:blocks], k, tiny)
        bar = least_key(bound, errors[row], tiny, bits[blocks:], best[blocks:])
        open_blocks = 0
        for j in range(blocks):
            lanes[open_blocks] = j
            open_blocks += peaks[j] >= bar
        count_near = 0
        for lane in range(open_blocks):
            for j in range(lanes[lane], width, blocks):
                near[count_near] = j
                count_near += here[j] >= bar
        count = 0
        for c in range(count_near):
            z = product(inputs[row], W_enc[near[c]], b_enc[near[c]])
            near[count] = near[c]
            near_value[count] = z
            count += z > 0
        if count > k:
            trim(near, near_value, count, k)
            count = k
        for c in range(count):
            index[at + c] = near[c]
            value[at + c] = near_value[c]
        at += count
        start[first + row + 1] = at
