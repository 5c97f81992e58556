"""The linear separability measure: how far A is from being separable by one neuron (theory S9).

The measure is LSM(A) = min over half-spaces that hold A of #(points of B inside) / |A| (arXiv 2606.08721). It
is NP-hard in general, so the answer is an interval. Disjoint sets of points of B, each of which no half-space
that holds A excludes as a whole, bound it from below: every half-space keeps a point of each. A proved
half-space bounds it from above.
"""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from jaxtyping import Float, Int

from geosae.geometry._program import linear_program
from geosae.geometry.exact import nearest_float, rational
from geosae.geometry.separation._bounds import (
    affine_from_floats,
    least,
    rigorous_values,
)
from geosae.geometry.separation._cloud import Cloud, Frame, as_cloud, frame_of
from geosae.geometry.separation._excludable import Groups, Rows
from geosae.geometry.separation.certificate import (
    ForgedCertificate,
    Inseparable,
    RationalHyperplane,
    Separated,
    clouds_phrase,
    refuse_truth_value,
)
from geosae.geometry.separation.separate_unit import separate_unit
from geosae.geometry.separation.unit_certificate import (
    HullWitness,
    UnitInseparable,
    affine_of_halfspace,
    check_conflict,
    check_witness,
)
from geosae.notebook import html_table
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL

MOST_ENTRIES = 1_000_000


@dataclass(frozen=True, eq=False)
class Separability:
    """A certified interval for the linear separability measure LSM of A against B (theory S9).

    Parameters
    ----------
    low, high
        low ≤ LSM ≤ high; LSM = 0 iff one half-space separates.
    kept_low, kept_high
        The same as counts: least number of points of B in a half-space that holds A.
    w, c, rational
        The half-space {⟨w, x⟩ + c > 0} that attains `kept_high` (exact coefficients where floats do not do).
    inside
        Points of B in Conv(A), which every such half-space keeps.
    conflicts
        Disjoint sets of other points of B of which every such half-space keeps at least one, each with its
        proof.
    """

    low: float
    high: float
    kept_low: int
    kept_high: int
    w: Float[np.ndarray, " n"]
    c: float
    inside: tuple[HullWitness, ...]
    conflicts: tuple[tuple[Rows, Inseparable], ...]
    positives: Cloud
    negatives: Cloud
    rational: RationalHyperplane | None = None

    @property
    def exact(self) -> bool:
        """True where the two bounds meet."""
        return self.kept_low == self.kept_high

    def __bool__(self) -> NoReturn:
        refuse_truth_value("an interval", ".low and .high")

    def __repr__(self) -> str:
        measure = f"= {self.low:.6g}" if self.exact else f"in [{self.low:.6g}, {self.high:.6g}]"
        kept = f"{self.kept_low:,}" if self.exact else f"{self.kept_low:,} to {self.kept_high:,}"
        clouds = clouds_phrase(self.positives, self.negatives, f"keeps {kept} of")
        return f"Separability: LSM {measure}, proved; at best, a half-space that holds {clouds}"

    def _repr_html_(self) -> str:
        return html_table(repr(self))

    def check(self) -> "Separability":
        """Prove both bounds in exact arithmetic and return the record.

        Raises
        ------
        ForgedCertificate
            If either is not proved.
        """
        size = len(self.positives)
        if (self.low, self.high) != (self.kept_low / size, self.kept_high / size):
            raise ForgedCertificate("shares and counts do not agree")
        alarms = _alarms(self.positives, self.negatives, self.w, self.c, self.rational)
        if alarms is None or alarms > self.kept_high:
            raise ForgedCertificate("the half-space does not hold A, or keeps more points of B than is said")
        self._check_lower()
        return self

    def _check_lower(self) -> None:
        used: list[int] = [witness.point for witness in self.inside]
        for witness in self.inside:
            check_witness(witness, self.positives, self.negatives)
        for rows, proof in self.conflicts:
            check_conflict(rows, proof, self.positives, self.negatives)
            used.extend(rows)
        if len(set(used)) != len(used):
            raise ForgedCertificate("the conflicts are not disjoint")
        if self.kept_low > len(self.inside) + len(self.conflicts):
            raise ForgedCertificate("the lower bound exceeds the number of conflicts")


@checked_arguments(rounds=NATURAL)
def separability_measure(
    A: Float[np.ndarray, "Na n"], B: Float[np.ndarray, "Nb n"], *, rounds: int = 200
) -> Separability:
    """Bound the linear separability measure LSM of A against B from both sides, with proofs (theory S9).

    Parameters
    ----------
    A, B
        Points, one per row.
    rounds
        At most that many disjoint conflicts are looked for, and half-spaces tried.

    Returns
    -------
    Separability
        A certified interval; zero at both ends iff one half-space separates.

    Raises
    ------
    InvalidInput
        If the clouds are empty, not finite, or of different dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> A, B = np.array([[0.0], [1.0]]), np.array([[0.5], [2.0], [-3.0], [-4.0]])
    >>> measure = separability_measure(A, B).check()
    >>> measure.kept_low, measure.kept_high, measure.low
    (2, 2, 1.0)
    """
    unit = separate_unit(A, B)
    positives, negatives = as_cloud(A, "points A"), as_cloud(B, "points B")
    groups = Groups(positives, negatives, frame_of(positives, negatives))
    inside = unit.witnesses if isinstance(unit, UnitInseparable) else ()
    outside = np.setdiff1d(negatives.rows(), np.array([w.point for w in inside], dtype=np.int64))
    conflicts, free = _disjoint_conflicts(groups, outside, rounds)
    search = _BestHalfspace(groups, outside)
    for w in unit.halfspaces.w[:rounds]:
        search.offer(w)
    search.improve(free, rounds)
    kept_low = len(inside) + len(conflicts)
    return search.answer(kept_low, inside, tuple((rows, groups.conflicts[rows]) for rows in conflicts))


