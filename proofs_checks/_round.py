"""Atoms on circles and spheres: how far any point is from the nearest ray, and what share a cap has (P8).

Angles on the circle are rational numbers of turns.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np
from flint import arb
from jaxtyping import Float

from proofs_checks._exact import Point, dot, nonnegative_solution, solve
from proofs_checks._losses import ball

Turns = tuple[Fraction, ...]


def error_at(distance: Fraction) -> arb:
    """Return the error of a unit vector so many turns from a ray: sin², from a quarter turn on 1.

    Examples
    --------
    >>> error_at(Fraction(1, 12)), error_at(Fraction(1, 3))
    ([0.25... +/- ...], 1.0...)
    """
    if 4 * distance >= 1:
        return arb(1)
    sine = ball(2 * distance).sin_pi()
    return sine * sine


def distance(atoms: Turns, point: Fraction) -> Fraction:
    """Return how many turns a point of the circle is from the nearest atom.

    Examples
    --------
    >>> distance((Fraction(0), Fraction(1, 4)), Fraction(7, 8))
    Fraction(1, 8)
    """
    return min(min((point - t) % 1, (t - point) % 1) for t in atoms)


def gaps(atoms: Turns) -> Iterator[tuple[Fraction, Fraction]]:
    """Yield where each gap between neighbouring atoms begins, and its length; one atom has one gap.

    Examples
    --------
    >>> list(gaps((Fraction(1, 2), Fraction(0))))
    [(Fraction(0, 1), Fraction(1, 2)), (Fraction(1, 2), Fraction(1, 2))]
    """
    ordered = sorted({t % 1 for t in atoms})
    for start, end in zip(ordered, (*ordered[1:], ordered[0] + 1), strict=True):
        yield start, end - start


def mean_error(atoms: Turns) -> arb:
    """Return the mean error over the circle: ∫ sin² up to a quarter turn, 1 beyond, on both sides of gaps.

    Examples
    --------
    >>> mean_error((Fraction(0),))
    0.75...
    """
    total = arb(0)
    for _, gap in gaps(atoms):
        near = min(gap / 2, Fraction(1, 4))
        # ∫₀^h sin²(2πt) dt = h/2 − sin(4πh)/8π, on each side.
        total += ball(near) - ball(4 * near).sin_pi() / (4 * arb.pi()) + ball(gap - 2 * near)
    return total


def surrounding(atoms: Sequence[Point]) -> bool:
    """Tell whether every direction has a positive product with some atom: their cone is the whole space."""
    dim = len(atoms[0])
    axes = [[s * (i == k) for i in range(dim)] for k in range(dim) for s in (1, -1)]
    return all(nonnegative_solution(atoms, axis) is not None for axis in axes)


def worst_error(atoms: Sequence[Point]) -> Fraction:
    """Return the greatest error on the sphere of atoms of one length that surround the origin.

    It is met at the normal u of a facet {⟨u, v⟩ = 1} of their hull, where the cosine is 1/(‖u‖‖v‖).

    Examples
    --------
    >>> worst_error([(1, 0), (-1, 0), (0, 1), (0, -1)])
    Fraction(1, 2)
    """
    dim, longest = len(atoms[0]), Fraction(0)
    for corner in combinations(atoms, dim):
        u = solve(corner, [1] * dim)
        if u is not None and all(dot(u, v) <= 1 for v in atoms):
            longest = max(longest, dot(u, u))
    return 1 - 1 / (longest * dot(atoms[0], atoms[0]))


def cap_share(r: int, angle: arb) -> arb:
    """Return the share of S^{r−1} within an angle of a point: ∫ sin^{r−2}, by parts, over its whole.

    Examples
    --------
    >>> cap_share(3, arb.pi() / 3)
    [0.25... +/- ...]
    """

    def integral(power: int, end: arb) -> arb:
        if power == 0:
            return end
        if power == 1:
            return 1 - end.cos()
        before = integral(power - 2, end)
        return ((power - 1) * before - end.sin() ** (power - 1) * end.cos()) / power

    return integral(r - 2, angle) / integral(r - 2, arb.pi())


def least_cover(angles: Float[np.ndarray, " N"], arcs: int) -> float:
    """Return nearly (from below) the least span of so many arcs, all alike, that hold all angles (radians).

    From each angle on, arcs are laid greedily; the span is halved between 0 and a full turn.

    Examples
    --------
    >>> round(least_cover(np.array([0.0, 0.1, 3.0, 3.2]), 2), 6)
    0.2
    """
    ordered = np.unique(np.mod(angles, 2 * math.pi))
    if arcs >= len(ordered):
        return 0.0
    low, high = 0.0, 2 * math.pi
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if _covered(ordered, arcs, middle) else (middle, high)
    return low


def _covered(ordered: Float[np.ndarray, " N"], arcs: int, span: float) -> bool:
    count = len(ordered)
    twice = np.concatenate([ordered, ordered + 2 * math.pi, [math.inf]])
    # The first angle that an arc from each one no longer holds.
    after = np.searchsorted(twice[: 2 * count], twice[: 2 * count] + span, side="right")
    at = np.arange(count)
    for _ in range(arcs):
        at = np.where(at < 2 * count, after[np.minimum(at, 2 * count - 1)], at)
    return bool((at >= np.arange(count) + count).any())
