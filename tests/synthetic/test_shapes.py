"""Convex bodies in their arrangements, half-spaces and slabs: gaps, depths, chains and facets as declared."""

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.shapes import SHAPES, random_body
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.data.dataset import ConceptDataset
from geosae.geometry import Ball, clopper_pearson
from geosae.geometry.separation.certificate import Separated
from geosae.geometry.separation.separate import separate

RARE = 1e-9


def make(name: str, dim: int, points: int = 1000, seed: int = 0, **params) -> ConceptDataset:
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(seed), **params)


@settings(max_examples=60)
@given(st.sampled_from(SHAPES), st.integers(2, 6), st.floats(1.1, 5.0), st.integers(0, 99))
def test_bodies_lie_in_the_unit_ball_touch_it_and_hold_their_core(
    shape: str, dim: int, aspect: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    body = random_body({"shape": shape, "aspect": aspect, "facets": 0}, dim, rng)
    region = body.place(np.zeros(dim), 1.0)
    farthest = np.linalg.norm(region.extreme(rng.standard_normal((4000, dim))), axis=1)
    assert farthest.max() <= 1 + 1e-9
    if shape not in ("box", "simplex", "polytope", "ellipsoid"):
        assert farthest.max() >= 1 - 1e-9
    core = Ball(np.zeros(dim), body.core * (1 - 1e-9))
    assert region.contains(core.sample(300, rng)).all()
    assert region.contains(core.extreme(rng.standard_normal((300, dim)))).all()
    # Scaled and moved, it is the same body: same share of the ball around it.
    moved = body.place(np.full(dim, 0.5), 2.0)
    assert np.isclose(moved.volume, 2.0**dim * region.volume)


@settings(max_examples=40)
@given(
    st.sampled_from(SHAPES), st.integers(2, 4), st.integers(2, 4), st.floats(0.005, 0.1), st.integers(0, 99)
)
def test_touching_bodies_are_exactly_the_gap_apart(
    shape: str, dim: int, count: int, gap: float, seed: int
) -> None:
    data = make("convex", dim, 60, seed, shape=shape, arrangement="touching", concepts=count, gap=gap,
                radius=0.1, background=0.0)  # fmt: skip
    axis = np.eye(dim)[:1]
    for one, two in zip(data.regions[:-1], data.regions[1:], strict=True):
        assert one is not None
        assert two is not None
        # Never nearer: the two planes; attained: the two points.
        assert np.isclose(-two.support(-axis)[0] - one.support(axis)[0], gap, rtol=1e-9)
        assert np.isclose(np.linalg.norm(two.extreme(-axis) - one.extreme(axis)), gap, rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dim", [2, 3])
def test_in_a_row_only_the_ends_are_separable_by_one_neuron(shape: str, dim: int) -> None:
    data = make("convex", dim, 900, shape=shape, arrangement="touching", concepts=3, background=0.0)
    verdicts = [truth.one_neuron for truth in data.truth if truth is not None]
    sizes = [truth.smallest_unit for truth in data.truth if truth is not None]
    assert verdicts == [True, False, True]
    assert sizes == [1, 2, 1]
    for column, verdict in enumerate(verdicts):
        chosen = data.membership[:, column]
        found = separate(data.points[chosen], data.points[~chosen]).check()
        assert isinstance(found, Separated) == verdict


@settings(max_examples=40)
@given(
    st.sampled_from(SHAPES), st.integers(2, 5), st.floats(0.2, 0.9), st.floats(0, 0.95), st.integers(0, 99)
)
def test_nested_bodies_are_a_chain(shape: str, dim: int, ratio: float, drift: float, seed: int) -> None:
    data = make("convex", dim, 400, seed, shape=shape, arrangement="nested", concepts=3, ratio=ratio,
                drift=drift, radius=0.8)  # fmt: skip
    outer, inner = data.regions[:-1], data.regions[1:]
    for big, small in zip(outer, inner, strict=True):
        assert big is not None
        assert small is not None
        u = np.random.default_rng(seed).standard_normal((200, dim))
        assert (small.support(u) <= big.support(u) + 1e-12).all()
    assert data.membership.sum(axis=1).max() == 3 == data.truth[0].overlap_depth  # pyright: ignore[reportOptionalMemberAccess]


@few(15)
@given(st.sampled_from(SHAPES), st.integers(2, 5), st.integers(2, 4), st.floats(0.1, 0.9), st.integers(0, 99))
def test_overlap_depth_is_attained_and_no_member_holds_another(
    shape: str, dim: int, depth: int, offset: float, seed: int
) -> None:
    data = make("convex", dim, 600, seed, shape=shape, arrangement="overlapping", concepts=depth, depth=depth,
                offset=offset, radius=0.4)  # fmt: skip
    assert data.membership.sum(axis=1).max() == depth
    supports = [
        region.support(np.random.default_rng(1).standard_normal((2000, dim))) for region in data.regions
    ]  # pyright: ignore[reportOptionalMemberAccess]
    for i, one in enumerate(supports):
        for two in supports[:i]:
            assert (one > two).any()
            assert (two > one).any()


@few(15)
@given(st.integers(1, 5), st.floats(-0.8, 0.8), st.sampled_from([0.0, 0.1, 0.5, 2.0]), st.integers(0, 99))
def test_slabs_have_the_measure_and_the_neurons_that_are_declared(
    count: int, height: float, width: float, seed: int
) -> None:
    data = make("slabs", 3, 3000, seed, concepts=count, height=height, width=width)
    assert data.directions is not None
    values = data.points @ data.directions.T
    for k, (region, truth) in enumerate(zip(data.regions, data.truth, strict=True)):
        assert region is not None
        assert truth is not None
        assert data.ambient is not None
        low, high = clopper_pearson(int(data.membership[:, k].sum()), 3000, RARE)
        assert low <= data.ambient.of(region) <= high
        one = values[:, k] >= height
        both = one if truth.smallest_unit == 1 else one & (values[:, k] <= height + width)
        assert np.array_equal(both, data.membership[:, k])
