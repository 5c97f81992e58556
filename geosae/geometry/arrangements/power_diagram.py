"""Top-K gating: the cells of the order-K power diagram; its neurons need not be convex (theory G2, G4, A6).

The kept set of Top-K is constant where the ranking of the affine functions z_i is: on the cells of the
arrangement of ties {z_i = z_j}. Unions of those with one kept set are the (convex) cells of the order-K power
diagram: F. Aurenhammer, Power diagrams (1987), doi:10.1137/0216006.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Measure, UniformBox
from geosae.geometry.arrangements._signs import Row, enumerate_cells
from geosae.geometry.arrangements.counting import ranking_cells, topk_ceiling
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.exact import integers, nearest_float
from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.combined import Union
from geosae.geometry.regions.polytopes import Box
from geosae.notebook import short_repr
from geosae.validation import finite_points, whole_number

Exact = tuple[Fraction, ...]


@dataclass(frozen=True, eq=False)
class KeptSets:
    """Kept sets of a Top-K encoder, one row each, and a point where each occurs.

    Parameters
    ----------
    kept
        True for the neurons that are kept.
    points
        An interior point of each cell, rounded to floats; beyond the largest float ±∞.
    complete
        Whether these are all kept sets that occur on a set with interior (enumerated exactly).
    unseen
        With probability at least 1 − alpha the kept sets that are missing here have at most this measure.
    ceiling
        No encoder of this size has more kept sets (G4, sharpened by the count of rankings).
    """

    kept: Bool[np.ndarray, "k d"]
    points: Float[np.ndarray, "k n"]
    complete: bool
    unseen: float
    ceiling: int

    def __len__(self) -> int:
        """Count the kept sets."""
        return len(self.kept)


@dataclass(frozen=True)
class NonConvex:
    """Two points where a neuron fires and one between them where it does not, as exact rationals."""

    start: Exact
    end: Exact
    between: Exact


@dataclass(frozen=True, eq=False)
class TopKCells:
    """A Top-K encoder z_i = ⟨w_i, x⟩ + c_i that keeps the K largest z (the smaller index on ties).

    Examples
    --------
    >>> example = TopKCells(np.array([[0.0], [1.0], [-1.0]]), np.array([1.0, 2.0, 2.0]), 2)
    >>> len(example.kept_sets()), example.find_nonconvexity(0).between
    (3, (Fraction(0, 1),))
    """

    w: Float[np.ndarray, "d n"]
    c: Float[np.ndarray, " d"]
    K: int

    __repr__ = short_repr

    def __post_init__(self) -> None:
        checked = HalfSpaces(self.w, self.c)
        object.__setattr__(self, "w", checked.w)
        object.__setattr__(self, "c", checked.c)
        object.__setattr__(self, "K", whole_number(self.K, "K", least=1))
        if len(checked) < self.K:
            raise InvalidInput(f"K = {self.K} of {len(checked)} neurons cannot be kept")

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.w.shape[1]

    @property
    def width(self) -> int:
        """The number d of neurons."""
        return len(self.c)

    def kept(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell which neurons are kept at which points, by the computed z."""
        z = finite_points(points, dim=self.dim, allow_empty=True) @ self.w.T + self.c
        order = np.argsort(-z, axis=1, kind="stable")[:, : self.K]
        mask = np.zeros(z.shape, dtype=np.bool_)
        np.put_along_axis(mask, order, True, axis=1)
        return mask

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell which neurons are kept and positive: N_i is cut with H_i⁺ (G2)."""
        z = finite_points(points, dim=self.dim, allow_empty=True) @ self.w.T + self.c
        return self.kept(points) & (z > 0)

    def kept_sets(
        self,
        measure: Measure | None = None,
        rng: np.random.Generator | None = None,
        *,
        samples: int = 20_000,
        alpha: float = 0.05,
        limit: int = 20_000,
    ) -> KeptSets:
        """Enumerate the kept sets exactly, or sample them from a measure where there may be too many.

        Sampling keeps half of its points aside: the share of them whose kept set the other half did not
        show bounds the unseen measure (exact binomial interval).

        Raises
        ------
        InvalidInput
            If more than `limit` rankings are possible and no measure and rng were given.
        """
        if measure is None or rng is None:
            possible = ranking_cells(self.width, self.dim)
            if possible > limit:
                raise InvalidInput(
                    f"{self.width} neurons in R^{self.dim} may be ranked in {possible} ways, over {limit}",
                    remedy="hand in a measure and an rng to sample the kept sets, or raise the limit",
                )
            return self._enumerated()
        return self._sampled(measure, rng, samples, alpha)

    def _enumerated(self) -> KeptSets:
        firsts: dict[tuple[bool, ...], Exact] = {}
        for point in self._ranking_points():
            firsts.setdefault(self._kept_at(point), point)
        points = np.array([[nearest_float(p) for p in point] for point in firsts.values()])
        ceiling = topk_ceiling(self.width, self.K, self.dim)
        return KeptSets(np.array(list(firsts), dtype=np.bool_), points, True, 0.0, ceiling)

    def _sampled(self, measure: Measure, rng: np.random.Generator, samples: int, alpha: float) -> KeptSets:
        drawn = measure.sample(samples, rng)
        masks = self.kept(drawn)
        distinct, first = np.unique(masks, axis=0, return_index=True)
        half = {row.tobytes() for row in masks[: samples // 2]}
        rest = masks[samples // 2 :]
        new = sum(row.tobytes() not in half for row in rest)
        _, high = clopper_pearson(new, len(rest), 2 * alpha)
        ceiling = topk_ceiling(self.width, self.K, self.dim)
        return KeptSets(distinct, drawn[first], len(distinct) == ceiling, float(high), ceiling)

    def find_nonconvexity(self, neuron: int, *, limit: int = 20_000) -> NonConvex | None:
        """Look for a proof that N_i is not convex: an exact point between two of its points, outside it.

        The search runs over all pairs of cells' interior points and every change along their segments. None
        means that it found nothing, which for K = 1 and K = d is always so (there N_i is convex).
        """
        if ranking_cells(self.width, self.dim) > limit:
            raise InvalidInput(f"{self.width} neurons in R^{self.dim} have too many rankings to search")
        inside = [point for point in self._ranking_points() if self._fires_at(neuron, point)]
        for start, end in combinations(inside, 2):
            for share in self._changes(neuron, start, end):
                between = tuple(a + share * (b - a) for a, b in zip(start, end, strict=True))
                if not self._fires_at(neuron, between):
                    return NonConvex(start, end, between)
        return None

    def _rows(self) -> list[Row]:
        """Return (w_i, c_i) as integers with one common factor, so that they can be compared."""
        flat = [int(v) for v in integers(np.column_stack([self.w, self.c])).matrix.entries()]
        wide = self.dim + 1
        return [tuple(flat[wide * i : wide * (i + 1)]) for i in range(self.width)]

    def _ranking_points(self) -> list[Exact]:
        """Return an exact interior point of every cell of the arrangement of ties."""
        rows = self._rows()
        ties = [
            tuple(b - a for a, b in zip(left, right, strict=True)) for left, right in combinations(rows, 2)
        ]
        points = enumerate_cells(ties).values() if ties else [(0,) * self.dim + (1,)]
        return [tuple(Fraction(p, point[-1]) for p in point[:-1]) for point in points]

    def _heights(self, point: Exact) -> list[Fraction]:
        return [
            sum((r * p for r, p in zip(row[:-1], point, strict=True)), Fraction(row[-1]))
            for row in self._rows()
        ]

    def _kept_at(self, point: Exact) -> tuple[bool, ...]:
        z = self._heights(point)
        best = set(sorted(range(self.width), key=lambda i: (-z[i], i))[: self.K])
        return tuple(i in best for i in range(self.width))

    def _fires_at(self, neuron: int, point: Exact) -> bool:
        return self._kept_at(point)[neuron] and self._heights(point)[neuron] > 0

    def _changes(self, neuron: int, start: Exact, end: Exact) -> list[Fraction]:
        """Return the middles of the pieces of a segment on which the neuron's standing is constant."""
        z, y = self._heights(start), self._heights(end)
        crossings = {Fraction(0), Fraction(1)}
        for a, b in zip(z, y, strict=True):
            lead, lead_at_end = z[neuron] - a, y[neuron] - b
            if lead * lead_at_end < 0:
                crossings.add(lead / (lead - lead_at_end))
        cuts = sorted(crossings)
        return [(a + b) / 2 for a, b in pairwise(cuts)]


