"""F4: the detection lattice of an SAE planted for a lattice is that lattice."""

import numpy as np
import pytest
from fca.brute import BOOLEAN_3, M3, N5, random_context
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae.analysis import AnalysisConfig, analyse
from geosae.data.dataset import ConceptDataset
from geosae.fca import concept_lattice, stable_family
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import neurons_of
from geosae.sae.model import SparseAutoencoder

COPIES = 12


def detection_context(inside, copies=COPIES):
    """Plant half-spaces that hold exactly the marked ones of affinely independent points."""
    count, width = inside.shape
    corners = np.vstack([np.zeros((1, count - 1)), np.eye(count - 1)])
    signs = np.where(inside, 1.0, -1.0)
    planted = HalfSpaces((signs[1:] - signs[0]).T / 1.0, signs[0])
    names = tuple(f"c{k}" for k in range(count))
    data = ConceptDataset(
        np.repeat(corners, copies, axis=0), np.repeat(np.eye(count, dtype=bool), copies, axis=0), names
    )
    neurons = neurons_of(SparseAutoencoder.planted(planted))
    assert neurons.width == width
    return analyse(neurons, data, AnalysisConfig(tolerance=0.0)).context("detection", edges="point")


@settings(max_examples=25)
@given(st.integers(0, 100_000))
def test_a_lattice_is_recovered_from_the_encoder_planted_for_it(seed):
    lattice = concept_lattice(random_context(seed, most=6))
    standard = lattice.context.reduce()
    if len(standard.objects) < 2 or not standard.attributes:
        return
    learned = detection_context(standard.incidence)
    assert np.array_equal(learned.incidence, standard.incidence)
    found = concept_lattice(learned)
    wanted = concept_lattice(standard)
    assert list(found.extents) == list(wanted.extents)
    assert found.upper == wanted.upper
    assert len(found) == len(lattice)
    assert found.cover_count == lattice.cover_count


@pytest.mark.parametrize("context", [BOOLEAN_3, M3, N5])
def test_one_neuron_fewer_makes_another_lattice(context):
    context = context.reduce()
    whole = len(concept_lattice(context))
    for m in range(len(context.attributes)):
        rest = np.delete(context.incidence, m, axis=1)
        if rest.shape[1]:
            assert len(concept_lattice(detection_context(rest))) < whole


@pytest.mark.parametrize("context", [BOOLEAN_3, M3, N5])
def test_the_family_of_a_planted_sae_with_redundant_neurons_is_its_lattice(context):
    context = context.reduce()
    learned = detection_context(np.repeat(context.incidence, 4, axis=1))
    family = stable_family(learned, 4)
    wanted = {
        e
        for e, i in zip(concept_lattice(learned).extents, concept_lattice(learned).intents, strict=True)
        if i
    }
    assert {tuple(np.flatnonzero(row).tolist()) for row in family.extents} == wanted
