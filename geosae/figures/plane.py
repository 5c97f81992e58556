"""Plane geometry for drawing: convex hulls, polygons cut by half-planes, lines cut by a window."""

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.validation import finite_points

Window = tuple[float, float, float, float]
"""(left, right, bottom, top)."""


def window_of(points: Float[np.ndarray, "N n"], margin: float = 0.08) -> Window:
    """Return a window around the points with a margin, never of zero size.

    Raises
    ------
    InvalidInput
        If the points do not lie in the plane.

    Examples
    --------
    >>> window_of(np.array([[0.0, 0.0], [1.0, 2.0]]), margin=0.5)
    (-1.0, 2.0, -1.0, 3.0)
    """
    if points.ndim != 2 or points.shape[1] != 2:
        raise InvalidInput(
            f"a picture in the plane needs points of shape (N, 2), not {points.shape}",
            remedy="choose two coordinates, or a 2-D world",
        )
    finite = finite_points(points)
    low, high = finite.min(axis=0), finite.max(axis=0)
    pad = margin * (float((high - low).max()) or 1.0)
    return float(low[0] - pad), float(high[0] + pad), float(low[1] - pad), float(high[1] + pad)


def corners(window: Window) -> Float[np.ndarray, "4 2"]:
    """Return the window's corners, counter-clockwise.

    Examples
    --------
    >>> corners((0.0, 1.0, 0.0, 2.0)).tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [0.0, 2.0]]
    """
    left, right, bottom, top = window
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]])


def hull(points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "k 2"]:
    """Return the corners of the convex hull, counter-clockwise: two for a segment, one for a point.

    The monotone chain of Andrew 1979 (doi 10.1016/0020-0190(79)90072-3); it needs no special case for
    collinear points.

    Examples
    --------
    >>> hull(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 1.0]])).tolist()
    [[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]]
    """
    order = np.unique(points, axis=0)
    if len(order) <= 2:
        return order
    lower, upper = _chain(order), _chain(order[::-1])
    return np.array(lower[:-1] + upper[:-1])


def _chain(points: Float[np.ndarray, "N 2"]) -> list[Float[np.ndarray, "2"]]:
    chain: list[Float[np.ndarray, "2"]] = []
    for point in points:
        while len(chain) >= 2 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Float[np.ndarray, "2"], b: Float[np.ndarray, "2"], c: Float[np.ndarray, "2"]) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def cut(
    polygon: Float[np.ndarray, "k 2"], w: Float[np.ndarray, "d 2"], c: Float[np.ndarray, "d"]
) -> Float[np.ndarray, "m 2"]:
    """Return the part of a convex polygon where every ⟨w_i, x⟩ + c_i ≥ 0 (Sutherland and Hodgman 1974).

    Examples
    --------
    >>> square = corners((0.0, 1.0, 0.0, 1.0))
    >>> cut(square, np.array([[1.0, 0.0]]), np.array([-0.5])).tolist()
    [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]
    """
    for normal, offset in zip(w, c, strict=True):
        values = polygon @ normal + offset
        if np.all(values >= 0):
            continue
        corner: list[Float[np.ndarray, "2"]] = []
        for i in range(len(polygon)):
            here, there = values[i], values[(i + 1) % len(polygon)]
            if here >= 0:
                corner.append(polygon[i])
            if (here >= 0) != (there >= 0):
                share = here / (here - there)
                corner.append(polygon[i] + share * (polygon[(i + 1) % len(polygon)] - polygon[i]))
        polygon = np.array(corner).reshape(-1, 2)
    return polygon


def edges_in(
    window: Window, w: Float[np.ndarray, "d 2"], c: Float[np.ndarray, "d"]
) -> tuple[Float[np.ndarray, "m 2 2"], Bool[np.ndarray, "d"]]:
    """Return the segments of the lines ⟨w_i, x⟩ + c_i = 0 inside the window, and which lines have one.

    Examples
    --------
    >>> w, c = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([-0.5, 9.0])
    >>> segments, crossing = edges_in((0.0, 1.0, 0.0, 1.0), w, c)
    >>> segments.tolist(), crossing.tolist()
    ([[[0.5, 0.0], [0.5, 1.0]]], [True, False])
    """
    square = corners(window)
    segments: list[Float[np.ndarray, "2 2"]] = []
    crossing = np.zeros(len(c), dtype=bool)
    for i, (normal, offset) in enumerate(zip(w, c, strict=True)):
        values = square @ normal + offset
        ends: list[Float[np.ndarray, "2"]] = []
        for j in range(4):
            here, there = values[j], values[(j + 1) % 4]
            if (here >= 0) != (there >= 0):
                ends.append(square[j] + here / (here - there) * (square[(j + 1) % 4] - square[j]))
        if len(ends) == 2:
            crossing[i] = True
            segments.append(np.array(ends))
    return np.array(segments).reshape(-1, 2, 2), crossing
