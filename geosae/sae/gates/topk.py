"""Top-K with AuxK: the relative gate.

Gao et al., "Scaling and evaluating sparse autoencoders", arXiv 2406.04093 (2024).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights, pre_activations
from geosae.sae.gates.largest import largest_positive
from geosae.sae.gates.terms import aux_k_loss, checked_aux, checked_k, error, residual
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class TopK(Gate):
    """At each point the k largest pre-activations are kept, as far as they are positive.

    Ties are settled by index: of equal pre-activations the neuron with the lower index goes first. So the
    kept set is a function of z alone, never more than k neurons, and fewer where fewer are positive.

    Parameters
    ----------
    k
        How many neurons may be active at one point.
    aux_k
        How many dead neurons reconstruct the residual at each point in the auxiliary loss; None takes the
        power of two nearest to half the input dimension (arXiv 2406.04093).
    aux_coefficient
        Weight of the auxiliary loss; 0 switches it off.

    Examples
    --------
    >>> TopK(k=2).support(torch.tensor([[1.0, 3.0, 1.0], [-1.0, 2.0, -3.0]])).tolist()
    [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    """

    kind: ClassVar[str] = "topk"
    gating: ClassVar[Gating] = "relative"
    printed: ClassVar[str] = "Top-K"
    sparsity_parameter: ClassVar[str] = "k"
    symbol: ClassVar[str] = "K"
    whole: ClassVar[bool] = True
    free_from: ClassVar[int | None] = 128

    k: int
    aux_k: int | None = None
    aux_coefficient: float | int = 1 / 32

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_k(self.k, "Top-K")
        checked_aux(self.aux_k, self.aux_coefficient)

    @property
    def sparsity(self) -> int:
        """The number k."""
        return self.k

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """None."""
        return {}

    def support(self, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
        """Return the k largest positive entries of each row, the lower index first among equals."""
        return largest_positive(z, self.k)

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return z on the support, 0 off it."""
        return z * self.support(z)

    def thresholds(self, weights: Weights) -> None:
        """None: whether a neuron is active depends on the others."""
        return

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return error and AuxK."""
        a = self.encode(pre_activations(weights, batch.inputs), weights)
        misfit = error(weights, a, batch)
        aux = aux_k_loss(weights, batch, residual(weights, a, batch))
        return Parts(misfit, torch.zeros_like(misfit), aux, a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return nothing: all weights are trained."""
        return {}
