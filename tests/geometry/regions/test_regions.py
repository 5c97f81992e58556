"""What every region promises, written once and asked of every kind."""

import json

import numpy as np
import pytest
from geometry.regions.strategies_regions import regions
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import (
    AffineImage,
    AnnularSector,
    Ball,
    Box,
    Cap,
    Capsule,
    Checkerboard,
    Cone,
    Ellipsoid,
    Helix,
    InvalidInput,
    Moon,
    Polygon,
    Polytope,
    Product,
    Region,
    Shell,
    Slab,
    Spiral,
    Torus,
    Union,
    clopper_pearson,
    l_shape,
    region_from_dict,
    star_polygon,
)

seeds = st.integers(0, 2**32 - 1)
# Statistical assertions miss the truth with this probability each: a failure is a bug, not bad luck.
RARE = 1e-10


def rounding(region: Region) -> float:
    low, high = region.bounds
    return 1e-12 * float(1 + np.abs(low).max() + np.abs(high).max())


@given(regions(), seeds)
def test_samples_are_members_and_within_every_bound(region: Region, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = region.sample(50, rng)
    assert x.shape == (50, region.dim)
    assert region.contains(x).all()
    low, high = region.bounds
    assert (x >= low - rounding(region)).all()
    assert (x <= high + rounding(region)).all()
    u = rng.standard_normal((7, region.dim))
    assert (region.support(u) >= (x @ u.T).max(axis=0) - rounding(region) * 10).all()
    point = rng.standard_normal(region.dim) * 3
    assert region.farthest(point) >= np.linalg.norm(x - point, axis=1).max() - rounding(region)


@given(regions(), seeds)
def test_volume_agrees_with_monte_carlo(region: Region, seed: int) -> None:
    low, high = region.bounds
    drawn = np.random.default_rng(seed).uniform(low, high, (4000, region.dim))
    least, most = clopper_pearson(int(region.contains(drawn).sum()), len(drawn), RARE)
    box = float(np.prod(high - low))
    if np.isnan(region.volume):
        assert isinstance(region, Union)
        assert not region.disjoint
    else:
        assert least * box <= region.volume * (1 + 1e-9)
        assert region.volume <= most * box * (1 + 1e-9)


@given(regions(), seeds)
def test_samples_are_uniform(region: Region, seed: int) -> None:
    """The share of samples on one side of the box's middle is that of points drawn from the box and kept."""
    rng = np.random.default_rng(seed)
    low, high = region.bounds
    middle = (low + high) / 2 + 0.1 * (high - low)
    ours = region.sample(1000, rng)[:, 0] > middle[0]
    drawn = rng.uniform(low, high, (4000, region.dim))
    theirs = drawn[region.contains(drawn)][:, 0] > middle[0]
    one = clopper_pearson(int(ours.sum()), len(ours), RARE)
    two = clopper_pearson(int(theirs.sum()), len(theirs), RARE)
    assert max(one[0], two[0]) <= min(one[1], two[1])


@given(regions(), seeds)
def test_the_hull_holds_the_region_and_no_more(region: Region, seed: int) -> None:
    rng = np.random.default_rng(seed)
    u = rng.standard_normal((20, region.dim))
    hull = region.hull()
    if hull is None:
        assert np.isnan(region.hull_volume)
        return
    assert hull.is_convex
    assert hull.contains(region.sample(100, rng)).all()
    assert np.allclose(hull.support(u), region.support(u), atol=rounding(region) * 10)
    if not np.isnan(region.volume):
        assert region.hull_volume == hull.volume >= region.volume * (1 - 1e-9)
    if region.is_convex:
        assert np.isclose(hull.volume, region.volume)


@given(regions(), seeds)
def test_extreme_points_are_in_the_hull_and_bounds_are_tight(region: Region, seed: int) -> None:
    rng = np.random.default_rng(seed)
    axes = np.eye(region.dim)
    low, high = region.bounds
    assert np.allclose(region.support(axes), high)
    assert np.allclose(region.support(-axes), -low)
    hull = region.hull()
    if hull is not None:
        u = rng.standard_normal((20, region.dim))
        inner = hull.sample(20, rng)
        assert hull.contains((1 - 1e-6) * hull.extreme(u) + 1e-6 * inner).all()


@given(regions(), seeds)
def test_convexity_is_what_midpoints_say(region: Region, seed: int) -> None:
    rng = np.random.default_rng(seed)
    middles = (region.sample(200, rng) + region.sample(200, rng)) / 2
    if region.is_convex:
        center = region.sample(1, rng)
        assert region.contains((1 - 1e-9) * middles + 1e-9 * center).all()
    if region.is_convex is False and not np.isnan(region.hull_volume) and not np.isnan(region.volume):
        assert region.hull_volume > region.volume


@given(regions(), seeds)
def test_json_round_trip(region: Region, seed: int) -> None:
    text = json.dumps(region.to_dict())
    again = region_from_dict(json.loads(text))
    assert type(again) is type(region)
    assert json.dumps(again.to_dict()) == text
    low, high = region.bounds
    x = np.random.default_rng(seed).uniform(low, high, (200, region.dim))
    assert (again.contains(x) == region.contains(x)).mean() > 0.99
    assert again.volume == pytest.approx(region.volume, nan_ok=True)


def test_a_cap_is_a_slab_that_ends_at_the_pole() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 5):
        center, axis = rng.standard_normal(n), rng.standard_normal(n)
        cap = Cap(center, 1.5, axis, -0.25)
        slab = Slab(center, 1.5, axis, -0.25, 1.5)
        x, u = rng.uniform(-3, 3, (500, n)), rng.standard_normal((50, n))
        assert cap.volume == slab.volume
        assert (cap.contains(x) == slab.contains(x)).all()
        assert np.allclose(cap.extreme(u), slab.extreme(u), atol=1e-14)
        first, second = (region.sample(100, np.random.default_rng(1)) for region in (cap, slab))
        assert np.array_equal(first, second)


