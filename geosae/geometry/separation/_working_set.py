"""The nearest points of two hulls in floats, on a small working set: a fast guess, not a proof.

Non-negative least squares (Lawson and Hanson 1974, doi:10.1137/1.9781611971217) on the signed points, with
two more rows that hold the sums of the weights of A and of B near 1; then the nearest points of the affine
hulls of the points it keeps. Every verdict that starts from this guess is proved afterwards.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry._program import nonnegative


class WorkingSet:
    """Some points of A and B in the frame's coordinates, and the nearest points of their two hulls.

    Points are stored signed (+a, −b), so that the difference of the two combinations is Σ weights·points.
    """

    def __init__(self, dim: int) -> None:
        self.points = np.empty((0, dim))
        self.side = np.empty(0, dtype=np.bool_)
        self.rows = np.empty(0, dtype=np.int64)
        self.support = np.empty(0, dtype=np.int64)
        self.weights = np.empty(0)
        self.difference = np.zeros(dim)
        self.size = 1.0

    @property
    def length(self) -> float:
        """The distance of the two combinations."""
        return float(np.linalg.norm(self.difference))

    def add(
        self, points: Float[np.ndarray, "k n"], side: Bool[np.ndarray, " k"], rows: Int[np.ndarray, " k"]
    ) -> int:
        """Add points that are not there yet; return how many were new."""
        present = 2 * self.rows + self.side
        fresh = ~np.isin(2 * rows + side, present)
        signed = np.where(side[fresh, None], points[fresh], -points[fresh])
        self.points = np.vstack([self.points, signed])
        self.side = np.concatenate([self.side, side[fresh]])
        self.rows = np.concatenate([self.rows, rows[fresh]])
        self.size = float(np.sqrt((self.points**2).sum(axis=1).max())) or 1.0
        return int(np.count_nonzero(fresh))

    def forget(self, most: int) -> None:
        """Keep at most that many points: the support, and those least far behind the level of their side."""
        if len(self.rows) <= most:
            return
        values = self.points @ self.difference
        level_a, level_b = self.levels()
        excess = values - np.where(self.side, level_a, -level_b)
        excess[self.support] = -np.inf
        keep = np.sort(np.argsort(excess, kind="stable")[:most])
        renumbered = np.full(len(self.rows), -1)
        renumbered[keep] = np.arange(len(keep))
        self.points, self.side, self.rows = self.points[keep], self.side[keep], self.rows[keep]
        self.support = renumbered[self.support]

    def full(self) -> bool:
        """Tell whether the support has n+2 points: as many leave no room between the hulls."""
        return len(self.support) >= self.points.shape[1] + 2

    def levels(self) -> tuple[float, float]:
        """Return the least ⟨difference, a⟩ and the greatest ⟨difference, b⟩ over the support."""
        values = self.points[self.support] @ self.difference
        side = self.side[self.support]
        return float(values[side].min()), float(-values[~side].min())

    def solve(self) -> None:
        """Find the nearest points of the hulls of the working set, as far as floats go."""
        # The weight that holds the sums trades their error, about (length / weight)², against digits.
        ratio = self.length / self.size if len(self.support) else 5e-3
        hold = self.size * float(np.clip(2e5 * ratio, 10.0, 1e5))
        side = self.side.astype(np.float64)
        lifted = np.vstack([self.points.T, hold * side, hold * (1 - side)])
        outcome = nonnegative(lifted, np.concatenate([np.zeros(self.points.shape[1]), [hold, hold]]))
        weights = np.zeros(len(side)) if outcome.point is None else outcome.point
        for some in (self.side, ~self.side):
            if weights[some].sum() == 0:
                weights[np.flatnonzero(some)[0]] = 1.0
            weights[some] /= weights[some].sum()
        self.support = np.flatnonzero(weights > 0)
        self._set(weights[self.support])
        self._polish()

    def _set(self, weights: Float[np.ndarray, " k"]) -> None:
        self.weights = weights
        self.difference = weights @ self.points[self.support]

    def _polish(self) -> None:
        """Move to the nearest points of the affine hulls of the support, where those lie inside the hulls."""
        side = self.side[self.support]
        points = self.points[self.support]
        first = np.array([int(np.argmax(side)), int(np.argmin(side))])
        others = np.setdiff1d(np.arange(len(side)), first)
        if len(others) == 0 or len(others) > points.shape[1]:
            return
        edges = points[others] - np.where(side[others, None], points[first[0]], points[first[1]])
        q, r = np.linalg.qr(edges.T)
        weights = self.weights.copy()
        for _ in range(2):
            try:
                step = np.linalg.solve(r, q.T @ -(weights @ points))
            except np.linalg.LinAlgError:
                return
            weights[others] += step
            weights[first] = 1 - weights[others] @ side[others], 1 - weights[others] @ ~side[others]
        if bool(np.all(weights > 0)) and np.linalg.norm(weights @ points) <= self.length * (1 + 1e-9):
            self._set(weights)
