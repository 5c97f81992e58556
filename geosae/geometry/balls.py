"""Volumes of balls and caps in any dimension, and uniform points in and on the unit ball."""

import math

import numpy as np
from jaxtyping import Float
from scipy import special


def ball_volume(n: int, radius: float = 1.0) -> float:
    """Return the volume π^{n/2} rⁿ / Γ(n/2 + 1) of a ball in Rⁿ (1 for n = 0).

    Examples
    --------
    >>> ball_volume(2) == math.pi
    True
    """
    # By V_n = V_{n−2}·2πr²/n the small dimensions come out without a rounding of their logarithm.
    value = 2.0 * radius if n % 2 else 1.0
    for k in range(3 if n % 2 else 2, n + 1, 2):
        value *= 2.0 * math.pi * radius * radius / k
    return value


def cap_share(n: int, height: float) -> float:
    """Return the share of the unit ball of Rⁿ that lies in {x₁ ≥ height}, for −1 ≤ height ≤ 1.

    It is half a regularised incomplete beta function, ½·I_{1 − height²}((n+1)/2, ½), for height ≥ 0.

    Examples
    --------
    >>> cap_share(2, 0.0), cap_share(2, 1.0), cap_share(2, -1.0)
    (0.5, 0.0, 1.0)
    """
    tail = 0.5 * float(special.betainc((n + 1) / 2, 0.5, max(0.0, 1.0 - height * height)))
    return tail if height >= 0 else 1.0 - tail


def sphere_points(count: int, n: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
    """Draw points uniform on the unit sphere of Rⁿ.

    Examples
    --------
    >>> x = sphere_points(3, 5, np.random.default_rng(0))
    >>> bool(np.allclose(np.linalg.norm(x, axis=1), 1))
    True
    """
    steps = rng.standard_normal((count, n))
    return steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), np.finfo(np.float64).tiny)


def ball_points(count: int, n: int, rng: np.random.Generator) -> Float[np.ndarray, "count n"]:
    """Draw points uniform in the unit ball of Rⁿ (for n = 0 all are the one point of R⁰).

    Examples
    --------
    >>> ball_points(2, 3, np.random.default_rng(0)).shape
    (2, 3)
    """
    if n == 0:
        return np.zeros((count, 0))
    return sphere_points(count, n, rng) * rng.random((count, 1)) ** (1.0 / n)


def reflect_first_axis(
    points: Float[np.ndarray, "N n"], axis: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "N n"]:
    """Apply to every point the reflection that takes the first coordinate axis to the unit vector `axis`.

    Examples
    --------
    >>> reflect_first_axis(np.array([[2.0, 0.0]]), np.array([0.0, 1.0])).tolist()
    [[0.0, 2.0]]
    """
    mirror = -axis.copy()
    mirror[0] += 1.0
    square = float(mirror @ mirror)
    return points.copy() if square == 0 else points - np.outer(points @ mirror, mirror) * (2.0 / square)
