"""How well m half-spaces can carve out a concept (theory A2–A4).

E. M. Bronshtein and L. D. Ivanov, The approximation of convex sets by polyhedra (1975),
doi:10.1007/BF00967115; R. M. Dudley (1974), doi:10.1016/0021-9045(74)90120-8; P. M. Gruber, Asymptotic
estimates for best and stepwise approximation of convex bodies, Forum Mathematicum 5 (1993) 281–297.
"""

from dataclasses import dataclass

import numpy as np
from flint import arb, ctx
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry import _program
from geosae.geometry.approximation._facets import facets_of
from geosae.geometry.approximation.irreducible_error import Estimate
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.balls import sphere_points
from geosae.geometry.intervals import clopper_pearson
from geosae.geometry.regions.base import Region, check_length, unit_rows
from geosae.geometry.regions.combined import AffineImage
from geosae.geometry.regions.polytopes import Box, Polytope
from geosae.geometry.regions.round import Ball, Ellipsoid
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL, PROBABILITY

# Above this dimension qhull's facets are too many: volumes are sampled and the normals only spread.
_QHULL_DIM = 4


@dataclass(frozen=True, eq=False)
class Approximation:
    """A polyhedron θ of m facets around a concept C.

    Parameters
    ----------
    halfspaces
        The m half-spaces, pushed out by a bound on rounding so that their open intersection holds C.
    excess
        vol(θ∖C): the false alarms, in Lebesgue volume.
    hull_excess
        vol(θ∖Conv(C)): what more facets could still save; nan where vol(Conv(C)) is not known.
    best
        Whether no polyhedron with m facets is better (closed cases); otherwise θ is the best that was found.
    """

    halfspaces: HalfSpaces
    excess: Estimate
    hull_excess: float
    best: bool

    __repr__ = short_repr


def circumscribed_polygon_area(m: int) -> float:
    """Return m·tan(π/m), the least area of an m-gon around the unit disk (A3).

    Raises
    ------
    InvalidInput
        If m < 3.

    Examples
    --------
    >>> circumscribed_polygon_area(4)
    4.0
    """
    return disk_excess(m, _of=0)


def disk_excess(m: int, _of: int = 1) -> float:
    """Return m·tan(π/m) − π, the least excess area of an m-gon around the unit disk (A3): about π³/(3m²).

    Examples
    --------
    >>> round(disk_excess(1000) * 3 * 1000**2 / np.pi**3, 4)
    1.0
    """
    if m < 3:
        raise InvalidInput(f"a bounded polygon has at least 3 sides, not {m}")
    before = ctx.prec
    ctx.prec = 256
    try:
        return float(m * (arb.pi() / m).tan() - _of * arb.pi())
    finally:
        ctx.prec = before


@checked_arguments(restarts=COUNT, steps=NATURAL, samples=COUNT, alpha=PROBABILITY, m=COUNT)
def approximate(
    region: Region,
    m: int,
    rng: np.random.Generator,
    *,
    restarts: int = 3,
    steps: int = 200,
    samples: int = 20_000,
    alpha: float = 0.05,
) -> Approximation:
    """Find m half-spaces that hold the region and little else (A1–A4).

    The disk and its affine images get the regular m-gon, which is best; a polytope with at most m facets gets
    its facets. Otherwise, up to dimension 4, the normals descend along the gradient of the volume (by qhull)
    from several starts, in coordinates where the region is about as wide as long; a facet is in place when it
    touches the region in its own centroid. Above, normals are spread evenly and the excess is sampled, with
    an exact binomial interval.

    Raises
    ------
    InvalidInput
        If m < n + 1 (m < 2 for n = 1): fewer half-spaces do not bound anything.

    Examples
    --------
    >>> from geosae.geometry.regions.registry import Ball
    >>> around = approximate(Ball(np.zeros(2), 1.0), 6, np.random.default_rng(0))
    >>> round(around.excess.value, 6), round(disk_excess(6), 6), around.best
    (0.322509, 0.322509, True)
    """
    n = region.dim
    if m < n + 1:
        raise InvalidInput(f"m = {m} half-spaces do not bound a set in R^{n}; at least {n + 1} are needed")
    check_length(float(np.max(np.abs(region.bounds))), "how far the region reaches from 0")
    normals = _best_normals(region, m)
    if normals is not None:
        return _measured(region, normals, rng, samples, alpha, best=True)
    if n > _QHULL_DIM:
        return _measured(region, _spread(m, n, rng), rng, samples, alpha, best=False)
    # The problem is affine-invariant, the descent is not: it runs where the region is about as wide as long.
    matrix = _whitening(region, rng)
    round_region = AffineImage(region, np.linalg.inv(matrix), np.zeros(n))
    inner = np.mean(round_region.extreme(np.vstack([np.eye(n), -np.eye(n)])), axis=0)
    descents = [_descend(round_region, _spread(m, n, rng), inner, steps) for _ in range(restarts)]
    units = min(descents, key=lambda pair: pair[0])[1]
    return _measured(region, unit_rows(np.linalg.solve(matrix.T, units.T).T), rng, samples, alpha, best=False)


