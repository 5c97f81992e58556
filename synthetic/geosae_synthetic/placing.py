"""Positions of balls, and directions: balls apart in a box, regular simplices, frames, spread directions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.balls import ball_volume

_ROUNDS = 50
_TRIES = 400


def apart(
    radii: Sequence[float], gap: float, dim: int, rng: np.random.Generator, half_width: float = 1.0
) -> Float[np.ndarray, "p n"]:
    """Put balls into the box [−h, h]ⁿ at random, no two nearer than `gap`, by sequential rejection.

    Raises
    ------
    InvalidInput
        If they cannot fit (a ball wider than the box, too much volume), or no placement was found.

    Examples
    --------
    >>> centres = apart([0.4, 0.4], 0.1, 2, np.random.default_rng(0))
    >>> bool(np.linalg.norm(centres[0] - centres[1]) >= 0.9)
    True
    """
    sizes = np.asarray(radii, dtype=np.float64)
    room = half_width - sizes
    # Balls that keep the gap are disjoint when grown by half of it, and stay in the box grown alike.
    needed = sum(ball_volume(dim, float(radius) + gap / 2) for radius in sizes)
    if (room <= 0).any() or needed > (2 * half_width + gap) ** dim:
        raise InvalidInput(
            f"{len(sizes)} balls of radius up to {sizes.max():g} with gaps {gap:g} cannot lie in the box "
            f"[−{half_width:g}, {half_width:g}]^{dim}",
            remedy="lower the radius, the gap or their number, or raise dim",
        )
    for _ in range(_ROUNDS):
        centres = _sequence(sizes, room, gap, dim, rng)
        if centres is not None:
            return centres
    raise InvalidInput(
        f"no placement of {len(sizes)} balls of radius up to {sizes.max():g} with gaps {gap:g} was found in "
        f"{_ROUNDS} rounds",
        causes="a packing that is too dense for random placement",
        remedy="lower the radius, the gap or their number, or raise dim",
    )


def _sequence(
    sizes: Float[np.ndarray, "p"],
    room: Float[np.ndarray, "p"],
    gap: float,
    dim: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "p n"] | None:
    centres = np.empty((len(sizes), dim))
    for k in range(len(sizes)):
        drawn = rng.uniform(-room[k], room[k], (_TRIES, dim))
        away = np.linalg.norm(drawn[:, None, :] - centres[None, :k, :], axis=2)
        free = np.flatnonzero((away >= sizes[:k] + sizes[k] + gap).all(axis=1))
        if not free.size:
            return None
        centres[k] = drawn[free[0]]
    return centres


def frame(dim: int, rng: np.random.Generator) -> Float[np.ndarray, "n n"]:
    """Draw a uniformly random orthonormal frame (rows).

    Examples
    --------
    >>> rows = frame(3, np.random.default_rng(0))
    >>> bool(np.allclose(rows @ rows.T, np.eye(3)))
    True
    """
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    # Without the signs of r's diagonal, qr would not be uniform (Mezzadri 2007).
    return (q * np.sign(np.diagonal(r))).T


def simplex(count: int) -> Float[np.ndarray, "count k"]:
    """Return the vertices of a regular simplex with `count` vertices on the unit sphere of R^(count−1).

    Examples
    --------
    >>> np.round(simplex(2), 12).tolist()
    [[-1.0], [1.0]]
    """
    if count == 1:
        return np.zeros((1, 0))
    # The simplex one dimension down, shrunk and lowered, with a new vertex at the top.
    low = -1.0 / (count - 1)
    below = simplex(count - 1) * np.sqrt(1.0 - low * low)
    top = np.zeros((1, count - 1))
    top[0, -1] = 1.0
    return np.concatenate([np.column_stack([below, np.full(count - 1, low)]), top])


def spread_directions(count: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
    """Return `count` unit vectors of Rⁿ that are far from one another, rotated at random.

    They are optimal where an optimum is known: a simplex up to n+1, coordinate axes up to 2n, a regular
    polygon in the plane; beyond, the best of some random choices.

    Examples
    --------
    >>> u = spread_directions(2, 3, np.random.default_rng(0))
    >>> bool(np.allclose(u[0], -u[1]))
    True
    """
    if count == 1:
        return frame(dim, rng)[:1]
    if count <= dim + 1:
        return simplex(count) @ frame(dim, rng)[: count - 1]
    if count <= 2 * dim:
        axes = frame(dim, rng)
        return np.concatenate([axes, -axes])[:count]
    if dim == 2:
        angles = 2 * np.pi * np.arange(count) / count
        return np.column_stack([np.cos(angles), np.sin(angles)]) @ frame(2, rng)
    if dim == 1:
        raise InvalidInput(f"{count} directions do not exist on a line", remedy="raise dim")
    return max((_random_unit(count, dim, rng) for _ in range(_TRIES)), key=least_distance)


def _random_unit(count: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
    steps = rng.standard_normal((count, dim))
    return steps / np.linalg.norm(steps, axis=1, keepdims=True)


def least_distance(points: Float[np.ndarray, "N n"]) -> float:
    """Return the least distance between two of the points (infinite for one).

    Examples
    --------
    >>> least_distance(np.array([[0.0], [3.0], [5.0]]))
    2.0
    """
    away = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)
    return float((away + np.diag(np.full(len(points), np.inf))).min())


def hull_distance(
    point: Float[np.ndarray, "n"], others: Float[np.ndarray, "N n"], steps: int = 4000
) -> tuple[float, float]:
    """Bound the distance from a point to the convex hull of others from below and above (up to rounding).

    The upper bound is the distance to a point of the hull, the lower one that to a hyperplane before it
    (Gilbert 1966, doi:10.1137/0304007), so a verdict on either side needs no convergence.

    Examples
    --------
    >>> low, high = hull_distance(np.array([0.0, 2.0]), np.array([[-1.0, 0.0], [1.0, 0.0]]))
    >>> round(low, 6), round(high, 6)
    (2.0, 2.0)
    """
    cloud = others - point
    near = cloud[int(np.argmin((cloud**2).sum(axis=1)))]
    low = 0.0
    for _ in range(steps):
        high = float(np.linalg.norm(near))
        values = cloud @ near
        best = int(np.argmin(values))
        low = max(low, float(values[best]) / high) if high > 0 else low
        if high - low <= 1e-12 * high or high == 0:
            break
        step = near - cloud[best]
        length = float(step @ step)
        near = near - min(1.0, float(near @ step) / length) * step if length > 0 else near
    high = float(np.linalg.norm(near))
    return min(low, high), high
