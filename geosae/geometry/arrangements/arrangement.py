"""The cells into which hyperplanes cut space: the activation patterns of absolute neurons (theory G3)."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.geometry.arrangements._signs import CellMap, Row, count_cells, enumerate_cells
from geosae.geometry.arrangements.counting import cells as cell_ceiling
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.exact import integers, nearest_float
from geosae.geometry.regions.polytopes import Box
from geosae.notebook import short_repr
from geosae.validation import finite_points


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of an arrangement: sign vectors and an interior point of each, exact and as floats.

    Parameters
    ----------
    signs
        True where the cell lies in the half-space {⟨w_i, x⟩ + c_i > 0}, one row per cell.
    points
        The interior points rounded to floats, beyond the largest float to ±∞; of a very thin cell the rounded
        point may lie outside it.
    exact
        The interior points as rationals.
    """

    signs: Bool[np.ndarray, "k d"]
    points: Float[np.ndarray, "k n"]
    exact: tuple[tuple[Fraction, ...], ...]

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.signs)


@dataclass(frozen=True, eq=False)
class CellPolygon:
    """A cell in the plane, clipped to a box: its sign vector and its corners in counterclockwise order."""

    signs: Bool[np.ndarray, " d"]
    vertices: Float[np.ndarray, "v 2"]


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The hyperplanes {⟨w_i, x⟩ + c_i = 0}; every count and sign vector is exact for the floats given.

    Examples
    --------
    >>> three = Arrangement(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([0.0, 0.0, -1.0]))
    >>> three.count(), len(three.cells())
    (7, 7)
    """

    w: Float[np.ndarray, "d n"]
    c: Float[np.ndarray, " d"]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        checked = HalfSpaces(self.w, self.c)
        object.__setattr__(self, "w", checked.w)
        object.__setattr__(self, "c", checked.c)

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.w.shape[1]

    @property
    def halfspaces(self) -> HalfSpaces:
        """The positive sides."""
        return HalfSpaces(self.w, self.c)

    def __len__(self) -> int:
        """Count the hyperplanes given (rows with w = 0 cut nothing but are counted here)."""
        return len(self.c)

    def count(self) -> int:
        """Count the cells of Rⁿ exactly, whatever is parallel, repeated or concurrent."""
        return count_cells(exact_rows(self.w, self.c), self.dim)

    def cells(self, box: Box | None = None, *, limit: int = 100_000) -> Cells:
        """Enumerate the cells of Rⁿ, or those that meet the interior of a box, with interior points.

        Raises
        ------
        InvalidInput
            If there could be more than `limit` cells.
        """
        ceiling = cell_ceiling(len(self), self.dim)
        if ceiling > limit:
            raise InvalidInput(
                f"{len(self)} hyperplanes in R^{self.dim} may have {ceiling} cells, more than limit={limit}",
                remedy="raise the limit, take fewer neurons, or look at `patterns` on the data",
            )
        rows = exact_rows(self.w, self.c)
        walls = [] if box is None else _walls(box, self.dim)
        cells = enumerate_cells(walls + rows, len(walls)) if walls + rows else {(): (0,) * self.dim + (1,)}
        return as_cells(cells, len(walls), len(rows), self.dim)

    def patterns(
        self, points: Float[np.ndarray, "N n"]
    ) -> tuple[Bool[np.ndarray, "k d"], Int[np.ndarray, " k"]]:
        """Return the distinct activation patterns on the points and how many points show each, most first.

        Every sign is exact (`HalfSpaces.contains`). A point on a hyperplane counts as not fired.
        """
        fired = self.halfspaces.contains(finite_points(points, dim=self.dim))
        patterns, counts = np.unique(fired, axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return patterns[order], counts[order]

    def cell_polygons(self, box: Box) -> tuple[CellPolygon, ...]:
        """Return the cells that meet a box in the plane as polygons clipped to it.

        Raises
        ------
        InvalidInput
            If the arrangement is not in the plane.

        Examples
        --------
        >>> line = Arrangement(np.array([[1.0, 0.0]]), np.array([0.0]))
        >>> [len(cell.vertices) for cell in line.cell_polygons(Box(-np.ones(2), np.ones(2)))]
        [4, 4]
        """
        if self.dim != 2:
            raise InvalidInput(f"cells of an arrangement in R^{self.dim} are not polygons")
        low, high = box.low, box.high
        frame = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
        polygons: list[CellPolygon] = []
        for signs in self.cells(box).signs:
            corners = frame
            for w, c, side in zip(self.w, self.c, signs, strict=True):
                corners = _clipped(corners, w if side else -w, float(c if side else -c))
            polygons.append(CellPolygon(signs, corners))
        return tuple(polygons)


def exact_rows(w: Float[np.ndarray, "d n"], c: Float[np.ndarray, " d"]) -> list[Row]:
    """Return the rows (w, c) as integers, each up to a positive factor (its own power of two).

    Examples
    --------
    >>> exact_rows(np.array([[0.5, 1.5]]), np.array([-1.0]))
    [(1, 3, -2)]
    """
    joined = np.column_stack([w, c])
    return [tuple(int(v) for v in integers(row[None, :]).matrix.entries()) for row in joined]


def as_cells(cells: CellMap, skip: int, d: int, n: int) -> Cells:
    """Return the cells that `enumerate_cells` gives as arrays, without the first `skip` signs."""
    signs = np.array([key[skip:] for key in cells], dtype=np.bool_).reshape(len(cells), d)
    exact = tuple(tuple(Fraction(p, point[-1]) for p in point[:-1]) for point in cells.values())
    points = np.array([[nearest_float(p) for p in point] for point in exact]).reshape(len(cells), n)
    return Cells(signs, points, exact)


def _walls(box: Box, n: int) -> list[Row]:
    if box.dim != n:
        raise InvalidInput(f"a box in R^{box.dim} was handed to an arrangement in R^{n}")
    return exact_rows(np.vstack([np.eye(n), -np.eye(n)]), np.concatenate([-box.low, box.high]))


def _clipped(
    corners: Float[np.ndarray, "k 2"], w: Float[np.ndarray, " 2"], c: float
) -> Float[np.ndarray, "j 2"]:
    """Cut a convex polygon down to {⟨w, x⟩ + c ≥ 0} (Sutherland and Hodgman)."""
    # A row counts up to a positive factor: with entries of at most 1 no product leaves the floats.
    scale = max(float(np.max(np.abs(w))), abs(c))
    values = corners @ (w / scale) + c / scale if scale else np.zeros(len(corners))
    clipped: list[Float[np.ndarray, " 2"]] = []
    for i, value in enumerate(values):
        after = (i + 1) % len(values)
        if value >= 0:
            clipped.append(corners[i])
        if (value > 0 > values[after]) or (value < 0 < values[after]):
            clipped.append(corners[i] + (corners[after] - corners[i]) * (value / (value - values[after])))
    return np.array(clipped).reshape(-1, 2)