def _whitening(region: Region, rng: np.random.Generator) -> Float[np.ndarray, "n n"]:
    """Return a matrix whose inverse maps the region to one whose outermost points spread alike everywhere."""
    n = region.dim
    directions = np.vstack([np.eye(n), -np.eye(n), sphere_points(64, n, rng)])
    matrix = np.diag(np.subtract(*region.bounds[::-1]))
    # Which points are outermost depends on the coordinates: after a few rounds these no longer change much.
    for _ in range(8):
        touch = region.extreme(unit_rows(np.linalg.solve(matrix.T, directions.T).T))
        local = np.linalg.solve(matrix, (touch - touch.mean(axis=0)).T)
        matrix = matrix @ np.linalg.cholesky(local @ local.T / len(directions))
    return matrix


def _best_normals(region: Region, m: int) -> Float[np.ndarray, "k n"] | None:
    """Return the normals of a best polyhedron with at most m facets where it is known in closed form."""
    hull = region.hull()
    if region.dim == 1:
        return np.array([[1.0], [-1.0]])
    if isinstance(hull, Ball) and hull.dim == 2:
        angles = 2 * np.pi * np.arange(m) / m
        return np.column_stack([np.cos(angles), np.sin(angles)])
    if isinstance(hull, Ellipsoid) and hull.dim == 2:
        # {A y + c}: the half-space ⟨u, y⟩ ≤ 1 becomes ⟨A⁻ᵀu, x − c⟩ ≤ 1.
        disk = _best_normals(Ball(np.zeros(2), 1.0), m)
        return None if disk is None else unit_rows(np.linalg.solve(hull.axes.T, disk.T).T)
    if isinstance(hull, AffineImage):
        before = _best_normals(hull.region, m)
        return None if before is None else unit_rows(np.linalg.solve(hull.matrix.T, before.T).T)
    if isinstance(hull, Box) and m >= 2 * hull.dim:
        return np.vstack([np.eye(hull.dim), -np.eye(hull.dim)])
    if isinstance(hull, Polytope):
        normals = -hull.facets().w
        return normals if len(normals) <= m else None
    return None


def _spread(m: int, n: int, rng: np.random.Generator) -> Float[np.ndarray, "m n"]:
    """Return m unit normals that positively span Rⁿ: a randomly turned simplex, then points that repel."""
    simplex = np.eye(n + 1) - 1.0 / (n + 1)
    basis = np.linalg.svd(simplex)[2][:n]
    turn = np.linalg.qr(rng.standard_normal((n, n)))[0]
    units = np.vstack([unit_rows(simplex @ basis.T) @ turn, sphere_points(m - n - 1, n, rng)])
    for _ in range(100):
        gaps = units[:, None] - units[None, :]
        distance = np.sqrt(np.sum(gaps**2, axis=2)) + np.eye(m)
        push = np.sum(gaps / distance[:, :, None] ** (n + 1), axis=1)
        units[n + 1 :] = unit_rows(units + 0.1 * unit_rows(push) * m ** (-1.0 / (n - 1)))[n + 1 :]
    return units