def test_every_kind_of_region_has_a_word_of_its_own() -> None:
    kinds = [cls.kind for cls in Region.__subclasses__() if cls.__module__.startswith("geosae.")]
    assert len(kinds) == len(set(kinds)) == 19
    with pytest.raises(InvalidInput, match=", ".join(sorted(kinds)[:2])):
        region_from_dict({"kind": "blob"})


def test_closed_forms() -> None:
    assert Ball(np.zeros(3), 2.0).volume == pytest.approx(32 * np.pi / 3)
    assert Shell(np.zeros(2), 1.0, 2.0).volume == pytest.approx(3 * np.pi)
    assert Cap(np.zeros(3), 1.0, np.array([0, 0, 1.0]), 0.5).volume == pytest.approx(np.pi * 0.25 * 2.5 / 3)
    cone = Capsule(np.zeros(3), 1.0, np.array([0.0, 0.0, 5.0]), 1.0)
    assert cone.volume == pytest.approx(5 * np.pi + 4 * np.pi / 3)
    assert star_polygon(5, 1.0, 0.5).volume == pytest.approx(5 * 0.5 * np.sin(np.pi / 5))
    assert star_polygon(5, 1.0, 0.5).hull_volume == pytest.approx(2.5 * np.sin(2 * np.pi / 5))
    assert l_shape(3.0, 1.0).volume == 8.0
    assert l_shape(3.0, 1.0).hull_volume == 8.5
    flat = Torus(np.zeros(2), 2.0, 0.5)
    assert flat.volume == pytest.approx(Shell(np.zeros(2), 1.5, 2.5).volume)
    assert flat.hull_volume == pytest.approx(np.pi * 2.5**2)
    # Pie slices: with a vanishing hole the hull of a half-disk is the half-disk.
    assert AnnularSector(np.zeros(2), 1e-9, 2.0, 0.3, np.pi / 2).hull_volume == pytest.approx(2 * np.pi)
    assert Slab(np.zeros(4), 1.0, np.ones(4), 0.25, 1.0).volume == pytest.approx(
        Cap(np.zeros(4), 1.0, np.ones(4), 0.25).volume
    )
    lens = 2 * (np.pi / 3 - np.sqrt(3) / 4)  # two unit disks at distance 1
    assert Moon(np.zeros(2), 1.0, np.eye(2)[0], 1.0, 1.0).volume == pytest.approx(np.pi - lens)
    assert Checkerboard(np.zeros(3), np.full(3, 2.0), 2, False).hull_volume == pytest.approx(8 - 4 / 6)
    # A fine polygon through the spiral's outer edge has the hull's area from inside.
    coil = Spiral(0.3, 0.5, 1.0, 11.0)
    phi = np.linspace(1.0, 11.0, 20_001)
    edge = (0.3 * phi + 0.5)[:, None] * np.column_stack([np.cos(phi), np.sin(phi)])
    assert Polytope(edge).volume == pytest.approx(coil.hull_volume, rel=1e-6)
    assert Polytope(edge).volume <= coil.hull_volume
    cross = Polytope(np.vstack([np.eye(4), -np.eye(4)]))
    assert cross.volume == pytest.approx(16 / 24)
    assert len(cross.facets()) == 16
    assert len(Polytope(Box(np.zeros(3), np.ones(3)).corners()).facets()) == 6


