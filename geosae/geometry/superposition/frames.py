"""How a dictionary shares out its dimensions, and how far its columns are from orthogonal (theory C1, C2).

Feature dimensionalities: N. Elhage et al., Toy models of superposition (2022), arXiv 2209.10652. The bound on
the coherence: L. R. Welch, Lower bounds on the maximum cross correlation of signals (1974),
doi:10.1109/TIT.1974.1055219. All numbers are computed in float64; `Frame.eta` bounds the rounding of its own.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int

from geosae.errors import InvalidInput
from geosae.geometry.exact import rational as as_rational
from geosae.geometry.exact import root_below
from geosae.notebook import short_text
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, finite_points

# Products of so many columns with all others are held at once.
BLOCK = 1024
_UNIT = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Dimensions:
    """How many dimensions of read-out each feature gets: φ_i = D_ii²/Σ_j D_ij², D = BᵀA (theory C1).

    Parameters
    ----------
    values
        One number in [0, 1] per feature, 0 where the row of D is zero.
    eta
        Rounding: their sum is known to within this.
    """

    values: Float[np.ndarray, " p"]
    eta: float

    @property
    def total(self) -> float:
        """Σφ, at most the rank of D."""
        return float(self.values.sum())

    def __repr__(self) -> str:
        return short_text(f"Dimensions: {self.total:.4g} in all, of {len(self.values):,} features")


@dataclass(frozen=True, eq=False)
class Frame:
    """The columns of a dictionary as a frame of Rⁿ: their dimensions, their coherence, and Welch's bound.

    Parameters
    ----------
    dim
        The dimension n.
    dimensions
        φ_i = ‖a_i‖⁴ / Σ_j⟨a_i, a_j⟩² of each column, 0 for a zero column (C1).
    coherence
        κ = max |cos(a_i, a_j)| over the pairs of non-zero columns; 0 where there is no pair.
    eta
        Rounding: κ is known to within this.
    """

    dim: int
    dimensions: Dimensions
    coherence: float
    eta: float

    @property
    def size(self) -> int:
        """The number of non-zero columns."""
        return int(np.count_nonzero(self.dimensions.values))

    @property
    def tightness(self) -> float:
        """Σφ/n: 1 for an orthogonal sum of tight frames that fills Rⁿ."""
        return self.dimensions.total / self.dim

    @property
    def welch(self) -> float:
        """The least coherence that so many lines in n dimensions can have, by Welch's bound (C2)."""
        return least_coherence(self.size, self.dim) if self.size > 1 else 0.0

    @property
    def over_welch(self) -> float | None:
        """κ over Welch's bound: 1 for an equiangular tight frame; None where the bound is 0."""
        return self.coherence / self.welch if self.welch > 0 else None

    def __repr__(self) -> str:
        against = "no bound" if self.over_welch is None else f"{self.over_welch:.4g} times Welch's bound"
        return short_text(
            f"Frame: {self.size:,} directions in {self.dim:,} dimensions, tightness {self.tightness:.4g}, "
            f"coherence {self.coherence:.4g} ({against})"
        )


@checked_arguments()
def frame_of(A: Float[np.ndarray, "n p"]) -> Frame:
    """Measure the columns of a dictionary as a frame: dimensions, coherence and how well both are known.

    Raises
    ------
    InvalidInput
        If A is no finite matrix.

    Examples
    --------
    >>> mercedes = np.array([[1.0, -0.5, -0.5], [0.0, 0.75**0.5, -(0.75**0.5)]])
    >>> frame = frame_of(mercedes)
    >>> round(frame.tightness, 9), round(frame.over_welch, 9)
    (1.0, 1.0)
    """
    columns, _ = _scaled(finite_points(A, "A").T)
    dim = columns.shape[1]
    lengths = np.linalg.norm(columns, axis=1)[:, None]
    units, coherence = np.divide(columns, lengths, out=np.zeros_like(columns), where=lengths > 0), 0.0
    for rows, cosines in _products(units, units):
        np.abs(cosines, out=cosines)
        cosines[np.arange(len(cosines)), rows] = 0.0
        coherence = max(coherence, float(cosines.max()))
    return Frame(dim, feature_dimensions(A), min(coherence, 1.0), 4 * _UNIT * (dim + 8))


@checked_arguments()
def feature_dimensions(A: Float[np.ndarray, "n p"], B: Float[np.ndarray, "m q"] | None = None) -> Dimensions:
    """Return D_ii²/Σ_j D_ij² for D = BᵀA: the dimensions of read-out that feature i gets of probe i (C1).

    Parameters
    ----------
    A
        The directions of the features, one per column.
    B
        The probes, one per column: probe i is to read out feature i. The features themselves by default,
        which gives their dimensionalities ‖a_i‖⁴/Σ_j⟨a_i, a_j⟩².

    Raises
    ------
    InvalidInput
        If A or B is no finite matrix, or their shapes differ.

    Examples
    --------
    >>> feature_dimensions(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 5.0]])).values.tolist()
    [0.2, 0.8, 1.0]
    >>> feature_dimensions(np.eye(2), np.array([[1.0, 1.0], [1.0, 0.0]])).values.tolist()
    [0.5, 0.0]
    """
    columns, exponents = _scaled(finite_points(A, "A").T)
    probes = columns if B is None else _scaled(finite_points(B, "B").T)[0]
    if probes.shape != columns.shape:
        raise InvalidInput(
            f"B holds {probes.shape[0]} probes of {probes.shape[1]} coordinates, A {columns.shape[0]} "
            f"features of {columns.shape[1]}",
            causes="probes as rows, or neurons that were not matched with the features",
            remedy="pass one probe per feature, as a column",
        )
    values, eta = np.zeros(len(columns)), 0.0
    for rows, products in _products(probes, columns):
        values[rows] = _shares(rows, products, exponents)
        eta += float(_doubts(probes[rows], products, columns, exponents).sum())
    return Dimensions(values, eta + 2 * len(columns) * _UNIT)


