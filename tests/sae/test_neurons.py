import numpy as np
import pytest
import torch
from hypothesis import given
from sae.strategies_sae import grid_half_spaces_and_points

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces, NoHalfSpace
from geosae.sae import neurons as neurons_module
from geosae.sae.gates import ReLU, TopK
from geosae.sae.model import WEIGHTS, SparseAutoencoder
from geosae.sae.neurons import neurons_of


def random_sae(gate, seed=0, dim=4, width=9):
    rng = np.random.default_rng(seed)
    sae = SparseAutoencoder(dim, width, gate)
    sae.set_weights(**{name: rng.standard_normal(getattr(sae, name).shape) for name in WEIGHTS})
    return sae


@given(grid_half_spaces_and_points())
def test_planted_half_spaces_come_back_bit_for_bit(case):
    halfspaces, points = case
    neurons = neurons_of(SparseAutoencoder.planted(halfspaces))
    back = neurons.half_spaces()
    assert np.array_equal(back.w, halfspaces.w)
    assert np.array_equal(back.c, halfspaces.c)
    # Small integers: every sum is exact, so the strict inequality is decided exactly on hyperplanes too.
    exact = points.astype(int) @ halfspaces.w.astype(int).T + halfspaces.c.astype(int) > 0
    assert np.array_equal(neurons.fires(points), exact)


@pytest.mark.parametrize("seed", range(3))
def test_firing_and_half_spaces_are_one_decision(seed):
    neurons = neurons_of(random_sae(ReLU(), seed))
    points = np.random.default_rng(seed).standard_normal((20_000, 4)) * 3
    assert np.array_equal(neurons.fires(points), neurons.half_spaces().contains(points))


@pytest.mark.parametrize("gate", [ReLU(), TopK(k=3)])
def test_neurons_agree_with_the_model(gate):
    sae = random_sae(gate)
    neurons = neurons_of(sae)
    points = np.random.default_rng(1).standard_normal((300, 4))
    with torch.no_grad():
        a = sae.double().encode(torch.from_numpy(points)).numpy()
        x_hat = sae(torch.from_numpy(points)).numpy()
    assert neurons.activations(points).dtype == np.float32
    assert np.allclose(neurons.activations(points), a, atol=1e-6)
    assert np.array_equal(neurons.fires(points), a > 0)
    assert np.allclose(neurons.reconstruct(points), x_hat, atol=1e-12)


@pytest.mark.parametrize("gate", [ReLU(), TopK(k=3)])
def test_chunks_do_not_change_the_answer(gate, monkeypatch):
    neurons = neurons_of(random_sae(gate))
    points = np.random.default_rng(2).standard_normal((1000, 4))
    whole = neurons.fires(points), neurons.activations(points), neurons.reconstruct(points)
    monkeypatch.setattr(neurons_module, "CHUNK_CELLS", 9 * 64)
    assert np.array_equal(neurons.fires(points), whole[0])
    assert np.allclose(neurons.activations(points), whole[1], atol=1e-6)
    assert np.allclose(neurons.reconstruct(points), whole[2], atol=1e-12)


def test_a_top_k_neuron_has_no_half_space_and_says_why():
    neurons = neurons_of(random_sae(TopK(k=2)))
    assert neurons.gating == "relative"
    assert neurons.sparsity == 2
    with pytest.raises(NoHalfSpace, match="gating is relative"):
        neurons.half_spaces()


def test_the_top_k_region_that_is_not_convex():
    """Theory G2: n = 1, z = (1, x + 2, 2 − x), K = 2 gives N₁ = (−∞, −1] ∪ [1, ∞), up to ties."""
    sae = SparseAutoencoder(1, 3, TopK(k=2))
    sae.set_weights(W_enc=np.array([[0.0], [1.0], [-1.0]]), b_enc=np.array([1.0, 2.0, 2.0]))
    fires = neurons_of(sae).fires(np.array([[-2.0], [-1.0], [-0.5], [0.0], [0.5], [1.0], [2.0]]))
    # At the ties x = ±1 the lower index goes first, so neuron 0 is kept.
    assert fires[:, 0].tolist() == [True, True, False, False, False, True, True]


def test_no_points_and_wrong_dimensions():
    neurons = neurons_of(random_sae(ReLU()))
    assert neurons.fires(np.zeros((0, 4))).shape == (0, 9)
    assert neurons.reconstruct(np.zeros((0, 4))).shape == (0, 4)
    with pytest.raises(InvalidInput, match="3 coordinates where 4"):
        neurons.fires(np.zeros((2, 3)))


def test_weights_that_are_not_finite_are_stopped_at_customs():
    sae = random_sae(ReLU())
    with torch.no_grad():
        sae.W_dec[0, 0] = float("nan")
    with pytest.raises(InvalidInput, match=r"weight W_dec .* NaN"):
        neurons_of(sae)


def test_a_planted_decoder_is_the_best_for_these_activations():
    rng = np.random.default_rng(3)
    halfspaces = HalfSpaces(rng.standard_normal((6, 2)), rng.standard_normal(6))
    points = rng.standard_normal((400, 2))
    neurons = neurons_of(SparseAutoencoder.planted(halfspaces, points))
    residual = points - neurons.reconstruct(points)
    # Normal equations: the residual is orthogonal to every activation and to the constant.
    activations = np.maximum(halfspaces.values(points), 0)
    assert np.abs(activations.T @ residual).max() < 1e-8
    assert np.abs(residual.sum(axis=0)).max() < 1e-8
    assert np.array_equal(neurons.fires(points), halfspaces.contains(points))


def test_weights_are_set_by_name_and_shape():
    sae = SparseAutoencoder(2, 3, ReLU())
    with pytest.raises(InvalidInput, match="no weight 'W_in'"):
        sae.set_weights(W_in=np.zeros((3, 2)))
    with pytest.raises(InvalidInput, match="W_enc has shape"):
        sae.set_weights(W_enc=np.zeros((2, 3)))
    with pytest.raises(InvalidInput, match="of an SAE is 0"):
        SparseAutoencoder(2, 0, ReLU())
