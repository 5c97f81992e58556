"""Parents and children as thickened rays, with the controls that decide whether a child can be absorbed."""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.balls import ball_points
from geosae.geometry.regions.registry import Ball, Capsule, Region, Union
from geosae.geometry.separation.certificate import Inseparable
from geosae.geometry.separation.separate import separate
from geosae_synthetic.placing import frame
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships

_ROUNDING = 1e-14  # of a ray's length: keeps the sum of its point and noise in the capsule
_MOST_SETS = 32
_Sets = list[tuple[int, ...]]


def farther(left: Float[np.ndarray, "a n"], right: Float[np.ndarray, "b n"], reach: float) -> bool | None:
    """Tell whether two hulls are farther apart than `reach`, by certificate; None in a tie of floats.

    So the hulls of the same points, each grown to a ball of radius reach/2, are disjoint, or not.

    Examples
    --------
    >>> farther(np.array([[0.0]]), np.array([[3.0], [4.0]]), 2.0)
    True
    """
    verdict = separate(left, right)
    if isinstance(verdict, Inseparable):
        return False
    if 2 * verdict.margin > reach:
        return True
    return False if 2 * verdict.margin_bound <= reach else None


class _Family:
    """The rays of one parent: for each set of children that fire together, where it points."""

    def __init__(self, rows: Float[np.ndarray, "k n"], params: Mapping[str, Any]) -> None:
        self.parent, self.axes = rows[0], rows[1:]
        self.count = len(self.axes) + (params["position"] == "inside")
        offsets = list(params["reach"] * self.axes)
        if params["position"] == "inside":
            # Halfway between the first two, so in the hull of its siblings at every magnitude.
            offsets.append((offsets[0] + offsets[1]) / 2)
        most = self.count if params["siblings"] == "independent" else 1
        self.sets: _Sets = [s for k in range(most + 1) for s in combinations(range(self.count), k)]
        self.rays = [self.parent + sum((offsets[j] for j in s), np.zeros_like(rows[0])) for s in self.sets]
        spread = math.sqrt(3.0) * params["variation"]
        self.ends = [np.stack([(1 - spread) * ray, (1 + spread) * ray]) for ray in self.rays]

    def holding(self, child: int | None) -> list[int]:
        """Return the sets with this child; with None all."""
        return [i for i, s in enumerate(self.sets) if child is None or child in s]


def _region(ends: list[Float[np.ndarray, "2 n"]], noise: float) -> Region:
    parts: list[Region] = []
    for low, high in ends:
        moved = bool(np.any(low != high))
        parts.append(Capsule(low, noise, high, noise) if moved else Ball(low, noise))
    return parts[0] if len(parts) == 1 else Union(tuple(parts), disjoint=True)


def _check(families: list[_Family], noise: float) -> None:
    origin = np.zeros((1, len(families[0].parent)))
    rays = [origin, *[ends for family in families for ends in family.ends]]
    for left, right in combinations(rays, 2):
        if not farther(left, right, 2 * noise):
            raise InvalidInput(
                f"absorption: noise of radius {noise:g} joins rays that are to be apart",
                remedy="lower noise or variation, or raise reach",
            )


def _truth(
    families: list[_Family], f: int, child: int | None, noise: float, depth: int
) -> tuple[ConceptTruth, bool | None]:
    """Return the truth of a concept, and for a child whether one neuron can absorb it (theory P2)."""
    sets = families[f].holding(child)
    inside = [families[f].ends[i] for i in sets]
    siblings = [ends for i, ends in enumerate(families[f].ends) if i not in sets]
    negatives = [np.zeros((1, len(families[f].parent)))]
    negatives += [ends for g, family in enumerate(families) if g != f for ends in family.ends]
    hull = np.concatenate(inside)
    one_neuron = farther(hull, np.concatenate(siblings + negatives), 2 * noise)
    apart = [farther(hull, ends, 2 * noise) for ends in siblings + negatives]
    unit = False if False in apart else (None if None in apart else True)
    convex = len(inside) == 1
    truth = ConceptTruth(
        convex or None if convex else False,
        0.0 if convex else None,
        one_neuron=one_neuron,
        unit=True if one_neuron else unit,
        smallest_unit=1 if one_neuron else None,
        unit_interval=(2, None) if unit and one_neuron is False else None,
        overlap_depth=depth,
    )
    if child is None:
        return truth, None
    return truth, farther(np.concatenate(siblings), np.concatenate([hull, *negatives]), 2 * noise)


