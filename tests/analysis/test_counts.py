import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis import counts
from geosae.analysis.counts import CountAccumulator, Counts
from geosae.data.codes import Codes
from geosae.errors import InvalidInput


def _cases(seed, chunks):
    rng = np.random.default_rng(seed)
    size, p, d = rng.integers(1, 30), rng.integers(1, 4), rng.integers(1, 6)
    fires, inside = rng.random((size, d)) < 0.6, rng.random((size, p)) < 0.4
    accumulator = CountAccumulator(int(p), int(d))
    for rows in np.array_split(np.arange(size), chunks):
        accumulator.add(Codes.from_mask(fires[rows]), inside[rows])
    return fires, inside, accumulator


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_counts_equal_brute_force_whatever_the_chunks(seed, chunks):
    fires, inside, accumulator = _cases(seed, chunks)
    neurons = accumulator.neurons()
    for k in range(inside.shape[1]):
        c = inside[:, k]
        for i in range(fires.shape[1]):
            assert neurons.hits[k, i] == (fires[:, i] & c).sum()
            assert neurons.alarms[k, i] == (fires[:, i] & ~c).sum()
            assert neurons.misses[k, i] == (c & ~fires[:, i]).sum()
    np.testing.assert_array_equal(neurons.positives[:, 0], inside.sum(axis=0))
    np.testing.assert_array_equal(neurons.negatives[:, 0], (~inside).sum(axis=0))
    assert (accumulator.active, accumulator.points) == (fires.sum(), len(fires))
    np.testing.assert_array_equal(accumulator.fired, fires.sum(axis=0))


def test_counts_of_other_points_add_up_and_parts_are_taken():
    a = Counts(np.array([1, 2]), np.array([0, 1]), np.array([3, 3]), np.array([4, 4]))
    both = a + a
    assert (both.hits.tolist(), both.negatives.tolist()) == ([2, 4], [8, 8])
    assert both.at(slice(1, 2)).fired.tolist() == [6]


@pytest.mark.parametrize(
    ("hits", "alarms", "positives"), [([[5]], [[0]], [[4]]), ([[-1]], [[0]], [[4]]), ([[1]], [[8]], [[4]])]
)
def test_impossible_counts_are_refused(hits, alarms, positives):
    with pytest.raises(InvalidInput):
        Counts(np.array(hits), np.array(alarms), np.array(positives), np.array([[7]]))


def test_the_counts_of_shards_add_up_to_the_bytes_of_the_whole():
    rng = np.random.default_rng(0)
    fires, inside = rng.random((60, 7)) < 0.3, rng.random((60, 4)) < 0.4
    codes = Codes.from_mask(fires)
    whole = CountAccumulator(4, 7)
    whole.add(codes, inside)
    for shards in (1, 3, 60):
        parts = []
        for rows in np.array_split(rng.permutation(60), shards):
            parts.append(CountAccumulator(4, 7))
            parts[-1].add(codes.rows(rows), inside[rows])
        total = parts[0].neurons()
        for part in parts[1:]:
            total += part.neurons()
        for one, two in zip(total.arrays("").values(), whole.neurons().arrays("").values(), strict=True):
            assert (one.dtype, one.shape, one.tobytes()) == (two.dtype, two.shape, two.tobytes())


def test_a_table_holds_its_hits_once_and_makes_alarms_for_the_rows_asked_for():
    accumulator = CountAccumulator(3, 5)
    accumulator.add(Codes.from_mask(np.eye(5, dtype=bool)), np.ones((5, 3), dtype=bool))
    table = accumulator.neurons()
    assert table.hits.dtype == np.int32
    assert table.fired.shape == (3, 5)
    assert np.shares_memory(table.fired, accumulator.fired)
    assert table.at(slice(1, 2)).alarms.tolist() == [[0] * 5]
    assert {array.dtype.name for array in table.arrays("").values()} == {"int64"}


def test_more_points_than_int32_holds_are_counted_in_int64(monkeypatch):
    monkeypatch.setattr(counts, "LARGEST", 10)
    rng = np.random.default_rng(0)
    fires, inside = rng.random((12, 4)) < 0.5, rng.random((12, 2)) < 0.5
    accumulator = CountAccumulator(2, 4)
    for rows in (slice(0, 10), slice(10, 12)):
        accumulator.add(Codes.from_mask(fires[rows]), inside[rows])
        assert accumulator.neurons().hits.dtype == (np.int32 if rows.start == 0 else np.int64)
    np.testing.assert_array_equal(accumulator.neurons().hits, inside.T.astype(int) @ fires.astype(int))


@pytest.mark.parametrize("place", [(0, 0), (3, 1), (6, 2)])
@pytest.mark.parametrize("name", ["hits", "alarms"])
@pytest.mark.parametrize("forged", [-1, 10])
def test_one_impossible_number_is_found_in_every_row_of_a_table(monkeypatch, place, name, forged):
    monkeypatch.setattr(counts, "_CELLS", 6)
    parts = {"hits": np.full((7, 3), 2), "alarms": np.full((7, 3), 3)}
    totals = {"positives": np.full((7, 1), 4), "negatives": np.full((7, 1), 5)}
    Counts(**parts, **totals)
    parts[name][place] = forged
    with pytest.raises(InvalidInput):
        Counts(**parts, **totals)


@pytest.mark.parametrize(
    "shapes", [((2, 3), (3, 2), (2, 1)), ((2, 3), (2, 3), (3, 1)), ((2,), (2,), (2, 1)), ((), (), ())]
)
def test_counts_of_other_shapes_are_refused(shapes):
    hits, alarms, totals = (np.zeros(shape, dtype=np.int64) for shape in shapes)
    with pytest.raises(InvalidInput, match="fit"):
        Counts(hits, alarms, totals, totals)
