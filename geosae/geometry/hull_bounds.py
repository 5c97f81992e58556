"""The volume of a convex hull enclosed between two polytopes, where it has no closed form."""

import numpy as np

from geosae.geometry._balls import sphere_points
from geosae.geometry._door import InvalidInput
from geosae.geometry._facets import facets_of
from geosae.geometry._region import Region
from geosae.geometry.regions_flat import Polytope

# Wide against the rounding of support functions and of qhull's sums of simplices.
_ROUNDING = 1e-9


def hull_volume_bounds(region: Region, directions: int = 4000) -> tuple[float, float]:
    """Return proved bounds (both widened for rounding) on the volume of a region's convex hull.

    From below: the hull of the region's extreme points in fixed directions. From above: the polytope of the
    supporting half-spaces in these directions. Where the hull has a closed form, both ends are that.

    Raises
    ------
    InvalidInput
        If there is no closed form and the dimension is above 3, where the two lie far apart.

    Examples
    --------
    >>> from geosae.geometry.sets import Helix, Torus
    >>> low, high = hull_volume_bounds(Helix(1.0, 0.25, pitch=1.0, height=2.0))
    >>> low < high < 1.05 * low
    True
    """
    closed = region.hull_volume
    if not np.isnan(closed):
        return closed, closed
    n = region.dim
    if n > 3:
        raise InvalidInput(f"bounds on a hull's volume are for at most three dimensions, not {n}")
    u = np.vstack([sphere_points(directions, n, np.random.default_rng(0)), np.eye(n), -np.eye(n)])
    size = float(np.max(np.abs(region.bounds)))
    corners = region.extreme(u)
    around = facets_of(u, region.support(u) + _ROUNDING * size, corners.mean(axis=0))
    outer = np.inf if around is None else Polytope(around.vertices).volume * (1 + _ROUNDING)
    return Polytope(corners).volume * (1 - _ROUNDING), outer
