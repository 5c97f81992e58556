"""The reference gradients of every gate against finite differences, and against what the papers estimate."""

import pytest
import torch
from sae.gate_cases import ALL_GATES, random_parameters

from geosae.sae.config import TrainConfig
from geosae.sae.gates import Gated, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.training.autograd import loss_and_autograd, objective
from geosae.sae.training.gradients import loss_and_gradient
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import training_spec, written_out

WIDTH, DIM, BATCH = 8, 3, 12
STEP = 1e-6


def batch(seed, count=BATCH):
    return torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loss(spec, flat, u):
    parts = objective(spec, Parameters.of(flat, WIDTH, DIM, spec.config.gate.parameters), u)
    return float(parts.error + parts.penalty + parts.aux)


def differences(spec, at, u):
    slope = torch.zeros_like(at.flat)
    for i in range(len(slope)):
        there, here = at.flat.clone(), at.flat.clone()
        there[i] += STEP
        here[i] -= STEP
        slope[i] = (loss(spec, there, u) - loss(spec, here, u)) / (2 * STEP)
    return Parameters.of(slope, WIDTH, DIM, spec.config.gate.parameters)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("gate", ALL_GATES, ids=str)
def test_gradients_are_finite_differences(gate, tied):
    spec = training_spec(TrainConfig(gate=gate, width=WIDTH, tied_bias=tied), DIM)
    at, u = random_parameters(gate, 7, WIDTH, DIM), batch(8)
    into = at.zeroed()
    losses = loss_and_autograd(spec, at, u, into)
    expected = differences(spec, at, u)
    assert float(losses.error + losses.penalty + losses.aux) == pytest.approx(loss(spec, at.flat, u))
    names = ["W_enc", "b_enc", "W_dec", "b_dec"]
    if isinstance(gate, Gated):
        # The auxiliary error holds a copy of the decoder fixed: by design its slope there is not counted.
        names = ["W_enc", "b_enc"]
    for name in names:
        assert torch.allclose(getattr(into, name), getattr(expected, name), atol=1e-6, rtol=1e-5), name
    for name, spec in gate.parameters.items():
        if not spec.trained:
            assert float(into.extra[name].abs().max()) == 0.0
        elif not isinstance(gate, JumpReLU):
            assert torch.allclose(into.extra[name], expected.extra[name], atol=1e-6, rtol=1e-5), name


def test_jump_relu_thresholds_move_as_the_paper_estimates():
    """Equations 11 and 12 of arXiv 2407.14435, written as sums over points and neurons."""
    gate = JumpReLU(l0=0.3, bandwidth=0.8, threshold=0.3)
    spec = training_spec(TrainConfig(gate=gate, width=WIDTH, tied_bias=False), DIM)
    at, u = random_parameters(gate, 9, WIDTH, DIM), batch(10)
    into = at.zeroed()
    loss_and_autograd(spec, at, u, into)
    theta = at.extra["threshold"].exp()
    z = u @ at.W_enc.T + at.b_enc
    a = torch.where(z > theta, z, torch.zeros_like(z))
    out = 2 * (a @ at.W_dec + at.b_dec - u) @ at.W_dec.T / BATCH
    for i in range(WIDTH):
        slope = 0.0
        for p in range(BATCH):
            near = abs(float(z[p, i] - theta[i])) < 0.4
            slope += near * (float(out[p, i]) * -float(theta[i]) / 0.8 - 0.3 / BATCH / 0.8)
        # Training moves log θ: dθ/dlog θ = θ.
        assert float(into.extra["threshold"][i]) == pytest.approx(slope * float(theta[i]), abs=1e-12)


def test_the_frozen_copy_of_a_gated_decoder_teaches_it_nothing():
    at, u = random_parameters(Gated(), 11, WIDTH, DIM), batch(12)
    into = at.zeroed()
    config = TrainConfig(gate=Gated(l1=0.2), width=WIDTH, tied_bias=False)
    loss_and_autograd(training_spec(config, DIM), at, u, into)
    a = Gated().encode(u @ at.W_enc.T + at.b_enc, at.weights(Gated()))
    residual = a @ at.W_dec + at.b_dec - u
    assert torch.allclose(into.W_dec, 2 * a.T @ residual / BATCH)


@pytest.mark.parametrize("gate", [g for g in ALL_GATES if written_out(g)] + [TopK(k=2, aux_k=2)], ids=str)
@pytest.mark.parametrize("with_dead", [True, False])
def test_what_is_written_out_is_the_reference(gate, with_dead):
    # (With unit atoms what is written out leaves the slope along each atom out: it is projected away anyway.)
    spec = training_spec(TrainConfig(gate=gate, width=WIDTH, decoder_norm="free"), DIM)
    at, u = random_parameters(gate, 13, WIDTH, DIM), batch(14)
    dead = torch.arange(WIDTH) % 2 == 0 if with_dead and not isinstance(gate, ReLU) else None
    mine, theirs = at.zeroed(), at.zeroed()
    by_hand = loss_and_gradient(spec, at, u, mine, dead)
    reference = loss_and_autograd(spec, at, u, theirs, dead)
    assert torch.allclose(mine.flat, theirs.flat, atol=1e-12)
    assert float(by_hand.aux) == pytest.approx(float(reference.aux))
    assert torch.equal(by_hand.fired, reference.fired)


def test_matryoshka_is_the_sum_over_prefixes():
    gate = Matryoshka(TopK(k=3), shares=(0.25, 0.5, 1.0))
    spec = training_spec(TrainConfig(gate=gate, width=WIDTH), DIM)
    at, u = random_parameters(gate, 15, WIDTH, DIM), batch(16)
    parts = objective(spec, at, u)
    by_hand = sum(
        float((parts.a[:, :m] @ at.W_dec[:m] + at.b_dec - u).square().sum(dim=1).mean()) for m in (2, 4, 8)
    )
    assert float(parts.error) == pytest.approx(by_hand)


@pytest.mark.parametrize("gate", [g for g in ALL_GATES if not isinstance(g, JumpReLU)], ids=str)
def test_bfloat16_is_near_and_not_equal(gate):
    # Rounding flips near-ties among the choices of Top-K and its like: many points, so that few matter.
    at, u = random_parameters(gate, 17, WIDTH, DIM), batch(18, 1024).float()
    at = Parameters.of(at.flat.float(), WIDTH, DIM, gate.parameters)
    full, half = at.zeroed(), at.zeroed()
    for precision, into in (("float32", full), ("bfloat16", half)):
        config = TrainConfig(gate=gate, width=WIDTH, precision=precision)
        loss_and_autograd(training_spec(config, DIM), at, u, into)
    assert half.flat.dtype == torch.float32
    assert not torch.equal(full.flat, half.flat)
    assert float((full.flat - half.flat).norm()) < 0.05 * float(full.flat.norm())
