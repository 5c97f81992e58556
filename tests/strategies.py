"""Hypothesis strategies for point clouds: small integer grids, where ties and degeneracies are common."""

import numpy as np
from hypothesis import strategies as st


def grid_cloud(dim: int, most: int = 7, reach: int = 2):
    """Return a strategy for clouds of 1 to `most` points of the grid {−reach, …, reach}^dim."""
    point = st.tuples(*[st.integers(-reach, reach)] * dim)
    return st.lists(point, min_size=1, max_size=most).map(lambda rows: np.array(rows, dtype=np.float64))


@st.composite
def cloud_pairs(draw, most_dim: int = 4, most: int = 7, reach: int = 2):
    """Draw two clouds; sometimes the second is moved away, so that both verdicts are common."""
    dim = draw(st.integers(1, most_dim))
    A, B = draw(grid_cloud(dim, most, reach)), draw(grid_cloud(dim, most, reach))
    shift = draw(st.integers(0, 2 * reach))
    axis = draw(st.integers(0, dim - 1))
    B[:, axis] += shift
    return A, B


@st.composite
def transforms(draw, dim: int):
    """Draw powers of two, one per column: an exact change of units, from mild to absurd."""
    exponents = draw(st.lists(st.sampled_from([0, 0, 1, -3, 40, -40, 300, -300]), min_size=dim, max_size=dim))
    return np.ldexp(1.0, exponents)
