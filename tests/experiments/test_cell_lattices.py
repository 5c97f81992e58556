"""What a cell stores of its lattice: the comparison, sizes along ε, and both maps with what breaks F3."""

import numpy as np
import pytest

from geosae.analysis import analyse
from geosae.data.dataset import ConceptDataset
from geosae.experiments.cell_lattices import ALONG, CellLattices, store_lattices, truth_context
from geosae.fca import compare, count_concepts
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import neurons_of
from geosae.sae.model import SparseAutoencoder
from geosae.storage.structure import read_record


def test_everything_of_a_lattice_is_stored_and_can_be_read_back(tmp_path):
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (2000, 2))
    corner = (points > 0).all(axis=1)
    membership = np.stack([points[:, 0] > 0, points[:, 1] > 0.2, corner], axis=1)
    dataset = ConceptDataset(points, membership, ("right", "up", "corner"))
    planted = HalfSpaces(rng.standard_normal((24, 2)), rng.uniform(-0.4, 0.6, 24))
    alignment = analyse(neurons_of(SparseAutoencoder.planted(planted)), dataset)
    figures = store_lattices(alignment, dataset, tmp_path, seed=0)
    stored = read_record(tmp_path / "lattice.json", CellLattices)

    comparison = compare(truth_context(dataset), alignment.context("detection"))
    for name in ("exact_recall", "cophenetic", "precision", "order_kept"):
        expected = getattr(comparison, name)
        assert getattr(stored.comparison, name) == pytest.approx(expected, nan_ok=True)
    assert figures.exact_recall == comparison.exact_recall
    assert stored.comparison.floor is not None
    assert stored.comparison.swapped is not None
    # No ambient measure, no approximation.
    assert set(stored.along) == {"detection", "separation"}
    assert [size.tolerance for size in stored.along["detection"]] == sorted(ALONG)
    for size in stored.along["detection"]:
        assert size.complete
        assert size.concepts == count_concepts(alignment.context("detection", size.tolerance)).found
    assert [concept.concept for concept in stored.round_trips.concepts] == list(dataset.names)
    # The corner lies in "right": a neuron that has "right" has it too, up to the tolerance.
    context = alignment.context("detection").incidence
    broken = {("corner", "right"): np.flatnonzero(context[0] & ~context[2])}
    violations = {(child, parent): neurons for child, parent, neurons in stored.round_trips.violations}
    for pair, neurons in broken.items():
        names = tuple(alignment.context("detection").attributes[i] for i in neurons)
        assert violations.get(pair, ()) == names
