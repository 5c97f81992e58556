"""Errors in the ambient space: exact intervals for ν(θ∖C), ν(C∖θ) and ν(θ△C), each over ν(C).

Source: theory §0 (approximation) and E2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis._neurons import FiringNeurons, codes_of, refuse_unprepared
from geosae.analysis.choice import Learner, admitted, least
from geosae.analysis.counts import CountAccumulator, Counts, floats, integers
from geosae.analysis.firing_bits import FiringBits, Unit, members_of
from geosae.analysis.grades import Graded, graded_odds, graded_share, shares
from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Measure, UniformBall, UniformBox
from geosae.geometry.regions.registry import Region
from geosae.notebook import short_repr


@dataclass(frozen=True, eq=False)
class AmbientCounts:
    """Counts on points drawn from ν, and on points drawn from ν within each concept's region.

    The excess ν(θ∖C)/ν(C) is a share of all ν points over the known ν(C); where ν(C) is not known it is an
    odds ratio, since among the ν points in C ∪ θ the count of θ∖C is binomial. The shortfall is a share of
    the points within C. Both are exact; the difference is their sum, and so are its limits.
    """

    outer: Counts
    """Counts on ν points; a concept without a region has zero totals."""
    inner_hits: Int[np.ndarray, "*shape"]
    """Points within C that lie in θ."""
    inner_size: Int[np.ndarray, "*outer"]
    """Points within C."""
    mass: Float[np.ndarray, "*outer"]
    """ν(C) where it is known in closed form, else nan."""

    __repr__ = short_repr

    def values(self) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the three estimates; nan where there is nothing to estimate from."""
        total = self.outer.positives + self.outer.negatives
        free = shares(self.outer.alarms, self.outer.positives)
        excess = np.where(np.isnan(self.mass), free, shares(self.outer.alarms, total) / self.mass)
        shortfall = shares(self.inner_size - self.inner_hits, self.inner_size)
        return {"excess": excess, "shortfall": shortfall, "difference": excess + shortfall}

    def graded(self, level: float) -> dict[str, Graded]:
        """Return the three errors, each interval missing with chance ≤ `level` (the sum: ≤ both together)."""
        total = self.outer.positives + self.outer.negatives
        has_mass = ~np.isnan(self.mass)
        free = graded_odds(self.outer.alarms, self.outer.positives, level)
        fixed = graded_share(self.outer.alarms, total, level).scaled(1.0 / np.where(has_mass, self.mass, 1.0))
        excess = Graded(
            *(
                np.where(has_mass, getattr(fixed, part), getattr(free, part))
                for part in ("value", "low", "high")
            )
        )
        shortfall = graded_share(self.inner_size - self.inner_hits, self.inner_size, level)
        return {"excess": excess, "shortfall": shortfall, "difference": excess + shortfall}

    def at(self, rows: slice) -> "AmbientCounts":
        """Take some of the units."""
        return AmbientCounts(
            self.outer.at(rows), self.inner_hits[rows], self.inner_size[rows], self.mass[rows]
        )

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Name the arrays for a file."""
        inner = {
            f"{prefix}.{name}": getattr(self, name).astype(np.int64) for name in ("inner_hits", "inner_size")
        }
        return self.outer.arrays(f"{prefix}.outer") | inner | {f"{prefix}.mass": self.mass}

    @classmethod
    def from_arrays(cls, arrays: Any, prefix: str) -> "AmbientCounts":
        """Read the arrays back from a mapping of names to arrays; null stands for nan."""
        return cls(
            Counts.from_arrays(arrays, f"{prefix}.outer"),
            integers(arrays, f"{prefix}.inner_hits"),
            integers(arrays, f"{prefix}.inner_size"),
            floats(arrays, f"{prefix}.mass"),
        )

    def __post_init__(self) -> None:
        shape, outer = self.outer.hits.shape, self.outer.positives.shape
        fits = self.inner_hits.shape == shape and self.inner_size.shape == self.mass.shape == outer
        if not fits or np.any(self.inner_hits < 0) or np.any(self.inner_hits > self.inner_size):
            raise InvalidInput("the counts within the regions do not fit", causes="a damaged file")
        if np.any(self.mass <= 0):
            raise InvalidInput("a region has no mass", causes="a damaged file")


def why_not(dataset: ConceptDataset) -> str:
    """Say why approximation cannot be measured, or for which concepts not; empty if nothing is missing."""
    if dataset.ambient is None:
        return "the dataset has no ambient measure ν"
    lacking = [
        name for name, region in zip(dataset.names, regions_of(dataset), strict=True) if region is None
    ]
    if not lacking:
        return ""
    if len(lacking) == len(dataset.names):
        return "the dataset gives no concept a region"
    return f"no region is known of {', '.join(lacking)}"


def regions_of(dataset: ConceptDataset) -> tuple[Region | None, ...]:
    """Return one region or None per concept."""
    return dataset.regions or (None,) * len(dataset.names)


def masses(regions: Sequence[Region | None], measure: Measure) -> Float[np.ndarray, "p"]:
    """Return ν of each region where the measure knows it in closed form and it is positive, else nan."""
    closed_forms = [float("nan") if r is None else float(measure.of(r)) for r in regions]
    return np.array([m if m > 0 else float("nan") for m in closed_forms])


def membership(regions: Sequence[Region | None], points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N p"]:
    """Ask every region's oracle about every point; a concept without a region holds none."""
    inside = np.zeros((len(points), len(regions)), dtype=bool)
    for k, region in enumerate(regions):
        if region is not None:
            inside[:, k] = region.contains(points)
    return inside


