"""How a family of sets covers a target: whole, in disjoint pieces, in overlapping ones, or not at all."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

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
    target: Bool[np.ndarray, "N"],
    sets: Bool[np.ndarray, "N d"],
    tolerance: float,
    *,
    parts: Int[np.ndarray, "size"] | None = None,
    least: int = 2,
) -> Pieces:
    """Choose pieces of a target among sets: those that lie in it up to the tolerance, few and disjoint.

    First the sets that add more new points than points already covered, so that a partition is found where
    there is one (the greatest gain first); then, if the target is not yet covered, those that add most,
    overlapping as they may. Sets with fewer than `least` points of the target are left out.

    Parameters
    ----------
    parts
        For each point of the target, which connected part of it the point belongs to. Sets that cut through
        no part, up to the tolerance, are tried first; they are taken if a partition is found among them.

    Examples
    --------
    >>> target = np.array([1, 1, 1, 1, 0], dtype=bool)
    >>> halves = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], dtype=bool).T
    >>> choose(target, halves, 0.1)
    Pieces(whole=None, members=(0, 1))
    """
    size = int(np.count_nonzero(target))
    inside = sets & target[:, None]
    hits, fired = np.count_nonzero(inside, axis=0), np.count_nonzero(sets, axis=0)
    if size == 0:
        return Pieces(None, ())
    off = (fired - hits) + (size - hits)
    nearest = int(np.argmin(off)) if len(off) else -1
    whole = nearest if nearest >= 0 and off[nearest] <= tolerance * size else None
    fits = (hits >= least) & (fired - hits <= tolerance * fired) & (hits <= (1 - tolerance) * size)
    if parts is not None and np.any(parts != parts[0]):
        uncut = fits & _respects(inside[target], parts, tolerance)
        members = _cover(inside, np.flatnonzero(uncut).tolist(), size, tolerance)
        if _divides(inside[:, list(members)], size, tolerance):
            return Pieces(whole, members)
    return Pieces(whole, _cover(inside, np.flatnonzero(fits).tolist(), size, tolerance))


def _respects(
    inside: Bool[np.ndarray, "size d"], parts: Int[np.ndarray, "size"], tolerance: float
) -> Bool[np.ndarray, "d"]:
    """Tell which sets have each part of the target or leave it, up to the tolerance."""
    shares = np.array([inside[parts == part].mean(axis=0) for part in np.unique(parts)])
    return np.all((shares <= tolerance) | (shares >= 1 - tolerance), axis=0)


def _divides(pieces: Bool[np.ndarray, "N r"], size: int, tolerance: float) -> bool:
    """Tell whether these are at least two pieces that cover the target, and overlap up to the tolerance."""
    times = np.count_nonzero(pieces, axis=1)
    covered, twice = np.count_nonzero(times), np.count_nonzero(times > 1)
    return pieces.shape[1] >= 2 and bool(covered >= (1 - tolerance) * size and twice <= tolerance * covered)


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
    """Name the kind of a cover: its pieces may miss a share up to the tolerance, and overlap in as much.

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