def test_overlapping_boxes_by_inclusion_and_exclusion() -> None:
    """Against counting unit squares, on integer boxes."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        low = rng.integers(0, 5, (4, 2)).astype(np.float64)
        boxes = tuple(Box(a, a + rng.integers(1, 4, 2)) for a in low)
        squares = np.stack(np.meshgrid(np.arange(9), np.arange(9)), -1).reshape(-1, 2) + 0.5
        assert Union(boxes).volume == Union(boxes).contains(squares).sum()


def test_a_polygon_in_any_orientation_and_start_is_the_same() -> None:
    corners = star_polygon(5, 2.0, 0.7).vertices
    x = np.random.default_rng(0).uniform(-2, 2, (2000, 2))
    expected = Polygon(corners).contains(x)
    assert (Polygon(corners[::-1].copy()).contains(x) == expected).all()
    assert (Polygon(np.roll(corners, 3, axis=0)).contains(x) == expected).all()


def test_the_boundary_belongs_to_the_set() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0], [1.0, 0.5], [0.0, 0.25]])
    for region in (
        Box(np.zeros(2), np.ones(2)),
        Polygon(Box(np.zeros(2), np.ones(2)).corners()[[0, 1, 3, 2]]),
    ):
        assert region.contains(square).all()
    assert Polytope(square).contains(square).all()
    assert Ball(np.zeros(2), 1.0).contains(np.array([[1.0, 0.0], [0.6, 0.8]])).all()


BAD = [
    lambda: Ball(np.zeros(2), 0.0),
    lambda: Ball(np.zeros(2), float("nan")),
    lambda: Ball(np.array([0.0, np.inf]), 1.0),
    lambda: Box(np.zeros(2), np.array([1.0, 0.0])),
    lambda: Ellipsoid(np.zeros(2), np.array([[1.0, 2.0], [2.0, 4.0]])),
    lambda: Shell(np.zeros(2), 2.0, 1.0),
    lambda: Cap(np.zeros(2), 1.0, np.zeros(2), 0.0),
    lambda: Cap(np.zeros(2), 1.0, np.ones(2), 1.0),
    lambda: Capsule(np.zeros(2), 1.0, np.ones(2) * 0.1, 3.0),
    lambda: Polytope(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])),
    lambda: Polytope(np.zeros((5, 3))),
    lambda: Polytope(np.zeros((3, 1))),
    lambda: Polygon(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])),
    lambda: Polygon(np.array([[0.0, 0.0], [1.0, 0.0]])),
    lambda: Polygon(np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 0.0], [0.0, 1.0]])),
    lambda: Union(()),
    lambda: Union((Ball(np.zeros(2), 1.0), Ball(np.ones(2), 1.0)), disjoint=True),
    lambda: Union((Ball(np.zeros(2), 1.0), Ball(np.zeros(3), 1.0))),
    lambda: Product(()),
    lambda: AffineImage(Ball(np.zeros(2), 1.0), np.ones((2, 2)), np.zeros(2)),
    lambda: region_from_dict({"kind": "blob"}),
    lambda: region_from_dict({"kind": "ball", "center": [0.0]}),
    lambda: star_polygon(2, 1.0, 0.5),
    lambda: l_shape(1.0, 1.0),
    lambda: Box(np.zeros(20), np.ones(20)).corners(),
    lambda: Cone(np.zeros(2), 1.0, np.zeros(2), 1.0),
    lambda: Cone(np.zeros(2), 1.0, np.ones(2), 0.0),
    lambda: Slab(np.zeros(2), 1.0, np.ones(2), 0.5, 0.5),
    lambda: Slab(np.zeros(2), 1.0, np.ones(2), -1.5, 0.5),
    lambda: Moon(np.zeros(2), 1.0, np.ones(2), 0.25, 0.5),
    lambda: Moon(np.zeros(1), 1.0, np.ones(1), 0.5, 1.0),
    lambda: Torus(np.zeros(3), 1.0, 1.0),
    lambda: Torus(np.zeros(1), 1.0, 0.5),
    lambda: Helix(1.0, 0.5, 1.0, 0.25),
    lambda: AnnularSector(np.zeros(2), 1.0, 1.0, 0.0, 1.0),
    lambda: AnnularSector(np.zeros(2), 1.0, 2.0, 0.0, 3.2),
    lambda: Spiral(0.1, 0.7, 0.0, 9.0),
    lambda: Spiral(0.1, 0.2, 0.0, 6.0),
    lambda: Checkerboard(np.zeros(1), np.ones(1), 2, False),
    lambda: Checkerboard(np.zeros(2), np.ones(2), 1, False),
]


@pytest.mark.parametrize("build", BAD)
def test_bad_regions_are_refused(build) -> None:
    with pytest.raises(InvalidInput):
        build()


def test_nothing_is_sampled_for_ever() -> None:
    """A needle of a polygon in a large box: the sampler says so instead of hanging."""
    needle = Polygon(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0 + 1e-12]]))
    with pytest.raises(InvalidInput, match="candidates"):
        needle.sample(1, np.random.default_rng(0))
