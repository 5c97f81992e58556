"""S1 for many concepts that share their points: solved in step, so that a look at the points serves all.

The looks are products of matrices instead of one product of a matrix and a vector for each concept; the first
directions come from one regression of all concepts at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.geometry.separation._cloud import Cloud, Frame, as_cloud, blocks, frame_of
from geosae.geometry.separation._nearest_float import CLOSED, MOST_ROUNDS
from geosae.geometry.separation._working_set import WorkingSet
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import conclude


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
        If the points are not finite, the shapes do not fit, or a concept holds no point or all of them.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.arange(4.0)[:, None]
    >>> membership = np.array([[1, 1], [1, 0], [0, 0], [0, 1]], dtype=bool)
    >>> [verdict.check().separable for verdict in separate_many(line, membership)]
    [True, False]
    """
    shared = as_cloud(points, "points")
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


_Kept = tuple[Float[np.ndarray, " k"], Int[np.ndarray, " k"]]


@dataclass(eq=False)
class _Problem:
    """One concept: who belongs, its working set, and what the last look at the points brought."""

    mask: Bool[np.ndarray, " N"]
    working: WorkingSet
    open: bool = True


@dataclass(frozen=True, eq=False)
class _Look:
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
    directions = _regressions(points, membership, frame, _spread(np.arange(len(points)), 32 * few))
    everything = [(np.inf, -np.inf)] * len(problems)
    looks = _look(points, frame, problems, directions, everything, 2 * few)
    for problem, look in zip(problems, looks, strict=True):
        spread = [_spread(np.flatnonzero(side), few) for side in (problem.mask, ~problem.mask)]
        _add(points, frame, problem, np.unique(np.concatenate([*spread, look.rows])))
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


def _spread(rows: Int[np.ndarray, " k"], most: int) -> Int[np.ndarray, " j"]:
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)]


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
        looks = _look(points, frame, active, directions, levels, max(16, n))
        for problem, look, (level_a, level_b) in zip(active, looks, levels, strict=True):
            problem.working.forget(2 * n + 32)
            closed = look.low - look.high >= CLOSED * (level_a - level_b)
            problem.open = not closed and _add(points, frame, problem, look.rows) > 0


def _levels(working: WorkingSet) -> tuple[float, float]:
    """Return the levels beyond which a point is a violator."""
    level_a, level_b = working.levels()
    slack = 1e-12 * working.length * working.size
    return level_a - slack, level_b + slack


def _look(
    points: Float[np.ndarray, "N n"],
    frame: Frame,
    problems: list[_Problem],
    directions: Float[np.ndarray, "p n"],
    levels: list[tuple[float, float]],
    most: int,
) -> list[_Look]:
    """Evaluate all directions on all points, block by block; keep the worst violators."""
    seen = [_Seen(level_a, level_b, most) for level_a, level_b in levels]
    for part in blocks(points):
        values = frame.apply(points[part]) @ directions.T
        for k, problem in enumerate(problems):
            seen[k].look(values[:, k], problem.mask[part], part.start)
    return [one.result() for one in seen]


class _Seen:
    """What has been seen of one concept, block by block."""

    def __init__(self, level_a: float, level_b: float, most: int) -> None:
        self.level_a, self.level_b, self.most = level_a, level_b, most
        self.low, self.high = np.inf, -np.inf
        self.kept_a: list[_Kept] = []
        self.kept_b: list[_Kept] = []

    def look(self, values: Float[np.ndarray, " c"], mask: Bool[np.ndarray, " c"], start: int) -> None:
        """Take in the values of one block."""
        inside, outside = np.where(mask, values, np.inf), np.where(mask, -np.inf, values)
        self.low, self.high = min(self.low, float(inside.min())), max(self.high, float(outside.max()))
        self.kept_a.append(self._least_below(inside, self.level_a, start))
        self.kept_b.append(self._least_below(-outside, -self.level_b, start))

    def _least_below(self, values: Float[np.ndarray, " c"], level: float, start: int) -> _Kept:
        rows = np.flatnonzero(values < level)
        if len(rows) > self.most:
            rows = rows[np.argpartition(values[rows], self.most)[: self.most]]
        return values[rows], rows + start

    def _merge(self, kept: list[_Kept]) -> Int[np.ndarray, " k"]:
        values, rows = np.concatenate([v for v, _ in kept]), np.concatenate([r for _, r in kept])
        return rows[np.argpartition(values, self.most)[: self.most]] if len(rows) > self.most else rows

    def result(self) -> _Look:
        """Return the extremes and the worst violators of all blocks together."""
        rows = np.concatenate([self._merge(self.kept_a), self._merge(self.kept_b)])
        return _Look(self.low, self.high, rows)
