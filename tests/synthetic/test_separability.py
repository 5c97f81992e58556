"""Random labels against Cover's count, conflicts against the engine, Gaussians against their settings."""

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.conflicts import fewest, separable_share
from geosae_synthetic.fast_sampling import FastSampler
from geosae_synthetic.placing import simplex
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry import Ball, SmallestUnit, clopper_pearson, smallest_unit

RARE = 1e-9


def make(name: str, dim: int = 2, points: int = 1200, seed: int = 0, **params) -> ConceptDataset:
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(seed), **params)


@pytest.mark.parametrize(("points", "dim"), [(6, 2), (12, 5), (14, 5), (24, 3)])
def test_random_labels_are_separable_as_often_as_cover_counts(points: int, dim: int) -> None:
    share = float(separable_share(points, dim))
    found = []
    for seed in range(2):
        data = make("random-labels", dim, points, seed, concepts=60)
        assert data.provenance["facts"]["separable_share"] == share
        found += [truth.one_neuron for truth in data.truth if truth is not None]
    low, high = clopper_pearson(sum(bool(verdict) for verdict in found), len(found), RARE)
    assert low <= share <= high


def test_half_of_the_labelings_at_the_critical_number() -> None:
    assert make("random-labels", 4, 10).provenance["facts"]["load"] == 1.0
    assert abs(separable_share(2 * 41, 40) - 0.5) < 1e-6


def test_too_many_points_are_left_undecided() -> None:
    data = make("random-labels", 2, 5000, concepts=2)
    assert all(truth is not None and truth.one_neuron is None for truth in data.truth)
    assert data.provenance["facts"]["decided"] is False


@few(6)
@given(st.integers(3, 12), st.floats(1.05, 3.0))
def test_the_cycles_smallest_unit_is_the_engines(negatives: int, distance: float) -> None:
    angles = 2 * np.pi * np.arange(240) / 240
    core = np.column_stack([np.cos(angles), np.sin(angles)])
    turns = 2 * np.pi * np.arange(negatives) / negatives
    outside = distance * np.column_stack([np.cos(turns), np.sin(turns)])
    # The engine sees a polygon inside the disk and one around it: m* of the disk lies between.
    inner, outer = (smallest_unit(scale * core, outside) for scale in (1.0, 1 / np.cos(np.pi / 240)))
    assert isinstance(inner, SmallestUnit)
    assert isinstance(outer, SmallestUnit)
    try:
        size = fewest("cycle", negatives, 2, distance, 1.0)
    except InvalidInput:  # where a hull only touches the disk, as at distance 2, the world refuses to say
        reject()
    assert inner.upper <= size <= outer.upper


@pytest.mark.parametrize("graph", ["cross", "simplex"])
@pytest.mark.parametrize("distance", [1.2, 1.6, 1.9, 2.5, 4.0])
def test_the_smallest_unit_in_space_is_the_engines(graph: str, distance: float) -> None:
    directions = simplex(4) if graph == "simplex" else np.vstack([np.eye(3), -np.eye(3)])
    rng = np.random.default_rng(0)
    core = rng.standard_normal((300, 3))
    core /= np.linalg.norm(core, axis=1, keepdims=True)
    # The points of the sphere nearest to what each group of negatives spans decide: add them.
    spots = np.array([directions[[i, j]].mean(axis=0) for i in range(len(directions)) for j in range(i)])
    triples = np.array(
        [
            directions[[i, j, k]].mean(axis=0)
            for i in range(len(directions)) for j in range(i) for k in range(j)
        ]
    )  # fmt: skip
    spots = np.concatenate([directions, spots, triples])
    spots = spots[np.linalg.norm(spots, axis=1) > 0.01]
    core = np.concatenate([core, spots / np.linalg.norm(spots, axis=1, keepdims=True)])
    found = smallest_unit(core, distance * directions, exact=True)
    assert isinstance(found, SmallestUnit)
    assert found.lower <= fewest(graph, len(directions), 3, distance, 1.0)
    assert found.upper == fewest(graph, len(directions), 3, distance, 1.0)


