"""One training step: gradient, what the baseline and the constraint allow of it, Adam."""

import math
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float

from geosae.sae.training.adam import Adam
from geosae.sae.training.autograd import loss_and_autograd
from geosae.sae.training.gradients import Losses, loss_and_gradient
from geosae.sae.training.parameters import Parameters, remove_parallel, renormalise
from geosae.sae.training.sparse_gradients import loss_and_sparse_gradient
from geosae.sae.training.spec import TrainingSpec

GRADIENTS = {
    "autograd": loss_and_autograd,
    "torch": loss_and_gradient,
    "torch-sparse": loss_and_sparse_gradient,
}
"""How a kernel differentiates; numba's takes whole steps."""

# arXiv 2602.14111 keeps soft-frozen atoms within this cosine of their random start.
SOFT_COSINE = 0.8


@runtime_checkable
class Step(Protocol):
    """Takes one step of training on a batch and returns the losses before it."""

    def take(self, u: Float[torch.Tensor, "B n"], lr: float, dead: Bool[torch.Tensor, " d"] | None) -> Losses:
        """Move the weights by one step of Adam, in place."""
        ...


class TorchStep:
    """A step in torch: the gradient by the kernel, then projection, clipping and Adam."""

    def __init__(self, spec: TrainingSpec, at: Parameters, adam: Adam, start: Parameters) -> None:
        self.spec, self.at, self.adam, self.start = spec, at, adam, start
        self.gradient, self.multiples = at.zeroed(), spec.multiples

    @torch.no_grad()
    def take(self, u: Float[torch.Tensor, "B n"], lr: float, dead: Bool[torch.Tensor, " d"] | None) -> Losses:
        """Move the weights by one step of Adam, in place."""
        config, at, gradient = self.spec.config, self.at, self.gradient
        losses = GRADIENTS[self.spec.kernel](self.spec, at, u, gradient, dead)
        if config.baseline == "frozen_encoder":
            gradient.W_enc.zero_()
            gradient.b_enc.zero_()
        moving = config.baseline != "frozen_decoder"
        unit = config.decoder_norm == "unit"
        if not moving:
            gradient.W_dec.zero_()
        elif unit:
            remove_parallel(gradient.W_dec, at.W_dec)
        if config.clip is not None:
            length = float(torch.linalg.vector_norm(gradient.flat))
            if math.isfinite(length) and length > config.clip:
                gradient.flat.mul_(config.clip / length)
        self.adam.step(at, gradient, lr, self.multiples)
        if config.baseline == "soft_frozen_decoder":
            hold_near(at.W_dec, self.start.W_dec)
        elif moving and unit:
            renormalise(at.W_dec)
        return losses


@torch.no_grad()
def hold_near(atoms: Float[torch.Tensor, "d n"], start: Float[torch.Tensor, "d n"]) -> None:
    """Turn each atom back to cosine 0.8 with its start where it strayed farther; keep the start's norms.

    Examples
    --------
    >>> atoms = torch.tensor([[0.0, 2.0]])
    >>> hold_near(atoms, torch.tensor([[1.0, 0.0]]))
    >>> [round(v, 3) for v in atoms[0].tolist()]
    [0.8, 0.6]
    """
    norms = torch.linalg.vector_norm(start, dim=1, keepdim=True)
    unit = start / norms
    now = atoms / torch.linalg.vector_norm(atoms, dim=1, keepdim=True)
    cosine = (now * unit).sum(dim=1, keepdim=True)
    across = now - cosine * unit
    across = across / torch.linalg.vector_norm(across, dim=1, keepdim=True).clamp_min(1e-12)
    turned = SOFT_COSINE * unit + math.sqrt(1 - SOFT_COSINE**2) * across
    atoms.copy_(torch.where(cosine < SOFT_COSINE, turned, now) * norms)


def step_of(spec: TrainingSpec, at: Parameters, adam: Adam, start: Parameters) -> Step:
    """Return what takes the steps of a run, by its kernel."""
    if spec.kernel == "numba":
        # Numba takes 0.4 s to import: only where it is used.
        from geosae.sae.training.numba.sparse import SparseStep

        return SparseStep(spec, at, adam, start)
    return TorchStep(spec, at, adam, start)
