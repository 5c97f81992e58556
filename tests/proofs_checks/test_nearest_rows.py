"""G5 against a grid of the plane, and on Top-1 SAEs of a run: trained, k-means-like, and forged ones."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.sae import Matryoshka, ReLU, SparseAutoencoder, TopK, TrainConfig, neurons_of
from geosae.sae.neurons import Neurons
from geosae.verification import Evidence, TrainedInstance
from proofs_checks import claims
from proofs_checks._gates import Encoder
from proofs_checks.g5_nearest import Case, observe

GRID = np.array([[x, y] for x in np.arange(-4, 4.01, 0.125) for y in np.arange(-4, 4.01, 0.125)])


@given(st.integers(0, 10**6), st.booleans())
def test_walking_between_the_rows_decides_as_a_grid_does(seed: int, levelled: bool) -> None:
    rng = np.random.default_rng(seed)
    w = np.unique(rng.integers(-2, 3, (int(rng.integers(1, 5)), 2)), axis=0).astype(float)
    c = -np.square(w).sum(axis=1) / 2
    if not levelled:
        c += rng.integers(-2, 3, len(w))
    encoder = Encoder(tuple(tuple(Fraction(v) for v in row) for row in w), tuple(Fraction(v) for v in c))
    found = observe(Case("nearest", encoder, "rows and a grid")).value
    # All numbers are eighths at most: products and squares are exact.
    scores, squares = GRID @ w.T + c, np.square(GRID[:, None] - w).sum(axis=2)
    same = (scores == scores.max(axis=1, keepdims=True)) == (squares == squares.min(axis=1, keepdims=True))
    assert found == int(same.all())


def data() -> ConceptDataset:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(800, 3)) + np.array([2.0, -1.0, 0.5])
    return ConceptDataset(points, points > 0.5, ("a", "b", "c"))


def evidence(neurons: Any) -> list[Evidence]:
    check = claims()["G5"].check_run
    assert check is not None
    return list(check(TrainedInstance(neurons, data(), None, "sae")))


@pytest.mark.parametrize("tied", [True, False])
def test_a_trained_top_one_sae_keeps_the_bound(tied: bool) -> None:
    for gate in (TopK(1), Matryoshka(TopK(1))):
        config = TrainConfig(gate, 12, steps=300, tied_bias=tied)
        (found,) = evidence(neurons_of(geosae.train(data().points, config, 0).sae))
        assert found.holds
        assert found.eta < 1e-9
        assert 0 < found.observed < found.bound
        assert "nearest of 12 rows" in found.instance


def test_other_gates_say_nothing() -> None:
    for gate in (TopK(2), ReLU(0.1)):
        assert evidence(neurons_of(geosae.train(data().points, TrainConfig(gate, 6, steps=5), 0).sae)) == []


def centres(shift: float = 0.0) -> Neurons:
    """Plant centres among the points as a Top-1 SAE: equal weights, the first one off by a shift."""
    rows = np.random.default_rng(1).normal(size=(5, 3)) * 2
    sae = SparseAutoencoder(3, 5, TopK(1), dtype=__import__("torch").float64)
    c = 50.0 - np.square(rows).sum(axis=1) / 2
    c[0] += shift
    sae.set_weights(W_enc=rows, W_dec=rows, b_enc=c, b_dec=np.zeros(3))
    return neurons_of(sae)


def test_equal_weights_are_nearest_centres_and_a_shift_is_the_bound() -> None:
    (equal,) = evidence(centres())
    assert equal.holds
    assert (equal.observed, equal.bound) == pytest.approx((0, 0), abs=1e-12)
    assert "fires on 100.0%" in equal.instance
    (off,) = evidence(centres(1.5))
    assert off.holds
    assert not off.vacuous
    unit = float(np.square(data().points).sum(axis=1).mean())
    assert off.bound == pytest.approx(3 / unit)
    assert 0.5 * off.bound < off.observed <= off.bound
    assert evidence(centres(1e6))[0].vacuous


def test_neurons_that_do_not_follow_their_scores_are_found_out() -> None:
    class Crooked(Neurons):
        def fires(self, points: np.ndarray) -> np.ndarray:
            return np.roll(super().fires(points), 1, axis=1)

    honest = centres()
    crooked = Crooked(**{name: getattr(honest, name) for name in honest.__dataclass_fields__})
    (found,) = evidence(crooked)
    assert (found.holds, found.vacuous) == (False, False)
    silent = replace(honest, affine=replace(honest.affine, c=honest.affine.c - 1000))
    assert evidence(silent) == []
