"""A numpy ReLU whose half-spaces are given: the analysis is tested without torch and without training."""

from dataclasses import dataclass

import numpy as np

from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset


@dataclass(frozen=True, eq=False)
class Planted:
    w: np.ndarray
    c: np.ndarray

    @property
    def width(self) -> int:
        return len(self.w)

    @property
    def dim(self) -> int:
        return self.w.shape[1]

    def fires(self, points):
        return points @ self.w.T + self.c > 0

    def reconstruct(self, points):
        return np.zeros_like(points)


@dataclass(frozen=True, eq=False)
class Listed(Planted):
    """The same neurons, which say who fires as lists and decode those; they reconstruct nothing else."""

    def codes(self, points, values=False):
        z = points @ self.w.T + self.c
        return Codes.from_mask(z > 0, z if values else None)

    def reconstruct_from(self, codes):
        return np.zeros((len(codes), self.dim))

    def fires(self, points):
        raise AssertionError("who says it by lists is not asked for a table")

    def reconstruct(self, points):
        raise AssertionError("codes are decoded")


def random_planted(rng, width: int, dim: int) -> Planted:
    return Planted(rng.standard_normal((width, dim)), 0.5 * rng.standard_normal(width))


def random_dataset(rng, size: int, dim: int, concepts: int, dtype=np.float64) -> ConceptDataset:
    """Half-space and ball concepts on normal points; a small sample may leave one of them empty."""
    points = rng.standard_normal((size, dim)).astype(dtype)
    normals, offsets = rng.standard_normal((concepts, dim)), 0.3 * rng.standard_normal(concepts)
    membership = points @ normals.T > offsets
    membership[:, 0] = np.linalg.norm(points, axis=1) < 1.0
    names = tuple(f"c{k}" for k in range(concepts))
    return ConceptDataset(points, membership, names, allow_trivial=True)


def square() -> Planted:
    """The four half-planes of [-1, 1]², a dead neuron (4) and one that fires everywhere (5)."""
    w = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 0], [0, 0]])
    return Planted(w, np.array([1.0, 1, 1, 1, -1, 1]))
