"""A world that has been drawn, and the scattering of points over its regions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Measure
from geosae.geometry.regions.registry import Region


@dataclass(frozen=True, eq=False)
class WorldSample:
    """A world that has been drawn: all of a ConceptDataset but its seed and provenance.

    `rows` holds the sets of concepts (by number) that points belong to with positive probability, where all
    of them are known: the rows of the true context, whose concept lattice is the true lattice. `facts` holds
    what else is true of the world as a whole (overlap depth, radii, …), JSON values only.
    """

    points: Float[np.ndarray, "N n"]
    membership: Bool[np.ndarray, "N p"]
    names: tuple[str, ...]
    regions: tuple[Region | None, ...] = ()
    ambient: Measure | None = None
    truth: tuple[ConceptTruth | None, ...] = ()
    subsets: tuple[tuple[str, str], ...] = ()
    directions: Float[np.ndarray, "p n"] | None = None
    rows: tuple[tuple[int, ...], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def single_rows(count: int, background: float = 0.0) -> tuple[tuple[int, ...], ...]:
    """Return the rows of concepts that are disjoint: each alone, and none where there is a background.

    Examples
    --------
    >>> single_rows(2, 0.25)
    ((0,), (1,), ())
    """
    return (*((k,) for k in range(count)), *([()] if background > 0 else []))


def scatter(
    points: int,
    strata: Sequence[Region],
    rng: np.random.Generator,
    *,
    ambient: Measure | None = None,
    background: float = 0.0,
) -> Float[np.ndarray, "N n"]:
    """Draw a share `background` of the points from the ambient measure, the rest evenly from the strata.

    The counts are fixed, not random: round(background·N) background points, and strata that differ by at most
    one point. The order of the points is random.

    Raises
    ------
    InvalidInput
        If a stratum would get no point.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball
    >>> scatter(5, [Ball(np.zeros(2), 1.0)], np.random.default_rng(0)).shape
    (5, 2)
    """
    sizes, outside = _stratum_sizes(points, len(strata), background)
    parts = [region.sample(size, rng) for region, size in zip(strata, sizes, strict=True)]
    if ambient is not None and outside:
        parts.append(ambient.sample(outside, rng))
    return rng.permutation(np.concatenate(parts))


def _stratum_sizes(points: int, count: int, background: float) -> tuple[list[int], int]:
    """Return how many points each of `count` strata gets, and how many the background gets."""
    outside = round(points * background)
    each, extra = divmod(points - outside, count)
    if each == 0 or (outside == 0 and background > 0):
        raise InvalidInput(
            f"{points} points are too few for {count} regions and a background share of {background}",
            remedy="draw more points",
        )
    return [each + (k < extra) for k in range(count)], outside


def even_labels(
    points: int, count: int, background: float, rng: np.random.Generator
) -> Int[np.ndarray, " N"]:
    """Return for each point which of `count` strata it comes from (`count`: the background), shuffled.

    The counts are those of `scatter`.

    Raises
    ------
    InvalidInput
        If a stratum would get no point.

    Examples
    --------
    >>> np.bincount(even_labels(10, 3, 0.2, np.random.default_rng(0))).tolist()
    [3, 3, 2, 2]
    """
    sizes, outside = _stratum_sizes(points, count, background)
    labels = np.repeat(np.arange(count + 1), [*sizes, outside])
    rng.shuffle(labels)
    return labels


def memberships(points: Float[np.ndarray, "N n"], regions: Sequence[Region]) -> Bool[np.ndarray, "N p"]:
    """Return which points (rows) lie in which regions (columns).

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball
    >>> memberships(np.array([[0.0], [3.0]]), [Ball(np.zeros(1), 1.0)]).tolist()
    [[True], [False]]
    """
    return np.stack([region.contains(points) for region in regions], axis=1)
