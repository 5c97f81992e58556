"""Circumscribed polyhedra: exact cases (A3, A4), known optima, the gradient, and the rate (A2)."""

import math

import numpy as np
import pytest
from geometry.regions.strategies_regions import regions
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae.geometry import (
    AffineImage,
    Ball,
    Box,
    Capsule,
    Ellipsoid,
    InvalidInput,
    Polytope,
    Region,
    Shell,
    Union,
    approximate,
    approximation_rate,
    l_shape,
    star_polygon,
)
from geosae.geometry.approximation._facets import _facet, facets_of
from geosae.geometry.approximation.polyhedra_around import circumscribed_polygon_area, disk_excess
from geosae.geometry.regions.base import always, itself, unit_rows

DISK = Ball(np.zeros(2), 1.0)


@pytest.mark.parametrize("m", [3, 4, 6, 17, 1000, 10**6])
def test_disk_by_its_closed_form(m: int) -> None:
    assert circumscribed_polygon_area(m) == pytest.approx(m * math.tan(math.pi / m), rel=1e-15)
    assert circumscribed_polygon_area(m) - math.pi == pytest.approx(disk_excess(m), abs=1e-15)
    # tan t = t + t³/3 + 2t⁵/15 + …, all terms positive: the leading term is a lower bound.
    assert disk_excess(m) > math.pi**3 / (3 * m * m)
    assert disk_excess(m) * 3 * m * m / math.pi**3 == pytest.approx(1, abs=5 / m**2 + 0.5 * (m < 5) + 1e-9)


def test_disk_and_its_images_are_best() -> None:
    rng = np.random.default_rng(0)
    for m in (3, 5, 12):
        assert approximate(DISK, m, rng).excess.value == pytest.approx(disk_excess(m))
        ellipse = approximate(Ellipsoid(np.ones(2), np.array([[2.0, 1.0], [0.0, 0.5]])), m, rng)
        assert ellipse.best
        assert ellipse.excess.value == pytest.approx(disk_excess(m))
        image = approximate(AffineImage(DISK, np.array([[3.0, 1.0], [1.0, 1.0]]), np.ones(2)), m, rng)
        assert image.excess.value == pytest.approx(2 * disk_excess(m))
        ring = approximate(Shell(np.zeros(2), 0.5, 1.0), m, rng)
        assert ring.hull_excess == pytest.approx(disk_excess(m))
        assert ring.excess.value == pytest.approx(disk_excess(m) + math.pi / 4)


def test_polytopes_with_all_their_facets_are_exact() -> None:
    rng = np.random.default_rng(0)
    cross = Polytope(np.vstack([np.eye(3), -np.eye(3)]))
    for region, facets in [(cross, 8), (Box(np.zeros(3), np.ones(3)), 6), (Box(np.zeros(1), np.ones(1)), 2)]:
        found = approximate(region, facets, rng)
        assert found.best
        assert found.excess.value == 0
        assert len(found.halfspaces) == facets
    assert approximate(cross, 7, rng, restarts=1, steps=30).excess.value > 0.01
    star = approximate(star_polygon(5, 1.0, 0.4), 5, rng)
    assert star.hull_excess == pytest.approx(0, abs=1e-12)
    assert star.excess.value > 0.5


@pytest.mark.parametrize(("m", "volume"), [(4, 8 * math.sqrt(3)), (6, 8.0), (12, 5.550291)])
def test_the_ball_gets_its_platonic_solids(m: int, volume: float) -> None:
    """Tetrahedron, cube, dodecahedron: the least bodies around a ball with 4, 6, 12 facets (Fejes Tóth)."""
    found = approximate(Ball(np.zeros(3), 1.0), m, np.random.default_rng(1))
    assert found.excess.value + 4 * math.pi / 3 == pytest.approx(volume, rel=1e-5)


@given(st.integers(3, 9), st.integers(0, 2**32 - 1))
def test_no_polygon_beats_the_regular_one(m: int, seed: int) -> None:
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, m)
    found = facets_of(np.column_stack([np.cos(angles), np.sin(angles)]), np.ones(m), np.zeros(2))
    assert found is None or found.volume >= circumscribed_polygon_area(m) * (1 - 1e-12)


