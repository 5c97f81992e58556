"""Groups of points of B that one half-space can exclude together, and conflicts between them."""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.separation._cloud import Cloud, Frame, sample_rows
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import decide
from geosae.geometry.separation.unit_certificate import RationalHyperplane, UnitSeparated

ALWAYS = 10**9
MOST_CLIQUE_POINTS = 120
Rows = tuple[int, ...]


class Groups:
    """Which sets of points of B one half-space that holds A excludes; every decision is stored."""

    def __init__(self, positives: Cloud, negatives: Cloud, frame: Frame) -> None:
        self.positives, self.negatives, self.frame = positives, negatives, frame
        self.conflicts: dict[Rows, Inseparable] = {}
        self._planes: dict[Rows, Separated] = {}

    def decide(self, rows: Rows) -> Separated | Inseparable:
        """Decide whether a half-space holds A and excludes all these points; conflicts are stored."""
        rows = tuple(sorted(rows))
        if rows in self._planes:
            return self._planes[rows]
        if rows in self.conflicts:
            return self.conflicts[rows]
        cloud = Cloud(self.negatives.take(np.array(rows, dtype=np.int64)))
        verdict = decide(self.positives, cloud, self.frame, exact_up_to=ALWAYS)
        if isinstance(verdict, Separated):
            self._planes[rows] = verdict
            return verdict
        core = tuple(rows[i] for i in np.sort(verdict.points_b))
        if core not in self.conflicts:
            self.conflicts[core] = verdict if core == rows else self._conflict(core)
        return self.conflicts[core]

    def _conflict(self, core: Rows) -> Inseparable:
        """Prove the conflict of exactly these points."""
        cloud = Cloud(self.negatives.take(np.array(core, dtype=np.int64)))
        verdict = decide(self.positives, cloud, self.frame, exact_up_to=ALWAYS)
        if isinstance(verdict, Separated):
            raise ArithmeticError("a set of points fits a half-space although a subset was proved not to")
        return verdict

    def core(self, verdict: Inseparable) -> Rows:
        """Return the rows of B that a remembered conflict speaks of."""
        return next(rows for rows, proof in self.conflicts.items() if proof is verdict)

    def fits(self, rows: Rows) -> bool:
        """Tell whether one half-space can exclude all these points."""
        return self.decide(rows).separable

    def excluded(self, rows: Rows, among: Int[np.ndarray, " k"]) -> Int[np.ndarray, " j"]:
        """Return which points the hyperplane of a fitting group excludes, as floats see it."""
        verdict = self.decide(rows)
        assert isinstance(verdict, Separated)
        values = self.negatives.take(among) @ verdict.w + verdict.b
        return np.union1d(among[values < 0], np.array(rows, dtype=np.int64))

    def grow(self, seed: Rows, among: Int[np.ndarray, " k"], tries: int) -> Rows:
        """Add points to a fitting group while it fits: many at a time, nearest to its hyperplane first."""
        group = self._settled(self.excluded(seed, among), seed)
        step = len(among)
        while tries > 0:
            verdict = self.decide(group)
            assert isinstance(verdict, Separated)
            others = np.setdiff1d(among, np.array(group, dtype=np.int64))
            if len(others) == 0:
                return group
            order = others[np.argsort(self.negatives.take(others) @ verdict.w, kind="stable")]
            step = max(1, min(step, len(order)))
            wider = tuple(sorted({*group, *order[:step].tolist()}))
            tries -= 1
            if self.fits(wider):
                group = self._settled(self.excluded(wider, among), wider)
            elif step == 1:
                return self._grow_singly(group, order[1:], tries)
            else:
                step //= 2
        return group

    def _grow_singly(self, group: Rows, order: Int[np.ndarray, " k"], tries: int) -> Rows:
        for row in order[:tries].tolist():
            wider = tuple(sorted({*group, int(row)}))
            if self.fits(wider):
                group = wider
        return group

    def _settled(self, wide: Int[np.ndarray, " k"], safe: Rows) -> Rows:
        """Return the wider set if it is proved to fit, else the safe one."""
        rows = tuple(int(v) for v in wide)
        return rows if len(rows) > len(safe) and self.fits(rows) else tuple(sorted(safe))

    def unit(self, groups: list[Rows]) -> UnitSeparated:
        """Return the unit with one proved half-space for each group."""
        excluded_by = np.full(len(self.negatives.points), -1, dtype=np.int64)
        normals: list[Float[np.ndarray, " n"]] = []
        offsets: list[float] = []
        rationals: dict[int, RationalHyperplane] = {}
        for i, group in enumerate(groups):
            verdict = self.decide(group)
            assert isinstance(verdict, Separated)
            normals.append(verdict.w)
            offsets.append(verdict.b)
            if verdict.rational is not None:
                rationals[i] = verdict.rational
            excluded_by[list(group)] = i
        halfspaces = HalfSpaces(np.array(normals), np.array(offsets))
        return UnitSeparated(halfspaces, excluded_by, self.positives, self.negatives, rationals)


def greedy_cover(groups: Groups, start: UnitSeparated, tries: int) -> list[Rows]:
    """Cover B greedily: the half-space that excludes most of what is left, grown while a wider group fits."""
    left = groups.negatives.rows()
    values = groups.negatives.points @ start.halfspaces.w.T + start.halfspaces.c
    outside: Bool[np.ndarray, "N d"] = values < 0
    outside[np.arange(len(values)), start.excluded_by] = True
    cover: list[Rows] = []
    while len(left):
        best = int(np.argmax(outside[left].sum(axis=0)))
        rows = left[outside[left, best]]
        if len(rows) == 0:
            rows = left[:1]
        group = tuple(int(v) for v in rows)
        if not groups.fits(group):  # floats saw a point beyond the hyperplane that is not
            group = tuple(int(v) for v in left[start.excluded_by[left] == start.excluded_by[left[0]]])
        group = groups.grow(group, left, tries)
        cover.append(group)
        left = np.setdiff1d(left, np.array(group, dtype=np.int64))
    return cover


def conflict_clique(groups: Groups, most: int) -> Rows:
    """Return points of B that conflict pairwise: a greedy clique."""
    rows = sample_rows(groups.negatives.rows(), MOST_CLIQUE_POINTS)
    points = groups.frame.apply(groups.negatives.take(rows))
    centre = groups.frame.apply(groups.positives.array()).mean(axis=0)
    away = points - centre
    away = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-300)
    best: Rows = (int(rows[0]),)
    for seed in _spread_out(away, 3):
        # Nearest first: a clique of points that only just conflict leaves room for more of them.
        order = np.argsort(-(away @ away[seed]), kind="stable")
        clique: list[int] = [seed]
        for row in order[order != seed].tolist():
            if all(not groups.fits((int(rows[row]), int(rows[member]))) for member in reversed(clique)):
                clique.append(row)
                if len(clique) == most:
                    break
        if len(clique) > len(best):
            best = tuple(sorted(int(rows[i]) for i in clique))
    return best


def _spread_out(directions: Float[np.ndarray, "k n"], count: int) -> list[int]:
    """Return indices of directions far from each other."""
    chosen = [0]
    nearest = directions @ directions[0]
    for _ in range(min(count, len(directions)) - 1):
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, directions @ directions[chosen[-1]])
    return chosen
