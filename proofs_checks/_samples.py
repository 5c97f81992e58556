"""Small multinomial samples, all of them: every outcome with its exact weight (E4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, prod


@dataclass(frozen=True)
class Atom:
    """A kind of point: how often it is drawn (a weight), and for each pair whether it is in C and in θ."""

    weight: int
    pairs: tuple[tuple[bool, bool], ...]


@cache
def _compositions(size: int, kinds: int) -> tuple[tuple[int, ...], ...]:
    if kinds == 1:
        return ((size,),)
    return tuple((n, *rest) for n in range(size + 1) for rest in _compositions(size - n, kinds - 1))


def outcomes(atoms: Sequence[Atom], size: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield every sample of so many points as numbers per kind, with its integer weight.

    Examples
    --------
    >>> atom = Atom(1, ((True, True),))
    >>> list(outcomes((atom, atom), 2))
    [(1, (0, 2)), (2, (1, 1)), (1, (2, 0))]
    """
    for numbers in _compositions(size, len(atoms)):
        left, ways = size, 1
        for n in numbers:
            ways *= comb(left, n)
            left -= n
        weight = ways * prod(atom.weight**n for atom, n in zip(atoms, numbers, strict=True))
        if weight:
            yield weight, numbers


def pair_atoms(hit: int, missed: int, alarms: int, neither: int) -> tuple[Atom, ...]:
    """Return the four kinds of points of one pair by their weights.

    Examples
    --------
    >>> [atom.weight for atom in pair_atoms(3, 1, 1, 5)]
    [3, 1, 1, 5]
    """
    kinds = (((True, True), hit), ((True, False), missed), ((False, True), alarms), ((False, False), neither))
    return tuple(Atom(weight, (kind,)) for kind, weight in kinds)
