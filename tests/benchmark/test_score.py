"""The score: the truth gets all of it, cheats get none, and what only fires and reconstructs is enough."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from benchmark_folders import benchmark_of

from geosae.benchmark import KINDS, score
from geosae.benchmark.files import Benchmark
from geosae.benchmark.rivals import rival
from geosae.benchmark.score import ARMS, RIVALS
from geosae.errors import InvalidInput
from geosae.sae.gates import TopK
from geosae.sae.model import SparseAutoencoder

NOTHING = ("detected_by_neurons", "detected_by_units", "separated_by_neurons", "separated_by_units")


@dataclass(frozen=True, eq=False)
class Cheat:
    """Neurons that fire as they are told, and reconstruct every point without an error."""

    dim: int
    width: int
    table: dict[bytes, np.ndarray] = field(default_factory=dict)
    always: bool = False

    def fires(self, points: np.ndarray) -> np.ndarray:
        fires = np.full((len(points), self.width), self.always)
        for row, point in enumerate(points.astype(np.float32)):
            if point.tobytes() in self.table:
                fires[row] = self.table[point.tobytes()]
        return fires

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        return points


def always_on(benchmark: Benchmark) -> Cheat:
    return Cheat(benchmark.card.dim, 8, always=True)


def a_neuron_per_point(benchmark: Benchmark) -> Cheat:
    points = np.asarray(benchmark.points("fit"))[:512]
    return Cheat(benchmark.card.dim, 512, {p.tobytes(): np.arange(512) == k for k, p in enumerate(points)})


def labels_by_heart(benchmark: Benchmark) -> Cheat:
    """A neuron per concept that knows the label of every point to train and to fit on, and of no other."""
    table: dict[bytes, np.ndarray] = {}
    for split in ("train", "fit"):
        rows = zip(np.asarray(benchmark.points(split)), np.asarray(benchmark.membership(split)), strict=True)
        table |= {point.tobytes(): labels for point, labels in rows}
    return Cheat(benchmark.card.dim, len(benchmark.card.concepts), table)


@pytest.mark.parametrize("cheat", [always_on, a_neuron_per_point, labels_by_heart])
@pytest.mark.parametrize("name", ["balls", "lattice-divisors"])
def test_an_sae_that_cheats_gets_no_credit(cheat, name: str) -> None:
    benchmark = benchmark_of(name)
    numbers = score(cheat(benchmark), benchmark).arms["sae"].numbers
    assert [getattr(numbers, each) for each in NOTHING] == [0.0] * 4
    assert numbers.fvu == 0  # it reconstructs, which is no credit here
    assert numbers.error_of_units > 0.2
    assert np.isnan(numbers.implication_gain) or numbers.implication_gain <= 0


def test_the_truth_gets_all_of_it_and_floors_get_none() -> None:
    benchmark = benchmark_of("superposition-1")
    planted = rival("planted", None, benchmark, 0)
    card = score(planted.sae, benchmark, name="planted")
    numbers = card.arms["sae"].numbers
    assert (numbers.separated_by_neurons, numbers.detected_by_neurons, numbers.lattice_recall) == (1, 1, 1)
    assert numbers.error_of_neurons == 0
    for floor in ("shuffled labels", "untrained", "frozen decoder"):
        arm = card.arms[floor].numbers
        assert (arm.separated_by_neurons, arm.separated_by_units) == (0, 0)
    assert card.arms["shuffled labels"].numbers.f1_of_units < 0.2
    assert tuple(card.arms) == ARMS
    assert card.released


def test_every_number_has_its_formula_and_says_which_way_is_better() -> None:
    assert {kind.better for kind in KINDS.values()} == {"more", "less", "neither"}
    assert all(len(kind.formula) > 10 for kind in KINDS.values())


def test_what_only_fires_and_reconstructs_has_no_rival_with_its_gate() -> None:
    card = score(always_on(benchmark_of("ring")), benchmark_of("ring"))
    assert "gate of a Cheat is not known" in card.arms["untrained"].missing
    assert not card.arms["probe"].missing
    assert set(card.arms) == {"sae", "shuffled labels", *RIVALS}


def test_an_sae_of_another_dimension_is_refused() -> None:
    with pytest.raises(InvalidInput, match="dimension"):
        score(SparseAutoencoder(3, 8, TopK(2)), benchmark_of("balls"))


def test_the_same_seed_gives_the_same_card() -> None:
    benchmark = benchmark_of("ring")
    sae = rival("untrained", SparseAutoencoder(2, 8, TopK(1)), benchmark, 3).sae
    assert repr(score(sae, benchmark, seed=1)) == repr(score(sae, benchmark, seed=1))
