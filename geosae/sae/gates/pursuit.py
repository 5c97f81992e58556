"""Matching pursuit: atoms are taken one after the other, each explaining what the earlier ones left over.

Costa et al., "From flat to hierarchical: extracting sparse representations with matching pursuit",
arXiv 2506.03093 (2025). Mallat and Zhang, "Matching pursuits with time-frequency dictionaries", IEEE
Trans. Signal Process. 41 (1993) 3397.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights
from geosae.sae.gates.terms import checked_k, error
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class MatchingPursuit(Gate):
    """k times: the atom with the largest positive inner product with the residual is added by that much.

    The encoder is the decoder: z_i = ⟨W_dec,i, x − b⟩, and the inner products with the residual after some
    steps are z − G·a with the Gram matrix G of the atoms, so that activations are a function of z. Atoms
    must have norm 1. An atom can be taken more than once. A neuron that first correlates negatively can
    still be taken later, so its region need not lie within {z_i > 0} (theory G1 does not hold for it).

    Parameters
    ----------
    k
        The number of steps, and so the most neurons active at one point.

    Examples
    --------
    >>> atoms = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> weights = Weights(atoms, torch.zeros(2), atoms, torch.zeros(2), {})
    >>> MatchingPursuit(k=2).encode(torch.tensor([[1.0, 0.6]]), weights).tolist()
    [[1.0, 0.0]]
    """

    kind: ClassVar[str] = "mp"
    gating: ClassVar[Gating] = "relative"
    printed: ClassVar[str] = "Matching pursuit"
    sparsity_parameter: ClassVar[str] = "k"
    symbol: ClassVar[str] = "K"
    whole: ClassVar[bool] = True
    decoder_reason: ClassVar[str | None] = (
        "matching pursuit takes inner products with its own atoms, which must have norm 1 and are its encoder"
    )
    own_encoder: ClassVar[bool] = False

    k: int

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_k(self.k, "matching pursuit")

    @property
    def sparsity(self) -> int:
        """The number k."""
        return self.k

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """None."""
        return {}

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return the activations after k steps; a step whose best product is not positive adds nothing."""
        gram = (weights.W_dec @ weights.W_dec.T).to(z.dtype)
        a, products = torch.zeros_like(z), z
        for _ in range(self.k):
            best = products.argmax(dim=1, keepdim=True)
            gain = torch.relu(products.gather(1, best))
            a = a.scatter_add(1, best, gain)
            products = products - gain * gram[best.squeeze(1)]
        return a

    def thresholds(self, weights: Weights) -> None:
        """None: whether a neuron is active depends on the others."""
        return

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return the error alone; gradients run through the inner products, not through the choices."""
        a = self.encode((batch.inputs @ weights.W_dec.T).to(weights.W_dec.dtype), weights)
        misfit = error(weights, a, batch)
        return Parts(misfit, torch.zeros_like(misfit), torch.zeros_like(misfit), a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return the encoder: the decoder, without bias."""
        return {"W_enc": weights.W_dec, "b_enc": torch.zeros_like(weights.b_enc)}
