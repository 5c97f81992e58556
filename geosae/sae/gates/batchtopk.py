"""BatchTopK: k neurons per point on average, chosen over the batch; at inference by a threshold.

Bussmann, Leask and Nanda, "BatchTopK sparse autoencoders", arXiv 2412.06410 (2024).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights, above, pre_activations
from geosae.sae.gates.largest import largest_of_all
from geosae.sae.gates.terms import aux_k_loss, checked_aux, checked_number, error, residual
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class BatchTopK(Gate):
    """In training the B·k largest positive pre-activations of a batch of B points are kept.

    At inference neuron i is active where z_i > θ, with one threshold θ that keeps the N·k largest positive
    pre-activations of a sample of N points: halfway between the least that is kept and the next one. (The
    paper's equation 6 averages the least that is kept over batches; a batch of few rows then counts as much
    as a full one.) So the finished SAE has absolute gating and half-spaces; only training compares neurons
    and points with one another.

    Parameters
    ----------
    k
        How many neurons are active at a point, on average over a batch: any number above 0. A batch keeps
        the whole part of B·k, and at least one activation.
    aux_k, aux_coefficient
        The auxiliary loss on dead neurons, as in Top-K.

    Examples
    --------
    >>> BatchTopK(k=1).support(torch.tensor([[3.0, 2.0], [1.0, -1.0]])).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """

    kind: ClassVar[str] = "batchtopk"
    gating: ClassVar[Gating] = "absolute"
    printed: ClassVar[str] = "BatchTopK"
    sparsity_parameter: ClassVar[str] = "k"
    symbol: ClassVar[str] = "K"
    whole: ClassVar[bool] = True
    fractional: ClassVar[bool] = True

    k: int | float
    aux_k: int | None = None
    aux_coefficient: float | int = 1 / 32

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_number(self.k, "k", positive=True)
        if self.k == int(self.k):
            # 4.0 and 4 are one setting, and are written alike.
            object.__setattr__(self, "k", int(self.k))
        checked_aux(self.aux_k, self.aux_coefficient)

    @property
    def sparsity(self) -> None:
        """None: at one point more than k neurons can be active."""
        return

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """The threshold at inference."""
        return {"threshold": GateParameter(0.0, per_neuron=False, trained=False)}

    def support(self, z: Float[torch.Tensor, "B d"]) -> Float[torch.Tensor, "B d"]:
        """Return the B·k largest positive entries of the batch (rounded down, at least one)."""
        return largest_of_all(z, max(1, int(self.k * len(z))))

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return z where it is greater than the threshold, 0 elsewhere."""
        return z * above(z, self.thresholds(weights))

    def thresholds(self, weights: Weights) -> torch.Tensor:
        """Return the threshold, for every neuron."""
        return weights.extra["threshold"].clamp_min(0).expand_as(weights.b_enc)

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return error and AuxK, with the support chosen over the batch."""
        z = pre_activations(weights, batch.inputs)
        a = z * self.support(z.detach())
        misfit = error(weights, a, batch)
        aux = aux_k_loss(weights, batch, residual(weights, a, batch))
        return Parts(misfit, torch.zeros_like(misfit), aux, a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return the threshold that keeps the N·k largest positive pre-activations of these N points."""
        z = pre_activations(weights, inputs)
        positive, count = z[z > 0], int(self.k * len(z))
        # Where no more are positive than may be kept, the signs decide alone.
        if len(positive) <= count:
            return {"threshold": z.new_zeros(1)}
        least, following = positive.topk(count + 1).values[-2:]
        return {"threshold": ((least + following) / 2).view(1)}
