"""On which side of hyperplanes points lie: the exact sign of ⟨w, x⟩ + c.

What is decided is the sign of a real number: that of ⟨w, x⟩ + c for the float64 numbers w, x and c as they
are stored. The value computed in float64 decides where it is farther from 0 than its rounding bound or where
all its sums are floats (`geosae.geometry.rounding`); integers decide the rest. So the answer depends neither
on the order of summation nor on the number of threads, the other points or the machine.
"""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.exact import integers
from geosae.geometry.rounding import lengths, pair_values, product_sizes, rounding_bound, sums_are_floats

# Points are taken in blocks whose table of values stays near the processor, and of no fewer rows than a
# matrix product needs to be fast.
_CELLS, _ROWS = 2**18, 256


def positive_sides(
    w: Float[np.ndarray, "d n"], c: Float[np.ndarray, " d"], points: Float[np.ndarray, "N n"]
) -> Bool[np.ndarray, "N d"]:
    """Tell for each point (row) and function (column) whether ⟨w_i, x⟩ + c_i > 0, exactly.

    Examples
    --------
    >>> positive_sides(np.array([[0.1]]), np.array([-0.1]), np.array([[1.0], [1.0 + 2**-52]])).tolist()
    [[False], [True]]
    """
    positive = np.empty((len(points), len(w)), dtype=np.bool_)
    # The sign of ⟨w, x⟩ + c·1 stays when (w, c), or (x, 1), is multiplied by a positive number; what scaling
    # by a power of two takes from tiny entries is within the bound's last term.
    floats = _products_are_floats(points, w)
    normals, offsets, scaled = (w, c, points) if floats else _lifted(w, c, points)
    step = max(_ROWS, _CELLS // max(1, len(w)))
    for start in range(0, len(points), step):
        at, sides = scaled[start : start + step], positive[start : start + step]
        with np.errstate(over="ignore"):
            values = at @ normals.T
            values += offsets
        # One bound for all is enough, but for data on or next to a hyperplane: ‖x‖ ≤ √n·max|x_j|.
        root = math.sqrt(normals.shape[1])
        bound = rounding_bound(root * _top(at), root * _top(normals), _top(offsets), normals.shape[1])
        possible = values > -bound
        np.greater(values, bound, out=sides)
        if np.count_nonzero(possible) == np.count_nonzero(sides):
            continue
        if floats and sums_are_floats(w, c, at):
            np.greater(values, 0, out=sides)
            continue
        bound = rounding_bound(
            float(np.max(lengths(at))), lengths(normals), np.abs(offsets), normals.shape[1]
        )
        np.greater(values, bound, out=sides)
        possible = values > -bound
        if floats and np.count_nonzero(possible) > np.count_nonzero(sides) + len(at):
            # Where no coordinate is different from 0 in both, the value is c.
            apart = np.abs(at) @ np.abs(normals).T == 0
            np.copyto(sides, offsets > 0, where=apart)
            possible &= ~apart
        rows, columns = np.nonzero(possible & ~sides)
        sides[rows, columns] = decided_pairs(w, c, points, rows + start, columns)
    return positive


def decided_pairs(
    w: Float[np.ndarray, "d n"],
    c: Float[np.ndarray, " d"],
    points: Float[np.ndarray, "N n"],
    rows: Int[np.ndarray, " P"],
    columns: Int[np.ndarray, " P"],
) -> Bool[np.ndarray, " P"]:
    """Tell for pairs of a point (row) and a function (column) alone whether ⟨w_i, x⟩ + c_i > 0, exactly.

    Examples
    --------
    >>> third, first = np.array([0.1, 0.1, 0.1]), np.array([0])
    >>> decided_pairs(third[None], np.array([-0.3]), np.ones((1, 3)), first, first).tolist()
    [True]
    """
    values = pair_values(w, c, points, rows, columns)
    positive = values > 0
    at, x_places = np.unique(rows, return_inverse=True)
    of, w_places = np.unique(columns, return_inverse=True)
    bound = rounding_bound(
        lengths(points[at])[x_places], lengths(w[of])[w_places], np.abs(c[columns]), w.shape[1]
    )
    # An overflow makes the value or the bound infinite or nan: such a pair is open too.
    open_pairs = np.flatnonzero(~((values > bound) | (values <= -bound)))
    apart = product_sizes(w, points, rows[open_pairs], columns[open_pairs]) == 0
    open_pairs = open_pairs[~apart]
    for column in np.unique(columns[open_pairs]):
        some = open_pairs[columns[open_pairs] == column]
        numbers = exact_multiples(points[rows[some]], w[column, None], c[column, None])
        positive[some] = [number > 0 for number in numbers]
    return positive


def exact_multiples(
    points: Float[np.ndarray, "N n"], w: Float[np.ndarray, "d n"], c: Float[np.ndarray, " d"]
) -> list[int]:
    """Return ⟨w_i, x⟩ + c_i for one function and some points, or one point and some functions, exactly.

    All are given as integers that still have to be multiplied by one power of two, the same for all: their
    signs and their order are those of the values.

    Examples
    --------
    >>> exact_multiples(np.array([[0.5]]), np.array([[1.0], [3.0]]), np.array([0.0, -2.0]))
    [1, -1]
    """
    x = integers(np.column_stack([points, np.ones(len(points))]))
    rows = integers(np.column_stack([w, c]))
    return [int(number) for number in (x.matrix * rows.matrix.transpose()).entries()]


def _top(values: Float[np.ndarray, "*shape"]) -> float:
    """Return the largest |value|."""
    return max(float(np.max(values, initial=0.0)), -float(np.min(values, initial=0.0)))


def _products_are_floats(x: Float[np.ndarray, "N n"], w: Float[np.ndarray, "d n"]) -> bool:
    """Tell whether no product of two entries, none of them 0, over- or underflows."""
    ends: list[float] = []
    for entries in (np.abs(x), np.abs(w)):
        ends += [float(np.max(entries, initial=0.0)), float(np.min(entries, where=entries > 0, initial=1.0))]
    return ends[0] * x.shape[1] < 2.0**1020 / max(ends[2], 1.0) and ends[1] > 2.0**-960 / min(ends[3], 1.0)


def _lifted(
    w: Float[np.ndarray, "d n"], c: Float[np.ndarray, " d"], points: Float[np.ndarray, "N n"]
) -> tuple[Float[np.ndarray, "d m"], Float[np.ndarray, " d"], Float[np.ndarray, "N m"]]:
    """Return rows (w, c), zeros, and rows (x, 1), each scaled so that its largest entry is about 1."""
    x, rows = np.column_stack([points, np.ones(len(points))]), np.column_stack([w, c])
    return _unit_rows(rows), np.zeros(len(c)), _unit_rows(x)


def _unit_rows(rows: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
    """Scale every row by a power of two so that its largest entry is about 1; tiny entries become 0."""
    exponents = np.frexp(np.max(np.abs(rows), axis=1))[1]
    return np.ldexp(rows, -exponents[:, None])
