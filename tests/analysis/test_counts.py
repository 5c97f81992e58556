import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis.counts import CountAccumulator, Counts
from geosae.analysis.units import closure_units
from geosae.errors import InvalidInput


def _cases(seed, chunks):
    rng = np.random.default_rng(seed)
    size, p, d = rng.integers(1, 30), rng.integers(1, 4), rng.integers(1, 6)
    fires, inside = rng.random((size, d)) < 0.6, rng.random((size, p)) < 0.4
    members = rng.random((p, d)) < 0.4
    accumulator = CountAccumulator(int(p), int(d), members)
    for rows in np.array_split(np.arange(size), chunks):
        accumulator.add(fires[rows], inside[rows])
    return fires, inside, members, accumulator


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_counts_equal_brute_force_whatever_the_chunks(seed, chunks):
    fires, inside, members, accumulator = _cases(seed, chunks)
    neurons, units = accumulator.neurons(), accumulator.units()
    for k in range(inside.shape[1]):
        c = inside[:, k]
        theta = fires[:, members[k]].all(axis=1)  # an empty unit holds everywhere
        assert units.hits[k] == (theta & c).sum()
        assert units.alarms[k] == (theta & ~c).sum()
        assert units.misses[k] == (c & ~theta).sum()
        for i in range(fires.shape[1]):
            assert neurons.hits[k, i] == (fires[:, i] & c).sum()
            assert neurons.alarms[k, i] == (fires[:, i] & ~c).sum()
    assert accumulator.active == fires.sum()
    np.testing.assert_array_equal(accumulator.fired, fires.sum(axis=0))


@given(st.integers(0, 10_000))
def test_no_detecting_unit_has_a_smaller_model_concept_than_the_closure_unit(seed):
    # D3 by brute force over all 2^d units, on the sample the unit is chosen on.
    fires, inside, _, accumulator = _cases(seed, 1)
    members = closure_units(accumulator.neurons(), 0.0)
    d = fires.shape[1]
    for k in range(inside.shape[1]):
        c = inside[:, k]
        if not c.any():
            assert not members[k].any()
            continue
        closure = fires[:, members[k]].all(axis=1)
        assert not (c & ~closure).any()
        for code in range(2**d):
            unit = np.array([(code >> i) & 1 for i in range(d)], dtype=bool)
            theta = fires[:, unit].all(axis=1)
            if not (c & ~theta).any():
                assert not (closure & ~theta).any()


def test_closure_units_take_the_tolerance_at_its_word():
    counts = Counts(np.array([[20, 19, 18]]), np.zeros((1, 3), int), np.array([[20]]), np.array([[5]]))
    assert closure_units(counts, 0.05).tolist() == [[True, True, False]]
    assert closure_units(counts, 0.0).tolist() == [[True, False, False]]


def test_picking_takes_one_neuron_per_concept():
    _, _, _, accumulator = _cases(5, 1)
    counts = accumulator.neurons()
    columns = np.arange(counts.hits.shape[0]) % counts.hits.shape[1]
    picked = counts.pick(columns)
    for k, i in enumerate(columns):
        assert picked.hits[k] == counts.hits[k, i]
        assert picked.positives[k] == counts.positives[k, 0]


@pytest.mark.parametrize(
    ("hits", "alarms", "positives"), [([[5]], [[0]], [[4]]), ([[-1]], [[0]], [[4]]), ([[1]], [[8]], [[4]])]
)
def test_impossible_counts_are_refused(hits, alarms, positives):
    with pytest.raises(InvalidInput):
        Counts(np.array(hits), np.array(alarms), np.array(positives), np.array([[7]]))
