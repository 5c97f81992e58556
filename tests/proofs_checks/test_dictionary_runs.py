"""Statements about dictionaries on SAEs of planted features: what holds, what is vacuous, what is forged."""

from dataclasses import replace
from typing import Any

import geosae_synthetic
import numpy as np
import pytest
from run_evidence import evidence, forged

from geosae.data.dataset import ConceptDataset
from geosae.geometry import Frame, HalfSpaces, best_probe, frame_of, readout_error
from geosae.sae.gates import TopK
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.verification import TrainedInstance
from proofs_checks._probes import probes_of


def superposed(features: int = 8, dim: int = 6) -> ConceptDataset:
    """Draw a world of unit directions, two of them active at a time, without noise."""
    params: dict[str, Any] = {"features": features, "active": 2, "noise": 0.0}
    rng = np.random.default_rng(0)
    return geosae_synthetic.make("superposition", points=300, dim=dim, rng=rng, **params)


def read_by_its_directions(data: ConceptDataset, threshold: float = 0.4) -> TrainedInstance:
    """Plant one ReLU neuron along each true direction."""
    assert data.directions is not None
    rows = data.directions
    sae = SparseAutoencoder.planted(HalfSpaces(rows, np.full(len(rows), -threshold)), data.points)
    return TrainedInstance(neurons_of(sae), data, None, "planted")


@pytest.fixture(scope="module")
def instance() -> TrainedInstance:
    return read_by_its_directions(superposed())


def test_rows_are_matched_with_their_own_directions(instance: TrainedInstance) -> None:
    probes = probes_of(instance)
    assert probes is not None
    assert probes.neurons.tolist() == list(range(8))
    assert np.abs(probes.B - probes.A).max() < 1e-7
    few = read_by_its_directions(superposed())
    half = forged(few, affine=HalfSpaces(few.neurons.half_spaces().w[:3], np.zeros(3)))
    probes = probes_of(half)
    assert probes is not None
    assert probes.neurons.tolist() == [0, 1, 2, -1, -1, -1, -1, -1]
    assert not probes.B[:, 3:].any()


def test_c1_reads_two_sums_and_neither_is_vacuous(instance: TrainedInstance) -> None:
    atoms, rows = evidence("C1", instance)
    assert (atoms.holds, atoms.vacuous, atoms.bound) == (True, False, 6.0)
    assert (rows.holds, rows.vacuous, rows.bound) == (True, False, 6.0)
    # The encoder's rows are the true directions: what it reads are their own dimensions.
    assert instance.dataset.directions is not None
    frame = frame_of(instance.dataset.directions.T)
    assert rows.observed == pytest.approx(frame.dimensions.total, rel=1e-6)
    assert 3.9 < rows.observed < 4


def test_c1_is_vacuous_where_there_are_no_more_atoms_than_dimensions() -> None:
    few = read_by_its_directions(superposed(features=6))
    assert [e.vacuous for e in evidence("C1", few)] == [True, True]
    orthogonal = read_by_its_directions(superposed(features=6), 0.2)
    axes = forged(orthogonal, decoder=np.eye(6), affine=HalfSpaces(np.eye(6), np.zeros(6)))
    # Six orthogonal atoms attain the rank.
    assert evidence("C1", axes)[0].observed == 6.0


