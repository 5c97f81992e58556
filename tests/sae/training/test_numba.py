"""The compiled step against the written-out gradient in torch, against autograd, and by its invariants."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from sae.clouds import superposition

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, JumpReLU, ReLU, TopK
from geosae.sae.training.adam import Adam, learning_rate
from geosae.sae.training.autograd import loss_and_autograd
from geosae.sae.training.gradients import loss_and_gradient
from geosae.sae.training.numba import reason_against
from geosae.sae.training.parameters import Parameters, initial, remove_parallel, renormalise
from geosae.sae.training.spec import training_spec

pytest.importorskip("numba", reason="numba is not installed")

from geosae.sae.training.numba.sparse import SparseStep

WIDTH, DIM, BATCH = 24, 6, 50
GATES = [TopK(k=1), TopK(k=5), TopK(k=5, aux_k=3), TopK(k=24), BatchTopK(k=4), ReLU(l1=0.0), ReLU(l1=0.3)]


def case(seed, gate, **knobs):
    """Random weights, points and dead neurons in float64."""
    generator = torch.Generator().manual_seed(seed)
    config = TrainConfig(gate=gate, width=WIDTH, **knobs)
    at = Parameters.zeros(WIDTH, DIM, gate_parameters=gate.parameters)
    at = Parameters.of(torch.randn(at.flat.shape, generator=generator).double(), WIDTH, DIM, gate.parameters)
    if config.decoder_norm == "unit":
        renormalise(at.W_dec)
    u = torch.randn(BATCH, DIM, generator=generator, dtype=torch.float64)
    return config, at, u, torch.rand(WIDTH, generator=generator) < 0.4


def stepper(config, at, screen=None):
    spec = training_spec(config, at.W_enc.shape[1])
    return SparseStep(spec, at, Adam(at, config.beta1, config.beta2, config.eps), screen=screen)


def same_losses(mine, theirs):
    for name in ("error", "penalty", "aux"):
        assert float(getattr(mine, name)) == pytest.approx(float(getattr(theirs, name)), rel=1e-11, abs=1e-15)
    assert torch.equal(mine.fired, theirs.fired)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("norm", ["unit", "free"])
@pytest.mark.parametrize("gate", GATES)
def test_gradient_is_that_of_autograd_and_of_the_written_out_one(gate, norm, tied):
    config, at, u, dead = case(1, gate, decoder_norm=norm, tied_bias=tied)
    dead = dead if isinstance(gate, TopK) and gate.aux_k else None
    mine, hand, auto = at.zeroed(), at.zeroed(), at.zeroed()
    mine.flat[: mine.flat.numel() - sum(map(len, mine.extra.values()))] = 7.0  # what it held must not matter
    spec, losses = training_spec(config, DIM), stepper(config, at).gradient(u, mine, dead)
    same_losses(losses, loss_and_gradient(spec, at, u, hand, dead))
    same_losses(losses, loss_and_autograd(spec, at, u, auto, dead))
    assert torch.allclose(mine.flat, hand.flat, rtol=1e-10, atol=1e-12)
    if gate == ReLU(l1=0.3) and norm == "unit":
        # The penalty is λ Σ a ν: autograd also differentiates ν, which the constraint ν = 1 projects out.
        remove_parallel(mine.W_dec, at.W_dec)
        remove_parallel(auto.W_dec, at.W_dec)
    assert torch.allclose(mine.flat, auto.flat, rtol=1e-10, atol=1e-12)


def dense_step(config, at, adam, u, lr, dead):
    """One step by the path that defines it."""
    gradient = at.zeroed()
    losses = loss_and_gradient(training_spec(config, at.W_enc.shape[1]), at, u, gradient, dead)
    moving = config.baseline != "frozen_decoder"
    if not moving:
        gradient.W_dec.zero_()
    elif config.decoder_norm == "unit":
        remove_parallel(gradient.W_dec, at.W_dec)
    adam.step(at, gradient, lr, training_spec(config, at.W_enc.shape[1]).multiples)
    if moving and config.decoder_norm == "unit":
        renormalise(at.W_dec)
    return losses


@pytest.mark.parametrize(
    "knobs", [{}, {"decoder_norm": "free"}, {"baseline": "frozen_decoder"}, {"decoder_lr": 4.0}]
)
@pytest.mark.parametrize("gate", [TopK(k=3, aux_k=2), ReLU(l1=0.1)])
def test_ten_steps_in_float64_are_the_dense_ones(gate, knobs):
    config, at, u, dead = case(2, gate, **knobs)
    dead = dead if isinstance(gate, TopK) else None
    other = Parameters.of(at.flat.clone(), WIDTH, DIM)
    adam, step = Adam(other, 0.9, 0.999, 1e-8), stepper(config, at)
    for t in range(10):
        batch = u[5 * t :]  # batches of different sizes
        mine = step.take(batch, 0.01 * (t + 1), dead)
        same_losses(mine, dense_step(config, other, adam, batch, 0.01 * (t + 1), dead))
    # Rounding (1e-16) grows by Adam's first steps, where the gradient is divided by its own size.
    assert torch.allclose(at.flat, other.flat, rtol=1e-9, atol=1e-11)
    assert torch.allclose(step.adam.first.flat, adam.first.flat, rtol=1e-9, atol=1e-12)
    assert torch.allclose(step.adam.second.flat, adam.second.flat, rtol=1e-9, atol=1e-12)
    assert step.adam.steps == adam.steps == 10


def cloud():
    points, _ = superposition()
    points = points - points.mean(axis=0)
    return torch.from_numpy((points / np.sqrt((points**2).sum(axis=1).mean())).astype(np.float32))


def descents(config, steps, u, screen):
    """Run both paths on the same batches; return their losses and weights."""
    start = initial(config, u, torch.Generator().manual_seed(0))
    other = Parameters.of(start.flat.clone(), *start.W_enc.shape)
    adam, step = Adam(other, 0.9, 0.999, 1e-8), stepper(config, start, screen)
    silent = torch.zeros(config.width, dtype=torch.int64)
    curves = []
    for t in range(steps):
        rows = torch.randint(len(u), (config.batch_size,), generator=torch.Generator().manual_seed(t))
        dead = silent >= config.dead_after
        lr = learning_rate(config, t + 1)
        mine = step.take(u[rows], lr, dead if dead.any() else None)
        theirs = dense_step(config, other, adam, u[rows], lr, dead if dead.any() else None)
        silent.add_(config.batch_size).masked_fill_(mine.fired, 0)
        curves.append([float(mine.error + mine.aux), float(theirs.error + theirs.aux), float(theirs.aux)])
    return np.array(curves), start, other


@pytest.mark.parametrize("screen", [False, True])
@pytest.mark.parametrize("dead_after", [2**62, 300])
def test_in_float32_the_loss_curve_is_the_dense_one(dead_after, screen):
    """The paths round differently: 1e-6 at the first steps, then rounding grows at Top-K ties."""
    gate = TopK(k=3, aux_k=4)
    config = TrainConfig(gate, 40, steps=50, batch_size=128, lr=3e-3, dead_after=dead_after)
    curves, mine, theirs = descents(config, 50, cloud(), screen)
    assert np.allclose(curves[:5, 0], curves[:5, 1], rtol=1e-5)
    assert np.allclose(curves[:, 0], curves[:, 1], rtol=2e-3)
    assert curves[-1, 0] < 0.7 * curves[0, 0]
    assert (curves[:, 2] > 0).any() == (dead_after == 300)
    # Weights move by at most lr a step: agreement is judged on that scale.
    assert float((mine.flat - theirs.flat).abs().quantile(0.99)) < 0.02 * 50 * 3e-3


@pytest.mark.parametrize("screen", [False, True])
def test_same_input_same_bytes_and_nothing_between_steps_is_remembered(screen):
    config = TrainConfig(TopK(k=3, aux_k=4), 40, batch_size=128)
    u, dead = cloud()[:512], torch.arange(40) < 5
    start = initial(config, u, torch.Generator().manual_seed(0))
    results = []
    for detour in (False, True):
        at = Parameters.of(start.flat.clone(), *start.W_enc.shape)
        step = stepper(config, at, screen)
        if detour:  # another batch size and a gradient on the way leave no trace
            step.gradient(u[:77], at.zeroed(), dead)
        for t in range(4):
            step.take(u[128 * t : 128 * (t + 1)], 0.01, dead)
        results.append(at.flat.numpy().tobytes())
    assert results[0] == results[1]


def test_atoms_keep_norm_one_and_the_silent_still_decay():
    config = TrainConfig(TopK(k=2), 40, batch_size=128)
    u = cloud()[:128]
    at = initial(config, u, torch.Generator().manual_seed(0))
    at.b_enc[:10] = -100.0  # never fires
    step = stepper(config, at)
    step.adam.first.W_enc.fill_(1.0)
    losses = step.take(u, 0.01)
    assert not losses.fired[:10].any()
    assert losses.fired.sum() > 5
    norms = torch.linalg.vector_norm(at.W_dec, dim=1)
    assert torch.allclose(norms, torch.ones(40), atol=3e-7)
    assert torch.equal(step.adam.first.W_enc[:10], torch.full((10, u.shape[1]), 0.9))


def test_aux_moves_dead_neurons_and_nothing_else():
    config, at, u, dead = case(0, TopK(k=3, aux_k=2))
    plain, both = at.zeroed(), at.zeroed()
    step = stepper(config, at)
    assert float(step.gradient(u, plain).aux) == 0.0
    assert float(step.gradient(u, both, dead).aux) > 0.0
    for before, after in zip(plain.rows(), both.rows(), strict=True):
        assert torch.equal(before[~dead], after[~dead])
    assert torch.equal(plain.b_dec, both.b_dec)
    assert not torch.equal(plain.W_dec[dead], both.W_dec[dead])


def test_the_step_moves_atoms_orthogonally_to_themselves():
    """With the moments at 0 and eps large, Adam's step is along the projected gradient."""
    config, at, u, _ = case(1, TopK(k=4))
    before = at.W_dec.clone()
    adam = Adam(at, 0.0, 0.0, 1e9)
    SparseStep(training_spec(config, DIM), at, adam).take(u, 1e3)
    moved = (at.W_dec - before) * 1e6
    assert float(moved.norm()) > 1e-2
    # Renormalising takes back what is of second order in the step, 1e-6 of its length.
    assert float((moved * before).sum(dim=1).abs().max()) < 1e-5 * float(moved.norm())


