"""Naming on SAEs of planted features: rows that name all, thresholds that serve none, and forged ones."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import geosae_synthetic
import numpy as np
import pytest
from run_evidence import evidence, forged

from geosae.data.dataset import ConceptDataset
from geosae.geometry import HalfSpaces, Named, most_named, name_features
from geosae.sae.gates import TopK
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.verification import TrainedInstance
from proofs_checks import _superposed as superposition


def world(features: int = 9, dim: int = 6, **params: Any) -> ConceptDataset:
    """Draw sums of at most two of the features, of amplitude 1 and without noise unless asked otherwise."""
    params = {"features": features, "active": 2, "noise": 0.0, "magnitudes": "constant", **params}
    rng = np.random.default_rng(0)
    return geosae_synthetic.make("superposition", points=400, dim=dim, rng=rng, **params)


def planted(data: ConceptDataset, k: int = 2, rho: float = 1, shift: float = 0.0) -> TrainedInstance:
    """Plant the neurons of the certificates, their thresholds moved by so much."""
    assert data.directions is not None
    verdicts = [v for v in name_features(data.directions.T, k, rho) if isinstance(v, Named)]
    w, c = np.array([v.b for v in verdicts]), np.array([shift - v.t for v in verdicts])
    return TrainedInstance(neurons_of(SparseAutoencoder.planted(HalfSpaces(w, c), data.points)), data)


@pytest.fixture(scope="module")
def instance() -> TrainedInstance:
    return planted(world())


def test_certified_neurons_name_what_can_be_named_and_separate_it(instance: TrainedInstance) -> None:
    assert instance.dataset.directions is not None
    able = sum(verdict.nameable for verdict in name_features(instance.dataset.directions.T, 2))
    assert 2 < able < 9
    own, best, *errors = evidence("S10", instance)
    assert (own.observed, own.bound, own.holds, own.vacuous) == (able, able, True, False)
    assert (best.observed, best.bound) == (able, able)
    assert "own threshold" in own.instance
    assert "best threshold" in best.instance
    assert [e.observed for e in errors] == [0.0] * able
    assert all("named at k=2" in e.instance for e in errors)


def test_a_threshold_outside_its_interval_names_nothing_and_the_row_still_does(
    instance: TrainedInstance,
) -> None:
    own, best = evidence("S10", planted(instance.dataset, shift=5.0))
    assert (own.observed, best.observed) == (0.0, best.bound)
    assert best.bound > 2


def test_a_neuron_that_fires_otherwise_than_its_half_space_is_found_out(instance: TrainedInstance) -> None:
    def crooked(points: np.ndarray) -> np.ndarray:
        return ~instance.neurons.fires(points)

    said = evidence("S10", forged(instance, fires=crooked))
    assert all(e.holds for e in said[:2])
    assert len(said) > 2
    assert not any(e.holds for e in said[2:])


def test_more_names_than_any_row_can_give_are_found_out(
    instance: TrainedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(superposition, "_nameable", lambda columns, k, rho, asked: np.zeros(len(asked), bool))
    own, best, *_ = evidence("S10", instance)
    assert not own.holds
    assert not best.holds


def test_s11_counts_names_against_the_largest_number_admitted(instance: TrainedInstance) -> None:
    able = evidence("S10", instance)[0].bound
    own, _ = evidence("S11", instance)
    # Six dimensions admit 27 features at k = 2: more than there are.
    assert most_named(6, 2) == 27
    assert (own.observed, own.bound, own.vacuous) == (able, 27.0, True)
    assert f"({able:.0f} of 9 nameable)" in own.instance
    # Twelve in four dimensions, of which nine are admitted.
    crowded = world(features=12, dim=4, directions="random")
    said = evidence("S11", planted(crowded))
    assert [(e.bound, e.holds, e.vacuous) for e in said] == [(9.0, True, False)] * 2
    assert evidence("S11", planted(world(features=9, dim=6, active=1)))[0].bound == 9.0


def test_s11_finds_out_more_names_than_are_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    from proofs_checks import s11_capacity as s11

    crowded = planted(world(features=12, dim=4, directions="random"))
    naming = s11.named_where_planted

    def exaggerated(*arguments: Any) -> Any:
        honest = naming(*arguments)
        everything = np.arange(12)
        return honest._replace(naming=replace(honest.naming, own=everything, best=everything))

    monkeypatch.setattr(s11, "named_where_planted", exaggerated)
    said = evidence("S11", crowded)
    assert [(e.observed, e.holds) for e in said] == [(12.0, False)] * 2


def test_r5_asks_that_codes_return_where_all_features_are_named(instance: TrainedInstance) -> None:
    (some,) = evidence("R5", instance)
    assert (some.bound, some.vacuous, some.holds) == (0.0, True, True)
    assert "features nameable)" in some.instance
    orthonormal = planted(world(features=6, directions="orthonormal"))
    (all_named,) = evidence("R5", orthonormal)
    assert (all_named.observed, all_named.bound) == (12.0, 12.0)
    assert (all_named.holds, all_named.vacuous) == (True, False)


def test_r5_finds_out_a_code_that_does_not_return(monkeypatch: pytest.MonkeyPatch) -> None:
    from proofs_checks import r5_gap as r5

    honest = r5.recover_code

    def forgetful(A: np.ndarray, z: np.ndarray, *, nonnegative: bool) -> Any:
        return honest(np.hstack([A[:, :1], A]), np.concatenate([[0.0], z]), nonnegative=nonnegative)

    # With a column twice, the codes of it are not the only shortest ones.
    monkeypatch.setattr(r5, "recover_code", forgetful)
    (lost,) = evidence("R5", planted(world(features=6, directions="orthonormal")))
    assert not lost.holds
    assert 0 < lost.observed < 12


def test_relative_gates_are_counted_apart(instance: TrainedInstance) -> None:
    honest = instance.neurons.half_spaces()
    sae = SparseAutoencoder(dim=6, width=4, gate=TopK(1))
    topk: Any = neurons_of(sae)
    members = instance.dataset.membership
    clever = forged(
        TrainedInstance(topk, instance.dataset),
        affine=honest,
        fires=lambda points: members[: len(points)],
    )
    best, beyond = evidence("S10", clever)
    assert "best threshold" in best.instance
    assert best.holds
    # The neurons of a relative gate separate every feature on the sample, those that no half-space names too.
    assert (beyond.observed, beyond.vacuous) == (9 - best.bound, True)


def test_amplitudes_and_noise_say_what_the_codes_are() -> None:
    data = world(magnitudes="uniform", low=0.5, high=0.75)
    said = superposition.superposed(TrainedInstance(planted(data).neurons, data))
    assert said is not None
    assert (said.rho, said.admissible, said.sparsities) == (Fraction(3, 2), True, (2,))
    assert data.directions is not None
    assert np.array_equal(said.columns.A, data.directions.T / 2)
    for params in ({"noise": 0.1}, {"magnitudes": "folded-normal", "active": None}, {"above": 0.3}):
        other = world(**params)
        said = superposition.superposed(TrainedInstance(planted(other).neurons, other))
        assert said is not None
        assert not said.admissible
    rare = world(active=None, rate=0.3)
    said = superposition.superposed(TrainedInstance(planted(rare).neurons, rare))
    assert said is not None
    assert said.sparsities == (2, int(rare.membership.sum(axis=1).max()))


def test_only_sums_of_planted_features_are_read() -> None:
    data = geosae_synthetic.make(
        "disjoint-balls", points=300, dim=2, rng=np.random.default_rng(0), concepts=2
    )
    flat = HalfSpaces(np.eye(2), np.zeros(2))
    instance = TrainedInstance(neurons_of(SparseAutoencoder.planted(flat, data.points)), data)
    assert evidence("S10", instance) == []


def test_verdicts_are_asked_for_once_per_dictionary(instance: TrainedInstance) -> None:
    first = evidence("S10", instance)
    misses = superposition._nameable.cache_info().misses
    assert evidence("S10", planted(world())) == first
    assert superposition._nameable.cache_info().misses == misses
    columns = superposition.Columns(np.eye(2))
    assert columns == superposition.Columns(np.eye(2))
    assert columns != superposition.Columns(-np.eye(2))
    assert columns != "columns"
