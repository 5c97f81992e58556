"""The fewest groups that cover B, by integer programming over groups that fit and conflicts that forbid.

Column generation for the fractional cover (its value, rounded up, is a lower bound), then the integer cover
over the groups seen, then, where a gap is left, an assignment of points to groups that avoids all conflicts.
Every group is decided by `separate`; a group that does not fit adds a conflict.
"""

import math
import time

import numpy as np
from jaxtyping import Float
from scipy import sparse

from geosae.geometry._program import milp
from geosae.geometry.separation._excludable import Groups, Rows
from geosae.geometry.separation.certificate import Inseparable


class FewestGroups:
    """The state of the search: groups that fit (columns), and bounds on the least number that covers B."""

    def __init__(self, groups: Groups, cover: list[Rows], lower: int, seconds: float) -> None:
        self.groups, self.best, self.lower = groups, cover, lower
        self.rows = groups.negatives.rows()
        self.columns = set(cover)
        self._until = time.monotonic() + seconds

    def run(self) -> None:
        """Close the gap, as far as the time allows."""
        self._prepare()
        self._fractional()
        while len(self.best) > self.lower and self._left() > 0:
            if not self._try(len(self.best) - 1):
                return

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def _prepare(self) -> None:
        """Grow a group from every point, and decide every pair that no group holds."""
        for row in self.rows.tolist():
            if self._left() == 0:
                return
            self.columns.add(self.groups.grow((row,), self.rows, tries=12))
        index = {int(row): i for i, row in enumerate(self.rows)}
        together = np.zeros((len(index), len(index)), dtype=np.bool_)
        for column in self.columns:
            at = [index[row] for row in column]
            together[np.ix_(at, at)] = True
        for i, j in np.argwhere(np.triu(~together, 1)).tolist():
            if self._left() == 0:
                return
            self.groups.fits((int(self.rows[i]), int(self.rows[j])))

    def _fractional(self) -> None:
        """Raise the lower bound to the value of the fractional cover, and collect groups on the way."""
        while self.lower < len(self.best) and self._left() > 0:
            weights = self._prices()
            heaviest = self._heaviest(weights)
            if heaviest is None:
                return
            # Every group weighs at most `heaviest`, so covering B takes at least total / heaviest groups.
            bound = math.ceil(float(weights.sum()) / max(heaviest, 1e-12) - 1e-6)
            self.lower = max(self.lower, min(bound, len(self.best)))
            if heaviest <= 1 + 1e-7:
                break
        self._integer_cover()

    def _matrix(self) -> tuple[list[Rows], sparse.csr_array]:
        columns = sorted(self.columns)
        index = {int(row): i for i, row in enumerate(self.rows)}
        entries = [(index[row], j) for j, column in enumerate(columns) for row in column]
        first, second = zip(*entries, strict=True)
        return columns, sparse.csr_array(
            (np.ones(len(entries)), (first, second)), shape=(len(self.rows), len(columns))
        )

    def _prices(self) -> Float[np.ndarray, " N"]:
        """Return dual prices of the fractional cover: the most weight with each column ≤ 1."""
        _, matrix = self._matrix()
        k = matrix.shape[1]
        outcome = milp(-np.ones(len(self.rows)), matrix.T, np.full(k, -np.inf), np.ones(k), integer=False)
        return np.zeros(len(self.rows)) if outcome.point is None else outcome.point

    def _heaviest(self, weights: Float[np.ndarray, " N"]) -> float | None:
        """Return a bound on the weight of any group that fits, and collect groups; None if time ran out."""
        while self._left() > 0:
            outcome = milp(-weights, *self._conflict_rows(1), seconds=self._left())
            if outcome.status != "optimal" or outcome.point is None or outcome.bound is None:
                return None
            chosen = tuple(int(v) for v in self.rows[outcome.point > 0.5])
            fits = self.groups.fits(chosen)
            self._repair(chosen)
            if fits or -outcome.bound <= 1 + 1e-7:
                return -outcome.bound
        return None

    def _repair(self, chosen: Rows) -> Rows:
        """Remove points until the rest fits (a column); every step records a conflict."""
        while True:
            verdict = self.groups.decide(chosen)
            if not isinstance(verdict, Inseparable):
                self.columns.add(chosen)
                return chosen
            conflict = self.groups.core(verdict)
            chosen = tuple(row for row in chosen if row != conflict[0])

    def _conflict_rows(
        self, copies: int
    ) -> tuple[sparse.csr_array, Float[np.ndarray, " r"], Float[np.ndarray, " r"]]:
        """Return rows that forbid each conflict, for each of some copies of the points."""
        index = {int(row): i for i, row in enumerate(self.rows)}
        conflicts = list(self.groups.conflicts)
        matrix = sparse.lil_array((max(1, len(conflicts) * copies), len(self.rows) * copies))
        high = np.ones(matrix.shape[0])
        for copy in range(copies):
            for i, conflict in enumerate(conflicts):
                at = copy * len(conflicts) + i
                high[at] = len(conflict) - 1
                for row in conflict:
                    matrix[at, copy * len(self.rows) + index[row]] = 1.0
        return sparse.csr_array(matrix), np.full(matrix.shape[0], -np.inf), high

    def _integer_cover(self) -> None:
        """Find the fewest columns that cover B."""
        columns, matrix = self._matrix()
        count = len(self.rows)
        outcome = milp(
            np.ones(len(columns)), matrix, np.ones(count), np.full(count, np.inf), seconds=self._left() + 1
        )
        if outcome.point is None:
            return
        chosen = [column for column, used in zip(columns, outcome.point, strict=True) if used > 0.5]
        if len(chosen) < len(self.best):
            self.best = _disjoint(chosen)

    def _try(self, count: int) -> bool:
        """Look for a cover by that many groups, or raise the lower bound; False if time ran out."""
        total = len(self.rows)
        while self._left() > 0:
            rows, low, high = self._conflict_rows(count)
            once = sparse.hstack([sparse.eye_array(total)] * count)
            ones = np.ones(total)
            outcome = milp(
                np.zeros(total * count),
                sparse.vstack([rows, once]),
                np.concatenate([low, ones]),
                np.concatenate([high, ones]),
                seconds=self._left(),
            )
            if outcome.status == "infeasible":
                self.lower = count + 1
                return True
            if outcome.point is None:
                return False
            assigned = outcome.point.reshape(count, total) > 0.5
            split = [tuple(int(v) for v in self.rows[part]) for part in assigned if part.any()]
            fitting = [self.groups.fits(group) for group in split]
            for group in split:
                self._repair(group)
            if all(fitting):
                self.best = split
                return True
        return False


def _disjoint(cover: list[Rows]) -> list[Rows]:
    """Leave every point to the first group that holds it."""
    covered: set[int] = set()
    parts: list[Rows] = []
    for group in cover:
        part = tuple(row for row in group if row not in covered)
        covered.update(part)
        if part:
            parts.append(part)
    return parts
