import numpy as np
import pytest

from geosae.analysis import along_tolerances, analyse, levels_of
from geosae.data.dataset import ConceptDataset
from geosae.fca import concept_lattice, nested, sizes_along
from geosae.fca.context import FormalContext
from geosae.geometry import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import neurons_of
from geosae.sae.model import SparseAutoencoder


def alignment():
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (4000, 2))
    membership = np.stack([points[:, 0] > 0, points[:, 1] > 0.2, (points > 0).all(axis=1)], axis=1)
    planted = HalfSpaces(rng.standard_normal((24, 2)), rng.uniform(-0.4, 0.6, 24))
    dataset = ConceptDataset(points, membership, ("right", "up", "corner"))
    return analyse(neurons_of(SparseAutoencoder.planted(planted)), dataset)


def test_levels_of_an_alignment_are_nested_and_give_back_each_notion():
    al = alignment()
    levels = levels_of(al, 0.3)
    assert levels.levels == ("detection", "separation")
    for notion in levels.levels:
        assert np.array_equal(levels.view(notion).incidence, al.context(notion, 0.3).incidence)
    assert levels.crosses[0] > levels.crosses[1] > 0
    # One lattice with every view in it: extents of a level are extents of the whole.
    whole = set(concept_lattice(levels.context).extents)
    for notion in levels.levels:
        assert set(concept_lattice(levels.view(notion)).extents) <= whole


def test_tolerances_are_nested_and_their_lattices_are_counted():
    levels = along_tolerances(alignment(), "detection", [0.01, 0.3, 0.1])
    assert levels.levels == ("0.3", "0.1", "0.01")
    assert list(levels.crosses) == sorted(levels.crosses, reverse=True)
    counts = sizes_along(levels)
    assert all(count.complete for count in counts)
    assert [c.found for c in counts] == [len(concept_lattice(levels.view(name))) for name in levels.levels]


def test_levels_that_are_not_nested_are_refused_by_the_cross():
    wide, narrow = FormalContext.from_array([[True, False]]), FormalContext.from_array([[False, True]])
    with pytest.raises(InvalidInput, match=r"\(g0, m1\) and 0 more"):
        nested({"weak": wide, "strong": narrow})
    with pytest.raises(InvalidInput, match="other objects"):
        nested({"weak": wide, "strong": FormalContext.from_array([[True]])})
    with pytest.raises(InvalidInput, match="no level"):
        nested({})
    with pytest.raises(InvalidInput, match="separation"):
        nested({"detection": wide}).view("separation")
