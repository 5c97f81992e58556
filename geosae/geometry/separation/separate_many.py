"""Separability by one half-space for many concepts of the same points, solved together (theory S1).

Each pass over the points serves all concepts: it is a product of matrices instead of one product of a matrix
and a vector for each concept. The first directions come from one regression of all concepts at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.geometry.separation._cloud import Cloud, Frame, as_cloud, blocks, frame_of, sample_rows
from geosae.geometry.separation._nearest_float import CLOSED, MOST_ROUNDS
from geosae.geometry.separation._working_set import WorkingSet
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import conclude
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL, as_mask


@checked_arguments(exact_up_to=NATURAL)
def separate_many(
    points: Float[np.ndarray, "N n"],
    membership: Bool[np.ndarray, "N p"],
    *,
    exact_up_to: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Separated | Inseparable, ...]:
    """Decide for every concept whether one half-space holds its points and none of the others (theory S1).

    Parameters
    ----------
    points
        All points; they are shared by the records and never copied as a whole.
    membership
        Which points (rows) belong to which concepts (columns).
    exact_up_to
        As in `separate`.
    progress
        Called as progress(done, total) over the concepts.

    Returns
    -------
    tuple[Separated | Inseparable, ...]
        One verdict for each concept, as `separate` gives it. Row numbers in the records are rows of `points`.

    Raises
    ------
    InvalidInput
        If the points are not finite, membership is not true and false (or 1 and 0), the shapes do not fit,
        or a concept holds no point or all of them.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.arange(4.0)[:, None]
    >>> membership = np.array([[1, 1], [1, 0], [0, 0], [0, 1]], dtype=bool)
    >>> [verdict.check().separable for verdict in separate_many(line, membership)]
    [True, False]
    """
    shared = as_cloud(points, "points")
    membership = as_mask(membership, "membership")
    if membership.shape[0] != len(shared):
        raise InvalidInput(f"{len(shared)} points come with {membership.shape[0]} rows of membership")
    sizes = membership.sum(axis=0)
    for k in np.flatnonzero((sizes == 0) | (sizes == len(shared))).tolist():
        raise InvalidInput(
            f"concept {k} holds {sizes[k]} of {len(shared)} points",
            causes="an empty concept, or one that is everything",
            remedy="leave that column out: it has nothing to be separated from",
        )
    frame = frame_of(shared, names=("points",))
    problems = _start(shared.points, membership, frame)
    _solve_in_step(shared.points, frame, problems)
    verdicts: list[Separated | Inseparable] = []
    for k, problem in enumerate(problems):
        positives, negatives = Cloud(shared.points, problem.mask), Cloud(shared.points, ~problem.mask)
        verdicts.append(conclude(positives, negatives, frame, problem.working, exact_up_to))
        if progress is not None:
            progress(k + 1, len(problems))
    return tuple(verdicts)


_Violators = tuple[Float[np.ndarray, " k"], Int[np.ndarray, " k"]]


@dataclass(eq=False)
class _Problem:
    """One concept: who belongs, its working set, and whether its search goes on."""

    mask: Bool[np.ndarray, " N"]
    working: WorkingSet
    open: bool = True


@dataclass(frozen=True, eq=False)
class _Extremes:
    """The least value on a concept's points, the greatest on the others, and the rows beyond the levels."""

    low: float
    high: float
    rows: Int[np.ndarray, " k"]


def _start(
    points: Float[np.ndarray, "N n"], membership: Bool[np.ndarray, "N p"], frame: Frame
) -> list[_Problem]:
    """Start each concept with points spread over the rows, and those in front by a regression for all."""
    n = points.shape[1]
    few = max(64, n // 2)
    problems = [_Problem(np.ascontiguousarray(mask), WorkingSet(n)) for mask in membership.T]
    directions = _regressions(points, membership, frame, sample_rows(np.arange(len(points)), 32 * few))
    everything = [(np.inf, -np.inf)] * len(problems)
    extremes = _scan(points, frame, problems, directions, everything, 2 * few)
    for problem, extreme in zip(problems, extremes, strict=True):
        spread = [sample_rows(np.flatnonzero(side), few) for side in (problem.mask, ~problem.mask)]
        _add(points, frame, problem, np.unique(np.concatenate([*spread, extreme.rows])))
    return problems


def _regressions(
    points: Float[np.ndarray, "N n"],
    membership: Bool[np.ndarray, "N p"],
    frame: Frame,
    sample: Int[np.ndarray, " k"],
) -> Float[np.ndarray, "p n"]:
    """Return for each concept the direction that a least-squares fit of its membership finds on some rows."""
    framed = frame.apply(points[sample])
    framed = framed - framed.mean(axis=0)
    gram = framed.T @ framed
    ridge = 1e-8 * float(np.trace(gram)) / len(gram) + 1e-300
    sides = np.where(membership[sample], 1.0, -1.0)
    right = framed.T @ (sides - sides.mean(axis=0))
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), right).T


