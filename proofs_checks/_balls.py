"""The unit ball and polytopes around it: volumes, a lower bound by caps, evenly spread normals."""

from math import cos, gamma, pi, sin, tan

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull, HalfspaceIntersection


def ball_volume(r: int) -> float:
    """Return the volume of the unit ball of R^r.

    Examples
    --------
    >>> round(ball_volume(3) * 3 / 4, 6)
    3.141593
    """
    return pi ** (r / 2) / gamma(r / 2 + 1)


def cap_share(angle: float, r: int) -> float:
    """Return the share of the sphere in R^r within an angle (at most π/2) of a point, r from 2 to 5."""
    c, s = cos(angle), sin(angle)
    return {2: angle / pi, 3: (1 - c) / 2, 4: (angle - s * c) / pi, 5: (2 - 3 * c + c**3) / 4}[r]


def cap_bound(m: int, r: int) -> float:
    """Return a lower bound on the volume of m half-spaces around the unit ball: m cones over equal caps.

    A facet at distance ≥ 1 from o has a cone of at least the volume of the circular cone of height 1 over a
    cap of the same share of the sphere; that volume is convex in the share, so equal shares are best. It is
    m·tan(π/m) for r = 2.

    Examples
    --------
    >>> round(cap_bound(4, 2), 9)
    4.0
    """
    low, high = 0.0, pi / 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if cap_share(middle, r) < 1 / m else (low, middle)
    return m * ball_volume(r - 1) * tan(low) ** (r - 1) / r


def leading_constant(r: int) -> float:
    """Return lim m^{2/(r−1)}·(cap_bound − ball volume): π³/3 for r = 2.

    Examples
    --------
    >>> round(leading_constant(2) / pi**3, 9)
    0.333333333
    """
    sphere, below = r * ball_volume(r), (r - 1) * ball_volume(r - 1)
    return 0.5 * (r - 1) / (r + 1) * sphere * ((r - 1) * sphere / below) ** (2 / (r - 1))


def spread(m: int, r: int, steps: int = 60) -> Float[np.ndarray, "m r"]:
    """Return m unit vectors that have pushed one another apart, from a fixed start."""
    u = np.random.default_rng(m * 10 + r).standard_normal((m, r))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    reach = m ** (-1 / (r - 1))
    for k in range(steps):
        apart = np.maximum(2 - 2 * (u @ u.T), 1e-12)
        np.fill_diagonal(apart, np.inf)
        weight = apart ** (-(r + 1) / 2)
        force = weight.sum(axis=1, keepdims=True) * u - weight @ u
        force -= (force * u).sum(axis=1, keepdims=True) * u
        size = np.linalg.norm(force, axis=1, keepdims=True)
        u = u + 0.5 * reach * (1 - k / steps) * force / np.maximum(size, np.median(size))
        u /= np.linalg.norm(u, axis=1, keepdims=True)
    return u


def tangent_volume(normals: Float[np.ndarray, "m r"]) -> float:
    """Return the volume of {x : ⟨u, x⟩ ≤ 1 for every normal u}, by qhull.

    Examples
    --------
    >>> round(tangent_volume(np.vstack([np.eye(2), -np.eye(2)])), 9)
    4.0
    """
    m, r = normals.shape
    body = HalfspaceIntersection(np.hstack([normals, -np.ones((m, 1))]), np.zeros(r))
    return float(ConvexHull(body.intersections).volume)
