"""Families of concepts at a tolerance: which are apart, the largest ones, neurons of their own (S12)."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Bool

from proofs_checks._graded import Points, count, jaccard


def far(one: Points, another: Points, epsilon: Fraction) -> bool:
    """Tell whether J < (1−2ε)/(1+2ε): one θ cannot separate both within ε.

    Examples
    --------
    >>> far(np.array([True, False]), np.array([False, True]), Fraction(49, 100))
    True
    """
    return jaccard(one, another) < (1 - 2 * epsilon) / (1 + 2 * epsilon)


def incomparable(one: Points, another: Points, epsilon: Fraction) -> bool:
    """Tell whether μ(C′∖C) > ε(μ(C)+μ(C′)) both ways: no model concept within ε holds the other.

    Examples
    --------
    >>> incomparable(np.array([True, False]), np.array([False, True]), Fraction(1, 2))
    False
    """
    both = epsilon * (count(one) + count(another))
    return count(one & ~another) > both and count(another & ~one) > both


def largest_family(served: Sequence[int], apart: Callable[[int, int], bool]) -> list[int]:
    """Return a largest set whose members are pairwise apart, by trying all.

    Examples
    --------
    >>> largest_family([1, 2, 3, 4], lambda k, j: (k + j) % 2 == 0)
    [1, 3]
    """
    best: list[int] = []
    stack: list[tuple[list[int], list[int]]] = [([], list(served))]
    while stack:
        family, candidates = stack.pop()
        if len(family) > len(best):
            best = family
        if len(family) + len(candidates) <= len(best):
            continue
        first, rest = candidates[0], candidates[1:]
        stack += [(family, rest), ([*family, first], [k for k in rest if apart(first, k)])]
    return best


def gathered_family(
    concepts: Bool[np.ndarray, "p N"], served: Sequence[int], apart: Callable[[Points, Points], bool]
) -> list[int]:
    """Return concepts that are pairwise apart, gathered from the smallest on: a family, not always a largest.

    Examples
    --------
    >>> concepts = np.array([[True, True, False], [True, False, False], [False, False, True]])
    >>> gathered_family(concepts, [0, 1, 2], lambda C, D: not (C & D).any())
    [1, 2]
    """
    family: list[int] = []
    for k in sorted(served, key=lambda k: count(concepts[k])):
        if all(apart(concepts[k], concepts[j]) for j in family):
            family.append(k)
    return family


def own_neurons(detecting: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return as many concepts as possible with a neuron each, no neuron twice, from the lists of candidates.

    Augmenting paths (H. W. Kuhn, 1955, doi:10.1002/nav.3800020109).

    Examples
    --------
    >>> own_neurons([[0], [0, 1], [1]])
    [(0, 0), (1, 1)]
    """
    owner: dict[int, int] = {}

    def place(k: int, tried: set[int]) -> bool:
        for i in detecting[k]:
            if i not in tried:
                tried.add(i)
                if i not in owner or place(owner[i], tried):
                    owner[i] = k
                    return True
        return False

    for k in range(len(detecting)):
        place(k, set())
    return sorted((k, i) for i, k in owner.items())
