"""An imported SAE that normalises its points, and the same in formulas written out here."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sae.interop.nine_formats import batchtopk
from sae.interop.test_reading import B_DEC, B_ENC, DEC, DIM, ENC

from geosae.data.dataset import ConceptDataset
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae.interop import Imported, read

THRESHOLD = float(np.float32(0.8))
W, D = ENC.double().numpy(), DEC.double().numpy()
B_PRE = B_DEC.double().numpy()
# These scripts' BatchTopK does not use its b_enc.
C = -W @ B_PRE


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x.mean(axis=1, keepdims=True), x.std(axis=1, ddof=1, keepdims=True)


def inside(x: np.ndarray) -> np.ndarray:
    mean, std = moments(x)
    return (x - mean) / (std + 1e-5)


@dataclass(frozen=True)
class ByHand:
    """Neurons on points that were normalised already, as numpy has them; nothing of geosae.sae is used."""

    width: int = len(W)
    dim: int = DIM
    gating: str = "absolute"
    sparsity: int | None = None

    @property
    def decoder(self) -> np.ndarray:
        return D

    def fires(self, points: np.ndarray) -> np.ndarray:
        return points @ W.T + C > THRESHOLD

    def activations(self, points: np.ndarray) -> np.ndarray:
        return np.where(self.fires(points), points @ W.T + C, 0.0)

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return self.activations(points) @ D + B_PRE

    def half_spaces(self) -> HalfSpaces:
        return HalfSpaces(W, C - THRESHOLD)


@dataclass(frozen=True)
class OnOwnPoints(ByHand):
    """The same on points of their own space: normalised first, and undone on the reconstructions."""

    def fires(self, points: np.ndarray) -> np.ndarray:
        return super().fires(inside(points))

    def activations(self, points: np.ndarray) -> np.ndarray:
        return np.where(self.fires(points), inside(points) @ W.T + C, 0.0)

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        mean, std = moments(points)
        return (self.activations(points) @ D + B_PRE) * std + mean


def imported(folder: Path) -> Imported:
    return read(batchtopk(folder))


def raw(seed: int = 0, count: int = 600) -> ConceptDataset:
    """Points whose scales and offsets differ from row to row, in nested concepts; with true directions."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, DIM)) * rng.uniform(0.1, 9, (count, 1)) + rng.uniform(-3, 3, (count, 1))
    right, high = x[:, 0] > 0.5, x[:, 1] > 1
    membership = np.stack([right, right & high, high], axis=1)
    directions = torch.linalg.qr(ENC[:DIM].double().T).Q.T[:3].numpy()
    return ConceptDataset(x, membership, ("right", "both", "high"), directions=directions)


def normalised(dataset: ConceptDataset) -> ConceptDataset:
    return ConceptDataset(inside(dataset.points), dataset.membership, dataset.names)


assert B_ENC.any()
