"""Whether an intersection of half-spaces can hold A and exclude B: iff no point of B is in Conv(A) (S3).

Cheap directions exclude most points, many at once; for the rest the nearest point of Conv(A) decides, and
each hyperplane found is tried on all points that are left.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.separation._cloud import as_cloud, frame_of
from geosae.geometry.separation._exclude import Excluder
from geosae.geometry.separation.unit_certificate import UnitInseparable, UnitSeparated
from geosae.storage.arguments import checked_arguments


@checked_arguments()
def separate_unit(
    A: Float[np.ndarray, "Na n"],
    B: Float[np.ndarray, "Nb n"],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> UnitSeparated | UnitInseparable:
    """Decide whether some unit of absolute neurons separates A from B, and prove it (theory S3).

    Parameters
    ----------
    A, B
        Points, one per row.
    progress
        Called as progress(done, total) over the points of B.

    Returns
    -------
    UnitSeparated | UnitInseparable
        Half-spaces that hold A and exclude all of B; or every point of B in Conv(A), with convex weights, and
        half-spaces that exclude all others.

    Raises
    ------
    InvalidInput
        If the clouds are empty, not finite, or of different dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> segment = np.array([[-1.0, 0.0], [1.0, 0.0]])
    >>> both_sides = np.array([[0.0, 1.0], [0.0, -1.0]])
    >>> len(separate_unit(segment, both_sides).check().halfspaces)
    2
    >>> separate_unit(segment, np.array([[0.0, 1.0], [0.5, 0.0]])).check().inside.tolist()
    [1]
    """
    positives, negatives = as_cloud(A, "points A"), as_cloud(B, "points B")
    if positives.dim != negatives.dim:
        raise InvalidInput(f"points A have {positives.dim} coordinates and points B {negatives.dim}")
    frame = frame_of(positives, negatives, names=("points A", "points B"))
    excluder = Excluder(positives, negatives, frame)
    excluder.sweep()
    while len(rest := excluder.remaining()):
        excluder.solve(int(rest[0]))
        if progress is not None:
            progress(len(B) - len(rest), len(B))
    return excluder.answer()
