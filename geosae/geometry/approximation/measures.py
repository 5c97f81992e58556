"""Ambient reference measures ν on Rⁿ, against which the volumes of concepts are measured (theory §0)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from jaxtyping import Float
from scipy import special, stats

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_points, ball_volume
from geosae.geometry.regions.base import Region, check_length, describe
from geosae.geometry.regions.registry import Ball, Box, Product, Shell, Union
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL, finite_vector, positive_number


class Measure(ABC):
    """A probability measure on Rⁿ that can be sampled."""

    kind: ClassVar[str]
    """The word for this kind of measure in stored descriptions; it never changes."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The dimension n."""

    @abstractmethod
    @checked_arguments(count=NATURAL)
    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
        """Draw independent points."""

    @abstractmethod
    def of(self, region: Region) -> float:
        """Return the probability of the region in closed form; nan where none is known."""

    @final
    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the fields, ready for JSON, as `measure_from_dict` reads them."""
        return describe(self)


@final
@dataclass(frozen=True, eq=False)
class UniformBox(Measure):
    """The uniform distribution on the box {low ≤ x ≤ high}.

    Examples
    --------
    >>> UniformBox(-np.ones(2), np.ones(2)).of(Box(np.zeros(2), np.full(2, 9.0)))
    0.25
    """

    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]

    __repr__ = short_repr

    kind = "uniform_box"

    def __post_init__(self) -> None:
        box = Box(self.low, self.high)
        check_length(float(np.max(np.abs([box.low, box.high]))), "the largest entry of low and high")
        check_length(float(np.min(box.high - box.low)), "the shortest side, from low to high,")
        object.__setattr__(self, "low", box.low)
        object.__setattr__(self, "high", box.high)

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.low)

    @checked_arguments(count=NATURAL)
    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
        """Draw independent uniform points."""
        return rng.uniform(self.low, self.high, (count, self.dim))

    def of(self, region: Region) -> float:
        """Return the share of the box: closed for boxes, what lies inside it, disjoint unions of these."""
        _check_dim(self, region)
        whole = Box(self.low, self.high)
        if isinstance(region, Box):
            sides = np.minimum(region.high, self.high) - np.maximum(region.low, self.low)
            return float(np.prod(np.maximum(sides, 0.0) / (self.high - self.low)))
        low, high = region.bounds
        if np.all(low >= self.low) and np.all(high <= self.high):
            return _share(region.volume, whole.volume)
        if np.any(high <= self.low) or np.any(low >= self.high):
            return 0.0
        return _disjoint_sum(self, region)


@final
@dataclass(frozen=True, eq=False)
class UniformBall(Measure):
    """The uniform distribution on a ball.

    Examples
    --------
    >>> UniformBall(np.zeros(2), 2.0).of(Ball(np.zeros(2), 1.0))
    0.25
    """

    center: Float[np.ndarray, " n"]
    radius: float

    __repr__ = short_repr

    kind = "uniform_ball"

    def __post_init__(self) -> None:
        ball = Ball(self.center, self.radius)
        object.__setattr__(self, "center", ball.center)
        object.__setattr__(self, "radius", ball.radius)

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.center)

    @checked_arguments(count=NATURAL)
    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
        """Draw independent uniform points."""
        return self.center + self.radius * ball_points(count, self.dim, rng)

    def of(self, region: Region) -> float:
        """Return the share of the ball: closed for what lies inside it, concentric shells, unions of such."""
        _check_dim(self, region)
        if region.farthest(self.center) <= self.radius:
            return _share(region.volume, ball_volume(self.dim, self.radius))
        radii = _concentric(region, self.center)
        if radii is not None:
            inner, outer = np.minimum(np.array(radii) / self.radius, 1.0) ** self.dim
            return float(outer - inner)
        return _disjoint_sum(self, region)


@final
@dataclass(frozen=True, eq=False)
class Gaussian(Measure):
    """The normal distribution with independent coordinates of standard deviation `scale` around `mean`.

    Examples
    --------
    >>> round(Gaussian(np.zeros(2), 1.0).of(Ball(np.zeros(2), 1.0)), 6), round(1 - float(np.exp(-0.5)), 6)
    (0.393469, 0.393469)
    """

    mean: Float[np.ndarray, " n"]
    scale: float

    __repr__ = short_repr

    kind = "gaussian"

    def __post_init__(self) -> None:
        mean, scale = finite_vector(self.mean, "mean"), positive_number(self.scale, "scale")
        check_length(float(np.max(np.abs(mean))), "the largest entry of the mean", zero=True)
        check_length(scale, "scale")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "scale", scale)

    @property
    def dim(self) -> int:
        """The dimension n."""
        return len(self.mean)

    @checked_arguments(count=NATURAL)
    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
        """Draw independent normal points."""
        return self.mean + self.scale * rng.standard_normal((count, self.dim))

    def of(self, region: Region) -> float:
        """Return the probability: closed for boxes, balls and shells, their products and disjoint unions."""
        _check_dim(self, region)
        if isinstance(region, Box):
            low, high = (region.low - self.mean) / self.scale, (region.high - self.mean) / self.scale
            # Both ends in the upper tail lose all digits to 1 − 1: reflect them into the lower one.
            upper = low > 0
            low, high = np.where(upper, -high, low), np.where(upper, -low, high)
            return float(np.prod(special.ndtr(high) - special.ndtr(low)))
        if isinstance(region, Ball):
            return self._within(region.center, region.radius)
        if isinstance(region, Shell):
            return self._within(region.center, region.outer) - self._within(region.center, region.inner)
        if isinstance(region, Product):
            cuts = np.cumsum([part.dim for part in region.parts])[:-1]
            means = np.split(self.mean, cuts)
            return float(
                np.prod(
                    [Gaussian(m, self.scale).of(part) for m, part in zip(means, region.parts, strict=True)]
                )
            )
        return _disjoint_sum(self, region)

    def _within(self, center: Float[np.ndarray, " n"], radius: float) -> float:
        """Return the probability of a ball: the (noncentral) chi-square distribution of |x − center|²."""
        offset = float(np.sum(((center - self.mean) / self.scale) ** 2))
        reach = (radius / self.scale) ** 2
        if offset == 0:
            return float(special.chdtr(self.dim, reach))
        return float(stats.ncx2.cdf(reach, self.dim, offset))


@checked_arguments()
def measure_from_dict(description: Mapping[str, Any]) -> Measure:
    """Build the measure that `Measure.to_dict` described.

    Raises
    ------
    InvalidInput
        If the kind is unknown, or the fields are not its own.

    Examples
    --------
    >>> measure_from_dict({"kind": "gaussian", "mean": [0.0], "scale": 1.0}).dim
    1
    """
    kinds: dict[str, Any] = {cls.kind: cls for cls in (UniformBox, UniformBall, Gaussian)}
    kind = description.get("kind") if isinstance(description, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidInput(
            f"the description has the kind {kind!r}, which is none of a measure",
            remedy=f"use one of {', '.join(kinds)}",
        )
    values = {key: value for key, value in description.items() if key != "kind"}
    try:
        fields = {
            key: np.asarray(value, dtype=np.float64) if isinstance(value, list) else float(value)
            for key, value in values.items()
        }
        return kinds[kind](**fields)
    except (TypeError, OverflowError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"the description of a {kind} has wrong fields: {sorted(values)}") from error


def _check_dim(measure: Measure, region: Region) -> None:
    if not isinstance(region, Region):
        raise InvalidInput(f"the region is {region!r}, which is no Region")
    if measure.dim != region.dim:
        raise InvalidInput(f"a measure on R^{measure.dim} was asked about a region in R^{region.dim}")


def _share(part: float, whole: float) -> float:
    """Return part/whole of two volumes, nan where the part's is not known."""
    if np.isnan(part):
        return part
    if not (0 < whole < np.inf and 0 < part < np.inf):
        raise InvalidInput(
            f"the volumes {part:g} of the region and {whole:g} of where the measure lives have no quotient",
            causes="lengths so large or so small that their n-th power is no float",
            remedy="scale points, regions and measures to about 1: the share does not depend on the unit",
        )
    return part / whole


def _concentric(region: Region, center: Float[np.ndarray, " n"]) -> tuple[float, float] | None:
    """Return the inner and outer radius of a ball or shell around the same center, None otherwise."""
    if isinstance(region, Ball) and np.array_equal(region.center, center):
        return 0.0, region.radius
    if isinstance(region, Shell) and np.array_equal(region.center, center):
        return region.inner, region.outer
    return None


def _disjoint_sum(measure: Measure, region: Region) -> float:
    """Add up the parts of a union declared disjoint; nan for anything else."""
    if isinstance(region, Union) and region.disjoint:
        return float(sum(measure.of(part) for part in region.parts))
    return float("nan")
