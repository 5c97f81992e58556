"""How a data set is looked at: on a line, in the plane, in space, or through two principal directions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.sampling import drawn_rows

_MOST = 5000
_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, eq=False)
class View:
    """What is drawn in place of the points, on which axes, and how it came about.

    Attributes
    ----------
    points
        (N, 2) or (N, 3).
    axes
        Their labels.
    words
        The projection in words, for the caption.
    basis
        (n, 2 or 3): coordinates in the view are ⟨x − origin, basis⟩; None on a line.
    origin
        The point that is seen at 0.
    """

    points: Float[np.ndarray, "N k"]
    axes: tuple[str, ...]
    words: str
    basis: Float[np.ndarray, "n k"] | None
    origin: Float[np.ndarray, "n"]


def view_of(data: ConceptDataset, coordinates: tuple[int, int] | None = None) -> View:
    """Return the view of a data set: all of it in up to three dimensions, above a projection to the plane.

    Above three dimensions two coordinates are taken where they are given, else the two principal directions
    of the points that lie in concepts.

    Raises
    ------
    InvalidInput
        If the coordinates are not two different ones from 1 to n.

    Examples
    --------
    >>> corner = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> view_of(ConceptDataset(corner, corner > 0.5, ("up", "right"))).axes
    ('x₁', 'x₂')
    """
    dim = data.dim
    points = data.points.astype(np.float64)
    origin = np.zeros(dim)
    if coordinates is not None:
        first, second = coordinates
        if first == second or not (1 <= first <= dim and 1 <= second <= dim):
            raise InvalidInput(f"coordinates {first} and {second} are not two different ones from 1 to {dim}")
        basis = np.eye(dim)[:, [first - 1, second - 1]]
        return View(points @ basis, _axes(first, second), f"coordinates {first} and {second}", basis, origin)
    if dim == 1:
        return View(_on_a_line(points, data), ("x₁", "concept"), "the line", None, origin)
    if dim <= 3:
        words = "the plane" if dim == 2 else "space"
        return View(points, _axes(*range(1, dim + 1)), words, np.eye(dim), origin)
    basis, origin, share = _principal(points, data)
    words = (
        f"the two principal directions of the points in concepts, which hold {100 * share:.0f} % "
        "of their variance"
    )
    return View((points - origin) @ basis, ("principal 1", "principal 2"), words, basis, origin)


def _axes(*numbers: int) -> tuple[str, ...]:
    return tuple("x" + str(number).translate(_DIGITS) for number in numbers)


def _on_a_line(points: Float[np.ndarray, "N 1"], data: ConceptDataset) -> Float[np.ndarray, "N 2"]:
    # A row for each concept; a point stands in the row of the last one that holds it, 0 is none.
    rows = (data.membership * np.arange(1, len(data.names) + 1)).max(axis=1)
    return np.column_stack([points[:, 0], rows])


def _principal(
    points: Float[np.ndarray, "N n"], data: ConceptDataset
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n"], float]:
    inside = points[data.membership.any(axis=1)]
    inside = inside[drawn_rows(len(inside), _MOST, np.random.default_rng(0))]
    origin = inside.mean(axis=0)
    _, sizes, rows = np.linalg.svd(inside - origin, full_matrices=False)
    rows = np.vstack([rows, np.eye(points.shape[1])])[:2]
    # Signs of singular vectors are arbitrary: the largest entry is made positive.
    signs = np.sign(rows[np.arange(2), np.abs(rows).argmax(axis=1)])
    share = float((sizes[:2] ** 2).sum() / max(float((sizes**2).sum()), 1e-300))
    return (rows * signs[:, None]).T, origin, share
