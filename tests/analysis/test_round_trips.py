import numpy as np
from analysis.planted import random_dataset, random_planted
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis import AnalysisConfig, analyse, learning_and_interpretation
from geosae.analysis.agreement import agreement
from geosae.data.dataset import ConceptDataset
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import neurons_of
from geosae.sae.model import SparseAutoencoder


def planted(parent_offset):
    """Return an analysis: neuron 0 cuts out the child x > 1/2, neuron 1 its parent x > 0."""
    x = np.linspace(-1, 1, 401)
    points = np.stack([x, np.zeros_like(x)], axis=1)
    dataset = ConceptDataset(points, np.stack([x > 0.5, x > 0], axis=1), ("child", "parent"))
    w = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    sae = SparseAutoencoder.planted(HalfSpaces(w, np.array([-0.5, parent_offset, -1.0])))
    return dataset, analyse(neurons_of(sae), dataset, AnalysisConfig(tolerance=0.0))


def test_neurons_made_for_a_concept_are_read_back_as_it():
    dataset, al = planted(0.0)
    maps = learning_and_interpretation(al, "separation", edges="point", hierarchy=dataset.hierarchy)
    assert [(c.concept, c.best_neuron, c.read_back, c.mutual) for c in maps.concepts] == [
        ("child", 0, "child", True),
        ("parent", 1, "parent", True),
    ]
    assert [(n.neuron, n.best_concept, n.learned_by, n.mutual) for n in maps.neurons] == [
        (0, "child", 0, True),
        (1, "parent", 1, True),
    ]
    assert maps.mutual_rate == 1.0


def test_the_parent_alone_is_no_extent_of_detection_and_the_child_is():
    dataset, al = planted(0.0)
    maps = learning_and_interpretation(al, "detection", edges="point", hierarchy=dataset.hierarchy)
    child, parent = maps.concepts
    # What detects the parent detects the child (F3), so the parent's closure holds the child.
    assert child.closed
    assert not parent.closed
    assert parent.siblings == ("child",)
    assert maps.closed_share == 0.5
    assert maps.violations == ()
    assert maps.mutual_rate == agreement(al.detection).rate
    # Neuron 1 detects both; neuron 0 the child only, and so does whatever detects the child: {0}″ = {0, 1}.
    assert [(n.neuron, n.closed) for n in maps.neurons] == [(0, False), (1, True)]


def test_a_neuron_that_detects_the_parent_but_not_the_child_violates_the_hierarchy():
    dataset, al = planted(0.0)
    # Said to lie within, though it does not: the "child" is then not detected where the parent is.
    forged = dataset.hierarchy.copy()
    forged[1, 0] = True
    maps = learning_and_interpretation(al, "detection", edges="point", hierarchy=forged)
    assert maps.violations == (("parent", "child", ("n0",)),)
    assert learning_and_interpretation(al, "detection").violations == ()


@given(st.integers(0, 2000))
def test_closures_by_their_definition(seed):
    rng = np.random.default_rng(seed)
    config = AnalysisConfig(tolerance=0.3, floor=False)
    al = analyse(random_planted(rng, 6, 2), random_dataset(rng, 80, 2, 3), config)
    detects = al.context("detection", edges="point").incidence
    maps = learning_and_interpretation(al, "detection", edges="point")
    assert [n.neuron for n in maps.neurons] == np.flatnonzero(detects.any(axis=0)).tolist()
    for n in maps.neurons:
        with_it = detects[detects[:, n.neuron]].all(axis=0)
        assert n.closed == (np.flatnonzero(with_it).tolist() == [n.neuron])
    for k, c in enumerate(maps.concepts):
        with_it = detects[:, detects[k]].all(axis=1)
        assert [al.concepts[i] for i in np.flatnonzero(with_it) if i != k] == list(c.siblings)
        assert c.closed == (not c.siblings)
