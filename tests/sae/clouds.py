"""Small point clouds with known directions, for training tests."""

import numpy as np


def superposition(count=4000, dim=8, features=12, active=0.12, seed=0):
    """Points that are sparse positive sums of unit directions with little overlap, and the directions."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((features, dim))
    for _ in range(500):  # push the directions apart
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        overlap = directions @ directions.T - np.eye(features)
        directions -= 0.05 * overlap**3 @ directions
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    on = rng.random((count, features)) < active
    return (on * rng.uniform(0.5, 1.5, (count, features))) @ directions, directions


def blobs(count=2000, dim=3, seed=0):
    """Points around four centres."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((4, dim)) * 3
    return centres[rng.integers(4, size=count)] + 0.3 * rng.standard_normal((count, dim))
