"""Dictionaries where ties are common: small integers, duplicates, antipodes, zeros, sums, near-parallels."""

import numpy as np
from hypothesis import strategies as st

NEARLY = 2.0**-40


@st.composite
def dictionaries(draw, most_dim: int = 4, least: int = 2, most: int = 6, reach: int = 2, zeros: bool = True):
    """Draw an (n, p) array of floats, columns the features; some columns are made from earlier ones."""
    dim = draw(st.integers(1, most_dim))
    size = draw(st.integers(least, most))
    kinds = [
        "new",
        "new",
        "new",
        "duplicate",
        "antipode",
        "sum",
        "near-parallel",
        *(["zero"] if zeros else []),
    ]
    columns: list[np.ndarray] = []
    for _ in range(size):
        kind = draw(st.sampled_from(kinds)) if columns else "new"
        earlier = draw(st.sampled_from(range(len(columns)))) if columns else 0
        other = draw(st.sampled_from(range(len(columns)))) if columns else 0
        if kind == "duplicate":
            column = columns[earlier].copy()
        elif kind == "antipode":
            column = -columns[earlier]
        elif kind == "sum":
            column = columns[earlier] + columns[other]
        elif kind == "near-parallel":
            column = columns[earlier].copy()
            column[draw(st.integers(0, dim - 1))] += NEARLY
        elif kind == "zero":
            column = np.zeros(dim)
        else:
            column = np.array(draw(st.tuples(*[st.integers(-reach, reach)] * dim)), dtype=np.float64)
        if not zeros and not column.any():
            column[0] = 1.0
        columns.append(column)
    return np.column_stack(columns)
