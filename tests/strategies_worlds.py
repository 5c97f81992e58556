"""The worlds that tests run over: every world with its defaults, and variants where the truth differs."""

import geosae_synthetic
import numpy as np

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
    ("formal-context", {"context": "divisors-12"}),
    ("formal-context", {"context": "M3", "concepts": "attributes"}),
    ("formal-context", {"context": "boolean-3", "concepts": "attributes"}),
]


def make(name: str, dim: int = 2, points: int = 1200, seed: int = 0, **params) -> ConceptDataset:
    """Draw a world; superposition with a rate at which small samples hold every feature."""
    if name == "superposition":
        params = {"rate": 0.1} | params
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(seed), **params)
