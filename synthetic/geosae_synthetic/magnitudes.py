"""Laws of the magnitude with which a feature fires."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from geosae.errors import InvalidInput

Law = Literal["uniform", "normal", "folded-normal", "exponential", "constant"]
LAWS: tuple[str, ...] = get_args(Law)
# The least value of a law with bounded support, in spreads below the mean.
_REACH = {"uniform": 3.0**0.5, "exponential": 1.0}


@dataclass(frozen=True, eq=False)
class Magnitudes:
    """Magnitudes with a mean and a spread for each feature; a magnitude of 0 is no firing.

    With ξ standard normal, υ uniform on [−1, 1] and ε standard exponential: uniform mean + √3·spread·υ;
    normal max(0, mean + spread·ξ); folded-normal |mean + spread·ξ|; exponential mean + spread·(ε − 1);
    constant mean. Mean and standard deviation are those named, but for the normal laws before they are bent.

    Raises
    ------
    InvalidInput
        If the law is unknown, a mean is not positive, a spread is negative, or magnitudes could be negative.

    Examples
    --------
    >>> law = Magnitudes("constant", np.array([2.0, 3.0]), np.zeros(2))
    >>> law.draw(np.array([1, 1, 0]), np.random.default_rng(0)).tolist()
    [3.0, 3.0, 2.0]
    """

    law: Law
    mean: Float[np.ndarray, "M"]
    spread: Float[np.ndarray, "M"]

    def __post_init__(self) -> None:
        if self.law not in LAWS:
            raise InvalidInput(f"there is no law of magnitudes {self.law!r}", remedy=f"use {', '.join(LAWS)}")
        if not ((self.mean > 0) & (self.spread >= 0) & np.isfinite(self.mean + self.spread)).all():
            raise InvalidInput("magnitudes need a mean above 0 and a spread of at least 0 for every feature")
        if (self.mean - _REACH.get(self.law, 0.0) * self.spread < -1e-9).any():
            raise InvalidInput(
                f"{self.law} magnitudes with these means and spreads would be negative",
                remedy=f"use spread ≤ mean/{_REACH[self.law]:.4g}, or the folded-normal law",
            )

    @property
    def least(self) -> Float[np.ndarray, "M"]:
        """The least float32 magnitude that each feature can be drawn with."""
        if self.law in ("normal", "folded-normal"):
            return np.where(self.spread > 0, 0.0, self.mean).astype(np.float32)
        return np.maximum(self.mean - _REACH.get(self.law, 0.0) * self.spread, 0).astype(np.float32)

    def draw(self, features: Int[np.ndarray, "s"], rng: np.random.Generator) -> Float[np.ndarray, "s"]:
        """Draw one float32 magnitude for each entry, which names its feature."""
        mean = self.mean.astype(np.float32)[features]
        if self.law == "constant":
            return mean
        size, spread = len(features), self.spread.astype(np.float32)[features]
        if self.law == "uniform":
            # From the least value upwards, so that rounding leaves the range at neither end.
            least = np.maximum(self.mean - _REACH["uniform"] * self.spread, 0).astype(np.float32)[features]
            return least + np.float32(2 * _REACH["uniform"]) * spread * rng.random(size, dtype=np.float32)
        if self.law == "exponential":
            shift = rng.standard_exponential(size, dtype=np.float32) - 1
            return np.maximum(mean + spread * shift, 0, dtype=np.float32)
        bent = mean + spread * rng.standard_normal(size, dtype=np.float32)
        return np.abs(bent) if self.law == "folded-normal" else np.maximum(bent, 0, dtype=np.float32)


def alike(law: str, features: int, mean: float, spread: float) -> Magnitudes:
    """Return one law for all features.

    Examples
    --------
    >>> alike("uniform", 2, 1.0, 0.25).mean.tolist()
    [1.0, 1.0]
    """
    return Magnitudes(law, np.full(features, mean), np.full(features, spread))  # type: ignore[arg-type]
