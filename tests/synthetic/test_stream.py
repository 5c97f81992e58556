"""Streams: the same bytes however they are read, any rows without those before, and the law they name."""

import tracemalloc
from itertools import pairwise

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic import stream, stream_names
from geosae_synthetic.stream import PointStream, keyed
from geosae_synthetic.stream_sources import ClusterSource, FeatureSource
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.data.storage import load_dataset, save_dataset
from geosae.geometry import InvalidInput
from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.registry import Ball

SMALL = {
    "superposition": {"features": 12, "rate": 0.2, "rank": 2, "roots": 2, "above": 0.1},
    "synthsaebench-16k": {"features": 200, "roots": 2},
}
POINTS = 10**9


def opened(name: str, seed: int = 0, points: int = POINTS, dim: int = 3) -> PointStream:
    return stream(name, seed, points=points, dim=dim, **SMALL.get(name, {}))


NAMES = stream_names()
WHOLE = {name: opened(name).rows(0, 20_000) for name in NAMES}


@few(25)
@given(st.sampled_from(NAMES), st.lists(st.integers(1, 19_999), max_size=6, unique=True).map(sorted))
def test_chunks_of_any_size_have_the_same_bytes(name: str, cuts: list[int]) -> None:
    fresh = opened(name)
    parts = [fresh.rows(a, b) for a, b in pairwise([0, *cuts, 20_000])]
    assert np.concatenate(parts).tobytes() == WHOLE[name].tobytes()


@settings(max_examples=20)
@given(st.sampled_from(NAMES), st.integers(0, POINTS - 20_000), st.integers(1, 9000), st.integers(0, 9000))
def test_rows_far_out_need_none_before_them(name: str, start: int, size: int, inside: int) -> None:
    wide = opened(name).block(start, start + size + inside)
    narrow = opened(name).rows(start + inside, start + inside + size)
    assert wide.points[inside:].tobytes() == narrow.tobytes()
    assert wide.holds.shape == (size + inside, len(opened(name).names))


@pytest.mark.parametrize("name", NAMES)
def test_the_length_changes_no_byte_and_seeds_and_blocks_do(name: str) -> None:
    assert opened(name, points=500).rows(0, 500).tobytes() == WHOLE[name][:500].tobytes()
    assert not np.array_equal(opened(name, seed=1).rows(0, 500), WHOLE[name][:500])
    rows = opened(name).source.rows
    assert not np.array_equal(WHOLE[name][:500], opened(name).rows(rows, rows + 500))
    assert WHOLE[name].dtype == np.float32
    assert len(np.unique(WHOLE[name][:2000], axis=0)) > 1000


def test_a_trainer_can_go_through_it() -> None:
    short = opened("disjoint-balls", points=10_000)
    parts = list(short)
    assert sum(map(len, parts)) == len(short) == 10_000
    assert np.concatenate(parts).tobytes() == WHOLE["disjoint-balls"][:10_000].tobytes()
    assert short.dim == 3


