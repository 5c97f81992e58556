"""Matrices of crosses for Hypothesis, with empty, full and repeated lines."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def matrices(draw: st.DrawFn, most: int = 12, least: int = 0) -> np.ndarray:
    """Return crosses of up to most × most, some with repeated, empty or full lines."""
    rows, columns = draw(st.integers(least, most)), draw(st.integers(least, most))
    cells = [draw(st.integers(0, 2**columns - 1)) for _ in range(rows)]
    matrix = np.array([[c >> j & 1 for j in range(columns)] for c in cells], dtype=bool).reshape(
        rows, columns
    )
    # Sparse, as relations of neurons are, or dense.
    other = [draw(st.integers(0, 2**columns - 1)) for _ in range(rows)]
    mask = np.array([[c >> j & 1 for j in range(columns)] for c in other], dtype=bool).reshape(rows, columns)
    kind = draw(st.sampled_from(["even", "sparse", "dense"]))
    return matrix & mask if kind == "sparse" else matrix | mask if kind == "dense" else matrix
