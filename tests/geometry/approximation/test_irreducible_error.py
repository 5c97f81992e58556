"""Irreducible error: closed forms, and sampled values that must cover them."""

import math

import numpy as np
import pytest
from geometry.regions.strategies_regions import regions
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import (
    AffineImage,
    Ball,
    Box,
    Gaussian,
    InvalidInput,
    Product,
    Region,
    Shell,
    UniformBall,
    UniformBox,
    Union,
    irreducible_error,
    l_shape,
    star_polygon,
)
from geosae.geometry.separation.hull_membership import hull_membership, nearest_verdict, point_membership

RARE = 1e-9


def around(n: int, half: float) -> UniformBox:
    return UniformBox(np.full(n, -half), np.full(n, half))


def kappa(n: int) -> float:
    return math.pi ** (n / 2) / math.gamma(n / 2 + 1)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_annulus_and_two_balls_in_any_dimension(n: int) -> None:
    ring = irreducible_error(Shell(np.zeros(n), 1.0, 2.0), around(n, 2.0))
    assert ring.exact
    assert ring.value == pytest.approx(kappa(n) / 4**n)
    center = np.zeros(n)
    center[0] = 3.0
    two = Union((Ball(-center, 1.0), Ball(center, 1.0)), disjoint=True)
    found = irreducible_error(two, around(n, 4.0))
    # The hull is a ball and a cylinder of length 6; the two balls hold two balls' volume.
    assert found.exact
    assert found.value * 8**n == pytest.approx(6 * kappa(n - 1) - kappa(n))


def test_star_and_l_shape() -> None:
    star = irreducible_error(star_polygon(5, 1.0, 0.4), around(2, 1.0))
    assert star.value * 4 == pytest.approx(2.5 * math.sin(2 * math.pi / 5) - 5 * 0.4 * math.sin(math.pi / 5))
    ell = irreducible_error(l_shape(2.0, 1.0), UniformBox(np.zeros(2), np.full(2, 2.0)))
    assert ell.value * 4 == 0.5
    boxes = (Box(np.zeros(2), np.array([2.0, 1.0])), Box(np.array([0.0, 1.0]), np.array([1.0, 2.0])))
    same = irreducible_error(Union(boxes, disjoint=True), UniformBox(np.zeros(2), np.full(2, 2.0)))
    assert same.value == pytest.approx(ell.value)


def test_other_measures_and_images() -> None:
    ring = Shell(np.zeros(2), 1.0, 2.0)
    assert irreducible_error(ring, UniformBall(np.zeros(2), 4.0)).value == pytest.approx(1 / 16)
    assert irreducible_error(ring, Gaussian(np.zeros(2), 1.0)).value == pytest.approx(1 - math.exp(-0.5))
    stretched = AffineImage(ring, np.diag([2.0, 0.5]), np.zeros(2))
    assert irreducible_error(stretched, around(2, 5.0)).value == pytest.approx(math.pi / 100)
    tube = Product((ring, Box(np.zeros(1), np.ones(1))))
    assert irreducible_error(tube, around(3, 2.0)).value == pytest.approx(math.pi / 64)


