"""The recovery metrics against SAELens' synthetic evaluation: stored figures, and itself where installed."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from analysis.peer_recovery import FIGURES, by_peer, case
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis.matching import matched_rows
from geosae.analysis.recovery import Recovery, best_features, recovery, recovery_of, uniqueness
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput


def ours(held: dict[str, np.ndarray], cuts: list[int]) -> Recovery:
    """Measure the case in batches that end at these rows."""
    rows = [slice(a, b) for a, b in pairwise([0, *cuts, len(held["points"])])]
    parts = [
        (held["points"][r], held["reconstruction"][r], held["latents"][r] > 0, held["features"][r] > 0)
        for r in rows
    ]
    return recovery(held["decoder"], held["directions"], parts)


def test_every_figure_is_the_one_saelens_gives() -> None:
    found = ours(case(), [24]).to_dict()
    for name, value in FIGURES.items():
        # SAELens keeps its rates in float32.
        assert found[name] == pytest.approx(value, rel=3e-7), name
    assert found["fvu"] == pytest.approx(1 - FIGURES["explained_variance"])
    assert found["dead_share"] == FIGURES["dead_latents"] / 8


def test_saelens_itself_still_gives_the_stored_figures() -> None:
    pytest.importorskip("sae_lens")
    assert by_peer(case()) == pytest.approx(FIGURES, rel=1e-6)


@given(st.lists(st.integers(0, 40), max_size=4).map(sorted), st.integers(0, 100))
def test_batches_do_not_matter(cuts: list[int], seed: int) -> None:
    held = case()
    rng = np.random.default_rng(seed)
    shift = 1e6 * rng.standard_normal(4)  # a large mean costs the variance no digits
    held["points"] = held["points"] + shift
    held["reconstruction"] = held["reconstruction"] + shift
    whole, parts = ours(held, []), ours(held, cuts)
    assert parts.explained_variance == pytest.approx(whole.explained_variance, rel=1e-9)
    assert parts.explained_variance == pytest.approx(FIGURES["explained_variance"], abs=0.2)
    for name in ("true_positives", "active", "present"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_latents_are_judged_one_by_one_before_the_mean() -> None:
    fires = np.array([[1, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 1]], dtype=bool)
    present = np.array([[1, 0], [0, 0], [1, 0], [0, 1]], dtype=bool)
    atoms = np.array([[1.0, 0], [2.0, 0.5], [0, -1.0]])
    x = np.arange(8.0).reshape(4, 2)
    found = recovery(atoms, np.eye(2), [(x, np.zeros_like(x), fires, present)])
    assert found.best_feature.tolist() == [0, 0, 1]
    assert found.precision_per_latent.tolist() == [0.5, 0.0, 0.5]
    assert found.recall_per_latent.tolist() == [0.5, 0.0, 1.0]
    assert found.f1_score == pytest.approx((0.5 + 0 + 2 / 3) / 3)
    assert found.accuracy == pytest.approx((2 / 4 + 2 / 4 + 3 / 4) / 3)
    assert (found.dead_latents, found.uniqueness, found.shrinkage) == (1, 2 / 3, 0.0)
    assert found.explained_variance < 0, "silence is worse than the mean"


def test_best_features_and_uniqueness_ignore_sign_and_length() -> None:
    truth = np.array([[1.0, 0.0], [0.6, 0.8]])
    assert best_features(np.array([[-1e-9, 0.0], [60.0, 80.0], [-3.0, -4.0]]), truth).tolist() == [0, 1, 1]
    assert uniqueness(np.array([[0.0, 1.0]] * 4), truth) == 0.25
    with pytest.raises(InvalidInput, match="zero"):
        best_features(truth, np.zeros((1, 2)))


def test_what_cannot_be_measured_is_refused() -> None:
    x, yes = np.ones((2, 2)), np.ones((2, 2), dtype=bool)
    with pytest.raises(InvalidInput, match="no point"):
        recovery(np.eye(2), np.eye(2), [])
    with pytest.raises(InvalidInput, match=r"latents \(2, 2\)"):
        recovery(np.eye(3)[:, :2] + 1, np.eye(2), [(x, x, yes, yes)])
    with pytest.raises(InvalidInput, match="features"):
        recovery(np.eye(2), np.ones((3, 2)), [(x, x, yes, yes)])
    sets = ConceptDataset(np.eye(2), np.eye(2, dtype=bool), ("a", "b"))
    with pytest.raises(InvalidInput, match="directions"):
        recovery_of(object(), sets)
    same = recovery(np.eye(2), np.eye(2), [(x, x, yes, yes)])
    assert np.isnan(same.explained_variance)


def test_rows_are_matched_one_to_one_by_signed_cosines() -> None:
    truth = np.eye(3)
    # The best row of the first two directions is the same; a row that points away serves nobody first.
    rows = np.array([[3.0, 2.9, 0.0], [2.0, 0.0, 1.0], [0.0, 0.0, -9.0], [0.0, 1.0, 4.0]])
    assert matched_rows(rows, truth).tolist() == [1, 0, 3]
    assert matched_rows(rows[:1], truth).tolist() == [0, -1, -1]
    cosines = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    best = max(permutations(range(4), 3), key=lambda order: sum(cosines[i, k] for k, i in enumerate(order)))
    assert list(best) == [1, 0, 3]
