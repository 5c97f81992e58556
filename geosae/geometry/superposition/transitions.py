"""In how many dimensions random columns let features be named (S10), and codes be recovered (R2).

For Gaussian columns the kernel of A is a uniformly random subspace, and both questions ask whether it meets a
convex cone C. It does with probability near 1 below n = δ(C) and near 0 above, δ the statistical dimension
E‖P_C g‖²: with n ≥ δ + √(8p ln(4/η)) it does with probability at most η, with n ≤ δ − √(8p ln(4/η)) at least
1 − η (D. Amelunxen, M. Lotz, M. B. McCoy and J. A. Tropp, 2014, doi:10.1093/imaiai/iau005, theorem I).

Feature i is unnamed at k iff some h ≠ 0 of the kernel has h_i = −t and, over j ≠ i, |h_j| ≤ ρt, Σh⁺ ≤ ρkt,
Σh⁻ ≤ ρ(k−1)t (S10). These h are a convex cone; for given t its projection is a clip and a soft threshold. For
basis pursuit it is the descent cone of ‖z‖₁ at one code (proposition 4.5 there, for z of any sign; for z ≥ 0
the same argument with one-sided tails). Unit columns are not Gaussian: for them δ is no theorem.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float
from scipy import special

from geosae.geometry.superposition._dictionary import amplitude
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, Range

_FEATURES, _DRAWS = Range(1, 1_000_000), Range(2, 1_000_000)
# Entries of the Gaussian vectors that are projected together.
_BLOCK = 2**18
# Halvings of t and of the threshold: both enter the squared distance in second order only.
_HALVINGS = 18


@dataclass(frozen=True)
class Transition:
    """Where half of the features of random columns can be named.

    Attributes
    ----------
    dimension
        The estimate of δ: the mean of p‖P_C u‖² over directions u. (The length of g is independent of its
        direction, and E‖g‖² = p; without it the estimate spreads less.)
    error
        Its standard error.
    """

    dimension: float
    error: float


@checked_arguments(p=_FEATURES, k=COUNT, draws=_DRAWS)
def naming_transition(
    p: int, k: int, rng: np.random.Generator, rho: int | float | Fraction = 1, *, draws: int = 1000
) -> Transition:
    """Return δ of S10's cone: in more dimensions a feature of Gaussian columns can mostly be named.

    Parameters
    ----------
    p
        The number of features.
    k
        The greatest number of active features.
    rng
        Source of the directions.
    rho
        The greatest amplitude ρ ≥ 1, the least being 1.
    draws
        The number of directions.

    Raises
    ------
    InvalidInput
        If a number is out of range, or rho is below 1 or not finite.

    Examples
    --------
    >>> transition = naming_transition(64, 4, np.random.default_rng(0))
    >>> abs(transition.dimension - 37.9) < 1, transition.error < 0.3
    (True, True)
    """
    reach = float(amplitude(rho))
    rows = max(1, _BLOCK // p)
    shares: list[Float[np.ndarray, " m"]] = []
    for start in range(0, draws, rows):
        g = rng.standard_normal((min(rows, draws - start), p))
        shares.append(squared_projections(g, k, reach) / (g * g).sum(axis=1))
    squares = p * np.concatenate(shares)
    return Transition(float(squares.mean()), float(squares.std(ddof=1)) / math.sqrt(draws))


def squared_projections(g: Float[np.ndarray, "N p"], k: int, rho: float) -> Float[np.ndarray, " N"]:
    """Return ‖P_C g‖² = ‖g‖² − dist²(g, C) for the cone of feature 0."""
    first, others = g[:, 0], g[:, 1:]
    sides = [(np.maximum(others, 0), rho * k), (np.maximum(-others, 0), rho * (k - 1))]
    low, high = np.zeros(len(g)), np.sqrt((g * g).sum(axis=1))
    for _ in range(_HALVINGS):
        # The squared distance is convex in t; with the threshold fixed at its best, so is its derivative.
        t = (low + high) / 2
        slope = 2 * (first + t)
        for part, mass in sides:
            cut = _threshold(part, rho * t, mass * t)
            above = np.maximum(part - (cut + rho * t)[:, None], 0).sum(axis=1)
            slope -= 2 * (mass * cut + rho * above)
        low, high = np.where(slope < 0, t, low), np.where(slope < 0, high, t)
    t = (low + high) / 2
    far = (first + t) ** 2
    for part, mass in sides:
        cut = _threshold(part, rho * t, mass * t)
        h = np.clip(part - cut[:, None], 0, (rho * t)[:, None])
        # The dual value is off by the square of the threshold's error, the primal one by the error itself.
        far += ((part - h) ** 2).sum(axis=1) + 2 * cut * (h.sum(axis=1) - mass * t)
    return (g * g).sum(axis=1) - far


def _threshold(
    part: Float[np.ndarray, "N q"], most: Float[np.ndarray, " N"], mass: Float[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    """Return λ ≥ 0 with Σ clip(part − λ, 0, most) ≤ mass, the least one up to a halving."""
    low, high = np.zeros(len(part)), part.max(axis=1, initial=0.0)
    fits = np.minimum(part, most[:, None]).sum(axis=1) <= mass
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        over = np.clip(part - middle[:, None], 0, most[:, None]).sum(axis=1) > mass
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(fits, 0.0, high)


@checked_arguments(p=_FEATURES, k=COUNT)
def recovery_transition(p: int, k: int, *, nonnegative: bool = False) -> float:
    """Return where basis pursuit on Gaussian columns comes to recover a code of k non-zeros.

    The value is inf_τ k(1+τ²) + m(p−k)E(g−τ)₊², m = 2, or 1 for z ≥ 0. It exceeds δ by at most 2√(p/k)
    (theorem 4.3 of the source). It speaks of one code, and not of all codes at once.

    Parameters
    ----------
    p
        The number of features.
    k
        The number of non-zeros; p where it is greater.
    nonnegative
        Whether codes compete with codes z′ ≥ 0 alone.

    Raises
    ------
    InvalidInput
        If p or k is out of range.

    Examples
    --------
    >>> [round(recovery_transition(64, k, nonnegative=True), 1) for k in (2, 4, 6)]
    [7.7, 12.4, 16.3]
    """
    active = min(k, p)
    silent = (1 if nonnegative else 2) * (p - active)
    low, high = 0.0, math.sqrt(2 * math.log(2 * p + 2)) + 2
    for _ in range(60):
        tau = (low + high) / 2
        first = math.exp(-tau * tau / 2) / math.sqrt(2 * math.pi) - tau * special.ndtr(-tau)
        low, high = (tau, high) if active * tau < silent * first else (low, tau)
    tail = special.ndtr(-low)
    second = (1 + low * low) * tail - low * math.exp(-low * low / 2) / math.sqrt(2 * math.pi)
    return float(active * (1 + low * low) + silent * second)
