import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import HalfSpaces, InvalidInput

grid = st.integers(-3, 3)


@given(
    st.lists(st.tuples(grid, grid, grid), min_size=1, max_size=6), st.lists(st.tuples(grid, grid), min_size=1)
)
def test_membership_is_the_sign_of_the_affine_function(rows, points) -> None:
    table, x = np.array(rows, dtype=np.float64), np.array(points, dtype=np.float64)
    halves = HalfSpaces(table[:, :2], table[:, 2])
    inside = halves.contains(x)
    for i, point in enumerate(points):
        for j, (a, b, c) in enumerate(rows):
            assert inside[i, j] == (a * point[0] + b * point[1] + c > 0)
    assert (halves.common(x) == inside.all(axis=1)).all()


def test_open_sets_and_degenerate_rows() -> None:
    halves = HalfSpaces(np.array([[1.0], [0.0], [0.0], [0.0]]), np.array([0.0, 1.0, 0.0, -1.0]))
    assert halves.contains(np.array([[0.0]])).tolist() == [[False, True, False, False]]
    assert len(halves.take([1, 0])) == 2
    assert halves.take(np.array([False, True, False, False])).c.tolist() == [1.0]
    none = halves.take([])
    assert len(none) == 0
    assert none.common(np.array([[5.0]])).tolist() == [True]


def test_refusals() -> None:
    with pytest.raises(InvalidInput):
        HalfSpaces(np.ones((2, 3)), np.ones(2)).contains(np.ones((1, 2)))
    with pytest.raises(InvalidInput):
        HalfSpaces(np.array([[np.nan]]), np.ones(1))
