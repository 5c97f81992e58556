"""P7 against all angles in numpy, and on SAEs of one neuron: trained, planted, and forged ones."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.geometry import HalfSpaces
from geosae.sae import ReLU, SparseAutoencoder, TopK, TrainConfig, neurons_of
from geosae.verification import Evidence, TrainedInstance
from proofs_checks import claims
from proofs_checks._one_line import boolean
from proofs_checks.p7_hedging import Case, bound, observe


@given(st.tuples(*[st.integers(0, 9)] * 4).filter(any), st.booleans())
def test_no_angle_has_less_loss_and_the_best_is_where_the_formula_says(
    counts: tuple[int, int, int, int], biased: bool
) -> None:
    p = [Fraction(v, sum(counts)) for v in counts]
    case = Case("loss", boolean(*p[:3]), "counts", biased)
    x = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    weights = np.array([float(v) for v in p])
    if biased:
        # Far back along any direction: the codes are all positive.
        x = x - weights @ x
    angles = np.linspace(-np.pi, np.pi, 20_001)
    w = np.column_stack([np.cos(angles), np.sin(angles)])
    codes = x @ w.T if biased else np.maximum(x @ w.T, 0)
    losses = weights @ (np.square(x).sum(axis=1)[:, None] - np.square(codes))
    least = float(bound(case))
    assert least - 1e-12 <= losses.min() <= least + 1e-6
    assert float(observe(case).value) == pytest.approx(least, abs=1e-12)
    t = float(bound(replace(case, part="angle")))
    at = weights @ (
        np.square(x).sum(axis=1) - np.square((x if biased else np.maximum(x, 0)) @ [np.cos(t), np.sin(t)])
    )
    assert at == pytest.approx(least, abs=1e-12)


def pairs(count: int = 1500) -> ConceptDataset:
    rng = np.random.default_rng(0)
    first = rng.random(count) < 0.5
    fires = np.column_stack([first, first & (rng.random(count) < 0.4)])
    points = fires @ np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])
    return ConceptDataset(points, fires, ("parent", "child"))


def evidence(neurons: Any, data: ConceptDataset) -> list[Evidence]:
    check = claims()["P7"].check_run
    assert check is not None
    return list(check(TrainedInstance(neurons, data, None, "sae")))


def trained(gate: Any, width: int, steps: int = 1500) -> Any:
    return neurons_of(geosae.train(pairs().points, TrainConfig(gate, width, steps=steps), 0).sae)


@pytest.mark.parametrize("gate", [TopK(1), ReLU(0.0)], ids=["topk", "relu"])
def test_a_trained_neuron_stays_above_the_principal_line(gate: Any) -> None:
    (found,) = evidence(trained(gate, 1), pairs())
    assert found.holds
    assert not found.vacuous
    assert found.eta < 1e-9
    assert 1 <= found.observed / found.bound < 3
    assert "° off the principal line" in found.instance
    (early,) = evidence(trained(gate, 1, 2), pairs())
    assert early.observed > found.observed


def test_the_principal_line_itself_attains_the_bound() -> None:
    data = pairs()
    offsets = data.points - data.points.mean(axis=0)
    axis = np.linalg.svd(offsets, full_matrices=False)[2][:1]
    sae = SparseAutoencoder.planted(HalfSpaces(axis, np.array([10.0])), data.points)
    (found,) = evidence(neurons_of(sae), data)
    assert found.holds
    assert found.observed == pytest.approx(found.bound, rel=1e-9)
    assert ": one neuron, its atom 0.0°" in found.instance
    share = np.linalg.eigvalsh(np.cov(offsets.T, bias=True))[-1] / np.square(offsets).sum(axis=1).mean()
    assert found.bound == pytest.approx(1 - share)


def test_wider_saes_and_points_on_a_line_say_nothing() -> None:
    assert evidence(trained(TopK(1), 2, 5), pairs()) == []
    data = pairs()
    line = ConceptDataset(np.outer(data.points[:, 0], [1.0, 2.0, 0.0]), data.membership, data.names)
    (found,) = evidence(trained(TopK(1), 1, 5), line)
    assert found.vacuous


def test_one_neuron_that_reconstructs_everything_is_found_out() -> None:
    honest = trained(TopK(1), 1, 5)

    class Perfect(type(honest)):
        def reconstruct(self, points: np.ndarray) -> np.ndarray:
            return points.copy()

    perfect = Perfect(**{name: getattr(honest, name) for name in honest.__dataclass_fields__})
    (found,) = evidence(perfect, pairs())
    assert (found.holds, found.vacuous) == (False, False)
