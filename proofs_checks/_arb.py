"""Real numbers in balls: what is read off them is a rational, and the ball's width is checked.

F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic (2017),
doi:10.1109/TC.2017.2690633.
"""

from fractions import Fraction

from flint import arb

# No ball is wider than this where nothing else is said.
ETA = 2.0**-200


def enclosed(ball: arb, width: float = ETA) -> Fraction:
    """Return the midpoint of a ball that is at most so wide, as a rational.

    Raises
    ------
    ArithmeticError
        If the ball is wider, so that eta would not cover it.
    """
    if not ball.rad() < arb(width):
        raise ArithmeticError(f"the ball {ball} is wider than {width:g}")
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
