import numpy as np
import pytest
from scipy.optimize import minimize

from geosae.errors import InvalidInput
from geosae.sae.training.standardize import fit_standardizer, geometric_median


@pytest.mark.parametrize("seed", range(5))
def test_the_geometric_median_is_where_the_summed_distance_is_least(seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((60, 3)) ** 3

    def cost(c):
        return np.linalg.norm(points - c, axis=1).sum()

    best = minimize(cost, points.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert cost(geometric_median(points, tolerance=1e-10, most_steps=5000)) <= best.fun * (1 + 1e-9)


def test_the_geometric_median_may_be_a_data_point():
    points = np.array([[0.0, 0.0]] * 5 + [[1.0, 0.0], [0.0, 2.0], [-1.0, -1.0]])
    assert np.allclose(geometric_median(points, tolerance=1e-13), 0.0, atol=1e-9)


def test_the_geometric_median_starts_on_a_data_point_and_leaves_it():
    points = np.array([[0.0, 0.0], [4.0, 0.0], [-1.0, 1.0], [-1.0, -1.0], [-2.0, 0.0]])
    assert np.array_equal(points.mean(axis=0), points[0])
    median = geometric_median(points, tolerance=1e-12, most_steps=5000)
    assert np.linalg.norm(points - median, axis=1).sum() <= np.linalg.norm(points, axis=1).sum()


@pytest.mark.parametrize("centre", ["geometric_median", "mean", "zero"])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1e-6, 1e-5), (1e6, 3e7)])
def test_points_in_the_frame_have_unit_spread(centre, scale, shift):
    points = np.random.default_rng(0).standard_normal((500, 4)) * scale + shift
    u = fit_standardizer(points, centre, np.random.default_rng(0)).transform(points)
    assert u.dtype == np.float32
    assert np.square(u - u.mean(axis=0)).sum(axis=1).mean() == pytest.approx(1.0, rel=1e-3)
    if centre == "mean":
        assert np.abs(u.mean(axis=0)).max() < 1e-6


@pytest.mark.parametrize(
    ("points", "match"),
    [
        (np.ones((5, 2)), "all equal"),
        (np.ones((1, 3)), "1 points are all equal"),
        (np.array([[0.0], [1e-35]]), "outside float32"),
        (np.array([[0.0], [1e35]]), "outside float32"),
        (np.array([[1e9, 0.0], [1e9, 1.0]]), "away from the origin"),
    ],
)
def test_points_that_float32_cannot_hold_are_refused(points, match):
    with pytest.raises(InvalidInput, match=match):
        fit_standardizer(points, "mean", np.random.default_rng(0))
