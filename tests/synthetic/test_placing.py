import numpy as np
import pytest
from geosae_synthetic.placing import frame, hull_distance, least_distance, simplex, spread_directions
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.errors import InvalidInput


@given(st.integers(2, 9))
def test_simplices_are_regular_on_the_sphere(count: int) -> None:
    vertices = simplex(count)
    gram = vertices @ vertices.T
    assert np.allclose(np.diagonal(gram), 1)
    assert np.allclose(gram[~np.eye(count, dtype=bool)], -1 / (count - 1))


@few(80)
@given(st.integers(1, 12), st.integers(2, 6), st.integers(0, 99))
def test_spread_directions_are_units_at_the_known_optima(count: int, dim: int, seed: int) -> None:
    directions = spread_directions(count, dim, np.random.default_rng(seed))
    assert directions.shape == (count, dim)
    assert np.allclose(np.linalg.norm(directions, axis=1), 1)
    if 1 < count <= dim + 1:
        assert np.isclose(least_distance(directions), np.sqrt(2 * count / (count - 1)))
    elif dim + 1 < count <= 2 * dim:
        assert np.isclose(least_distance(directions), np.sqrt(2))
    elif dim == 2 and count > 4:
        assert np.isclose(least_distance(directions), 2 * np.sin(np.pi / count))


def test_a_line_has_two_directions() -> None:
    assert sorted(spread_directions(2, 1, np.random.default_rng(0)).ravel().tolist()) == [-1.0, 1.0]
    with pytest.raises(InvalidInput, match="on a line"):
        spread_directions(3, 1, np.random.default_rng(0))


@given(st.integers(1, 6), st.integers(0, 99))
def test_frames_are_orthonormal(dim: int, seed: int) -> None:
    rows = frame(dim, np.random.default_rng(seed))
    assert np.allclose(rows @ rows.T, np.eye(dim))


@few(80)
@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 999))
def test_hull_distance_encloses_the_distance_to_random_hull_points(dim: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    point, others = 2 * rng.standard_normal(dim), rng.standard_normal((count, dim))
    low, high = hull_distance(point, others)
    assert 0 <= low <= high
    assert high - low < 1e-2
    sampled = rng.dirichlet(np.ones(count), 200) @ others
    assert low <= np.linalg.norm(sampled - point, axis=1).min() + 1e-12


def test_hull_distance_of_an_inner_point_is_zero() -> None:
    low, high = hull_distance(np.zeros(2), np.array([[1.0, 1.0], [-1.0, 1.0], [0.0, -1.0]]))
    assert low == 0
    assert high < 1e-3
