"""How far apart pieces of a point cloud lie, and which distances the sample resolves (theory P1)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geosae.sampling import drawn_rows

_MOST = 4000


def parts_of(points: Float[np.ndarray, "N n"]) -> Int[np.ndarray, "N"]:
    """Label the connected parts of a cloud: points at most two of its largest nearest-neighbour steps apart.

    The longest edge of the minimum spanning tree of N points drawn from one piece of the plane or of a
    higher space is, for large N, the largest nearest-neighbour distance (Penrose, Ann. Appl. Probab. 7,
    1997), so that twice that distance joins a connected cloud. Of more than 4,000 points so many
    are looked at, drawn at random, and the others take the label of the nearest one.

    Examples
    --------
    >>> parts_of(np.array([[0.0], [0.1], [5.0], [5.2], [0.2]])).tolist()
    [0, 0, 1, 1, 0]
    """
    if len(points) < 3:
        return np.zeros(len(points), dtype=np.int64)
    some = np.unique(thinned(points), axis=0)
    if len(some) < 3:
        return np.zeros(len(points), dtype=np.int64)
    tree = KDTree(some)
    step = float(np.asarray(tree.query(some, k=2)[0])[:, 1].max())
    return _linked(tree, 2 * step)[tree.query(points)[1]]


def _linked(tree: KDTree, step: float) -> Int[np.ndarray, "N"]:
    """Label which points of a tree chains with no longer step join."""
    pairs = tree.query_pairs(step, output_type="ndarray")
    edges = (np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1]))
    return connected_components(coo_array(edges, shape=(tree.n, tree.n)), directed=False)[1].astype(np.int64)


@dataclass(frozen=True)
class Apart:
    """How far apart pieces of a cloud lie.

    Attributes
    ----------
    distance
        The least distance between two pieces, of points that only one piece has; None with fewer than two.
    resolution
        Twice the greatest distance from a point of the cloud to a piece; None with fewer than two.
    bridged
        Whether a chain of points of the cloud, with steps up to the resolution, leads from one piece to
        another.
    """

    distance: float | None = None
    resolution: float | None = None
    bridged: bool = True


def apart(
    pieces: Bool[np.ndarray, "N r"], points: Float[np.ndarray, "N n"], cloud: Float[np.ndarray, "M n"]
) -> Apart:
    """Return how far apart pieces of a cloud lie, and the least distance that its points resolve.

    Points that several pieces have are left out. If a connected set holds all the pieces, and each of its
    points lies within ρ of a piece, then the closed ρ-neighbourhoods of two pieces must meet in it: some two
    pieces are at most 2ρ apart. The points of the cloud, which hold those of the pieces and others, show how
    large ρ is. Of more than 4,000 points, of a piece or of the cloud, so many are
    looked at, drawn at random.

    Examples
    --------
    >>> line = np.arange(8.0)[:, None]
    >>> pieces = np.array([[1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1]], dtype=bool).T
    >>> apart(pieces, line, line)
    Apart(distance=3.0, resolution=2.0, bridged=True)
    """
    alone = pieces & (np.count_nonzero(pieces, axis=1) == 1)[:, None]
    parts = [thinned(points[column]) for column in alone.T if column.any()]
    if len(parts) < 2:
        return Apart()
    trees = [KDTree(part) for part in parts]
    distance = min(
        float(np.min(trees[i].query(parts[j])[0]))
        for i in range(len(trees))
        for j in range(i + 1, len(trees))
    )
    some = thinned(cloud)
    reach = np.stack([np.asarray(tree.query(some)[0]) for tree in trees])
    resolution = 2 * float(reach.min(axis=0).max())
    # Chains need to be looked for only where the pieces do not meet anyway.
    return Apart(distance, resolution, distance <= resolution or _bridged(parts, some, resolution))


def _bridged(parts: list[Float[np.ndarray, "_ n"]], cloud: Float[np.ndarray, "M n"], step: float) -> bool:
    """Tell whether steps of that length lead from one part to another through the cloud."""
    labels = _linked(KDTree(np.concatenate([*parts, cloud])), step)
    ends = np.cumsum([len(part) for part in parts])
    reached = [set(labels[end - len(part) : end].tolist()) for part, end in zip(parts, ends, strict=True)]
    return sum(map(len, reached)) > len(set[int]().union(*reached))


def thinned(points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "M n"]:
    """Return at most 4,000 of the points, drawn at random, the same ones at every call."""
    return points[drawn_rows(len(points), _MOST, np.random.default_rng(0))]
