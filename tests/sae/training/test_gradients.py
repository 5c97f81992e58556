"""The hand-written gradients against autograd, through an independent spelling of the loss, in float64."""

import math

import pytest
import torch

from geosae.sae.config import TrainConfig
from geosae.sae.gates import AuxK, ReLU, TopK
from geosae.sae.training.auxk import add_auxk_gradient
from geosae.sae.training.gradients import loss_and_gradient
from geosae.sae.training.parameters import Parameters, remove_parallel, renormalise
from geosae.sae.training.spec import training_spec

WIDTH, DIM, BATCH = 12, 5, 40
GATES = [ReLU(l1=0.0), ReLU(l1=0.3), TopK(k=3), TopK(k=3, aux_k=2), TopK(k=12, aux_k=12)]


def case(seed):
    generator = torch.Generator().manual_seed(seed)
    at = widened(Parameters.zeros(WIDTH, DIM))
    at.flat.copy_(torch.randn(at.flat.shape, generator=generator))
    u = torch.randn(BATCH, DIM, generator=generator, dtype=torch.float64)
    dead = torch.rand(WIDTH, generator=generator) < 0.4
    return at, u, dead


def widened(p):
    flat = p.flat.double()
    parts = flat.split([WIDTH * DIM, WIDTH, WIDTH * DIM, DIM])
    return Parameters(flat, parts[0].view(WIDTH, DIM), parts[1], parts[2].view(WIDTH, DIM), parts[3])


def reference_losses(config, at, u, dead):
    """The loss as the papers write it, for autograd: no formula is shared with the library."""
    w_enc, b_enc, w_dec, b_dec = (
        value.clone().requires_grad_() for value in (at.W_enc, at.b_enc, at.W_dec, at.b_dec)
    )
    shift = b_dec if config.tied_bias else torch.zeros_like(b_dec)
    z = (u - shift) @ w_enc.T + b_enc
    if isinstance(config.gate, TopK):
        top = torch.topk(z, config.gate.k, dim=1)
        a = torch.zeros_like(z).scatter(1, top.indices, top.values).relu()
    else:
        a = z.relu()
    x_hat = a @ w_dec + b_dec
    error = (x_hat - u).square().sum(dim=1).mean()
    norms = w_dec.norm(dim=1) if config.decoder_norm == "free" else torch.ones(WIDTH, dtype=u.dtype)
    penalty = getattr(config.gate, "l1", 0.0) * (a * norms).sum(dim=1).mean()
    aux = torch.zeros(())
    if dead is not None:
        residual = (u - x_hat).detach()
        z_dead = ((u - shift.detach()) @ w_enc.T + b_enc).masked_fill(~dead, -math.inf)
        top = torch.topk(z_dead, min(config.gate.aux_k, int(dead.sum())), dim=1)
        a_dead = torch.zeros_like(z).scatter(1, top.indices, top.values.relu())
        guess = a_dead @ w_dec
        aux = (guess - residual).square().mean() / (residual - residual.mean(dim=0)).square().mean()
        aux = config.gate.aux_coefficient * aux
    (error + penalty + aux).backward()
    grads = [w_enc.grad, b_enc.grad, w_dec.grad, b_dec.grad]
    return (error, penalty, aux), torch.cat([grad.flatten() for grad in grads]), a


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("norm", ["unit", "free"])
@pytest.mark.parametrize("gate", GATES)
def test_gradients_are_those_of_autograd(gate, norm, tied, seed):
    at, u, dead = case(seed)
    config = TrainConfig(gate=gate, width=WIDTH, tied_bias=tied, decoder_norm=norm)
    with_aux = isinstance(gate, TopK) and gate.aux_k is not None
    into = widened(Parameters.zeros(WIDTH, DIM))
    into.flat.fill_(7.0)  # what the gradient held before must not matter
    losses = loss_and_gradient(training_spec(config, DIM), at, u, into, dead if with_aux else None)
    expected, gradient, a = reference_losses(config, at, u, dead if with_aux else None)
    for mine, theirs in zip((losses.error, losses.penalty, losses.aux), expected, strict=True):
        assert float(mine) == pytest.approx(float(theirs.detach()), rel=1e-11)
    assert torch.allclose(into.flat, gradient, rtol=1e-10, atol=1e-12)
    assert torch.equal(losses.fired, (a > 0).any(dim=0))


def test_aux_moves_dead_neurons_and_nothing_else():
    at, u, dead = case(0)
    spec = training_spec(TrainConfig(gate=TopK(k=3, aux_k=2), width=WIDTH), DIM)
    plain, both = widened(Parameters.zeros(WIDTH, DIM)), widened(Parameters.zeros(WIDTH, DIM))
    loss_and_gradient(spec, at, u, plain)
    loss_and_gradient(spec, at, u, both, dead)
    for before, after in zip(plain.rows(), both.rows(), strict=True):
        assert torch.equal(before[~dead], after[~dead])
    assert torch.equal(plain.b_dec, both.b_dec)
    assert not torch.equal(plain.W_dec[dead], both.W_dec[dead])
    assert not torch.equal(plain.W_enc[dead], both.W_enc[dead])


def test_the_auxiliary_loss_teaches_dead_neurons_the_residual():
    """Explaining nothing costs 1 here (a centred residual, coefficient 1); descent must go well below."""
    at, u, dead = case(2)
    at.W_enc.mul_(0.3)
    residual = torch.relu(u[:, :1]) * torch.tensor([[1.0, -2.0, 0.5, 0.0, 1.0]], dtype=torch.float64)
    residual -= residual.mean(dim=0)
    aux = AuxK(k=2, coefficient=1.0)
    values = []
    for _ in range(400):
        into = widened(Parameters.zeros(WIDTH, DIM))
        z = u @ at.W_enc.T + at.b_enc
        values.append(float(add_auxk_gradient(aux, at, u, z, residual, dead, into)))
        at.flat.sub_(into.flat, alpha=0.1)
    assert values[-1] < 0.3 < values[0]


def test_aux_on_a_residual_without_variance_counts_as_zero():
    at, u, dead = case(0)
    spec = training_spec(TrainConfig(gate=TopK(k=3, aux_k=2), width=WIDTH), DIM)
    into, plain = widened(Parameters.zeros(WIDTH, DIM)), widened(Parameters.zeros(WIDTH, DIM))
    one = u[:1]
    losses = loss_and_gradient(spec, at, one, into, dead)
    loss_and_gradient(spec, at, one, plain)
    assert float(losses.aux) == 0.0
    assert torch.equal(into.flat, plain.flat)


def test_the_projected_gradient_is_orthogonal_to_the_atoms():
    at, u, _ = case(1)
    renormalise(at.W_dec)
    into = widened(Parameters.zeros(WIDTH, DIM))
    loss_and_gradient(training_spec(TrainConfig(gate=ReLU(), width=WIDTH), DIM), at, u, into)
    before = into.W_dec.clone()
    assert float((before * at.W_dec).sum(dim=1).abs().max()) > 1e-3
    remove_parallel(into.W_dec, at.W_dec)
    assert float((into.W_dec * at.W_dec).sum(dim=1).abs().max()) < 1e-13
    # What was removed is parallel to the atoms.
    removed = before - into.W_dec
    along = (removed * at.W_dec).sum(dim=1, keepdim=True) * at.W_dec
    assert torch.allclose(removed, along, atol=1e-13)
