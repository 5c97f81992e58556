import numpy as np
import pytest
from analysis.chance import Recorded, certified_of_planted, edges_of_random_labels, rows_of
from scipy.stats import binom

from geosae.analysis import AnalysisConfig, analyse
from geosae.data.dataset import ConceptDataset

WAYS = [
    f"{notion}, {way}"
    for notion in ("detection", "separation")
    for way in ("edges", "neurons", "small_units", "units")
]


def _table(seed: int, count: int = 8000) -> np.ndarray:
    """Neurons of every firing rate, the densest of 99 %."""
    rng = np.random.default_rng(seed)
    return rng.random((count, 24)) < np.concatenate([np.linspace(0.01, 0.95, 20), [0.97, 0.97, 0.99, 0.99]])


def _most(draws: int) -> int:
    """So many of the draws may go wrong at level .05; more have a chance below 1e-4."""
    return int(binom.ppf(1 - 1e-4, draws, 0.05))


@pytest.mark.parametrize("size", [2, 12, 60, 1000])
def test_random_labels_are_learned_no_more_often_than_the_level(size):
    draws = 20
    results = [edges_of_random_labels(_table(seed), size, 0.05, seed) for seed in range(draws)]
    for way in WAYS:
        assert sum(result[way] for result in results) <= _most(draws), way


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", [0.05, 0.1])
@pytest.mark.parametrize("size", [2, 5, 12, 60, 300, 1000])
def test_random_labels_are_learned_no_more_often_than_the_level_in_a_hundred_draws(size, tolerance):
    results = [edges_of_random_labels(_table(seed), size, tolerance, seed) for seed in range(100)]
    for way in WAYS:
        assert sum(result[way] for result in results) <= _most(100), way


def test_the_old_relation_is_full_of_chance():
    # The control: without certification dense neurons "detect" a random dozen of points nearly always.
    results = [edges_of_random_labels(_table(seed), 12, 0.05, seed) for seed in range(20)]
    assert sum(result["detection, point edges"] for result in results) >= 15


def test_without_the_second_test_dense_neurons_would_detect_random_labels():
    # E4's reason for it: m < ε alone is certified by a neuron of 99 %, whose miss is .01 on every set.
    rng = np.random.default_rng(0)
    inside = rng.random((8000, 1)) < 0.3
    data = ConceptDataset(rows_of(8000), inside, ("random",))
    al = analyse(Recorded(_table(0)), data, AnalysisConfig(floor=False))
    dense = al.detection.values["miss"][0, -2:]
    assert (dense < 0.02).all()
    assert not al.context("detection").incidence.any()


def test_good_neurons_are_certified_as_often_as_computed():
    # m = a = ε/5 at ε = .05 among 12 pairs: power .958 with 400 positives, 1.0 with 800.
    few = sum(certified_of_planted(400, 0.01, 0.05, seed) for seed in range(10))
    many = sum(certified_of_planted(800, 0.01, 0.05, seed) for seed in range(10))
    assert few >= binom.ppf(1e-4, 60, 0.93)
    assert many == 60


def test_neurons_with_twice_the_tolerance_are_never_certified_beyond_the_level():
    assert sum(certified_of_planted(400, 0.1, 0.05, seed) > 0 for seed in range(10)) <= _most(10)
