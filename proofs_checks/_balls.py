"""The unit ball and polytopes around it: volumes, a lower bound by caps, evenly spread normals."""

from math import cos, gamma, pi, sin, tan

import numpy as np
from flint import arb, ctx
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


def cap_excess(m: int, r: int) -> float:
    """Return the cap bound's excess over the unit ball.

    Examples
    --------
    >>> round(cap_excess(100, 2) * 100**2 * 3 / pi**3, 3)
    1.0
    """
    return cap_bound(m, r) - ball_volume(r)


def local_exponent(halvings: int, r: int) -> tuple[arb, float]:
    """Return the slope of the cap bound's excess, and how far it may lie from −2/(r−1), the slope's limit.

    The slope is taken between the caps of angles φ = 2^−halvings and φ/2 in double logarithmic scale, in ball
    arithmetic. With q = r − 1 and I = ∫₀^φ sin^{q−1} the relative excess is tan^q φ/(qI) − 1 and m is
    proportional to 1/I. From 1 − (q−1)x²/6 ≤ (sin x/x)^{q−1} ≤ exp(−(q−1)x²/6) and the nonnegative Taylor
    coefficients of tan^q, for q ≤ 4 and φ ≤ 1/10: the excess is a multiple of φ² up to a factor within
    1 ± 3φ², and 1/I a multiple of φ^{−q} up to one within 1 ± φ²/2. Hence the slope is −2/q up to 6φ².

    Examples
    --------
    >>> slope, eta = local_exponent(10, 5)
    >>> abs(float(slope) + 0.5) < eta < 1e-5
    True
    """
    if halvings < 4 or r not in (2, 3, 4, 5):
        raise ArithmeticError(f"no bound on the slope was proved for φ = 2^−{halvings} and r = {r}")
    with ctx.workprec(64 + 16 * halvings):
        angle = arb(2) ** -halvings
        (wide, few), (narrow, many) = _excess_and_count(angle, r), _excess_and_count(angle / 2, r)
        return (narrow / wide).log() / (many / few).log(), 6 * 4.0**-halvings


def _excess_and_count(angle: arb, r: int) -> tuple[arb, arb]:
    """Return the relative excess of cones over caps of this angle, and a multiple of their number."""
    c, s = angle.cos(), angle.sin()
    integral = {2: angle, 3: 1 - c, 4: (angle - s * c) / 2, 5: (2 - 3 * c + c**3) / 3}[r]
    return angle.tan() ** (r - 1) / ((r - 1) * integral) - 1, 1 / integral


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
