"""Declared truth against the geometry engine and against Monte Carlo."""

import numpy as np
import pytest
from strategies_worlds import DENSE, VARIANTS, has_regions, make

from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.registry import Ball, Shell, Union
from geosae.geometry.separation.certificate import Separated
from geosae.geometry.separation.separate import separate
from geosae.geometry.separation.separate_unit import separate_unit
from geosae.geometry.separation.unit_certificate import UnitSeparated

# The dense ones are flat shapes times cubes, or take their certificates long: the plane will do.
PLACES = [(name, params, dim) for name, params in VARIANTS for dim in ([2] if name in DENSE else [2, 3])]


@pytest.mark.parametrize(("name", "params", "dim"), PLACES)
def test_declared_separability_is_the_certified_verdict(name: str, params: dict, dim: int) -> None:
    # Enough points to surround every concept, few where each verdict needs many certificates.
    data = make(name, dim, points=240 if name in DENSE else 800, **params)
    for column, truth in enumerate(data.truth):
        inside, outside = data.points[data.membership[:, column]], data.points[~data.membership[:, column]]
        assert truth is not None
        # The arcs of a week overlap in slivers that samples miss: see its own test on the arcs' corners.
        if truth.one_neuron is not None and (truth.one_neuron or name != "week"):
            assert isinstance(separate(inside, outside).check(), Separated) == truth.one_neuron
        if truth.unit is not None and (truth.unit or name != "week"):
            assert isinstance(separate_unit(inside, outside).check(), UnitSeparated) == truth.unit


def in_hull(region, points: np.ndarray) -> np.ndarray:
    """Decide the hull of the non-convex regions by hand, without the library's hulls."""
    if isinstance(region, Shell):
        return np.linalg.norm(points - region.center, axis=1) <= region.outer
    if not isinstance(region, Union) or not isinstance(region.parts[0], Ball):
        hull = region.hull()  # held against support functions in tests/geometry/test_sets.py
        assert hull is not None
        return hull.contains(points)
    first, last = region.parts[0], region.parts[-1]
    along = last.center - first.center
    place = np.clip((points - first.center) @ along / (along @ along), 0, 1)
    return np.linalg.norm(points - first.center - place[:, None] * along, axis=1) <= first.radius


@pytest.mark.parametrize(("name", "params"), [v for v in VARIANTS if has_regions(*v)])
@pytest.mark.parametrize("dim", [2, 5])
def test_irreducible_error_and_convexity_by_monte_carlo(name: str, params: dict, dim: int) -> None:
    data, rng = make(name, dim, **params), np.random.default_rng(1)
    assert data.ambient is not None
    cloud = data.ambient.sample(20_000, rng)
    checked = 0
    for region, truth in zip(data.regions, data.truth, strict=True):
        assert region is not None
        assert truth is not None
        if truth.convex:
            assert truth.irreducible_error == 0
            pairs = region.sample(400, rng)
            assert region.contains((pairs[:200] + pairs[200:]) / 2).all()
        elif truth.irreducible_error is not None and not (isinstance(region, Union) and name == "week"):
            assert truth.irreducible_error > 0
            count = int((in_hull(region, cloud) & ~region.contains(cloud)).sum())
            low, high = clopper_pearson(np.array([count]), np.array([20_000]), 1e-6)
            assert low[0] <= truth.irreducible_error <= high[0]
        checked += truth.convex is not None
    assert checked
