"""The worlds as the gallery shows them: in families, each with the settings that tell most in a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae_synthetic.registry import make


@dataclass(frozen=True)
class Shown:
    """One picture of the gallery: a world with its settings, and what it is there to show."""

    world: str
    title: str
    dim: int = 2
    points: int = 2400
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    coordinates: tuple[int, int] | None = None

    def make(self, seed: int = 0) -> ConceptDataset:
        """Draw it.

        Examples
        --------
        >>> FAMILIES[0].shown[0].make().names[0]
        'ball 1'
        """
        return make(
            self.world,
            points=self.points,
            dim=self.dim,
            rng=np.random.default_rng(seed),
            **dict(self.params),
        )


@dataclass(frozen=True)
class Family:
    """Worlds of one kind, and what they are for."""

    name: str
    words: str
    shown: tuple[Shown, ...]


def _one(world: str, title: str, dim: int = 2, points: int = 2400, **params: Any) -> Shown:
    return Shown(world, title, dim, points, params)


FAMILIES = (
    Family(
        "Convex concepts",
        "One unit of absolute neurons learns each of these; what differs is how many neurons it needs, and "
        "whether the concepts lie apart, touch, overlap or nest.",
        (
            _one("disjoint-balls", "Balls apart"),
            _one("disjoint-balls", "Balls apart in eight dimensions", dim=8, radius=0.3, background=0.1),
            _one("overlapping-balls", "Groups of overlapping balls", radius=0.3),
            _one("nested-balls", "A chain of balls"),
            _one("ball-tree", "A tree of balls"),
            _one("polytopes", "Polytopes with F facets", facets=6, radius=0.42),
            _one("polytopes", "Polytopes in space", dim=3, radius=0.5, background=0.05),
            _one("convex", "Ellipsoids", shape="ellipsoid", radius=0.3),
            _one(
                "convex",
                "Boxes that touch at a gap",
                shape="box",
                arrangement="touching",
                radius=0.2,
                background=0.0,
            ),
            _one("convex", "Simplices that overlap", shape="simplex", arrangement="overlapping", radius=0.4),
            _one("convex", "Cones, nested", shape="cone", arrangement="nested", radius=0.9, concepts=3),
            _one("convex", "Caps", shape="cap", radius=0.3, concepts=3),
            _one("slabs", "Slabs"),
            _one("disk-in-ring", "A disk in a ring"),
        ),
    ),
    Family(
        "Non-convex concepts",
        "No unit of absolute neurons approximates these: what is lost at least, the irreducible error, is "
        "known exactly or in a proved interval.",
        (
            _one("ring-around-disk", "A ring around a disk"),
            _one("ball-union", "A union of balls"),
            _one("non-convex", "Shell"),
            _one("non-convex", "L-shape", shape="l-shape"),
            _one("non-convex", "Star", shape="star"),
            _one("non-convex", "Annular sector", shape="sector"),
            _one("non-convex", "Moon", shape="moon"),
            _one("non-convex", "Spiral", shape="spiral"),
            _one(
                "non-convex", "Torus, the thickened circle", dim=3, shape="torus", width=0.25, background=0.05
            ),
            _one("non-convex", "Helix", dim=3, shape="helix", width=0.3, background=0.05),
            _one("two-moons", "Two moons"),
            _one("two-spirals", "Two spirals"),
            _one("checkerboard", "XOR"),
            _one("checkerboard", "Checkerboard", cells=4),
            _one("week", "Days of the week"),
        ),
    ),
    Family(
        "Hierarchy and absorption",
        "Parents and children with the child's place, rate, magnitude variance and mutual exclusion under "
        "control.",
        (
            _one("absorption", "Children at the edge", dim=3, noise=0.05),
            _one("absorption", "A child inside its siblings' hull", dim=4, position="inside", noise=0.05),
        ),
    ),
    Family(
        "Linear superposition",
        "More feature directions than dimensions; a concept is the event that a feature fires.",
        (
            _one("superposition", "Features in the plane", features=5, rate=0.12, noise=0.02),
            _one("superposition", "Features in eight dimensions", dim=8, features=16, rate=0.1),
        ),
    ),
    Family(
        "Lattices",
        "Any formal context as points and concepts that realise it.",
        (
            _one(
                "formal-context",
                "The Boolean lattice of three, attributes as concepts",
                context="boolean-3",
                concepts="attributes",
            ),
            _one("formal-context", "The divisors of 12, objects as concepts", dim=3, context="divisors-12"),
            _one(
                "formal-context",
                "A taxonomy, attributes as concepts",
                dim=3,
                context="taxonomy-2x3",
                concepts="attributes",
            ),
        ),
    ),
    Family(
        "Phases of separability",
        "Where separability changes: random labels around N = 2(n + 1), and conflicts that fix the size of "
        "the smallest unit.",
        (
            _one("random-labels", "A random label", points=12, concepts=1),
            _one("conflicts", "A cycle of conflicts"),
            _one("conflicts", "A cross of conflicts", dim=3, graph="cross"),
        ),
    ),
    Family(
        "Gaussian clusters",
        "Clusters of equal and of different intrinsic dimension, whole or truncated.",
        (
            _one("gaussian-clusters", "Far and near clusters"),
            _one("gaussian-clusters", "Truncated, so that they are balls", truncate=2.5, deviation=0.12),
            _one("heterogeneous-clusters", "Clusters of different dimension", dim=16),
        ),
    ),
)
"""Every world at least once."""
