"""Open half-spaces {x : ⟨w, x⟩ + c > 0}: what a neuron with an absolute gate fires on (theory §0)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.validation import as_array, finite_points, finite_vector


def _products_are_floats(x: Float[np.ndarray, "N n"], w: Float[np.ndarray, "d n"]) -> bool:
    """Tell whether no product of two entries, none of them 0, over- or underflows."""
    ends: list[float] = []
    for entries in (np.abs(x), np.abs(w)):
        ends += [float(np.max(entries, initial=0.0)), float(np.min(entries, where=entries > 0, initial=1.0))]
    return ends[0] * x.shape[1] < 2.0**1020 / max(ends[2], 1.0) and ends[1] > 2.0**-960 / min(ends[3], 1.0)


def _unit_rows(rows: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
    """Scale every row by a power of two so that its largest entry is about 1; tiny entries become 0."""
    exponents = np.frexp(np.max(np.abs(rows), axis=1))[1]
    return np.ldexp(rows, -exponents[:, None])


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
        """Tell which points (rows) lie in which half-spaces (columns), by the sign of the computed value."""
        x = finite_points(points, dim=self.dim, allow_empty=True)
        if _products_are_floats(x, self.w):
            return x @ self.w.T + self.c > 0
        # The sign of ⟨w, x⟩ + c·1 stays when (w, c), or (x, 1), is multiplied by a positive number.
        lifted, rows = _unit_rows(np.column_stack([x, np.ones(len(x))])), np.column_stack([self.w, self.c])
        return lifted @ _unit_rows(rows).T > 0

    def common(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, " N"]:
        """Tell which points lie in all the half-spaces: θ_M of theory §0 (all of Rⁿ for none)."""
        return np.all(self.contains(points), axis=1)

    def take(self, indices: Sequence[int] | Int[np.ndarray, " k"] | Bool[np.ndarray, " d"]) -> "HalfSpaces":
        """Return the half-spaces with these indices (or those a mask selects), in this order."""
        rows = np.asarray(indices)
        rows = rows.astype(np.intp) if rows.size == 0 else rows
        return HalfSpaces(self.w[rows], self.c[rows])
