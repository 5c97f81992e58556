"""Smallest units by brute force: every set of negatives is tried, exactly (a handful of points)."""

from collections.abc import Sequence
from itertools import combinations

from proofs_checks._exact import Point, hulls_meet


def excludable(inside: Sequence[Point], outside: Sequence[Point]) -> list[bool]:
    """Tell for each set of negatives (as bits) whether one half-space holds C and none of the set.

    Examples
    --------
    >>> excludable([[0]], [[1], [-1]])
    [True, True, True, False]
    """
    possible = [True] * (1 << len(outside))
    for chosen in sorted(range(1, 1 << len(outside)), key=int.bit_count):
        bits = [k for k in range(len(outside)) if chosen >> k & 1]
        # A set is out of reach as soon as a smaller one is.
        possible[chosen] = all(possible[chosen ^ (1 << k)] for k in bits) and not hulls_meet(
            inside, [outside[k] for k in bits]
        )
    return possible


def fewest(inside: Sequence[Point], outside: Sequence[Point]) -> int | None:
    """Return m*, the size of the smallest unit that separates; None if none does.

    Examples
    --------
    >>> fewest([[0]], [[1], [-1]]), fewest([[0]], []), fewest([[0], [2]], [[1]])
    (2, 0, None)
    """
    possible = excludable(inside, outside)
    least: list[int | None] = [0] + [None] * (len(possible) - 1)
    for goal in range(1, len(possible)):
        first = goal & -goal
        part = goal
        while part:
            rest = least[goal ^ part]
            current = least[goal]
            if (
                part & first
                and possible[part]
                and rest is not None
                and (current is None or rest + 1 < current)
            ):
                least[goal] = rest + 1
            part = (part - 1) & goal
    return least[-1]


def clique(inside: Sequence[Point], outside: Sequence[Point]) -> int:
    """Return the most negatives that conflict pairwise: no half-space that holds C excludes two of them."""
    possible = excludable(inside, outside)
    for size in range(len(outside), 1, -1):
        for chosen in combinations(range(len(outside)), size):
            if not any(possible[1 << i | 1 << j] for i, j in combinations(chosen, 2)):
                return size
    return min(1, len(outside))


def simplex_edges(n: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return the midpoints of a simplex's edges as C and its corners as negatives: all corners conflict.

    Examples
    --------
    >>> fewest(*simplex_edges(2))
    3
    """
    corners = [[0] * n] + [[2 * int(i == j) for j in range(n)] for i in range(n)]
    middles = [[(a + b) // 2 for a, b in zip(p, q, strict=True)] for p, q in combinations(corners, 2)]
    return middles, corners
