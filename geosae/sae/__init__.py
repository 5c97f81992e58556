"""Sparse autoencoders: train them, load them, and read off where their neurons fire, in exact float64.

Train with `geosae.sae.training.train`, save and load with `geosae.sae.checkpoint`, read SAEs of other
libraries with `geosae.sae.interop`. No other part of geosae imports torch.
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
