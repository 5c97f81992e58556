"""What any neuron or unit with an absolute gate could separate on these points, certified (S1, S3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

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


@dataclass(frozen=True)
class HeldOutErrors:
    """What the half-space of a verdict does on points that it was not found on."""

    hits: int
    fired: int
    positives: int
    points: int

    __repr__ = short_repr

    @property
    def miss(self) -> float:
        """μ(C∖θ)/μ(C); nan if no point of the concept is left."""
        return (self.positives - self.hits) / self.positives if self.positives else math.nan

    @property
    def alarm(self) -> float:
        """μ(θ∖C)/μ(C)."""
        return (self.fired - self.hits) / self.positives if self.positives else math.nan


@dataclass(frozen=True)
class RandomLabels:
    """The margins of random labels about as large as a concept: what a verdict is worth."""

    size: int
    """So many points each: the concept's, rounded down by at most √2, which makes them easier to separate."""
    margins: tuple[float, ...]
    """One for each labelling; nan where a half-space does not separate it."""

    __repr__ = short_repr

    @property
    def separated(self) -> int:
        """How many of them a half-space separates."""
        return sum(not math.isnan(margin) for margin in self.margins)

    def exceeded_by(self, margin: float) -> int:
        """Return how many of them have a margin as great as this."""
        return sum(each >= margin for each in self.margins)


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
    held_out: HeldOutErrors | None = None
    """The errors of S1's half-space on points that were not drawn; None if there is none of either."""
    random: RandomLabels | None = None
    """Random labels beside a concept that is separated; None where none were drawn."""

    __repr__ = short_repr

    @property
    def possible(self) -> Literal["neuron", "unit", "neither"]:
        """In one or two words what can separate the concept here: "neuron", "unit", "neither"."""
        if self.one_neuron.separable:
            return "neuron"
        return "unit" if self.unit is not None and self.unit.separable else "neither"

    @property
    def vacuous(self) -> bool:
        """Whether random labels of about this size are separated too: then the verdict says nothing."""
        return self.random is not None and self.random.separated > 0

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
    dataset: ConceptDataset, rng: np.random.Generator, most: int = MOST_POINTS, *, draws: int = 0
) -> tuple[ConceptSeparability | None, ...]:
    """Return for each concept what can separate it on at most so many random points; None if it is trivial.

    Parameters
    ----------
    dataset
        Points (N, n) with membership.
    rng
        Draws the points, and the random labels.
    most
        So many points are drawn; the half-spaces that are found are tried on as many of the others.
    draws
        Random labels beside each concept that is separated, about as large as it.

    Raises
    ------
    InvalidInput
        If fewer than two points are asked for, or a negative number of labels.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 101)[:, None]
    >>> membership = np.hstack([x > 0, np.abs(x) < 0.5, np.abs(x) > 0.5])
    >>> data = ConceptDataset(x, membership, ("right", "mid", "ends"))
    >>> [s.check().possible for s in separabilities(data, np.random.default_rng(0))]
    ['neuron', 'unit', 'neither']
    """
    if most < 2 or draws < 0:
        raise InvalidInput(f"separability of {most} points, {draws} labels", remedy="ask for 2 or more")
    rows = drawn_rows(dataset.size, most, rng)
    points, inside = dataset.points[rows].astype(np.float64), dataset.membership[rows]
    others = np.setdiff1d(np.arange(dataset.size), rows, assume_unique=True)
    others = others[drawn_rows(len(others), most, rng)]
    testable = np.flatnonzero(inside.any(axis=0) & ~inside.all(axis=0))
    if not testable.size:
        return (None,) * len(dataset.names)
    warning = vacuous(len(rows), dataset.dim) or ""
    answers: list[ConceptSeparability | None] = [None] * len(dataset.names)
    for k, verdict in zip(testable.tolist(), separate_many(points, inside[:, testable]), strict=True):
        C = inside[:, k]
        unit = None if verdict.separable else separate_unit(points[C], points[~C])
        held_out = _held_out(verdict, dataset, others, k)
        answers[k] = ConceptSeparability(dataset.names[k], verdict, unit, warning, held_out)
    beside = _random_labels(points, inside, answers, draws, rng)
    return tuple(
        answer if answer is None or label is None else replace(answer, random=label)
        for answer, label in zip(answers, beside, strict=True)
    )


def _held_out(
    verdict: Separated | Inseparable, dataset: ConceptDataset, rows: Int[np.ndarray, " K"], k: int
) -> HeldOutErrors | None:
    # A hyperplane that only rationals express separates by less than floats can tell on other points.
    if not isinstance(verdict, Separated) or verdict.rational is not None or not len(rows):
        return None
    fires = dataset.points[rows].astype(np.float64) @ verdict.w + verdict.b > 0
    inside = dataset.membership[rows, k]
    return HeldOutErrors(int((fires & inside).sum()), int(fires.sum()), int(inside.sum()), len(rows))


def _random_labels(
    points: Float[np.ndarray, "N n"],
    inside: Bool[np.ndarray, "N p"],
    answers: Sequence[ConceptSeparability | None],
    draws: int,
    rng: np.random.Generator,
) -> list[RandomLabels | None]:
    """Return for each separated concept random labels of its size, on a grid of sizes that all share."""
    by_size: dict[int, RandomLabels] = {}
    beside: list[RandomLabels | None] = []
    for answer, count in zip(answers, inside.sum(axis=0).tolist(), strict=True):
        if not draws or answer is None or not answer.one_neuron.separable:
            beside.append(None)
            continue
        size = max(1, math.floor(2 ** (math.floor(2 * math.log2(count)) / 2)))
        if size not in by_size:
            labels = np.zeros((len(points), draws), dtype=bool)
            for j in range(draws):
                labels[rng.choice(len(points), size, replace=False), j] = True
            verdicts = separate_many(points, labels)
            margins = tuple(v.margin if isinstance(v, Separated) else math.nan for v in verdicts)
            by_size[size] = RandomLabels(size, margins)
        beside.append(by_size[size])
    return beside
