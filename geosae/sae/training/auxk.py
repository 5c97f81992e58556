"""AuxK: dead neurons reconstruct what the living ones leave over.

Gao et al., "Scaling and evaluating sparse autoencoders", arXiv 2406.04093 (2024), section A.2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float

from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, Matryoshka, TopK, largest_positive
from geosae.sae.gates.terms import default_aux_k
from geosae.sae.training.parameters import Parameters


@dataclass(frozen=True)
class AuxK:
    """The loss coefficient · Σ‖e − ê‖² / Σ‖e − mean e‖², with e = u − û held fixed.

    ê = W_decᵀ a_aux, where a_aux holds the k largest positive pre-activations of dead neurons. Where the
    residual does not vary (one point, or a perfect reconstruction) the quotient is 0/0 and counts as 0.
    Gradients reach W_enc, b_enc and W_dec of dead neurons and nothing else.
    """

    k: int
    coefficient: float

    def add_gradient(
        self,
        at: Parameters,
        inputs: Float[torch.Tensor, "B n"],
        z: Float[torch.Tensor, "B d"],
        residual: Float[torch.Tensor, "B n"],
        dead: Bool[torch.Tensor, " d"],
        into: Parameters,
    ) -> torch.Tensor:
        """Add this loss's gradient to `into` and return its value."""
        spread = (residual - residual.mean(dim=0)).square().sum()
        weight = torch.where(spread > 0, self.coefficient / spread, torch.zeros_like(spread))
        neurons = dead.nonzero().squeeze(1)
        atoms, z_dead = at.W_dec.index_select(0, neurons), z.index_select(1, neurons)
        support = largest_positive(z_dead, self.k)
        a = z_dead * support
        left = (a @ atoms).sub_(residual)
        out = left * (2.0 * weight)
        slope = (out @ atoms.T).mul_(support)
        into.W_dec.index_add_(0, neurons, a.T @ out)
        into.W_enc.index_add_(0, neurons, slope.T @ inputs)
        into.b_enc.index_add_(0, neurons, slope.sum(dim=0))
        return weight * left.square().sum()


def auxk_of(config: TrainConfig, dim: int) -> AuxK | None:
    """Return the auxiliary loss that a config's gate asks for, if any.

    Examples
    --------
    >>> auxk_of(TrainConfig(gate=TopK(k=2), width=64), dim=48)
    AuxK(k=32, coefficient=0.03125)
    """
    gate = config.gate.inner if isinstance(config.gate, Matryoshka) else config.gate
    if not isinstance(gate, TopK | BatchTopK) or gate.aux_coefficient == 0:
        return None
    return AuxK(min(gate.aux_k or default_aux_k(dim), config.width), float(gate.aux_coefficient))
