"""Which K of many affine functions are the largest at a point and positive, exactly; the lower index first.

What is compared are the real numbers ⟨w_i, x⟩ + c_i for the float64 numbers w, c and x as they are stored.
Values that are computed to within a bound E settle most points: the true K-th largest is at least v − E for
the computed K-th largest v, so that all that fall below v − 2E are out. Where more than K remain, or one that
may not be positive, the values are computed again to a smaller bound, and at last compared as integers.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.arrangements.sides import exact_multiples
from geosae.geometry.rounding import lengths, pair_values, product_sizes, rounding_bound, sums_are_floats


def candidates(
    values: Float[np.ndarray, "N m"],
    kth: Float[np.ndarray, " N"],
    bound: Float[np.ndarray, " N"],
    count: int,
) -> tuple[Bool[np.ndarray, "N m"], Bool[np.ndarray, " N"]]:
    """Return which values can be among the `count` largest and positive, and for which rows that is open.

    In all other rows the candidates, and nothing else, are among the largest and positive.

    Parameters
    ----------
    values
        The computed values, or the largest of them.
    kth
        The `count`-th largest computed value of each row, −inf where there are fewer.
    bound
        How far a computed value of the row can be from the true one.

    Examples
    --------
    >>> chosen, unsettled = candidates(np.array([[3.0, 2.0, 1.9]]), np.array([2.0]), np.array([0.01]), 2)
    >>> chosen.tolist(), unsettled.tolist()
    ([[True, True, False]], [False])
    """
    least = np.maximum(np.nextafter(kth - 2 * bound, -np.inf), -bound)
    possible = values > least[:, None]
    sure = values > np.maximum(least, bound)[:, None]
    possible_count = np.count_nonzero(possible, axis=1)
    return possible, (possible_count > count) | (np.count_nonzero(sure, axis=1) < possible_count)


def largest_functions(
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    points: Float[np.ndarray, "N n"],
    values: Float[np.ndarray, "N d"],
    kth: Float[np.ndarray, " N"],
    count: int,
) -> Bool[np.ndarray, "N d"]:
    """Tell for each point which functions are exactly among the `count` largest and positive.

    `values` are the finite ⟨w_i, x⟩ + c_i as computed in float64, `kth` the `count`-th largest of each row
    (−inf where there are fewer).

    Examples
    --------
    >>> w, c, points = np.array([[1.0], [-1.0]]), np.zeros(2), np.array([[0.5], [0.0]])
    >>> values = points @ w.T
    >>> largest_functions(w, c, points, values, values.max(axis=1), 1).tolist()
    [[True, False], [False, False]]
    """
    w_lengths, largest_c = lengths(w), float(np.max(np.abs(c)))
    bound = rounding_bound(lengths(points), float(np.max(w_lengths)), largest_c, w.shape[1])
    chosen, unsettled = candidates(values, kth, bound, count)
    at = np.flatnonzero(unsettled)
    rows, columns = np.nonzero(chosen[at])
    chosen[at[rows], columns] = largest_pairs(w, c, w_lengths, points, at[rows], columns, count)
    return chosen


def largest_pairs(
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    w_lengths: Float[np.ndarray, " d"],
    points: Float[np.ndarray, "N n"],
    rows: Int[np.ndarray, " P"],
    columns: Int[np.ndarray, " P"],
    count: int,
) -> Bool[np.ndarray, " P"]:
    """Tell which candidates are among the `count` largest functions at their point and positive there.

    Parameters
    ----------
    w, c, points
        The functions and the points.
    w_lengths
        ‖w_i‖ (`geosae.geometry.rounding.lengths`): with many functions and few candidates at a time, these
        take longer than all the rest.
    rows, columns
        The candidates, ordered by row and then column: for each point that occurs, all functions that can be
        among the largest and positive.
    count
        How many are kept at each point.

    Examples
    --------
    >>> w, x, rows = np.array([[0.1], [0.1], [0.3]]), np.array([[1.0]]), np.zeros(3, dtype=int)
    >>> largest_pairs(w, np.zeros(3), lengths(w), x, rows, np.arange(3), 2).tolist()
    [True, False, True]
    """
    if len(rows) == 0:
        return np.zeros(0, dtype=np.bool_)
    values = pair_values(w, c, points, rows, columns)
    near, starts, place = np.unique(rows, return_index=True, return_inverse=True)
    bounds = rounding_bound(lengths(points[near])[place], w_lengths[columns], np.abs(c[columns]), w.shape[1])
    bound = np.maximum.reduceat(bounds, starts)[place]
    # Of equal values the lower index goes first.
    rank = np.empty(len(rows), dtype=np.int64)
    rank[np.lexsort((columns, -values, rows))] = np.arange(len(rows)) - starts[place]
    chosen = (rank < count) & (values > 0)
    kth = np.full(len(near), -np.inf)
    kth[place[rank == count - 1]] = values[rank == count - 1]
    # Written so that values or bounds that have left the floats leave a point unsettled.
    with np.errstate(invalid="ignore"):
        possible = ~(values <= -bound) & ~(values < kth[place] - 2 * bound)
        sure = (values > bound) & (values > kth[place] + 2 * bound)
    crowded = np.bincount(place, possible) > count
    unsettled = np.flatnonzero(crowded | (np.bincount(place, possible & ~(values > bound)) > 0))
    if len(unsettled) == 0:
        return chosen
    of = np.unique(columns)
    if sums_are_floats(w[of], c[of], points[near]):
        return chosen
    ends = np.append(starts[1:], len(rows))
    for first, last in zip(starts[unsettled], ends[unsettled], strict=True):
        pairs = np.arange(first, last)[possible[first:last]]
        if np.any(product_sizes(w, points, rows[pairs], columns[pairs])):
            open_pairs = pairs[~sure[pairs]]
            room = count - int(np.count_nonzero(sure[pairs]))
            chosen[first:last] = sure[first:last]
            chosen[_first_positive(w, c, points[rows[first]], columns[open_pairs], open_pairs, room)] = True
    return chosen


def _first_positive(
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    point: Float[np.ndarray, " n"],
    columns: Int[np.ndarray, " k"],
    pairs: Int[np.ndarray, " k"],
    room: int,
) -> Int[np.ndarray, " j"]:
    """Return the pairs of the `room` largest positive functions, compared as integers."""
    numbers = exact_multiples(point[None], w[columns], c[columns])
    order = sorted(range(len(pairs)), key=lambda t: (-numbers[t], columns[t]))
    return pairs[[t for t in order[:room] if numbers[t] > 0]]
