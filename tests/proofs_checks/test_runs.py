"""The bounds on SAEs: planted ones satisfy them, forged ones are found out."""

from dataclasses import dataclass

import numpy as np
import pytest
from run_evidence import evidence

from geosae.data.dataset import ConceptDataset
from geosae.geometry import Ball, HalfSpaces, UniformBox, Union
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import Neurons, neurons_of
from geosae.verification import Claim, TrainedInstance
from proofs_checks import a1_irreducible, claims, s1_one_neuron, s3_units
from proofs_checks._runs import Labelled

RUNNABLE = [claim for claim in claims().values() if claim.check_run is not None]


def world() -> ConceptDataset:
    """Two disks, one of them with a smaller disk inside, in a square."""
    rng = np.random.default_rng(0)
    box = UniformBox(np.full(2, -3.0), np.full(2, 3.0))
    points = box.sample(1500, rng)
    regions = (
        Ball(np.array([-1.5, 0.0]), 1.0),
        Ball(np.array([1.5, 0.0]), 1.0),
        Ball(np.array([1.5, 0.0]), 0.5),
    )
    membership = np.column_stack([region.contains(points) for region in regions])
    return ConceptDataset(points, membership, ("left", "right", "inner"), regions=regions, ambient=box)


def planted(data: ConceptDataset) -> Neurons:
    """Plant 12 tangent half-planes around each disk, and reconstruct as well as they allow."""
    angle = 2 * np.pi * np.arange(12) / 12
    u = np.column_stack([np.cos(angle), np.sin(angle)])
    centers = [(np.array([-1.5, 0.0]), 1.0), (np.array([1.5, 0.0]), 1.0), (np.array([1.5, 0.0]), 0.5)]
    c = np.concatenate([radius * 1.001 - u @ -center for center, radius in centers])
    w = np.vstack([-u] * 3)
    sae = SparseAutoencoder.planted(
        HalfSpaces(w, np.concatenate([r * 1.001 + u @ m for m, r in centers])), data.points
    )
    assert len(c) == 36
    return neurons_of(sae)


@pytest.fixture(scope="module")
def instance() -> TrainedInstance:
    data = world()
    return TrainedInstance(planted(data), data, None, "planted")


@pytest.mark.parametrize("claim", RUNNABLE, ids=[claim.id for claim in RUNNABLE])
def test_a_planted_sae_satisfies_every_bound(claim: Claim, instance: TrainedInstance) -> None:
    assert claim.check_run is not None
    found = claim.check_run(instance)
    # G4 and R3 speak of relative gates only, G5 and P8 of K = 1, P7 of one neuron, P9 of a penalty, and the
    # others of planted directions.
    silent = ("G4", "G5", "P7", "P8", "P9", "R1", "R3", "R5", "S10", "S11")
    assert (len(found) > 0) == (claim.id not in silent)
    assert all(e.holds for e in found), [e for e in found if not e.holds]


def test_instances_that_could_not_fail_are_vacuous(instance: TrainedInstance) -> None:
    by_claim = {c.id: [e.vacuous for e in evidence(c.id, instance)] for c in RUNNABLE}
    # Both sides come from one array, or are all there is.
    assert all(all(by_claim[claim_id]) for claim_id in ("D1", "D3", "F1", "F2", "F3"))
    # 36 neurons for three concepts; 1,500 points for the 667 cells of 36 lines.
    assert by_claim["S5"] == [True]
    assert by_claim["S6"] == [True]
    assert by_claim["G3"] == [False]
    assert [e.vacuous for e in evidence("D4", instance)] == [
        e.bound <= e.eta for e in evidence("D4", instance)
    ]
    assert [e.vacuous for e in evidence("A1", instance)] == [e.bound == 0 for e in evidence("A1", instance)]
    # Moved points are put to the SAE anew; around a ball there always is an excess.
    assert not any(by_claim["E1"])
    assert not any(by_claim["A2"])
    narrow = TrainedInstance(Forged(planted(world()), width=1), instance.dataset)  # pyright: ignore[reportArgumentType]
    assert not any(e.vacuous for e in evidence("S6", narrow))


def test_d4_reads_observed_error_at_least_the_price(instance: TrainedInstance) -> None:
    silent = Forged(planted(world()), silent=True)
    forged = TrainedInstance(silent, instance.dataset)  # pyright: ignore[reportArgumentType]
    first = evidence("D4", forged)[0]
    assert first.instance.split(": ")[1].startswith("MSE on left")
    assert first.observed == 0.0 < first.bound
    assert (first.holds, first.vacuous) == (False, False)


def test_the_planted_sae_is_not_vacuous(instance: TrainedInstance) -> None:
    def run(claim_id: str) -> list[float]:
        check = claims()[claim_id].check_run
        assert check is not None
        return [e.observed for e in check(instance)]

    # Both disks and the inner one are told apart by units: the chain has depth 2, two are disjoint.
    assert run("S7")[0] == 2.0
    assert run("S6")[0] == 2.0
    assert run("S3")[0] >= 1.0
    assert run("F4")[0] >= 2.0
    assert max(run("A1")) > 0


