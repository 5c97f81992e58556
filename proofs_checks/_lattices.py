"""Small finite lattices as order matrices, their irreducibles, and closure systems as sets of bits."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
from jaxtyping import Bool

Order = Bool[np.ndarray, "L L"]


def order_of(sets: Iterable[int]) -> Order:
    """Return the inclusion order of sets of bits: entry (x, y) says that x lies in y.

    Examples
    --------
    >>> order_of([0, 1]).tolist()
    [[True, True], [False, True]]
    """
    bits = list(sets)
    return np.array([[x & y == x for y in bits] for x in bits], dtype=np.bool_).reshape(len(bits), len(bits))


def intersections(sets: Iterable[int], top: int) -> list[int]:
    """Return the closure system that the sets generate: all their intersections, and the top, sorted.

    Examples
    --------
    >>> intersections([0b110, 0b011], 0b111)
    [2, 3, 6, 7]
    """
    system = {top}
    for x in sets:
        system |= {x & y for y in system}
    return sorted(system)


def extents(relation: Bool[np.ndarray, "p d"]) -> list[int]:
    """Return all intersections of columns as sets of bits, sorted; the empty one is everything.

    Examples
    --------
    >>> extents(np.array([[True, False], [True, True]]))
    [2, 3]
    """
    columns = (sum(1 << int(k) for k in np.flatnonzero(column)) for column in relation.T)
    return intersections(columns, (1 << len(relation)) - 1)


def chain(length: int) -> Order:
    """Return the chain of so many elements."""
    return order_of((1 << k) - 1 for k in range(length))


def boolean(atoms: int) -> Order:
    """Return the lattice of all subsets of so many atoms."""
    return order_of(range(1 << atoms))


def diamond(atoms: int) -> Order:
    """Return M_k: a bottom, k incomparable elements and a top."""
    return order_of([0, *(1 << k for k in range(atoms)), (1 << atoms) - 1])


def pentagon() -> Order:
    """Return N₅: 0 < a < b < 1 and 0 < c < 1."""
    return order_of([0, 0b001, 0b011, 0b100, 0b111])


def divisors(number: int) -> Order:
    """Return the divisors of a number, ordered by divisibility.

    Examples
    --------
    >>> len(divisors(12))
    6
    """
    numbers = [k for k in range(1, number + 1) if number % k == 0]
    return np.array([[b % a == 0 for b in numbers] for a in numbers], dtype=np.bool_)


def random_lattice(rng: np.random.Generator, ground: int, generators: int) -> Order:
    """Return the inclusion order of a random closure system."""
    sets = rng.integers(0, 1 << ground, generators).tolist()
    return order_of(intersections(sets, (1 << ground) - 1))


def join_irreducibles(order: Order) -> list[int]:
    """Return the elements with exactly one lower cover: those that are no join of others.

    Examples
    --------
    >>> len(join_irreducibles(boolean(3))), join_irreducibles(chain(1))
    (3, [])
    """
    below = order & ~np.eye(len(order), dtype=np.bool_)
    covers = below & ~((below.astype(np.int64) @ below.astype(np.int64)) > 0)
    return [int(x) for x in np.flatnonzero(covers.sum(axis=0) == 1)]


def meet_irreducibles(order: Order) -> list[int]:
    """Return the elements with exactly one upper cover: those that are no meet of others."""
    return join_irreducibles(order.T)


@lru_cache(maxsize=8)
def closure_systems(ground: int) -> tuple[tuple[int, ...], ...]:
    """List every closure system on so many points (61 on 3, 2 480 on 4; 1 on none).

    Examples
    --------
    >>> [len(closure_systems(k)) for k in range(4)]
    [1, 2, 7, 61]
    """
    top = (1 << ground) - 1
    systems = {(top,)}
    frontier = list(systems)
    while frontier:
        grown = {tuple(intersections([*system, x], top)) for system in frontier for x in range(top)}
        frontier = [system for system in grown if system not in systems]
        systems |= grown
    return tuple(sorted(systems))


def isomorphic(left: Order, right: Order) -> bool:
    """Tell whether two finite orders are isomorphic, by matching elements one after another.

    Examples
    --------
    >>> isomorphic(divisors(6), boolean(2)), isomorphic(diamond(3), pentagon())
    (True, False)
    """
    if len(left) != len(right):
        return False
    marks = [[(int(o[:, x].sum()), int(o[x].sum())) for x in range(len(o))] for o in (left, right)]
    if sorted(marks[0]) != sorted(marks[1]):
        return False
    return _extend(left, right, marks, [])


def _extend(left: Order, right: Order, marks: Sequence[Sequence[tuple[int, int]]], image: list[int]) -> bool:
    x = len(image)
    if x == len(left):
        return True
    for y in range(len(right)):
        if y in image or marks[0][x] != marks[1][y]:
            continue
        fits = all(left[a, x] == right[b, y] and left[x, a] == right[y, b] for a, b in enumerate(image))
        if fits and _extend(left, right, marks, [*image, y]):
            return True
    return False


def is_lattice(order: Order) -> bool:
    """Tell whether every two elements have a greatest lower and a least upper bound."""
    return all(_has_meet(o, x, y) for o in (order, order.T) for x, y in combinations(range(len(o)), 2))


def _has_meet(order: Order, x: int, y: int) -> bool:
    lower = np.flatnonzero(order[:, x] & order[:, y])
    return any(order[lower, z].all() for z in lower)
