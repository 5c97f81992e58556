"""The rate at which the error falls with the number of half-spaces, and the rate that theory A2 predicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from geosae.errors import InvalidInput
from geosae.geometry.approximation.polyhedra_around import approximate
from geosae.geometry.regions.base import Region
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL, PROBABILITY


@dataclass(frozen=True, eq=False)
class Rate:
    """The slope of log(excess over the hull) against log m, beside the −2/(r−1) of A2."""

    slope: float
    low: float
    high: float
    predicted: float
    facets: Int[np.ndarray, " k"]
    excesses: Float[np.ndarray, " k"]

    @property
    def agrees(self) -> bool:
        """Whether the prediction lies in the interval."""
        return self.low <= self.predicted <= self.high


@checked_arguments(restarts=COUNT, steps=NATURAL, alpha=PROBABILITY)
def approximation_rate(
    region: Region,
    facets: Sequence[int],
    rng: np.random.Generator,
    *,
    restarts: int = 2,
    steps: int = 200,
    alpha: float = 0.05,
    progress: Callable[[int, int], None] | None = None,
) -> Rate:
    """Measure how fast the best excess found falls with m, by regression on log–log axes (A2).

    For smooth bodies the excess has the form A·m^(−2/(r−1))·(1 + B·m^(−2/(r−1)) + …); the correction is
    fitted along with the slope, so that small m do not bias it. The interval is Student's, and the scatter it
    reads is that of the optimiser and of the terms left out, not of a sample.

    Raises
    ------
    InvalidInput
        If r = 1, fewer than five values of m are given, or an excess is zero (a polytope with all facets).

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball
    >>> rate = approximation_rate(Ball(np.zeros(2), 1.0), [6, 8, 12, 16, 24, 32], np.random.default_rng(0))
    >>> round(rate.slope, 2), rate.predicted
    (-2.0, -2.0)
    """
    if region.dim < 2 or len(set(facets)) < 5:
        raise InvalidInput(
            f"a rate needs dimension ≥ 2 and at least 5 numbers of facets; got {sorted(set(facets))}"
        )
    measured: list[float] = []
    for done, m in enumerate(facets):
        measured.append(approximate(region, m, rng, restarts=restarts, steps=steps).hull_excess)
        if progress is not None:
            progress(done + 1, len(facets))
    excesses = np.array(measured)
    if not np.all(excesses > 0):
        raise InvalidInput(
            f"the excesses {measured} have no logarithm",
            causes="a polytope, whose error is zero from m = its number of facets on (A4)",
        )
    predicted = -2.0 / (region.dim - 1)
    slope, half = _slope(np.array(facets, dtype=np.float64), excesses, predicted, alpha)
    return Rate(slope, slope - half, slope + half, predicted, np.array(facets), excesses)


def _slope(
    m: Float[np.ndarray, " k"], excesses: Float[np.ndarray, " k"], predicted: float, alpha: float
) -> tuple[float, float]:
    """Fit log e = a + s·log m + b·m^predicted; return s and half its Student interval."""
    design = np.column_stack([np.ones(len(m)), np.log(m), m**predicted])
    fit, *_ = np.linalg.lstsq(design, np.log(excesses), rcond=None)
    free = len(m) - design.shape[1]
    scatter = float(np.sum((np.log(excesses) - design @ fit) ** 2)) / free
    spread = float(np.sqrt(scatter * np.linalg.inv(design.T @ design)[1, 1]))
    return float(fit[1]), float(special.stdtrit(free, 1 - alpha / 2)) * spread
