"""Approximation that can be reached: how small the excess of so many half-spaces can be (A1–A5)."""

import math
from dataclasses import dataclass

import numpy as np

from geosae.analysis.alignment import Alignment
from geosae.analysis.ambient import regions_of
from geosae.analysis.answers import ConceptAnswer
from geosae.analysis.choice import Learner
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.approximation.ball_bound import least_ball_excess
from geosae.geometry.approximation.measures import Measure, UniformBox
from geosae.geometry.approximation.polyhedra_around import approximate
from geosae.geometry.approximation.tradeoff import TradeOff, detection_tradeoff
from geosae.geometry.balls import ball_volume
from geosae.geometry.regions.registry import Ball, Region
from geosae.notebook import short_repr

DIRECT = 4
"""Up to this dimension volumes are computed, and units are sought that come near the least excess."""


@dataclass(frozen=True, eq=False)
class Reach:
    """What the unit chosen for approximation leaves, and what units of its size that miss nothing can.

    Attributes
    ----------
    concept
        Its name.
    size
        The number |M| of half-spaces.
    excess
        ν(θ∖C)/ν(C) of the chosen unit; nan without one.
    least_low, least_high
        An enclosure of the least excess of |M| half-spaces that hold the concept: a certified lower bound (0
        where none is known), and the excess of a unit that was sought; infinite if none was.
    out_of_reach
        Whether the lower bound exceeds the tolerance: no unit of this size that misses nothing approximates
        the concept.
    curve
        What convex sets that miss a part of the concept cost (A5).
    """

    concept: str
    size: int
    excess: float
    least_low: float
    least_high: float
    out_of_reach: bool
    curve: TradeOff

    __repr__ = short_repr


def reach(
    alignment: Alignment, dataset: ConceptDataset, rng: np.random.Generator, learner: Learner = "units"
) -> tuple[Reach, ...]:
    """Return for each concept with a region how near its chosen unit comes to what its size allows.

    Raises
    ------
    InvalidInput
        If approximation was not measured.

    Examples
    --------
    >>> from geosae.analysis import AnalysisConfig, analyse
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> x, disk = rng.uniform(-2, 2, (2000, 2)), Ball(np.zeros(2), 1.0)
    >>> box = UniformBox(np.full(2, -2.0), np.full(2, 2.0))
    >>> data = ConceptDataset(x, disk.contains(x)[:, None], ("disk",), regions=(disk,), ambient=box)
    >>> w = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> square = SparseAutoencoder.planted(HalfSpaces(w, np.ones(4)))
    >>> disk = reach(analyse(square, data, AnalysisConfig(floor=False)), data, rng)[0]
    >>> disk.size, round(disk.least_high, 3), round(disk.least_low, 3), disk.out_of_reach
    (4, 0.273, 0.055, True)
    """
    if dataset.ambient is None or alignment.ambient is None:
        raise InvalidInput("approximation was not measured", causes=alignment.approximation_reason)
    rows = alignment.answers("approximation", learner)
    return tuple(
        _reach(row, region, dataset.ambient, alignment.tolerance, rng)
        for row, region in zip(rows, regions_of(dataset), strict=True)
        if region is not None
    )


def _reach(
    row: ConceptAnswer, region: Region, measure: Measure, tolerance: float, rng: np.random.Generator
) -> Reach:
    size = len(row.neurons)
    low = least_excess(region, measure, size)
    high = math.inf
    if size > region.dim and region.dim <= DIRECT and region.volume > 0:
        high = approximate(region, size, rng).excess.high / region.volume
    curve = detection_tradeoff(region, measure, rng, samples=4000)
    # Where both ends are one number, rounding may put them a hair out of order.
    return Reach(row.concept, size, row.alarm, min(low, high), high, low > tolerance, curve)


def least_excess(region: Region, measure: Measure, size: int) -> float:
    """Return a certified lower bound on ν(θ∖C)/ν(C) of any θ ⊇ C of `size` half-spaces; 0 if none is known.

    For a ball within the box on which ν is uniform: θ cut by the box is a polyhedron of size + 2n facets, so
    its volume outside the ball is at least that of as many facets in free space (A2). A polytope's own facets
    leave nothing (A4).

    Examples
    --------
    >>> box = UniformBox(np.full(2, -2.0), np.full(2, 2.0))
    >>> round(least_excess(Ball(np.zeros(2), 1.0), box, 4), 4), least_excess(Ball(np.zeros(2), 3.0), box, 4)
    (0.0548, 0.0)
    """
    n = region.dim
    if size == 0 or n < 2 or not isinstance(region, Ball) or not isinstance(measure, UniformBox):
        return 0.0
    low, high = region.bounds
    if np.any(low < measure.low) or np.any(high > measure.high):
        return 0.0
    return least_ball_excess(size + 2 * n, n) / ball_volume(n)
