"""Half-spaces that hold A, each proved, and each tried on every point of B that is not yet excluded."""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.exact import nearest_float, rational
from geosae.geometry.separation._bounds import affine_from_floats, rigorous_values
from geosae.geometry.separation._certify import inseparable
from geosae.geometry.separation._cloud import Cloud, Frame, sample_rows
from geosae.geometry.separation._nearest_exact import nearest_exact
from geosae.geometry.separation._working_set import WorkingSet
from geosae.geometry.separation.certificate import Inseparable, RationalHyperplane, Separated
from geosae.geometry.separation.separate import decide
from geosae.geometry.separation.unit_certificate import HullWitness, UnitInseparable, UnitSeparated

ALWAYS = 10**9
BATCH = 256


class Excluder:
    """Half-spaces that hold A; for every point of B which one excludes it or its weights in Conv(A)."""

    def __init__(self, positives: Cloud, negatives: Cloud, frame: Frame) -> None:
        self.positives, self.negatives, self.frame = positives, negatives, frame
        self.excluded_by = np.full(len(negatives.points), -1, dtype=np.int64)
        self.witnesses: dict[int, HullWitness] = {}
        self._w: list[Float[np.ndarray, " n"]] = []
        self._c: list[float] = []
        self._rationals: dict[int, RationalHyperplane] = {}
        self._framed = frame.apply(positives.array())
        self._mean, self._metric = self._shape()
        self._rest = np.arange(len(negatives.points))
        self._rest_points = negatives.points

    def remaining(self) -> Int[np.ndarray, " k"]:
        """Return the rows of B that are neither excluded nor placed in Conv(A)."""
        open_rows = self.excluded_by < 0
        open_rows[list(self.witnesses)] = False
        return np.flatnonzero(open_rows)

    def sweep(self) -> None:
        """Try the axes, then directions away from A's mean in A's own metric, a batch at a time."""
        n = self.positives.dim
        self._try_all(np.vstack([np.eye(n), -np.eye(n)]))
        tried = np.zeros(len(self.excluded_by), dtype=np.bool_)
        while True:
            rest = self.remaining()
            rest = rest[~tried[rest]]
            if len(rest) == 0:
                return
            batch = sample_rows(rest, BATCH)
            tried[batch] = True
            away = self.frame.apply(self.negatives.take(batch)) - self._mean
            if self._try_all(away @ self._metric) == 0 and len(rest) > 4 * BATCH:
                return

    def solve(self, row: int) -> None:
        """Exclude one point of B (and what else its hyperplane excludes), or place it in Conv(A)."""
        guess = self._guess(row)
        if guess is not None and not guess.full():
            self._exclude(guess.difference, *self._open())
            if self.excluded_by[row] >= 0:
                return
        verdict = self._decide(Cloud(self.negatives.take(np.array([row]))), guess)
        if not isinstance(verdict, Separated):
            rows = tuple(int(v) for v in verdict.points_a)
            self.witnesses[row] = HullWitness(row, rows, verdict.weights_a)
            return
        self._exclude(verdict.w, *self._open())
        if self.excluded_by[row] < 0:
            self._append(verdict.w, verdict.b, verdict.rational)
            self.excluded_by[row] = len(self._w) - 1

    def _decide(self, point: Cloud, guess: WorkingSet | None) -> Separated | Inseparable:
        """Decide by exact weights on the simplex that floats put around the point, or from the beginning."""
        if guess is not None and guess.full():
            rows = [(bool(guess.side[i]), int(guess.rows[i])) for i in guess.support]
            exact = nearest_exact(self.positives, point, self.frame, rows, guess.weights, 1)
            if exact.meets:
                return inseparable(self.positives, point, exact)
        return decide(self.positives, point, self.frame, exact_up_to=ALWAYS)

    def _guess(self, row: int) -> WorkingSet | None:
        """Return a working set whose difference sets the point apart, or whose support is full around it."""
        point = self.frame.apply(self.negatives.take(np.array([row])))
        working = WorkingSet(self.positives.dim)
        working.add(point, np.array([False]), np.array([0]))
        direction = (self._mean - point[0]) @ self._metric
        few = 2 * self.positives.dim + 16
        for _ in range(40):
            values = self._framed @ direction
            level = float(point[0] @ direction)
            if working.length > 0 and values.min() - level >= 0.5 * working.length**2:
                return working
            rows = np.argpartition(values, few)[:few] if len(values) > few else np.arange(len(values))
            if working.add(self._framed[rows], np.ones(len(rows), dtype=np.bool_), rows) == 0:
                return None
            working.solve()
            if working.full():
                return working
            if working.length <= 1e-12 * working.size:
                return None
            direction = working.difference
        return None

    def _open(self) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, "k n"]]:
        """Return rows that hold all that are left, and their points: a copy, made anew when it has halved."""
        rest = self.remaining()
        if 2 * len(rest) < len(self._rest):
            self._rest, self._rest_points = rest, self.negatives.points[rest]
        return self._rest, self._rest_points

    def answer(self) -> UnitSeparated | UnitInseparable:
        """Return the verdict with its proofs; half-spaces that exclude nothing are left out."""
        used = np.unique(self.excluded_by[self.excluded_by >= 0])
        renumbered = np.full(len(self._w) + 1, -1, dtype=np.int64)
        renumbered[used] = np.arange(len(used))
        n = self.positives.dim
        halfspaces = HalfSpaces(
            np.array([self._w[i] for i in used]).reshape(len(used), n), np.array([self._c[i] for i in used])
        )
        rationals = {int(renumbered[i]): v for i, v in self._rationals.items() if renumbered[i] >= 0}
        excluded_by = renumbered[self.excluded_by]
        if not self.witnesses:
            return UnitSeparated(halfspaces, excluded_by, self.positives, self.negatives, rationals)
        inside = np.array(sorted(self.witnesses), dtype=np.int64)
        witnesses = tuple(self.witnesses[int(i)] for i in inside)
        return UnitInseparable(
            inside, witnesses, halfspaces, excluded_by, self.positives, self.negatives, rationals
        )

    def _shape(self) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
        """Return A's mean and the inverse of its covariance (regularised), from a sample of its points."""
        rows = sample_rows(self.positives.rows(), 20_000)
        points = self.frame.apply(self.positives.take(rows))
        mean = points.mean(axis=0)
        covariance = (points - mean).T @ (points - mean) / len(points)
        ridge = max(1e-9 * float(np.trace(covariance)) / len(covariance), 1e-300)
        return mean, np.linalg.pinv(covariance + ridge * np.eye(len(covariance)), hermitian=True)

    def _try_all(self, directions: Float[np.ndarray, "m n"]) -> int:
        """Exclude with the best directions until none excludes another point; return how many did."""
        lengths = np.linalg.norm(directions, axis=1)
        directions = directions[np.isfinite(lengths) & (lengths > 0)]
        rest = self.remaining()
        if len(rest) == 0 or len(directions) == 0:
            return 0
        top = (self._framed @ directions.T).max(axis=0)
        beyond: Bool[np.ndarray, "k m"] = self.frame.apply(self.negatives.take(rest)) @ directions.T > top
        used = 0
        while True:
            counts = beyond.sum(axis=0)
            best = int(np.argmax(counts))
            if counts[best] == 0:
                return used
            rows = rest[beyond[:, best]]
            gone = self._exclude(-directions[best], rows, self.negatives.points[rows])
            used += int(gone > 0)
            beyond[:, best] = False
            beyond[self.excluded_by[rest] >= 0] = False

    def _exclude(
        self, normal: Float[np.ndarray, " n"], rows: Int[np.ndarray, " k"], points: Float[np.ndarray, "k n"]
    ) -> int:
        """Add the half-space with this normal, if it excludes open points of these; return how many."""
        w = normal / np.abs(normal).max()
        w = w / np.linalg.norm(w) * self.frame.scale
        if not (np.isfinite(w).all() and w.any()):
            return 0
        function, unit = affine_from_floats(w)
        above, factor = rigorous_values(function.negated(), self.positives, self.frame)
        low = -float(above.max())
        upper, _ = rigorous_values(function, Cloud(points), self.frame)
        room = np.where(self.excluded_by[rows] < 0, low - upper, 0.0)
        outside = np.flatnonzero(room > 0)
        outside = outside[[int(rows[i]) not in self.witnesses for i in outside]]
        if len(outside) == 0:
            return 0
        # The offset goes midway to the nearest excluded point that is not absurdly near.
        clear = outside[room[outside] >= 1e-3 * room[outside].max()]
        nearest = float(upper[clear].max())
        c = nearest_float(-rational(low / 2 + nearest / 2) * factor * unit)
        if not np.isfinite(c):
            return 0
        level = rational(c) / unit / factor
        if not (rational(low) + level > 0 and rational(nearest) + level <= 0):
            return 0
        self._append(w, c, None)
        self.excluded_by[rows[clear]] = len(self._w) - 1
        return len(clear)

    def _append(self, w: Float[np.ndarray, " n"], c: float, exact: RationalHyperplane | None) -> None:
        if exact is not None:
            self._rationals[len(self._w)] = exact
        self._w.append(w)
        self._c.append(c)
