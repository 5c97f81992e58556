"""The gradient on torch's sparse matrices against the dense one, against autograd, and in whole runs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, ReLU, TopK, largest
from geosae.sae.gates.largest import kth_largest, largest_positive, largest_positive_places
from geosae.sae.training import sparse_gradients
from geosae.sae.training.autograd import loss_and_autograd
from geosae.sae.training.gradients import loss_and_gradient
from geosae.sae.training.parameters import Parameters, renormalise
from geosae.sae.training.sparse_gradients import loss_and_sparse_gradient
from geosae.sae.training.spec import has_mkl, reason_against_sparse, resolve_kernel, training_spec
from geosae.sae.training.train import train

needs_mkl = pytest.mark.skipif(not has_mkl(), reason="torch is built without MKL here")
WIDTH, DIM, BATCH = 24, 6, 50


def case(seed, gate, *, width=WIDTH, dtype=torch.float64, **knobs):
    """Random weights, points and dead neurons."""
    generator = torch.Generator().manual_seed(seed)
    config = TrainConfig(gate, width, **knobs)
    zeros = Parameters.zeros(width, DIM)
    at = Parameters.of(torch.randn(zeros.flat.shape, generator=generator).to(dtype), width, DIM)
    if config.decoder_norm == "unit":
        renormalise(at.W_dec)
    u = torch.randn(BATCH, DIM, generator=generator).to(dtype)
    return config, at, u, torch.rand(width, generator=generator) < 0.4


def same(config, at, u, dead=None, *, rtol=1e-10, atol=1e-12):
    """Compare losses and gradients of the three ways; return the sparse one's."""
    spec, mine = training_spec(config, DIM), at.zeroed()
    mine.flat.fill_(7.0)  # what it held must not matter
    losses = loss_and_sparse_gradient(spec, at, u, mine, dead)
    for differentiate in (loss_and_gradient, loss_and_autograd):
        into = at.zeroed()
        expected = differentiate(spec, at, u, into, dead)
        for name in ("error", "penalty", "aux"):
            assert float(getattr(losses, name)) == pytest.approx(
                float(getattr(expected, name)), rel=rtol, abs=1e-15
            )
        assert torch.equal(losses.fired, expected.fired)
        scale = float(into.flat.abs().max())
        assert torch.allclose(mine.flat, into.flat, rtol=rtol, atol=atol * max(scale, 1.0))
    return losses, mine


@needs_mkl
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("norm", ["unit", "free"])
@pytest.mark.parametrize("gate", [TopK(k=1), TopK(k=5), TopK(k=5, aux_k=3), TopK(k=24)])
def test_gradient_is_the_dense_one_and_that_of_autograd(gate, norm, tied):
    config, at, u, dead = case(1, gate, decoder_norm=norm, tied_bias=tied)
    losses, _ = same(config, at, u, dead if gate.aux_k else None)
    assert (float(losses.aux) > 0) == bool(gate.aux_k)


