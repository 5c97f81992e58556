"""The training loss and its gradient, written out for gates that keep z on a support (a = z·1[S(z)]).

With u a batch of B standardised points, r = û − u, and ν_i = ‖W_dec,i‖:

    loss = Σ‖r‖²/B + λ Σ a_i ν_i / B + aux
    ∂/∂a = 2 r W_decᵀ/B + λν/B,    ∂/∂z = ∂/∂a on the support, 0 off it
    ∂/∂W_enc = (∂/∂z)ᵀ(u − b_pre),   ∂/∂b_enc = Σ ∂/∂z
    ∂/∂W_dec = aᵀ 2r/B + λ (Σ a_i/B) W_dec,i/ν_i,   ∂/∂b_dec = Σ 2r/B − [tied] (Σ ∂/∂z) W_enc

Standardised points have unit spread, so the first term is mean squared error over variance, as in
arXiv 2406.04093. Autograd gives the same numbers at several times the cost in small sizes; the tests
hold one against the other.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.sae.gates import BatchTopK, Gate, ReLU, TopK
from geosae.sae.training.auxk import add_auxk_gradient
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import TrainingSpec, written_out


@dataclass(frozen=True, eq=False)
class Losses:
    """The parts of the loss on one batch (0-dimensional tensors), and which neurons fired in it."""

    error: torch.Tensor
    penalty: torch.Tensor
    aux: torch.Tensor
    fired: Bool[torch.Tensor, " d"]


@torch.no_grad()
def loss_and_gradient(
    spec: TrainingSpec,
    at: Parameters,
    u: Float[torch.Tensor, "B n"],
    into: Parameters,
    dead: Bool[torch.Tensor, " d"] | None = None,
) -> Losses:
    """Return the loss parts on a batch and write the gradient into `into`.

    Parameters
    ----------
    at
        The weights.
    u
        A batch of standardised points.
    into
        Where the gradient goes; what stands there is overwritten.
    dead
        The neurons that the auxiliary loss revives, or None where none is dead.

    Raises
    ------
    InvalidInput
        If the gradient of the config's gate is not written out here.
    """
    config, batch = spec.config, u.shape[0]
    inputs = u - at.b_dec if config.tied_bias else u
    z = torch.addmm(at.b_enc, inputs, at.W_enc.T)
    support = _supporting(config.gate).support(z)
    a = z * support
    residual = torch.addmm(at.b_dec, a, at.W_dec).sub_(u)
    error = torch.dot(residual.view(-1), residual.view(-1)) / batch
    zero = torch.zeros_like(error)
    out = residual * (2.0 / batch)

    slope = out @ at.W_dec.T
    torch.mm(a.T, out, out=into.W_dec)
    total = a.sum(dim=0)
    penalty = _penalty(spec, at, total / batch, batch, slope, into) if _weight(config.gate) > 0 else zero
    slope.mul_(support)

    torch.sum(slope, dim=0, out=into.b_enc)
    torch.sum(out, dim=0, out=into.b_dec)
    if config.tied_bias:
        into.b_dec.addmv_(at.W_enc.T, into.b_enc, alpha=-1.0)
    torch.mm(slope.T, inputs, out=into.W_enc)
    extra = zero
    if spec.aux is not None and dead is not None:
        extra = add_auxk_gradient(spec.aux, at, inputs, z, -residual, dead, into)
    return Losses(error, penalty, extra, total > 0)


def _supporting(gate: Gate) -> ReLU | TopK | BatchTopK:
    if isinstance(gate, ReLU | TopK | BatchTopK) and written_out(gate):
        return gate
    raise InvalidInput(
        f"no gradient is written out for the gate {gate}", remedy="use kernel='auto' or 'autograd'"
    )


def _weight(gate: Gate) -> float:
    return float(gate.l1) if isinstance(gate, ReLU) else 0.0


def _penalty(
    spec: TrainingSpec,
    at: Parameters,
    mean_a: Float[torch.Tensor, " d"],
    batch: int,
    slope: Float[torch.Tensor, "B d"],
    into: Parameters,
) -> torch.Tensor:
    """Add the gradient of λ Σ mean(a_i) ν_i to the slope and the decoder's gradient, and return its value."""
    weight = _weight(spec.config.gate)
    if spec.config.decoder_norm == "unit":
        slope.add_(weight / batch)
        return mean_a.sum() * weight
    norms = torch.linalg.vector_norm(at.W_dec, dim=1)
    slope.add_(norms, alpha=weight / batch)
    into.W_dec.addcmul_(at.W_dec, (mean_a / norms).unsqueeze(1), value=weight)
    return torch.dot(mean_a, norms) * weight