def _draw(
    points: int, families: list[_Family], rng: np.random.Generator, params: Mapping[str, Any]
) -> Float[np.ndarray, "N n"]:
    dim, count = len(families[0].parent), families[0].count
    silent = rng.random(points) < params["background"]
    family = rng.integers(0, len(families), points)
    if params["siblings"] == "exclusive":
        chosen = rng.random(points)
        child = np.floor(chosen / params["frequency"]).astype(np.int64)
        which = np.where(child < count, child + 1, 0)  # the sets are: none, then each child alone
    else:
        fires = rng.random((points, count)) < params["frequency"]
        index = {s: i for i, s in enumerate(families[0].sets)}
        which = np.array([index[tuple(np.flatnonzero(row).tolist())] for row in fires], dtype=np.int64)
    rays = np.stack([np.stack(f.rays) for f in families])[family, which]
    spread = math.sqrt(3.0) * params["variation"]
    magnitude = 1 + spread * rng.uniform(-1.0, 1.0, points)
    rays = np.where(silent[:, None], 0.0, magnitude[:, None] * rays)
    radius = params["noise"] - _ROUNDING * max(float(np.abs(ends).max()) for f in families for ends in f.ends)
    return rays + radius * ball_points(points, dim, rng)


def _absorption(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    parents, children = params["parents"], params["children"]
    _refuse(dim, params)
    rows = frame(dim, rng)[: parents * (children + 1)]
    families = [_Family(block, params) for block in np.split(rows, parents)]
    noise = params["noise"]
    _check(families, noise)
    cloud = _draw(points, families, rng, params)
    names: list[str] = []
    regions: list[Region] = []
    truths: list[ConceptTruth] = []
    subsets: list[tuple[str, str]] = []
    directions: list[Float[np.ndarray, "n"]] = []
    absorbable: dict[str, bool | None] = {}
    depth = 2 if params["siblings"] == "exclusive" else families[0].count + 1
    for f, family in enumerate(families):
        parent = f"parent {f + 1}"
        for child in (None, *range(family.count)):
            name = parent if child is None else f"child {f + 1}.{child + 1}"
            truth, may = _truth(families, f, child, noise, depth)
            names.append(name)
            truths.append(truth)
            regions.append(_region([family.ends[i] for i in family.holding(child)], noise))
            if child is None:
                directions.append(family.parent)
                continue
            subsets.append((name, parent))
            absorbable[name] = may
            toward = family.rays[family.sets.index((child,))] - family.parent
            directions.append(toward / np.linalg.norm(toward))
    bounds = [region.bounds for region in regions]
    high = np.max([np.maximum(-low, top) for low, top in bounds], axis=0) + 0.25
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        tuple(names),
        regions=tuple(regions),
        ambient=UniformBox(-high, high),
        truth=tuple(truths),
        subsets=tuple(subsets),
        directions=np.stack(directions),
        rows=_rows(families),
        facts={"absorbable": absorbable, "overlap_depth": depth},
    )


def _rows(families: list[_Family]) -> tuple[tuple[int, ...], ...]:
    size = families[0].count + 1
    sets = (
        (f * size, *(f * size + 1 + j for j in s)) for f, family in enumerate(families) for s in family.sets
    )
    return (*sets, ())


