"""Points that are sums of sparse features: x = b + Σ aᵢ·dᵢ + noise, drawn without a dense coefficient matrix.

Elhage et al., Toy models of superposition (2022), arXiv 2209.10652; correlations, parent gating and exclusion
as in SynthSAEBench, arXiv 2602.14687.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array

from geosae.errors import InvalidInput
from geosae_synthetic.copula import Coins, Copula
from geosae_synthetic.forest import Forest
from geosae_synthetic.magnitudes import Magnitudes


@dataclass(frozen=True, eq=False)
class Features:
    """M features along directions dᵢ of Rⁿ: who fires with whom, how strongly, and under whom.

    A feature fires iff its coin shows (rate and copula), its magnitude is above 0, its parent fires, and it
    wins against the siblings that exclude it. `rates` are those of the coins: a child fires less often. With
    `active` = k exactly k roots fire at every point, each set of k equally likely; roots throw no coins then.

    Raises
    ------
    InvalidInput
        If the parts are of different numbers of features, a direction is zero or not finite, or `active`
        roots cannot be had: more than there are, correlated, or with magnitudes that may be 0.

    Examples
    --------
    >>> from geosae_synthetic.copula import independent
    >>> from geosae_synthetic.forest import flat
    >>> from geosae_synthetic.magnitudes import alike
    >>> three, rates = alike("constant", 2, 3.0, 0.0), np.array([1.0, 0.0])
    >>> world = Features(np.eye(2), rates, independent(2), flat(2), three)
    >>> points, coefficients = world.draw(2, np.random.default_rng(0))
    >>> points.tolist()
    [[3.0, 0.0], [3.0, 0.0]]
    """

    directions: Float[np.ndarray, "M n"]
    rates: Float[np.ndarray, "M"]
    copula: Copula
    forest: Forest
    magnitudes: Magnitudes
    noise: float = 0.0
    bias: Float[np.ndarray, "n"] | None = None
    active: int | None = None

    def __post_init__(self) -> None:
        if self.directions.ndim != 2 or not np.isfinite(self.directions).all():
            raise InvalidInput("directions are M rows of n finite numbers")
        zero = np.flatnonzero(~self.directions.any(axis=1))
        if zero.size:
            raise InvalidInput(f"direction {zero[0]} is zero")
        sizes = {len(self.rates), len(self.forest.parent), len(self.magnitudes.mean), len(self.directions)}
        if len(sizes) > 1:
            raise InvalidInput(
                f"directions, rates, forest and magnitudes name different numbers of features: {sizes}"
            )
        if not (np.isfinite(self.noise) and self.noise >= 0):
            raise InvalidInput(f"noise = {self.noise}: a standard deviation of at least 0 is needed")
        self.coins  # noqa: B018  (refuses bad rates and correlations now)
        if self.active is not None:
            self._refuse_active(self.active)

    def _refuse_active(self, active: int) -> None:
        roots = self.forest.roots
        if not 1 <= active <= len(roots):
            raise InvalidInput(f"active = {active}: there are {len(roots)} features without a parent")
        if self.copula.rank:
            raise InvalidInput(
                f"active = {active}: sets of equal chance are not correlated",
                remedy="use a copula of rank 0",
            )
        if not (self.magnitudes.least > 0).all():
            raise InvalidInput(
                f"{self.magnitudes.law} magnitudes can be 0, and then less than {active} features fire",
                remedy="use constant or uniform magnitudes that stay above 0",
            )

    @cached_property
    def coins(self) -> Coins:
        """The coins of all features."""
        return Coins(self.rates, self.copula)

    def draw(self, size: int, rng: np.random.Generator) -> tuple[Float[np.ndarray, "k n"], csr_array]:
        """Draw points, in the precision of the directions, and their coefficients aᵢ (float32, k × M)."""
        coefficients = self.coefficients(size, rng)
        points = coefficients.astype(self.directions.dtype) @ self.directions
        if self.bias is not None:
            points += self.bias.astype(points.dtype)
        if self.noise:
            points += self.noise * rng.standard_normal(points.shape, dtype=points.dtype)
        return points, coefficients

    def coefficients(self, size: int, rng: np.random.Generator) -> csr_array:
        """Draw who fires and how strongly: a sparse matrix, k × M, that holds positive numbers only."""
        shared = self.coins.shared(size, rng)
        if self.active is None:
            rows, columns = self.coins.everywhere(self.forest.roots, shared, rng)
        else:
            rows = np.repeat(np.arange(size), self.active)
            columns = self.forest.roots[subsets(size, len(self.forest.roots), self.active, rng).ravel()]
        level = self._above_zero(rows, columns, rng)
        levels = [level]
        # Only the children of what fires are drawn; the others cannot fire.
        while len(level[0]):
            level = self._children(level[0], level[1], shared, rng)
            levels.append(level)
        rows, columns, values = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        # Short integers are sorted by their digits, in linear time.
        order = np.argsort(rows.astype(np.uint16) if size <= 1 << 16 else rows, kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=size))])
        return csr_array((values[order], columns[order], ends), shape=(size, len(self.rates)))

    def _above_zero(
        self, rows: Int[np.ndarray, "s"], columns: Int[np.ndarray, "s"], rng: np.random.Generator
    ) -> tuple[Int[np.ndarray, "t"], Int[np.ndarray, "t"], Float[np.ndarray, "t"]]:
        values = self.magnitudes.draw(columns, rng)
        positive = values > 0
        return rows[positive], columns[positive], values[positive]

    def _children(
        self,
        rows: Int[np.ndarray, "s"],
        columns: Int[np.ndarray, "s"],
        shared: Float[np.ndarray, "k r1"],
        rng: np.random.Generator,
    ) -> tuple[Int[np.ndarray, "t"], Int[np.ndarray, "t"], Float[np.ndarray, "t"]]:
        children, firsts, counts = self.forest.children
        has = counts[columns] > 0
        rows, columns = rows[has], columns[has]
        number = counts[columns]
        # One group for each parent that fires; its members are consecutive.
        group = np.repeat(np.arange(len(rows)), number)
        rank = np.arange(len(group)) - np.repeat(np.cumsum(number) - number, number)
        member = children[firsts[columns][group] + rank]
        fires = self.coins.at(rows[group], member, shared, rng)
        group, member, values = self._above_zero(group[fires], member[fires], rng)
        survives = ~self.forest.exclusive[columns[group]] | _winners(group, rng)
        return rows[group[survives]], member[survives], values[survives]


def subsets(count: int, of: int, size: int, rng: np.random.Generator) -> Int[np.ndarray, "count size"]:
    """Draw `count` sets of `size` of the numbers 0 … `of` − 1, each set with the same chance.

    Floyd's way, in Bentley and Floyd, A sample of brilliance (1987), doi:10.1145/30401.315746: for each
    of the last `size` numbers j one of 0 … j is drawn, and j itself where that one was drawn before.

    Raises
    ------
    InvalidInput
        If there are no sets of that size.

    Examples
    --------
    >>> sets = subsets(1000, 3, 2, np.random.default_rng(0))
    >>> sorted({tuple(sorted(row)) for row in sets.tolist()})
    [(0, 1), (0, 2), (1, 2)]
    """
    if not 0 <= size <= of:
        raise InvalidInput(f"{of} things have no subsets of {size}")
    drawn = np.empty((count, size), dtype=np.int64)
    for place, last in enumerate(range(of - size, of)):
        lot = rng.integers(0, last + 1, count)
        before = (drawn[:, :place] == lot[:, None]).any(axis=1)
        drawn[:, place] = np.where(before, last, lot)
    return drawn


def _winners(group: Int[np.ndarray, "s"], rng: np.random.Generator) -> Bool[np.ndarray, "s"]:
    """Draw one member of each group, evenly; `group` ascends."""
    if not len(group):
        return np.zeros(0, dtype=bool)
    opens = np.concatenate([[True], group[1:] != group[:-1]])
    lots = rng.random(len(group))
    lowest = np.minimum.reduceat(lots, np.flatnonzero(opens))
    return lots == lowest[np.cumsum(opens) - 1]