@given(regions(3), st.integers(0, 2**32 - 1))
def test_convex_regions_have_none_and_others_are_covered(region: Region, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Around the whole region: of what sticks out no closed form is promised, and its volume would not count.
    half = max(16.0, float(np.max(np.abs(region.bounds))))
    box = around(region.dim, half)
    found = irreducible_error(region, box, rng, samples=300, alpha=RARE)
    assert found.low <= found.value <= found.high
    if region.is_convex:
        assert found.value == 0
        assert found.exact
    hull, volume = region.hull_volume, region.volume
    if not np.isnan(hull) and not np.isnan(volume):
        assert found.low - 1e-12 <= (hull - volume) / (2 * half) ** region.dim <= found.high + 1e-12


def test_what_sticks_out_of_the_box_is_sampled_and_not_called_zero() -> None:
    """Two intervals, of which one leaves the box by a quarter: the share of the region has no closed form."""
    pair = AffineImage(Shell(np.array([-1.5]), 0.25, 3.25), np.array([[3.0]]), np.array([-2.0]))
    error = irreducible_error(pair, around(1, 16.0), np.random.default_rng(0), samples=3000, alpha=RARE)
    assert not error.exact
    assert error.low <= 1.5 / 32 <= error.high
    assert error.low > 0


@pytest.mark.parametrize("equal", [True, False])
def test_three_disks_by_monte_carlo_against_steiner(equal: bool) -> None:
    """Conv of equal disks is a triangle grown by r: area + perimeter·r + πr²; unequal ones break that."""
    centers = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    radii = [1.0, 1.0, 1.0 if equal else 0.5]
    union = Union(tuple(Ball(c, r) for c, r in zip(centers, radii, strict=True)), disjoint=True)
    assert np.isnan(union.hull_volume)
    measure = UniformBox(np.full(2, -2.0), np.full(2, 8.0))
    found = irreducible_error(union, measure, np.random.default_rng(0), samples=20_000, alpha=RARE)
    steiner = 18.0 + (12 + math.sqrt(72)) + math.pi - 3 * math.pi
    assert not found.exact
    assert found.undecided <= 2
    assert (found.low <= steiner / 100 <= found.high) == equal


def test_four_balls_in_four_dimensions_leave_few_points_open() -> None:
    balls = tuple(Ball(4 * e, 1.0) for e in np.eye(4))
    found = irreducible_error(
        Union(balls, disjoint=True), around(4, 6.0), np.random.default_rng(1), samples=2000
    )
    assert found.undecided <= 40
    assert found.low < found.high


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_points_against_the_cross_polytope(n: int) -> None:
    points = np.vstack([np.eye(n), -np.eye(n), np.zeros((3, n))])
    found = irreducible_error(points, around(n, 1.0), np.random.default_rng(n), samples=1500, alpha=RARE)
    assert found.exact == (n <= 3)
    assert found.undecided == 0
    truth = 1 / math.factorial(n)
    assert found.low - 1e-12 <= truth <= found.high + 1e-12


def test_flat_clouds_have_no_volume() -> None:
    flat = np.column_stack([np.arange(6.0), np.arange(6.0) ** 2, np.zeros(6)])
    found = irreducible_error(flat, around(3, 40.0), np.random.default_rng(0), samples=500)
    assert found.value == 0
    assert 0 < found.high < 0.01


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from([0.5, 1.0]))
def test_membership_by_certificate_is_never_wrong(seed: int, n: int, radius: float) -> None:
    """Two balls, whose hull is a capsule with a membership test of its own."""
    rng = np.random.default_rng(seed)
    two = Union((Ball(np.zeros(n), 1.0), Ball(rng.uniform(-3, 3, n), radius)))
    hull = two.hull()
    assert hull is not None
    x = rng.uniform(-4, 4, (50, n)) * rng.random((50, 1))
    inside, outside = hull_membership(two, x)
    truth = hull.contains(x)
    assert not (inside & outside).any()
    assert truth[inside].all()
    assert not truth[outside].any()
    assert (inside | outside).mean() > 0.8


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_point_membership_on_grids_is_exact(seed: int, n: int) -> None:
    """Sums of cloud points halved are inside, on faces or not; points past a face are outside."""
    rng = np.random.default_rng(seed)
    cloud = rng.integers(-2, 3, (8, n)).astype(np.float64)
    middles = (cloud[:4] + cloud[4:]) / 2
    beyond = cloud.max(axis=0, keepdims=True) + 0.5
    inside, outside = point_membership(cloud, np.vstack([middles, cloud, beyond]))
    assert inside.tolist() == [True] * 12 + [False]
    assert outside.tolist() == [False] * 12 + [True]


def test_a_point_on_the_boundary_of_a_round_hull_is_left_open() -> None:
    assert nearest_verdict(Ball(np.zeros(2), 1.0).extreme, np.array([0.6, 0.8])) is None


def test_refusals() -> None:
    three = Union(tuple(Ball(5 * e, 1.0) for e in np.eye(3)), disjoint=True)
    with pytest.raises(InvalidInput, match="rng"):
        irreducible_error(three, around(3, 9.0))
    with pytest.raises(InvalidInput):
        irreducible_error(np.zeros((3, 2)), around(3, 1.0))
    with pytest.raises(InvalidInput):
        irreducible_error(Shell(np.zeros(2), 1.0, 2.0), around(3, 1.0))


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300, 1e308])
def test_scales_that_floats_cannot_square_are_refused_by_name(scale: float) -> None:
    for make in (
        lambda: UniformBox(np.full(2, -scale), np.full(2, scale)),
        lambda: Shell(np.zeros(2), scale / 4, scale / 2),
        lambda: Ball(np.zeros(2), scale / 4),
    ):
        with pytest.raises(InvalidInput, match=r"no floats(.|\n)*scale points, regions and measure"):
            make()


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_the_share_does_not_depend_on_the_unit(scale: float) -> None:
    box = UniformBox(np.full(2, -scale), np.full(2, scale))
    error = irreducible_error(Shell(np.zeros(2), scale / 4, scale / 2), box)
    assert error.value == pytest.approx(math.pi / 64)