def test_several_chunks_are_one(monkeypatch):
    from geosae.sae.training.numba import sparse

    config, at, u, _ = case(3, TopK(k=4))
    whole, parts = at.zeroed(), at.zeroed()
    stepper(config, at).gradient(u.repeat(5, 1), whole)
    monkeypatch.setattr(sparse, "CHUNK_BYTES", 1)
    step = stepper(config, at)
    step.gradient(u.repeat(5, 1), parts)
    assert step._rows == 64 < 250
    assert torch.allclose(whole.flat, parts.flat, rtol=1e-12, atol=1e-14)


def test_both_ways_to_the_k_largest_train_alike():
    config = TrainConfig(TopK(k=3), 40, batch_size=128)
    u = cloud()[:512]
    start = initial(config, u, torch.Generator().manual_seed(0))
    ends = []
    for screen in (False, True):
        at = Parameters.of(start.flat.clone(), *start.W_enc.shape)
        step = stepper(config, at, screen)
        fired = [step.take(u[128 * t : 128 * (t + 1)], 0.003).fired for t in range(4)]
        ends.append((at.flat, torch.stack(fired)))
    assert torch.equal(ends[0][1], ends[1][1])
    # Adam's first steps are ±lr whatever the gradient's size: rounding shows where a gradient is nearly 0.
    assert float((ends[0][0] - ends[1][0]).abs().quantile(0.99)) < 0.01 * 0.003


