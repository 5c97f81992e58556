"""What a cell stores of its lattice: the comparison, sizes along ε, and both maps with what breaks F3."""

import numpy as np
import pytest

from geosae.analysis import analyse
from geosae.data.dataset import ConceptDataset
from geosae.experiments.cell_lattices import ALONG, store_lattices, truth_context
from geosae.fca import LatticeComparison, compare, count_concepts
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import neurons_of
from geosae.sae.model import SparseAutoencoder
from geosae.storage.files import read_json


def test_everything_of_a_lattice_is_stored_and_can_be_read_back(tmp_path):
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (2000, 2))
    corner = (points > 0).all(axis=1)
    membership = np.stack([points[:, 0] > 0, points[:, 1] > 0.2, corner], axis=1)
    dataset = ConceptDataset(points, membership, ("right", "up", "corner"))
    planted = HalfSpaces(rng.standard_normal((24, 2)), rng.uniform(-0.4, 0.6, 24))
    alignment = analyse(neurons_of(SparseAutoencoder.planted(planted)), dataset)
    figures = store_lattices(alignment, dataset, tmp_path, seed=0)
    stored = read_json(tmp_path / "lattice.json")

    found = compare(truth_context(dataset), alignment.context("detection"))
    for name in ("exact_recall", "cophenetic", "precision", "order_kept"):
        value = getattr(found, name)
        assert stored["comparison"][name] == (None if np.isnan(value) else pytest.approx(value))
    assert figures["exact_recall"] == found.exact_recall
    assert set(stored["comparison"]["swapped"]) <= set(LatticeComparison.__annotations__)
    # No ambient measure, no approximation.
    assert set(stored["along"]) == {"detection", "separation"}
    assert [step[0] for step in stored["along"]["detection"]] == sorted(ALONG)
    for tolerance, count, complete in stored["along"]["detection"]:
        assert complete
        assert count == count_concepts(alignment.context("detection", tolerance)).found
    assert [row["concept"] for row in stored["maps"]["concepts"]] == list(dataset.names)
    # The corner lies in "right": a neuron that has "right" has it too, up to the tolerance.
    context = alignment.context("detection").incidence
    broken = {("corner", "right"): np.flatnonzero(context[0] & ~context[2])}
    told = {(child, parent): neurons for child, parent, neurons in stored["maps"]["violations"]}
    for pair, neurons in broken.items():
        assert told.get(pair, []) == [alignment.context("detection").attributes[i] for i in neurons]
