"""Random codes and decoders as instances: small rationals, dead and doubled codes, all along one line."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from proofs_checks._exact import Point
from proofs_checks._losses import Fit, Vector

UNIT = (Fraction(3, 5), Fraction(4, 5))


def random_points(rng: np.random.Generator, count: int, dim: int, reach: int = 4) -> tuple[Vector, ...]:
    """Return points with halves of small integers as coordinates."""
    return tuple(
        tuple(Fraction(int(v), 2) for v in row) for row in rng.integers(-reach, reach + 1, (count, dim))
    )


def unit_vector(rng: np.random.Generator, dim: int) -> Vector:
    """Return a rational vector of length 1: a rational point of the hyperplane, projected on the sphere.

    Examples
    --------
    >>> u = unit_vector(np.random.default_rng(0), 3)
    >>> sum(x * x for x in u)
    Fraction(1, 1)
    """
    if dim == 1:
        return (Fraction(int(rng.choice([-1, 1]))),)
    v = [Fraction(int(x), int(rng.integers(1, 4))) for x in rng.integers(-3, 4, dim - 1)]
    square = sum((x * x for x in v), Fraction(0))
    return (*(2 * x / (square + 1) for x in v), (square - 1) / (square + 1))


def random_fit(rng: np.random.Generator, *, dim: int | None = None, width: int | None = None) -> Fit:
    """Return random codes and a random decoder; atom 0 fires on the first point."""
    n, d = dim or int(rng.integers(1, 4)), width or int(rng.integers(1, 4))
    count = int(rng.integers(1, 5))
    codes = rng.integers(0, 4, (count, d)) * (rng.random((count, d)) < 0.7)
    codes[0, 0] = max(1, codes[0, 0])
    if d > 1 and rng.random() < 0.2:
        codes[:, 1] = 2 * codes[:, 0]
    return Fit(
        random_points(rng, count, n),
        tuple(tuple(Fraction(int(a)) for a in row) for row in codes),
        random_points(rng, d, n),
        random_points(rng, 1, n)[0],
    )


def along_a_line(fit: Fit) -> Fit:
    """Return the fit with its numbers in R¹ laid along a rational unit vector of R²."""

    def laid(rows: tuple[Vector, ...]) -> tuple[Vector, ...]:
        return tuple(tuple(v * u for u in UNIT) for (v,) in rows)

    return Fit(laid(fit.points), fit.codes, laid(fit.atoms), laid((fit.b_dec,))[0])


def orthogonal(rng: np.random.Generator, w: Vector) -> Vector:
    """Return w turned by a rational angle in the first two coordinates, mirrored in the first."""
    t = Fraction(int(rng.integers(1, 9)), int(rng.integers(1, 9)))
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    if len(w) == 1:
        return (-w[0],)
    return (-cosine * w[0] + sine * w[1], sine * w[0] + cosine * w[1], *w[2:])


def shifted(fit: Fit, v: Point) -> Fit:
    """Return the fit with points x + a_0 v: r_0 becomes r_0 + s_0 v."""
    rows = zip(fit.points, fit.codes, strict=True)
    return replace(fit, points=tuple(tuple(x + a[0] * u for x, u in zip(p, v, strict=True)) for p, a in rows))


def with_residuals(fit: Fit, v: Point) -> Fit:
    """Return the fit with the points at which x − x̂ = a_0 v, which atom 0 alone can take away."""
    rows = zip(fit.points, fit.residuals(), strict=True)
    reached = tuple(tuple(x - e for x, e in zip(p, r, strict=True)) for p, r in rows)
    return shifted(replace(fit, points=reached), v)
