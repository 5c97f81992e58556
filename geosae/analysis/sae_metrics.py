"""How an SAE does on the points as a whole: sparsity, reconstruction, dead and dense neurons (P6)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Int

from geosae.analysis.counts import integers
from geosae.data.fvu import Unexplained
from geosae.errors import InvalidInput
from geosae.storage.structure import from_json
from geosae.validation import whole_number

_LEFT = tuple(field.name for field in fields(Unexplained))


@dataclass(frozen=True, eq=False, repr=False)
class SAEMetrics:
    """Figures over all points of the dataset, both halves; the FVU over the held-out half."""

    points: int
    active: int
    """Number of (point, neuron) pairs that are active."""
    unexplained: Unexplained
    """What the reconstructions leave of the variance of the held-out half."""
    fired: Int[np.ndarray, "d"]
    """Number of points on which each neuron fires."""

    @property
    def l0(self) -> float:
        """The mean number of active neurons per point."""
        return self.active / self.points

    @property
    def fvu(self) -> float:
        """Σ ‖x − x̂‖² / Σ ‖x − mean‖²: sums first, then the ratio; nan if the points do not vary."""
        return self.unexplained.fvu

    @property
    def warning(self) -> str | None:
        """What to know of the FVU where few points carry the variance, else None."""
        return self.unexplained.warning

    @property
    def dead_share(self) -> float:
        """The share of neurons that fire on no point."""
        return float(np.mean(self.fired == 0))

    @property
    def dense_share(self) -> float:
        """The share of neurons that fire on more than half of the points."""
        return float(np.mean(2 * self.fired > self.points))

    def to_metrics(self) -> dict[str, float | None]:
        """Return the four figures for JSON; null where one is not defined."""
        names = ("l0", "fvu", "dead_share", "dense_share")
        return {name: _finite(float(getattr(self, name))) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Return the sums for JSON, without the array."""
        return {
            "points": self.points,
            "active": self.active,
            **{name: _finite(getattr(self.unexplained, name)) for name in _LEFT},
        }

    @classmethod
    def from_parts(cls, value: Mapping[str, Any], fired: np.ndarray) -> "SAEMetrics":
        """Read back what `to_dict` wrote, with the array."""
        points, active = (whole_number(value[key], f"the number '{key}'") for key in ("points", "active"))
        counts = integers({"fired": fired}, "fired")
        if points < 1 or counts.ndim != 1 or np.any((counts < 0) | (counts > points)):
            raise InvalidInput("neurons fire on more points than there are", causes="a damaged file")
        if active != int(counts.sum()):
            raise InvalidInput(
                "the active pairs are not the sum of the neurons' counts", causes="a damaged file"
            )
        left = {k: from_json(float, value[k], f"the number '{k}'") for k in _LEFT}
        return cls(points, active, Unexplained(**left), fired=counts)

    def __repr__(self) -> str:
        return (
            f"L0 {self.l0:.2f}, FVU {self.fvu:.4f}, dead {self.dead_share:.1%}, dense {self.dense_share:.1%} "
            f"of {len(self.fired)} neurons" + (f"; {self.warning}" if self.warning else "")
        )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
