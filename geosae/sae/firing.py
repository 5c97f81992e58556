"""Who fires, at the width of real SAEs: encoded in float32, decided exactly.

All pre-activations are computed in float32, at half the cost of float64. Where the float32 value is farther
from the threshold than the proved bound below, it decides; the few other pairs are computed in float64, and
where that does not settle them either, as integers (`geosae.geometry.arrangements`). So the answer is that of
exact arithmetic, whatever the order of summation, the number of threads and the size of the blocks.

The bound. Let x̃, w̃, c̃ be the numbers rounded to float32 and u = 2⁻²⁴. For ẑ computed in float32 from x̃, w̃
and c̃ by sums of products in any order (Higham, see `geosae.geometry.rounding`),

    |ẑ − ⟨w, x⟩ − c| ≤ γ_{n+2}(u)(‖x̃‖‖w̃‖ + |c̃|) + ‖x − x̃‖‖w‖ + ‖x̃‖‖w − w̃‖ + |c − c̃|
                      + what underflow loses.

Weights that are float32 numbers themselves make the third term 0, and such points the second.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from geosae.data.codes import Codes
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.arrangements.largest import candidates, largest_functions, largest_pairs
from geosae.geometry.arrangements.sides import decided_pairs, positive_sides
from geosae.geometry.rounding import LEAST_SINGLE, UNIT_SINGLE, lengths, rounding_bound
from geosae.sae.gates.largest import kth_largest

# Rows of one matrix product: at 64 it takes 1.3 to 1.5 times as long, at 512 about the same.
ROWS = 256
# Values looked at beyond the k largest: seldom are more within the bound of the k-th.
SPARE = 8
# Columns in one group of `_top`.
GROUP = 64
# A point with more pairs within the bound than this share of the neurons is computed in float64 as a whole.
CROWDED = 1 / 16
# Sums of larger numbers could leave float32.
LARGEST = 2.0**126
# By these variables oneDNN, which multiplies for torch on some processors, takes bfloat16 for float32.
FASTER = ("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE")

Pairs = tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]]
"""Points (rows) and functions (columns)."""


class _Block(NamedTuple):
    """Some points, rounded to float32 (`single`), with ‖x̃‖ (at least) and ‖x − x̃‖.

    Where sums could leave float32 (`beyond`) the rounded point is 0.
    """

    points: Float[np.ndarray, "N n"]
    single: Float[torch.Tensor, "N n"]
    length: Float[np.ndarray, " N"]
    error: Float[np.ndarray, " N"]
    beyond: Bool[np.ndarray, " N"]


class _Sizes(NamedTuple):
    """‖w‖, ‖w − w̃‖, |c| and |c − c̃| of some functions."""

    w_length: Float[np.ndarray, "*k"]
    w_error: Float[np.ndarray, "*k"]
    c_size: Float[np.ndarray, "*k"]
    c_error: Float[np.ndarray, "*k"]


class Screen:
    """Float32 copies of affine functions z_i(x) = ⟨w_i, x⟩ + c_i, and how far what they compute can be off.

    Parameters
    ----------
    functions
        The functions in float64, as half-spaces {z_i > 0}.

    Examples
    --------
    >>> screen = Screen(HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([-1.0, 0.0])))
    >>> screen.positive(np.array([[1.0, 3.0], [2.0, 3.0]])).dense().tolist()
    [[False, True], [True, True]]
    >>> screen.largest(np.array([[5.0, 3.0], [2.0, 3.0]]), 1).indices.tolist()
    [0, 1]
    """

    def __init__(self, functions: HalfSpaces) -> None:
        self.functions = functions
        w, c = _single(functions.w), _single(functions.c)
        self._w, self._c = torch.from_numpy(w), torch.from_numpy(c)
        self._sizes = _Sizes(
            lengths(functions.w),
            _rounding_errors(functions.w, w),
            np.abs(functions.c),
            np.abs(functions.c - c),
        )
        self._largest_sizes = _Sizes(*(np.max(sizes) for sizes in self._sizes))

    @staticmethod
    def trusted() -> bool:
        """Tell whether torch multiplies float32 numbers as such, and not rounded to fewer digits."""
        if any(os.environ.get(name, "STRICT").upper() != "STRICT" for name in FASTER):
            return False
        try:
            return torch.get_float32_matmul_precision() == "highest"
        except RuntimeError:  # set by backend (torch.backends.….fp32_precision)
            return False

    def positive(self, points: Float[np.ndarray, "N n"]) -> Codes:
        """List for each point the functions that are positive there."""
        return self._in_blocks(points, self._positive)

    def largest(self, points: Float[np.ndarray, "N n"], count: int) -> Codes:
        """List for each point the `count` largest of the functions, as far as they are positive."""
        return self._in_blocks(points, partial(self._largest, count=count))

    def _in_blocks(
        self, points: Float[np.ndarray, "N n"], decide: Callable[[_Block, torch.Tensor], Pairs]
    ) -> Codes:
        width = len(self.functions)
        parts = [Codes.from_mask(np.zeros((0, width), dtype=np.bool_))]
        # One table is written again and again: fresh memory of this size costs as much as the selection.
        table = torch.empty(min(ROWS, len(points)), width, dtype=torch.float32)
        for start in range(0, len(points), ROWS):
            block = self._rounded(points[start : start + ROWS])
            rows, columns = decide(block, table[: len(block.points)])
            ends = np.cumsum(np.bincount(rows, minlength=len(block.points)))
            parts.append(Codes(np.concatenate([[0], ends]), columns, width))
        return Codes.concatenate(parts)

    def _rounded(self, points: Float[np.ndarray, "N n"]) -> _Block:
        single = _single(points)
        error = _rounding_errors(points, single)
        with np.errstate(over="ignore", invalid="ignore"):
            length = lengths(points) + error
            reach = 2 * (length * self._largest_sizes.w_length + self._largest_sizes.c_size)
        beyond = ~(reach < LARGEST)
        for array in (single, error, length):
            array[beyond] = 0
        return _Block(points, torch.from_numpy(single), length, error, beyond)

    def _bound(
        self,
        length: Float[np.ndarray, "*x"] | float,
        error: Float[np.ndarray, "*x"] | float,
        sizes: _Sizes,
    ) -> Float[np.ndarray, "*z"]:
        """Return the bound that the module states, for points by ‖x̃‖ and ‖x − x̃‖."""
        w_length, c_size = sizes.w_length + sizes.w_error, sizes.c_size + sizes.c_error
        summed = rounding_bound(length, w_length, c_size, self.functions.dim, UNIT_SINGLE, LEAST_SINGLE)
        rounded = error * sizes.w_length + length * sizes.w_error + sizes.c_error
        return summed + (1 + 2.0**-20) * rounded

    def _positive(self, block: _Block, table: Float[torch.Tensor, "N d"]) -> Pairs:
        w, c = self.functions.w, self.functions.c
        torch.mm(block.single, self._w.T, out=table)
        # One bound per column picks the pairs: that of the longest point.
        lowest = -c - self._bound(np.max(block.length), np.max(block.error), self._sizes)
        with np.errstate(over="ignore"):
            lowest = np.nextafter(lowest.astype(np.float32), np.float32(-np.inf))
        rows, columns = (table > torch.from_numpy(lowest)).nonzero().numpy().T
        # Offsets are added in float64; the bound has room for that.
        values = table.numpy()[rows, columns] + c[columns]
        sizes = _Sizes(*(each[columns] for each in self._sizes))
        bound = self._bound(block.length[rows], block.error[rows], sizes)
        positive = values > bound
        near = np.flatnonzero(~positive & (values > -bound))
        whole = block.beyond | (np.bincount(rows[near], minlength=len(table)) > CROWDED * len(c))
        near = near[~whole[rows[near]]]
        positive[near] = decided_pairs(w, c, block.points, rows[near], columns[near])
        if not whole.any():
            return rows[positive], columns[positive]
        positive &= ~whole[rows]
        all_columns = positive_sides(w, c, block.points[whole])
        return _joined((rows[positive], columns[positive]), _those(whole, all_columns))

    def _largest(self, block: _Block, table: Float[torch.Tensor, "N d"], count: int) -> Pairs:
        w, c = self.functions.w, self.functions.c
        torch.addmm(self._c, block.single, self._w.T, out=table)
        values, neurons = _top(table, min(count + SPARE, len(c)))
        kth = values[:, count - 1] if count <= len(c) else np.full(len(values), -np.inf)
        bound = self._bound(block.length, block.error, self._largest_sizes)
        chosen, unsettled = candidates(values, kth, bound, count)
        # Where all that was looked at are candidates there may be more.
        longer = unsettled & chosen[:, -1] & ~block.beyond & (chosen.shape[1] < len(c))
        more = candidates(table.numpy()[longer].astype(np.float64), kth[longer], bound[longer], count)[0]
        crowded = np.count_nonzero(more, axis=1) > CROWDED * len(c)
        whole = block.beyond.copy()
        whole[longer] = crowded
        settled, short = ~(unsettled | block.beyond), unsettled & ~longer & ~block.beyond
        rows, columns = _joined(
            _listed(chosen & short[:, None], neurons), _those(longer & ~whole, more[~crowded])
        )
        kept = largest_pairs(w, c, self._sizes.w_length, block.points, rows, columns, count)
        parts = [_listed(chosen & settled[:, None], neurons), (rows[kept], columns[kept])]
        if whole.any():
            parts.append(_those(whole, largest_at(self.functions, block.points[whole], count)[1]))
        return _joined(*parts)


def _top(
    table: Float[torch.Tensor, "N d"], count: int
) -> tuple[Float[np.ndarray, "N m"], Int[np.ndarray, "N m"]]:
    """Return the `count` largest values of each row in falling order, and their columns.

    In a wide table they are looked for in the `count` groups of columns with the largest maxima, where they
    must be; at a width of 32,768 this takes 0.6 times as long.
    """
    height, width = table.shape
    groups = width // GROUP
    if width % GROUP or groups < 4 * count:
        top = table.topk(count, dim=1)
        return top.values.double().numpy(), top.indices.numpy()
    best = table.view(height, groups, GROUP).amax(dim=2).topk(count, dim=1).indices
    rows = (best + groups * torch.arange(height)[:, None]).ravel()
    top = table.view(-1, GROUP).index_select(0, rows).view(height, -1).topk(count, dim=1)
    columns = best.gather(1, top.indices // GROUP) * GROUP + top.indices % GROUP
    return top.values.double().numpy(), columns.numpy()


def largest_at(
    functions: HalfSpaces, points: Float[np.ndarray, "N n"], count: int
) -> tuple[Float[np.ndarray, "N d"], Bool[np.ndarray, "N d"]]:
    """Return all values in float64, and which are exactly among the `count` largest and positive.

    Raises
    ------
    InvalidInput
        If a value is beyond the floats.

    Examples
    --------
    >>> functions = HalfSpaces(np.array([[1.0], [-1.0]]), np.array([0.0, 1.0]))
    >>> largest_at(functions, np.array([[0.5], [2.0]]), 1)[1].tolist()
    [[True, False], [True, False]]
    """
    values = functions.values(points)
    kth = np.full(len(points), -np.inf)
    if count <= len(functions):
        kth = kth_largest(torch.from_numpy(values), count).numpy()[:, 0]
    return values, largest_functions(functions.w, functions.c, points, values, kth, count)


def _single(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Round to float32; what is beyond it becomes 0, an error like another."""
    with np.errstate(over="ignore", under="ignore"):
        single = values.astype(np.float32)
    single[np.isinf(single)] = 0
    return single


def _rounding_errors(
    rows: Float[np.ndarray, "k n"], single: Float[np.ndarray, "k n"]
) -> Float[np.ndarray, " k"]:
    """Return ‖x − x̃‖ for each row x; the differences are floats."""
    errors, step = np.zeros(len(rows)), 256
    for start in range(0, len(rows), step):
        some = slice(start, start + step)
        if not np.array_equal(rows[some], single[some]):
            errors[some] = lengths(rows[some] - single[some])
    return errors


def _listed(chosen: Bool[np.ndarray, "N m"], neurons: Int[np.ndarray, "N m"]) -> Pairs:
    """Return the pairs of a mask over a table of neurons."""
    rows, places = np.nonzero(chosen)
    return rows, neurons[rows, places]


def _those(which: Bool[np.ndarray, " N"], chosen: Bool[np.ndarray, "k d"]) -> Pairs:
    """Return the pairs of a mask with one row for each point of `which`."""
    rows, columns = np.nonzero(chosen)
    return np.flatnonzero(which)[rows], columns


def _joined(*parts: Pairs) -> Pairs:
    """Return all pairs in order."""
    rows, columns = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    order = np.lexsort((columns, rows))
    return rows[order], columns[order]
