"""Hierarchies of features: forests of parents, exclusion among siblings, compensated rates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Forest:
    """A forest of features: `parent[i]` is the parent of feature i, or −1 for a root.

    A child can fire only where its parent does. Where `exclusive[i]`, at most one child of feature i fires at
    a time: of those that would, one is drawn evenly.

    Raises
    ------
    InvalidInput
        If the shapes differ, a parent is no feature, or the parents run in a circle.

    Examples
    --------
    >>> forest = Forest(np.array([-1, 0, 0]), np.array([True, False, False]))
    >>> forest.depth, forest.roots.tolist(), forest.edges
    (1, [0], [(1, 0), (2, 0)])
    """

    parent: Int[np.ndarray, "M"]
    exclusive: Bool[np.ndarray, "M"]

    def __post_init__(self) -> None:
        bad = np.flatnonzero((self.parent < -1) | (self.parent >= len(self.parent)))
        if bad.size:
            raise InvalidInput(
                f"the parent of feature {bad[0]} is {self.parent[bad[0]]}, which is no feature"
            )
        self.level  # noqa: B018  (refuses circles now)

    @cached_property
    def level(self) -> Int[np.ndarray, "M"]:
        """The number of ancestors of each feature."""
        level, above = np.zeros(len(self.parent), dtype=np.int64), self.parent
        for _ in range(len(self.parent) + 1):
            inside = above >= 0
            if not inside.any():
                return level
            level += inside
            above = np.where(inside, self.parent[above], -1)
        raise InvalidInput("the parents run in a circle", remedy="let every chain of parents end in −1")

    @property
    def depth(self) -> int:
        """The largest number of ancestors."""
        return int(self.level.max(initial=0))

    @cached_property
    def roots(self) -> Int[np.ndarray, "R"]:
        """The features without a parent."""
        return np.flatnonzero(self.parent < 0)

    @cached_property
    def children(self) -> tuple[Int[np.ndarray, "C"], Int[np.ndarray, "M"], Int[np.ndarray, "M"]]:
        """All children sorted by parent; for each feature the index of its first child, and their count."""
        order = np.argsort(self.parent, kind="stable")
        counts = np.bincount(self.parent[self.parent >= 0], minlength=len(self.parent))
        return order[len(self.roots) :], np.cumsum(counts) - counts, counts

    @property
    def edges(self) -> list[tuple[int, int]]:
        """The pairs (child, parent)."""
        return [(int(child), int(self.parent[child])) for child in np.flatnonzero(self.parent >= 0)]


def flat(features: int) -> Forest:
    """Return the forest of roots only.

    Examples
    --------
    >>> flat(3).depth
    0
    """
    return Forest(np.full(features, -1), np.zeros(features, dtype=bool))


def grown(
    features: int, roots: int, branching: int, depth: int, exclusive: float, rng: np.random.Generator
) -> Forest:
    """Grow `roots` trees level by level: the first features are roots, then come their children, and so on.

    What is left over is free (a root without children). A share `exclusive` of the parents with at least two
    children, drawn at random, has children that exclude one another.

    Raises
    ------
    InvalidInput
        If the trees need more features than there are.

    Examples
    --------
    >>> grown(8, 2, 2, 1, 0.5, np.random.default_rng(0)).parent.tolist()
    [-1, -1, 0, 0, 1, 1, -1, -1]
    """
    needed = roots * sum(branching**level for level in range(depth + 1))
    if needed > features:
        raise InvalidInput(
            f"{roots} trees with {branching} children each and depth {depth} hold {needed} features, "
            f"but there are {features}",
            remedy="lower roots, branching or depth, or raise features",
        )
    parent = np.full(features, -1)
    first, width, start = 0, roots, roots
    for _ in range(depth):
        parent[start : start + width * branching] = np.repeat(np.arange(first, first + width), branching)
        first, width, start = start, width * branching, start + width * branching
    parents = np.flatnonzero(np.bincount(parent[parent >= 0], minlength=features) >= 2)
    marked = np.zeros(features, dtype=bool)
    marked[rng.permutation(parents)[: int(len(parents) * exclusive)]] = True
    return Forest(parent, marked)


def compensated(rates: Float[np.ndarray, "M"], forest: Forest) -> Float[np.ndarray, "M"]:
    """Raise the rates of children so that, gated and excluded, they fire about as often as `rates` says.

    A child's rate is divided by its parent's, and multiplied by 1 + Σ (siblings' rates)/(parent's rate) where
    siblings exclude one another; the result is capped at 1 (arXiv 2602.14687).

    Examples
    --------
    >>> forest = Forest(np.array([-1, 0, 0]), np.array([True, False, False]))
    >>> compensated(np.array([0.5, 0.1, 0.1]), forest).round(3).tolist()
    [0.5, 0.24, 0.24]
    """
    child = np.flatnonzero(forest.parent >= 0)
    above = forest.parent[child]
    under = rates[above]
    if (under <= 0).any():
        raise InvalidInput("a parent with rate 0 has children, whose rates cannot be compensated")
    sums = np.bincount(above, weights=rates[child], minlength=len(rates))
    rivals = np.where(forest.exclusive[above], (sums[above] - rates[child]) / under, 0.0)
    raised = rates.astype(np.float64)
    raised[child] = np.minimum(1.0, rates[child] / under * (1 + rivals))
    return raised
