"""The loss of one unit atom in the plane, codes ≥ 0, by evaluation: at an angle, and at the best one (P7)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from proofs_checks._exact import Point
from proofs_checks._losses import ball

FAR = 1000
"""Biases are this far back along the atom, so that all codes are positive."""


@dataclass(frozen=True)
class Cloud:
    """Points of the plane with probabilities."""

    points: tuple[tuple[Fraction, Fraction], ...]
    weights: tuple[Fraction, ...]

    def mean(self, f: Callable[[tuple[Fraction, Fraction]], Fraction]) -> Fraction:
        """Return E f(x).

        Examples
        --------
        >>> Cloud(((Fraction(1), Fraction(3)),), (Fraction(1),)).mean(lambda x: x[0] * x[1])
        Fraction(3, 1)
        """
        return sum((p * f(x) for x, p in zip(self.points, self.weights, strict=True)), Fraction(0))


def exact_loss(cloud: Cloud, w: Point, price: Fraction = Fraction(0)) -> Fraction:
    """Return E ‖x − aw‖² + price·a for the best a ≥ 0, a unit w and no bias.

    Examples
    --------
    >>> exact_loss(Cloud(((Fraction(1), Fraction(-3)),), (Fraction(1),)), (0, 1))
    Fraction(10, 1)
    """

    def one(x: tuple[Fraction, Fraction]) -> Fraction:
        a = max(w[0] * x[0] + w[1] * x[1] - price / 2, Fraction(0))
        return (x[0] - a * w[0]) ** 2 + (x[1] - a * w[1]) ** 2 + price * a

    return cloud.mean(one)


def exact_line_loss(cloud: Cloud, w: Point) -> Fraction:
    """Return the least E ‖x − b − aw‖² over biases b and codes a ≥ 0, for a unit w: by three values of b.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> exact_line_loss(Cloud(((half, half), (half, -half)), (half, half)), (1, 0))
    Fraction(1, 4)
    """

    def at(offset: int) -> Fraction:
        b = (-offset * w[1] - FAR * w[0], offset * w[0] - FAR * w[1])
        moved = tuple((x - b[0], y - b[1]) for x, y in cloud.points)
        return exact_loss(Cloud(moved, cloud.weights), w)

    low, here, high = (at(o) for o in (-1, 0, 1))
    curve, slope = (high + low) / 2 - here, (high - low) / 2
    return here - slope * slope / (4 * curve)


def loss_at(cloud: Cloud, angle: arb, *, biased: bool, price: Fraction = Fraction(0)) -> arb:
    """Return the loss of the atom at an angle, enclosed; with a bias, of the best line in that direction.

    Across the line the loss is a parabola in the bias, which is read off three of its values.
    """
    c, s = angle.cos(), angle.sin()
    if not biased:
        return _evaluated(cloud, c, s, arb(0), arb(0), ball(price))
    low, here, high = (_evaluated(cloud, c, s, -s * o - c * FAR, c * o - s * FAR, arb(0)) for o in (-1, 0, 1))
    curve, slope = (high + low) / 2 - here, (high - low) / 2
    return here - slope * slope / (4 * curve)


def _evaluated(cloud: Cloud, c: arb, s: arb, b: arb, d: arb, price: arb) -> arb:
    total = arb(0)
    for (x, y), p in zip(cloud.points, cloud.weights, strict=True):
        u, v = ball(x) - b, ball(y) - d
        code = c * u + s * v - price / 2
        a = code if code.mid() > 0 else arb(0)
        left, right = u - a * c, v - a * s
        total += ball(p) * (left * left + right * right + price * a)
    return total


def best_angle(cloud: Cloud, *, biased: bool, price: Fraction = Fraction(0), rounds: int = 45) -> float:
    """Return the angle of least loss in (−π, π], by a grid and golden sections; with a bias in (−π/2, π/2].

    Examples
    --------
    >>> round(best_angle(Cloud(((Fraction(1), Fraction(1)),), (Fraction(1),)), biased=False), 8)
    0.78539816
    """
    count = 72
    grid = [2 * math.pi * k / count - math.pi / 2 for k in range(count // 2 if biased else count)]
    start = min(grid, key=lambda t: _rough_loss(cloud, t, biased=biased, price=float(price)))
    low, high = arb(start - 2 * math.pi / count), arb(start + 2 * math.pi / count)
    golden = (arb(5).sqrt() - 1) / 2

    def value(t: arb) -> arb:
        return loss_at(cloud, t, biased=biased, price=price).mid()

    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = value(left), value(right)
    for _ in range(rounds):
        if at_left < at_right:
            high, right, at_right = right.mid(), left, at_left
            left = (high - golden * (high - low)).mid()
            at_left = value(left)
        else:
            low, left, at_left = left.mid(), right, at_right
            right = (low + golden * (high - low)).mid()
            at_right = value(right)
    angle = float(((low + high) / 2).mid())
    if biased:
        return math.remainder(angle, math.pi)
    return math.remainder(angle, 2 * math.pi)


def _rough_loss(cloud: Cloud, angle: float, *, biased: bool, price: float) -> float:
    """Return the loss in floats: where the grid's best angle is, and no more, depends on it."""
    c, s = math.cos(angle), math.sin(angle)
    rows = [(float(x), float(y), float(p)) for (x, y), p in zip(cloud.points, cloud.weights, strict=True)]
    if biased:
        middle = sum(p * (c * y - s * x) for x, y, p in rows)
        return sum(p * (c * y - s * x - middle) ** 2 for x, y, p in rows)
    total = 0.0
    for x, y, p in rows:
        a = max(c * x + s * y - price / 2, 0.0)
        total += p * ((x - a * c) ** 2 + (y - a * s) ** 2 + price * a)
    return total


def boolean(p11: Fraction, p10: Fraction, p01: Fraction, second: Point = (0, 1)) -> Cloud:
    """Return x = z₁f₁ + z₂f₂ with f₁ = (1, 0) and these joint probabilities; f₂ is (0, 1) but in a control.

    Examples
    --------
    >>> boolean(Fraction(1, 2), Fraction(1, 4), Fraction(0)).mean(lambda x: x[0])
    Fraction(3, 4)
    """
    f = tuple(Fraction(v) for v in second)
    one, zero = Fraction(1), Fraction(0)
    points = ((one + f[0], f[1]), (one, zero), (f[0], f[1]), (zero, zero))
    return Cloud(points, (p11, p10, p01, 1 - p11 - p10 - p01))
