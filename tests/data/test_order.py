import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.data import order
from geosae.data.order import cover_edges, subset_order

TABLES = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=12
    ).map(lambda rows: np.array(rows, dtype=bool))
)


@given(TABLES)
def test_order_is_inclusion_of_the_columns_as_sets(table: np.ndarray) -> None:
    sets = [set(np.flatnonzero(column).tolist()) for column in table.T]
    expected = [[one <= two for two in sets] for one in sets]
    assert subset_order(table).tolist() == expected


@given(TABLES)
def test_edges_generate_the_strict_order_and_no_edge_is_redundant(table: np.ndarray) -> None:
    below = subset_order(table)
    strict = below & ~below.T
    reach = np.zeros_like(strict)
    for i, j in cover_edges(below):
        reach[i, j] = True
        assert not (strict[i] & strict[:, j]).any()
    for _ in range(len(reach)):
        reach |= (reach.astype(int) @ reach.astype(int)) > 0
    assert np.array_equal(reach, strict)


def test_blocks_do_not_change_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).random((1000, 7)) < np.linspace(0.002, 1, 7)
    table[:, 0] &= table[:, 1]
    whole = subset_order(table)
    monkeypatch.setattr(order, "_BLOCK", 13)
    assert np.array_equal(subset_order(table), whole)
    assert whole[0, 1]
