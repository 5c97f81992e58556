"""AbsTopK: the k pre-activations of largest magnitude are kept with their signs.

"AbsTopK: rethinking sparse autoencoders for bidirectional features", arXiv 2510.00404 (2025).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights, pre_activations
from geosae.sae.gates.largest import largest_positive
from geosae.sae.gates.terms import checked_k, error
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class AbsTopK(Gate):
    """At each point the k pre-activations largest in magnitude are kept; activations may be negative.

    A neuron is active where its activation is not 0. Its region is then symmetric, not convex, and not
    within the half-space {z_i > 0} (theory G1 and G2 do not hold for it).

    Parameters
    ----------
    k
        How many neurons may be active at one point.

    Examples
    --------
    >>> AbsTopK(k=1).support(torch.tensor([[1.0, -3.0, 2.0]])).tolist()
    [[0.0, 1.0, 0.0]]
    """

    kind: ClassVar[str] = "abstopk"
    gating: ClassVar[Gating] = "relative"
    printed: ClassVar[str] = "AbsTopK"
    sparsity_parameter: ClassVar[str] = "k"
    symbol: ClassVar[str] = "K"
    whole: ClassVar[bool] = True

    k: int

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_k(self.k, "AbsTopK")

    @property
    def sparsity(self) -> int:
        """The number k."""
        return self.k

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """None."""
        return {}

    def support(self, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
        """Return the k entries of each row largest in magnitude, the lower index first among equals."""
        return largest_positive(z.abs(), self.k)

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return z on the support, 0 off it."""
        return z * self.support(z.detach())

    def thresholds(self, weights: Weights) -> None:
        """None: whether a neuron is active depends on the others."""
        return

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return the error alone."""
        a = self.encode(pre_activations(weights, batch.inputs), weights)
        misfit = error(weights, a, batch)
        return Parts(misfit, torch.zeros_like(misfit), torch.zeros_like(misfit), a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return nothing: all weights are trained."""
        return {}
