"""The compiled loop of Δ-stable mining; needs numba (`geosae[fast]`). `_stable_ints.py` defines it."""
# pyright: basic
# numba's decorators have no types, and a kernel's arguments are typed where it is called.

from typing import no_type_check

import numba
import numpy as np

from geosae.lattice._kernels import HALF, HALFWAY, deliver, members


@numba.njit(cache=True)
@no_type_check
def step(
    j, kept, theta,  # the column to add, how many sets are kept, the least delta
    start, items, columns, marks,  # the context
    sets, counts, sizes, delta, keys, table,  # what is kept, with a table of positions that is built anew
):  # fmt: skip
    """Add column j to the kept sets and return how many are kept then; −1 where there is no room.

    `counts[k, i]` is |A ∩ i′| for *every* column i, so that adding a column later costs one look-up.
    """
    room, words = sets.shape
    short = len(columns)
    mask = len(table) - 1
    table[:] = -1
    for k in range(kept):
        slot = np.int64((keys[k] >> HALFWAY) & np.uint64(mask))
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = k
    listed = np.empty(len(marks), dtype=np.int32)
    cut = np.empty(words, dtype=np.uint64)
    sums = np.empty(short, dtype=np.uint64)
    tally = np.empty(short, dtype=np.int64)
    column = columns[j]
    end = kept
    for k in range(kept):
        support = counts[k, j]
        if support == sizes[k]:
            continue
        delta[k] = min(delta[k], sizes[k] - support)
        if support < theta:
            continue
        for w in range(words):
            cut[w] = sets[k, w] & column[w]
        count = members(cut, listed)
        key = np.uint64(0)
        for i in range(count):
            key += marks[listed[i]]
        slot = np.int64((key >> HALFWAY) & np.uint64(mask))
        there = False
        while table[slot] >= 0 and not there:
            t = table[slot]
            there = keys[t] == key and sizes[t] == support
            if there:
                for w in range(words):
                    if sets[t, w] != cut[w]:
                        there = False
                        break
            slot = (slot + 1) & mask
        if there:
            continue
        deliver(listed, count, start, items, marks, sums)
        for i in range(short):
            tally[i] = np.int64(sums[i] & HALF)
        least = support
        for i in range(j + 1):
            if tally[i] < support:
                least = min(least, support - tally[i])
        if least < theta:
            continue
        if end == room or 2 * end > mask:
            return -1
        sets[end], counts[end] = cut, tally
        sizes[end], delta[end], keys[end] = support, least, key
        slot = np.int64((key >> HALFWAY) & np.uint64(mask))
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = end
        end += 1
    # Drop what is no longer stable.
    to = 0
    for k in range(end):
        if delta[k] >= theta:
            if to < k:
                sets[to], counts[to] = sets[k], counts[k]
                sizes[to], delta[to], keys[to] = sizes[k], delta[k], keys[k]
            to += 1
    return to
