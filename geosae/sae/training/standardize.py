"""Centring and scaling of training points, so that training works alike at every location and scale."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.sampling import drawn_rows

# arXiv 2406.04093 takes the geometric median of so many samples.
CENTRE_SAMPLES = 32_768


@dataclass(frozen=True, eq=False)
class Standardizer:
    """u = (x − centre) / spread; standardised points lie at mean squared distance 1 from their mean."""

    centre: Float[np.ndarray, " n"]
    spread: float

    def transform(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the standardised points, computed in float64 and rounded to float32 last."""
        return ((points - self.centre) / self.spread).astype(np.float32)


def fit_standardizer(
    points: Float[np.ndarray, "N n"],
    centre: Literal["geometric_median", "mean", "zero"],
    rng: np.random.Generator,
) -> Standardizer:
    """Return the centre and the spread of the points.

    Raises
    ------
    InvalidInput
        If all points are equal, or their place or scale cannot be held in float32.

    Examples
    --------
    >>> fit_standardizer(np.array([[0.0], [2.0]]), "mean", np.random.default_rng(0))
    Standardizer(centre=array([1.]), spread=1.0)
    """
    mean = points.mean(axis=0)
    offsets = points - mean
    reach = float(np.abs(offsets).max())
    if (points == points[0]).all():
        raise InvalidInput(
            f"the {len(points)} points are all equal: there is no variance to explain and FVU is 0/0",
            causes="a single point, a constant column passed as data, or a mask that selected one row",
            remedy="train on points that differ",
        )
    spread = reach * float(np.sqrt(np.mean(np.sum((offsets / reach) ** 2, axis=1))))
    if not 1e-30 < spread < 1e30:
        raise InvalidInput(
            f"the points' spread is {spread:.3g}, outside float32's range", remedy="rescale them"
        )
    if float(np.abs(mean).max()) * float(np.finfo(np.float32).eps) > 1e-3 * spread:
        raise InvalidInput(
            f"the points lie {np.abs(mean).max() / spread:.1g} times their spread away from the origin; "
            "biases are stored as float32, whose rounding there exceeds a thousandth of the spread",
            causes="a constant offset, such as a time stamp or an identifier among the coordinates",
            remedy="subtract the mean from the points first",
        )
    if centre == "zero":
        return Standardizer(np.zeros_like(mean), spread)
    if centre == "mean":
        return Standardizer(mean, spread)
    whole = len(points) <= CENTRE_SAMPLES
    sample = points if whole else points[drawn_rows(len(points), CENTRE_SAMPLES, rng)]
    return Standardizer(geometric_median(sample), spread)


def geometric_median(
    points: Float[np.ndarray, "N n"], tolerance: float = 1e-6, most_steps: int = 200
) -> Float[np.ndarray, " n"]:
    """Return the point of least summed distance to the points, by Weiszfeld's iteration.

    Vardi and Zhang, PNAS 97 (2000) 1423: the iteration is corrected where it lands on a data point. It stops
    once a step is shorter than `tolerance` times the mean distance, or after `most_steps` steps.

    Examples
    --------
    >>> geometric_median(np.array([[0.0], [1.0], [100.0]])).round(3)
    array([1.])
    """
    here = points.mean(axis=0)
    for _ in range(most_steps):
        away = points - here
        distance = np.sqrt(np.einsum("ij,ij->i", away, away))
        apart = distance > 0
        if not apart.any():
            return here
        weight = np.divide(1.0, distance, out=np.zeros_like(distance), where=apart)
        pull = weight @ away
        strength = float(np.linalg.norm(pull))
        coinciding = len(points) - int(apart.sum())
        if strength <= coinciding:
            return here
        step = (1.0 - coinciding / strength) * pull / weight.sum()
        here = here + step
        if float(np.linalg.norm(step)) <= tolerance * float(distance.mean()):
            break
    return here