@settings(max_examples=15)
@given(regions(3).filter(lambda r: r.dim > 1), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_every_approximation_holds_its_region(region: Region, more: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = approximate(region, region.dim + 1 + more, rng, restarts=1, steps=15, samples=500)
    assert found.halfspaces.common(region.sample(200, rng)).all()
    assert len(found.halfspaces) <= region.dim + 1 + more
    assert found.excess.low <= found.excess.value <= found.excess.high
    if not np.isnan(region.hull_volume) and not np.isnan(region.volume):
        assert found.excess.value >= region.hull_volume - region.volume - 1e-9


def test_volume_and_gradient_of_a_polyhedron() -> None:
    """Areas, centroids and the derivative area·(touching point − centroid) against differences."""
    rng = np.random.default_rng(2)
    for region in (
        Ellipsoid(np.zeros(3), np.diag([1.0, 2.0, 0.5])),
        Capsule(np.zeros(2), 1.0, np.ones(2) * 2, 0.5),
    ):
        n = region.dim
        inner = np.mean(region.extreme(np.vstack([np.eye(n), -np.eye(n)])), axis=0)
        units = unit_rows(np.vstack([np.eye(n), -np.eye(n), rng.standard_normal((4, n))]))
        touch = region.extreme(units)
        base = facets_of(units, np.sum(units * touch, axis=1), inner)
        assert base is not None
        for i in range(len(units)):
            turn = rng.standard_normal(n)
            turn -= (turn @ units[i]) * units[i]
            step = 1e-6
            volumes = []
            for sign in (1, -1):
                moved = units.copy()
                moved[i] = (units[i] + sign * step * turn) / np.linalg.norm(units[i] + sign * step * turn)
                heights = region.support(moved)
                found = facets_of(moved, heights, inner)
                assert found is not None
                volumes.append(found.volume)
            slope = base.areas[i] * turn @ (touch[i] - base.centroids[i])
            assert (volumes[0] - volumes[1]) / (2 * step) == pytest.approx(slope, abs=1e-5)


@given(st.integers(2, 3), st.integers(4, 14), st.integers(0, 2**32 - 1))
def test_facets_add_up_as_hulls_of_their_corners(n: int, m: int, seed: int) -> None:
    """The signed sums in the plane and in space against qhull's volume and each facet's own hull."""
    rng = np.random.default_rng(seed)
    units = unit_rows(rng.standard_normal((m, n)))
    heights = rng.uniform(0.5, 2.0, m)
    inner = rng.uniform(-0.1, 0.1, n)
    found = facets_of(units, heights, inner)
    if found is None:
        return
    assert found.volume == pytest.approx(Polytope(found.vertices).volume, rel=1e-6)
    for unit, height, area, middle in zip(units, heights, found.areas, found.centroids, strict=True):
        on = found.vertices[
            np.abs(found.vertices @ unit - height) < 1e-9 * (1 + np.abs(found.vertices).max())
        ]
        own, center = _facet(on - inner, unit)
        scale = 1 + np.abs(found.vertices).max() ** n
        assert area == pytest.approx(own, abs=1e-6 * scale)
        if own > 1e-3 * scale:
            assert np.allclose(middle, center + inner, atol=1e-5 * scale)


def test_facets_of_known_bodies() -> None:
    cube = facets_of(np.vstack([np.eye(4), -np.eye(4)]), np.arange(1.0, 9.0), np.zeros(4))
    assert cube is not None
    assert cube.volume == pytest.approx(6 * 8 * 10 * 12)
    assert cube.areas[0] == pytest.approx(8 * 10 * 12)
    assert facets_of(np.eye(3), np.ones(3), np.zeros(3)) is None
    assert facets_of(np.vstack([np.eye(2), -np.eye(2)]), np.ones(4), np.full(2, 2.0)) is None
    spare = facets_of(
        np.vstack([np.eye(2), -np.eye(2), [[0.6, 0.8]]]), np.array([1, 1, 1, 1, 9.0]), np.zeros(2)
    )
    assert spare is not None
    assert spare.areas[-1] == 0
    assert spare.volume == pytest.approx(4)


def test_high_dimension_comes_with_an_interval() -> None:
    found = approximate(Ball(np.zeros(6), 1.0), 12, np.random.default_rng(0), samples=4000)
    assert not found.best
    assert not found.excess.exact
    assert found.excess.low < found.excess.value < found.excess.high
    # No body with 12 facets around the unit ball of R⁶ comes this close, and the cube has 64 − κ₆.
    assert 10 < found.excess.value < 120


def test_rate_in_the_plane() -> None:
    rng = np.random.default_rng(0)
    facets = [6, 8, 10, 14, 20, 28]
    disk = approximation_rate(DISK, facets, rng)
    assert disk.predicted == -2
    assert disk.slope == pytest.approx(-2, abs=0.01)


class Egg(Region):
    """The smooth body with support function h(θ) = 1 + a·cos 3θ and radius of curvature 1 − 8a·cos 3θ."""

    a = 0.06
    dim = 2
    volume = math.pi * (1 - 4 * a * a)
    _is_convex = always
    hull = itself

    def _contains(self, x):
        theta = np.linspace(0, 2 * np.pi, 2000)
        units = np.column_stack([np.cos(theta), np.sin(theta)])
        return np.all(x @ units.T <= 1 + self.a * np.cos(3 * theta), axis=1)

    def extreme(self, directions):
        theta = np.arctan2(directions[:, 1], directions[:, 0])
        h, slope = 1 + self.a * np.cos(3 * theta), -3 * self.a * np.sin(3 * theta)
        u, v = np.array([np.cos(theta), np.sin(theta)]), np.array([-np.sin(theta), np.cos(theta)])
        return (h * u + slope * v).T

    def farthest(self, point):
        return 2.0 + float(np.linalg.norm(point))

    def _draw(self, count, rng):
        return rng.uniform(-2, 2, (count, 2))


def test_rate_and_constant_of_a_smooth_body() -> None:
    """The optimiser must find the order m⁻² and the constant (∫ρ^⅔ dθ)³/24 (McClure and Vitale 1975)."""
    rate = approximation_rate(Egg(), [8, 10, 13, 17, 22], np.random.default_rng(0), restarts=2, steps=120)
    assert rate.slope == pytest.approx(-2, abs=0.1)
    theta = np.linspace(0, 2 * np.pi, 10_001)[:-1]
    affine_length = 2 * np.pi * np.mean((1 - 8 * Egg.a * np.cos(3 * theta)) ** (2 / 3))
    assert rate.excesses[-1] * 22**2 == pytest.approx(affine_length**3 / 24, rel=0.02)


@pytest.mark.slow
def test_rate_of_the_ball_in_space() -> None:
    rate = approximation_rate(
        Ball(np.zeros(3), 1.0), [12, 16, 20, 26, 32, 40, 50], np.random.default_rng(0), restarts=3
    )
    assert rate.predicted == -1
    assert rate.slope == pytest.approx(-1, abs=0.1)


def test_refusals() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InvalidInput):
        approximate(DISK, 2, rng)
    with pytest.raises(InvalidInput):
        disk_excess(2)
    with pytest.raises(InvalidInput):
        approximation_rate(Ball(np.zeros(1), 1.0), [3, 4, 5, 6, 7], rng)
    with pytest.raises(InvalidInput):
        approximation_rate(DISK, [3, 4, 5], rng)
    with pytest.raises(InvalidInput, match="logarithm"):
        approximation_rate(Box(np.zeros(2), np.ones(2)), [4, 5, 6, 7, 8], rng)


def test_an_l_shape_keeps_its_irreducible_part() -> None:
    found = approximate(l_shape(2.0, 1.0), 5, np.random.default_rng(0))
    assert found.excess.value == pytest.approx(0.5)
    assert found.hull_excess == pytest.approx(0, abs=1e-12)
    two = Union((Box(np.zeros(2), np.ones(2)), Box(np.full(2, 2.0), np.full(2, 3.0))), disjoint=True)
    assert approximate(two, 6, np.random.default_rng(0)).excess.value == pytest.approx(3.0)


@pytest.mark.parametrize("width", [1e-4, 1.0, 10.0, 100.0, 1e4, 1e6])
def test_the_least_triangle_does_not_depend_on_the_coordinates(width: float) -> None:
    """The least triangle around a parallelogram has twice its area (section D: 50 for 1 at a = 100)."""
    shear = np.array([[width, 0.3 * width], [0.0, 1.0]])
    for region in (
        Box(np.zeros(2), np.array([width, 1.0])),
        AffineImage(Box(np.zeros(2), np.ones(2)), shear, np.array([width, 2.0])),
    ):
        around = approximate(region, 3, np.random.default_rng(0))
        assert around.excess.value / region.volume == pytest.approx(1.0, abs=1e-4)
