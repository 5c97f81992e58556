"""Rare events with given rates and Gaussian-copula correlations, drawn sparsely.

Gaussian copula: R. B. Nelsen, An Introduction to Copulas, 2nd ed. (2006), doi:10.1007/0-387-28678-0; with a
low-rank factor for feature firing: arXiv 2602.14687.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtr, ndtri

from geosae.errors import InvalidInput

# Noise above the cut is drawn by its positions, not cell by cell; below it each cell is drawn.
_CUT = 2.25
_TAIL = float(ndtr(-_CUT))
# Cells drawn together, so that they stay in cache; it fixes the order of the draws.
_CELLS = 1 << 19
_FAR = 40.0  # no normal number reaches it: a threshold there is as good as infinite
_LEAST_REMAINDER = 0.01


@dataclass(frozen=True, eq=False)
class Copula:
    """Correlations F·Fᵀ + diag(D) with unit diagonal: gᵢ = ⟨Fᵢ, z⟩ + √Dᵢ·ηᵢ with z and η standard normal.

    Raises
    ------
    InvalidInput
        If the shapes differ, a remainder Dᵢ is not positive, or a diagonal entry ‖Fᵢ‖² + Dᵢ is not 1.

    Examples
    --------
    >>> Copula(np.array([[0.6], [0.0]]), np.array([0.64, 1.0])).rank
    1
    """

    factor: Float[np.ndarray, "M r"]
    remainder: Float[np.ndarray, "M"]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.factor).all() and (self.remainder > 0).all()):
            raise InvalidInput("a copula needs a finite factor and a remainder above 0 for every feature")
        diagonal = (self.factor.astype(np.float64) ** 2).sum(axis=1) + self.remainder
        worst = int(np.argmax(np.abs(diagonal - 1)))
        if abs(diagonal[worst] - 1) > 1e-5:
            raise InvalidInput(
                f"correlation: feature {worst} has variance {diagonal[worst]:.6g}, which is not 1",
                remedy="let remainder = 1 − the squared length of the factor's row",
            )

    @property
    def rank(self) -> int:
        """The number r of shared normal variables."""
        return self.factor.shape[1]

    @property
    def correlation(self) -> Float[np.ndarray, "M M"]:
        """The correlation matrix of the underlying normal variables (M² numbers)."""
        return self.factor @ self.factor.T + np.diag(self.remainder)


def independent(features: int) -> Copula:
    """Return the copula without correlations.

    Examples
    --------
    >>> independent(2).correlation.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return Copula(np.zeros((features, 0)), np.ones(features))


def low_rank(features: int, rank: int, scale: float, rng: np.random.Generator) -> Copula:
    """Draw a factor of normal entries with standard deviation `scale`; rows longer than √0.99 are shortened.

    Examples
    --------
    >>> low_rank(100, 4, 0.1, np.random.default_rng(0)).factor.shape
    (100, 4)
    """
    factor = rng.standard_normal((features, rank)) * scale
    squares = (factor**2).sum(axis=1)
    long = squares > 1 - _LEAST_REMAINDER
    factor[long] *= np.sqrt((1 - _LEAST_REMAINDER) / squares[long])[:, None]
    return Copula(factor, 1 - (factor**2).sum(axis=1))


def from_correlation(matrix: Float[np.ndarray, "M M"]) -> Copula:
    """Factorise a correlation matrix, once: C = F·Fᵀ + λ·I with λ its least eigenvalue.

    Raises
    ------
    InvalidInput
        If it is not symmetric with unit diagonal, or not positive definite.

    Examples
    --------
    >>> copula = from_correlation(np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> bool(np.allclose(copula.correlation, [[1.0, 0.5], [0.5, 1.0]])), copula.rank
    (True, 1)
    """
    correlation = np.asarray(matrix, dtype=np.float64)
    if not (
        np.isfinite(correlation).all()
        and np.allclose(correlation, correlation.T)
        and np.allclose(np.diag(correlation), 1)
    ):
        raise InvalidInput("a correlation matrix is symmetric and has a unit diagonal; this one is not so")
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < 1e-9:
        raise InvalidInput(
            f"the correlation matrix is not positive definite: its least eigenvalue is {values[0]:.3g}",
            remedy="add a little of the identity to it and scale its diagonal back to 1",
        )
    above = values - values[0] > 1e-12
    factor = vectors[:, above] * np.sqrt(values[above] - values[0])
    return Copula(factor, 1 - (factor**2).sum(axis=1))


