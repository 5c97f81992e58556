"""Layered coordinates for line diagrams, with the numbers that say how good they are.

Ranks after R. Freese, Automated lattice drawing, ICFCA 2004, doi:10.1007/978-3-540-24651-0_12; order within
ranks by barycentres (Sugiyama, Tagawa and Toda 1981, doi:10.1109/TSMC.1981.4308636).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.fca.families import ConceptFamily
from geosae.fca.lattice import ConceptLattice
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL, SEED

Drawn = ConceptLattice | ConceptFamily


@dataclass(frozen=True, eq=False)
class Layout:
    """A point per concept, greater concepts strictly higher, with the quality of the drawing."""

    positions: Float[np.ndarray, "m 2"]
    ranks: Int[np.ndarray, "m"]
    crossings: int
    """Pairs of edges without a common end that meet in a point."""
    near_misses: int
    """Pairs of a node and an edge not at it with a distance below a third of the smallest gap."""
    directions: int
    """How many directions the edges have: the fewer, the more parallel they are."""

    __repr__ = short_repr

    @classmethod
    def of(
        cls,
        points: Float[np.ndarray, "m 2"],
        ranks: Int[np.ndarray, "m"],
        edges: Int[np.ndarray, "e 2"],
    ) -> "Layout":
        """Measure a drawing."""
        return cls(
            points, ranks, crossings(points, edges), near_misses(points, edges), directions(points, edges)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the layout for JSON."""
        return {
            "positions": self.positions.tolist(),
            "ranks": self.ranks.tolist(),
            "crossings": self.crossings,
            "near_misses": self.near_misses,
            "directions": self.directions,
        }

    def __str__(self) -> str:
        return (
            f"{len(self.positions)} nodes, {self.crossings} crossings, {self.near_misses} near misses, "
            f"{self.directions} directions"
        )


def ranks_of(lattice: Drawn) -> Int[np.ndarray, "m"]:
    """Return height minus depth of every concept: strictly growing upwards, symmetric for symmetric lattices.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> ranks_of(concept_lattice(FormalContext.from_array(~np.eye(2, dtype=bool)))).tolist()
    [-2, 0, 0, 2]
    """
    count = len(lattice)
    height, depth = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    # Concepts are numbered by growing extent, so every cover goes from a smaller to a greater number.
    for i in range(count):
        for j in lattice.upper[i]:
            height[j] = max(height[j], height[i] + 1)
    for i in reversed(range(count)):
        for j in lattice.upper[i]:
            depth[i] = max(depth[i], depth[j] + 1)
    return height - depth


@checked_arguments(seed=SEED, starts=COUNT, sweeps=NATURAL)
def layered(
    lattice: Drawn,
    *,
    seed: int = 0,
    starts: int = 8,
    sweeps: int = 12,
    anchors: Mapping[int, float] | None = None,
) -> Layout:
    """Lay a lattice or a family out in layers; keep the start with the fewest crossings + 2 × near misses.

    Parameters
    ----------
    lattice
        Up to 2 000 covers: drawings beyond are unreadable and their crossings costly to count.
    seed
        Of the random starts; the first start is the concepts' own order.
    starts
        How many orders to begin with.
    sweeps
        Barycentre sweeps per start.
    anchors
        The horizontal positions at which some nodes should stand, from another drawing, say. They lead the
        order and pull; the distance between nodes has precedence.

    Raises
    ------
    InvalidInput
        If there are more than 2 000 covers, or no start.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> print(layered(concept_lattice(FormalContext.from_array(~np.eye(2, dtype=bool)))))
    4 nodes, 0 crossings, 0 near misses, 2 directions
    """
    edges = np.array(lattice.covers, dtype=np.int64).reshape(-1, 2)
    if len(edges) > 2000:
        raise InvalidInput(f"{len(edges)} covers are too many to draw", remedy="draw a part of the lattice")
    if starts < 1:
        raise InvalidInput(f"starts = {starts}, where at least one is needed")
    ranks = ranks_of(lattice)
    rng = np.random.default_rng(seed)
    best: Layout | None = None
    graph = _Layers.of(lattice, ranks)
    for start in range(starts):
        size = len(graph.above)
        order = range(size) if start == 0 else rng.permutation(size).tolist()
        x = np.array(graph.swept([float(k) for k in order], sweeps, anchors or {})[: len(lattice)])
        if not anchors:
            x -= (x.min() + x.max()) / 2
        points = np.stack([x, ranks.astype(np.float64)], axis=1)
        layout = Layout.of(points, ranks, edges)
        if best is None or _cost(layout) < _cost(best):
            best = layout
    assert best is not None
    return best


