"""The nearest points of two hulls in exact rational arithmetic.

Wolfe's algorithm (doi:10.1007/BF01580381) for two hulls: keep an affinely independent set of points with
positive weights; go to the nearest points of its two affine hulls, stepping back and dropping points while a
weight would turn negative; then add the point that violates optimality most. The distance falls strictly from
one such optimum to the next, and there are finitely many sets, so in exact arithmetic it ends without any
rule against cycling. It is started where the float algorithm stopped, and seldom takes more than a step or
two.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float

from geosae.geometry.exact import combination, integers, power_of_two
from geosae.geometry.separation._bounds import Affine, affine_from_rationals, least
from geosae.geometry.separation._cloud import Cloud, Frame

Row = tuple[bool, int]
"""A point: True for A, False for B, and its row number."""


@dataclass(frozen=True, eq=False)
class ExactNearest:
    """The state in which the algorithm stopped.

    `difference` is Σ weights·A − Σ weights·B over the rows; it is zero iff they are a common point of the
    hulls. `optimal` says that no point violates optimality, so that `difference` is the shortest vector
    between the hulls, in the metric of the search; `normal` is the direction that belongs to it.
    """

    rows: tuple[Row, ...]
    weights: tuple[fmpq, ...]
    difference: tuple[fmpq, ...]
    normal: tuple[fmpq, ...]
    optimal: bool

    @property
    def meets(self) -> bool:
        """Tell whether the two combinations coincide."""
        return not any(self.difference)


def nearest_exact(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    rows: list[Row],
    weights: Float[np.ndarray, " k"],
    steps: int,
    metric: list[int] | None = None,
) -> ExactNearest:
    """Run the algorithm from these rows and weights for at most `steps` solves.

    With a metric, column j counts 2**metric[j] times: the verdict is the same, the numbers far shorter.
    """
    solver = _Corral(positives, negatives, rows, weights, metric or [0] * positives.dim)
    difference: list[fmpq] = []
    for _ in range(steps):
        moved, difference = solver.move()
        if not moved:
            continue
        if not any(difference):
            return solver.answer(difference, optimal=True)
        violator = _worst_violator(solver, difference, frame)
        if violator is None:
            return solver.answer(difference, optimal=True)
        solver.add(violator)
    solver.drop_zeros()
    return solver.answer(solver.current_difference(), optimal=False)


class _Corral:
    """Points with weights ≥ 0 that sum to 1 on either side."""

    def __init__(
        self,
        positives: Cloud,
        negatives: Cloud,
        rows: list[Row],
        weights: Float[np.ndarray, " k"],
        metric: list[int],
    ) -> None:
        self.clouds = {True: positives, False: negatives}
        self.dim = positives.dim
        self.metric = metric
        self.rows = list(rows)
        self.weights = [fmpq(*(int(v) for v in float(x).as_integer_ratio())) for x in weights]
        for side in (True, False):
            total = sum((v for (s, _), v in zip(rows, self.weights, strict=True) if s is side), fmpq(0))
            self.weights = [
                v / total if s is side else v for (s, _), v in zip(rows, self.weights, strict=True)
            ]
        self.drop_zeros()

    def drop_zeros(self) -> None:
        """Forget points of weight zero."""
        keep = [i for i, v in enumerate(self.weights) if v != 0]
        self.rows = [self.rows[i] for i in keep]
        self.weights = [self.weights[i] for i in keep]

    def add(self, row: Row) -> None:
        """Add a point with weight zero."""
        self.rows.append(row)
        self.weights.append(fmpq(0))

    def points(self) -> Float[np.ndarray, "k n"]:
        """Return the points, one per row."""
        return np.vstack([self.clouds[side].take(np.array([row])) for side, row in self.rows])

    def signs(self) -> list[int]:
        """Return +1 for points of A and −1 for points of B."""
        return [1 if side else -1 for side, _ in self.rows]

    def current_difference(self) -> list[fmpq]:
        """Return Σ weights·A − Σ weights·B."""
        return combination(
            self.points(), [v if s > 0 else -v for s, v in zip(self.signs(), self.weights, strict=True)]
        )

    def answer(self, difference: list[fmpq], *, optimal: bool) -> ExactNearest:
        """Return the state as a record."""
        normal = tuple(self.normal(difference))
        return ExactNearest(tuple(self.rows), tuple(self.weights), tuple(difference), normal, optimal)

    def normal(self, difference: list[fmpq]) -> list[fmpq]:
        """Return the direction ⟨·, difference⟩ of the metric, in plain coordinates."""
        return [v * power_of_two(2 * m) for v, m in zip(difference, self.metric, strict=True)]

    def move(self) -> tuple[bool, list[fmpq]]:
        """Go towards the affine optimum while weights stay ≥ 0; tell whether it was all the way."""
        columns = _columns(self.points(), self.signs(), self.metric)
        goal = _affine_optimum(columns, self.signs())
        if goal is None:
            self._make_independent(columns)
            return False, []
        falling = [i for i, y in enumerate(goal) if y < 0]
        if falling:
            share = min(self.weights[i] / (self.weights[i] - goal[i]) for i in falling)
            self.weights = [x + share * (y - x) for x, y in zip(self.weights, goal, strict=True)]
            self.drop_zeros()
            return False, []
        self.weights = goal
        whole = len(goal) == self.dim + 2  # the system solved asks for difference zero
        self.drop_zeros()
        return True, [fmpq(0)] * self.dim if whole else self.current_difference()

    def _make_independent(self, columns: fmpz_mat) -> None:
        """Drop points without moving the two combinations, until none depends on others (Carathéodory)."""
        k = len(self.rows)
        basis, _ = _with_sides(columns, self.signs()).nullspace()
        direction = [fmpq(basis[i, 0]) for i in range(k)]
        shares = [x / z for x, z in zip(self.weights, direction, strict=True) if z > 0]
        share = min(shares)
        self.weights = [x - share * z for x, z in zip(self.weights, direction, strict=True)]
        self.drop_zeros()


def _columns(points: Float[np.ndarray, "k n"], signs: list[int], metric: list[int]) -> fmpz_mat:
    """Return the signed points, stretched by the metric, as integer columns (a common factor is left out)."""
    signed = points * np.array(signs, dtype=np.float64)[:, None]
    if len(set(metric)) == 1:
        return integers(signed).matrix.transpose()
    parts = [integers(signed[:, [j]]) for j in range(signed.shape[1])]
    exponents = [part.exponent + m for part, m in zip(parts, metric, strict=True)]
    used = [e for e, column in zip(exponents, signed.T, strict=True) if column.any()]
    base = min(used, default=0)
    rows = [
        [int(v) << max(0, e - base) for v in part.matrix.entries()]
        for part, e in zip(parts, exponents, strict=True)
    ]
    return fmpz_mat(rows)


def _with_sides(columns: fmpz_mat, signs: list[int]) -> fmpz_mat:
    """Append the two rows that sum the weights of either side."""
    rows = columns.tolist()
    rows.append([fmpz(int(s > 0)) for s in signs])
    rows.append([fmpz(int(s < 0)) for s in signs])
    return fmpz_mat(rows)


def _affine_optimum(columns: fmpz_mat, signs: list[int]) -> list[fmpq] | None:
    """Return the weights (sum 1 on either side) of the shortest combination; None if not unique."""
    n, k = columns.nrows(), len(signs)
    if k > n + 2:
        return None
    try:
        if k == n + 2:
            right = fmpz_mat(k, 1, [0] * n + [1, 1])
            return _entries(_with_sides(columns, signs).solve(right), k)
        gram = columns.transpose() * columns
        system = [[*row, int(s > 0), int(s < 0)] for row, s in zip(gram.tolist(), signs, strict=True)]
        for positive in (True, False):
            system.append([*(int((s > 0) is positive) for s in signs), 0, 0])
        right = fmpz_mat(k + 2, 1, [0] * k + [1, 1])
        return _entries(fmpz_mat(system).solve(right), k)
    except ZeroDivisionError:
        return None


def _entries(solution: Any, count: int) -> list[fmpq]:
    return [solution[i, 0] for i in range(count)]


def _worst_violator(solver: _Corral, difference: list[fmpq], frame: Frame) -> Row | None:
    """Return the point farthest beyond the support level of its side; None at the optimum."""
    function, _ = affine_from_rationals(solver.normal(difference), fmpq(0))
    worst: tuple[fmpq, Row] | None = None
    for side in (True, False):
        cloud = solver.clouds[side]
        signed = function if side else function.negated()
        anchor = next(row for s, row in solver.rows if s is side)
        level = signed.at(cloud.take(np.array([anchor])))[0]
        lowest = least(Affine(signed.normal, -level), cloud, frame)
        if lowest.value < 0 and (worst is None or lowest.value < worst[0]):
            worst = (lowest.value, (side, lowest.row))
    return None if worst is None else worst[1]
