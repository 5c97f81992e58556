"""Exact areas in the plane: convex polygons cut by half-planes, in rational arithmetic."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from proofs_checks._exact import Rational

Corner = tuple[Rational, Rational]
Line = tuple[Rational, Rational, Rational]


def area(corners: Sequence[Corner]) -> Fraction:
    """Return the area of a polygon whose corners are in counter-clockwise order (shoelace formula).

    Examples
    --------
    >>> area([(0, 0), (2, 0), (2, 1), (0, 1)])
    Fraction(2, 1)
    """
    after = [*corners[1:], *corners[:1]]
    twice = sum(
        (Fraction(a[0]) * b[1] - Fraction(a[1]) * b[0] for a, b in zip(corners, after, strict=True)),
        Fraction(0),
    )
    return twice / 2


def cut(corners: Sequence[Corner], line: Line) -> list[Corner]:
    """Keep the part of a convex polygon where a·x + b·y + c ≥ 0 (open or closed: the area is the same).

    Examples
    --------
    >>> area(cut([(0, 0), (2, 0), (2, 1), (0, 1)], (-2, 0, 3)))
    Fraction(3, 2)
    """
    a, b, c = line
    part: list[Corner] = []
    values = [Fraction(a) * x + Fraction(b) * y + c for x, y in corners]
    for i, (p, v) in enumerate(zip(corners, values, strict=True)):
        q, u = corners[i - 1], values[i - 1]
        if (u < 0 < v) or (v < 0 < u):
            t = u / (u - v)
            part.append((q[0] + t * (p[0] - q[0]), q[1] + t * (p[1] - q[1])))
        if v >= 0:
            part.append(p)
    return part


def cut_all(corners: Sequence[Corner], lines: Iterable[Line]) -> list[Corner]:
    """Keep the part of a convex polygon inside all the half-planes."""
    left = list(corners)
    for line in lines:
        left = cut(left, line)
    return left


def hull(points: Iterable[Corner]) -> list[Corner]:
    """Return the corners of the convex hull, counter-clockwise (monotone chain; collinear points dropped).

    Examples
    --------
    >>> hull([(0, 0), (1, 1), (2, 2), (2, 0), (1, 0)])
    [(0, 0), (2, 0), (2, 2)]
    """
    order = sorted(set(points))
    if len(order) < 3:
        return order
    return [*_half(order)[:-1], *_half(order[::-1])[:-1]]


def _half(order: Sequence[Corner]) -> list[Corner]:
    chain: list[Corner] = []
    for p in order:
        while len(chain) > 1 and turn(chain[-2], chain[-1], p) <= 0:
            chain.pop()
        chain.append(p)
    return chain


def turn(p: Corner, q: Corner, r: Corner) -> Rational:
    """Return twice the signed area of the triangle: positive when r lies to the left of p → q."""
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def facets(corners: Sequence[Corner]) -> list[Line]:
    """Return the half-planes of a convex polygon's edges, interior on the nonnegative side."""
    after = [*corners[1:], *corners[:1]]
    lines: list[Line] = []
    for p, q in zip(corners, after, strict=True):
        a, b = p[1] - q[1], q[0] - p[0]
        lines.append((a, b, -(a * p[0] + b * p[1])))
    return lines


def square(left: int, low: int, side: int) -> list[Corner]:
    """Return the corners of an axis-aligned square."""
    right, high = left + side, low + side
    return [(left, low), (right, low), (right, high), (left, high)]


def supporting(corners: Iterable[Corner], a: int, b: int, gap: Rational = 0) -> Line:
    """Return the half-plane a·x + b·y + c ≥ 0 that holds all the corners, `gap` looser than touching."""
    return (a, b, gap - min(a * x + b * y for x, y in corners))