def _descend(
    region: Region, start: Float[np.ndarray, "m n"], inner: Float[np.ndarray, " n"], steps: int
) -> tuple[float, Float[np.ndarray, "m n"]]:
    """Minimise the volume over the normals; the derivative is area·(touching point − centroid)."""
    shape = start.shape

    def volume(flat: Float[np.ndarray, " v"]) -> tuple[float, Float[np.ndarray, " v"]]:
        rows = flat.reshape(shape)
        units = unit_rows(rows)
        touch = region.extreme(units)
        facets = facets_of(units, np.sum(units * touch, axis=1), inner)
        if facets is None:
            return 1e300, np.zeros(flat.shape)
        slope = facets.areas[:, None] * (touch - facets.centroids)
        slope -= np.sum(slope * units, axis=1, keepdims=True) * units
        return facets.volume, (slope / np.linalg.norm(rows, axis=1, keepdims=True)).ravel()

    outcome = _program.minimise(volume, start.ravel(), steps=steps)
    if outcome.point is None or outcome.value is None:
        return volume(start.ravel())[0], start
    return outcome.value, unit_rows(outcome.point.reshape(shape))


def _measured(
    region: Region,
    units: Float[np.ndarray, "m n"],
    rng: np.random.Generator,
    samples: int,
    alpha: float,
    *,
    best: bool,
) -> Approximation:
    """Build the half-spaces from their normals and measure what they hold beyond the region."""
    heights = region.support(units)
    reach = float(np.max(np.abs(region.bounds)))
    slack = 8 * region.dim * (region.dim + 2) * float(np.finfo(np.float64).eps) * reach
    halfspaces = HalfSpaces(-units, heights + slack)
    excess = _excess(region, units, heights, rng, samples, alpha)
    hull_excess = excess.value - (region.hull_volume - region.volume)
    return Approximation(halfspaces, excess, float(np.maximum(0.0, hull_excess)), best)


def _excess(
    region: Region,
    units: Float[np.ndarray, "m n"],
    heights: Float[np.ndarray, " m"],
    rng: np.random.Generator,
    samples: int,
    alpha: float,
) -> Estimate:
    """Return vol(θ) − vol(C) by qhull where both are known, otherwise from points of a box around θ."""
    n = region.dim
    if n <= _QHULL_DIM and not np.isnan(region.volume):
        value = float(np.maximum(0.0, _volume(region, units, heights) - region.volume))
        return Estimate(value, value, value, exact=True)
    low, high = _bounding_box(units, heights)
    drawn = rng.uniform(low, high, (samples, n))
    alarms = np.all(drawn @ units.T <= heights, axis=1) & ~region.contains(drawn)
    box = float(np.prod(high - low))
    ends = clopper_pearson(int(alarms.sum()), samples, alpha)
    share = float(np.mean(alarms))
    return Estimate(box * share, box * float(ends[0]), box * float(ends[1]), False, samples, 0, alpha)


def _volume(region: Region, units: Float[np.ndarray, "m n"], heights: Float[np.ndarray, " m"]) -> float:
    if region.dim == 1:
        return float(heights.sum())
    hull = region.hull()
    if isinstance(hull, Box | Polytope) and len(units) <= 64 and _is_facets(hull, units):
        return hull.volume
    inner = np.mean(region.extreme(np.vstack([np.eye(region.dim), -np.eye(region.dim)])), axis=0)
    facets = facets_of(units, heights, inner)
    if facets is None:
        raise InvalidInput("the half-spaces found do not bound a set", remedy="try another rng or a larger m")
    return facets.volume


def _is_facets(hull: Box | Polytope, units: Float[np.ndarray, "m n"]) -> bool:
    """Tell whether these are the normals `_best_normals` takes from a polytope's facets."""
    normals = _best_normals(hull, len(units))
    return normals is not None and normals.shape == units.shape and bool(np.all(normals == units))


def _bounding_box(
    units: Float[np.ndarray, "m n"], heights: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Return the tight box around {⟨u_i, x⟩ ≤ h_i} by 2n linear programs, widened by their tolerance."""
    n = units.shape[1]
    ends: list[float] = []
    for cost in np.vstack([np.eye(n), -np.eye(n)]):
        outcome = _program.linear_program(cost, at_most=(units, heights), bounds=(None, None))
        if outcome.value is None:
            raise InvalidInput("the half-spaces found do not bound a set", remedy="hand in a larger m")
        ends.append(outcome.value)
    low, high = np.array(ends[:n]), -np.array(ends[n:])
    margin = 1e-6 * (high - low)
    return low - margin, high + margin
