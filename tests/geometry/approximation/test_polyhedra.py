import numpy as np
import pytest
from geometry.regions.strategies_regions import polytopes
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import Box, HalfSpaces, InvalidInput, Polytope, polytope_of


@given(st.integers(1, 4).flatmap(polytopes))
def test_facets_and_vertices_are_two_descriptions_of_one_polytope(region: Polytope) -> None:
    again = polytope_of(region.facets())
    assert again.volume == pytest.approx(region.volume, rel=1e-6)
    low, high = region.bounds
    assert np.allclose(again.bounds, (low, high), atol=1e-6)


def test_redundant_and_empty_rows() -> None:
    walls = Polytope(Box(np.zeros(2), np.ones(2)).corners()).facets()
    more = HalfSpaces(np.vstack([walls.w, [[1.0, 1.0], [0.0, 0.0]]]), np.concatenate([walls.c, [5.0, 1.0]]))
    assert polytope_of(more).volume == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("w", "c"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]),
        ([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [-1.0, 0.0, 1.0, 1.0]),
        ([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.5], [-1.0, -0.5]], [-1.0, 1.0, 1.0, 1.0]),
        ([[1.0]], [0.0]),
        ([[1.0], [-1.0]], [-1.0, 0.0]),
    ],
)
def test_unbounded_and_empty_sets_are_refused(w, c) -> None:
    with pytest.raises(InvalidInput):
        polytope_of(HalfSpaces(np.array(w), np.array(c)))
