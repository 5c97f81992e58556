"""What O1 says of SAEs of a run: gains against the loss decoded anew; a wrong engine is found out."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import geosae
from geosae.analysis.refit import AtomGains, Refit
from geosae.data.dataset import ConceptDataset
from geosae.sae import MatchingPursuit, Matryoshka, ReLU, TopK, TrainConfig, neurons_of
from geosae.verification import Evidence, TrainedInstance
from proofs_checks import _refits, claims


def data() -> ConceptDataset:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(600, 3)) * [3.0, 2.0, 1.0]
    return ConceptDataset(points, points > 0.5, ("a", "b", "c"))


def trained(gate: Any, steps: int = 60, **settings: Any) -> TrainedInstance:
    config = TrainConfig(gate, 8, steps=steps, **settings)
    return TrainedInstance(neurons_of(geosae.train(data().points, config, 0).sae), data(), None, "sae")


@pytest.fixture(scope="module")
def instance() -> TrainedInstance:
    return trained(TopK(2))


def evidence(instance: TrainedInstance) -> list[Evidence]:
    check = claims()["O1"].check_run
    assert check is not None
    return list(check(instance))


@pytest.mark.parametrize(
    "instance",
    [trained(TopK(2)), trained(ReLU(0.05)), trained(ReLU(0.05), baseline="untrained"), trained(TopK(2), 2)],
    ids=["topk", "relu", "untrained", "two steps"],
)
def test_the_gains_are_what_the_loss_loses(instance: TrainedInstance) -> None:
    free, sphere, against, after = evidence(instance)
    assert all(e.holds and not e.vacuous and e.grade == "certified" for e in (free, sphere, against, after))
    assert all(e.eta < 1e-8 for e in (free, sphere, against, after))
    assert free.observed == pytest.approx(free.bound, rel=1e-6)
    assert 0 < sphere.bound <= free.bound <= against.bound <= 1
    assert 0 <= after.observed < 1e-9
    assert "atoms on 600 points" in free.instance


def test_training_leaves_less_than_the_start() -> None:
    before = evidence(trained(TopK(2), 400, baseline="untrained"))[2]
    after = evidence(trained(TopK(2), 400))[2]
    assert after.bound < before.bound / 3


def test_codes_made_by_the_decoder_say_nothing() -> None:
    assert evidence(trained(MatchingPursuit(2))) == []
    assert evidence(trained(Matryoshka(MatchingPursuit(2)))) == []
    assert len(evidence(trained(Matryoshka(TopK(2))))) == 4


@dataclass(frozen=True, eq=False)
class Silent:
    """Neurons of which none fires, beside a bias: nothing can be gained but by the bias."""

    width: int = 2
    dim: int = 3
    gating: str = "absolute"
    sparsity: int | None = None
    decoder: Any = None
    b_dec: Any = None

    def fires(self, points: np.ndarray) -> np.ndarray:
        return np.zeros((len(points), 2), dtype=bool)

    def activations(self, points: np.ndarray) -> np.ndarray:
        return np.zeros((len(points), 2), dtype=np.float32)

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return points * 0

    def half_spaces(self) -> Any:
        raise AssertionError


def test_silent_neurons_gain_nothing_one_by_one() -> None:
    silent = Silent(decoder=np.ones((2, 3)), b_dec=np.ones(3))
    free, sphere, against, after = evidence(TrainedInstance(silent, data()))  # pyright: ignore[reportArgumentType]
    assert (free.observed, sphere.observed, after.observed) == (0, 0, 0)
    assert free.vacuous
    assert sphere.vacuous
    assert against.bound > 0.1
    assert all(e.holds for e in (free, sphere, against, after))


def gains_times(factor: float, name: str) -> Any:
    def wrong(*args: Any, **options: Any) -> AtomGains:
        gains = geosae.analysis.atom_gains(*args, **options)
        return replace(gains, **{name: factor * getattr(gains, name)})

    return wrong


@pytest.mark.parametrize(("name", "which"), [("free", 0), ("norm_held", 1)])
@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_a_wrong_gain_is_found_out(
    factor: float, name: str, which: int, instance: TrainedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_refits, "atom_gains", gains_times(factor, name))
    assert not evidence(instance)[which].holds


def test_a_decoder_that_is_not_the_best_is_found_out(
    instance: TrainedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lazy(*args: Any, **options: Any) -> Refit:
        fit = geosae.analysis.refit(*args, **options)
        return replace(fit, gain=0.0, after=fit.before)

    monkeypatch.setattr(_refits, "refit", lazy)
    _, _, against, after = evidence(instance)
    assert not against.holds
    assert not after.holds
