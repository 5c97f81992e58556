"""The loss as a function of one atom, read off its values: a second way to what formulas say of it (O1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb

from proofs_checks._exact import Point, dot
from proofs_checks._gates import Encoder, codes
from proofs_checks._losses import Fit, Vector, ball, length, mean, rational_length


@dataclass(frozen=True)
class Shape:
    """The loss as const + ⟨slopes, w⟩ + radial·‖w‖ + quadratic·‖w‖² of atom 0, the codes kept."""

    const: Fraction
    slopes: Vector
    radial: Fraction
    quadratic: Fraction

    @property
    def steep(self) -> Fraction:
        """‖slopes‖²."""
        return dot(self.slopes, self.slopes)


def shape_of(fit: Fit, price: Fraction) -> Shape:
    """Return the shape of E‖x − x̂‖² + price·‖w_0‖, from its values at atoms of length 0, 1 and 2.

    Examples
    --------
    >>> fit = Fit(((Fraction(3),),), ((Fraction(1),),), ((Fraction(7),),), (Fraction(0),))
    >>> shape_of(fit, Fraction(5)) == Shape(Fraction(9), (Fraction(-6),), Fraction(5), Fraction(1))
    True
    """
    dim = len(fit.b_dec)

    def at(i: int, size: int) -> Fraction:
        return fit.with_atom(0, [size if k == i else 0 for k in range(dim)]).error() + price * abs(size)

    const = at(0, 0)
    slopes = tuple((at(i, 1) - at(i, -1)) / 2 for i in range(dim))
    once, twice = ((at(0, size) + at(0, -size)) / 2 - const for size in (1, 2))
    quadratic = (twice - 2 * once) / 2
    return Shape(const, slopes, once - quadratic, quadratic)


def least(shape: Shape, norm_squared: Fraction | None) -> arb:
    """Return the least loss over all atoms, or over those of a norm, enclosed.

    Examples
    --------
    >>> least(Shape(Fraction(9), (Fraction(-6),), Fraction(0), Fraction(1)), None)
    0
    """
    const = ball(shape.const)
    if norm_squared is not None:
        radial = (ball(shape.radial) - length(shape.slopes)) * ball(norm_squared).sqrt()
        return const + radial + ball(shape.quadratic * norm_squared)
    if shape.quadratic == 0 or shape.steep <= shape.radial**2:
        return const
    shrunk = length(shape.slopes) - ball(shape.radial)
    return const - shrunk * shrunk / ball(4 * shape.quadratic)


def is_least(fit: Fit, price: Fraction, *, on_sphere: bool) -> bool:
    """Tell in squares of rationals whether atom 0 attains the least loss; at a price its norm is rational.

    Examples
    --------
    >>> fit = Fit(((Fraction(3),),), ((Fraction(1),),), ((Fraction(2),),), (Fraction(0),))
    >>> is_least(fit, Fraction(2), on_sphere=False), is_least(fit, Fraction(0), on_sphere=False)
    (True, False)
    """
    shape, w = shape_of(fit, price), fit.atoms[0]
    above = fit.error() - shape.const + (price * rational_length(w) if price else 0)
    if on_sphere:
        # above = ⟨slopes, w⟩ + quadratic·‖w‖², which is least at −‖slopes‖‖w‖ + quadratic·‖w‖².
        linear = above - shape.quadratic * dot(w, w)
        return linear <= 0 and linear**2 == shape.steep * dot(w, w)
    if shape.quadratic == 0 or shape.steep <= shape.radial**2:
        return above == 0
    # (‖slopes‖ − radial)² = depth, that is ‖slopes‖² − radial² − depth = 2·radial·√depth.
    depth = -4 * shape.quadratic * above
    rest = shape.steep - shape.radial**2 - depth
    return depth >= 0 and rest >= 0 and rest**2 == 4 * shape.radial**2 * depth


def slope_in_scale(fit: Fit, encoder: Encoder, K: int | None, price: Fraction) -> Fraction:
    """Return d/dσ of E‖x − x̂‖² + price·E Σa at σ = 1, neuron 0 encoding σ times as much: from σ = ½, 1, 2.

    Examples
    --------
    >>> fit = Fit(((Fraction(1),),), (), ((Fraction(1),),), (Fraction(0),))
    >>> slope_in_scale(fit, Encoder(((3,),), (0,)), None, Fraction(1))
    Fraction(15, 1)
    """

    def loss(sigma: Fraction) -> Fraction:
        w, c = encoder.w, encoder.c
        scaled = Encoder((tuple(sigma * v for v in w[0]), *w[1:]), (sigma * c[0], *c[1:]))
        coded = replace(fit, codes=codes(scaled, fit.points, K))
        return coded.error() + price * sum(coded.mean(j) for j in range(len(fit.atoms)))

    low, here, high = (loss(sigma) for sigma in (Fraction(1, 2), Fraction(1), Fraction(2)))
    # It is a parabola: p(1) + b(σ−1) + c(σ−1)².
    curve = ((high - here) + 2 * (low - here)) * Fraction(2, 3)
    return (high - here) - curve


def tied_loss(points: Sequence[Point], w: Fraction, bias: Fraction) -> Fraction:
    """Return the error of one tied atom on the line: codes max(wx + bias, 0), reconstructions w times them.

    Examples
    --------
    >>> tied_loss([(Fraction(2),)], Fraction(1), Fraction(-1))
    Fraction(1, 1)
    """
    return mean([(x - w * max(w * x + bias, Fraction(0))) ** 2 for (x,) in points])


def tied_optimum(points: Sequence[Point], bias: Fraction) -> Fraction:
    """Return to 2⁻⁵⁰ the w of least tied loss on points ≥ 1 for a bias from −½ to 0, by its slope's sign.

    Examples
    --------
    >>> round(float(tied_optimum([(Fraction(1),), (Fraction(2),)], Fraction(-1, 2))), 4)
    1.1583
    """

    def slope(w: Fraction) -> Fraction:
        terms = [(w * (w * x + bias) - x) * (2 * w * x + bias) for (x,) in points]
        return sum(terms, Fraction(0))

    low, high = Fraction(1, 2), Fraction(2)
    for _ in range(52):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return low
