import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
