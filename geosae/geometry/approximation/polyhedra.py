"""The polytope that half-spaces bound; `Polytope.facets` gives its half-spaces again."""

import numpy as np

from geosae.errors import InvalidInput
from geosae.geometry import _program
from geosae.geometry.approximation._facets import facets_of
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.regions.polytopes import Polytope
from geosae.storage.arguments import checked_arguments


@checked_arguments()
def polytope_of(halfspaces: HalfSpaces) -> Polytope:
    """Return the polytope {⟨w_i, x⟩ + c_i ≥ 0 for all i}: the closure of a unit's model concept (theory §0).

    The vertices come from qhull, by duality around the centre of the largest inscribed ball.

    Raises
    ------
    InvalidInput
        If the half-spaces have no common interior, or do not bound a set.

    Examples
    --------
    >>> square = HalfSpaces(np.vstack([np.eye(2), -np.eye(2)]), np.ones(4))
    >>> polytope_of(square).volume
    4.0
    """
    n = halfspaces.dim
    norms = np.linalg.norm(halfspaces.w, axis=1)
    if np.any((norms == 0) & (halfspaces.c <= 0)):
        raise InvalidInput("a half-space with w = 0 and c ≤ 0 is empty")
    used = norms > 0
    units, heights = -halfspaces.w[used] / norms[used, None], halfspaces.c[used] / norms[used]
    if n == 1:
        return _interval(units[:, 0], heights)
    # Chebyshev's centre: the largest r with ⟨u_i, x⟩ + r ≤ h_i.
    rows = np.column_stack([units, np.ones(len(units))])
    bounds = [*[(None, None)] * n, (0.0, 1.0)]
    centre = _program.linear_program(np.append(np.zeros(n), -1.0), at_most=(rows, heights), bounds=bounds)
    inside = None if centre.point is None else facets_of(units, heights, centre.point[:n])
    if inside is None:
        raise InvalidInput(
            f"{len(halfspaces)} half-spaces in R^{n} do not bound a set with an interior",
            causes="too few of them, or no point that lies in all",
        )
    return Polytope(inside.vertices)


def _interval(units: np.ndarray, heights: np.ndarray) -> Polytope:
    ends = [
        float(np.min(heights[units > 0], initial=np.inf)),
        -float(np.min(heights[units < 0], initial=np.inf)),
    ]
    if not np.all(np.isfinite(ends)) or ends[1] >= ends[0]:
        raise InvalidInput("the half-lines do not bound an interval with an interior")
    return Polytope(np.array(ends)[:, None])
