"""A world that realises a given formal context by small balls (theory F4)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.data.order import subset_order
from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.regions.registry import Ball, Region, Union
from geosae_synthetic.common import convex_among_balls
from geosae_synthetic.contexts import context_named
from geosae_synthetic.dimension import dimension_facts
from geosae_synthetic.placing import least_distance
from geosae_synthetic.planted import planted_halfspaces
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter, single_rows


def _formal_context(
    points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]
) -> WorldSample:
    context = context_named(params["context"])
    if len(context.objects) < 2:
        raise InvalidInput("formal-context: a context with one object makes one ball, which is everything")
    _refuse_twins(context)
    centres, halfspaces = planted_halfspaces(context, dim, rng)
    margin = _margin(centres, halfspaces)
    radius = params["spread"] * min(margin, least_distance(centres) / 2, 1.0)
    balls = tuple(Ball(centre, radius) for centre in centres)
    if params["concepts"] == "objects":
        names = context.objects
        regions: tuple[Region, ...] = balls
        subsets: tuple[tuple[str, str], ...] = ()
        truth = tuple(
            convex_among_balls(np.delete(centres, g, axis=0), centres[g], radius) for g in range(len(balls))
        )
    else:
        names = context.attributes
        regions = tuple(_extent(context, m, balls) for m in range(len(names)))
        truth = tuple(_attribute_truth(region, _depth(context, m)) for m, region in enumerate(regions))
        order = subset_order(context.incidence)
        subsets = tuple((names[i], names[j]) for i, j in np.argwhere(order) if i != j)
    cloud = scatter(points, balls, rng)
    low, high = centres.min(axis=0) - 2 * radius, centres.max(axis=0) + 2 * radius
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        names,
        regions=regions,
        ambient=UniformBox(low, high),
        truth=truth,
        subsets=subsets,
        rows=single_rows(len(balls))
        if params["concepts"] == "objects"
        else tuple(tuple(np.flatnonzero(row).tolist()) for row in context.incidence),
        facts={
            "objects": list(context.objects),
            "attributes": list(context.attributes),
            "incidence": [[int(m) for m in np.flatnonzero(row)] for row in context.incidence],
            "radius": radius,
            "dimension": dimension_facts(context, int(np.linalg.matrix_rank(centres - centres[0]))),
            "halfspaces": {"w": halfspaces.w.tolist(), "c": halfspaces.c.tolist()},
        },
    )


def _refuse_twins(context: FormalContext) -> None:
    rows: dict[bytes, str] = {}
    for label, row in zip(context.objects, context.incidence, strict=True):
        twin = rows.setdefault(row.tobytes(), label)
        if twin is not label:
            raise InvalidInput(
                f"formal-context: the objects {twin!r} and {label!r} have the same attributes",
                remedy="clarify the context: merge such objects",
            )


def _margin(centres: Float[np.ndarray, "G n"], halfspaces: HalfSpaces) -> float:
    """Return the least distance from a point to a hyperplane (infinite if there is no hyperplane)."""
    lengths = np.linalg.norm(halfspaces.w, axis=1)
    real = lengths > 0
    away = np.abs(halfspaces.values(centres))[:, real] / lengths[real]
    return float(away.min(initial=np.inf))


def _extent(context: FormalContext, attribute: int, balls: tuple[Ball, ...]) -> Region:
    label, column = context.attributes[attribute], context.incidence[:, attribute]
    if column.all() or not column.any():
        raise InvalidInput(
            f"formal-context: {'every' if column.all() else 'no'} object has the attribute {label!r}, "
            "which is then no concept",
            remedy="use concepts='objects', or leave the attribute out",
        )
    parts = tuple(ball for ball, has in zip(balls, column.tolist(), strict=True) if has)
    return parts[0] if len(parts) == 1 else Union(parts, disjoint=True)


def _depth(context: FormalContext, attribute: int) -> int:
    """Return the most attributes that an object with this one has."""
    return int(context.incidence[context.incidence[:, attribute]].sum(axis=1).max())


def _attribute_truth(region: Region, depth: int) -> ConceptTruth:
    # The planted half-space holds the extent's balls and none of the others.
    convex = isinstance(region, Ball)
    return ConceptTruth(
        convex, 0.0 if convex else None, one_neuron=True, unit=True, smallest_unit=1, overlap_depth=depth
    )


WORLDS = (
    World(
        name="formal-context",
        summary="A small ball per object of a formal context, placed so that half-spaces realise the "
        "context.",
        steps=(
            "Read the context, or take the standard context of a lattice by name.",
            "Place one point per object and one half-space per attribute so that point g lies in "
            "half-space m iff "
            "object g has attribute m, verified exactly. In dimension (affine rank of the rows) ≤ "
            "(objects − 1) "
            "this always succeeds; below, a search may.",
            "Around each point lies a ball of radius `spread` times the least distance to a hyperplane or "
            "half that to "
            "another point: all of it is on the right side of every hyperplane.",
            "concepts = objects: concept g is ball g; the SAE of the half-spaces then has the given "
            "context as its "
            "detection context. concepts = attributes: concept m is the union of the balls that have it, and "
            "the lattice of the membership table is that of the context.",
            "ν is uniform on the box around all balls that leaves one radius on every side.",
        ),
        distribution="Uniform on the balls in equal parts; no background.",
        truth="Objects: convex, S3, e_irr = 0, and S1 (m* = 1) iff the point is farther than two radii "
        "from the hull "
        "of the others. Attributes: S1 and S3 hold and m* = 1 (the planted half-space); convex iff a "
        "single ball.",
        parameters=(
            Parameter(
                "context",
                "boolean-3",
                "boolean-K, chain-K, MK, N5, divisors-K, taxonomy-BxD, or a path to .cxt, .csv, .json",
            ),
            Parameter("concepts", "objects", "what the concepts are", choices=("objects", "attributes")),
            Parameter(
                "spread",
                0.5,
                "radius of the balls over the largest safe one",
                low=0,
                high=1,
                open_low=True,
                open_high=True,
            ),
        ),
        build=_formal_context,
    ),
)
