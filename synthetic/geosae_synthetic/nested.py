"""Balls inside balls: a chain, and a tree with branching."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.regions.registry import Ball
from geosae_synthetic.common import BOX, background, convex_in_background, unit_box
from geosae_synthetic.placing import least_distance, spread_directions
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter

_MAX_BALLS = 2048


def _finish(
    points: int,
    rng: np.random.Generator,
    params: Mapping[str, Any],
    balls: dict[str, Ball],
    subsets: tuple[tuple[str, str], ...],
) -> WorldSample:
    regions = tuple(balls.values())
    depth = params["depth"]  # the path from the root to a leaf, through every ball
    ambient = unit_box(regions[0].dim)
    cloud = scatter(points, regions, rng, ambient=ambient, background=params["background"])
    return WorldSample(
        cloud,
        memberships(cloud, regions),
        tuple(balls),
        regions=regions,
        ambient=ambient,
        truth=(convex_in_background(depth),) * len(regions),
        subsets=subsets,
        rows=_paths(tuple(balls), subsets),
    )


def _paths(names: tuple[str, ...], subsets: tuple[tuple[str, str], ...]) -> tuple[tuple[int, ...], ...]:
    """Return for each ball the balls that hold it, itself included, and the empty set for the background."""
    column = {name: k for k, name in enumerate(names)}
    paths: dict[str, tuple[int, ...]] = {}
    parent_of = dict(subsets)
    for name in names:  # parents come first
        above = paths[parent_of[name]] if name in parent_of else ()
        paths[name] = (*above, column[name])
    return (*paths.values(), ())


def _chain(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    ratio, drift = params["ratio"], params["drift"]
    centre, radius = np.zeros(dim), params["radius"]
    balls: dict[str, Ball] = {}
    for level in range(1, params["depth"] + 1):
        balls[f"level {level}"] = Ball(centre, radius)
        centre = centre + drift * radius * (1 - ratio) * spread_directions(1, dim, rng)[0]
        radius = radius * ratio
    names = tuple(balls)
    return _finish(points, rng, params, balls, tuple(zip(names[1:], names[:-1], strict=True)))


def _children(count: int, ratio: float, gap: float, dim: int, rng: np.random.Generator) -> Float[Any, "b n"]:
    """Return the children's centres in the unit ball: `gap` from its surface and at least from others."""
    reach = 1.0 - ratio - gap
    directions = spread_directions(count, dim, rng)
    apart = least_distance(directions)
    if reach < 0 or reach * apart < 2 * ratio + gap:
        most = (apart * (1 - gap) - gap) / (2 + apart) if np.isfinite(apart) else 1 - gap
        raise InvalidInput(
            f"ball-tree: {count} children of ratio {ratio:g} with gap {gap:g} do not fit into "
            f"their parent in dimension {dim}",
            remedy=f"use ratio ≤ {most:.4f}" if most > 0 else "lower the gap or the branching, or raise dim",
        )
    return reach * directions


def _tree(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    depth, branching, ratio = params["depth"], params["branching"], params["ratio"]
    total = sum(branching**level for level in range(depth))
    if total > _MAX_BALLS:
        raise InvalidInput(
            f"ball-tree: {total} balls (depth {depth}, branching {branching}), over {_MAX_BALLS}"
        )
    balls = {"root": Ball(np.zeros(dim), params["radius"])}
    subsets: list[tuple[str, str]] = []
    generation = ["root"]
    for _ in range(depth - 1):
        following: list[str] = []
        for parent in generation:
            ball = balls[parent]
            offsets = _children(branching, ratio, params["gap"], dim, rng)
            for number, offset in enumerate(offsets, start=1):
                name = f"{parent}/{number}"
                balls[name] = Ball(ball.center + ball.radius * offset, ball.radius * ratio)
                subsets.append((name, parent))
                following.append(name)
        generation = following
    return _finish(points, rng, params, balls, tuple(subsets))


_RADIUS = Parameter(
    "radius",
    0.9,
    "radius of the largest ball, around the origin",
    unit="box half-widths",
    low=0,
    high=1,
    open_low=True,
    open_high=True,
)
_TRUTH = (
    "Convex, e_irr = 0, S3; S1 fails, since the background surrounds every ball. The subset order is the "
)


def _ratio(default: float) -> Parameter:
    meaning = "radius of a ball over that of its parent"
    return Parameter("ratio", default, meaning, low=0, high=1, open_low=True, open_high=True)


WORLDS = (
    World(
        name="nested-balls",
        summary="A chain of balls, each inside the one before: a hierarchy of chosen depth.",
        steps=(
            "Level 1 is the ball of the given radius around the origin.",
            "Each further level has `ratio` times the radius; its centre moves in a random direction by "
            "`drift` times what the parent's radius leaves.",
        ),
        distribution=f"A share `background` uniform on {BOX}, the rest uniform on the balls in equal parts.",
        truth=_TRUTH + "chain level depth ⊂ … ⊂ level 1.",
        parameters=(
            Parameter("depth", 4, "number of balls in the chain", low=1, high=64),
            _RADIUS,
            _ratio(0.7),
            Parameter(
                "drift",
                0.5,
                "0 is concentric, near 1 touches the parent's surface",
                low=0,
                high=1,
                open_high=True,
            ),
            background(required=True),
        ),
        build=_chain,
    ),
    World(
        name="ball-tree",
        summary="A tree of balls: children lie inside their parent and apart from their siblings.",
        steps=(
            "The root is the ball of the given radius around the origin.",
            "Each ball above the last level has `branching` children of `ratio` times its radius, with "
            "centres "
            "as far from one another as possible, in a random position, and `gap` below the parent's "
            "surface.",
        ),
        distribution=f"A share `background` uniform on {BOX}, the rest uniform on the balls in equal parts.",
        truth=_TRUTH + "tree, siblings are disjoint.",
        parameters=(
            Parameter("depth", 3, "number of levels, the root included", low=1, high=16),
            Parameter("branching", 2, "children of a ball", low=1, high=64),
            _RADIUS,
            _ratio(0.4),
            Parameter(
                "gap",
                0.05,
                "least distance between siblings, and from the parent's surface",
                unit="parent's radii",
                low=0,
                high=1,
            ),
            background(required=True),
        ),
        build=_tree,
    ),
)
