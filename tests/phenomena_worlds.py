"""Small constructed worlds and planted SAEs whose phenomena are known by construction."""

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.geometry import HalfSpaces
from geosae.sae import Neurons, SparseAutoencoder, neurons_of


def planted(normals, offsets) -> Neurons:
    return neurons_of(
        SparseAutoencoder.planted(HalfSpaces(np.array(normals, float), np.array(offsets, float)))
    )


def two_blobs(rng: np.random.Generator, count: int = 300) -> ConceptDataset:
    """Concept "both" is two disks at (±3, 0); background around (0, −3)."""
    disk = rng.uniform(-1, 1, (3 * count, 2)) * 0.7
    centres = np.repeat([[3.0, 0.0], [-3.0, 0.0], [0.0, -3.0]], count, axis=0)
    points = disk + centres
    left, right = points[:, 0] < -2, points[:, 0] > 2
    return ConceptDataset(points, np.column_stack([left | right, left, right]), ("both", "left", "right"))


def three_on_a_line(rng: np.random.Generator, order: str, count: int = 200) -> ConceptDataset:
    """Segments on a line, in the order of the letters: o outside the parent, r its rest, c the child."""
    x = np.concatenate([3.0 * i + rng.uniform(0, 1, count) for i in range(len(order))])[:, None]
    kind = np.repeat(list(order), count)
    return ConceptDataset(x, np.column_stack([kind != "o", kind == "c"]), ("parent", "child"))


class FiringSets:
    """Foreign neurons: nothing but firing sets given as functions of a point."""

    def __init__(self, dim: int, *rules) -> None:
        self.dim, self.rules, self.width = dim, rules, len(rules)

    def fires(self, points: np.ndarray) -> np.ndarray:
        return np.column_stack([np.asarray(rule(points), dtype=bool) for rule in self.rules])

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return np.zeros_like(points)