def _refuse(dim: int, params: Mapping[str, Any]) -> None:
    parents, children = params["parents"], params["children"]
    total = children + (params["position"] == "inside")
    if parents * (children + 1) > dim:
        raise InvalidInput(
            f"absorption: {parents} parents with {children} children each need dim ≥ "
            f"{parents * (children + 1)}, not {dim}"
        )
    if params["position"] == "inside" and children < 2:
        raise InvalidInput("absorption: a child inside the hull of its siblings needs two of them")
    if params["siblings"] == "exclusive" and total * params["frequency"] >= 1:
        raise InvalidInput(
            f"absorption: {total} exclusive children cannot each fire in a share {params['frequency']:g} of "
            "their parent and leave it alone sometimes",
            remedy=f"use frequency < {1 / total:g}",
        )
    sets = 2**total if params["siblings"] == "independent" else total + 1
    if parents * sets > _MOST_SETS:
        raise InvalidInput(f"absorption: {parents * sets} rays (sets of children), over {_MOST_SETS}")
    if math.sqrt(3.0) * params["variation"] >= 1:
        raise InvalidInput(
            f"absorption: magnitudes of variation {params['variation']:g} reach 0",
            remedy="use variation < 0.57",
        )


WORLDS = (
    World(
        name="absorption",
        summary="Parents and children with what decides absorption: place, rate, variance, exclusion.",
        steps=(
            "Take orthonormal directions: for each parent its own, p, and cⱼ for each child.",
            "A point on which the parent and the set S of its children fire is m·(p + reach·Σ_{j∈S} cⱼ), "
            "plus noise uniform in a ball; the magnitude m is uniform with mean 1 and coefficient of "
            "variation `variation`.",
            "position = inside adds one more child, whose direction is (c₁ + c₂)/2: it lies in the hull of "
            "its siblings; extreme children lie outside of it.",
            "siblings = exclusive: at most one child fires, each with probability `frequency`; independent: "
            "each fires by itself.",
            "At most one parent fires; with probability `background` none, and the point is noise alone.",
            "The concept of a child (parent) is the union of the capsules of all sets S with that child (of "
            "all sets). The directions are kept. ν is uniform on a box around all, 0.25 wider.",
        ),
        distribution="Independent points as constructed; magnitudes and noise bounded, so that the regions "
        "are capsules.",
        truth="A hull of capsules of one radius ρ is the hull of their axes, grown by ρ: so S1, S3, and the "
        "condition of P2 (Conv(C_p∖C_c) misses Conv(C_c ∪ X∖C_p), the fact `absorbable`) are distances of "
        "finite hulls above 2ρ, each decided by certificate. An inside child fails S1 and cannot be "
        "absorbed by one absolute neuron; extreme ones can, if the "
        "noise leaves room. An exclusive child is convex, e_irr = 0. "
        "Overlap depth: 2, or all children and the parent. With unit costs an atom c + δp pays "
        "1 − δ + √(1+δ²) on a child's points: absorption (δ = 1) is cheaper, √2 against 2.",
        parameters=(
            Parameter("parents", 1, "number of parents", low=1, high=16),
            Parameter("children", 2, "extreme children of each parent", low=1, high=16),
            Parameter("position", "extreme", "whether there is a child in the hull of its siblings",
                      choices=("extreme", "inside")),
            Parameter("siblings", "exclusive", "whether children exclude one another",
                      choices=("exclusive", "independent")),
            Parameter("frequency", 0.25, "share of its parent's points on which a child fires",
                      unit="probability", low=0, high=1, open_low=True, open_high=True),
            Parameter("variation", 0.1, "coefficient of variation of the magnitudes", low=0, high=0.577,
                      open_high=True),
            Parameter("reach", 1.0, "length of a child's part over the parent's", low=0, high=100,
                      open_low=True),
            Parameter("noise", 0.05, "radius of the noise", unit="mean magnitudes", low=1e-9),
            Parameter("background", 0.25, "probability that no parent fires", unit="probability", low=0,
                      high=1, open_low=True, open_high=True),
        ),
        least_dim=3,
        build=_absorption,
    ),
)  # fmt: skip