class Coins:
    """Coin i shows with probability `rates[i]`; coins of one row are correlated by the copula.

    Given the row's shared variables z, coin i shows iff its own noise ηᵢ exceeds gᵢ(z) = (tᵢ − ⟨Fᵢ, z⟩)/√Dᵢ,
    tᵢ = Φ⁻¹(1 − rateᵢ): exact, and only z and the few large ηᵢ have to be drawn.

    Examples
    --------
    >>> coins = Coins(np.array([1.0, 0.0]), independent(2))
    >>> rng = np.random.default_rng(0)
    >>> [part.tolist() for part in coins.everywhere(np.arange(2), coins.shared(3, rng), rng)]
    [[0, 1, 2], [0, 0, 0]]
    """

    def __init__(self, rates: Float[np.ndarray, "M"], copula: Copula) -> None:
        if len(rates) != len(copula.remainder):
            raise InvalidInput(f"{len(rates)} rates against correlations of {len(copula.remainder)} features")
        bad = np.flatnonzero(~((rates >= 0) & (rates <= 1)))
        if bad.size:
            raise InvalidInput(f"rate of feature {bad[0]} is {rates[bad[0]]:g}, which is no probability")
        roots = np.sqrt(copula.remainder)[:, None]
        heights = np.clip(-ndtri(np.asarray(rates, dtype=np.float64)), -_FAR, _FAR)[:, None]
        self._slopes = np.hstack([-copula.factor / roots, heights / roots]).astype(np.float32)

    def shared(self, size: int, rng: np.random.Generator) -> Float[np.ndarray, "k r1"]:
        """Draw the shared variables of `size` rows; the last column is 1 (it carries the thresholds)."""
        drawn = np.ones((size, self._slopes.shape[1]), dtype=np.float32)
        drawn[:, :-1] = rng.standard_normal((size, self._slopes.shape[1] - 1), dtype=np.float32)
        return drawn

    def everywhere(
        self, features: Int[np.ndarray, "m"], shared: Float[np.ndarray, "k r1"], rng: np.random.Generator
    ) -> tuple[Int[np.ndarray, "s"], Int[np.ndarray, "s"]]:
        """Throw the coins of these features on every row; return (row, feature) of those that show."""
        slopes = np.ascontiguousarray(self._slopes[features].T)
        step = max(1, _CELLS // max(1, len(features)))
        rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(shared) if len(features) else 0, step):
            cells = _firing_cells((shared[start : start + step] @ slopes).ravel(), rng)
            row, column = np.divmod(cells, len(features))
            rows.append(row + start)
            columns.append(features[column])
        return np.concatenate(rows), np.concatenate(columns)

    def at(
        self,
        rows: Int[np.ndarray, "s"],
        features: Int[np.ndarray, "s"],
        shared: Float[np.ndarray, "k r1"],
        rng: np.random.Generator,
    ) -> Bool[np.ndarray, "s"]:
        """Throw single coins, one for each (row, feature); no pair may be thrown twice."""
        gates = np.einsum("sr,sr->s", shared[rows], self._slopes[features])
        return rng.standard_normal(len(rows), dtype=np.float32) > gates


def _firing_cells(gates: Float[np.ndarray, "s"], rng: np.random.Generator) -> Int[np.ndarray, "t"]:
    """Return the cells whose noise exceeds their gate. Each cell takes its noise from one of two sources."""
    low = np.flatnonzero(gates < _CUT)
    low = low[rng.standard_normal(low.size, dtype=np.float32) > gates[low]]
    high = _rare(gates.size, rng)
    lot = 1 - rng.random(high.size)  # never 0
    met = gates[high]
    # P(η > g | η > cut) ≤ exp((cut² − g²)/2): lots above it cannot win, and need no exact height.
    likely = np.flatnonzero((met >= _CUT) & (lot <= 1.001 * np.exp((_CUT * _CUT - met * met) / 2)))
    # The height of a normal number, given that it exceeds the cut.
    won = -ndtri(_TAIL * lot[likely]) > met[likely]
    return np.concatenate([low, high[likely[won]]])


def _rare(cells: int, rng: np.random.Generator) -> Int[np.ndarray, "t"]:
    """Return the cells of a Bernoulli(_TAIL) process, by its geometric gaps."""
    expected = cells * _TAIL
    count = int(expected + 6 * np.sqrt(expected) + 8)
    positions, last = list[np.ndarray](), -1
    while last < cells:
        gaps = (rng.standard_exponential(count) / -np.log1p(-_TAIL)).astype(np.int64) + 1
        positions.append(last + np.cumsum(gaps))
        last = int(positions[-1][-1])
    cell = np.concatenate(positions)
    return cell[: np.searchsorted(cell, cells)]
