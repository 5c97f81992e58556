"""The loss of codes and a decoder in exact arithmetic: E‖x − Σ a_j w_j − b‖² and E Σ a_j‖w_j‖."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb, fmpq

from proofs_checks._exact import Point, dot, minus, solve

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class Fit:
    """Points, their codes (d numbers a point), atoms and a bias, all rational.

    Examples
    --------
    >>> fit = Fit(((Fraction(3),),), ((Fraction(1),),), ((Fraction(2),),), (Fraction(0),))
    >>> fit.error(), fit.moment(0), fit.mean(0), fit.pull(0)
    (Fraction(1, 1), Fraction(1, 1), Fraction(1, 1), (Fraction(1, 1),))
    """

    points: tuple[Vector, ...]
    codes: tuple[Vector, ...]
    atoms: tuple[Vector, ...]
    b_dec: Vector

    def residuals(self) -> list[Vector]:
        """Return x − x̂ for each point."""
        return [
            tuple(
                u - dot(a, [w[i] for w in self.atoms]) - b
                for i, (u, b) in enumerate(zip(x, self.b_dec, strict=True))
            )
            for x, a in zip(self.points, self.codes, strict=True)
        ]

    def error(self) -> Fraction:
        """Return E‖x − x̂‖²."""
        return mean([dot(e, e) for e in self.residuals()])

    def column(self, j: int) -> list[Fraction]:
        """Return the activations of one atom."""
        return [a[j] for a in self.codes]

    def moment(self, j: int) -> Fraction:
        """Return s_j = E a_j²."""
        return mean([a * a for a in self.column(j)])

    def mean(self, j: int) -> Fraction:
        """Return A_j = E a_j."""
        return mean(self.column(j))

    def pull(self, j: int) -> Vector:
        """Return r_j = E a_j (x − x̂)."""
        residuals, column = self.residuals(), self.column(j)
        return tuple(
            mean([a * e[i] for a, e in zip(column, residuals, strict=True)]) for i in range(len(self.b_dec))
        )

    def with_atom(self, j: int, w: Point) -> "Fit":
        """Return the fit with another atom j, the codes being what they are."""
        atom = tuple(Fraction(v) for v in w)
        return replace(self, atoms=(*self.atoms[:j], atom, *self.atoms[j + 1 :]))


def mean(values: Sequence[Fraction]) -> Fraction:
    """Return the mean of rationals.

    Examples
    --------
    >>> mean([Fraction(1), Fraction(2)])
    Fraction(3, 2)
    """
    return sum(values, Fraction(0)) / len(values)


def ball(number: Fraction | int) -> arb:
    """Return the ball around a rational that the working precision gives."""
    exact = Fraction(number)
    return arb(fmpq(exact.numerator, exact.denominator))


def length(v: Point) -> arb:
    """Return ‖v‖, enclosed."""
    return ball(dot(v, v)).sqrt()


def rational_length(v: Point) -> Fraction:
    """Return ‖v‖ where it is rational.

    Raises
    ------
    ArithmeticError
        If it is not.

    Examples
    --------
    >>> rational_length((Fraction(3, 5), Fraction(4, 5)))
    Fraction(1, 1)
    """
    square = dot(v, v)
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    if root * root != square:
        raise ArithmeticError(f"{square} is no rational square")
    return root


def projected_error(targets: Sequence[Point], columns: Sequence[Sequence[Fraction]]) -> Fraction:
    """Return the mean squared distance of the targets' coordinates to the span of columns, by Gram–Schmidt.

    Examples
    --------
    >>> projected_error([[1], [3]], [[Fraction(1), Fraction(1)]])
    Fraction(1, 1)
    """
    coordinates = [[Fraction(t[i]) for t in targets] for i in range(len(targets[0]))]
    left = [without(u, columns) for u in coordinates]
    return sum((dot(u, u) for u in left), Fraction(0)) / len(targets)


def decoder_gain(fit: Fit, *, constant: bool = True) -> Fraction:
    """Return tr(RᵀG⁺R), from the normal equations of a largest independent set of columns.

    Examples
    --------
    >>> fit = Fit(((Fraction(3),),), ((Fraction(1),),), ((Fraction(2),),), (Fraction(0),))
    >>> decoder_gain(fit)
    Fraction(1, 1)
    """
    width, residuals = len(fit.atoms), fit.residuals()
    columns = [fit.column(j) for j in range(width)] + ([[Fraction(1)] * len(residuals)] if constant else [])
    independent: list[list[Fraction]] = []
    for column in columns:
        grown = [*independent, column]
        if solve([[dot(u, v) for v in grown] for u in grown], [0] * len(grown)) is not None:
            independent = grown
    total = Fraction(0)
    for i in range(len(fit.b_dec)):
        right = [mean([a * e[i] for a, e in zip(u, residuals, strict=True)]) for u in independent]
        gram = [[dot(u, v) / len(residuals) for v in independent] for u in independent]
        total += dot(solve(gram, right) or [], right)
    return total


def without(vector: Sequence[Fraction], columns: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """Return what a vector has beyond the span of columns, which need not be independent.

    Examples
    --------
    >>> without([Fraction(1), Fraction(3)], [[Fraction(1), Fraction(1)]])
    [Fraction(-1, 1), Fraction(1, 1)]
    """
    basis: list[list[Fraction]] = []
    for column in columns:
        rest = _beyond(column, basis)
        if any(rest):
            basis.append(rest)
    return _beyond(vector, basis)


def _beyond(vector: Sequence[Fraction], basis: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    rest = list(vector)
    for b in basis:
        share = dot(rest, b) / dot(b, b)
        rest = minus(rest, [share * x for x in b])
    return rest
