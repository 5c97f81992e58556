import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from geosae.analysis.roc import ActivationLog, roc_auc
from geosae.data.codes import Codes
from geosae.errors import InvalidInput


@given(st.integers(0, 5000), st.integers(2, 40))
def test_the_area_is_scikit_learns_ties_included(seed, size):
    rng = np.random.default_rng(seed)
    activations = np.maximum(rng.integers(-3, 4, size), 0).astype(np.float32) / 2
    inside = rng.random(size) < 0.5
    log = ActivationLog(np.array([0, 2]))
    rows = np.stack([activations, np.ones(size), activations[::-1]], axis=1)
    for part in np.array_split(np.arange(size), 3):
        log.add(Codes.from_mask(rows[part] > 0, rows[part]))
    if inside.all() or not inside.any():
        assert np.isnan(log.roc_auc(0, inside))
        return
    assert log.roc_auc(0, inside) == pytest.approx(roc_auc_score(inside, activations), abs=1e-12)
    assert log.roc_auc(2, inside) == pytest.approx(roc_auc_score(inside, activations[::-1]), abs=1e-12)
    with pytest.raises(InvalidInput, match="neuron 1"):
        log.roc_auc(1, inside)


def test_a_silent_neuron_says_nothing():
    assert roc_auc(np.array([]), np.array([], dtype=bool), 3, 5) == 0.5
    assert np.isnan(ActivationLog(np.array([0])).roc_auc(0, np.array([True, False])))


def test_activations_unknown_or_beyond_float32_are_refused():
    log = ActivationLog(np.array([1]))
    with pytest.raises(InvalidInput, match="how strongly"):
        log.add(Codes.from_mask(np.eye(2, dtype=bool)))
    with pytest.raises(InvalidInput, match="float32"):
        log.add(Codes.from_mask(np.eye(2, dtype=bool), np.full((2, 2), 1e300)))
    log.add(Codes.from_mask(np.eye(2, dtype=bool), np.diag([1e300, -1.0])))
    assert log.roc_auc(1, np.array([False, True])) == 1.0, "another neuron's strength does not matter"


def test_what_float32_cannot_tell_from_zero_is_silent():
    log = ActivationLog(np.array([0]))
    log.add(Codes.from_mask(np.ones((2, 1), dtype=bool), np.array([[1e-300], [1.0]])))
    assert log.roc_auc(0, np.array([False, True])) == 1.0
    assert log.roc_auc(0, np.array([True, False])) == 0.0
