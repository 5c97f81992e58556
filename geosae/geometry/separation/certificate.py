"""Certificates of separability, checked in exact rational arithmetic without any solver (theory S1, S2).

A verdict is one of two records. `Separated` holds a hyperplane and, beside it, convex weights whose distance
bounds every margin from above (weak duality), so that "maximum margin" is a proved statement up to `eta`.
`Inseparable` holds a common point of the two hulls as convex combinations of at most n+2 points (Kirchberger,
doi:10.1007/BF01445182).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NoReturn

import numpy as np
from flint import fmpq
from jaxtyping import Float, Int

from geosae.geometry.arrangements.counting import vacuous
from geosae.geometry.exact import combination, nearest_float, rational, root_above, root_below, squared_norm
from geosae.geometry.separation._bounds import Affine, affine_from_floats, affine_from_rationals, least
from geosae.geometry.separation._cloud import Cloud, Frame, frame_of
from geosae.notebook import Columns, html_table, short_repr, short_text

Grade = Literal["exact", "certified"]


class ForgedCertificate(ValueError):  # noqa: N818
    """Raised when a certificate does not prove what it says.

    Examples
    --------
    >>> issubclass(ForgedCertificate, ValueError)
    True
    """


@dataclass(frozen=True)
class RationalHyperplane:
    """The hyperplane {⟨normal, x⟩ + offset = 0} with rational coefficients."""

    normal: tuple[Fraction, ...]
    offset: Fraction

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Separated:
    """Proof that Conv(A) and Conv(B) are disjoint: ⟨w, a⟩ + b > 0 on A and < 0 on B (theory S1, S2).

    Parameters
    ----------
    w, b
        The hyperplane in floats. They are themselves the proof when `rational` is None.
    margin
        A proved lower bound on the distance of every point from the hyperplane, tight up to rounding.
    margin_bound
        A proved upper bound on the margin of every hyperplane: half the distance of the two convex
        combinations below.
    support_a, support_b
        Rows of A and B that carry those combinations: the support sets of the maximum-margin hyperplane.
    weights_a, weights_b
        Their weights: positive rationals; each tuple sums to 1.
    grade
        Always "exact": the verdict is proved by signs in exact arithmetic.
    eta
        At most this much is missing to the maximum margin: margin_bound − margin, rounded up.
    positives, negatives
        The clouds A and B, by reference.
    rational
        The hyperplane in rationals where floats cannot express it (margins near the spacing of the floats).
    """

    w: Float[np.ndarray, " n"]
    b: float
    margin: float
    margin_bound: float
    support_a: Int[np.ndarray, " ka"]
    weights_a: tuple[Fraction, ...]
    support_b: Int[np.ndarray, " kb"]
    weights_b: tuple[Fraction, ...]
    grade: Grade
    eta: float
    positives: Cloud
    negatives: Cloud
    rational: RationalHyperplane | None = None

    @property
    def separable(self) -> bool:
        """True: a half-space holds A and no point of B."""
        return True

    @property
    def A(self) -> Float[np.ndarray, "Na n"]:  # noqa: N802
        """The points A."""
        return self.positives.array()

    @property
    def B(self) -> Float[np.ndarray, "Nb n"]:  # noqa: N802
        """The points B."""
        return self.negatives.array()

    @property
    def vacuous(self) -> str | None:
        """The warning of S8 where separability of so few points says little; None elsewhere."""
        return few_points_warning(self.positives, self.negatives)

    def __bool__(self) -> NoReturn:
        refuse_truth_value()

    def __repr__(self) -> str:
        clouds = clouds_phrase(self.positives, self.negatives, "and none of")
        return with_warning(
            f"Separated: one half-space holds {clouds}; "
            f"margin {self.margin:.6g}, at most {self.eta:.2g} below the greatest there is; proved exactly",
            self.vacuous,
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the supporting points as columns: their cloud, row and weight."""
        return combination_columns(self.support_a, self.weights_a, self.support_b, self.weights_b)

    def check(self) -> "Separated":
        """Prove every statement of the record again in exact arithmetic and return the record.

        Raises
        ------
        ForgedCertificate
            If any of them is not proved.
        """
        _check_separated(self)
        return self


