import numpy as np
import pytest
from phenomena_worlds import FiringSets, planted, two_blobs

from geosae.analysis.phenomena import splits, tiling
from geosae.geometry import InvalidInput, Separated


def test_two_half_spaces_split_the_two_blobs_with_a_margin(rng):
    data = two_blobs(rng)
    found = tiling(planted([[1, 0], [-1, 0]], [-1, -1]), data, "both")
    assert found.kind == "split"
    assert sorted(found.pieces) == [0, 1]
    assert found.missing.value == found.overlap.value == found.off.value == 0
    assert found.missing.high > 0
    assert found.shared.value == 0
    assert isinstance(found.gaps[0].certificate, Separated)
    assert found.gaps[0].certificate.check().margin > 2


def test_overlapping_slabs_of_a_connected_concept_tile_it(rng):
    data = two_blobs(rng)
    # Along y the blob spans [−0.7, 0.7]: two caps that overlap in the middle third.
    neurons = planted([[0, 1], [0, -1]], [0.3, 0.3])
    found = tiling(neurons, data, "right", within=True)
    assert found.kind == "tiled"
    assert found.overlap.low > 0.3
    assert found.missing.value == 0


def test_a_partition_within_a_crowd_is_a_split_whose_points_are_shared_all_the_same(rng):
    data = two_blobs(rng)
    crowd = planted([[1, 0], [-1, 0], [1, 0], [-1, 0], [1, 0]], [-1, -1, -1.1, -1.1, 9])
    found = tiling(crowd, data, "both", within=True)
    assert found.kind == "whole"  # the last one fires everywhere
    assert len(found.pieces) == 2
    assert (found.overlap.value, found.shared.value) == (0.0, 1.0)


def test_a_cut_through_a_connected_concept_leaves_no_margin_in_the_limit():
    margins = []
    for count in (100, 1000):
        data = two_blobs(np.random.default_rng(1), count)
        cut = tiling(planted([[0, 1], [0, -1]], [0, 0]), data, "right", within=True)
        assert cut.kind == "split"
        margins.append(cut.margin)
    assert margins[1] < margins[0] / 2


def test_one_neuron_that_has_the_concept_is_whole_and_none_is_partial(rng):
    data = two_blobs(rng)
    assert tiling(planted([[1, 0]], [-1]), data, "right").kind == "whole"
    part = tiling(planted([[1, 0]], [-3]), data, "right")
    assert part.kind == "partial"
    assert part.missing.value == pytest.approx(0.5, abs=0.15)
    nothing = tiling(planted([[1, 0]], [-9]), data, "right")
    assert (nothing.kind, nothing.pieces, nothing.margin) == ("partial", (), None)


def test_a_coarse_neuron_split_kept_or_lost_by_a_finer_sae(rng):
    data = two_blobs(rng)
    coarse = FiringSets(2, lambda x: x[:, 1] > -1.5, lambda x: x[:, 0] > 2, lambda x: x[:, 1] < -9)
    fine = planted([[1, 0], [-1, 0]], [-1, -1])
    found = splits(coarse, fine, data)
    assert [(c.target, c.kind) for c in found.cuts] == [(0, "split"), (1, "whole")]
    assert found.cuts[1].whole == 0
    assert found.kinds == {"whole": 1, "split": 1, "tiled": 0, "partial": 0}
    lost = splits(coarse, planted([[0, -1]], [-2]), data)
    assert lost.kinds["partial"] == 2


def test_noise_is_no_split(rng):
    data = two_blobs(rng)
    random = FiringSets(2, *[lambda x, s=s: np.sin(1e6 * s * x.sum(axis=1)) > 0.7 for s in range(1, 9)])
    assert tiling(random, data, "both").kind == "partial"


def test_a_concept_without_points_and_a_silent_sae_are_refused(rng):
    data = two_blobs(rng)
    with pytest.raises(InvalidInput, match="no concept"):
        tiling(planted([[1, 0]], [0]), data, "middle")
    with pytest.raises(InvalidInput, match="no neuron"):
        splits(planted([[1, 0]], [-9]), planted([[1, 0]], [0]), data)
    with pytest.raises(InvalidInput, match="tolerance"):
        tiling(planted([[1, 0]], [0]), data, "both", tolerance=1.5)
