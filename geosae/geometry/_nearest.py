"""The nearest points of two hulls in floats, on a small working set: fast, and trusted by nobody.

Wolfe's algorithm (doi:10.1007/BF01580381) for two hulls, with the inverse of the corral's Gram matrix kept up
to date by bordering. Its answer is a guess: every verdict made from it is proved afterwards.
"""

import numpy as np
from jaxtyping import Bool, Float, Int


class WorkingSet:
    """Some points of A and B in the frame's coordinates, and the nearest points of their two hulls.

    Points are stored signed (+a, −b), so that the difference of the two combinations is Σ weights·points.
    """

    def __init__(self, dim: int) -> None:
        self.points = np.empty((0, dim))
        self.side = np.empty(0, dtype=np.bool_)
        self.rows = np.empty(0, dtype=np.int64)
        self.support: list[int] = []
        self.weights = np.empty(0)
        self.difference = np.zeros(dim)
        self._inverse = np.empty((0, 0))
        self._updates = 0
        self.size = 1.0

    def add(
        self, points: Float[np.ndarray, "k n"], side: Bool[np.ndarray, " k"], rows: Int[np.ndarray, " k"]
    ) -> int:
        """Add points that are not there yet; return how many were new."""
        known = set(zip(self.side.tolist(), self.rows.tolist(), strict=True))
        fresh = np.array(
            [key not in known for key in zip(side.tolist(), rows.tolist(), strict=True)], dtype=np.bool_
        )
        signed = np.where(side[fresh, None], points[fresh], -points[fresh])
        self.points = np.vstack([self.points, signed])
        self.side = np.concatenate([self.side, side[fresh]])
        self.rows = np.concatenate([self.rows, rows[fresh]])
        return int(np.count_nonzero(fresh))

    def forget(self, most: int) -> None:
        """Keep at most that many points: the corral and those nearest to their support level."""
        if len(self.rows) <= most:
            return
        excess = self._excess()
        excess[self.support] = -np.inf
        keep = np.sort(np.argsort(excess, kind="stable")[:most])
        place = {int(old): new for new, old in enumerate(keep)}
        self.points, self.side, self.rows = self.points[keep], self.side[keep], self.rows[keep]
        self.support = [place[i] for i in self.support]

    def full(self) -> bool:
        """Tell whether the corral has n+2 points: as many leave no room between the hulls."""
        return len(self.support) >= self.points.shape[1] + 2

    def levels(self) -> tuple[float, float]:
        """Return the least ⟨difference, a⟩ and the greatest ⟨difference, b⟩ over the corral."""
        values = self.points[self.support] @ self.difference
        side = self.side[self.support]
        return float(values[side].min()), float(-values[~side].min())

    def solve(self, most: int = 0) -> None:
        """Find the nearest points of the hulls of the working set, as far as floats go."""
        if not self.support:
            self._start()
        barred: set[int] = set()
        for _ in range(most or 20 * (self.points.shape[1] + 2) + 200):
            excess = self._excess()
            if barred:
                excess[list(barred)] = np.inf
            entering = int(np.argmin(excess))
            length = float(np.linalg.norm(self.difference))
            if excess[entering] >= -1e-13 * length * self.size or length <= 1e-15 * self.size:
                break
            if self.full():
                break
            before = length
            if not self._enter(entering):
                barred.add(entering)
                continue
            self._descend()
            if float(np.linalg.norm(self.difference)) >= before * (1 - 1e-15):
                barred.add(entering)
        self._polish()

    def _start(self) -> None:
        """Begin with the two points of A and B that a first look finds near each other."""
        self.size = float(np.sqrt((self.points**2).sum(axis=1).max())) or 1.0
        a, b = np.flatnonzero(self.side), np.flatnonzero(~self.side)
        direction = self.points[a].mean(axis=0) + self.points[b].mean(axis=0)
        first = int(a[np.argmin(self.points[a] @ direction)])
        second = int(b[np.argmin(((self.points[b] + self.points[first]) ** 2).sum(axis=1))])
        self.support = [first, second]
        self._refactor()
        self._set(np.ones(2))

    def _excess(self) -> Float[np.ndarray, " m"]:
        """Return how far each point lies behind the support level of its side (negative: it violates)."""
        values = self.points @ self.difference
        own = values[self.support]
        side = self.side[self.support]
        # The corral's values on one side agree up to rounding; the weighted mean is the steadiest of them.
        return values - np.where(
            self.side, np.dot(own[side], self.weights[side]), np.dot(own[~side], self.weights[~side])
        )

    def _lifted(self, places: list[int]) -> Float[np.ndarray, "k m"]:
        """Return points with two more coordinates, which tell the sides apart."""
        side = self.side[places]
        return np.column_stack([self.points[places], side * self.size, ~side * self.size])

    def _refactor(self) -> None:
        lifted = self._lifted(self.support)
        gram = lifted @ lifted.T
        try:
            self._inverse = np.linalg.inv(gram)
        except np.linalg.LinAlgError:
            self._inverse = np.linalg.pinv(gram, hermitian=True)
        self._updates = 0

    def _set(self, weights: Float[np.ndarray, " k"]) -> None:
        self.weights = weights
        self.difference = weights @ self.points[self.support]

    def _enter(self, place: int) -> bool:
        """Border the inverse by one point; False if floats cannot tell it from a dependent one."""
        if place in self.support:
            return False
        new = self._lifted([place])[0]
        cross = self._lifted(self.support) @ new
        solved = self._inverse @ cross
        schur = float(new @ new - cross @ solved)
        if schur <= 1e-14 * float(new @ new):
            return False
        k = len(self.support)
        inverse = np.empty((k + 1, k + 1))
        inverse[:k, :k] = self._inverse + np.outer(solved, solved) / schur
        inverse[:k, k] = inverse[k, :k] = -solved / schur
        inverse[k, k] = 1 / schur
        self._inverse = inverse
        self._updates += 1
        self.support.append(place)
        self.weights = np.append(self.weights, 0.0)
        return True

    def _leave(self, place: int) -> None:
        """Take one point out of the corral."""
        keep = np.arange(len(self.support)) != place
        column = self._inverse[keep, place]
        self._inverse = (
            self._inverse[np.ix_(keep, keep)] - np.outer(column, column) / self._inverse[place, place]
        )
        self._updates += 1
        del self.support[place]
        self.weights = self.weights[keep]

    def _affine_optimum(self) -> Float[np.ndarray, " k"]:
        """Return the weights of the nearest points of the affine hulls of the corral's two sides.

        At the optimum the difference has one value on all of a side; where it has not, the inverse has
        drifted.
        """
        side = self.side[self.support]
        sides = np.column_stack([side, ~side]).astype(np.float64)
        points = self.points[self.support]
        while True:
            solved = self._inverse @ sides
            weights = solved @ np.linalg.solve(sides.T @ solved, np.ones(2))
            difference = weights @ points
            values = points @ difference
            drift = max(float(np.ptp(values[side])), float(np.ptp(values[~side])))
            allowed = self.size * (1e-9 * float(np.linalg.norm(difference)) + 1e-13 * self.size)
            if self._updates == 0 or drift <= allowed:
                return weights
            self._refactor()

    def _descend(self) -> None:
        """Go to the affine optimum, dropping points whose weight would turn negative."""
        for _ in range(len(self.support)):
            goal = self._affine_optimum()
            falling = np.flatnonzero(goal <= 1e-14)
            if len(falling) == 0:
                self._set(goal)
                return
            gap = self.weights[falling] - goal[falling]
            ratio = np.where(gap > 0, self.weights[falling] / np.where(gap > 0, gap, 1), 0.0)
            share = float(min(1.0, ratio.min()))
            self.weights = self.weights + share * (goal - self.weights)
            leaving = int(falling[np.argmin(ratio)])
            if np.count_nonzero(self.side[self.support] == self.side[self.support[leaving]]) == 1:
                break
            self._leave(leaving)
        self._set(np.maximum(self.weights, 0))

    def _polish(self) -> None:
        """Compute the inverse afresh and move to the affine optimum once more, if that stays inside."""
        self._refactor()
        goal = self._affine_optimum()
        if bool(np.all(goal > 0)) and bool(np.isfinite(goal).all()):
            self._set(goal)
