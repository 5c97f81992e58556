"""Records of unit separability (theory S3), checked in exact arithmetic without any solver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn

import numpy as np
from flint import fmpq
from jaxtyping import Float, Int

from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.exact import combination, nearest_float, rational
from geosae.geometry.separation._bounds import Affine, affine_from_floats, affine_from_rationals, least
from geosae.geometry.separation._cloud import Cloud, Frame, frame_of
from geosae.geometry.separation.certificate import (
    ForgedCertificate,
    Inseparable,
    RationalHyperplane,
    clouds_phrase,
    few_points_warning,
    refuse_truth_value,
    with_warning,
)
from geosae.notebook import Columns, html_table, short_repr


@dataclass(frozen=True)
class HullWitness:
    """Convex weights that place a point of B in Conv(A).

    Parameters
    ----------
    point
        Row of B.
    rows
        At most n+1 rows of A.
    weights
        Positive rationals that sum to 1 and give the point exactly.
    """

    point: int
    rows: tuple[int, ...]
    weights: tuple[Fraction, ...]

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class UnitSeparated:
    """Proof that no point of B lies in Conv(A): half-spaces that all hold A, and exclude every point of B.

    Parameters
    ----------
    halfspaces
        The unit: open half-spaces {⟨w_i, x⟩ + c_i > 0}, of which those in `rationals` are rounded: as floats
        they may not hold A or not exclude B.
    excluded_by
        For every row of B a half-space that excludes it.
    positives, negatives
        The clouds A and B, by reference.
    rationals
        Exact coefficients of those half-spaces that floats cannot express.
    """

    halfspaces: HalfSpaces
    excluded_by: Int[np.ndarray, " Nb"]
    positives: Cloud
    negatives: Cloud
    rationals: Mapping[int, RationalHyperplane] = field(default_factory=dict[int, RationalHyperplane])

    @property
    def separable(self) -> bool:
        """True: the unit fires on all of A and on nothing of B."""
        return True

    @property
    def vacuous(self) -> str | None:
        """The warning of S8 where this holds for free; None elsewhere."""
        return few_points_warning(self.positives, self.negatives)

    def __bool__(self) -> NoReturn:
        refuse_truth_value()

    def __repr__(self) -> str:
        many = _half_spaces(len(self.halfspaces))
        return with_warning(
            f"UnitSeparated: a unit of {many} holds "
            f"{clouds_phrase(self.positives, self.negatives, 'and none of')}; proved exactly"
            f"{_in_rationals_only(self.rationals)}",
            self.vacuous,
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the half-spaces as columns: number, offset c and how many points each excludes."""
        return unit_columns(self.halfspaces, self.excluded_by)

    def check(self) -> "UnitSeparated":
        """Prove in exact arithmetic that every half-space holds A and that every point of B is excluded.

        Raises
        ------
        ForgedCertificate
            If any of it is not so.
        """
        if len(self.excluded_by) != len(self.negatives.points) or np.any(self.excluded_by < 0):
            raise ForgedCertificate("not every point of B is said to be excluded")
        check_halfspaces(self.halfspaces, self.excluded_by, self.positives, self.negatives, self.rationals)
        return self


def _in_rationals_only(rationals: Mapping[int, RationalHyperplane]) -> str:
    """Say which half-spaces of a unit do as floats not what they do as rationals; nothing where all do."""
    if not rationals:
        return ""
    return f" in rationals only: rounded to floats, {_half_spaces(len(rationals))} of these may not hold it"


