"""What any neuron or unit with an absolute gate could separate on these points, certified (S1, S3)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.arrangements.counting import vacuous
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate_many import separate_many
from geosae.geometry.separation.separate_unit import separate_unit
from geosae.geometry.separation.unit_certificate import UnitInseparable, UnitSeparated
from geosae.notebook import short_repr
from geosae.sampling import drawn_rows

MOST_POINTS = 5000
"""The question is asked of so many of the points, drawn at random."""


@dataclass(frozen=True, eq=False)
class ConceptSeparability:
    """Whether one half-space, or a unit, separates a concept's points from the others, with the proof."""

    concept: str
    one_neuron: Separated | Inseparable
    """The certificate of S1."""
    unit: UnitSeparated | UnitInseparable | None
    """The certificate of S3; None where S1 holds, which implies it."""
    warning: str
    """What S8 says of so few points: then the verdict says little. Empty where it says something."""

    __repr__ = short_repr

    @property
    def possible(self) -> Literal["neuron", "unit", "neither"]:
        """In one or two words what can separate the concept here: "neuron", "unit", "neither"."""
        if self.one_neuron.separable:
            return "neuron"
        return "unit" if self.unit is not None and self.unit.separable else "neither"

    @property
    def inside(self) -> int:
        """How many other points lie in the concept's hull: no unit that misses nothing excludes them."""
        return len(self.unit.inside) if isinstance(self.unit, UnitInseparable) else 0

    def check(self) -> "ConceptSeparability":
        """Prove both certificates again in exact arithmetic and return the record.

        Raises
        ------
        ForgedCertificate
            If one of them does not prove what it says.
        """
        self.one_neuron.check()
        if self.unit is not None:
            self.unit.check()
        return self


def separabilities(
    dataset: ConceptDataset, rng: np.random.Generator, most: int = MOST_POINTS
) -> tuple[ConceptSeparability | None, ...]:
    """Return for each concept what can separate it on at most so many random points; None if it is trivial.

    Raises
    ------
    InvalidInput
        If fewer than two points are asked for.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 101)[:, None]
    >>> membership = np.hstack([x > 0, np.abs(x) < 0.5, np.abs(x) > 0.5])
    >>> data = ConceptDataset(x, membership, ("right", "mid", "ends"))
    >>> [s.check().possible for s in separabilities(data, np.random.default_rng(0))]
    ['neuron', 'unit', 'neither']
    """
    if most < 2:
        raise InvalidInput(f"separability of {most} points", remedy="ask for 2 or more")
    rows = drawn_rows(dataset.size, most, rng)
    points, inside = dataset.points[rows].astype(np.float64), dataset.membership[rows]
    asked = np.flatnonzero(inside.any(axis=0) & ~inside.all(axis=0))
    if not asked.size:
        return (None,) * len(dataset.names)
    warning = vacuous(len(rows), dataset.dim) or ""
    answers: list[ConceptSeparability | None] = [None] * len(dataset.names)
    for k, verdict in zip(asked.tolist(), separate_many(points, inside[:, asked]), strict=True):
        C = inside[:, k]
        unit = None if verdict.separable else separate_unit(points[C], points[~C])
        answers[k] = ConceptSeparability(dataset.names[k], verdict, unit, warning)
    return tuple(answers)
