"""What holds of one family: overlap depth, m*, facets, firing rates, absences of what is excluded."""

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.polytopes import random_polytope
from geosae_synthetic.registry import _seed_of
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.data.dataset import ConceptDataset
from geosae.geometry.arrangements.counting import ring_unit_size
from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.registry import Ball, Polytope
from geosae.geometry.separation.smallest_unit import smallest_unit


def make(name: str, dim: int = 2, points: int = 1200, seed: int = 0, **params) -> ConceptDataset:
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(seed), **params)


@few(25)
@given(st.integers(2, 5), st.integers(1, 3), st.integers(2, 6), st.floats(0.3, 0.9), st.integers(0, 9))
def test_overlap_depth_is_attained_and_never_passed(
    depth: int, groups: int, dim: int, offset: float, seed: int
) -> None:
    data = make("overlapping-balls", dim, 2000, seed, depth=depth, groups=groups, offset=offset, radius=0.1)
    assert data.membership.sum(axis=1).max() == depth == data.provenance["facts"]["overlap_depth"]
    strict = data.hierarchy & ~np.eye(len(data.names), dtype=bool)
    assert not strict.any()


@few(40)
@given(st.integers(1, 6), st.floats(0, 0.1), st.integers(1, 5), st.integers(0, 9))
def test_disjoint_balls_keep_their_gap_and_stay_in_the_box(
    count: int, gap: float, dim: int, seed: int
) -> None:
    data = make("disjoint-balls", dim, 200, seed, concepts=count, radius=0.08, gap=gap)
    balls = [region for region in data.regions if isinstance(region, Ball)]
    assert len(balls) == count
    for k, ball in enumerate(balls):
        assert (np.abs(ball.center) + ball.radius <= 1).all()
        for other in balls[:k]:
            assert np.linalg.norm(ball.center - other.center) - 0.16 >= gap - 1e-15
    assert data.membership.sum(axis=1).max() <= 1


@pytest.mark.parametrize("gap", [0.2, 0.5, 1.0, 3.0])
def test_the_rings_smallest_unit(gap: float) -> None:
    data = make("disk-in-ring", 2, 6000, gap=gap, width=0.1)
    truth = data.truth[0]
    assert truth is not None
    size = truth.smallest_unit
    # At gap 1 three tangents reach the whole inner circle, but none may touch the closed disk: one more.
    assert size == ring_unit_size(gap, whole=True)
    assert size == int(np.floor(round(np.pi / np.arccos(1 / (1 + gap)), 12))) + 1
    # Upper bound by hand: the regular polygon around the disk excludes the whole ring.
    angles = 2 * np.pi * np.arange(size) / size
    inside = (data.points @ np.stack([np.cos(angles), np.sin(angles)]) <= 1 + 1e-9).all(axis=1)
    assert np.array_equal(inside, data.membership[:, 0])
    # One neuron less leaves an arc of the inner circle that no tangent half-space of the rest reaches.
    reach = (size - 1) * 2 * np.arccos(1 / (1 + gap))
    assert reach <= 2 * np.pi + 1e-12


def test_the_rings_smallest_unit_by_the_engine() -> None:
    # On the regions' boundaries, where the bound is attained.
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = smallest_unit(circle[::2], 1.5 * circle[::2], exact=True)
    truth = make("disk-in-ring", 2, 100, gap=0.5).truth[0]
    assert truth is not None
    assert found.lower == found.upper == truth.smallest_unit == 4