def test_beyond_the_square_root_of_two_the_clique_number_says_nothing() -> None:
    # In R⁹ at distance 1.5 a half-space excludes two of the 18: m* = 9, while no three conflict in pairs.
    assert fewest("cross", 18, 9, 1.5, 1.0) == 9
    truth = make("conflicts", 9, graph="cross", distance=1.5).truth[0]
    assert truth is not None
    assert truth.smallest_unit == 9


def test_wide_negatives_leave_an_interval() -> None:
    truth = make("conflicts", 2, distance=1.5, radius=0.3, negatives=12).truth[0]
    assert truth is not None
    assert truth.smallest_unit is None
    assert truth.unit_interval == (fewest("cycle", 12, 2, 1.2, 1.0), fewest("cycle", 12, 2, 1.5, 1.3))
    assert truth.unit_interval[0] < (truth.unit_interval[1] or 0)


def test_the_published_clusters() -> None:
    data = make("gaussian-clusters", 2, 60_000)
    centres = np.array([data.concept(k).mean(axis=0) for k in range(6)])
    assert np.allclose(np.linalg.norm(centres, axis=1), [1.5, 0.5] * 3, atol=0.01)
    assert np.allclose([data.concept(k).std() for k in (0,)], np.hypot(0.149, 0.75), atol=0.01)
    spread = np.concatenate([data.concept(k) - centres[k] for k in range(6)])
    assert np.isclose(spread.std(), 0.149, rtol=0.01)
    wide = make("heterogeneous-clusters", 128, 2000)
    ranks = [np.linalg.matrix_rank(wide.concept(k) - wide.concept(k)[0], tol=1e-9) for k in range(5)]
    assert ranks == [6, 14, 30, 62, 126] == wide.provenance["facts"]["intrinsic_dimensions"]
    middles = [wide.concept(k).mean(axis=0) for k in range(5)]
    sizes = [((wide.concept(k) - middles[k]) ** 2).sum(axis=1).mean() for k in range(5)]
    assert np.allclose(sizes, 0.09, rtol=0.1)


def test_truncated_clusters_are_balls_with_normal_points() -> None:
    from scipy import special

    data = make("gaussian-clusters", 3, 6000, truncate=2.0)
    assert data.membership.sum(axis=1).tolist() == [1] * 6000
    near = 0
    for k, region in enumerate(data.regions):
        assert isinstance(region, Ball)
        near += int((np.linalg.norm(data.concept(k) - region.center, axis=1) <= 0.149).sum())
    expected = special.gammainc(1.5, 0.5) / special.gammainc(1.5, 2.0)
    low, high = clopper_pearson(near, 6000, RARE)
    assert low <= expected <= high
    assert [truth.one_neuron for truth in data.truth if truth is not None] == [True, False] * 3


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 6), st.sampled_from([0.0, 0.1, 0.6]), st.integers(0, 99))
def test_fast_balls_are_uniform_members_by_their_oracles(
    dim: int, concepts: int, background: float, seed: int
) -> None:
    if concepts == 1 and background < 0.05:
        background = 0.05
    data = make("disjoint-balls", dim, 3000, seed, concepts=concepts, background=background,
                radius=0.05, gap=0.0, precision="single")  # fmt: skip
    assert data.points.dtype == np.float32
    for k, region in enumerate(data.regions):
        assert isinstance(region, Ball)
        assert np.array_equal(region.contains(data.points), data.membership[:, k])
        inner = np.linalg.norm(data.concept(k) - region.center, axis=1) <= 0.05 * 0.5 ** (1 / dim)
        low, high = clopper_pearson(int(inner.sum()), len(inner), RARE)
        assert low <= 0.5 <= high
    # Rounding may put a point of the surface outside, but not more than a few.
    drawn = data.size - round(data.size * background)
    assert data.membership.any(axis=1).sum() >= drawn - 5


def test_fast_balls_know_a_ball_that_the_background_meets() -> None:
    balls = (Ball(np.zeros(2), 0.7),)
    points, membership = FastSampler(np.random.default_rng(0)).balls(
        np.ones(20_000, dtype=np.int64), balls, 1.0
    )
    assert np.array_equal(membership[:, 0], balls[0].contains(points))
    low, high = clopper_pearson(int(membership.sum()), 20_000, RARE)
    assert low <= np.pi * 0.49 / 4 <= high
