"""ReLU with a sparsity penalty: the absolute gate.

Bricken et al., "Towards Monosemanticity", Transformer Circuits Thread (2023): the L1 penalty.
Conerly et al., "Update on how we train SAEs", ibid. (April 2024): the penalty weighted by decoder norms.
Jermyn et al., "Tanh penalty in dictionary learning", ibid. (February 2024): tanh instead of the identity.
Riggs and Brinkmann, "Improving SAE's by sqrt()-ing L1", LessWrong (2024): the square root.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import (
    Batch,
    Gate,
    GateParameter,
    Gating,
    Parts,
    Variant,
    Weights,
    above,
    pre_activations,
)
from geosae.sae.gates.terms import checked_number, error, lengths
from geosae.storage.records import check_fields

Shape = Literal["l1", "tanh", "sqrt"]

# The square root's slope is infinite at 0; for activations of order 1 this shift bounds it by 50.
ROOT_SHIFT = 1e-4


@dataclass(frozen=True)
class ReLU(Gate):
    """Each neuron alone decides: active where z_i > 0, so its activation region is an open half-space.

    Parameters
    ----------
    l1
        λ in the loss ‖x − x̂‖² + λ Σ_i φ(a_i ‖W_dec,i‖). Training measures lengths in units of the data's
        spread (root mean squared distance to the mean), so λ has no unit and means the same at every scale.
    shape
        φ: "l1" is the identity, "tanh" saturates and "sqrt" is √(t + 10⁻⁴) − 10⁻²; the last two press large
        activations less than small ones, which shrinks less.

    Examples
    --------
    >>> ReLU(l1=0.1).support(torch.tensor([[2.0, 0.0, -1.0]])).tolist()
    [[1.0, 0.0, 0.0]]
    """

    kind: ClassVar[str] = "relu"
    gating: ClassVar[Gating] = "absolute"
    printed: ClassVar[str] = "ReLU"
    sparsity_parameter: ClassVar[str] = "l1"
    symbol: ClassVar[str] = "λ"
    variants: ClassVar[tuple[Variant, ...]] = (
        Variant("relu-tanh", "ReLU (tanh)", {"shape": "tanh"}),
        Variant("relu-sqrt", "ReLU (√)", {"shape": "sqrt"}),
    )

    l1: float | int = 0.03
    shape: Shape = "l1"

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_number(self.l1, "the penalty's weight l1")

    @property
    def sparsity(self) -> None:
        """None: any number of neurons can be active at once."""
        return

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """None."""
        return {}

    def support(self, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
        """Return 1 where z > 0."""
        return above(z, z.new_zeros(1, 1))

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return max(z, 0)."""
        return torch.relu(z)

    def thresholds(self, weights: Weights) -> torch.Tensor:
        """Return zeros."""
        return torch.zeros_like(weights.b_enc)

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return error and penalty."""
        a = torch.relu(pre_activations(weights, batch.inputs))
        pressed = bent(a * lengths(weights), self.shape).sum() / len(a)
        misfit = error(weights, a, batch)
        return Parts(misfit, self.l1 * pressed, torch.zeros_like(misfit), a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return nothing: all weights are trained."""
        return {}


def bent(t: torch.Tensor, shape: Shape) -> torch.Tensor:
    """Return φ(t), the penalty's shape: 0 at 0.

    Examples
    --------
    >>> bent(torch.tensor([0.0, 4.0]), "sqrt").tolist()
    [0.0, 1.9900...]
    """
    if shape == "tanh":
        return torch.tanh(t)
    return t if shape == "l1" else torch.sqrt(t + ROOT_SHIFT) - ROOT_SHIFT**0.5
