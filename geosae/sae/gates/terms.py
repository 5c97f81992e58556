"""Parts of training losses that several gates share, differentiable.

Training points are standardised, so an error is mean squared error over variance, as in
arXiv 2406.04093.
"""

import math

import torch
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.sae.gates.gate import Batch, Weights
from geosae.sae.gates.largest import largest_positive
from geosae.validation import as_float


def error(weights: Weights, a: Float[torch.Tensor, "B d"], batch: Batch) -> torch.Tensor:
    """Return Σ‖u − û‖²/B, summed over the prefixes of the neurons where the batch names some."""
    count = a.shape[1]
    total = torch.zeros_like(a[0, 0])
    for width in batch.prefixes or (count,):
        guess = torch.addmm(weights.b_dec, a[:, :width], weights.W_dec[:width])
        total = total + (guess - batch.u).square().sum()
    return total / len(batch.u)


def lengths(weights: Weights) -> Float[torch.Tensor, " d"]:
    """Return the norms of the decoder's atoms."""
    return torch.linalg.vector_norm(weights.W_dec, dim=1)


def residual(weights: Weights, a: Float[torch.Tensor, "B d"], batch: Batch) -> Float[torch.Tensor, "B n"]:
    """Return u − û, held fixed."""
    return (batch.u - torch.addmm(weights.b_dec, a, weights.W_dec)).detach()


def default_aux_k(dim: int) -> int:
    """Return the power of two nearest to half the input dimension (arXiv 2406.04093).

    Examples
    --------
    >>> default_aux_k(48)
    32
    """
    return 2 ** round(math.log2(max(1.0, dim / 2)))


def aux_k_loss(
    weights: Weights,
    batch: Batch,
    left_over: Float[torch.Tensor, "B n"],
) -> torch.Tensor:
    """Return the auxiliary loss of a batch, 0 where it has none or no neuron is dead."""
    zero = torch.zeros_like(left_over[0, 0])
    dead: Bool[torch.Tensor, " d"] | None = batch.dead
    if batch.aux is None or dead is None or not bool(dead.any()):
        return zero
    spread = (left_over - left_over.mean(dim=0)).square().sum()
    if not bool(spread > 0):
        return zero
    # The inputs are held fixed: through them a tied pre-bias would receive a gradient.
    z = torch.addmm(weights.b_enc[dead], batch.inputs.detach(), weights.W_enc[dead].T).to(batch.u.dtype)
    guess = (z * largest_positive(z.detach(), batch.aux.k)) @ weights.W_dec[dead]
    return batch.aux.coefficient * (guess - left_over).square().sum() / spread


def checked_number(value: float | int, name: str, *, positive: bool = False) -> None:
    """Refuse a setting that is not finite, or negative (or 0 where it must be positive).

    Raises
    ------
    InvalidInput
        If it is.
    """
    if not (math.isfinite(as_float(value)) and (value > 0 if positive else value >= 0)):
        least = "above" if positive else "at least"
        raise InvalidInput(f"{name} is {value}; it must be finite and {least} 0")


def checked_k(k: int, gate: str) -> None:
    """Refuse a k below 1.

    Raises
    ------
    InvalidInput
        If it is.
    """
    if k < 1:
        raise InvalidInput(f"k is {k}; {gate} keeps at least one neuron")


def checked_aux(aux_k: int | None, aux_coefficient: float | int) -> None:
    """Refuse an auxiliary loss that cannot be.

    Raises
    ------
    InvalidInput
        If aux_k is below 1 or the coefficient negative or not finite.
    """
    if aux_k is not None and aux_k < 1:
        raise InvalidInput(f"aux_k is {aux_k}; it must be at least 1, or None for the default")
    checked_number(aux_coefficient, "aux_coefficient")
