"""From a guess to a proof: the record of a hyperplane or of a common point, every bound rigorous."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq
from jaxtyping import Float, Int

from geosae.geometry.exact import (
    combination,
    fraction,
    nearest_float,
    power_of_two,
    rational,
    root_above,
    root_below,
    squared_norm,
)
from geosae.geometry.separation._bounds import Affine, affine_from_floats, affine_from_rationals, least
from geosae.geometry.separation._cloud import Cloud, Frame
from geosae.geometry.separation._nearest_exact import ExactNearest
from geosae.geometry.separation._working_set import WorkingSet
from geosae.geometry.separation.certificate import (
    Inseparable,
    RationalHyperplane,
    Separated,
    convex,
    gap_bound,
    rational_difference,
)


@dataclass(frozen=True, eq=False)
class _Support:
    """Rows and convex weights of the two combinations."""

    rows_a: Int[np.ndarray, " ka"]
    weights_a: list[fmpq]
    rows_b: Int[np.ndarray, " kb"]
    weights_b: list[fmpq]


@dataclass(frozen=True, eq=False)
class _Plane:
    """A hyperplane that separates, in floats, and in rationals where those are needed; its margin."""

    w: Float[np.ndarray, " n"]
    b: float
    margin: float
    rational: RationalHyperplane | None


def separated(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    guess: WorkingSet | ExactNearest,
    metric: Float[np.ndarray, " n"] | None,
) -> Separated | None:
    """Return the record of the guessed direction if it separates (proved), None if it does not."""
    if isinstance(guess, WorkingSet):
        assert metric is not None
        plane = _float_plane(positives, negatives, frame, guess.difference * metric)
    else:
        plane = _rational_plane(positives, negatives, frame, guess)
    if plane is None:
        return None
    support = _support_of_floats(guess) if isinstance(guess, WorkingSet) else _support_of_exact(guess)
    bound = gap_bound(
        positives, negatives, support.rows_a, support.weights_a, support.rows_b, support.weights_b
    )
    return Separated(
        w=plane.w,
        b=plane.b,
        margin=plane.margin,
        margin_bound=bound,
        support_a=support.rows_a,
        weights_a=tuple(fraction(v) for v in support.weights_a),
        support_b=support.rows_b,
        weights_b=tuple(fraction(v) for v in support.weights_b),
        grade="exact",
        eta=rational_difference(bound, plane.margin),
        positives=positives,
        negatives=negatives,
        rational=plane.rational,
    )


def inseparable(positives: Cloud, negatives: Cloud, guess: WorkingSet | ExactNearest) -> Inseparable:
    """Return the record of a common point, or of combinations whose distance bounds every margin."""
    if isinstance(guess, ExactNearest):
        support, difference = _support_of_exact(guess), list(guess.difference)
    else:
        support = _support_of_floats(guess)
        a = combination(positives.take(support.rows_a), support.weights_a)
        b = combination(negatives.take(support.rows_b), support.weights_b)
        difference = [x - y for x, y in zip(a, b, strict=True)]
    eta = root_above(squared_norm(difference) / 4)
    return Inseparable(
        points_a=support.rows_a,
        weights_a=tuple(fraction(v) for v in support.weights_a),
        points_b=support.rows_b,
        weights_b=tuple(fraction(v) for v in support.weights_b),
        grade="exact" if eta == 0.0 else "certified",
        eta=eta,
        positives=positives,
        negatives=negatives,
    )


def _support_of_floats(guess: WorkingSet) -> _Support:
    keep = guess.weights > 0
    places = guess.support[keep]
    weights, side, rows = guess.weights[keep], guess.side[places], guess.rows[places]
    return _Support(rows[side], convex(weights[side]), rows[~side], convex(weights[~side]))


def _support_of_exact(guess: ExactNearest) -> _Support:
    pairs = list(zip(guess.rows, guess.weights, strict=True))
    rows_a = np.array([row for (side, row), _ in pairs if side], dtype=np.int64)
    rows_b = np.array([row for (side, row), _ in pairs if not side], dtype=np.int64)
    weights_a = [v for (side, _), v in pairs if side]
    return _Support(rows_a, weights_a, rows_b, [v for (side, _), v in pairs if not side])


def _float_plane(
    positives: Cloud, negatives: Cloud, frame: Frame, direction: Float[np.ndarray, " n"]
) -> _Plane | None:
    """Return the hyperplane midway between the clouds along this direction, if it separates."""
    largest = float(np.abs(direction).max())
    if largest == 0.0 or not math.isfinite(largest):
        return None
    w = direction / largest
    w = w / np.linalg.norm(w)
    # Where the data are at the edge of the floats' range, a normal of about their inverse size keeps b in
    # range.
    if frame.scale != 1.0:
        w = w * frame.scale
    if not w.any():
        return None
    function, unit = affine_from_floats(w)
    low_a = least(function, positives, frame).value
    low_b = least(function.negated(), negatives, frame).value
    if low_a + low_b <= 0:
        return None
    best = (low_a + low_b) / 2
    middle = (low_b - low_a) / 2
    norm = fmpq(function.squared_norm())
    b = nearest_float(middle * unit)
    if math.isfinite(b):
        offset = rational(b) / unit
        room = min(low_a + offset, low_b - offset)
        if room > 0 and room >= best * rational(1 - 2.0**-30):
            return _Plane(w, b, root_below(room * room / norm), None)
    exact = RationalHyperplane(tuple(Fraction(float(v)) for v in w), fraction(middle * unit))
    return _finite(_Plane(w, nearest_float(middle * unit), root_below(best * best / norm), exact))


def _rational_plane(positives: Cloud, negatives: Cloud, frame: Frame, guess: ExactNearest) -> _Plane | None:
    """Return the hyperplane of an exact direction, rounded to floats where nothing is lost by that."""
    function, _ = affine_from_rationals(guess.normal, fmpq(0))
    low_a = least(function, positives, frame).value
    low_b = least(function.negated(), negatives, frame).value
    if low_a + low_b <= 0:
        return None
    best = (low_a + low_b) / 2
    norm = fmpq(function.squared_norm())
    margin = root_below(best * best / norm)
    unit = _tidy_unit(function, frame)
    normal = [fmpq(v) * unit for v in function.normal]
    floats = np.array([nearest_float(v) for v in normal])
    rounded = _float_plane(positives, negatives, frame, floats / (frame.scale if frame.scale != 1.0 else 1.0))
    if rounded is not None and rounded.margin >= margin * (1 - 2.0**-40):
        return rounded
    offset = (low_b - low_a) / 2 * unit
    exact = RationalHyperplane(tuple(fraction(v) for v in normal), fraction(offset))
    return _finite(_Plane(floats, nearest_float(offset), margin, exact))


def _tidy_unit(function: Affine, frame: Frame) -> fmpq:
    """Return a power of two that brings the normal to about length 1 (times the frame's scale)."""
    bits = max(abs(v).bit_length() for v in function.normal)
    return power_of_two(-bits) * rational(frame.scale)


def _finite(plane: _Plane) -> _Plane:
    """Bring a hyperplane whose rounded offset overflows into the range of the floats, by a power of two."""
    if plane.rational is None or math.isfinite(plane.b):
        return plane
    shrink = Fraction(1, 2**64)
    normal = tuple(v * shrink for v in plane.rational.normal)
    offset = plane.rational.offset * shrink
    w = np.array([float(v) for v in normal])
    return _Plane(w, float(offset), plane.margin, RationalHyperplane(normal, offset))