def _add(
    points: Float[np.ndarray, "N n"], frame: Frame, problem: _Problem, rows: Int[np.ndarray, " k"]
) -> int:
    return problem.working.add(frame.apply(points[rows]), problem.mask[rows], rows)


def _solve_in_step(points: Float[np.ndarray, "N n"], frame: Frame, problems: list[_Problem]) -> None:
    """Solve all working sets, look at all points once for all concepts, add the worst violators, repeat."""
    n = points.shape[1]
    for _ in range(MOST_ROUNDS):
        for problem in problems:
            if problem.open:
                working = problem.working
                working.solve()
                problem.open = working.length > 1e-14 * working.size and not working.full()
        active = [problem for problem in problems if problem.open]
        if not active:
            return
        directions = np.array([problem.working.difference for problem in active])
        levels = [_levels(problem.working) for problem in active]
        extremes = _scan(points, frame, active, directions, levels, max(16, n))
        for problem, extreme, (level_a, level_b) in zip(active, extremes, levels, strict=True):
            problem.working.forget(2 * n + 32)
            closed = extreme.low - extreme.high >= CLOSED * (level_a - level_b)
            problem.open = not closed and _add(points, frame, problem, extreme.rows) > 0


def _levels(working: WorkingSet) -> tuple[float, float]:
    """Return the levels beyond which a point is a violator."""
    level_a, level_b = working.levels()
    slack = 1e-12 * working.length * working.size
    return level_a - slack, level_b + slack


def _scan(
    points: Float[np.ndarray, "N n"],
    frame: Frame,
    problems: list[_Problem],
    directions: Float[np.ndarray, "p n"],
    levels: list[tuple[float, float]],
    most: int,
) -> list[_Extremes]:
    """Evaluate all directions on all points, block by block; keep the worst violators."""
    scans = [_Scan(level_a, level_b, most) for level_a, level_b in levels]
    for part in blocks(points):
        values = frame.apply(points[part]) @ directions.T
        for k, problem in enumerate(problems):
            scans[k].add_block(values[:, k], problem.mask[part], part.start)
    return [scan.extremes() for scan in scans]


class _Scan:
    """The extremes of one concept's values, collected block by block."""

    def __init__(self, level_a: float, level_b: float, most: int) -> None:
        self.level_a, self.level_b, self.most = level_a, level_b, most
        self.low, self.high = np.inf, -np.inf
        self.below_a: list[_Violators] = []
        self.below_b: list[_Violators] = []

    def add_block(self, values: Float[np.ndarray, " c"], mask: Bool[np.ndarray, " c"], start: int) -> None:
        """Add the values of one block."""
        inside, outside = np.where(mask, values, np.inf), np.where(mask, -np.inf, values)
        self.low, self.high = min(self.low, float(inside.min())), max(self.high, float(outside.max()))
        self.below_a.append(self._least_below(inside, self.level_a, start))
        self.below_b.append(self._least_below(-outside, -self.level_b, start))

    def _least_below(self, values: Float[np.ndarray, " c"], level: float, start: int) -> _Violators:
        rows = np.flatnonzero(values < level)
        if len(rows) > self.most:
            rows = rows[np.argpartition(values[rows], self.most)[: self.most]]
        return values[rows], rows + start

    def _merge(self, parts: list[_Violators]) -> Int[np.ndarray, " k"]:
        values, rows = np.concatenate([v for v, _ in parts]), np.concatenate([r for _, r in parts])
        return rows[np.argpartition(values, self.most)[: self.most]] if len(rows) > self.most else rows

    def extremes(self) -> _Extremes:
        """Return the extremes and the worst violators of all blocks together."""
        rows = np.concatenate([self._merge(self.below_a), self._merge(self.below_b)])
        return _Extremes(self.low, self.high, rows)
