"""Floor 2: sparse autoencoders, from points to float64 geometry; the only floor that knows torch.

Training is in `geosae.sae.train`, checkpoints in `geosae.sae.checkpoint`.
"""

from geosae.sae.config import TrainConfig
from geosae.sae.gates import Gate, ReLU, TopK
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import Neurons, neurons_of

__all__ = ["Gate", "Neurons", "ReLU", "SparseAutoencoder", "TopK", "TrainConfig", "neurons_of"]
