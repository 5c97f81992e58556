"""How a family of sets covers a target: whole, in disjoint pieces, in overlapping ones, or not at all."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool

Kind = Literal["whole", "split", "tiled", "partial"]


@dataclass(frozen=True)
class Pieces:
    """The sets chosen to make up a target, by index.

    Attributes
    ----------
    whole
        The set that alone is nearest to the target, if it is within the tolerance; else None.
    members
        The pieces chosen otherwise, in the order in which they were chosen.
    """

    whole: int | None
    members: tuple[int, ...]


def choose(
    target: Bool[np.ndarray, "N"], sets: Bool[np.ndarray, "N d"], tolerance: float, *, least: int = 2
) -> Pieces:
    """Choose pieces of a target among sets: those that lie in it up to the tolerance, few and disjoint.

    First the sets that add more new points than points already held, so that a partition is found where
    there is one (the greatest gain first); then, if the target is not yet covered, those that add most,
    overlapping as they may. Sets with fewer than `least` points of the target are left out.

    Examples
    --------
    >>> target = np.array([1, 1, 1, 1, 0], dtype=bool)
    >>> halves = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], dtype=bool).T
    >>> choose(target, halves, 0.1)
    Pieces(whole=None, members=(0, 1))
    """
    size = int(np.count_nonzero(target))
    inside = sets & target[:, None]
    held, fired = np.count_nonzero(inside, axis=0), np.count_nonzero(sets, axis=0)
    if size == 0:
        return Pieces(None, ())
    off = (fired - held) + (size - held)
    nearest = int(np.argmin(off)) if len(off) else -1
    whole = nearest if nearest >= 0 and off[nearest] <= tolerance * size else None
    fits = (held >= least) & (fired - held <= tolerance * fired) & (held <= (1 - tolerance) * size)
    return Pieces(whole, _cover(inside, np.flatnonzero(fits).tolist(), size, tolerance))


def _cover(
    inside: Bool[np.ndarray, "N d"], candidates: list[int], size: int, tolerance: float
) -> tuple[int, ...]:
    chosen: list[int] = []
    covered = np.zeros(len(inside), dtype=np.bool_)
    for overlap_counts in (True, False):
        while candidates and np.count_nonzero(covered) < size:
            block = inside[:, candidates]
            fresh = np.count_nonzero(block & ~covered[:, None], axis=0)
            score = fresh - np.count_nonzero(block & covered[:, None], axis=0) if overlap_counts else fresh
            best = int(np.argmax(score))
            if score[best] <= 0:
                break
            covered |= block[:, best]
            chosen.append(candidates.pop(best))
        if np.count_nonzero(covered) >= (1 - tolerance) * size:
            break
    return tuple(chosen)


def kind_of(whole: bool, pieces: int, missing: float, overlap: float, tolerance: float) -> Kind:
    """Name what was found: pieces may miss, and hold twice, a share up to the tolerance.

    Examples
    --------
    >>> kind_of(False, 3, 0.0, 0.4, 0.1), kind_of(False, 3, 0.0, 0.05, 0.1), kind_of(False, 1, 0.5, 0.0, 0.1)
    ('tiled', 'split', 'partial')
    """
    if whole:
        return "whole"
    if pieces < 2 or not missing <= tolerance:
        return "partial"
    return "split" if overlap <= tolerance else "tiled"
