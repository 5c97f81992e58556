"""Baselines that are constructed: each is what its name promises, and can be stored as a run."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import TrainConfig, neurons_of
from geosae.sae.baselines import kmeans, pca, planted
from geosae.sae.checkpoint import load, save
from geosae.sae.gates import AbsTopK, TopK
from geosae.sae.training.train import train


@given(seed=st.integers(0, 50), width=st.integers(1, 4))
@settings(max_examples=20)
def test_pca_leaves_the_variance_of_the_other_directions(seed: int, width: int):
    points = np.random.default_rng(seed).normal(size=(60, 4)) * [5.0, 3.0, 2.0, 1.0] + 7.0
    run = pca(points, kept=width, width=width)
    variances = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    assert run.metrics["fvu"] == pytest.approx(variances[width:].sum() / variances.sum(), abs=1e-12)
    assert run.metrics["l0"] == width
    atoms = neurons_of(run.sae).decoder
    assert np.allclose(atoms @ atoms.T, np.eye(width))


def test_sparse_pca_keeps_the_largest_components_and_never_more_than_there_are():
    points = np.random.default_rng(0).normal(size=(80, 3))
    run = pca(points, kept=1)
    neurons = neurons_of(run.sae)
    scores = (points - points.mean(axis=0)) @ neurons.decoder.T
    assert np.array_equal(neurons.fires(points).argmax(axis=1), np.abs(scores).argmax(axis=1))
    assert run.metrics["l0"] == pytest.approx(1.0)
    flat = np.column_stack([points[:, :1], points[:, :1]])
    assert pca(flat, kept=5, width=64).config.width == 1


@given(seed=st.integers(0, 50), width=st.integers(1, 9))
@settings(max_examples=15)
def test_kmeans_activates_the_nearest_centroid_by_one(seed: int, width: int):
    points = np.random.default_rng(seed).normal(size=(70, 2)) * 100 + 3
    run = kmeans(points, width, seed)
    neurons = neurons_of(run.sae)
    centroids = neurons.decoder + neurons.b_dec
    away = np.square(points[:, None] - centroids).sum(axis=2)
    assert np.array_equal(neurons.fires(points), away == away.min(axis=1, keepdims=True))
    assert np.allclose(neurons.activations(points).sum(axis=1), 1.0)
    best = away.min(axis=1).sum() / np.square(points - points.mean(axis=0)).sum()
    assert run.metrics["fvu"] == pytest.approx(best, abs=1e-6)


def test_kmeans_needs_no_more_centroids_than_distinct_points():
    points = np.repeat(np.array([[0.0], [1.0], [5.0]]), 4, axis=0)
    run = kmeans(points, 8, 0)
    assert (run.config.width, run.metrics["l0"]) == (3, pytest.approx(1.0))
    assert run.metrics["fvu"] == pytest.approx(0.0, abs=1e-12)


def test_kmeans_is_the_same_by_seed():
    points = np.random.default_rng(1).normal(size=(100, 3))
    a, b = (kmeans(points, 6, 3) for _ in range(2))
    assert torch.equal(a.sae.W_enc, b.sae.W_enc)


def test_the_planted_sae_fires_on_its_half_spaces_and_no_decoder_fits_better():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(90, 3))
    sides = HalfSpaces(rng.normal(size=(5, 3)), rng.normal(size=5))
    run = planted(points, sides)
    assert np.array_equal(neurons_of(run.sae).fires(points), sides.contains(points))
    design = np.column_stack([np.maximum(sides.values(points), 0), np.ones(90)])
    left = np.linalg.lstsq(design, points, rcond=None)[1].sum()
    assert run.metrics["fvu"] == pytest.approx(left / np.square(points - points.mean(axis=0)).sum())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_they_are_stored_as_runs_and_say_what_they_are(dtype: type, tmp_path: Path):
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(dtype)
    sides = HalfSpaces(np.eye(2), np.zeros(2))
    runs = {"pca": pca(points, 1), "kmeans": kmeans(points, 4, 0), "planted": planted(points, sides)}
    trained = train(points, TrainConfig(gate=TopK(k=1), width=4, steps=2), seed=0)
    for name, run in runs.items():
        assert run.config.baseline == name
        assert run.data_hash == trained.data_hash
        save(run, tmp_path / name)
        again = load(tmp_path / name)
        assert again.config == run.config
        assert torch.equal(again.sae.W_enc, run.sae.W_enc)
        assert np.array_equal(neurons_of(again.sae).fires(points), neurons_of(run.sae).fires(points))
        assert again.metrics == run.metrics


def test_what_cannot_be_is_refused():
    points = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(InvalidInput, match="all equal"):
        pca(np.ones((5, 2)), 1)
    with pytest.raises(InvalidInput, match="at least 1"):
        pca(points, 0)
    with pytest.raises(InvalidInput, match="at least 1"):
        kmeans(points, 0, 0)
    with pytest.raises(InvalidInput, match="coordinates"):
        planted(points, HalfSpaces(np.eye(3), np.zeros(3)))
    config = TrainConfig(gate=AbsTopK(k=1), width=2, baseline="pca")
    with pytest.raises(InvalidInput, match="constructed, not trained"):
        train(points, config, seed=0)
