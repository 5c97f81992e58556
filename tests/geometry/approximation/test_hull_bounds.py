"""Bounds on a hull's volume against closed forms that the function is kept from seeing."""

import numpy as np
import pytest

from geosae.geometry import Ball, Helix, InvalidInput, Union, clopper_pearson
from geosae.geometry.approximation.irreducible_error import hull_volume_bounds
from geosae.geometry.separation.hull_membership import hull_membership


@pytest.mark.parametrize("dim", [2, 3])
def test_balls_at_the_corners_of_a_triangle(dim: int) -> None:
    # Three balls have no hull in closed form here, but Steiner knows it: the triangle grown by the radius.
    corners = np.zeros((3, dim))
    corners[1, 0], corners[2, 1] = 3.0, 3.0
    area, around, radius = 4.5, 6 + 3 * np.sqrt(2), 0.5
    region = Union(tuple(Ball(corner, radius) for corner in corners), disjoint=True)
    truth = (
        area + around * radius + np.pi * radius**2
        if dim == 2
        else area * 2 * radius + around * np.pi * radius**2 / 2 + 4 / 3 * np.pi * radius**3
    )
    low, high = hull_volume_bounds(region)
    assert low <= truth <= high
    assert high - low <= 0.02 * truth


def test_a_helix_by_certified_points() -> None:
    helix = Helix(1.0, 0.25, pitch=1.0, height=1.5)
    low, high = hull_volume_bounds(helix)
    floor, top = helix.bounds
    drawn = np.random.default_rng(0).uniform(floor, top, (1500, 3))
    inside, outside = hull_membership(helix, drawn)
    box = float(np.prod(top - floor))
    assert box * clopper_pearson(int((~outside).sum()), 1500, 1e-9)[1] >= low
    assert box * clopper_pearson(int(inside.sum()), 1500, 1e-9)[0] <= high
    rough = hull_volume_bounds(helix, 500)
    assert rough[0] <= low
    assert high <= rough[1]
    # In space the gap falls about like the inverse of the number of directions.
    assert high - low < 0.3 * (rough[1] - rough[0])


def test_closed_forms_come_out_as_they_are_and_high_dimensions_are_refused() -> None:
    assert hull_volume_bounds(Ball(np.zeros(5), 1.0)) == (Ball(np.zeros(5), 1.0).volume,) * 2
    parts = tuple(Ball(5 * corner, 1.0) for corner in np.eye(4))
    with pytest.raises(InvalidInput, match="three dimensions"):
        hull_volume_bounds(Union(parts, disjoint=True))
