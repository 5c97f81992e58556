"""Compiled loops over bit words, for contexts of many concepts; needs numba (the extra `geosae[fast]`).

`advance` and `rehash` enumerate concepts, `step` mines Δ-stable ones. The plain-Python engines in
`_enumerate_python.py` and `_stable_python.py` define what these compute. Names: a context has `long` elements
(rows) and `short` ones (columns); a concept is a set A of long and a set B of short elements.
"""

from typing import no_type_check

import numba
import numpy as np

# pyright: basic
# numba's decorators have no types, and a kernel's arguments are typed where it is called.


ONE = np.uint64(1)
HALFWAY = np.uint64(32)
HALF = np.uint64(2**32 - 1)
TOP = np.uint64(0x0101010101010101)


@numba.njit(cache=True, inline="always")
@no_type_check
def popcount(x):
    """Return the number of bits set."""
    x = x - ((x >> ONE) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * TOP) >> np.uint64(56))


@numba.njit(cache=True)
@no_type_check
def members(words, out):
    """Write the positions of the bits set, and return how many there are."""
    n = 0
    for w in range(len(words)):
        x = words[w]
        while x:
            low = x & (~x + ONE)
            out[n] = 64 * w + popcount(low - ONE)
            n += 1
            x ^= low
    return n


@numba.njit(cache=True)
@no_type_check
def deliver(listed, count, start, items, marks, sums):
    """Add up, for every short element, the marks of the listed long ones that have it."""
    sums[:] = 0
    for k in range(count):
        g = listed[k]
        mark = marks[g]
        for p in range(start[g], start[g + 1]):
            sums[items[p]] += mark


@numba.njit(cache=True)
@no_type_check
def advance(
    at, stop, n_concepts, n_covers,  # the next concept to expand, where to stop, how many there are so far
    start, items, rows, columns, marks, least,  # the context
    sets, sizes, supports, table_keys, table_ids, leading, cover_start, covers,  # the concepts
):  # fmt: skip
    """Expand concepts `at` … until `stop` or until an array is nearly full; return at and both numbers.

    Each B gets its A; each j outside B leads to the concept of A ∩ j′, which is found in the table by its
    sum of marks and verified: it has j, it includes B, and its support is |A ∩ j′|, so it is A ∩ j′. It is
    a cover iff all its further short elements lead to it.
    """
    short, words, long_words = columns.shape[0], sets.shape[1], columns.shape[1]
    mask = np.uint64(len(table_ids) - 1)
    a = np.empty(long_words, dtype=np.uint64)
    listed = np.empty(rows.shape[0], dtype=np.int32)
    elements = np.empty(short, dtype=np.int32)
    sums = np.empty(short, dtype=np.uint64)
    touched = np.empty(short + 1, dtype=np.int32)
    full = np.zeros(words, dtype=np.uint64)
    for j in range(short):
        full[j >> 6] |= ONE << np.uint64(j & 63)
    whole = np.zeros(long_words, dtype=np.uint64)
    for g in range(rows.shape[0]):
        whole[g >> 6] |= ONE << np.uint64(g & 63)
    while (
        at < stop
        and at < n_concepts
        and n_concepts + short < len(sizes)
        and n_covers + short < len(covers)
        and 2 * (n_concepts + short) < len(table_ids)
    ):
        b = sets[at]
        a[:] = whole
        inside = members(b, elements)
        for k in range(inside):
            column = columns[elements[k]]
            for w in range(long_words):
                a[w] &= column[w]
        count = members(a, listed)
        deliver(listed, count, start, items, marks, sums)
        hit = 0
        for j in range(short):
            key = sums[j]
            support = np.int64(key & HALF)
            if support < least or b[j >> 6] >> np.uint64(j & 63) & ONE:
                continue
            slot = (key >> HALFWAY) & mask
            target = -1
            while table_ids[slot] >= 0:
                if table_keys[slot] == key:
                    t = table_ids[slot]
                    same = supports[t] == support and sets[t, j >> 6] >> np.uint64(j & 63) & ONE != 0
                    for w in range(words):
                        same = same and b[w] & ~sets[t, w] == 0
                    if same:
                        target = t
                        break
                slot = (slot + ONE) & mask
            if target < 0:
                target = n_concepts
                n_concepts += 1
                new = sets[target]
                new[:] = full
                if support:
                    for k in range(count):
                        row = rows[listed[k]]
                        if row[j >> 6] >> np.uint64(j & 63) & ONE:
                            for w in range(words):
                                new[w] &= row[w]
                size = 0
                for w in range(words):
                    size += popcount(new[w])
                sizes[target], supports[target] = size, support
                table_keys[slot], table_ids[slot] = key, target
            if leading[target] == 0:
                touched[hit] = target
                hit += 1
            leading[target] += 1
        for k in range(hit):
            t = touched[k]
            if leading[t] == sizes[t] - sizes[at]:
                covers[n_covers] = t
                n_covers += 1
            leading[t] = 0
        at += 1
        cover_start[at] = n_covers
    return at, n_concepts, n_covers


@numba.njit(cache=True)
@no_type_check
def rehash(keys, ids, table_keys, table_ids):
    """Put all entries of a table into a greater one."""
    mask = np.uint64(len(table_ids) - 1)
    for k in range(len(ids)):
        if ids[k] >= 0:
            slot = (keys[k] >> HALFWAY) & mask
            while table_ids[slot] >= 0:
                slot = (slot + ONE) & mask
            table_keys[slot], table_ids[slot] = keys[k], ids[k]


@numba.njit(cache=True)
@no_type_check
def step(
    j, n_sets, theta,  # the column to add, how many sets there are, the least delta
    start, items, columns, marks,  # the context
    sets, counts, sizes, delta, keys, table,  # the sets, with a table of positions that is built anew
):  # fmt: skip
    """Add column j to the stable sets and return how many there are then; −1 where there is no room.

    `counts[k, i]` is |A ∩ i′| for *every* column i, so that adding a column later costs one look-up.
    """
    room, words = sets.shape
    short = len(columns)
    mask = len(table) - 1
    table[:] = -1
    for k in range(n_sets):
        slot = np.int64((keys[k] >> HALFWAY) & np.uint64(mask))
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = k
    listed = np.empty(len(marks), dtype=np.int32)
    cut = np.empty(words, dtype=np.uint64)
    sums = np.empty(short, dtype=np.uint64)
    tally = np.empty(short, dtype=np.int64)
    column = columns[j]
    end = n_sets
    for k in range(n_sets):
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