@dataclass(frozen=True, eq=False)
class Inseparable:
    """Proof that Conv(A) and Conv(B) meet, by at most n+2 points (theory S2).

    Parameters
    ----------
    points_a, points_b
        Row numbers in A and B.
    weights_a, weights_b
        Positive rationals; each tuple sums to 1.
    grade
        "exact": Σ weights_a·A = Σ weights_b·B holds exactly. "certified": the two sums differ, and half their
        distance, a bound on every margin, is at most `eta` (used where the exact step would be too large).
    eta
        The bound on the margin; 0.0 for the exact grade.
    positives, negatives
        The clouds A and B, by reference.
    """

    points_a: Int[np.ndarray, " ka"]
    weights_a: tuple[Fraction, ...]
    points_b: Int[np.ndarray, " kb"]
    weights_b: tuple[Fraction, ...]
    grade: Grade
    eta: float
    positives: Cloud
    negatives: Cloud

    @property
    def separable(self) -> bool:
        """False: no half-space holds A and no point of B (grade certified: none with margin > eta)."""
        return False

    @property
    def A(self) -> Float[np.ndarray, "Na n"]:  # noqa: N802
        """The points A."""
        return self.positives.array()

    @property
    def B(self) -> Float[np.ndarray, "Nb n"]:  # noqa: N802
        """The points B."""
        return self.negatives.array()

    @property
    def vacuous(self) -> str | None:
        """The warning of S8 where the number of points is too small to say much; None elsewhere."""
        return few_points_warning(self.positives, self.negatives)

    def common_point(self) -> tuple[Fraction, ...]:
        """Return the point Σ weights_a·A, exactly; for the exact grade it lies in both hulls."""
        point = combination(self.positives.take(self.points_a), [rational(v) for v in self.weights_a])
        return tuple(Fraction(int(v.p), int(v.q)) for v in point)

    def __bool__(self) -> NoReturn:
        refuse_truth_value()

    def __repr__(self) -> str:
        if self.grade == "exact":
            proof = "a point in both hulls is proved exactly"
        else:
            proof = f"no margin above {self.eta:.2g} is possible (certified)"
        clouds = clouds_phrase(self.positives, self.negatives, "and none of")
        return with_warning(
            f"Inseparable: no half-space holds {clouds}; "
            f"{proof}, by {len(self.points_a) + len(self.points_b)} of the points",
            self.vacuous,
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the points of the two convex combinations as columns: their cloud, row and weight."""
        return combination_columns(self.points_a, self.weights_a, self.points_b, self.weights_b)

    def check(self) -> "Inseparable":
        """Verify the combinations in exact arithmetic and return the record.

        Raises
        ------
        ForgedCertificate
            If the weights are not convex, the points are not there or too many, or the sums differ by more
            than is said.
        """
        _check_inseparable(self)
        return self


def clouds_phrase(positives: Cloud, negatives: Cloud, between: str) -> str:
    """Return how sentences on a verdict call the two clouds.

    Examples
    --------
    >>> clouds_phrase(Cloud(np.zeros((2, 3))), Cloud(np.zeros((1000, 3))), "and none of")
    'the 2 points of A and none of the 1,000 of B (n = 3)'
    """
    points = f"{len(positives):,} point{'' if len(positives) == 1 else 's'}"
    return f"the {points} of A {between} the {len(negatives):,} of B (n = {positives.dim})"


def with_warning(sentence: str, warning: str | None) -> str:
    """Return the sentence, followed by the warning of S8 where there is one."""
    return short_text(sentence if warning is None else f"{sentence}. {warning}")


def combination_columns(
    rows_a: Int[np.ndarray, " ka"],
    weights_a: Sequence[Fraction],
    rows_b: Int[np.ndarray, " kb"],
    weights_b: Sequence[Fraction],
) -> Columns:
    """Return two convex combinations as columns; the weights are rounded to floats."""
    return {
        "cloud": ["A"] * len(rows_a) + ["B"] * len(rows_b),
        "row": np.concatenate([rows_a, rows_b]).astype(np.int64),
        "weight": np.array([float(v) for v in (*weights_a, *weights_b)], dtype=np.float64),
    }


def gap_bound(
    positives: Cloud,
    negatives: Cloud,
    support_a: Int[np.ndarray, " ka"],
    weights_a: Sequence[fmpq],
    support_b: Int[np.ndarray, " kb"],
    weights_b: Sequence[fmpq],
) -> float:
    """Return half the distance of the two combinations, rounded up: no margin is larger (weak duality)."""
    a = combination(positives.take(support_a), weights_a)
    b = combination(negatives.take(support_b), weights_b)
    return root_above(squared_norm([x - y for x, y in zip(a, b, strict=True)]) / 4)


def convex(weights: Float[np.ndarray, " k"]) -> list[fmpq]:
    """Return non-negative floats divided by their sum, exactly."""
    exact = [rational(float(v)) for v in weights]
    total = sum(exact, fmpq(0))
    return [v / total for v in exact]


def gaps(function: Affine, positives: Cloud, negatives: Cloud, frame: Frame) -> tuple[fmpq, fmpq]:
    """Return lower bounds (exact up to mass ties) of the function on A and of minus the function on B."""
    return least(function, positives, frame).value, least(function.negated(), negatives, frame).value


def proved_margin(function: Affine, positives: Cloud, negatives: Cloud, frame: Frame) -> float:
    """Return the distance of the nearest point, rounded down; raise unless all signs hold."""
    low = min(gaps(function, positives, negatives, frame))
    if low <= 0:
        raise ForgedCertificate("the hyperplane does not have A strictly on one side and B on the other")
    return root_below(low * low / fmpq(function.squared_norm()))


def _check_separated(record: Separated) -> None:
    positives, negatives = record.positives, record.negatives
    _same_space(positives, negatives)
    w = np.asarray(record.w)
    _require(w.shape == (positives.dim,), f"the normal has shape {w.shape}")
    _require(bool(np.isfinite(w).all()) and math.isfinite(record.b), "the hyperplane is not finite")
    _require(record.grade == "exact", "a separating hyperplane is exact or it is nothing")
    if record.rational is None:
        function, _ = affine_from_floats(w, record.b)
    else:
        exact = [rational(v) for v in record.rational.normal]
        offset = rational(record.rational.offset)
        _require(len(exact) == len(w), "the rational normal has another length")
        _require([nearest_float(v) for v in exact] == w.tolist(), "w is not the rounded rational normal")
        _require(nearest_float(offset) == record.b, "b is not the rounded rational offset")
        function, _ = affine_from_rationals(exact, offset)
    _require(any(function.normal), "the normal is zero")
    margin = proved_margin(function, positives, negatives, frame_of(positives, negatives))
    _require(0 <= record.margin <= margin, f"margin {record.margin!r} is claimed and {margin!r} proved")
    exact_a = _convex_weights(record.support_a, record.weights_a, positives, "A")
    exact_b = _convex_weights(record.support_b, record.weights_b, negatives, "B")
    bound = gap_bound(positives, negatives, record.support_a, exact_a, record.support_b, exact_b)
    _require(
        bound <= record.margin_bound, f"margin_bound {record.margin_bound!r} is below the proved {bound!r}"
    )
    missing = rational_difference(record.margin_bound, record.margin)
    _require(missing <= record.eta, "eta is less than what the margin may lack")


def rational_difference(high: float, low: float) -> float:
    """Return high − low rounded up (inf for an infinite `high`)."""
    if math.isinf(high):
        return math.inf
    exact = Fraction(high) - Fraction(low)
    rounded = float(exact)
    return rounded if Fraction(rounded) >= exact else math.nextafter(rounded, math.inf)


def _convex_weights(rows: Any, weights: tuple[Any, ...], cloud: Cloud, name: str) -> list[fmpq]:
    """Return the weights for exact arithmetic, once they are found convex and their points there."""
    _require(len(rows) == len(weights) > 0, f"rows and weights of {name} do not pair")
    _require(cloud.holds(rows), f"a row is not a point of {name}")
    _require(all(isinstance(v, Fraction) and v > 0 for v in weights), f"a weight of {name} is not > 0")
    _require(sum(weights, Fraction(0)) == 1, f"the weights of {name} do not sum to 1")
    return [rational(v) for v in weights]


def _check_inseparable(record: Inseparable) -> None:
    positives, negatives = record.positives, record.negatives
    _same_space(positives, negatives)
    sums: list[list[fmpq]] = []
    for rows, weights, cloud, name in (
        (record.points_a, record.weights_a, positives, "A"),
        (record.points_b, record.weights_b, negatives, "B"),
    ):
        exact = _convex_weights(rows, weights, cloud, name)
        sums.append(combination(cloud.take(rows), exact))
    _require(
        len(record.points_a) + len(record.points_b) <= positives.dim + 2, "more than n+2 points are given"
    )
    difference = squared_norm([x - y for x, y in zip(*sums, strict=True)])
    if record.grade == "exact":
        _require(record.eta == 0.0 and difference == 0, "the two convex combinations differ")
    else:
        _require(record.grade == "certified", f"unknown grade {record.grade!r}")
        _require(math.isfinite(record.eta), "eta is not finite")
        _require(difference <= 4 * rational(record.eta) * rational(record.eta), "half the gap exceeds eta")


def _same_space(positives: Cloud, negatives: Cloud) -> None:
    _require(positives.dim == negatives.dim, "A and B have different dimensions")
    _require(len(positives) > 0 and len(negatives) > 0, "a cloud is empty")


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ForgedCertificate(complaint)


def few_points_warning(positives: Cloud, negatives: Cloud) -> str | None:
    """Return the warning of S8 where there are too few points for separability to say much, else None."""
    return vacuous(len(positives) + len(negatives), positives.dim)


def refuse_truth_value(record: str = "a verdict", fields: str = ".separable") -> NoReturn:
    """Raise the TypeError of a record that is used as a truth value; it names what to ask for instead."""
    raise TypeError(f"{record} is a record, not a truth value; ask for {fields}, and .check() it")