@dataclass(frozen=True, eq=False)
class UnitInseparable:
    """Proof that no unit separates A from B: all points of B in Conv(A), with weights.

    Parameters
    ----------
    inside
        Rows of B that lie in Conv(A): every one of them.
    witnesses
        Convex weights for each of them, in the same order.
    halfspaces, excluded_by
        Half-spaces that hold A and exclude every other point of B (−1 for the points inside): the best unit
        there is.
    """

    inside: Int[np.ndarray, " k"]
    witnesses: tuple[HullWitness, ...]
    halfspaces: HalfSpaces
    excluded_by: Int[np.ndarray, " Nb"]
    positives: Cloud
    negatives: Cloud
    rationals: Mapping[int, RationalHyperplane] = field(default_factory=dict[int, RationalHyperplane])

    @property
    def separable(self) -> bool:
        """False: no unit fires on all of A and on nothing of B."""
        return False

    @property
    def vacuous(self) -> str | None:
        """The warning of S8 where the number of points is too small to say much; None elsewhere."""
        return few_points_warning(self.positives, self.negatives)

    def __bool__(self) -> NoReturn:
        refuse_truth_value()

    def __repr__(self) -> str:
        return with_warning(
            f"UnitInseparable: no unit holds {clouds_phrase(self.positives, self.negatives, 'and none of')}; "
            f"{len(self.inside):,} of B lie in the hull of A, proved exactly, and "
            f"{_half_spaces(len(self.halfspaces))} exclude the others{_in_rationals_only(self.rationals)}",
            self.vacuous,
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the half-spaces as columns: number, offset c and how many points each excludes."""
        return unit_columns(self.halfspaces, self.excluded_by)

    def check(self) -> "UnitInseparable":
        """Verify in exact arithmetic every point inside and every point outside.

        Raises
        ------
        ForgedCertificate
            If any of it is not so.
        """
        if len(self.inside) == 0 or len(self.inside) != len(self.witnesses):
            raise ForgedCertificate("points inside and witnesses do not pair, or there are none")
        if len(self.excluded_by) != len(self.negatives.points):
            raise ForgedCertificate("excluded_by does not have a place for every point of B")
        if not np.array_equal(np.flatnonzero(self.excluded_by < 0), np.sort(self.inside)):
            raise ForgedCertificate("the points inside are not exactly those that no half-space excludes")
        for point, witness in zip(self.inside.tolist(), self.witnesses, strict=True):
            if witness.point != point:
                raise ForgedCertificate(f"the witness of point {point} speaks of point {witness.point}")
            check_witness(witness, self.positives, self.negatives)
        check_halfspaces(self.halfspaces, self.excluded_by, self.positives, self.negatives, self.rationals)
        return self


def unit_columns(halfspaces: HalfSpaces, excluded_by: Int[np.ndarray, " Nb"]) -> Columns:
    """Return the half-spaces of a unit as columns, with the number of points that are assigned to each."""
    assigned = excluded_by[excluded_by >= 0]
    return {
        "halfspace": np.arange(len(halfspaces)),
        "c": np.array(halfspaces.c, dtype=np.float64),
        "excludes": np.bincount(assigned, minlength=len(halfspaces)),
    }


def _half_spaces(count: int) -> str:
    return f"{count:,} half-space{'' if count == 1 else 's'}"


def check_witness(witness: HullWitness, positives: Cloud, negatives: Cloud) -> None:
    """Raise `ForgedCertificate` unless the weights are convex and give the point exactly."""
    rows = np.array(witness.rows, dtype=np.int64)
    if not 0 < len(rows) == len(witness.weights) or len(rows) > positives.dim + 1:
        raise ForgedCertificate(
            f"witness of point {witness.point}: rows and weights do not pair, or are too many"
        )
    if not (positives.holds(rows) and negatives.holds(np.array([witness.point]))):
        raise ForgedCertificate(f"witness of point {witness.point}: a row is not there")
    if any(v <= 0 for v in witness.weights) or sum(witness.weights, Fraction(0)) != 1:
        raise ForgedCertificate(f"witness of point {witness.point}: the weights are not convex")
    point = combination(positives.take(rows), [rational(v) for v in witness.weights])
    if point != [rational(float(v)) for v in negatives.take(np.array([witness.point]))[0]]:
        raise ForgedCertificate(f"witness of point {witness.point}: the combination is another point")


def check_conflict(rows: tuple[int, ...], proof: Inseparable, positives: Cloud, negatives: Cloud) -> None:
    """Raise `ForgedCertificate` unless no half-space that holds A excludes all these rows, as is proved."""
    proof.check()
    if proof.grade != "exact" or proof.positives.points is not positives.points:
        raise ForgedCertificate("a conflict is not proved for this A")
    indices = np.array(rows, dtype=np.int64)
    if not negatives.holds(indices) or not np.array_equal(proof.B, negatives.take(indices)):
        raise ForgedCertificate("a conflict speaks of other points than it says")


def check_halfspaces(
    halfspaces: HalfSpaces,
    excluded_by: Int[np.ndarray, " Nb"],
    positives: Cloud,
    negatives: Cloud,
    rationals: Mapping[int, RationalHyperplane],
) -> None:
    """Raise `ForgedCertificate` unless the half-spaces hold A and exclude what is assigned to them."""
    if np.any(excluded_by >= len(halfspaces)):
        raise ForgedCertificate("a point is said to be excluded by a half-space that is not there")
    frame = frame_of(positives, negatives)
    for i in range(len(halfspaces)):
        function = affine_of_halfspace(halfspaces.w[i], float(halfspaces.c[i]), rationals.get(i))
        if least(function, positives, frame).value <= 0:
            raise ForgedCertificate(f"half-space {i} does not hold all of A")
        rows = np.flatnonzero(excluded_by == i)
        if len(rows) and _greatest(function, negatives, rows, frame) > 0:
            raise ForgedCertificate(f"half-space {i} does not exclude a point that it is said to exclude")


def _greatest(function: Affine, cloud: Cloud, rows: Int[np.ndarray, " k"], frame: Frame) -> fmpq:
    """Return an upper bound, exact up to mass ties, of the function on these rows."""
    return -least(function.negated(), Cloud(cloud.take(rows)), frame).value


def affine_of_halfspace(w: Float[np.ndarray, " n"], c: float, exact: RationalHyperplane | None) -> Affine:
    """Return x ↦ ⟨w, x⟩ + c up to a positive factor, from the exact coefficients where there are some.

    Raises
    ------
    ForgedCertificate
        If w and c are not the exact coefficients, rounded.
    """
    if exact is None:
        return affine_from_floats(w, c)[0]
    normal = [rational(v) for v in exact.normal]
    if [nearest_float(v) for v in normal] != w.tolist() or nearest_float(rational(exact.offset)) != c:
        raise ForgedCertificate("rational coefficients do not round to those of the half-space")
    return affine_from_rationals(normal, rational(exact.offset))[0]