@dataclass(frozen=True, eq=False)
class TopKEscape:
    """A Top-K neuron that detects a concept with less error than any convex set can (A6)."""

    encoder: TopKCells
    neuron: int
    concept: Union
    measure: UniformBox


def topk_escape(n: int = 1) -> TopKEscape:
    """Build the example of A6: z = (1, x₁+2, 2−x₁), K = 2, and the concept 1 ≤ |x₁| ≤ 2 in the box |x₁| ≤ 2.

    Neuron 0 fires exactly where |x₁| ≥ 1: it detects and approximates the concept without error, while every
    convex set that holds the concept adds the half of the box between its two parts (e_irr = ½).

    Examples
    --------
    >>> from geosae.geometry.approximation.irreducible_error import irreducible_error
    >>> escape = topk_escape()
    >>> irreducible_error(escape.concept, escape.measure).value
    0.5
    """
    w = np.zeros((3, n))
    w[1, 0], w[2, 0] = 1.0, -1.0
    low, high = np.full(n, -1.0), np.full(n, 1.0)
    low[0], high[0] = -2.0, 2.0
    left, right = high.copy(), low.copy()
    left[0], right[0] = -1.0, 1.0
    concept = Union((Box(low, left), Box(right, high)), disjoint=True)
    return TopKEscape(TopKCells(w, np.array([1.0, 2.0, 2.0]), 2), 0, concept, UniformBox(low, high))
