"""Feature directions that overlap little: tight frames and frames of low coherence.

J. A. Tropp, I. S. Dhillon, R. W. Heath, T. Strohmer, Designing structured tight frames via an alternating
projection method, IEEE Trans. Inform. Theory 51 (2005), doi:10.1109/TIT.2004.839492.
"""

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput

_MOST = 4096  # features whose Gram matrix is decomposed
_SLICE = 2048


def unit_rows(rows: Float[np.ndarray, "M n"]) -> Float[np.ndarray, "M n"]:
    """Scale rows to length 1.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0]])).tolist()
    [[0.6, 0.8]]
    """
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def tight(directions: Float[np.ndarray, "M n"], steps: int = 20) -> Float[np.ndarray, "M n"]:
    """Turn unit directions to a unit-norm tight frame near them: Σ⟨dᵢ, dⱼ⟩² is least, M²/n, for M ≥ n.

    Alternates between the nearest tight frame, D(DᵀD)^(−½)√(M/n), and rows of length 1.

    Examples
    --------
    >>> frame = tight(unit_rows(np.random.default_rng(0).standard_normal((7, 3))), steps=200)
    >>> round(float(((frame @ frame.T) ** 2).sum()), 6) == round(49 / 3, 6)
    True
    """
    count, dim = directions.shape
    if count < dim:
        raise InvalidInput(f"{count} directions cannot span dimension {dim}", remedy="use features ≥ dim")
    frame = unit_rows(directions)
    for _ in range(steps):
        values, vectors = np.linalg.eigh(frame.T @ frame)
        frame = unit_rows(frame @ ((vectors / np.sqrt(np.maximum(values, 1e-12))) @ vectors.T))
    return frame


def low_coherence(directions: Float[np.ndarray, "M n"], steps: int = 200) -> Float[np.ndarray, "M n"]:
    """Turn unit directions to lower the largest |⟨dᵢ, dⱼ⟩|; the best frame of all steps is returned.

    Alternates between Gram matrices whose entries are at most μ off the diagonal and those of tight frames of
    rank n; μ is Welch's bound √((M − n)/(n(M − 1))), which no frame beats.

    Raises
    ------
    InvalidInput
        If there are more than 4096 directions (use `tight`), or fewer than dimensions.

    Examples
    --------
    >>> random = unit_rows(np.random.default_rng(0).standard_normal((6, 3)))
    >>> low = low_coherence(random)
    >>> [bool(overlaps(frame).max() < 0.5) for frame in (random, low)]
    [False, True]
    """
    count, dim = directions.shape
    if count > _MOST:
        raise InvalidInput(
            f"low coherence is searched for at most {_MOST} directions, not {count}",
            remedy="use tight directions",
        )
    best = current = tight(directions)
    if count == dim:
        return best
    welch = np.sqrt((count - dim) / (dim * (count - 1)))
    for _ in range(steps):
        gram = np.clip(current @ current.T, -welch, welch)
        np.fill_diagonal(gram, 1.0)
        _, vectors = np.linalg.eigh(gram)
        top = vectors[:, -dim:]
        if not (np.linalg.norm(top, axis=1) > 1e-9).all():
            break
        # Keep the frame's rotation (polar factor), so that the directions stay near the drawn ones.
        left, _, right = np.linalg.svd(top.T @ current)
        current = unit_rows(top @ (left @ right))
        best = min(best, current, key=lambda frame: float(overlaps(frame).max()))
    return best


def overlaps(directions: Float[np.ndarray, "M n"]) -> Float[np.ndarray, "M"]:
    """Return each direction's largest |cosine| with another one, in slices: constant memory beside M·n.

    Their mean is the "mean max overlap" of arXiv 2602.14687, their maximum the coherence.

    Examples
    --------
    >>> overlaps(np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])).tolist()
    [0.6, 0.8, 0.8]
    """
    largest = np.zeros(len(directions))
    for start in range(0, len(directions), _SLICE):
        part = np.abs(directions[start : start + _SLICE] @ directions.T)
        part[np.arange(len(part)), np.arange(start, start + len(part))] = 0.0
        largest[start : start + _SLICE] = part.max(axis=1)
    return largest
