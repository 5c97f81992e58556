"""Regions of every kind, on small grids so that they shrink well."""

import random

import numpy as np
from hypothesis import strategies as st

from geosae.geometry import (
    AffineImage,
    AnnularSector,
    Ball,
    Box,
    Cap,
    Capsule,
    Checkerboard,
    Cone,
    Ellipsoid,
    Helix,
    InvalidInput,
    Moon,
    Polytope,
    Product,
    Region,
    Shell,
    Slab,
    Spiral,
    Torus,
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
def cones(draw, n: int) -> Cone:
    axis = draw(vectors(n).filter(lambda v: bool(np.any(v))))
    return Cone(draw(vectors(n)), draw(lengths), axis, draw(lengths))


@st.composite
def slabs(draw, n: int) -> Slab:
    radius = draw(lengths)
    axis = draw(vectors(n).filter(lambda v: bool(np.any(v))))
    low, high = sorted(
        draw(st.lists(st.sampled_from([-1.0, -0.75, -0.25, 0.5, 1.0]), min_size=2, max_size=2, unique=True))
    )
    return Slab(draw(vectors(n)), radius, axis, low * radius, high * radius)


@st.composite
def moons(draw, n: int) -> Region:
    if n == 1:
        return draw(slabs(1))
    radius, bite = draw(lengths), draw(lengths)
    least = abs(radius - bite)
    offset = least + (radius + bite - least) * draw(st.sampled_from([0.125, 0.5, 0.75]))
    axis = draw(vectors(n).filter(lambda v: bool(np.any(v))))
    return Moon(draw(vectors(n)), radius, axis, offset, bite)


@st.composite
def swept(draw, n: int) -> Region:
    if n == 1:
        return draw(cones(1))
    radius = draw(lengths)
    thickness = radius * draw(st.sampled_from([0.25, 0.5, 0.75]))
    if n == 3 and draw(st.booleans()):
        pitch = draw(lengths)
        return Helix(radius, thickness, pitch, pitch * draw(st.sampled_from([0.5, 1.25, 3.0])))
    return Torus(draw(vectors(n)), radius, thickness, draw(st.booleans()))


@st.composite
def boards(draw, n: int) -> Region:
    if n == 1:
        return draw(boxes(1))
    box = draw(boxes(n))
    return Checkerboard(box.low, box.high, draw(st.integers(2, 4)), draw(st.booleans()), draw(st.booleans()))


@st.composite
def bands(draw, n: int) -> Region:
    filled = draw(st.booleans())
    if draw(st.booleans()):
        inner = draw(lengths)
        angle = np.pi * draw(st.sampled_from([0.125, 0.5, 0.75, 0.9]))
        turn = draw(st.integers(-4, 4))
        return AnnularSector(draw(vectors(2)), inner, inner + draw(lengths), turn * 0.7, angle, filled)
    growth = draw(lengths) / 4
    start = draw(st.sampled_from([0.0, 1.0, 7.0]))
    end = start + 2 * np.pi * draw(st.sampled_from([1.0, 1.2, 1.75, 2.5]))
    return Spiral(growth, 2 * np.pi * growth * draw(st.sampled_from([0.1, 0.5, 0.9])), start, end, filled)


@st.composite
def planars(draw, n: int) -> Region:
    if draw(st.booleans()):
        return draw(bands(2))
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
KINDS += (cones, slabs, moons, swept, boards)


@st.composite
def regions(draw, highest: int = 4) -> Region:
    # The run-time type checker picks tuple items by the global generator, which strategies must leave alone.
    state = random.getstate()
    n = draw(st.integers(1, highest))
    kinds = (*KINDS, planars) if n == 2 else KINDS
    region = draw(draw(st.sampled_from(kinds))(n))
    random.setstate(state)
    return region
