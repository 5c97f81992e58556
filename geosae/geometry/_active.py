"""Active sets: solve on a few points, look at all of them once, add the worst violators, repeat.

The number of points enters only through one pass of matrix-vector products per round.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry._cloud import Cloud, Frame, blocks
from geosae.geometry._nearest import WorkingSet

SAMPLE = 512
MOST_ROUNDS = 80


def nearest_floats(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    metric: Float[np.ndarray, " n"],
    start: WorkingSet | None = None,
) -> WorkingSet:
    """Find the nearest points of the two hulls, as far as floats go, in the frame stretched by `metric`."""
    working = start or first_guess(positives, negatives, frame, metric)
    batch = max(16, positives.dim)
    for _ in range(MOST_ROUNDS):
        working.solve()
        length = float(np.linalg.norm(working.difference))
        if length <= 1e-14 * working.size or working.full():
            break
        level_a, level_b = working.levels()
        tolerance = 1e-12 * length * working.size
        low_a, rows_a = violators(positives, frame, working.difference * metric, level_a - tolerance, batch)
        low_b, rows_b = violators(negatives, frame, -working.difference * metric, -level_b - tolerance, batch)
        if low_a + low_b >= (1 - 1e-10) * (level_a - level_b):
            break
        rows = np.concatenate([rows_a, rows_b])
        side = np.arange(len(rows)) < len(rows_a)
        if working.add(_points(positives, negatives, frame, rows_a, rows_b) * metric, side, rows) == 0:
            break
    return working


def first_guess(
    positives: Cloud, negatives: Cloud, frame: Frame, metric: Float[np.ndarray, " n"]
) -> WorkingSet:
    """Return a working set of points spread evenly over the rows of either cloud."""
    working = WorkingSet(positives.dim)
    rows_a, rows_b = _spread(positives.rows()), _spread(negatives.rows())
    side = np.arange(len(rows_a) + len(rows_b)) < len(rows_a)
    points = _points(positives, negatives, frame, rows_a, rows_b) * metric
    working.add(points, side, np.concatenate([rows_a, rows_b]))
    return working


def violators(
    cloud: Cloud, frame: Frame, direction: Float[np.ndarray, " n"], level: float, most: int
) -> tuple[float, Int[np.ndarray, " k"]]:
    """Return the least ⟨direction, ·⟩ on the cloud, and at most `most` rows of the least below the level."""
    values = np.empty(len(cloud.points))
    for part in blocks(cloud.points):
        values[part] = frame.apply(cloud.points[part]) @ direction
    if cloud.mask is not None:
        values[~cloud.mask] = np.inf
    below: Bool[np.ndarray, " N"] = values < level
    rows = np.flatnonzero(below)
    if len(rows) > most:
        rows = rows[np.argpartition(values[rows], most)[:most]]
    return float(values.min()), rows


def _spread(rows: Int[np.ndarray, " N"]) -> Int[np.ndarray, " k"]:
    if len(rows) <= SAMPLE:
        return rows
    return rows[np.linspace(0, len(rows) - 1, SAMPLE).astype(np.int64)]


def _points(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    rows_a: Int[np.ndarray, " ka"],
    rows_b: Int[np.ndarray, " kb"],
) -> Float[np.ndarray, "k n"]:
    return np.vstack([frame.apply(positives.take(rows_a)), frame.apply(negatives.take(rows_b))])