@dataclass(frozen=True, eq=False)
class Forged:
    """Neurons that claim things no ReLU SAE can do."""

    honest: Neurons
    silent: bool = False
    crooked: bool = False
    width: int = 36
    dim: int = 2
    gating: str = "absolute"
    sparsity: int | None = None

    @property
    def decoder(self) -> np.ndarray:
        return self.honest.decoder

    @property
    def b_dec(self) -> np.ndarray:
        return self.honest.b_dec

    def fires(self, points: np.ndarray) -> np.ndarray:
        fired = self.honest.fires(points)
        if self.crooked:
            # The hull of the sampled disk is cut out of the ambient answer: no half-space does that.
            fired = (
                fired & (np.linalg.norm(points - [1.5, 0.0], axis=1) > 0.9)[:, None]
                if len(points) == 300
                else fired
            )
        return np.zeros_like(fired) if self.silent else fired

    def activations(self, points: np.ndarray) -> np.ndarray:
        return np.zeros((len(points), self.width), dtype=np.float32)

    def half_spaces(self) -> HalfSpaces:
        return self.honest.half_spaces()

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return points.copy()


def test_perfect_reconstruction_by_silent_neurons_is_found_out(instance: TrainedInstance) -> None:
    check = claims()["D4"].check_run
    assert check is not None
    forged = TrainedInstance(Forged(planted(world()), silent=True), instance.dataset)  # pyright: ignore[reportArgumentType]
    assert not all(e.holds for e in check(forged))


def test_a_unit_with_a_hole_in_the_hull_is_found_out(instance: TrainedInstance) -> None:
    check = claims()["A1"].check_run
    assert check is not None
    annulus = np.linalg.norm(instance.dataset.points - [1.5, 0.0], axis=1)
    ring = (annulus > 0.9) & (annulus < 1)
    data = ConceptDataset(
        instance.dataset.points,
        ring[:, None],
        ("ring",),
        regions=(Ball(np.array([9.0, 9.0]), 0.1),),
        ambient=instance.dataset.ambient,
    )
    honest = TrainedInstance(planted(data), data)
    assert all(e.holds for e in check(honest))
    forged = TrainedInstance(Forged(planted(data), crooked=True), data)  # pyright: ignore[reportArgumentType]
    assert not all(e.holds for e in check(forged))


def test_a_width_that_is_too_small_is_found_out(instance: TrainedInstance) -> None:
    check = claims()["S6"].check_run
    assert check is not None
    forged = TrainedInstance(Forged(planted(world()), width=1), instance.dataset)  # pyright: ignore[reportArgumentType]
    assert not all(e.holds for e in check(forged))


def around_a_ball(directions: np.ndarray) -> TrainedInstance:
    """Plant half-spaces tangent to a ball of radius 1 in a box of R³."""
    rng = np.random.default_rng(1)
    box = UniformBox(np.full(3, -2.0), np.full(3, 2.0))
    ball = Ball(np.zeros(3), 1.0)
    points = box.sample(1500, rng)
    data = ConceptDataset(points, ball.contains(points)[:, None], ("ball",), regions=(ball,), ambient=box)
    u = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    sae = SparseAutoencoder.planted(HalfSpaces(-u, np.full(len(u), 1.001)), points)
    return TrainedInstance(neurons_of(sae), data)


def test_a_cube_around_a_ball_comes_near_the_best_and_silent_neurons_are_found_out() -> None:
    check = claims()["A2"].check_run
    assert check is not None
    cube = around_a_ball(np.vstack([np.eye(3), -np.eye(3)]))
    found = check(cube)
    assert all(e.holds and e.grade == "statistical" and e.false_alarm == 1e-10 for e in found)
    # Six facets and the six of the box: the cube's excess against that of the best twelve half-spaces.
    assert 1 < min(e.observed / e.bound for e in found) < 5
    silent = Forged(cube.neurons, silent=True, width=6, dim=3)  # pyright: ignore[reportArgumentType]
    assert not any(e.holds for e in check(TrainedInstance(silent, cube.dataset)))  # pyright: ignore[reportArgumentType]


def test_what_lies_between_two_disks_is_unavoidable() -> None:
    check = claims()["A1"].check_run
    assert check is not None
    honest = world()
    union = Union(honest.regions[:2], disjoint=True)  # pyright: ignore[reportArgumentType]
    both = union.contains(honest.points)
    data = ConceptDataset(honest.points, both[:, None], ("both",), regions=(union,), ambient=honest.ambient)
    found = check(TrainedInstance(planted(data), data))
    assert all(e.holds for e in found)
    assert found[0].bound > 0


def test_a_question_about_the_data_alone_is_answered_once(instance: TrainedInstance) -> None:
    kept = (("S1", s1_one_neuron, "_separable"), ("S3", s3_units, "_separable"),
            ("A1", a1_irreducible, "_unavoidable"))  # fmt: skip
    for claim_id, module, name in kept:
        check = claims()[claim_id].check_run
        assert check is not None
        first = check(instance)
        question = getattr(module, name)
        asked = question.cache_info().misses
        data = instance.dataset
        again = ConceptDataset(
            data.points.copy(), data.membership.copy(), data.names, regions=data.regions, ambient=data.ambient
        )
        assert check(TrainedInstance(instance.neurons, again, None, instance.label)) == first
        assert question.cache_info().misses == asked > 0


def test_labelled_points_are_equal_by_content_and_side() -> None:
    one, other = np.zeros((1, 2)), np.ones((2, 2))
    assert Labelled(one, other) == Labelled(one.copy(), other.copy())
    assert hash(Labelled(one, other)) == hash(Labelled(one.copy(), other.copy()))
    assert Labelled(one, other) != Labelled(other, one)
    assert Labelled(one, other) != "points"
