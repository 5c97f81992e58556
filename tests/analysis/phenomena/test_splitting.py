import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phenomena_worlds import FiringSets, planted, two_blobs

from geosae.analysis.phenomena import splits, tiling
from geosae.analysis.phenomena._apart import Apart, apart, parts_of
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry import Separated


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
    assert found.clean
    assert found.record.clean is True
    assert 2 * found.margin <= found.apart.distance
    # The disks' centres are 6 apart and reach 0.7 around; the sample's holes are small beside that.
    assert 4.6 <= found.apart.distance < 5
    assert found.apart.resolution < 0.5


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
        assert not cut.clean
        assert cut.apart.distance <= cut.apart.resolution
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
    assert (nothing.apart, nothing.clean) == (Apart(), False)
    assert not part.clean


def test_a_coarse_neuron_split_kept_or_lost_by_a_finer_sae(rng):
    data = two_blobs(rng)
    coarse = FiringSets(2, lambda x: x[:, 1] > -1.5, lambda x: x[:, 0] > 2, lambda x: x[:, 1] < -9)
    fine = planted([[1, 0], [-1, 0]], [-1, -1])
    found = splits(coarse, fine, data)
    assert [(c.target, c.kind) for c in found.cuts] == [(0, "split"), (1, "whole")]
    assert found.cuts[1].whole == 0
    assert found.kinds == {"whole": 1, "split": 1, "tiled": 0, "partial": 0}
    assert (found.clean, [c.clean for c in found.cuts]) == (1, [True, False])
    lost = splits(coarse, planted([[0, -1]], [-2]), data)
    assert lost.kinds["partial"] == 2


def test_a_clean_split_is_found_beside_larger_neurons_that_cut_through(rng):
    data = two_blobs(rng)
    # The first two share "both" across the gap and would be taken first for their size.
    across = planted([[0, 1], [0, -1], [1, 0], [-1, 0]], [0, 0, -1, -1])
    found = tiling(across, data, "both", within=True)
    assert (sorted(found.pieces), found.clean) == ([2, 3], True)
    cut = tiling(planted([[0, 1], [0, -1]], [0, 0]), data, "both", within=True)
    assert (cut.kind, cut.clean) == ("split", False)


def test_pieces_that_leave_a_gap_in_a_connected_concept_are_no_clean_split(rng):
    """The gap that is left over lowers what the sample resolves, however wide it is."""
    x = np.linspace(0, 1, 2001)[:, None]
    line = ConceptDataset(x, x > -1, ("line",), allow_trivial=True)
    for gap in (0.0, 0.02, 0.08):
        ends = FiringSets(1, lambda p, g=gap: p[:, 0] < 0.5 - g / 2, lambda p, g=gap: p[:, 0] > 0.5 + g / 2)
        found = tiling(ends, line, 0, within=True)
        assert found.kind == "split"
        assert found.apart.distance == pytest.approx(gap, abs=0.01)
        assert found.apart.bridged
        assert not found.clean


@given(st.integers(2, 3), st.integers(2, 4), st.sampled_from(["ball", "shell"]), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_no_partition_of_a_connected_cloud_is_clean(dim, pieces, shape, seed):
    """Random nearest-centre partitions: P1 holds for each, and not for a cloud torn in two."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((1200, dim))
    x *= (rng.uniform(0.6 if shape == "shell" else 0, 1, 1200) / np.linalg.norm(x, axis=1))[:, None]
    centres = rng.standard_normal((pieces, dim))
    owner = np.linalg.norm(x[:, None] - centres, axis=2).argmin(axis=1)
    held = owner[:, None] == np.unique(owner)
    assume(np.count_nonzero(held[:600].any(axis=0)) > 1)
    assert apart(held[:600], x[:600], x).bridged
    first = held[:, [int(np.argmax(held[:600].any(axis=0)))]]
    torn = x + 10 * first
    assert not apart(np.hstack([first, ~first])[:600], torn[:600], torn).bridged


def test_connected_parts_are_labelled_and_degenerate_clouds_are_one_part(rng):
    x = rng.uniform(0, 1, (500, 2))
    assert len(np.unique(parts_of(x))) == 1
    label = np.repeat([0, 1, 2], [200, 150, 150])
    found = parts_of(x + 4.0 * label[:, None])
    assert [len(np.unique(found[label == k])) for k in range(3)] == [1, 1, 1]
    assert len(np.unique(found)) == 3
    assert parts_of(np.zeros((0, 2))).tolist() == []
    assert parts_of(np.zeros((5, 2))).tolist() == [0] * 5
    many = np.repeat(x + 4.0 * label[:, None], 20, axis=0)  # more points than are looked at
    assert len(np.unique(parts_of(many))) == 3
    assert apart(np.zeros((3, 2), dtype=bool), np.zeros((3, 1)), np.zeros((3, 1))) == Apart()
    both = np.array([[1, 1], [1, 1], [1, 0]], dtype=bool)
    assert apart(both, np.zeros((3, 1)), np.zeros((3, 1))) == Apart()  # the second has no point alone


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