def crossings(points: Float[np.ndarray, "m 2"], edges: Int[np.ndarray, "e 2"]) -> int:
    """Count the pairs of edges without a common end whose open segments meet.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> crossings(square, np.array([[0, 3], [1, 2]])), crossings(square, np.array([[0, 2], [1, 3]]))
    (1, 0)
    """
    count = 0
    # Some edges at a time against all later ones, so that a thousand of them fit into memory.
    for start in range(0, len(edges), 64):
        first = np.repeat(np.arange(start, min(start + 64, len(edges))), len(edges) - start)
        second = np.tile(np.arange(start, len(edges)), len(first) // (len(edges) - start))
        pairs = edges[first[second > first]], edges[second[second > first]]
        count += int(np.count_nonzero(apart(*pairs) & cross(points, *pairs)))
    return count


def apart(first: Int[np.ndarray, "p 2"], second: Int[np.ndarray, "p 2"]) -> Bool[np.ndarray, "p"]:
    """Tell which pairs of edges have no common end.

    Examples
    --------
    >>> apart(np.array([[0, 1], [0, 1]]), np.array([[1, 2], [2, 3]])).tolist()
    [False, True]
    """
    return (first[:, :, None] != second[:, None]).all(axis=(1, 2))


def cross(
    points: Float[np.ndarray, "m 2"], first: Int[np.ndarray, "p 2"], second: Int[np.ndarray, "p 2"]
) -> Bool[np.ndarray, "p"]:
    """Tell which pairs of edges cross: the ends of each lie strictly on both sides of the other.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> cross(square, np.array([[0, 3]]), np.array([[1, 2]])).tolist()
    [True]
    """
    a, b, c, d = (points[ends] for ends in (*first.T, *second.T))
    return (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)


def near_misses(points: Float[np.ndarray, "m 2"], edges: Int[np.ndarray, "e 2"]) -> int:
    """Count the pairs of a node and an edge not ending there that are closer than 1/3 (the least gap is 1).

    Examples
    --------
    >>> line = np.array([[0.0, 0.0], [0.1, 1.0], [0.0, 2.0]])
    >>> near_misses(line, np.array([[0, 2]]))
    1
    """
    a = points[edges[:, 0]]
    along = points[edges[:, 1]] - a
    length = np.maximum(np.sum(along**2, axis=1), 1e-12)
    away = points[:, None] - a[None]
    t = np.clip(np.sum(away * along, axis=2) / length, 0.0, 1.0)
    near = np.sum((away - t[:, :, None] * along) ** 2, axis=2) < 1 / 9
    at_end = (edges[None] == np.arange(len(points))[:, None, None]).any(axis=2)
    return int(np.count_nonzero(near & ~at_end))


def directions(points: Float[np.ndarray, "m 2"], edges: Int[np.ndarray, "e 2"]) -> int:
    """Count the directions of the edges, apart by more than a thousandth of a right angle.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [-1.0, 1.0], [1.0, 1.0], [0.0, 2.0]])
    >>> directions(square, np.array([[0, 1], [0, 2], [1, 3], [2, 3]]))
    2
    """
    along = points[edges[:, 1]] - points[edges[:, 0]]
    angles = np.sort(np.arctan2(along[:, 1], along[:, 0]))
    return int(np.count_nonzero(np.diff(angles, prepend=-9.0) > np.pi / 2000))


def _cost(layout: Layout) -> int:
    return layout.crossings + 2 * layout.near_misses


def side(
    a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."], p: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """Return the sign of the area of the triangle a, b, p."""
    ab, ap = b - a, p - a
    return np.sign(ab[..., 0] * ap[..., 1] - ab[..., 1] * ap[..., 0])


@dataclass(frozen=True, eq=False)
class _Layers:
    """The covers cut into steps from layer to layer by dummy nodes, so that long edges keep room."""

    layers: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]

    @classmethod
    def of(cls, lattice: Drawn, ranks: Int[np.ndarray, "m"]) -> "_Layers":
        level = np.searchsorted(np.unique(ranks), ranks).tolist()
        layers: list[list[int]] = [[] for _ in range(max(level) + 1)]
        for i, k in enumerate(level):
            layers[k].append(i)
        above: list[list[int]] = [[] for _ in level]
        below: list[list[int]] = [[] for _ in level]
        for low, high in lattice.covers:
            at = low
            for k in range(level[low] + 1, level[high] + 1):
                step = high if k == level[high] else len(above)
                if step == len(above):
                    above.append([])
                    below.append([])
                    layers[k].append(step)
                above[at].append(step)
                below[step].append(at)
                at = step
        return cls(layers, above, below)

    def swept(self, x: list[float], sweeps: int, anchors: Mapping[int, float]) -> list[float]:
        """Order the layers by barycentres, then move them towards their neighbours without changing order."""
        for layer in self.layers:
            _place(
                x, sorted(layer, key=lambda i: x[i]), [k - (len(layer) - 1) / 2 for k in range(len(layer))]
            )
        for sweep in range(sweeps):
            side, layers = (self.below, self.layers) if sweep % 2 == 0 else (self.above, self.layers[::-1])
            for layer in layers:
                # Equal barycentres keep their present order.
                centre = {i: (round(anchors.get(i, _mean_of(x, side[i], i)), 9), x[i]) for i in layer}
                _place(x, sorted(layer, key=centre.__getitem__), sorted(x[i] for i in layer))
        for _ in range(2 * sweeps):
            for layer in self.layers:
                order = sorted(layer, key=lambda i: x[i])
                pull = [anchors.get(i, _mean_of(x, self.below[i] + self.above[i], i)) for i in order]
                _place(x, order, spaced(np.array(pull)).tolist())
        return x


def _place(x: list[float], order: list[int], where: list[float]) -> None:
    for i, value in zip(order, where, strict=True):
        x[i] = value


def _mean_of(x: list[float], neighbours: list[int], i: int) -> float:
    """Return the mean position of the neighbours of node i, or its own where it has none."""
    return sum(x[j] for j in neighbours) / len(neighbours) if neighbours else x[i]


def spaced(targets: Float[np.ndarray, "m"], gap: float = 1.0) -> Float[np.ndarray, "m"]:
    """Return the nearest positions, in least squares, that keep the order and are at least `gap` apart.

    Isotonic regression of targets − gap·index (Ayer et al. 1955, doi:10.1214/aoms/1177728423).

    Examples
    --------
    >>> spaced(np.array([0.0, 0.0, 5.0])).tolist()
    [-0.5, 0.5, 5.0]
    """
    from sklearn.isotonic import isotonic_regression

    steps = gap * np.arange(len(targets))
    return np.asarray(isotonic_regression(targets - steps)) + steps