def test_memory_is_that_of_a_block_wherever_one_reads() -> None:
    long = opened("gaussian-clusters", dim=32)
    long.rows(0, 10)
    tracemalloc.start()
    for start in range(0, POINTS, POINTS // 40):
        long.rows(start, start + 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * long.source.rows * 32 * 4


def test_streamed_features_obey_their_forest_and_their_sums() -> None:
    source = stream("superposition", 3, points=POINTS, dim=8, features=14, roots=2, exclusive=1.0, rate=0.3)
    block = source.block(5_000, 25_000)
    names = {name: place for place, name in enumerate(source.names)}
    held = block.membership
    assert len(source.source.subsets) == 4
    for child, parent in source.source.subsets:
        assert held[:, names[child]].any()
        assert not (held[:, names[child]] & ~held[:, names[parent]]).any()
    assert not (held[:, 2] & held[:, 3]).any()
    assert source.source.directions is not None
    sums = block.coefficients.toarray() @ source.source.directions
    assert (block.points - sums).std() == pytest.approx(0.01, rel=0.05), "only the noise is left"


def test_a_height_splits_the_firing_into_held_and_not() -> None:
    block = stream("superposition", 0, points=9000, dim=4, above=1.0, rate=0.2).block(0, 9000)
    weights = block.coefficients.toarray()
    assert np.array_equal(block.membership, weights > 1.0)
    assert 0 < block.membership.sum() < (weights > 0).sum()


def test_streamed_balls_are_uniform_and_membership_is_the_oracles() -> None:
    found = stream("disjoint-balls", 0, points=POINTS, dim=4, concepts=3, background=0.0, radius=0.25)
    block = found.block(0, 30_000)
    regions = found.source.regions  # pyright: ignore[reportAttributeAccessIssue]
    inside = np.stack([region.contains(block.points.astype(float)) for region in regions], axis=1)
    assert np.array_equal(inside, block.membership)
    assert inside.any(axis=1).mean() > 0.999, "but for rounding at the surface"
    for region, held in zip(regions, inside.T, strict=True):
        assert isinstance(region, Ball)
        core = np.linalg.norm(block.points[held] - region.center, axis=1) < region.radius / 2
        low, high = clopper_pearson(np.array([core.sum()]), np.array([held.sum()]), 1e-6)
        assert low[0] <= 0.5**4 <= high[0], "half the radius holds a sixteenth"
        off = (block.points[held] - region.center).mean(axis=0)
        assert np.abs(off).max() < 6 * region.radius / held.sum() ** 0.5


@pytest.mark.parametrize("name", ["disjoint-balls", "nested-balls", "ball-tree"])
@pytest.mark.parametrize("dim", [2, 32])
def test_membership_by_one_product_is_what_the_oracles_say(name: str, dim: int) -> None:
    found = stream(name, 1, points=POINTS, dim=dim)
    block = found.block(0, 12_000)
    regions = found.source.regions  # pyright: ignore[reportAttributeAccessIssue]
    inside = np.stack([region.contains(block.points.astype(float)) for region in regions], axis=1)
    assert np.array_equal(inside, block.membership)
    assert 0 < inside.sum() < inside.size


def test_the_background_has_its_share_and_lies_in_the_box() -> None:
    found = stream("disjoint-balls", 0, points=POINTS, dim=5, concepts=2, background=0.3)
    held = found.block(0, 20_000).membership.any(axis=1).sum()
    low, high = clopper_pearson(np.array([held]), np.array([20_000]), 1e-6)
    regions = found.source.regions  # pyright: ignore[reportAttributeAccessIssue]
    share = 0.7 + 0.3 * sum(region.volume for region in regions) / 2**5
    assert low[0] <= share <= high[0]
    assert np.abs(found.rows(0, 20_000)).max() <= 1


def test_clusters_have_their_means_spreads_and_intrinsic_dimension() -> None:
    means, line = 5 * np.eye(3), np.array([[1.0], [1.0], [0.0]])
    source = ClusterSource(means, [line, np.eye(3), 0.1 * np.eye(3)])
    block = PointStream(source, 0, 30_000).block(0, 30_000)
    for k, shape in enumerate([line, np.eye(3), 0.1 * np.eye(3)]):
        mine = block.points[block.membership[:, k]].astype(float)
        assert abs(len(mine) - 10_000) < 500
        assert np.allclose(mine.mean(axis=0), means[k], atol=0.06)
        assert np.allclose(np.cov(mine.T), shape @ shape.T, atol=0.06)
    ranks = stream("heterogeneous-clusters", 0, points=10**6, dim=6, dimensions="1,3", deviation=0.6)
    block = ranks.block(0, 9000)
    for k, rank in enumerate((1, 3)):
        values = np.linalg.eigvalsh(np.cov(block.points[block.membership[:, k]].T))[::-1]
        assert np.allclose(values[:rank], 0.36 / rank, rtol=0.15)
        assert np.allclose(values[rank:], 0, atol=1e-6)


def test_a_slice_is_a_dataset_like_any_other(tmp_path) -> None:
    found = opened("superposition")
    data = found.dataset(0, 4000)
    assert data.points.tobytes() == WHOLE["superposition"][:4000].tobytes()
    assert data.provenance["stream"] == "superposition"
    assert data.seed == 0
    assert load_dataset(save_dataset(data, tmp_path / "slice.npz")).content_hash == data.content_hash


def test_the_world_of_a_stream_is_a_world_of_its_own_seed() -> None:
    one, two = (stream("superposition", seed, points=10, dim=4).source for seed in (0, 1))
    assert isinstance(one, FeatureSource)
    assert isinstance(two, FeatureSource)
    assert not np.allclose(one.world.directions, two.world.directions)
    assert geosae_synthetic.describe("superposition").name == "superposition"


# The flats of heterogeneous clusters are drawn anew by the stream.
OWN = ("synthsaebench-16k", "heterogeneous-clusters")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OWN])
def test_a_stream_follows_the_law_of_the_world_it_is_named_after(name: str) -> None:
    # The same generator builds the same world; its own points are compared with the streamed ones.
    world = geosae_synthetic.describe(name)
    values = world.admit(3, SMALL.get(name, {}))
    drawn = world.build(20_000, 3, keyed(5, 0), values)
    block = opened(name, seed=5).block(0, 40_000)
    shares = [part.mean(axis=0) for part in (drawn.membership, block.membership)]
    error = np.sqrt(shares[0] * (1 - shares[0]) * (1 / 20_000 + 1 / 40_000))
    assert (np.abs(shares[0] - shares[1]) < 6 * error + 1e-9).all()
    means = drawn.points.mean(axis=0) - block.points.mean(axis=0)
    spread = drawn.points.std(axis=0)
    assert (np.abs(means) < 6 * spread * np.sqrt(1 / 20_000 + 1 / 40_000)).all()
    assert np.allclose(spread, block.points.std(axis=0), rtol=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stream("disjoint-ball", 0, points=9, dim=2), "disjoint-balls"),
        (lambda: stream("formal-context", 0, points=9, dim=2), "not independent draws"),
        (lambda: stream("superposition", 0, points=9, dim=2, feature=3), "nearest valid one is 'features'"),
        (lambda: stream("synthsaebench-16k", 0, points=9, dim=2, step=3), "nearest valid one is 'steps'"),
        (lambda: stream("gaussian-clusters", 0, points=9, dim=2, deviation=0.0), "deviation = 0.0"),
        (lambda: stream("gaussian-clusters", 0, points=9, dim=2, truncate=1.0), "whole Gaussians"),
        (lambda: stream("synthsaebench-16k", 0, points=9, dim=64, features=9), "hold 10880 features"),
        (lambda: stream("disjoint-balls", 0, points=9, dim=2, gap=-1.0), "gap = -1.0"),
        (lambda: stream("disjoint-balls", 0, points=9, dim=2, concepts=99, radius=0.4), "cannot lie"),
        (lambda: stream("superposition", -1, points=9, dim=2), "'seed' is -1, where a number ≥ 0"),
        (lambda: stream("superposition", 0, points=0, dim=2), "0 points"),
        (lambda: opened("superposition").rows(5, 5), "no part"),
        (lambda: opened("superposition").rows(-1, 5), "no part"),
        (lambda: opened("superposition").block(0, POINTS + 1), "no part"),
        (lambda: ClusterSource(np.eye(2), np.ones(3)), "2 means against 3"),
    ],
)
def test_bad_requests_are_refused_by_name(call, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        call()
