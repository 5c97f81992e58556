"""The checkerboard in any dimension: every second cell of a grid (XOR for two cells a side)."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.regions.base import Region, filled_hull, where_filled
from geosae.geometry.regions.polytopes import Box
from geosae.notebook import short_repr


@final
@dataclass(frozen=True, eq=False)
class Checkerboard(Region):
    """The closed cells of a grid of kⁿ cells on a box whose indices add up to an even or odd number.

    With K = kⁿ cells of volume v the even cells have volume ⌈K/2⌉·v, the odd ones ⌊K/2⌋·v. At a corner of
    the box whose cell has the other parity the hull (`filled`) lacks the simplex of the cell's edges, of
    volume v/n!, and nothing else: (K − q/n!)·v, where q counts these corners: 2ⁿ⁻¹ for even k; for odd k
    none for the even cells and all 2ⁿ for the odd ones.

    Examples
    --------
    >>> xor = Checkerboard(np.zeros(2), np.ones(2), cells=2, odd=False)
    >>> xor.volume, xor.hull_volume, xor.contains(np.array([[0.1, 0.2], [0.1, 0.7]])).tolist()
    (0.5, 0.75, [True, False])
    """

    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]
    cells: int
    odd: bool
    filled: bool = False

    __repr__ = short_repr

    kind = "checkerboard"
    _is_convex = where_filled  # unfilled, two neighbours across a corner have no middle
    hull = filled_hull

    def __post_init__(self) -> None:
        self._check_fields()
        box = Box(self.low, self.high)
        self._set(dim=box.dim, low=box.low, high=box.high)
        if self.cells < 2 or box.dim < 2:
            raise InvalidInput(
                f"a checkerboard needs two dimensions and two cells a side; got {box.dim} and {self.cells}"
            )

    @property
    def _edge(self) -> Float[np.ndarray, " n"]:
        return (self.high - self.low) / self.cells

    def _lacks(self, upper: Bool[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which corners (upper or lower in each coordinate) lie in cells of the other parity."""
        return (upper.sum(axis=1) * (self.cells - 1) % 2 == 1) != self.odd

    def _contains(self, x: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in a cell of this parity; a wall between two cells belongs to both."""
        inside = np.all((x >= self.low) & (x <= self.high), axis=1)
        cells = (x - self.low) / self._edge
        if self.filled:
            upper = 2 * cells > self.cells
            away = np.where(upper, (self.high - x) / self._edge, cells).sum(axis=1)
            return inside & (~self._lacks(upper) | (away >= 1.0))
        index = np.floor(cells)
        wall = np.any((cells == index) & (index > 0) & (index < self.cells), axis=1)
        parity = np.minimum(index, self.cells - 1).sum(axis=1) % 2 == 1
        return inside & (wall | (parity == self.odd))

    @property
    def volume(self) -> float:
        """The number of cells, or of cells less the cut corners, times the volume of one."""
        total, n = self.cells**self.dim, self.dim
        cell = float(np.prod(self._edge))
        if not self.filled:
            return cell * (total // 2 if self.odd else total - total // 2)
        cut = 2 ** (n - 1) if self.cells % 2 == 0 else 2**n * self.odd
        return cell * (total - cut / math.factorial(n))

    def extreme(self, directions: Float[np.ndarray, "m n"]) -> Float[np.ndarray, "m n"]:
        """Return the corner, or where it is cut the end of the edge that costs least."""
        upper = directions > 0
        corner = np.where(upper, self.high, self.low)
        step = np.where(upper, -self._edge, self._edge)
        axis = np.argmin(np.abs(directions) * self._edge, axis=1)
        moved = np.zeros_like(corner)
        rows = np.arange(len(directions))
        moved[rows, axis] = step[rows, axis]
        return corner + np.where(self._lacks(upper)[:, None], moved, 0.0)

    def farthest(self, point: Float[np.ndarray, " n"]) -> float:
        """Return the distance to the box's farthest corner, an upper bound."""
        return Box(self.low, self.high).farthest(point)

    def _draw(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
        return rng.uniform(self.low, self.high, (count, self.dim))