@few(60)
@given(st.integers(2, 8), st.integers(0, 6), st.integers(0, 99))
def test_polytopes_have_the_facets_that_were_asked_for(dim: int, more: int, seed: int) -> None:
    facets = dim + 1 + more * (1 if dim <= 3 else dim - 1)
    body = Polytope(random_polytope(facets, dim, np.random.default_rng(seed)))
    assert len(body.facets()) == facets
    assert np.isclose(np.linalg.norm(body.vertices, axis=1).max(), 1)
    assert body.contains(np.zeros((1, dim))).all()


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_as_many_neurons_as_facets_separate_a_polytope_and_no_facet_can_be_left_out(dim: int) -> None:
    data = make("polytopes", dim, 4000, concepts=2, background=0.5)
    for column, (region, truth) in enumerate(zip(data.regions, data.truth, strict=True)):
        assert isinstance(region, Polytope)
        assert truth is not None
        unit = region.facets()
        assert len(unit) == truth.smallest_unit == 3 * dim - 1
        values = unit.values(data.points)
        assert np.array_equal((values >= -1e-12).all(axis=1), data.membership[:, column])
        # Each facet cuts something off that all the others let pass.
        cloud = region.sample(2000, np.random.default_rng(0))
        middle = cloud.mean(axis=0)
        beyond = unit.values(middle + 1.5 * (cloud - middle)) < 0
        alone = beyond.sum(axis=1) == 1
        assert beyond[alone].any(axis=0).sum() >= dim + 1


def test_superposition_fires_at_its_rates_and_points_are_its_sums() -> None:
    data = make(
        "superposition", 16, 20_000, features=12, rate=0.1, zipf=1.0, noise=0.0, pairs=3, child_rate=0.4
    )
    rates = np.array(data.provenance["facts"]["rates"])
    assert np.isclose(rates.mean(), 0.1)
    assert np.isclose(rates[0] / rates[3], 4)
    expected = rates.copy()
    expected[3:6] = 0.4 * rates[:3]
    low, high = clopper_pearson(data.membership.sum(axis=0), np.full(12, 20_000), 1e-6)
    assert ((low <= expected) & (expected <= high)).all()
    # With few features firing the sums are unique: solve for magnitudes by the features that fire.
    directions = data.directions
    assert directions is not None
    for row in range(200):
        fires = data.membership[row]
        magnitudes, *_ = np.linalg.lstsq(directions[fires].T, data.points[row])
        assert np.allclose(magnitudes @ directions[fires], data.points[row])
        assert ((magnitudes >= 0.5 - 1e-9) & (magnitudes <= 1.5 + 1e-9)).all()


def test_noise_and_blocks() -> None:
    quiet = make("superposition", 8, 20_000, features=4, noise=0.0)
    loud = make("superposition", 8, 20_000, features=4, noise=0.5)
    silent = ~loud.membership.any(axis=1)
    assert np.isclose(loud.points[silent].std(), 0.5, rtol=0.02)
    assert (quiet.points[~quiet.membership.any(axis=1)] == 0).all()


def test_orthonormal_directions_are() -> None:
    data = make("superposition", 8, 2000, features=5, directions="orthonormal", noise=0.0)
    assert data.directions is not None
    assert np.allclose(data.directions @ data.directions.T, np.eye(5))
    assert all(truth is not None and truth.one_neuron and truth.smallest_unit == 1 for truth in data.truth)


def test_background_is_where_it_is_declared() -> None:
    data = make("nested-balls", 3, 1000, depth=2, background=0.4, ratio=0.5)
    outside = int((~data.membership[:, 0]).sum())
    share = 1 - data.regions[0].volume / 8  # pyright: ignore[reportOptionalMemberAccess]
    low, high = clopper_pearson(np.array([outside]), np.array([400]), 1e-6)
    assert low[0] <= share <= high[0]


def test_balls_alone_are_separable_by_one_neuron_only_at_the_hulls_corners() -> None:
    data = make("disjoint-balls", 1, 300, concepts=3, background=0.0, radius=0.1)
    order = np.argsort([region.center[0] for region in data.regions])  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
    verdicts = [data.truth[int(k)].one_neuron for k in order]  # pyright: ignore[reportOptionalMemberAccess]
    assert verdicts == [True, False, True]


def test_seeds_are_recorded_only_where_they_are_known() -> None:
    assert _seed_of(np.random.default_rng(7)) == 7
    assert _seed_of(np.random.default_rng([1, 2])) is None
    assert _seed_of(np.random.Generator(np.random.MT19937(7))) is None
    assert _seed_of(np.random.default_rng(np.random.SeedSequence(7).spawn(1)[0])) is None
