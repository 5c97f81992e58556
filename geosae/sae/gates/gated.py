"""Gated: which neurons are active and how strongly are decided apart.

Rajamanoharan et al., "Improving dictionary learning with gated sparse autoencoders", arXiv 2404.16014 (2024).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights, above, pre_activations
from geosae.sae.gates.terms import checked_number, error, lengths
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class Gated(Gate):
    """a_i = 1[π_i > 0] · max(0, m_i) with π = W_enc·x + b_enc and m_i = e^{r_i}·(W_enc·x)_i + b_mag,i.

    Both parts share the encoder's direction, so the activation region is the smaller of two parallel
    half-spaces: π_i > max(0, b_enc,i − e^{−r_i}·b_mag,i). The L1 penalty presses on max(0, π), whose
    reconstruction through a copy of the decoder that is held fixed is the auxiliary loss.

    Parameters
    ----------
    l1
        λ in λ Σ_i max(0, π_i) ‖W_dec,i‖.

    Examples
    --------
    >>> sorted(Gated().parameters)
    ['b_mag', 'r_mag']
    """

    kind: ClassVar[str] = "gated"
    gating: ClassVar[Gating] = "absolute"
    printed: ClassVar[str] = "Gated"
    sparsity_parameter: ClassVar[str] = "l1"
    symbol: ClassVar[str] = "λ"

    l1: float | int = 0.03

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_number(self.l1, "the penalty's weight l1")

    @property
    def sparsity(self) -> None:
        """None: any number of neurons can be active at once."""
        return

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """The log-gain and the bias of the magnitudes."""
        return {"r_mag": GateParameter(0.0, scales=False), "b_mag": GateParameter(0.0)}

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return the magnitudes where the gate π = z is open."""
        magnitude = weights.extra["r_mag"].exp() * (z - weights.b_enc) + weights.extra["b_mag"]
        return torch.relu(magnitude) * above(z, z.new_zeros(1, 1))

    def thresholds(self, weights: Weights) -> torch.Tensor:
        """Return where both the gate is open and the magnitude positive."""
        return (weights.b_enc - weights.extra["b_mag"] * (-weights.extra["r_mag"]).exp()).clamp_min(0)

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return error, penalty on the gate, and the auxiliary error of the gate alone."""
        z = pre_activations(weights, batch.inputs)
        a, opening = self.encode(z, weights), torch.relu(z)
        fixed = weights._replace(W_dec=weights.W_dec.detach(), b_dec=weights.b_dec.detach())
        pressed = (opening * lengths(fixed)).sum() / len(z)
        return Parts(error(weights, a, batch), self.l1 * pressed, error(fixed, opening, batch), a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return nothing: all weights are trained."""
        return {}