@needs_mkl
def test_in_float32_and_in_several_chunks_it_is_the_same_to_rounding(monkeypatch):
    config, at, u, _ = case(2, TopK(k=4), width=700, dtype=torch.float32)
    _, whole = same(config, at, u, rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(sparse_gradients, "CHUNK_BYTES", 4 * 700 * 7)
    _, parts = same(config, at, u, rtol=1e-5, atol=1e-6)
    assert torch.allclose(whole.flat, parts.flat, rtol=1e-5, atol=1e-6)


@needs_mkl
def test_ties_go_to_the_lower_index():
    """Every neuron has three twins after it and two are kept: of four equal ones the first two fire."""
    config, at, u, _ = case(3, TopK(k=2))
    for rows in (at.W_enc, at.b_enc, at.W_dec):
        rows.copy_(rows[:6].repeat_interleave(4, dim=0))
    losses, _ = same(config, at, u)
    copies = losses.fired.view(6, 4)
    assert copies[:, :2].any()
    assert not copies[:, 2:].any()


@needs_mkl
def test_points_where_fewer_than_k_or_none_are_positive():
    config, at, u, _ = case(4, TopK(k=6))
    at.b_enc.sub_(3.0)
    z = (u - at.b_dec) @ at.W_enc.T + at.b_enc
    counts = (z > 0).sum(dim=1)
    assert int(counts.min()) == 0 < 6 < int(counts.max())
    same(config, at, u)
    at.b_enc.fill_(-100.0)
    losses, gradient = same(config, at, u)
    assert not losses.fired.any()
    assert not gradient.W_dec.any()
    assert not gradient.W_enc.any()
    assert gradient.b_dec.any()


@needs_mkl
def test_aux_moves_dead_neurons_and_nothing_else():
    config, at, u, dead = case(0, TopK(k=3, aux_k=2))
    spec, plain, both = training_spec(config, DIM), at.zeroed(), at.zeroed()
    loss_and_sparse_gradient(spec, at, u, plain)
    loss_and_sparse_gradient(spec, at, u, both, dead)
    for before, after in zip(plain.rows(), both.rows(), strict=True):
        assert torch.equal(before[~dead], after[~dead])
    assert torch.equal(plain.b_dec, both.b_dec)
    assert not torch.equal(plain.W_dec[dead], both.W_dec[dead])


def points(count=1000):
    """Return sums of two of twenty directions each."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((20, DIM))
    chosen = np.stack([rng.permutation(20)[:2] for _ in range(count)])
    return directions[chosen].sum(axis=1) + 0.01 * rng.standard_normal((count, DIM))


@needs_mkl
@pytest.mark.parametrize("knobs", [{}, {"dead_after": 200}, {"baseline": "frozen_encoder"}, {"clip": 0.5}])
def test_a_run_ends_at_the_weights_of_the_dense_kernel(knobs):
    config = TrainConfig(
        TopK(k=4), 512, steps=8, batch_size=128, lr=1e-3, log_every=8, kernel="torch-sparse", **knobs
    )
    mine = train(points(), config, 0, device="cpu")
    dense = train(points(), replace(config, kernel="torch"), 0, device="cpu")
    assert (mine.kernel, dense.kernel) == ("torch-sparse", "torch")
    assert mine.log[-1]["error"] == pytest.approx(dense.log[-1]["error"], rel=1e-5)
    for name, tensor in mine.sae.state_dict().items():
        assert float((tensor - dense.sae.state_dict()[name]).abs().max()) < 5e-6, name
    again = train(points(), config, 0, device="cpu")
    assert all(
        torch.equal(tensor, again.sae.state_dict()[name]) for name, tensor in mine.sae.state_dict().items()
    )


def test_auto_takes_it_for_wide_top_k_where_numba_is_not_for_the_run():
    wide = TrainConfig(TopK(k=16), 512)
    assert resolve_kernel(wide, numba=True, mkl=True) == "numba"
    assert resolve_kernel(wide, numba=False, mkl=True) == "torch-sparse"
    assert resolve_kernel(wide, numba=False, mkl=False) == "torch"
    assert resolve_kernel(replace(wide, clip=1.0), numba=True, mkl=True) == "torch-sparse"
    for other in (
        replace(wide, gate=TopK(k=17)),
        replace(wide, width=511),
        replace(wide, gate=BatchTopK(k=4)),
    ):
        assert resolve_kernel(other, numba=False, mkl=True) == "torch"
    assert resolve_kernel(wide, "cuda", numba=False, mkl=True) == "torch"
    assert resolve_kernel(replace(wide, precision="bfloat16"), numba=False, mkl=True) == "autograd"


def test_reasons_against_are_named():
    fine = TrainConfig(TopK(k=4), 512)
    assert reason_against_sparse(fine, mkl=True) is None
    assert "too few" in str(reason_against_sparse(replace(fine, width=256), mkl=True))
    assert "not sparse enough" in str(reason_against_sparse(replace(fine, gate=TopK(k=40)), mkl=True))
    assert "need not be sparse" in str(reason_against_sparse(replace(fine, gate=ReLU()), mkl=True))
    assert "float32" in str(reason_against_sparse(replace(fine, precision="bfloat16"), mkl=True))
    assert "CPU" in str(reason_against_sparse(fine, "cuda", mkl=True))
    assert "without MKL" in str(reason_against_sparse(fine, mkl=False))
    with pytest.raises(InvalidInput, match="'torch-sparse' is not for this run: 256 neurons are too few"):
        training_spec(TrainConfig(TopK(k=4), 256, kernel="torch-sparse"), DIM)
    with pytest.raises(InvalidInput, match="computes in float32"):
        replace(fine, kernel="torch-sparse", precision="bfloat16")
    _, at, u, _ = case(0, ReLU())
    with pytest.raises(InvalidInput, match="no gradient on lists"):
        loss_and_sparse_gradient(training_spec(TrainConfig(ReLU(), WIDTH), DIM), at, u, at.zeroed())


TIED = st.integers(-2, 2).map(float)


@given(
    z=arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(40, 90)), elements=TIED),
    k=st.integers(1, 5),
)
def test_block_by_block_the_same_are_found(z, k):
    """Against Python's stable sort; few distinct values, so that ties cross the borders of blocks."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(largest, "PARTITION_WIDTH", 8)
        patched.setattr(largest, "BLOCKED", 8)
        table = torch.from_numpy(z)
        places, marks = largest_positive_places(table, k), largest_positive(table, k)
        kth = kth_largest(table, k)[:, 0]
    for row, marked, value in zip(z.tolist(), marks.tolist(), kth.tolist(), strict=True):
        order = sorted(range(len(row)), key=lambda i: -row[i])[:k]
        assert [i for i, mark in enumerate(marked) if mark] == sorted(i for i in order if row[i] > 0)
        assert value == row[order[-1]]
    assert torch.equal(places, marks.flatten().nonzero().squeeze(1))


@pytest.mark.parametrize(("width", "k"), [(4096, 16), (4099, 3), (1000, 62), (513, 32), (5000, 1)])
def test_in_wide_rows_the_kth_value_is_that_of_a_sort(width, k):
    z = torch.randn(7, width, generator=torch.Generator().manual_seed(width))
    z[0] = -z[0].abs()
    z[1, 5] = float("inf")
    assert torch.equal(kth_largest(z, k), z.sort(dim=1, descending=True).values[:, k - 1 : k])
