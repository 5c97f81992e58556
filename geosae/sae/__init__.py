"""Floor 2: sparse autoencoders, from points to float64 geometry; the only floor that knows torch.

Training is in `geosae.sae.training.train`, checkpoints in `geosae.sae.checkpoint`.
"""

from geosae.sae.config import TrainConfig
from geosae.sae.gates import (
    AbsTopK,
    BatchTopK,
    Gate,
    Gated,
    JumpReLU,
    MatchingPursuit,
    Matryoshka,
    ReLU,
    SpaDE,
    TopK,
)
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import Neurons, neurons_of

__all__ = [
    "AbsTopK",
    "BatchTopK",
    "Gate",
    "Gated",
    "JumpReLU",
    "MatchingPursuit",
    "Matryoshka",
    "Neurons",
    "ReLU",
    "SpaDE",
    "SparseAutoencoder",
    "TopK",
    "TrainConfig",
    "neurons_of",
]