def test_c1_finds_out_a_sum_above_the_rank(
    instance: TrainedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proofs_checks import c1_dimensions as c1

    true = c1.feature_dimensions

    def exaggerated(A: np.ndarray, B: np.ndarray | None = None) -> Any:
        dimensions = true(A, B)
        return type(dimensions)(dimensions.values * 1.6, dimensions.eta)

    monkeypatch.setattr(c1, "feature_dimensions", exaggerated)
    atoms, rows = evidence("C1", instance)
    assert (atoms.holds, rows.holds) == (True, False)


def test_c2_reads_the_coherence_over_its_bound(instance: TrainedInstance) -> None:
    (said,) = evidence("C2", forged(instance, decoder=instance.dataset.directions))
    # Eight lines in six dimensions.
    assert said.bound == pytest.approx((2 / 42) ** 0.5)
    assert (said.holds, said.vacuous) == (True, False)
    assert said.observed > said.bound
    (simplex,) = evidence("C2", forged(instance, decoder=np.eye(7) - 1 / 7))
    # Seven corners, given by seven coordinates: in seven dimensions Welch's bound says nothing.
    assert (simplex.observed, simplex.vacuous) == (pytest.approx(1 / 6), True)
    (mercedes,) = evidence(
        "C2", forged(instance, decoder=np.array([[1, 0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]]))
    )
    assert mercedes.tightness == pytest.approx(1.0)
    assert mercedes.holds


def test_c2_has_nothing_to_say_of_one_atom(instance: TrainedInstance) -> None:
    assert evidence("C2", forged(instance, decoder=np.eye(6)[:1])) == []


def test_c2_finds_out_a_coherence_below_its_bound(
    instance: TrainedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proofs_checks import c2_welch as c2

    monkeypatch.setattr(c2, "frame_of", lambda A: Frame(6, frame_of(A).dimensions, 0.2, 1e-12))
    (said,) = evidence("C2", instance)
    assert (said.holds, said.vacuous) == (False, False)


def noisy(threshold: float = 0.4) -> TrainedInstance:
    """Plant neurons along directions that are a little off the true ones."""
    data = superposed()
    assert data.directions is not None
    rows = data.directions + np.random.default_rng(1).normal(size=data.directions.shape) * 0.05
    sae = SparseAutoencoder.planted(HalfSpaces(rows, np.full(len(rows), -threshold)), data.points)
    return TrainedInstance(neurons_of(sae), data, None, "noisy")


def test_r1_holds_rows_against_the_best_probes_of_their_features() -> None:
    noise = noisy()
    said = evidence("R1", noise)
    assert len(said) == 6
    assert all(e.holds and not e.vacuous and e.grade == "exact" for e in said)
    # The best probes themselves err as little as anything linear.
    directions = noise.dataset.directions
    assert directions is not None
    probes = [best_probe(directions.T, i, 2) for i in range(8)]
    rows = np.array([probe.row for probe in probes])
    best = evidence("R1", forged(noise, affine=HalfSpaces(rows * 3.0, np.zeros(8))))
    assert [e.tightness for e in best] == pytest.approx([1.0] * 6, abs=1e-12)
    assert max(float(e.tightness or 0) for e in said) > 1.01


def test_r1_knows_no_better_scale_than_its_own() -> None:
    noise = noisy()
    said = evidence("R1", noise)
    directions, w = noise.dataset.directions, noise.neurons.half_spaces().w
    assert directions is not None
    i = int(said[0].instance.split("feature ")[1].split(",")[0]) - 1
    for scale in np.linspace(0, 2, 81):
        B = np.zeros_like(directions.T)
        B[:, i] = scale * w[i]
        assert readout_error(directions.T, B, 2).errors[i] >= said[0].observed - 1e-12


def test_r1_has_nothing_to_say_without_directions_and_is_vacuous_without_superposition() -> None:
    few = read_by_its_directions(superposed(features=6))
    assert all(e.vacuous for e in evidence("R1", few))
    plain = ConceptDataset(few.dataset.points, few.dataset.membership, few.dataset.names)
    assert evidence("R1", TrainedInstance(few.neurons, plain, None, "plain")) == []


def test_r1_finds_out_an_error_below_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    from proofs_checks import r1_readout as r1

    true = r1.readout_error
    # An error of one entry only, where two can be active.
    monkeypatch.setattr(r1, "readout_error", lambda A, B, k: true(A, B, 1))
    assert sum(not e.holds for e in evidence("R1", noisy())) >= 3


def signed(instance: TrainedInstance, activations: np.ndarray, decoder: np.ndarray) -> TrainedInstance:
    """Forge activations, the same at every point."""
    return forged(
        instance, decoder=decoder, activations=lambda points: np.tile(activations, (len(points), 1))
    )


def test_r2_counts_codes_that_are_returned_and_promises_them_where_coherence_is_low(
    instance: TrainedInstance,
) -> None:
    # Sixteen axes and their mean: κ = 1/4, so that codes of one and two atoms are returned.
    atoms = np.vstack([np.eye(16), np.full(16, 0.25)])
    for k, promised in ((1, 6.0), (2, 6.0), (3, 0.0)):
        code = np.where(np.arange(17) < k, 2.0, 0.0)
        (said,) = evidence("R2", signed(instance, code, atoms))
        assert (said.observed, said.bound, said.vacuous, said.holds) == (6.0, promised, not promised, True)
    # (¼, …, ¼, −1) is in the kernel: nine of the axes carry more than half of it.
    (lost,) = evidence("R2", signed(instance, np.where(np.arange(17) < 11, 1.0, 0.0), atoms))
    assert (lost.observed, lost.vacuous) == (0.0, True)


def test_r2_finds_out_a_verdict_that_is_wrong(
    instance: TrainedInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proofs_checks import r2_recovery as r2

    atoms = np.vstack([np.eye(16), np.full(16, 0.25)])
    planted = signed(instance, np.where(np.arange(17) < 2, 1.0, 0.0), atoms)
    monkeypatch.setattr(r2, "recover_code", lambda A, z: r2.Unrecovered)
    (said,) = evidence("R2", planted)
    assert (said.holds, said.observed, said.bound) == (False, 0.0, 6.0)


def test_r2_reads_the_own_codes_of_an_sae_and_is_silent_where_there_are_none(
    instance: TrainedInstance,
) -> None:
    (said,) = evidence("R2", instance)
    assert said.holds
    assert evidence("R2", forged(instance, decoder=np.zeros((8, 6)))) == []
    assert evidence("R2", signed(instance, np.zeros(8), instance.neurons.decoder)) == []


def two_largest(rows: np.ndarray, features: int, dim: int, shift: float = 0.0) -> TrainedInstance:
    """Return neurons along these rows behind Top-2."""
    data = superposed(features, dim)
    sae = SparseAutoencoder.planted(HalfSpaces(rows, np.full(len(rows), shift)), data.points)
    return TrainedInstance(replace(neurons_of(sae), gate=TopK(k=2)), data, None, "two largest")


def true_rows(features: int, dim: int) -> np.ndarray:
    directions = superposed(features, dim).directions
    assert directions is not None
    return directions


def test_r3_asks_whether_top_k_reads_all_codes_right_and_tries_it() -> None:
    # Magnitudes are from [½, 1½]: ρ = 3. Four features fit into 60 dimensions, eight not into 6.
    (read,) = evidence("R3", two_largest(true_rows(4, 60), 4, 60))
    assert (read.observed, read.bound, read.holds, read.vacuous) == (1.0, 1.0, True, False)
    (lost,) = evidence("R3", two_largest(true_rows(8, 6), 8, 6))
    assert (lost.observed, lost.bound, lost.holds) == (0.0, 0.0, True)
    # A neuron that reads nothing, and lies between two features, competes with them.
    rows = true_rows(4, 60)
    between = np.vstack([rows, 2 * (rows[0] + rows[1])])
    (beaten,) = evidence("R3", two_largest(between, 4, 60))
    assert (beaten.observed, beaten.bound) == (0.0, 0.0)
    assert "neuron 4" in beaten.instance


def test_r3_speaks_of_top_k_with_enough_neurons_only(instance: TrainedInstance) -> None:
    assert evidence("R3", instance) == []
    assert evidence("R3", two_largest(true_rows(8, 6)[:5], 8, 6)) == []
    assert evidence("R3", two_largest(np.vstack([true_rows(4, 60)[:1]] * 4), 4, 60)) == [], "a margin of 0"


def test_r3_finds_out_a_verdict_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from proofs_checks import r3_one_shot as r3

    true = r3.one_shot_recovery
    monkeypatch.setattr(r3, "one_shot_recovery", lambda D, k, rho, offsets: true(D, k, 1, offsets=offsets))
    rows = true_rows(8, 40)
    (said,) = evidence("R3", two_largest(rows, 8, 40))
    exact = true(0.5 * rows @ rows.T, 2, 3)
    easy = true(0.5 * rows @ rows.T, 2)
    assert (exact.right, easy.right) == (False, True), "the case is between the two"
    assert not said.holds


def test_r4_holds_reconstructions_between_their_bounds(instance: TrainedInstance) -> None:
    lower, upper = evidence("R4", instance)
    assert lower.holds
    assert upper.holds
    assert "empty at" in lower.instance
    one = signed(instance, np.array([2.0, 0, 0, 0, 0, 0, 0, 0]), np.eye(8)[:, :6])
    made = forged(
        one,
        decoder=np.eye(8)[:, :6],
        activations=one.neurons.activations,
        b_dec=np.zeros(6),
        reconstruct=lambda points: np.tile([2.0, 0, 0, 0, 0, 0], (len(points), 1)),
    )
    assert [e.tightness for e in evidence("R4", made)] == [1.0, 1.0]


@pytest.mark.parametrize(("factor", "broken"), [(0.9, 0), (1.1, 1)])
def test_r4_finds_out_what_activations_do_not_make(
    instance: TrainedInstance, factor: float, broken: int
) -> None:
    pairs = signed(instance, np.array([1.0, 1.0, 0, 0, 0, 0]), np.eye(6))
    made = forged(
        pairs,
        decoder=np.eye(6),
        activations=pairs.neurons.activations,
        b_dec=np.zeros(6),
        reconstruct=lambda points: np.tile([factor, factor, 0, 0, 0, 0], (len(points), 1)),
    )
    assert [e.holds for e in evidence("R4", made)] == [broken != 0, broken != 1]


def test_r4_is_silent_where_nothing_is_active(instance: TrainedInstance) -> None:
    assert evidence("R4", signed(instance, np.zeros(8), instance.neurons.decoder)) == []
