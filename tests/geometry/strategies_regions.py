"""Regions of every kind, on small grids so that they shrink well."""

import random

import numpy as np
from hypothesis import strategies as st

from geosae.geometry import (
    AffineImage,
    Ball,
    Box,
    Cap,
    Capsule,
    Ellipsoid,
    InvalidInput,
    Polytope,
    Product,
    Region,
    Shell,
    Union,
    l_shape,
    star_polygon,
)

lengths = st.sampled_from([0.25, 0.5, 1.0, 1.5, 3.0])


def vectors(n: int) -> st.SearchStrategy[np.ndarray]:
    return st.lists(st.integers(-4, 4).map(lambda k: k / 2), min_size=n, max_size=n).map(
        lambda values: np.array(values, dtype=np.float64)
    )


@st.composite
def balls(draw, n: int) -> Ball:
    return Ball(draw(vectors(n)), draw(lengths))


@st.composite
def boxes(draw, n: int) -> Box:
    low = draw(vectors(n))
    return Box(low, low + np.array([draw(lengths) for _ in range(n)]))


@st.composite
def shells(draw, n: int) -> Shell:
    inner = draw(lengths)
    return Shell(draw(vectors(n)), inner, inner + draw(lengths))


@st.composite
def ellipsoids(draw, n: int) -> Ellipsoid:
    axes = np.diag([draw(lengths) for _ in range(n)])
    if n > 1:
        axes[0, 1] = draw(st.sampled_from([0.0, 0.5, -0.25]))
    return Ellipsoid(draw(vectors(n)), axes)


@st.composite
def caps(draw, n: int) -> Cap:
    radius = draw(lengths)
    axis = draw(vectors(n).filter(lambda v: bool(np.any(v))))
    return Cap(draw(vectors(n)), radius, axis, radius * draw(st.sampled_from([-0.75, -0.25, 0.0, 0.5, 0.75])))


@st.composite
def capsules(draw, n: int) -> Capsule:
    radius, other = draw(lengths), draw(lengths)
    axis = draw(vectors(n).filter(lambda v: bool(np.any(v))))
    start = draw(vectors(n))
    step = axis / np.linalg.norm(axis) * (abs(radius - other) + draw(lengths))
    return Capsule(start, radius, start + step, other)


@st.composite
def polytopes(draw, n: int) -> Polytope:
    extra = [draw(vectors(n)) for _ in range(draw(st.integers(0, 4)))]
    corners = draw(vectors(n)) + draw(lengths) * np.vstack([np.zeros(n), np.eye(n)])
    return Polytope(np.vstack([corners, *extra]))


@st.composite
def planars(draw, n: int) -> Region:
    if draw(st.booleans()):
        size = draw(lengths)
        return l_shape(size, size * draw(st.sampled_from([0.25, 0.5, 0.75])))
    outer = draw(lengths)
    return star_polygon(draw(st.integers(3, 7)), outer, outer * draw(st.sampled_from([0.25, 0.5, 0.9])))


@st.composite
def unions(draw, n: int) -> Union:
    kind = draw(st.sampled_from(["balls", "boxes", "ring"]))
    if kind == "ring":
        shell = draw(shells(n))
        return Union((Ball(shell.center, shell.inner / 2), shell), disjoint=True)
    parts = draw(st.lists(balls(n) if kind == "balls" else boxes(n), min_size=1, max_size=3))
    try:
        return Union(tuple(parts), disjoint=True)
    except InvalidInput:
        return Union(tuple(parts))


@st.composite
def products(draw, n: int) -> Region:
    if n == 1:
        return draw(boxes(1))
    first = draw(st.integers(1, n - 1))
    return Product((draw(balls(first)), draw(st.one_of(shells(n - first), boxes(n - first)))))


@st.composite
def images(draw, n: int) -> AffineImage:
    matrix = np.eye(n) * draw(lengths)
    matrix[0, -1] += draw(st.sampled_from([0.0, 0.5]))
    return AffineImage(draw(st.one_of(balls(n), shells(n), boxes(n))), matrix, draw(vectors(n)))


KINDS = (balls, boxes, shells, ellipsoids, caps, capsules, polytopes, unions, products, images)


@st.composite
def regions(draw, highest: int = 4) -> Region:
    # The run-time type checker picks tuple items by the global generator, which strategies must leave alone.
    state = random.getstate()
    n = draw(st.integers(1, highest))
    kinds = (*KINDS, planars) if n == 2 else KINDS
    region = draw(draw(st.sampled_from(kinds))(n))
    random.setstate(state)
    return region
