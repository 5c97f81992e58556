"""The worlds that tests run over: every world with its defaults, and variants where the truth differs."""

import geosae_synthetic
import numpy as np
from hypothesis import settings

from geosae.data.dataset import ConceptDataset

WORLDS = geosae_synthetic.names()
VARIANTS = [
    *((name, {}) for name in WORLDS),
    ("disjoint-balls", {"background": 0.0, "concepts": 5, "radius": 0.25}),
    ("overlapping-balls", {"background": 0.0, "depth": 2}),
    ("disk-in-ring", {"gap": 0.05}),
    ("polytopes", {"concepts": 2, "radius": 0.5}),
    ("ball-union", {"balls": 2, "distance": 0.3}),
    ("superposition", {"directions": "orthonormal", "noise": 0.0, "features": 2, "rate": 0.3}),
    ("superposition", {"active": 3, "features": 7}),
    ("superposition", {"paths": 1, "roots": 3, "branching": 2, "features": 10}),
    ("superposition", {"paths": 2, "roots": 3, "branching": 2, "depth": 2, "features": 21}),
    ("formal-context", {"context": "divisors-12"}),
    ("formal-context", {"context": "M3", "concepts": "attributes"}),
    ("formal-context", {"context": "boolean-3", "concepts": "attributes"}),
    ("formal-context", {"context": "taxonomy-2x3"}),
    *(("convex", {"shape": shape}) for shape in ("ellipsoid", "box", "simplex", "polytope", "cap", "cone")),
    ("convex", {"shape": "slab", "arrangement": "nested", "concepts": 3, "radius": 0.6}),
    ("convex", {"shape": "box", "arrangement": "touching", "background": 0.0}),
    ("convex", {"shape": "simplex", "arrangement": "touching", "background": 0.0, "gap": 0.01}),
    ("convex", {"shape": "cone", "arrangement": "overlapping", "radius": 0.3}),
    ("convex", {"background": 0.0, "concepts": 6, "radius": 0.2}),
    ("slabs", {"width": 0.0}),
    *(("non-convex", {"shape": shape}) for shape in ("l-shape", "star", "sector", "moon", "torus", "spiral")),
    ("non-convex", {"shape": "sector", "opening": 0.7}),
    ("non-convex", {"shape": "helix"}),
    ("checkerboard", {"cells": 3}),
    ("week", {"width": 0.8, "days": 5}),
    ("week", {"width": 0.6, "days": 5, "background": 0.5}),
    ("absorption", {"position": "inside"}),
    ("absorption", {"siblings": "independent", "frequency": 0.4}),
    ("absorption", {"variation": 0.0, "noise": 0.1}),
    ("conflicts", {"graph": "cross"}),
    ("conflicts", {"graph": "simplex", "distance": 2.5}),
    ("gaussian-clusters", {"truncate": 2.5}),
    ("gaussian-clusters", {"precision": "single"}),
    ("disjoint-balls", {"precision": "single", "gap": 0.0}),
]
# Concepts that are events of a label or of latent variables, not regions of Rⁿ.
WITHOUT_REGIONS = ("superposition", "random-labels", "gaussian-clusters", "heterogeneous-clusters")
# Where whole hulls are full of negatives, each of which takes a certificate of its own.
DENSE = ("ring-around-disk", "non-convex", "two-moons", "two-spirals", "checkerboard")


def few(count: int) -> settings:
    """Run at most so many examples every day; the long search (profile `hunt`) keeps its own number."""
    usual = settings.default.max_examples  # pyright: ignore[reportOptionalMemberAccess]
    return settings(max_examples=usual if usual > 1000 else min(count, usual))


def has_regions(name: str, params: dict) -> bool:
    return name not in WITHOUT_REGIONS or "truncate" in params


def make(name: str, dim: int = 2, points: int = 1200, seed: int = 0, **params) -> ConceptDataset:
    """Draw a world, in its least dimension at least; superposition with a rate that fits small samples."""
    if name == "superposition" and not params.keys() & {"active", "paths"}:
        params = {"rate": 0.1} | params
    dim = max(dim, geosae_synthetic.describe(name).least_dim, 3 * (params.get("shape") == "helix"))
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(seed), **params)
