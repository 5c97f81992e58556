"""P9 against convex programmes, and on SAEs of a run: trained, planted, and forged ones."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.sae import ReLU, TopK, TrainConfig, neurons_of
from geosae.verification import Evidence, TrainedInstance
from proofs_checks import claims
from proofs_checks._codes import best_codes, violations
from proofs_checks._nonnegative import nonnegative_codes
from proofs_checks._penalised import l1_weight


def least_loss(x: np.ndarray, atoms: np.ndarray, prices: np.ndarray) -> float:
    a = cp.Variable(len(atoms), nonneg=True)
    return float(
        cp.Problem(cp.Minimize(cp.sum_squares(x - atoms.T @ a) + prices @ a)).solve(solver="CLARABEL")
    )  # pyright: ignore[reportArgumentType]


def huber(u: float, l1: float) -> float:
    return l1 * u - l1**2 / 4 if u >= l1 / 2 else u**2


@settings(max_examples=25)
@given(dictionaries(most_dim=3, most=4), st.integers(1, 12), st.integers(0, 10**6))
def test_codes_of_least_loss_are_those_of_a_programme_and_never_below_the_bound(
    columns: np.ndarray, quarters: int, seed: int
) -> None:
    atoms, l1 = columns.T, quarters / 4
    x = np.random.default_rng(seed).integers(-4, 5, columns.shape[0]).astype(float)
    prices = l1 * np.linalg.norm(atoms, axis=1)
    exact = [Fraction(p) for p in prices]
    rows = [[Fraction(v) for v in w] for w in atoms]
    codes = best_codes([Fraction(v) for v in x], rows, exact)
    assert list(violations([Fraction(v) for v in x], rows, exact, codes)) == []
    a = np.array([float(c) for c in codes])
    loss = float(np.square(x - a @ atoms).sum() + prices @ a)
    assert loss == pytest.approx(least_loss(x, atoms, prices), abs=1e-5)
    assert loss >= huber(float(np.linalg.norm(x)), l1) - 1e-12
    nearly = nonnegative_codes(x[None, :], atoms, prices)[0]
    assert float(np.square(x - nearly @ atoms).sum() + prices @ nearly) <= loss + 1e-2 * (1 + loss)


def test_codes_that_are_not_best_violate_the_conditions() -> None:
    assert list(violations([1], [[1]], [Fraction(1)], [Fraction(1, 2)])) == []
    assert list(violations([1], [[1]], [Fraction(1)], [Fraction(1, 4)])) == [Fraction(1, 2), Fraction(1, 8)]
    assert list(violations([1], [[1]], [Fraction(1)], [Fraction(1)])) == [Fraction(1)]
    assert list(violations([-1], [[1]], [Fraction(1)], [Fraction(-1)])) == [Fraction(1), Fraction(1)]


def test_no_dictionary_of_two_atoms_does_better_than_the_data_directions() -> None:
    points, l1 = np.array([[1.0, 0.0], [1.0, 1.0]]), 0.5
    bound = np.mean([huber(float(np.linalg.norm(x)), l1) for x in points])
    angles = np.radians(np.arange(-60, 120, 15))
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    losses = {
        (i, j): np.mean([least_loss(x, circle[[i, j]], np.full(2, l1)) for x in points])
        for i in range(len(circle))
        for j in range(i)
    }
    best = min(losses, key=lambda pair: losses[pair])
    assert {round(float(np.degrees(angles[k]))) for k in best} == {0, 45}
    assert losses[best] == pytest.approx(bound, abs=1e-6)
    assert sorted(losses.values())[1] > bound + 1e-3
    apart = np.mean([least_loss(x, np.eye(2), np.full(2, l1)) for x in points])
    assert apart - bound == pytest.approx(((2 - 2**0.5) * l1 - l1**2 / 4) / 2, abs=1e-6)


def family(directions: bool = True) -> ConceptDataset:
    rng = np.random.default_rng(1)
    fires = np.column_stack([rng.random(900) < 0.5, rng.random(900) < 0.3])
    fires[:, 1] &= fires[:, 0]
    frame = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    points = fires @ frame + 0.01 * rng.normal(size=(900, 3))
    return ConceptDataset(points, fires, ("parent", "child"), directions=frame if directions else None)


def evidence(neurons: Any, data: ConceptDataset) -> list[Evidence]:
    check = claims()["P9"].check_run
    assert check is not None
    return list(check(TrainedInstance(neurons, data, None, "sae")))


def trained(gate: Any, steps: int = 1500, **settings: Any) -> Any:
    return neurons_of(geosae.train(family().points, TrainConfig(gate, 6, steps=steps, **settings), 0).sae)


def test_a_trained_sae_stays_above_the_bound_and_training_brings_it_near() -> None:
    after, planted = evidence(trained(ReLU(0.1)), family())
    before, again = evidence(trained(ReLU(0.1), baseline="untrained"), family())
    assert all(e.holds and not e.vacuous for e in (after, planted, before))
    assert after.observed / after.bound < 1.5 < before.observed / before.bound
    # The world's own atoms pay twice for a child; the trained SAE need not.
    assert planted.observed / planted.bound > 1.05
    assert (planted.observed, planted.bound) == (again.observed, again.bound)
    assert "above total absorption" in after.instance
    assert len(evidence(trained(ReLU(0.1), 20), family(directions=False))) == 1


def test_other_gates_and_penalties_say_nothing() -> None:
    for gate in (TopK(2), ReLU(0.0), ReLU(0.1, shape="tanh")):
        neurons = trained(gate, 20)
        assert l1_weight(TrainedInstance(neurons, family())) == 0
        assert evidence(neurons, family()) == []


@dataclass(frozen=True)
class Gate:
    """What the check reads off a gate."""

    l1: float = 0.5
    kind: str = "relu"
    shape: str = "l1"


@dataclass(frozen=True, eq=False)
class Forged:
    """Neurons with codes as they are told: negative ones are none that a ReLU gives."""

    codes: np.ndarray
    decoder: np.ndarray
    b_dec: np.ndarray
    gate: Gate = Gate()
    gating: str = "absolute"
    sparsity: int | None = None

    @property
    def width(self) -> int:
        return len(self.decoder)

    @property
    def dim(self) -> int:
        return self.decoder.shape[1]

    def fires(self, points: np.ndarray) -> np.ndarray:
        return self.codes != 0

    def activations(self, points: np.ndarray) -> np.ndarray:
        return self.codes

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return self.codes @ self.decoder + self.b_dec

    def half_spaces(self) -> Any:
        raise AssertionError


def test_data_directions_attain_the_bound_and_negative_codes_are_found_out() -> None:
    data = family(directions=False)
    u = np.linalg.norm(data.points, axis=1)
    spread = float(np.sqrt(np.square(data.points - data.points.mean(axis=0)).sum(axis=1).mean()))
    codes = np.diag(np.maximum(u - 0.25 * spread, 0))
    own = Forged(codes, data.points / u[:, None], np.zeros(3))
    (attained,) = evidence(own, data)
    assert attained.holds
    assert attained.observed == pytest.approx(attained.bound, rel=1e-9)
    assert "0.0% above" in attained.instance
    twice = np.hstack([np.diag(u - 1), np.diag(np.full(len(u), -1.0))])
    signed = Forged(twice, np.vstack([own.decoder, -own.decoder]), np.zeros(3))
    (below,) = evidence(signed, data)
    assert (below.holds, below.vacuous) == (False, False)
