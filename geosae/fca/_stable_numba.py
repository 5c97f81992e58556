"""Δ-stable mining in compiled code: columns in order of weight, arrays that grow."""

import numpy as np
from jaxtyping import Bool

from geosae.fca._enumerate_numba import Packed, grown
from geosae.fca._stable_python import Mined

ROOM = 1024


def mine_fast(crosses: Bool[np.ndarray, "l s"], theta: int, cap: int) -> Mined:
    """Do what `mine_ints` does, in compiled code; the order of the sets differs."""
    from geosae.fca import _kernels

    long, short = crosses.shape
    nothing = Mined(np.zeros((0, short), dtype=bool), np.zeros(0, dtype=np.int64))
    if long < theta:
        return nothing
    # Rare columns first: they leave few sets stable on the way.
    order = np.argsort(crosses.sum(axis=0), kind="stable")
    context = Packed.of(np.ascontiguousarray(crosses[:, order]), np.ones(long, dtype=np.int64))
    words = context.columns.shape[1]
    sets, counts = np.zeros((ROOM, words), dtype=np.uint64), np.zeros((ROOM, short), dtype=np.int32)
    sizes, delta, keys = (np.zeros(ROOM, dtype=t) for t in (np.int64, np.int64, np.uint64))
    whole = np.full((1, long), fill_value=True)
    sets[0], counts[0] = (
        Packed.of(whole.T, np.ones(long, dtype=np.int64)).columns[0],
        crosses[:, order].sum(axis=0),
    )
    sizes[0] = delta[0] = long
    keys[0] = context.marks.sum(dtype=np.uint64)
    table = np.zeros(4 * ROOM, dtype=np.int32)
    n_sets = 1
    for j in range(short):
        after = -1
        while after < 0:
            after = _kernels.step(
                j, n_sets, theta, context.start, context.items, context.columns, context.marks,
                sets, counts, sizes, delta, keys, table,
            )  # fmt: skip
            # A step that found no room has only lowered deltas that it will lower again.
            if after < 0:
                room = 2 * len(sizes)
                sets, counts, sizes = grown(sets, room), grown(counts, room), grown(sizes, room)
                delta, keys, table = grown(delta, room), grown(keys, room), np.zeros(4 * room, dtype=np.int32)
        n_sets = int(after)
        if n_sets > cap:
            return Mined(nothing.sets, nothing.delta, complete=False)
    common = np.zeros((n_sets, short), dtype=bool)
    common[:, order] = counts[:n_sets] == sizes[:n_sets, None]
    return Mined(common, delta[:n_sets].copy())
