"""Open half-spaces {x : ⟨w, x⟩ + c > 0}: what a neuron with an absolute gate fires on (theory §0)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.sides import positive_sides
from geosae.notebook import short_repr
from geosae.validation import as_array, finite_points, finite_vector


class NoHalfSpace(TypeError):  # noqa: N818
    """Raised where a neuron with a relative gate is asked for a half-space it does not have.

    Examples
    --------
    >>> issubclass(NoHalfSpace, TypeError)
    True
    """


@dataclass(frozen=True, eq=False)
class HalfSpaces:
    """The d open half-spaces {⟨w_i, x⟩ + c_i > 0} of Rⁿ.

    A row w_i = 0 is allowed (a dead encoder row): its set is all of Rⁿ when c_i > 0, and empty otherwise.

    Parameters
    ----------
    w
        Normals, one per row.
    c
        Offsets.

    Examples
    --------
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0]))
    >>> right.contains(np.array([[3.0, 0.0], [2.0, 5.0]])).ravel().tolist()
    [True, False]
    """

    w: Float[np.ndarray, "d n"]
    c: Float[np.ndarray, " d"]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        w = finite_points(self.w, "normals w", allow_empty=True).copy()
        offsets = as_array(self.c, "offsets c")
        c = np.zeros(0) if offsets.size == 0 else finite_vector(self.c, "offsets c")
        if len(w) != len(c):
            raise InvalidInput(
                f"{len(w)} normals w come with {len(c)} offsets c; one offset per row is needed"
            )
        object.__setattr__(self, "w", w)
        object.__setattr__(self, "c", c)

    def __len__(self) -> int:
        """Count the half-spaces."""
        return len(self.c)

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.w.shape[1]

    def values(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N d"]:
        """Return ⟨w_i, x⟩ + c_i for every point x (row) and half-space i (column).

        Raises
        ------
        InvalidInput
            If the points are no finite points of Rⁿ, or a value is beyond the floats.
        """
        x = finite_points(points, dim=self.dim, allow_empty=True)
        with np.errstate(over="ignore", invalid="ignore"):
            values = x @ self.w.T + self.c
        if not np.isfinite(values).all():
            raise InvalidInput(
                f"for some of the points, as large as {np.max(np.abs(x)):.2g}, ⟨w, x⟩ + c is no float",
                remedy="scale the points, w and c; `contains` decides the sides of such points too",
            )
        return values

    def contains(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell which points (rows) lie in which half-spaces (columns).

        Exactly: the sign of the real number ⟨w_i, x⟩ + c_i decides, for the float64 numbers as they are
        stored (see `geosae.geometry.arrangements.sides`), and a point on a hyperplane lies outside.
        """
        return positive_sides(self.w, self.c, finite_points(points, dim=self.dim, allow_empty=True))

    def common(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in all the half-spaces: θ_M of theory §0 (all of Rⁿ for none)."""
        return np.all(self.contains(points), axis=1)

    def take(self, indices: Sequence[int] | Int[np.ndarray, " k"] | Bool[np.ndarray, " d"]) -> "HalfSpaces":
        """Return the half-spaces with these indices (or those a mask selects), in this order."""
        rows = np.asarray(indices)
        rows = rows.astype(np.intp) if rows.size == 0 else rows
        return HalfSpaces(self.w[rows], self.c[rows])
