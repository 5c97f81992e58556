"""The bodies of the approximation study, its jobs, and the errors that they find around each body."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from geosae.experiments.baselines import Baseline
from geosae.experiments.jobs import StudyRecord
from geosae.geometry.approximation.ball_bound import least_ball_excess
from geosae.geometry.regions.registry import Ball, Polytope, Region, Shell, Union
from geosae.studies.numbers import of_kind

BASELINES: tuple[Baseline, ...] = ("trained", "untrained", "frozen_decoder")
DISTANCE = 2.5
"""How far from the origin the bodies of the SAEs' world lie."""
MISS = 0.01
"""The share of its concept's points that each member of a unit may miss."""
SAMPLES = 200_000
MEASURED_ABOVE = 4
"""Above this dimension the oracle's volumes are measured on SAMPLES points; up to it they are qhull's."""


def body_of(name: str, dim: int, center: Float[np.ndarray, "r"] | None = None) -> Region:
    """Return a body by name, within 1 of its centre in every coordinate.

    Names: "ball", "polygon" (regular, twelve sides, in the plane), "cross-polytope", "shell", "two-balls".

    Examples
    --------
    >>> body_of("two-balls", 2).is_convex
    False
    """
    middle = np.zeros(dim) if center is None else center
    if name == "ball":
        return Ball(middle, 1.0)
    if name == "polygon":
        angles = np.pi * (np.arange(12) + 0.5) / 6
        return Polytope(middle + np.column_stack([np.cos(angles), np.sin(angles)]))
    if name == "cross-polytope":
        return Polytope(middle + np.vstack([np.eye(dim), -np.eye(dim)]))
    if name == "shell":
        return Shell(middle, 0.5, 1.0)
    # Side by side as seen from the origin, wherever the two stand.
    side = np.zeros(dim)
    side[-1] = 0.6
    return Union((Ball(middle - side, 0.4), Ball(middle + side, 0.4)), disjoint=True)


def bodies_around(name: str, dim: int) -> list[Region]:
    """Return 2r copies of a body at ±DISTANCE on each axis; SAEs are asked for the first.

    Neurons fire away from the middle of the data, so a body in the middle is detected by none.

    Examples
    --------
    >>> len(bodies_around("ball", 3))
    6
    """
    axes = np.eye(dim) * DISTANCE
    return [body_of(name, dim, sign * axis) for axis in axes for sign in (1.0, -1.0)]


def facets_of(name: str, dim: int) -> int | None:
    """Return how many half-spaces a body is exactly; None of bodies that are no polytopes.

    Examples
    --------
    >>> facets_of("polygon", 2), facets_of("cross-polytope", 3), facets_of("ball", 2)
    (12, 8, None)
    """
    body = body_of(name, dim)
    return len(body.facets()) if isinstance(body, Polytope) else None


def plateau(body: Region) -> float:
    """Return e_irr relative to the body's volume: vol(Conv(C)∖C) / vol(C)."""
    return float(np.maximum(0.0, body.hull_volume / body.volume - 1))


@dataclass(frozen=True)
class OracleJob:
    """The best polyhedron of m facets around a body."""

    body: str
    dim: int
    m: int
    seed: int = 0
    part: Literal["oracle"] = "oracle"


@dataclass(frozen=True)
class UnitJob:
    """A ReLU SAE on copies of a body, trained or not, whose closure unit is asked for."""

    body: str
    dim: int
    width: int
    baseline: Baseline
    seed: int
    steps: int
    points: int
    l1: float
    part: Literal["units"] = "units"


Job: TypeAlias = OracleJob | UnitJob


@dataclass(frozen=True)
class OracleError:
    """The error of the best polyhedron found, over the body's volume."""

    excess: float
    over_hull: float
    """The excess beyond the body's convex hull, over the body's volume."""
    best: bool
    """Whether no polyhedron of as many facets is better."""


@dataclass(frozen=True)
class UnitError:
    """The errors of a closure unit on fresh points."""

    members: int
    miss: float
    """The share of the body's points that the unit misses."""
    excess: float
    """False alarms in the box, over the body's volume."""
    nothing: float
    """The error of the empty unit: the rest of the box, over the body's volume."""

    @property
    def error(self) -> float:
        """False alarms and misses together, over the body's volume."""
        return self.excess + self.miss


Records: TypeAlias = Sequence[StudyRecord[Job, OracleError | UnitError]]


def oracle_curve(
    records: Records, body: str, dim: int, error: Callable[[OracleError], float] = lambda e: e.excess
) -> list[tuple[float, float]]:
    """Return (m, error) of the best polyhedra found with at most m facets, relative to the body's volume."""
    points = sorted(
        (float(r.settings.m), error(r.result))
        for r in of_kind(records, OracleJob, OracleError)
        if (r.settings.body, r.settings.dim) == (body, dim)
    )
    return [(m, min(e for _, e in points[: i + 1])) for i, (m, _) in enumerate(points)]


def units_of(
    records: Records, body: str, dim: int, baseline: Baseline | None = None
) -> list[StudyRecord[UnitJob, UnitError]]:
    """Return the records of the SAEs on a body, trained or untrained or both."""
    return [
        r
        for r in of_kind(records, UnitJob, UnitError)
        if (r.settings.body, r.settings.dim) == (body, dim) and baseline in (None, r.settings.baseline)
    ]


def unit_errors(
    records: Records, body: str, dim: int, baseline: Baseline = "trained"
) -> list[tuple[int, float]]:
    """Return (|M|, error) of every closure unit that is not empty, error relative to the body's volume."""
    units = [r.result for r in units_of(records, body, dim, baseline)]
    return [(unit.members, unit.error) for unit in units if unit.members]


def bodies_in(records: Records) -> list[tuple[str, int]]:
    """Return the (body, dimension) pairs that were run."""
    return list(dict.fromkeys((r.settings.body, r.settings.dim) for r in records))


def lower_bound(dim: int, sizes: Sequence[float | int]) -> Float[np.ndarray, " k"]:
    """Return what no m half-spaces around the ball go below, relative to its volume (A2)."""
    ball = body_of("ball", dim)
    return np.array([least_ball_excess(int(m), dim) for m in sizes]) / ball.volume
