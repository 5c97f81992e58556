"""SpaDE: distances to prototypes, projected onto the simplex.

Hindupur et al., "Projecting assumptions: the duality between sparse autoencoders and concept geometry",
arXiv 2503.01822 (2025). The projection: Martins and Astudillo, "From softmax to sparsemax", ICML (2016).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights
from geosae.sae.gates.terms import checked_number, error
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class SpaDE(Gate):
    """a = sparsemax(−λ ‖x − p_i‖²) with prototypes p_i, the rows of the encoder: a point of the simplex.

    −λ‖x − p_i‖² = 2λ z_i − λ‖x‖² with z_i = ⟨p_i, x⟩ − ‖p_i‖²/2, and sparsemax does not see what is the same
    for all i, so activations are a function of z. In the data's own unit they are measured with its spread:
    the simplex has the radius `radius`. Whether a neuron is active depends on how near
    the other prototypes are, so gating is relative.

    Parameters
    ----------
    distance
        γ in the loss ‖x − x̂‖² + γ Σ_i a_i ‖x − p_i‖², which draws prototypes to the points they explain.
    scale
        λ at the start; trained. The larger, the sparser.

    Examples
    --------
    >>> projected(torch.tensor([[1.0, 0.8, -1.0]]), torch.ones(1)).tolist()
    [[0.6..., 0.4..., 0.0]]
    """

    kind: ClassVar[str] = "spade"
    gating: ClassVar[Gating] = "relative"
    printed: ClassVar[str] = "SpaDE"
    sparsity_parameter: ClassVar[str] = "scale"
    symbol: ClassVar[str] = "scale"
    decoder: ClassVar[Literal["unit", "free"]] = "free"
    decoder_reason: ClassVar[str | None] = (
        "the gate 'spade' with atoms of norm 1 reaches only the hull of unit vectors"
    )
    prototypes: ClassVar[bool] = True

    distance: float | int = 0.0
    scale: float | int = 1.0

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_number(self.distance, "the weight 'distance'")
        checked_number(self.scale, "scale", positive=True)

    @property
    def sparsity(self) -> None:
        """None: any number of neurons can be active at once."""
        return

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """λ, and the radius of the simplex."""
        scale = GateParameter(float(self.scale), per_neuron=False, positive=True, scales=False)
        return {"scale": scale, "radius": GateParameter(1.0, per_neuron=False, trained=False)}

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return the projection of 2λz onto the simplex."""
        return projected(2 * weights.extra["scale"] * z, weights.extra["radius"])

    def thresholds(self, weights: Weights) -> None:
        """None: whether a neuron is active depends on the others."""
        return

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return error and γ Σ a_i ‖x − p_i‖²."""
        z = batch.inputs @ weights.W_enc.T + _offsets(weights)
        a = self.encode(z, weights)
        misfit = error(weights, a, batch)
        distances = batch.inputs.square().sum(dim=1, keepdim=True) - 2 * z
        return Parts(misfit, self.distance * (a * distances).sum() / len(z), torch.zeros_like(misfit), a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return the encoder's biases −‖p_i‖²/2."""
        return {"b_enc": _offsets(weights)}


def _offsets(weights: Weights) -> Float[torch.Tensor, " d"]:
    return -0.5 * weights.W_enc.square().sum(dim=1)


def projected(v: Float[torch.Tensor, "N d"], radius: torch.Tensor) -> Float[torch.Tensor, "N d"]:
    """Return the point of {a ≥ 0, Σ a = radius} nearest to each row: max(v − τ, 0) with the right τ.

    The shift τ is found by sorting (Held, Wolfe and Crowder, Math. Programming 6 (1974) 62); gradients pass
    through the support's mean alone, which is the projection's derivative.
    """
    count = torch.arange(1, v.shape[1] + 1, device=v.device, dtype=v.dtype)
    ordered = v.detach().sort(dim=1, descending=True).values
    sums = ordered.cumsum(dim=1) - radius
    # The largest support size whose least entry still lies above its own shift.
    size = (ordered * count > sums).sum(dim=1, keepdim=True)
    threshold = sums.gather(1, size - 1) / size
    support = (v.detach() > threshold).to(v.dtype)
    shift = ((v * support).sum(dim=1, keepdim=True) - radius) / support.sum(dim=1, keepdim=True).clamp_min(1)
    return torch.relu(v - shift)
