import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.data.codes import Codes
from geosae.errors import InvalidInput

MASKS = st.tuples(st.integers(0, 7), st.integers(0, 6), st.floats(0, 1), st.integers(0, 99)).map(
    lambda t: np.random.default_rng(t[3]).random(t[:2]) < t[2]
)
"""Among them: no points, no neurons, nobody fires, all fire."""


def listed(mask: np.ndarray, *, with_values: bool) -> Codes:
    """Codes built by a loop over the points, apart from the library."""
    lists = [[i for i in range(mask.shape[1]) if row[i]] for row in mask]
    indptr = np.array([sum(len(one) for one in lists[:x]) for x in range(len(lists) + 1)])
    indices = np.array([i for one in lists for i in one], dtype=int)
    values = np.array([10.0 * x + i for x, one in enumerate(lists) for i in one])
    return Codes(indptr, indices, mask.shape[1], values if with_values else None)


def same(one: Codes, two: Codes) -> bool:
    values = (one.values is None) == (two.values is None)
    if one.values is not None and two.values is not None:
        values = np.array_equal(one.values, two.values)
    return (
        one.width == two.width
        and np.array_equal(one.indptr, two.indptr)
        and np.array_equal(one.indices, two.indices)
        and values
    )


@given(MASKS, st.booleans())
def test_codes_are_lists_of_who_fires(mask: np.ndarray, with_values: bool) -> None:
    table = 10.0 * np.arange(len(mask))[:, None] + np.arange(mask.shape[1])
    codes = Codes.from_mask(mask, table if with_values else None)
    assert same(codes, listed(mask, with_values=with_values))
    assert codes.indptr.dtype == np.int64
    assert codes.indices.dtype == np.int32
    assert np.array_equal(codes.dense(), mask)
    assert np.array_equal(codes.fired(), mask.sum(axis=0))
    assert (len(codes), codes.active) == (len(mask), mask.sum())


@given(MASKS, st.booleans(), st.data())
def test_rows_are_the_rows_of_the_table(mask: np.ndarray, with_values: bool, data: st.DataObject) -> None:
    codes = listed(mask, with_values=with_values)
    some = data.draw(
        st.lists(st.integers(-len(mask), len(mask) - 1), max_size=9) if len(mask) else st.just([])
    )
    which = np.array(some, dtype=int)
    cut = data.draw(st.slices(len(mask)))
    for asked in (which, cut):
        taken = codes.rows(asked)
        assert np.array_equal(taken.dense(), mask[asked])
        if taken.values is not None:
            table = 10.0 * np.arange(len(mask))[:, None] + np.arange(mask.shape[1])
            assert np.array_equal(taken.values, table[asked][mask[asked]])


@given(MASKS, st.booleans(), st.integers(0, 7))
def test_parts_give_the_whole_back(mask: np.ndarray, with_values: bool, cut: int) -> None:
    codes = listed(mask, with_values=with_values)
    assert same(Codes.concatenate([codes.rows(slice(0, cut)), codes.rows(slice(cut, None))]), codes)


@given(MASKS, st.booleans())
def test_transposed_twice_is_the_same(mask: np.ndarray, with_values: bool) -> None:
    codes = listed(mask, with_values=with_values)
    turned = codes.transposed()
    assert np.array_equal(turned.dense(), mask.T)
    assert same(turned.transposed(), codes)


@pytest.mark.parametrize(
    ("indptr", "indices", "width", "values"),
    [
        ([], [], 3, None),
        ([1, 2], [0, 1], 3, None),
        ([0, 1], [0, 1], 3, None),
        ([0, 2, 1, 3], [0, 1, 2], 3, None),
        ([0, 2], [0, 3], 3, None),
        ([0, 2], [-1, 0], 3, None),
        ([0, 2], [1, 0], 3, None),
        ([0, 0, 2], [1, 1], 3, None),
        ([0, 1, 3], [2, 1, 0], 3, None),
        ([0, 0], [], -1, None),
        ([0, 2], [0, 1], 3, [1.0]),
    ],
)
def test_broken_lists_are_refused(
    indptr: list[int], indices: list[int], width: int, values: list[float] | None
) -> None:
    ints = (np.array(indptr, dtype=int), np.array(indices, dtype=int))
    with pytest.raises(InvalidInput):
        Codes(*ints, width, None if values is None else np.array(values))


def test_a_neuron_may_fall_from_one_point_to_the_next_and_over_empty_points() -> None:
    assert len(Codes(np.array([0, 1, 1, 1, 3]), np.array([2, 0, 1]), 3)) == 4


def test_unlike_codes_are_not_concatenated() -> None:
    one, two = (Codes.from_mask(np.eye(size, dtype=bool)) for size in (2, 3))
    for parts in ([], [one, two], [one, Codes.from_mask(np.eye(2, dtype=bool), np.eye(2))]):
        with pytest.raises(InvalidInput):
            Codes.concatenate(parts)
