import numpy as np
import pytest
from phenomena_worlds import FiringSets, planted, three_on_a_line

from geosae.analysis.phenomena import absorption
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry import HalfSpaces, Inseparable, Separated
from geosae.sae import SparseAutoencoder, TopK, neurons_of


def test_a_planted_absorption_between_child_and_outside_is_possible_for_a_half_space(rng):
    data = three_on_a_line(rng, "ocr")
    found = absorption(planted([[1], [-1]], [-5.5, 5.5]), data, "parent", "child")
    assert (found.parent_neuron, found.child_neuron, found.keeper) == (0, 1, None)
    assert found.absorbed
    assert isinstance(found.feasible.check(), Separated)
    assert found.exact == (0,)
    assert not absorption(
        planted([[1], [-1]], [-5.5, 5.5]), three_on_a_line(rng, "cro"), "parent", "child"
    ).can


@pytest.mark.parametrize("first", [0, 1])
def test_a_neuron_that_has_the_whole_parent_refutes_absorption(rng, first):
    data = three_on_a_line(rng, "ocr")
    rows = [([1], -5.5), ([1], -2.5)]
    order = [rows[first], rows[1 - first], ([-1], 5.5)]
    found = absorption(planted(*zip(*order, strict=True)), data, "parent", "child")
    assert found.keeper == found.parent_neuron == 1 - first
    assert not found.absorbed


def test_with_a_neuron_of_the_childs_own_it_counts_as_absorbed(rng):
    data = three_on_a_line(rng, "orc")
    own = FiringSets(1, lambda x: (x[:, 0] > 2.5) & (x[:, 0] < 5.5), lambda x: x[:, 0] > 5.5)
    found = absorption(own, data, "parent", "child")
    assert (found.parent_neuron, found.child_neuron, found.absorbed) == (0, 1, True)
    assert found.silent.value == 1
    assert found.effect.low > 0.9
    # The rest lies between outside and child: no half-line can do what these foreign neurons do.
    assert isinstance(found.feasible.check(), Inseparable)
    assert found.absolute is None
    assert found.mixed is None


def test_no_absorption_where_the_parents_neuron_fires_on_the_child(rng):
    data = three_on_a_line(rng, "orc")
    found = absorption(planted([[1], [1]], [-2.5, -5.5]), data, "parent", "child")
    assert (found.absorbed, found.silent.value, found.effect.value) == (False, 0.0, 0.0)
    assert found.mixed == pytest.approx(1.0)


def test_a_neuron_that_is_silent_on_siblings_too_is_no_absorption(rng):
    data = three_on_a_line(rng, "orc")
    half = FiringSets(1, lambda x: (x[:, 0] > 3.5) & (x[:, 0] < 5), lambda x: x[:, 0] > 5.5)
    found = absorption(half, data, "parent", "child")
    assert found.silent.value == 1
    assert not found.absorbed
    assert 0.3 < found.effect.value < 0.7


def test_topk_absorbs_an_interior_child_that_no_half_space_can(rng):
    # Theory G2: for K = 2 a kept set need not be convex; the child lies between its two siblings.
    data = three_on_a_line(rng, "rcroooo")
    far = data.membership[:, 0] | (data.points[:, 0] > 17)
    data = ConceptDataset(data.points[far] - 3.5, data.membership[far], data.names)
    sae = SparseAutoencoder(1, 5, TopK(k=2))
    # z₁ = 1 everywhere loses to two others near 0 (the child), and to two others far out (outside).
    sae.set_weights(
        W_enc=np.array([[0.0], [0.5], [-0.5], [1.0], [1.0]], np.float32),
        b_enc=np.array([1.0, 2.0, 2.0, -10.0, -10.5], np.float32),
    )
    neurons = neurons_of(sae)
    found = absorption(neurons, data, "parent", "child")
    assert found.absolute is False
    assert isinstance(found.feasible, Inseparable)
    assert 0 in found.exact


@pytest.mark.parametrize("seed", range(5))
def test_no_half_space_ever_does_what_geometry_forbids(seed):
    rng = np.random.default_rng(seed)
    data = three_on_a_line(rng, "rcro")
    neurons = planted(rng.standard_normal((200, 1)), 6 * rng.standard_normal(200))
    found = absorption(neurons, data, "parent", "child")
    assert found.absolute is True
    assert not found.can
    assert found.exact == ()


def test_swapped_and_improper_parts_are_refused(rng):
    data = three_on_a_line(rng, "orc")
    neurons = planted([[1]], [0])
    with pytest.raises(InvalidInput, match="no proper part"):
        absorption(neurons, data, "child", "parent")
    with pytest.raises(InvalidInput, match="no proper part"):
        absorption(neurons, data, "parent", "parent")


def test_a_silent_sae_absorbs_nothing(rng):
    data = three_on_a_line(rng, "orc")
    found = absorption(neurons_of(SparseAutoencoder.planted(HalfSpaces(np.ones((2, 1)), np.full(2, -99.0)))),
                       data, "parent", "child")  # fmt: skip
    assert (found.parent_neuron, found.child_neuron, found.absorbed) == (None, None, False)
    assert found.record.parent_neuron is None
