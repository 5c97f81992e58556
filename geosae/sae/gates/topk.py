"""Top-K with AuxK: the relative gate.

Gao et al., "Scaling and evaluating sparse autoencoders", arXiv 2406.04093 (2024).
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float

from geosae.geometry._door import InvalidInput
from geosae.sae.gates.gate import Gate, Gating, above


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

    k: int
    aux_k: int | None = None
    aux_coefficient: float | int = 1 / 32

    def __post_init__(self) -> None:
        if self.k < 1:
            raise InvalidInput(f"k is {self.k}; Top-K keeps at least one neuron")
        if self.aux_k is not None and self.aux_k < 1:
            raise InvalidInput(f"aux_k is {self.aux_k}; it must be at least 1, or None for the default")
        if not (math.isfinite(self.aux_coefficient) and self.aux_coefficient >= 0):
            raise InvalidInput(f"aux_coefficient is {self.aux_coefficient}; it must be finite and at least 0")

    def support(self, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
        """Return the k largest positive entries of each row, the lower index first among equals."""
        return largest_positive(z, self.k)

    @property
    def penalty(self) -> float:
        """0: sparsity is set by k, not by a penalty."""
        return 0.0

    @property
    def sparsity(self) -> int:
        """The number k."""
        return self.k

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the knobs, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}


def largest_positive(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N d"]:
    """Mark the k largest entries of each row that are positive; among equals the lower index goes first.

    Examples
    --------
    >>> largest_positive(torch.tensor([[2.0, 2.0, 2.0]]), 2).tolist()
    [[1.0, 1.0, 0.0]]
    """
    zero = z.new_zeros(1, 1)
    if k >= z.shape[1]:
        return above(z, zero)
    least = kth_largest(z, k)
    # z ≥ least and z > 0, as one comparison: greater than the number just below.
    kept = above(z, torch.where(least > 0, torch.nextafter(least, zero), zero))
    # torch.topk promises no order among equals: where more than k reach the least, the index decides.
    crowded = kept.sum(dim=1) > k
    if bool(crowded.any()):
        rows, bar = z[crowded], least[crowded]
        greater, equal = rows > bar, rows == bar
        room = k - greater.sum(dim=1, keepdim=True)
        kept[crowded] = (greater | (equal & (equal.cumsum(dim=1) <= room))).to(z.dtype)
    return kept


# Up to this width numpy's partition finds the k-th value 2 to 7 times faster than torch.topk (one CPU thread,
# 256 to 1024 rows, k from 4 to 16); far above it, 3 to 6 times slower.
PARTITION_WIDTH = 512


def kth_largest(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N 1"]:
    """Return the k-th largest value of each row; the way it is found depends on the size, the value does not.

    Examples
    --------
    >>> kth_largest(torch.tensor([[5.0, 1.0, 7.0]]), 2).tolist()
    [[5.0]]
    """
    width = z.shape[1]
    if k == 1:
        return z.amax(dim=1, keepdim=True)
    if z.device.type == "cpu" and width <= PARTITION_WIDTH:
        column = np.partition(z.detach().numpy(), width - k, axis=1)[:, width - k, None]
        return torch.from_numpy(np.ascontiguousarray(column))
    return z.topk(k, dim=1).values[:, k - 1 :]