def _scaled(rows: Float[np.ndarray, "p n"]) -> tuple[Float[np.ndarray, "p n"], Int[np.ndarray, " p"]]:
    """Return rows with entries of at most 1, and the exponents of two that were taken out: no overflow."""
    sizes, exponents = np.frexp(np.abs(rows).max(axis=1))
    exponents = exponents.astype(np.int64)
    # A zero row has no exponent of its own, and must not set the scale.
    exponents[sizes == 0] = exponents[sizes > 0].min(initial=0)
    with np.errstate(under="ignore"):
        return np.ldexp(rows, -exponents[:, None]), exponents


def _products(
    probes: Float[np.ndarray, "p n"], columns: Float[np.ndarray, "p n"]
) -> Iterator[tuple[Int[np.ndarray, " m"], Float[np.ndarray, "m p"]]]:
    for start in range(0, len(probes), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(probes)))
        yield rows, probes[rows] @ columns.T


def _shares(
    rows: Int[np.ndarray, " m"], products: Float[np.ndarray, "m p"], exponents: Int[np.ndarray, " p"]
) -> Float[np.ndarray, " m"]:
    """Return 1/Σ_j (D_ij/D_ii)² for rows of D whose columns lack their exponents of two."""
    diagonal = products[np.arange(len(rows)), rows][:, None]
    ratios = np.divide(products, diagonal, out=np.full_like(products, np.inf), where=diagonal != 0)
    with np.errstate(over="ignore", under="ignore"):
        np.ldexp(ratios, exponents[None, :] - exponents[rows, None], out=ratios)
        return 1 / (ratios**2).sum(axis=1)


def _doubts(
    probes: Float[np.ndarray, "m n"],
    products: Float[np.ndarray, "m p"],
    columns: Float[np.ndarray, "p n"],
    exponents: Int[np.ndarray, " p"],
) -> Float[np.ndarray, " m"]:
    """Bound the rounding of each φ_i.

    An entry of D is off by at most γ‖b_i‖‖a_j‖, its row by γ‖b_i‖‖A‖, so √φ_i by twice that over the length
    of the row, and φ_i by four times that; eight covers what is left out. A zero probe has no rounding.
    """
    with np.errstate(under="ignore"):
        scale = exponents - exponents.max()
        whole = np.linalg.norm(np.ldexp(np.linalg.norm(columns, axis=1), scale))
        lengths = np.linalg.norm(np.ldexp(products, scale[None, :]), axis=1)
    sizes = np.linalg.norm(probes, axis=1)
    errors = 8 * _UNIT * (columns.shape[1] + 8) * sizes * whole
    return np.where(errors < lengths, np.divide(errors, lengths, out=errors, where=lengths > 0), sizes > 0)


@checked_arguments(p=COUNT, n=COUNT, r=COUNT)
def welch(p: int, n: int, r: int = 1) -> Fraction:
    """Return what κ^{2r} is at least for p unit vectors in n dimensions: Welch's bound of order r (C2).

    (p/C(n+r−1, r) − 1)/(p − 1), or 0 where that is negative.

    Raises
    ------
    InvalidInput
        If p is below 2.

    Examples
    --------
    >>> welch(4, 3), welch(28, 7), welch(28, 7, 2)
    (Fraction(1, 9), Fraction(1, 9), Fraction(0, 1))
    """
    if p < 2:
        raise InvalidInput(f"p is {p}: one vector has no coherence", remedy="ask for two or more")
    return max(Fraction(0), (Fraction(p, math.comb(n + r - 1, r)) - 1) / (p - 1))


@checked_arguments(p=COUNT, n=COUNT)
def least_coherence(p: int, n: int) -> float:
    """Return the greatest of Welch's bounds on κ over all orders r, rounded down; 0 for p ≤ n (C2).

    Raises
    ------
    InvalidInput
        If p is below 2.

    Examples
    --------
    >>> least_coherence(3, 2), least_coherence(2, 2)
    (0.5, 0.0)
    """
    best, r = 0.0, 1
    while (power := welch(p, n, r)) > 0 and n > 1:
        # Rounded down by a margin above the error of a root of a correctly rounded number.
        root = root_below(as_rational(power)) if r == 1 else float(power) ** (1 / (2 * r)) * (1 - 4 * _UNIT)
        best, r = max(best, root), r + 1
    return 1.0 if n == 1 else best
