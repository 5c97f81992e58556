"""Lists of who fires: the kept set is that of the gate, ties and all."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geosae.sae.gates import largest_positive

pytest.importorskip("numba", reason="numba is not installed")

from geosae.sae.training.numba.lists import Lists


def kept(z, k, bias=None, dtype=np.float32):
    """What the lists keep of z + bias, and its value, per row."""
    rows, width = z.shape
    lists = Lists(rows, width, rows * k, np.dtype(dtype))
    bias = np.zeros(width, dtype) if bias is None else bias.astype(dtype)
    lists.keep_largest(z.astype(dtype), bias, k, first=0)
    mask = np.zeros(z.shape, bool)
    for row, (a, b) in enumerate(zip(lists.start[:-1], lists.start[1:], strict=True)):
        assert b - a <= k
        assert len(set(lists.index[a:b])) == b - a
        mask[row, lists.index[a:b]] = True
        assert np.array_equal(lists.value[a:b], (z.astype(dtype) + bias)[row, lists.index[a:b]])
    return mask


@st.composite
def grids(draw):
    """Small integers, so that ties, zeros and rows without anything positive are common."""
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 70)))
    span = draw(st.integers(0, 4))
    z = draw(hnp.arrays(np.int64, shape, elements=st.integers(-span, span)))
    return z.astype(np.float32), draw(st.integers(1, shape[1]))


@given(grids())
def test_ties_are_settled_as_by_the_gate(case):
    z, k = case
    assert np.array_equal(kept(z, k), largest_positive(torch.from_numpy(z), k).numpy() > 0)


@pytest.mark.parametrize(("width", "k"), [(17, 3), (128, 4), (500, 8), (4096, 16), (300, 120), (64, 64)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_k_largest_of_random_rows(width, k, dtype):
    rng = np.random.default_rng(width)
    z = rng.standard_normal((60, width)).astype(dtype)
    z[:20] -= 2.5  # few positive
    bias = rng.standard_normal(width).astype(dtype)
    expected = largest_positive(torch.from_numpy(z + bias), k).numpy() > 0
    assert np.array_equal(kept(z, k, bias, dtype), expected)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_equal_numbers_close_together_and_far_apart(k):
    """Bisection must end where floats are neighbours, subnormal, huge or infinite."""
    tiny = np.nextafter(np.float32(0), np.float32(1))
    row = np.array([1.0, np.nextafter(np.float32(1), np.float32(2)), tiny, 0.0, -0.0, 3e38, np.inf, -np.inf])
    z = np.resize(row, (3, 77)).astype(np.float32)
    z[1] = tiny
    z[2] = np.float32(3e38)
    assert np.array_equal(kept(z, k), largest_positive(torch.from_numpy(z), k).numpy() > 0)


def test_the_order_of_many_ties_does_not_matter():
    """All equal but a few: the lowest indices win, whatever block they are in."""
    z = np.ones((1, 1000), np.float32)
    z[0, [7, 900]] = 2.0
    mask = kept(z, 5)
    assert np.flatnonzero(mask[0]).tolist() == [0, 1, 2, 7, 900]


def test_lists_per_neuron_are_the_lists_per_point_turned_round():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((30, 12)).astype(np.float32)
    lists = Lists(30, 12, 30 * 3, z.dtype)
    for first in (0, 10, 20):
        lists.keep_largest(z[first : first + 10], np.zeros(12, np.float32), 3, first)
    lists.turn_round()
    pairs = [(i, b) for b, row in enumerate(lists.rows()) for i in row]
    turned = [(i, int(b)) for i in range(12) for b in lists.points[lists.begin[i] : lists.begin[i + 1]]]
    assert turned == sorted(pairs)
    for i in range(12):
        mine = slice(lists.begin[i], lists.begin[i + 1])
        assert np.array_equal(lists.activations[mine], z[lists.points[mine], i])


@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.integers(-1, 1)))
def test_any_support_is_listed_and_room_is_made(support):
    z = np.arange(support.size, dtype=np.float32).reshape(support.shape)
    lists = Lists(*support.shape, 1, z.dtype)
    lists.keep_support(z, (support > 0).astype(np.float32))
    assert lists.rows() == [np.flatnonzero(row > 0).tolist() for row in support]
    assert np.array_equal(lists.value[: lists.start[-1]], z[support > 0])


def test_not_a_number_is_never_kept_and_breaks_nothing():
    z = np.full((2, 40), np.nan, np.float32)
    z[0, 3] = 1.0
    assert kept(z, 4)[1].sum() == 0