def _disjoint_conflicts(
    groups: Groups, outside: Int[np.ndarray, " k"], rounds: int
) -> tuple[list[Rows], Int[np.ndarray, " j"]]:
    """Take conflicts out of the points, one after the other, until the rest fits one half-space."""
    conflicts: list[Rows] = []
    while len(outside) and len(conflicts) < rounds:
        verdict = groups.decide(tuple(outside.tolist()))
        if isinstance(verdict, Separated):
            break
        conflicts.append(groups.core(verdict))
        outside = np.setdiff1d(outside, np.array(conflicts[-1], dtype=np.int64))
    return conflicts, outside


class _BestHalfspace:
    """The half-space that holds A and keeps fewest points of B, of those offered."""

    def __init__(self, groups: Groups, outside: Int[np.ndarray, " k"]) -> None:
        self.groups, self.outside = groups, outside
        self.alarms = len(groups.negatives) + 1
        self.w = np.zeros(groups.positives.dim)
        self.c = 1.0
        self.rational: RationalHyperplane | None = None

    def offer(self, w: Float[np.ndarray, " n"]) -> None:
        """Try a normal, with the offset that excludes most."""
        c = _tightest(self.groups.positives, self.groups.frame, w)
        self._offer(w, c, None)

    def _offer(self, w: Float[np.ndarray, " n"], c: float, exact: RationalHyperplane | None) -> None:
        alarms = _alarms(self.groups.positives, self.groups.negatives, w, c, exact)
        if alarms is not None and alarms < self.alarms:
            self.alarms, self.w, self.c, self.rational = alarms, w, c, exact

    def improve(self, free: Int[np.ndarray, " j"], rounds: int) -> None:
        """Offer hyperplanes of points that fit together, of groups grown from them, of the hinge loss."""
        if len(free) and len(free) <= len(self.outside):
            rows = tuple(free.tolist())
            if self.groups.fits(rows):
                self._offer_group(rows)
                if len(self.outside) <= 2000:
                    self._offer_group(self.groups.grow(rows, self.outside, min(rounds, 40)))
        hinge = _hinge(self.groups, self.outside)
        if hinge is not None:
            self.offer(hinge)

    def _offer_group(self, rows: Rows) -> None:
        verdict = self.groups.decide(rows)
        if isinstance(verdict, Separated):
            self._offer(verdict.w, verdict.b, verdict.rational)
            self.offer(verdict.w)

    def answer(
        self, kept_low: int, inside: tuple[HullWitness, ...], conflicts: tuple[tuple[Rows, Inseparable], ...]
    ) -> Separability:
        """Return both bounds as a record; all of Rⁿ is the half-space where no better one was offered."""
        positives, negatives = self.groups.positives, self.groups.negatives
        kept_high = min(self.alarms, len(negatives))
        size = len(positives)
        return Separability(
            kept_low / size,
            kept_high / size,
            kept_low,
            kept_high,
            self.w,
            self.c,
            inside,
            conflicts,
            positives,
            negatives,
            self.rational,
        )


def _tightest(positives: Cloud, frame: Frame, w: Float[np.ndarray, " n"]) -> float:
    """Return about the least float offset c with ⟨w, a⟩ + c > 0 on all of A."""
    function, unit = affine_from_floats(w)
    low = least(function, positives, frame).value * unit
    c = nearest_float(-low)
    while np.isfinite(c) and rational(c) + low <= 0:
        c = float(np.nextafter(c, np.inf))
    return c


def _alarms(
    positives: Cloud,
    negatives: Cloud,
    w: Float[np.ndarray, " n"],
    c: float,
    exact: RationalHyperplane | None,
) -> int | None:
    """Return how many points of B a half-space keeps at most (proved), None if it does not hold all of A."""
    if not (np.isfinite(w).all() and np.isfinite(c)):
        return None
    frame = frame_of(positives, negatives)
    function = affine_of_halfspace(w, c, exact)
    if least(function, positives, frame).value <= 0:
        return None
    doubtful = np.flatnonzero(rigorous_values(function, negatives, frame)[0] > 0)
    near = doubtful[-rigorous_values(function.negated(), Cloud(negatives.take(doubtful)), frame)[0] <= 0]
    sure = len(doubtful) - len(near)
    return sure + sum(value > 0 for value in function.at(negatives.take(near))) if len(near) else sure


def _hinge(groups: Groups, outside: Int[np.ndarray, " k"]) -> Float[np.ndarray, " n"] | None:
    """Return the normal that keeps A at level ≥ 1 and least in sum of B above level −1."""
    n, count = groups.positives.dim, len(outside)
    if count == 0 or (len(groups.positives) + count) * n > MOST_ENTRIES or count > 4000:
        return None
    a = groups.frame.apply(groups.positives.array())
    b = groups.frame.apply(groups.negatives.take(outside))
    rows = np.block(
        [
            [-a, -np.ones((len(a), 1)), np.zeros((len(a), count))],
            [b, np.ones((count, 1)), -np.eye(count)],
        ]
    )
    cost = np.concatenate([np.zeros(n + 1), np.ones(count)])
    bounds = [(None, None)] * (n + 1) + [(0.0, None)] * count
    outcome = linear_program(cost, at_most=(rows, -np.ones(len(rows))), bounds=bounds)
    if outcome.point is None or not outcome.point[:n].any():
        return None
    return outcome.point[:n] * groups.frame.scale
