"""ReLU with an L1 penalty: the absolute gate.

Bricken et al., "Towards Monosemanticity", Transformer Circuits Thread (2023): the penalty.
Conerly et al., "Update on how we train SAEs", ibid. (April 2024): the penalty
weighted by decoder norms.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float

from geosae.geometry._door import InvalidInput
from geosae.sae.gates.gate import Gate, Gating, above


@dataclass(frozen=True)
class ReLU(Gate):
    """Each neuron alone decides: active where z_i > 0, so its activation region is an open half-space.

    Parameters
    ----------
    l1
        λ in the loss ‖x − x̂‖² + λ Σ_i a_i ‖W_dec,i‖. Training measures lengths in units of the data's
        spread (root mean squared distance to the mean), so λ has no unit and means the same at every scale.

    Examples
    --------
    >>> ReLU(l1=0.1).support(torch.tensor([[2.0, 0.0, -1.0]])).tolist()
    [[1.0, 0.0, 0.0]]
    """

    kind: ClassVar[str] = "relu"
    gating: ClassVar[Gating] = "absolute"

    l1: float | int = 0.03

    def __post_init__(self) -> None:
        if not (math.isfinite(self.l1) and self.l1 >= 0):
            raise InvalidInput(f"the L1 weight is {self.l1}; it must be finite and at least 0")

    def support(self, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
        """Return 1 where z > 0."""
        return above(z, z.new_zeros(1, 1))

    @property
    def penalty(self) -> float:
        """The L1 weight λ."""
        return float(self.l1)

    @property
    def sparsity(self) -> None:
        """None: any number of neurons can be active at once."""
        return

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the knobs, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}
