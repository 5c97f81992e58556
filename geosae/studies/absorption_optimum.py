"""Which two atoms are best for a parent and its child under L1 (theory P9), and how silent the parent's is.

Points αp and, with a child, αp + βc; p and c orthonormal, α and β uniform with mean 1 and independent. Where
magnitudes do not vary, P9 has the answer: the atoms p and p + c attain its bound for every λ < 2, so that
every child absorbs its parent. Where they vary, the data have more directions than two atoms, P9 bounds
only, and the best two atoms are sought: a computation, no certificate. They are sought between p and c, with
the best codes of each point and b_dec = 0. Pairs in orthogonal planes do not touch one another, so that what
holds of a pair holds of all whose atoms stay in their planes.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

_MAGNITUDES = 16
_SILENT = 1e-12
_CERTAIN = 2.0
"""P9's bound is attained by p and p + c for λ below this, in units of the magnitude."""


@dataclass(frozen=True)
class PairOptimum:
    """The best two atoms for a pair.

    Attributes
    ----------
    parent_angle, child_angle
        Of the atoms, in degrees from p towards c; 45 is p + c.
    silent
        The share of the child's points at which the parent's atom has no part.
    loss
        The expected squared error plus λ times the sum of codes, among points of the parent.
    bound
        P9's, E h_λ(‖x‖): no dictionary of any size is below it.
    """

    parent_angle: float
    child_angle: float
    silent: float
    loss: float
    bound: float

    @property
    def cosine(self) -> float:
        """That of the child's atom with p: 1/√2 for p + c, 0 for c."""
        return float(np.cos(np.radians(self.child_angle)))


@cache
def pair_optimum(l1: float, variation: float, share: float) -> PairOptimum:
    """Return the best two atoms between p and c, by search over their angles, to a quarter of a degree.

    The parent's atom is sought up to 30 degrees from p.

    Parameters
    ----------
    l1
        λ in data units, against the squared error: l1 times the spread where points are scaled by it.
    variation
        The coefficient of variation of each magnitude.
    share
        The share of the parent's points on which the child fires.

    Examples
    --------
    >>> best = pair_optimum(0.2, variation=0.0, share=0.25)
    >>> best.child_angle, best.silent, bool(np.isclose(best.loss, best.bound))
    (45.0, 1.0, True)
    """
    law = _Law.of(variation, share)
    parent, child = _best(law, l1, np.arange(0.0, 30.1, 3.0), np.arange(0.0, 90.1, 3.0))
    for step in (1.0, 0.25):
        around = np.arange(-4, 5) * step
        near = [np.unique(np.clip(angle + around, 0.0, 90.0)) for angle in (parent, child)]
        parent, child = _best(law, l1, near[0], near[1])
    loss, silent = law.loss(l1, parent, child)
    return PairOptimum(parent, child, silent, loss, law.bound(l1))


def half_silent(variation: float, share: float) -> float:
    """Return the least λ, in data units, at which the best parent's atom is silent on half of the child.

    0 where it is so at every λ; infinite where at none below 2, beyond which a parent alone is worth no code.

    Examples
    --------
    >>> half_silent(0.0, share=0.25)
    0.0
    """
    low, high = 0.01, 0.99 * _CERTAIN
    if pair_optimum(low, variation, share).silent >= 0.5:
        return 0.0
    if pair_optimum(high, variation, share).silent < 0.5:
        return float("inf")
    for _ in range(8):
        middle = (low * high) ** 0.5
        if pair_optimum(middle, variation, share).silent >= 0.5:
            high = middle
        else:
            low = middle
    return high


@dataclass(frozen=True, eq=False)
class _Law:
    """The parent's points: those of the child with it, and those alone; midpoints stand for magnitudes."""

    child: Float[np.ndarray, "N 2"]
    alone: Float[np.ndarray, "M 2"]
    share: float

    @classmethod
    def of(cls, variation: float, share: float) -> "_Law":
        reach = 3**0.5 * variation
        middles = 1 - reach + 2 * reach * (np.arange(_MAGNITUDES) + 0.5) / _MAGNITUDES
        alone = np.column_stack([middles, np.zeros_like(middles)])
        pairs = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
        return cls(pairs, alone, share)

    def loss(self, l1: float, parent: float, child: float) -> tuple[float, float]:
        """Return the loss of two atoms with their best codes, and how silent the first is on the child."""
        angles = np.radians([parent, child])
        atoms = np.column_stack([np.cos(angles), np.sin(angles)])
        with_child, codes = _best_codes(self.child, atoms, l1)
        without, _ = _best_codes(self.alone, atoms, l1)
        loss = self.share * with_child.mean() + (1 - self.share) * without.mean()
        return float(loss), float((codes <= _SILENT).mean())

    def bound(self, l1: float) -> float:
        """Return E h_λ(‖x‖)."""
        parts = [_huber(np.linalg.norm(points, axis=1), l1).mean() for points in (self.child, self.alone)]
        return float(self.share * parts[0] + (1 - self.share) * parts[1])


def _huber(lengths: Float[np.ndarray, " N"], l1: float) -> Float[np.ndarray, " N"]:
    return np.where(lengths >= l1 / 2, l1 * lengths - l1**2 / 4, lengths**2)


def _best_codes(
    points: Float[np.ndarray, "N 2"], atoms: Float[np.ndarray, "2 2"], l1: float
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Return each point's least loss over codes a ≥ 0 of two unit atoms, and the first atom's code there.

    Every support is tried. Of two atoms that are alike only one is used.
    """
    squares = np.square(points).sum(axis=1)
    reads = points @ atoms.T - l1 / 2
    single = np.maximum(reads, 0.0)
    losses = squares[:, None] - single**2
    first = losses[:, 0] < losses[:, 1]
    least, code = losses.min(axis=1), np.where(first, single[:, 0], 0.0)
    overlap = float(atoms[0] @ atoms[1])
    determinant = 1 - overlap**2
    if determinant < 1e-9:
        return least, code
    both = (reads - overlap * reads[:, ::-1]) / determinant
    inside = (both > 0).all(axis=1)
    return (
        np.where(inside, squares - (both * reads).sum(axis=1), least),
        np.where(inside, both[:, 0], code),
    )


def _best(
    law: _Law, l1: float, parents: Float[np.ndarray, " a"], children: Float[np.ndarray, " b"]
) -> tuple[float, float]:
    """Return the angles of the least loss; the second atom is the one nearer to c."""
    pairs = [(float(parent), float(child)) for parent in parents for child in children if parent <= child]
    return min(pairs, key=lambda pair: law.loss(l1, *pair)[0])
