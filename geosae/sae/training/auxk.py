"""The gradient of AuxK, written out.

Gao et al., "Scaling and evaluating sparse autoencoders", arXiv 2406.04093 (2024), section A.2.
"""

import torch
from jaxtyping import Bool, Float, Int

from geosae.sae.gates import AuxK, largest_positive
from geosae.sae.training.parameters import Parameters


def add_auxk_gradient(
    aux: AuxK,
    at: Parameters,
    inputs: Float[torch.Tensor, "B n"],
    z: Float[torch.Tensor, "B d"],
    residual: Float[torch.Tensor, "B n"],
    dead: Bool[torch.Tensor, " d"],
    into: Parameters,
) -> torch.Tensor:
    """Add the gradient of AuxK to `into` and return the loss.

    Gradients reach W_enc, b_enc and W_dec of dead neurons and nothing else.
    """
    spread = (residual - residual.mean(dim=0)).square().sum()
    weight = torch.where(spread > 0, aux.coefficient / spread, torch.zeros_like(spread))
    neurons = dead.nonzero().squeeze(1)
    atoms, z_dead = at.W_dec.index_select(0, neurons), z.index_select(1, neurons)
    support = largest_positive(z_dead, aux.k)
    a = z_dead * support
    left = (a @ atoms).sub_(residual)
    out = left * (2.0 * weight)
    slope = (out @ atoms.T).mul_(support)
    into.W_dec.index_add_(0, neurons, a.T @ out)
    into.W_enc.index_add_(0, neurons, slope.T @ inputs)
    into.b_enc.index_add_(0, neurons, slope.sum(dim=0))
    return weight * left.square().sum()


def add_auxk_of_dead(
    aux: AuxK,
    at: Parameters,
    inputs: Float[torch.Tensor, "B n"],
    residual: Float[torch.Tensor, "B n"],
    dead: Bool[torch.Tensor, " d"],
    into: Parameters,
) -> torch.Tensor:
    """Add the same gradient and return the same loss where no pre-activations are at hand.

    Those of the dead neurons alone are computed.
    """
    neurons = dead.nonzero().squeeze(1)
    loss, gradient = auxk_of(aux, at, inputs, residual, neurons)
    for rows, added in zip(into.rows(), gradient.rows(), strict=True):
        rows.index_add_(0, neurons, added)
    return loss


def auxk_of(
    aux: AuxK,
    at: Parameters,
    inputs: Float[torch.Tensor, "B n"],
    residual: Float[torch.Tensor, "B n"],
    neurons: Int[torch.Tensor, " dead"],
) -> tuple[torch.Tensor, Parameters]:
    """Return the loss, and its gradient with a row for each of the dead neurons."""
    of_dead = _of_width(len(neurons), at)
    for selected, rows in zip(of_dead.rows(), at.rows(), strict=True):
        torch.index_select(rows, 0, neurons, out=selected)
    z = torch.addmm(of_dead.b_enc, inputs, of_dead.W_enc.T)
    into, everyone = _of_width(len(neurons), at), torch.ones(len(neurons), dtype=torch.bool)
    loss = add_auxk_gradient(aux, of_dead, inputs, z, residual, everyone, into)
    return loss, into


def _of_width(width: int, like: Parameters) -> Parameters:
    dim, flat = like.W_enc.shape[1], like.flat
    return Parameters.of(flat.new_zeros(2 * width * dim + width + dim), width, dim)
