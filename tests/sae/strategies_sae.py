"""Strategies for autoencoders: tensors on small integer grids, so that ties are common and exact."""

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geosae.geometry.arrangements.halfspaces import HalfSpaces

small_ints = st.integers(-3, 3).map(float)


@st.composite
def grid_tensors(draw, rows=8, columns=6):
    shape = (draw(st.integers(1, rows)), draw(st.integers(1, columns)))
    return torch.from_numpy(draw(hnp.arrays(np.float64, shape, elements=small_ints)))


@st.composite
def grid_half_spaces_and_points(draw):
    dim, width, count = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(1, 12))
    w = draw(hnp.arrays(np.float64, (width, dim), elements=small_ints))
    c = draw(hnp.arrays(np.float64, (width,), elements=small_ints))
    points = draw(hnp.arrays(np.float64, (count, dim), elements=small_ints))
    return HalfSpaces(w, c), points
