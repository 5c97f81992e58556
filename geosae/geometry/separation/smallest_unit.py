"""The size of the smallest unit that separates A from B (theory S4).

Points of B conflict when their hull meets Conv(A): no half-space that holds A excludes them all. So m* is the
least number of conflict-free groups that cover B (polyhedral separability; Megiddo 1988,
doi:10.1007/BF02187917).
"""

from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np
from jaxtyping import Float

from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.separation._cloud import as_cloud, frame_of
from geosae.geometry.separation._excludable import Groups, Rows, conflict_clique, greedy_cover
from geosae.geometry.separation._set_cover import FewestGroups
from geosae.geometry.separation._smallest_unit_2d import planar_cover
from geosae.geometry.separation.certificate import (
    ForgedCertificate,
    Inseparable,
    clouds_phrase,
    refuse_truth_value,
)
from geosae.geometry.separation.separate_unit import separate_unit
from geosae.geometry.separation.unit_certificate import UnitInseparable, UnitSeparated, check_conflict
from geosae.notebook import Columns, html_table
from geosae.storage.arguments import checked_arguments
from geosae.validation import SECONDS

LowerBy = Literal["one", "clique", "arcs", "program"]
_LOWER_BY: dict[LowerBy, str] = {
    "one": "no unit has fewer",
    "clique": "proved conflicts",
    "arcs": "exact arithmetic in the plane",
    "program": "an integer program, not a proof",
}
MOST_GROWN = 3000


@dataclass(frozen=True, eq=False)
class SmallestUnit:
    """An interval for m*, the size of the smallest unit that separates A from B (theory S4).

    Parameters
    ----------
    lower, upper
        lower ≤ m* ≤ upper.
    separated
        A proved unit of `upper` half-spaces.
    lower_by
        "one": no unit has fewer. "clique": the conflicts hold `lower` points of which any two conflict.
        "arcs": n = 2, where m* is computed in exact arithmetic (directions that exclude a point form an
        arc, and `lower` is the least number of directions that meet every arc). "program": any cover of B
        by groups free of these conflicts takes `lower` groups; that is HiGHS's word on programs of zeros
        and ones, not a proof.
    conflicts
        Rows of B that no half-space excludes together, each with its proof.
    """

    lower: int
    upper: int
    separated: UnitSeparated
    lower_by: LowerBy
    conflicts: tuple[tuple[Rows, Inseparable], ...]

    @property
    def unit(self) -> HalfSpaces:
        """The `upper` half-spaces."""
        return self.separated.halfspaces

    @property
    def exact(self) -> bool:
        """True where the two bounds meet."""
        return self.lower == self.upper

    def __bool__(self) -> NoReturn:
        refuse_truth_value("an interval", ".lower and .upper")

    def __repr__(self) -> str:
        size = f"{self.lower:,}" if self.exact else f"between {self.lower:,} and {self.upper:,}"
        clouds = clouds_phrase(self.separated.positives, self.separated.negatives, "and none of")
        return (
            f"SmallestUnit: the smallest unit that holds {clouds} has size {size} "
            f"(from above: a proved unit; from below: {_LOWER_BY[self.lower_by]})"
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the half-spaces of the proved unit as columns, as `UnitSeparated.columns` does."""
        return self.separated.columns()

    def check(self) -> "SmallestUnit":
        """Prove the unit, every conflict, and a clique where there is one, in exact arithmetic.

        Raises
        ------
        ForgedCertificate
            If any of it is not so.
        """
        self.separated.check()
        if not 1 <= self.lower <= self.upper == len(self.unit):
            raise ForgedCertificate("the interval is empty, or the unit is of another size")
        for rows, proof in self.conflicts:
            check_conflict(rows, proof, self.separated.positives, self.separated.negatives)
        if self.lower_by == "one" and self.lower != 1:
            raise ForgedCertificate("a lower bound above 1 needs conflicts")
        if self.lower_by == "clique":
            self._check_clique()
        if self.lower_by == "arcs" and self.lower > len(self._planar_cover()):
            raise ForgedCertificate("fewer directions meet every arc")
        return self

    def _planar_cover(self) -> list[Rows]:
        positives, negatives = self.separated.positives, self.separated.negatives
        if positives.dim != 2:
            raise ForgedCertificate("arcs of directions bound the size in the plane only")
        return planar_cover(positives, negatives)

    def _check_clique(self) -> None:
        pairs = {frozenset(rows) for rows, _ in self.conflicts}
        points = sorted(set().union(*pairs)) if pairs else []
        needed = {frozenset((a, b)) for i, a in enumerate(points) for b in points[i + 1 :]}
        if len(points) != self.lower or not needed <= pairs:
            raise ForgedCertificate("the conflicts do not make a clique of that size")


@checked_arguments(seconds=SECONDS)
def smallest_unit(
    A: Float[np.ndarray, "Na n"],
    B: Float[np.ndarray, "Nb n"],
    exact: bool = False,
    *,
    seconds: float | int = 60,
) -> SmallestUnit | UnitInseparable:
    """Bound the size m* of the smallest unit that separates A from B, or find it (theory S4).

    Parameters
    ----------
    A, B
        Points, one per row.
    exact
        Close the interval by integer programming (HiGHS). The problem is NP-hard: meant for some dozens of
        points of B. In the plane the interval is closed without it.
    seconds
        Time for that; where it runs out, the interval stays open.

    Returns
    -------
    SmallestUnit | UnitInseparable
        The interval with a proved unit; or the points of B in Conv(A), where no unit exists at all.

    Raises
    ------
    InvalidInput
        If the clouds are empty, not finite, or of different dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    >>> around = 3 * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> size = smallest_unit(square, around, exact=True).check()
    >>> size.lower, size.upper, size.lower_by
    (2, 2, 'arcs')
    """
    start = separate_unit(A, B)
    if isinstance(start, UnitInseparable):
        return start
    positives, negatives = as_cloud(A, "points A"), as_cloud(B, "points B")
    groups = Groups(positives, negatives, frame_of(positives, negatives))
    if positives.dim == 2 and len(negatives) <= MOST_GROWN:
        cover = planar_cover(positives, negatives)
        return SmallestUnit(len(cover), len(cover), groups.unit(cover), "arcs", ())
    cover = greedy_cover(groups, start, tries=40 if len(negatives) <= MOST_GROWN else 0)
    clique = conflict_clique(groups, most=64) if len(cover) > 1 else cover[0][:1]
    lower, by = len(clique), "clique" if len(clique) > 1 else "one"
    conflicts = [(a, b) for i, a in enumerate(clique) for b in clique[i + 1 :]]
    if exact and lower < len(cover):
        search = FewestGroups(groups, cover, lower, float(seconds))
        search.run()
        cover = search.best
        if search.lower > lower:
            lower, by, conflicts = search.lower, "program", list(groups.conflicts)
    proofs = tuple((rows, groups.conflicts[rows]) for rows in conflicts)
    return SmallestUnit(lower, len(cover), groups.unit(cover), by, proofs)
