"""From a bounded combination to codes: lengths laid end to end on a line, and grids u + Z that hit them."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from flint import fmpq

from geosae.geometry.exact import rational
from geosae.geometry.superposition._dictionary import Question

Code = tuple[int, ...]


def split(
    features: Sequence[int], weights: Sequence[fmpq], shares: tuple[fmpq, fmpq]
) -> list[tuple[Code, Code, fmpq]]:
    """Write v as a convex combination of s⁺w − s⁻y, w and y of entries 0 and 1: their supports, the weights.

    The shares s⁺ and s⁻ are ρ for codes. With |v_j| ≤ ρ no feature is hit twice by a grid; with Σv⁺ ≤ ρk it
    hits at most k, and of v⁻ as many as that sum allows. There are at most as many grids as entries off 0 and
    ±ρ, and two more.

    Examples
    --------
    >>> split([0, 1, 2], [fmpq(1, 2), fmpq(1), fmpq(-1, 4)], (fmpq(1), fmpq(1)))
    [((0, 1), (2,), 1/4), ((0, 1), (), 1/4), ((1,), (), 1/2)]
    """
    sides = [
        _laid([(j, v * sign / share) for j, v in zip(features, weights, strict=True) if v * sign > 0])
        for sign, share in zip((1, -1), shares, strict=True)
    ]
    ends = {fmpq(0), fmpq(1)}
    for side in sides:
        for _, start, end in side:
            ends |= {start - start.floor(), end - end.floor()}
    marks = sorted(ends)
    return [(_hit(sides[0], u), _hit(sides[1], u), after - u) for u, after in pairwise(marks)]


def _laid(lengths: Sequence[tuple[int, fmpq]]) -> list[tuple[int, fmpq, fmpq]]:
    """Return each feature with the ends of its interval."""
    intervals: list[tuple[int, fmpq, fmpq]] = []
    end = fmpq(0)
    for j, length in lengths:
        start, end = end, end + length
        intervals.append((j, start, end))
    return intervals


def _hit(intervals: Sequence[tuple[int, fmpq, fmpq]], u: fmpq) -> Code:
    return tuple(sorted(j for j, start, end in intervals if u + (start - u).ceil() < end))


def codes_of(
    question: Question, features: Sequence[int], weights: Sequence[Fraction]
) -> tuple[dict[Code, fmpq], dict[Code, fmpq]]:
    """Return the codes with feature i and those without, each with its weight, that v is made of (S10)."""
    firing: dict[Code, fmpq] = {}
    silent: dict[Code, fmpq] = {}
    shares = question.shares(boxed=True)
    for on, off, weight in split(features, [rational(v) for v in weights], shares):
        with_feature = tuple(sorted((*off, question.feature)))
        silent[on] = silent.get(on, fmpq(0)) + weight
        firing[with_feature] = firing.get(with_feature, fmpq(0)) + weight
    return firing, silent
