"""Active sets: solve on a few points, look at all of them once, add the worst violators, repeat.

The number of points enters only through one pass of matrix-vector products per round.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.separation._cloud import Cloud, Frame, blocks, sample_rows
from geosae.geometry.separation._working_set import WorkingSet

LEAST_SAMPLE = 64
MOST_ROUNDS = 80
# The float search ends when the margin found is this share of the bound.
CLOSED = 1 - 1e-10


def nearest_floats(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    metric: Float[np.ndarray, " n"],
) -> WorkingSet:
    """Find the nearest points of the two hulls, as far as floats go, in the frame stretched by `metric`."""
    working = first_guess(positives, negatives, frame, metric)
    batch = max(16, positives.dim)
    for _ in range(MOST_ROUNDS):
        working.solve()
        length = working.length
        if length <= 1e-14 * working.size or working.full():
            break
        level_a, level_b = working.levels()
        tolerance = 1e-12 * length * working.size
        low_a, rows_a = violators(positives, frame, working.difference * metric, level_a - tolerance, batch)
        low_b, rows_b = violators(negatives, frame, -working.difference * metric, -level_b - tolerance, batch)
        if low_a + low_b >= CLOSED * (level_a - level_b):
            break
        rows = np.concatenate([rows_a, rows_b])
        side = np.arange(len(rows)) < len(rows_a)
        working.forget(2 * positives.dim + 32)
        if working.add(_points(positives, negatives, frame, rows_a, rows_b) * metric, side, rows) == 0:
            break
    return working


def first_guess(
    positives: Cloud, negatives: Cloud, frame: Frame, metric: Float[np.ndarray, " n"]
) -> WorkingSet:
    """Return a working set: points spread over the rows, and those in front by a regression."""
    working = WorkingSet(positives.dim)
    few = max(LEAST_SAMPLE, positives.dim // 2)
    rows_a, rows_b = positives.rows(), negatives.rows()
    spread_a, spread_b = sample_rows(rows_a, few), sample_rows(rows_b, few)
    if len(rows_a) + len(rows_b) > 8 * few:
        direction = _regression(
            positives, negatives, frame, metric, sample_rows(rows_a, 16 * few), sample_rows(rows_b, 16 * few)
        )
        front_a = violators(positives, frame, direction * metric, np.inf, 2 * few)[1]
        front_b = violators(negatives, frame, -direction * metric, np.inf, 2 * few)[1]
        spread_a, spread_b = np.union1d(spread_a, front_a), np.union1d(spread_b, front_b)
    side = np.arange(len(spread_a) + len(spread_b)) < len(spread_a)
    points = _points(positives, negatives, frame, spread_a, spread_b) * metric
    working.add(points, side, np.concatenate([spread_a, spread_b]))
    return working


def _regression(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    metric: Float[np.ndarray, " n"],
    rows_a: Int[np.ndarray, " ka"],
    rows_b: Int[np.ndarray, " kb"],
) -> Float[np.ndarray, " n"]:
    """Return the direction that a least-squares fit of the side (+1 on A, −1 on B) finds on some rows."""
    points = _points(positives, negatives, frame, rows_a, rows_b) * metric
    side = np.where(np.arange(len(points)) < len(rows_a), 1.0, -1.0)
    points -= points.mean(axis=0)
    gram = points.T @ points
    ridge = 1e-8 * float(np.trace(gram)) / len(gram) + 1e-300
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), points.T @ (side - side.mean()))


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


def _points(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    rows_a: Int[np.ndarray, " ka"],
    rows_b: Int[np.ndarray, " kb"],
) -> Float[np.ndarray, "k n"]:
    return np.vstack([frame.apply(positives.take(rows_a)), frame.apply(negatives.take(rows_b))])
