"""Interlocked and cyclic concepts: what their hulls swallow, and the closed forms of the weekend."""

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.nonconvex import shape_named
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.data.dataset import ConceptDataset
from geosae.geometry import AnnularSector, InvalidInput, Polytope, Union, clopper_pearson
from geosae.geometry.separation.certificate import Separated
from geosae.geometry.separation.separate import separate
from geosae.geometry.separation.separate_unit import separate_unit
from geosae.geometry.separation.unit_certificate import UnitSeparated

RARE = 1e-9


def make(name: str, dim: int = 2, points: int = 600, seed: int = 0, **params) -> ConceptDataset:
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(seed), **params)


def corners(arc: AnnularSector) -> np.ndarray:
    """Points of an arc a little inside its boundary, its corners among them."""
    angles = arc.direction + (1 - 1e-7) * np.linspace(-arc.half_angle, arc.half_angle, 41)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.concatenate([arc.inner * (1 + 1e-7) * circle, arc.outer * (1 - 1e-7) * circle])


@few(20)
@given(st.integers(5, 9), st.floats(0.02, 1.2), st.floats(0.05, 0.9))
def test_the_verdicts_on_days_and_weekend_are_those_of_their_corners(
    count: int, width: float, gap: float
) -> None:
    data = make("week", days=count, width=width, gap=gap, points=40 * count)
    arcs = [region for region in data.regions[:-1] if isinstance(region, AnnularSector)]
    clouds = [corners(arc) for arc in arcs]
    for chosen, truth in (([0], data.truth[0]), ([count - 2, count - 1], data.truth[-1])):
        assert truth is not None
        inside = np.concatenate([clouds[k] for k in chosen])
        outside = np.concatenate([clouds[k] for k in range(count) if k not in chosen])
        assert separate(inside, outside).check().separable == truth.one_neuron
        assert isinstance(separate_unit(inside, outside), UnitSeparated) == truth.unit
        assert truth.smallest_unit == (1 if truth.one_neuron else 2)


@few(20)
@given(st.integers(5, 9), st.floats(0.1, 1.5), st.floats(0.05, 0.9))
def test_the_weekends_irreducible_error_is_that_of_a_fine_polygon(
    count: int, width: float, gap: float
) -> None:
    data = make("week", days=count, width=width, gap=gap, points=40 * count)
    weekend, truth = data.regions[-1], data.truth[-1]
    assert isinstance(weekend, Union)
    assert truth is not None
    spots = np.concatenate(
        [
            radius * np.column_stack([np.cos(a), np.sin(a)])
            for arc in weekend.parts
            if isinstance(arc, AnnularSector)
            for a in [arc.direction + np.linspace(-arc.half_angle, arc.half_angle, 400)]
            for radius in (arc.inner, arc.outer)
        ]
    )
    box = data.ambient
    assert box is not None
    area = float(np.prod(box.to_dict()["high"]) * 4)
    assert np.isclose((Polytope(spots).volume - weekend.volume) / area, truth.irreducible_error, rtol=1e-3)


@pytest.mark.parametrize("background", [0.0, 0.5])
def test_with_background_no_unit_separates_a_day(background: float) -> None:
    data = make("week", background=background, width=0.6, days=5)
    day = data.regions[0]
    assert isinstance(day, AnnularSector)
    within = day.hull().sample(200, np.random.default_rng(0))
    free = within[~day.contains(within)]  # points of X, where there is background
    assert len(free) > 10
    inseparable = not isinstance(separate_unit(corners(day), free[:5]), UnitSeparated)
    assert inseparable
    assert data.truth[0].unit is (background == 0)  # pyright: ignore[reportOptionalMemberAccess]


@few(15)
@given(st.floats(0.02, 0.9), st.floats(0.02, 0.95), st.integers(0, 99))
def test_moons_are_disjoint_or_refused_and_reach_into_each_others_hulls(
    width: float, shift: float, seed: int
) -> None:
    try:
        data = make("two-moons", width=width, shift=shift, seed=seed, points=4000)
    except InvalidInput as error:
        assert "touch" in str(error)  # noqa: PT017
        assert width + shift > 0.5
        return
    assert data.membership.sum(axis=1).max() == 1
    one, two = data.regions
    assert one is not None
    assert two is not None
    hull = one.hull()
    assert hull is not None
    # The left end of the lower moon, half a unit of which lies in the upper half disk.
    end = np.array([[0.0, shift * (1 - 1e-9)]])
    assert two.contains(end).all()
    assert hull.contains(end).all()


@few(6)
@given(st.floats(1.0, 5.0), st.floats(0.05, 0.95), st.integers(0, 99))
def test_spiral_arms_are_disjoint_and_mirror_images(turns: float, width: float, seed: int) -> None:
    data = make("two-spirals", turns=turns, width=width, seed=seed, points=2000)
    assert data.membership.sum(axis=1).max() == 1
    one, two = data.regions
    assert one is not None
    assert two is not None
    assert np.isclose(one.volume, two.volume)
    assert np.array_equal(one.contains(data.points), two.contains(-data.points))
    assert np.abs(data.points).max() <= 1 + 1e-9


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 99))
def test_the_board_has_its_colours_in_the_right_shares(cells: int, axes: int, seed: int) -> None:
    data = make("checkerboard", axes, 4000, seed, cells=cells, axes=axes)
    assert (data.membership.sum(axis=1) == 1).all()
    total = cells**axes
    low, high = clopper_pearson(int(data.membership[:, 0].sum()), 4000, RARE)
    assert low <= (total - total // 2) / total <= high
    index = np.floor((data.points + 1) / 2 * cells).sum(axis=1)
    assert np.array_equal(index % 2 == 0, data.membership[:, 0])


def test_xor_has_a_quarter_of_irreducible_error_and_no_separation() -> None:
    data = make("checkerboard")
    for column, truth in enumerate(data.truth):
        assert truth is not None
        assert truth.irreducible_error == 0.25
        chosen = data.membership[:, column]
        assert not isinstance(separate(data.points[chosen], data.points[~chosen]), Separated)


def test_the_helix_has_an_interval_that_holds_a_certified_estimate() -> None:
    data = make("non-convex", 3, shape="helix", turns=1.5)
    from geosae.geometry import irreducible_error

    truth = data.truth[0]
    assert truth is not None
    assert truth.irreducible_error is None
    assert truth.error_interval is not None
    region, ambient = data.regions[0], data.ambient
    assert region is not None
    assert ambient is not None
    found = irreducible_error(region, ambient, np.random.default_rng(0), samples=2000, alpha=RARE)
    low, high = truth.error_interval
    assert found.low <= high
    assert low <= found.high
    assert 0 < high - low < 0.02


@few(20)
@given(st.floats(0.1, 0.9), st.integers(4, 7))
def test_flat_shapes_times_cubes_keep_their_share(width: float, dim: int) -> None:
    flat = shape_named(dim, {"shape": "l-shape", "width": width})
    assert flat.dim == 2
    assert np.isclose(flat.hull_volume - flat.volume, 2 * (1 - width) ** 2)
