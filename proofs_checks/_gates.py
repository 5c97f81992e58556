"""Relative gates in exact arithmetic: Top-K, BatchTopK, matching pursuit and sparsemax on rational input."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from proofs_checks._exact import Point, Rational, dot


@dataclass(frozen=True)
class Encoder:
    """Affine functions z_i = ⟨w_i, x⟩ + c_i with rational coefficients.

    Examples
    --------
    >>> Encoder(((1,), (-1,)), (0, 2)).z([3])
    [Fraction(3, 1), Fraction(-1, 1)]
    """

    w: tuple[tuple[Rational, ...], ...]
    c: tuple[Rational, ...]

    def z(self, x: Point) -> list[Fraction]:
        """Return the pre-activations at a point."""
        return [dot(w, x) + c for w, c in zip(self.w, self.c, strict=True)]


def largest(z: Sequence[Rational], K: int) -> frozenset[int]:
    """Return the K largest, the smaller index first on ties.

    Examples
    --------
    >>> sorted(largest([1, 3, 3], 2)), sorted(largest([1, 1, 3], 2))
    ([1, 2], [0, 2])
    """
    order = sorted(range(len(z)), key=lambda i: (-z[i], i))
    return frozenset(order[:K])


def fired(z: Sequence[Rational], K: int | None) -> frozenset[int]:
    """Return the neurons that fire: those with z > 0, among the K largest where K is given."""
    among = range(len(z)) if K is None else largest(z, K)
    return frozenset(i for i in among if z[i] > 0)


def codes(
    encoder: Encoder, points: Sequence[Point], K: int | None = None
) -> tuple[tuple[Fraction, ...], ...]:
    """Return the codes of points: max(z, 0), of the K largest where K is given.

    Examples
    --------
    >>> codes(Encoder(((1,), (-1,)), (0, 2)), [[3], [1]])
    ((Fraction(3, 1), Fraction(0, 1)), (Fraction(1, 1), Fraction(1, 1)))
    """
    rows: list[tuple[Fraction, ...]] = []
    for x in points:
        z = encoder.z(x)
        active = fired(z, K)
        rows.append(tuple(v if j in active else Fraction(0) for j, v in enumerate(z)))
    return tuple(rows)


def fired_in_batch(batch: Sequence[Sequence[Rational]], K: int) -> list[frozenset[int]]:
    """Return the neurons that fire at each point, among the K·B largest values of a batch (BatchTopK)."""
    values = [(-v, b, i) for b, z in enumerate(batch) for i, v in enumerate(z)]
    best = sorted(values)[: K * len(batch)]
    return [frozenset(i for v, b, i in best if b == row and v < 0) for row in range(len(batch))]


def pursued(x: Point, atoms: Sequence[Point], steps: int) -> frozenset[int]:
    """Return the atoms that matching pursuit takes: the best correlation with the rest, while positive.

    The atoms need rational norms only in so far as each step divides by ⟨w, w⟩; for atoms of norm one this
    is the gate of matching-pursuit SAEs.
    """
    rest = [Fraction(v) for v in x]
    support: set[int] = set()
    for _ in range(steps):
        z = [dot(w, rest) for w in atoms]
        best = min(range(len(z)), key=lambda i: (-z[i], i))
        if z[best] <= 0:
            break
        support.add(best)
        step = z[best] / dot(atoms[best], atoms[best])
        rest = [r - step * w for r, w in zip(rest, atoms[best], strict=True)]
    return frozenset(support)


def sparsemax_support(z: Sequence[Rational]) -> frozenset[int]:
    """Return the support of the projection of z on the simplex: the gate of SpaDE.

    Examples
    --------
    >>> sorted(sparsemax_support([-5, -5, -9]))
    [0, 1]
    """
    order = sorted(range(len(z)), key=lambda i: (-z[i], i))
    size, total = 0, Fraction(0)
    for k, i in enumerate(order, start=1):
        if 1 + k * z[i] > total + z[i]:
            size, total = k, total + z[i]
        else:
            break
    return frozenset(order[:size])
