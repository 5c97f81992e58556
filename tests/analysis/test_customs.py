"""The analysis on real SAEs: what comes through the customs post is judged like the planted numpy ReLU."""

import numpy as np
from analysis.planted import Planted, random_dataset, square

from geosae.analysis import AnalysisConfig, analyse
from geosae.fca import concept_lattice
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import SparseAutoencoder, TopK, TrainConfig, neurons_of
from geosae.sae.training.train import train


def _torch_twin(planted: Planted) -> SparseAutoencoder:
    return SparseAutoencoder.planted(HalfSpaces(planted.w, planted.c))


def test_a_planted_sae_is_judged_like_its_half_spaces():
    rng = np.random.default_rng(0)
    data, planted = random_dataset(rng, 500, 2, 3), square()
    a, b = analyse(_torch_twin(planted), data), analyse(planted, data)
    np.testing.assert_array_equal(a.counts.hits, b.counts.hits)
    assert a.chosen["separation"]["units"].units == b.chosen["separation"]["units"].units
    np.testing.assert_array_equal(a.metrics.fired, b.metrics.fired)


def test_a_trained_top_k_run_its_sae_and_its_neurons_are_one():
    rng = np.random.default_rng(1)
    data = random_dataset(rng, 400, 3, 3)
    config = TrainConfig(gate=TopK(k=2), width=8, steps=20, batch_size=64)
    run = train(data.points, config, 0, device="cpu")
    settings = AnalysisConfig(tolerance=0.2)
    alignments = [analyse(x, data, settings).to_dict() for x in (run, run.sae, neurons_of(run.sae))]
    assert alignments[0] == alignments[1] == alignments[2]
    al = analyse(run, data, settings)
    assert 0 < al.l0 <= 2
    assert al.fvu >= 0
    assert len(concept_lattice(al.context("detection")).check()) >= 1