def test_a_gate_without_written_out_gradient_is_refused():
    config = TrainConfig(JumpReLU(), WIDTH)
    at = Parameters.zeros(WIDTH, DIM, gate_parameters=config.gate.parameters)
    with pytest.raises(InvalidInput, match="no gradient is written out"):
        stepper(config, at)


def test_reasons_against_are_named(monkeypatch):
    fine = TrainConfig(TopK(k=4), 64)
    assert reason_against(fine) is None
    assert "not sparse enough" in str(reason_against(TrainConfig(TopK(k=40), 64)))
    assert "need not be sparse" in str(reason_against(TrainConfig(ReLU(), 64)))
    assert "whole gradient" in str(reason_against(replace(fine, clip=1.0)))
    assert "whole gradient" in str(reason_against(replace(fine, baseline="frozen_encoder")))
    assert "float32" in str(reason_against(replace(fine, precision="bfloat16")))
    assert "CPU" in str(reason_against(fine, "cuda"))
    monkeypatch.setattr("geosae.sae.training.numba.find_spec", lambda name: None)
    assert "numba is not installed" in str(reason_against(fine))


def test_numba_is_imported_only_for_a_step():
    modules = "geosae.sae, geosae.sae.training.train, geosae.sae.training.numba"
    code = f"import sys, {modules}; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
