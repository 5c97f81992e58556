"""Random codes and decoders as instances: small rationals, dead and doubled codes, all along one line."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from proofs_checks._exact import Point, dot, minus, solve
from proofs_checks._losses import Fit, Vector, without

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


def data_directions(rng: np.random.Generator, l1: Fraction, *, count: int, dim: int, longest: int = 8) -> Fit:
    """Return points at rational distances, an atom for each on its ray, and the codes of equality.

    The first point may lie at b_dec or within λ/2 of it; its atom may have a second one on the same ray.
    """
    b = random_points(rng, 1, dim)[0]
    units = [unit_vector(rng, dim) for _ in range(count)]
    sizes = [Fraction(int(v), 4) for v in rng.integers(0, longest + 1, count)]
    stretch = [Fraction(int(v), 2) for v in rng.integers(1, 5, count)]
    points = tuple(
        tuple(c + s * v for c, v in zip(b, u, strict=True)) for s, u in zip(sizes, units, strict=True)
    )
    atoms = tuple(tuple(t * v for v in u) for t, u in zip(stretch, units, strict=True))
    codes = [[Fraction(0)] * (count + 1) for _ in range(count)]
    for k, (size, t) in enumerate(zip(sizes, stretch, strict=True)):
        codes[k][k] = max(size - l1 / 2, Fraction(0)) / t
    # Half of the first code goes to an atom three times as long.
    codes[0][0], codes[0][count] = codes[0][0] / 2, codes[0][0] / 6
    again = tuple(3 * v for v in atoms[0])
    return Fit(points, tuple(map(tuple, codes)), (*atoms, again), b)


def on_rays(rng: np.random.Generator) -> Fit:
    """Return a random fit whose atoms have rational lengths."""
    fit = random_fit(rng)
    lengths = [Fraction(int(v), 2) for v in rng.integers(0, 5, len(fit.atoms))]
    units = [unit_vector(rng, len(fit.b_dec)) for _ in lengths]
    return replace(fit, atoms=tuple(tuple(s * v for v in u) for s, u in zip(lengths, units, strict=True)))


def least_squares(fit: Fit) -> Fit:
    """Return the fit with the decoder of least error for its codes, if there is only one."""
    gram = [[dot(fit.column(i), fit.column(j)) for j in range(len(fit.atoms))] for i in range(len(fit.atoms))]
    targets = [minus(x, fit.b_dec) for x in fit.points]
    atoms: list[list[Fraction]] = [[] for _ in fit.atoms]
    for k in range(len(fit.b_dec)):
        right = [dot(fit.column(j), [x[k] for x in targets]) for j in range(len(fit.atoms))]
        solution = solve(gram, right)
        if solution is None:
            return fit
        for w, v in zip(atoms, solution, strict=True):
            w.append(v)
    return replace(fit, atoms=tuple(map(tuple, atoms)))


def beside_the_atoms(rng: np.random.Generator) -> Fit:
    """Return residuals at right angles to all atoms, all codes and constants: nothing is left to gain."""
    d = int(rng.integers(1, 3))
    count = d + 2 + int(rng.integers(0, 2))
    atoms = tuple((*row, Fraction(0)) for row in random_points(rng, d, d))
    codes = tuple(tuple(Fraction(int(a)) for a in row) for row in rng.integers(0, 4, (count, d)))
    fit = Fit(((Fraction(0),) * (d + 1),) * count, codes, atoms, random_points(rng, 1, d + 1)[0])
    columns = [*(fit.column(j) for j in range(d)), [Fraction(1)] * count]
    across = without(tuple(Fraction(int(v)) for v in rng.integers(-4, 5, count)), columns)
    reached = [[b + dot(a, [w[k] for w in atoms]) for k, b in enumerate(fit.b_dec)] for a in codes]
    points = tuple((*x[:-1], x[-1] + s) for x, s in zip(reached, across, strict=True))
    return replace(fit, points=points)


def exactly(rng: np.random.Generator) -> Fit:
    """Return codes that reconstruct all points."""
    fit = random_fit(rng)
    rows = zip(fit.points, fit.residuals(), strict=True)
    return replace(fit, points=tuple(tuple(minus(x, e)) for x, e in rows))
