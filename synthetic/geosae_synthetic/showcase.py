"""The pictures of the gallery: all worlds in families, with settings that show well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae_synthetic.registry import make


@dataclass(frozen=True)
class Exhibit:
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
    shown: tuple[Exhibit, ...]


def _exhibit(world: str, title: str, dim: int = 2, points: int = 2400, **params: Any) -> Exhibit:
    return Exhibit(world, title, dim, points, params)


FAMILIES = (
    Family(
        "Convex concepts",
        "One unit of absolute neurons learns each of these; what differs is how many neurons it needs, and "
        "whether the concepts lie apart, touch, overlap or nest.",
        (
            _exhibit("disjoint-balls", "Balls apart"),
            _exhibit("disjoint-balls", "Balls apart in eight dimensions", dim=8, radius=0.3, background=0.1),
            _exhibit("overlapping-balls", "Groups of overlapping balls", radius=0.3),
            _exhibit("nested-balls", "A chain of balls"),
            _exhibit("ball-tree", "A tree of balls"),
            _exhibit("polytopes", "Polytopes with F facets", facets=6, radius=0.42),
            _exhibit("polytopes", "Polytopes in space", dim=3, radius=0.5, background=0.05),
            _exhibit("convex", "Ellipsoids", shape="ellipsoid", radius=0.3),
            _exhibit(
                "convex",
                "Boxes that touch at a gap",
                shape="box",
                arrangement="touching",
                radius=0.2,
                background=0.0,
            ),
            _exhibit(
                "convex", "Simplices that overlap", shape="simplex", arrangement="overlapping", radius=0.4
            ),
            _exhibit("convex", "Cones, nested", shape="cone", arrangement="nested", radius=0.9, concepts=3),
            _exhibit("convex", "Caps", shape="cap", radius=0.3, concepts=3),
            _exhibit("slabs", "Slabs"),
            _exhibit("disk-in-ring", "A disk in a ring"),
        ),
    ),
    Family(
        "Non-convex concepts",
        "No unit of absolute neurons approximates these: what is lost at least, the irreducible error, is "
        "known exactly or in a proved interval.",
        (
            _exhibit("ring-around-disk", "A ring around a disk"),
            _exhibit("ball-union", "A union of balls"),
            _exhibit("non-convex", "Shell"),
            _exhibit("non-convex", "L-shape", shape="l-shape"),
            _exhibit("non-convex", "Star", shape="star"),
            _exhibit("non-convex", "Annular sector", shape="sector"),
            _exhibit("non-convex", "Moon", shape="moon"),
            _exhibit("non-convex", "Spiral", shape="spiral"),
            _exhibit(
                "non-convex", "Torus, the thickened circle", dim=3, shape="torus", width=0.25, background=0.05
            ),
            _exhibit("non-convex", "Helix", dim=3, shape="helix", width=0.3, background=0.05),
            _exhibit("two-moons", "Two moons"),
            _exhibit("two-spirals", "Two spirals"),
            _exhibit("checkerboard", "XOR"),
            _exhibit("checkerboard", "Checkerboard", cells=4),
            _exhibit("week", "Days of the week"),
        ),
    ),
    Family(
        "Hierarchy and absorption",
        "Parents and children with the child's place, rate, magnitude variance and mutual exclusion under "
        "control.",
        (
            _exhibit("absorption", "Children at the edge", dim=3, noise=0.05),
            _exhibit("absorption", "A child inside its siblings' hull", dim=4, position="inside", noise=0.05),
        ),
    ),
    Family(
        "Linear superposition",
        "More feature directions than dimensions; a concept is the event that a feature fires.",
        (
            _exhibit("superposition", "Features in the plane", features=5, rate=0.12, noise=0.02),
            _exhibit("superposition", "Features in eight dimensions", dim=8, features=16, rate=0.1),
            _exhibit("superposition", "Exactly two features of sixteen", dim=8, features=16, active=2),
            _exhibit(
                "superposition", "One path of a taxonomy", dim=8, features=16, paths=1, roots=4, branching=3
            ),
        ),
    ),
    Family(
        "Lattices",
        "Any formal context as points and concepts that realise it.",
        (
            _exhibit(
                "formal-context",
                "The Boolean lattice of three, attributes as concepts",
                context="boolean-3",
                concepts="attributes",
            ),
            _exhibit(
                "formal-context", "The divisors of 12, objects as concepts", dim=3, context="divisors-12"
            ),
            _exhibit(
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
            _exhibit("random-labels", "A random label", points=12, concepts=1),
            _exhibit("conflicts", "A cycle of conflicts"),
            _exhibit("conflicts", "A cross of conflicts", dim=3, graph="cross"),
        ),
    ),
    Family(
        "Gaussian clusters",
        "Clusters of equal and of different intrinsic dimension, whole or truncated.",
        (
            _exhibit("gaussian-clusters", "Far and near clusters"),
            _exhibit("gaussian-clusters", "Truncated, so that they are balls", truncate=2.5, deviation=0.12),
            _exhibit("heterogeneous-clusters", "Clusters of different dimension", dim=16),
        ),
    ),
)
"""Every world at least once."""
