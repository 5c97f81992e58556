import json

import numpy as np
import pytest
from phenomena_worlds import FiringSets, planted
from scipy import stats

from geosae.analysis.phenomena import dead_and_dense, families, hedging
from geosae.analysis.phenomena.families import _tail
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.sae import SparseAutoencoder, TopK
from geosae.storage.structure import to_json


def cloud(rng, count=1000, dim=2) -> ConceptDataset:
    x = rng.uniform(-1, 1, (count, dim))
    return ConceptDataset(x, x[:, :1] > 0, ("right",))


def linear(rng, *, pairs: float, count=2000) -> ConceptDataset:
    """Three orthonormal features; the second fires with the first in a share `pairs` of its points."""
    first = rng.random(count) < 0.3
    second = np.where(rng.random(count) < pairs, first, rng.random(count) < 0.3)
    member = np.column_stack([first, second, rng.random(count) < 0.3])
    return ConceptDataset(member * rng.uniform(0.5, 1.5, (count, 1)), member, ("a", "b", "c"),
                          directions=np.eye(3))  # fmt: skip


def test_hedged_neurons_are_those_whose_atom_mixes(rng):
    data = linear(rng, pairs=0.7)
    found = hedging(planted([[1, 1, 0], [0, 0, 1], [0, 0.1, 1]], [0, 0, 0]), data)
    (mixed,) = found.hedged
    assert (mixed.neuron, {mixed.first, mixed.second}) == (0, {"a", "b"})
    assert mixed.second_cosine == pytest.approx(0.5**0.5)
    assert mixed.correlation > 0.5
    assert mixed.on_both == 1.0
    assert found.share == pytest.approx(1 / 3)
    assert 0 < found.floor <= 1
    json.dumps(to_json(found), allow_nan=False)


def test_pure_neurons_of_similar_directions_are_not_hedged(rng):
    # Directions at 20° from one another: each atom is one direction, and its cosine with the other is 0.94.
    directions = np.array([[1.0, 0.0], [np.cos(0.35), np.sin(0.35)]])
    member = rng.random((500, 2)) < 0.5
    data = ConceptDataset(member @ directions, member, ("a", "b"), directions=directions)
    found = hedging(planted(directions, [0, 0]), data)
    assert found.hedged == ()
    assert found.mean_second == pytest.approx(0, abs=1e-9)


def test_random_atoms_are_hedged_as_often_as_the_floor_says(rng):
    data = linear(rng, pairs=0.0)
    found = hedging(planted(rng.standard_normal((1500, 3)), np.full(1500, 0.5)), data)
    assert found.share == pytest.approx(found.floor, abs=0.05)


def test_hedging_needs_directions(rng):
    with pytest.raises(InvalidInput, match="directions"):
        hedging(planted([[1, 0]], [0]), cloud(rng))


def test_dead_and_dense_neurons_are_told_with_their_distance(rng):
    data = cloud(rng)
    found = dead_and_dense(planted([[1, 0], [1, 0], [1, 0], [0, 0]], [-3, 0.9, -0.5, -1]), data)
    assert (found.dead, found.dense, found.surely_dense) == ((0, 3), (1,), (1,))
    nearest = 3 - data.points[:, 0].max()
    assert found.distance[:3] == pytest.approx([nearest, 0, 0])
    assert found.distance[3] == np.inf
    assert 0 < found.rate_of_dead < 0.02
    json.dumps(to_json(found.record), allow_nan=False)


def test_a_topk_sae_has_no_distance_and_half_is_not_dense():
    x = np.array([[1.0], [2.0], [-1.0], [-2.0]])
    data = ConceptDataset(x, x > 0, ("positive",))
    assert dead_and_dense(SparseAutoencoder(1, 4, TopK(k=2)), data).distance is None
    assert dead_and_dense(planted([[1]], [0]), data).dense == ()


def test_families_grow_around_common_points_only(rng):
    data = cloud(rng)
    # Three arcs around the disk, any two of which meet beyond chance, without a point common to all three.
    angle = [0.0, 2 * np.pi / 3, 4 * np.pi / 3]

    def near(a):
        return lambda x: np.cos(np.arctan2(x[:, 1], x[:, 0]) - a) > 0.45

    sectors = FiringSets(2, *[near(a) for a in angle])
    assert families(sectors, data).found == ()
    same = FiringSets(2, near(0.0), near(0.1), near(0.2), near(np.pi))
    found = families(same, data)
    assert [sorted(f.neurons) for f in found.found] == [[0, 1, 2]]
    assert found.found[0].lift > 2
    assert len(found.found[0].points) == found.found[0].common.hits
    assert (found.beyond, found.pairs, found.cut) == (3, 6, False)


def test_independent_neurons_are_no_family():
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = rng.random((300, 12)) < 0.3
        data = ConceptDataset(np.arange(300.0)[:, None], np.arange(300)[:, None] > 5, ("late",))
        neurons = FiringSets(
            1, *[lambda x, j=j, table=table: table[x[:, 0].astype(int), j] for j in range(12)]
        )
        hits += families(neurons, data).beyond > 0
    # At most 5 % of runs: 7 or more of 40 has probability below 0.004.
    assert hits < 7


@pytest.mark.parametrize(("both", "one", "other"), [(3, 10, 20), (10, 10, 20), (0, 4, 5), (7, 50, 60)])
def test_the_tail_is_that_of_the_hypergeometric_law(both, one, other):
    assert _tail(both, one, other, 100) == pytest.approx(stats.hypergeom.sf(both - 1, 100, one, other))


def test_the_list_of_families_can_be_cut_short(rng):
    data = cloud(rng)
    pairs = FiringSets(2, *[lambda x, a=a: np.abs(x[:, 0] - a) < 0.1 for a in (-0.8, -0.8, 0, 0, 0.8, 0.8)])
    assert len(families(pairs, data).found) == 3
    cut = families(pairs, data, most=1)
    assert (len(cut.found), cut.cut) == (1, True)
