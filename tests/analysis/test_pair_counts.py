"""Counting on lists, in all three ways, against a loop over points that knows nothing of them."""

import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geosae.analysis import pair_counts
from geosae.analysis.pair_counts import add_pairs
from geosae.data.codes import Codes

WAYS = {"dense": (10**9, 10**9), "sparse": (0, 10**9), "compiled": (0, 0)}
"""DENSE and MANY that force each way."""


def by_points(fires: np.ndarray, inside: np.ndarray) -> np.ndarray:
    hits = np.zeros((inside.shape[1], fires.shape[1]), dtype=np.int64)
    for who, what in zip(fires, inside, strict=True):
        hits[np.ix_(np.flatnonzero(what), np.flatnonzero(who))] += 1
    return hits


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "compiled":
        pytest.importorskip("numba")
    else:
        monkeypatch.delitem(sys.modules, "geosae.analysis._kernels", raising=False)
    dense, many = WAYS[request.param]
    monkeypatch.setattr(pair_counts, "DENSE", dense)
    monkeypatch.setattr(pair_counts, "MANY", many)
    return str(request.param)


@pytest.mark.parametrize("width", [1, 63, 64, 130])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_each_way_counts_what_the_points_say(way: str, width: int, dtype: type) -> None:
    for seed, (size, concepts) in enumerate([(0, 3), (1, 1), (40, 0), (70, 5)]):
        for share in (0.0, 0.05, 1.0):
            rng = np.random.default_rng(seed)
            fires = rng.random((size, width)) < share
            inside = rng.random((size, concepts)) < 0.4
            hits = rng.integers(0, 9, (concepts, width)).astype(dtype)
            before = hits.copy()
            add_pairs(hits, Codes.from_mask(fires), inside)
            np.testing.assert_array_equal(hits, before + by_points(fires, inside))


@given(
    st.integers(0, 5000),
    st.integers(0, 30),
    st.integers(1, 9),
    st.integers(1, 4),
    st.floats(0, 1),
    st.floats(0, 1),
)
@example(0, 5, 3, 2, 0.0, 0.5)
@example(0, 5, 3, 2, 0.5, 0.0)
@example(0, 5, 3, 2, 1.0, 1.0)
@example(0, 0, 3, 2, 1.0, 1.0)
def test_the_way_it_chooses_counts_what_the_points_say(
    seed: int, size: int, width: int, concepts: int, fire_share: float, label_share: float
) -> None:
    rng = np.random.default_rng(seed)
    fires, inside = rng.random((size, width)) < fire_share, rng.random((size, concepts)) < label_share
    hits = np.zeros((concepts, width), dtype=np.int32)
    add_pairs(hits, Codes.from_mask(fires), inside)
    np.testing.assert_array_equal(hits, by_points(fires, inside))


def test_blocks_of_points_and_of_concepts_do_not_change_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    fires, inside = rng.random((90, 40)) < 0.2, rng.random((90, 11)) < 0.3
    monkeypatch.setattr(pair_counts, "_ROWS", 7)
    monkeypatch.setattr(pair_counts, "_CELLS", 80)
    monkeypatch.delitem(sys.modules, "geosae.analysis._kernels", raising=False)
    for dense in (0, 10**9):
        monkeypatch.setattr(pair_counts, "DENSE", dense)
        hits = np.zeros((11, 40), dtype=np.int32)
        add_pairs(hits, Codes.from_mask(fires), inside)
        np.testing.assert_array_equal(hits, by_points(fires, inside))


def test_large_tables_are_counted_by_the_compiled_loop_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "geosae.analysis._kernels", raising=False)
    assert not pair_counts._compiled(pair_counts.MANY - 1)
    monkeypatch.setattr(pair_counts, "find_spec", lambda name: None)
    assert not pair_counts._compiled(pair_counts.MANY)
    monkeypatch.setattr(pair_counts, "find_spec", lambda name: name)
    assert pair_counts._compiled(pair_counts.MANY)