def fills_uniformly(measure: Measure, region: Region | None) -> bool:
    """Whether ν restricted to the region is the region's uniform distribution: ν uniform on a set around it.

    Then points of ν within the region can be drawn directly, however small the region is.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball
    >>> square = UniformBox(-np.ones(2), np.ones(2))
    >>> fills_uniformly(square, Ball(np.zeros(2), 1.0)), fills_uniformly(square, Ball(np.ones(2), 1.0))
    (True, False)
    """
    if region is None:
        return False
    if isinstance(measure, UniformBox):
        low, high = region.bounds
        return bool(np.all(low >= measure.low) and np.all(high <= measure.high))
    return isinstance(measure, UniformBall) and region.farthest(measure.center) <= measure.radius


@dataclass(frozen=True, eq=False)
class Labelled:
    """Units to be counted among ν points, unit j for concept `concepts[j]`; whether labels are permuted."""

    units: tuple[Unit, ...]
    concepts: Int[np.ndarray, " k"]
    shuffled: bool = False

    __repr__ = short_repr


def measure_ambient(
    neurons: FiringNeurons,
    dataset: ConceptDataset,
    labellings: Sequence[Labelled],
    samples: int,
    rng: np.random.Generator,
    *,
    chunk: int,
) -> list[tuple[AmbientCounts, AmbientCounts]]:
    """Count neurons and units on ν points, and on points of ν within each region, for each labelling.

    Where a labelling is shuffled, the regions' labels are permuted among the ν points, and points within a
    region are replaced by ν points that got its label: the floor of the measurement.

    Returns
    -------
    For each labelling the counts against neurons, (p, d), and against its units, (k,).

    Raises
    ------
    InvalidInput
        If there is no ambient measure, or the neurons read points that were normalised first.
    """
    refuse_unprepared(neurons, dataset)
    measure = dataset.ambient
    if measure is None:
        raise InvalidInput(why_not(dataset))
    regions = regions_of(dataset)
    points = measure.sample(samples, rng)
    inside = membership(regions, points)
    codes = Codes.concatenate(
        [codes_of(neurons, points[start : start + chunk]) for start in range(0, samples, chunk)]
    )
    permuted = inside[rng.permutation(samples)]
    mass = masses(regions, measure)
    counted: list[tuple[AmbientCounts, AmbientCounts]] = []
    for labelling in labellings:
        holds = permuted if labelling.shuffled else inside
        every = _of_neurons(codes, holds, regions)
        bits = FiringBits.of_codes(codes, holds, members_of(labelling.units))
        units = bits.count(labelling.units, labelling.concepts)
        counted.append(
            (
                AmbientCounts(every, every.hits.copy(), every.positives.copy(), mass[:, None]),
                AmbientCounts(units, units.hits.copy(), units.positives.copy(), mass[labelling.concepts]),
            )
        )
    for k, region in enumerate(regions):
        if region is not None and mass[k] > 0 and fills_uniformly(measure, region):
            within = codes_of(neurons, region.sample(min(samples, _INNER), rng))
            for labelling, (every, units) in zip(labellings, counted, strict=True):
                if not labelling.shuffled:
                    _count_within(within, k, labelling, every, units)
    return counted


# Points drawn within one region: its shortfall is then known to ±0.02 or better, at any size of region.
_INNER = 4096


def _of_neurons(codes: Codes, inside: Bool[np.ndarray, "N p"], regions: Sequence[Region | None]) -> Counts:
    """Count every neuron against every concept; a concept without a region has zero totals."""
    accumulator = CountAccumulator(inside.shape[1], codes.width)
    accumulator.add(codes, inside)
    every = accumulator.neurons()
    known = np.array([region is not None for region in regions])[:, None]
    if known.all():
        return every
    parts = (every.hits, every.fired, every.positives, every.negatives)
    return Counts.of_fired(*(part * known for part in parts))


def _count_within(
    codes: Codes, concept: int, labelling: Labelled, every: AmbientCounts, units: AmbientCounts
) -> None:
    every.inner_hits[concept] = codes.fired()
    every.inner_size[concept] = len(codes)
    mine = np.flatnonzero(labelling.concepts == concept)
    of_concept = [labelling.units[j] for j in mine.tolist()]
    bits = FiringBits.of_codes(codes, np.ones((len(codes), 1), dtype=bool), members_of(of_concept))
    units.inner_hits[mine] = bits.count(of_concept, np.zeros(len(of_concept), dtype=np.int64)).hits
    units.inner_size[mine] = len(codes)


def choose_approximation(
    concept: int, every: AmbientCounts, units: Sequence[Unit], counts: AmbientCounts, learner: Learner
) -> Unit:
    """Return the neuron or unit of least ν(θ△C) among those that hold some of the concept, or ()."""
    singles = tuple((i,) for i in range(every.inner_hits.shape[1]))
    of_neurons = every.at(slice(concept, concept + 1)).values()["difference"][0]
    error = np.concatenate([of_neurons, counts.values()["difference"]])
    holds_some = np.concatenate([every.inner_hits[concept], counts.inner_hits]) > 0
    pool = (*singles, *units)
    return least(pool, error, holds_some & ~np.isnan(error) & admitted(pool, learner))
