"""The reference gradient: the gate's own objective, differentiated by torch. It serves every gate."""

import torch
from jaxtyping import Bool, Float

from geosae.sae.gates import Batch, Parts
from geosae.sae.training.gradients import Losses
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import TrainingSpec


def objective(
    spec: TrainingSpec,
    at: Parameters,
    u: Float[torch.Tensor, "B n"],
    dead: Bool[torch.Tensor, " d"] | None = None,
) -> Parts:
    """Return the parts of the loss on a batch of standardised points, and the activations."""
    config = spec.config
    inputs = u - at.b_dec if config.tied_bias else u
    half = config.precision == "bfloat16"
    with torch.autocast(u.device.type, dtype=torch.bfloat16, enabled=half):
        return config.gate.objective(at.weights(config.gate), Batch(u, inputs, dead, aux=spec.aux))


def loss_and_autograd(
    spec: TrainingSpec,
    at: Parameters,
    u: Float[torch.Tensor, "B n"],
    into: Parameters,
    dead: Bool[torch.Tensor, " d"] | None = None,
) -> Losses:
    """Return the loss parts on a batch and write the gradient into `into`, as `loss_and_gradient` does."""
    width, dim, gate = spec.config.width, spec.dim, spec.config.gate
    flat = at.flat.detach().requires_grad_()
    with torch.enable_grad():
        parts = objective(spec, Parameters.of(flat, width, dim, gate.parameters), u, dead)
        (slope,) = torch.autograd.grad(parts.error + parts.penalty + parts.aux, flat)
    into.flat.copy_(slope)
    # What is not trained (a threshold that is calibrated at the end) must not drift by its gradient.
    for name, parameter in gate.parameters.items():
        if not parameter.trained:
            into.extra[name].zero_()
    fired = (parts.a != 0).any(dim=0)
    return Losses(parts.error.detach(), parts.penalty.detach(), parts.aux.detach(), fired)
