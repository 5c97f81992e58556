"""The smallest unit in the plane, found exactly in integer arithmetic.

The outward normals of half-spaces that hold A and exclude x make an open arc of the circle, between the
normals of the two tangents from x to Conv(A). A unit is a set of directions that meets every arc. The ends
of the arcs cut the circle into cells; from each cell of one arc, the greedy choice (the last cell of the
arc that ends first) is best on the circle cut open there.
"""

import math
from collections.abc import Sequence
from functools import cmp_to_key

import numpy as np

from geosae.geometry.exact import integers
from geosae.geometry.separation._cloud import Cloud

Vector = tuple[int, int]
Rows = tuple[int, ...]


def planar_cover(positives: Cloud, negatives: Cloud) -> list[Rows]:
    """Return the fewest groups of B (none in Conv(A)) that one half-space each can exclude."""
    rows = negatives.rows()
    stacked = np.vstack([positives.array(), negatives.take(rows)])
    entries = [(int(x), int(y)) for x, y in integers(stacked).matrix.tolist()]
    hull = _hull(entries[: len(positives)])
    arcs = [_arc(point, hull) for point in entries[len(positives) :]]
    cells, count = _cells(arcs)
    stabs = _fewest_stabs(cells, count)
    groups: list[list[int]] = [[] for _ in stabs]
    for row, (start, length) in zip(rows.tolist(), cells, strict=True):
        chosen = next(i for i, cell in enumerate(stabs) if (cell - start) % count < length)
        groups[chosen].append(row)
    return [tuple(group) for group in groups if group]


def _cross(u: Vector, v: Vector) -> int:
    return u[0] * v[1] - u[1] * v[0]


def _minus(u: Vector, v: Vector) -> Vector:
    return u[0] - v[0], u[1] - v[1]


def _hull(points: Sequence[Vector]) -> list[Vector]:
    """Return the vertices of the convex hull (Andrew's monotone chain, doi:10.1016/0020-0190(79)90072-3)."""
    ordered = sorted(set(points))
    if len(ordered) <= 2:
        return ordered
    chains: list[list[Vector]] = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[Vector] = []
        for point in sequence:
            while len(chain) > 1 and _cross(_minus(chain[-1], chain[-2]), _minus(point, chain[-1])) <= 0:
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    return chains[0] + chains[1]


def _arc(point: Vector, hull: Sequence[Vector]) -> tuple[Vector, Vector]:
    """Return the ends, counterclockwise, of the arc {u : ⟨u, point − a⟩ > 0 on the hull}."""
    px, py = point
    right_x, right_y = left_x, left_y = _minus(point, hull[0])
    # Written out: with a call for each cross product this loop would take most of the time.
    for vx, vy in hull:
        x, y = px - vx, py - vy
        if right_x * y < right_y * x:
            right_x, right_y = x, y
        if left_x * y > left_y * x:
            left_x, left_y = x, y
    return (left_y, -left_x), (-right_y, right_x)


def _cells(arcs: Sequence[tuple[Vector, Vector]]) -> tuple[list[tuple[int, int]], int]:
    """Return each arc as its first cell and its number of cells, and the number of cells of the circle."""
    ends = sorted({_reduced(end) for arc in arcs for end in arc}, key=cmp_to_key(_by_angle))
    index = {end: i for i, end in enumerate(ends)}
    cells: list[tuple[int, int]] = []
    for start, end in arcs:
        first = index[_reduced(start)]
        cells.append((first, (index[_reduced(end)] - first) % len(ends)))
    return cells, len(ends)


def _reduced(vector: Vector) -> Vector:
    """Return the shortest integer vector of the same direction."""
    factor = math.gcd(*vector)
    return vector[0] // factor, vector[1] // factor


def _by_angle(u: Vector, v: Vector) -> int:
    lower_u, lower_v = (u[1] < 0 or (u[1] == 0 and u[0] < 0)), (v[1] < 0 or (v[1] == 0 and v[0] < 0))
    if lower_u != lower_v:
        return 1 if lower_u else -1
    turn = _cross(u, v)
    return -1 if turn > 0 else int(turn < 0)


def _fewest_stabs(arcs: Sequence[tuple[int, int]], count: int) -> list[int]:
    """Return the fewest cells such that every arc holds one."""
    first, length = min(arcs, key=lambda arc: arc[1])
    best: list[int] | None = None
    for offset in range(length):
        cut = (first + offset) % count
        # Seen from the cut, an arc that does not hold it runs from `start` to `stop` without wrapping round.
        open_arcs = sorted(
            ((start - cut) % count + size - 1, (start - cut) % count)
            for start, size in arcs
            if (cut - start) % count >= size
        )
        stabs, last = [cut], 0
        for stop, start in open_arcs:
            if start > last:
                stabs.append((cut + stop) % count)
                last = stop
        if best is None or len(stabs) < len(best):
            best = stabs
    return best or []
