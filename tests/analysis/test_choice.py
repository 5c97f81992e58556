"""What is chosen on the fit half: the three rules by brute force, and never a unit worse than the neuron."""

from itertools import combinations, product

import numpy as np
import pytest
from analysis.planted import random_dataset, random_planted
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis import LEARNERS, AnalysisConfig, analyse
from geosae.analysis.choice import SMALL, Candidates, candidates, choose, contenders, least
from geosae.analysis.counts import Counts
from geosae.analysis.firing_bits import FiringBits, ones, pack, pack_lists
from geosae.analysis.passes import pool_of
from geosae.analysis.unit_search import MOST_MEMBERS, propose, shortlist
from geosae.data.codes import Codes
from geosae.data.split import split_rows


def _bits(seed, size=40, width=5, p=3):
    rng = np.random.default_rng(seed)
    fires, inside = rng.random((size, width)) < 0.6, rng.random((size, p)) < 0.4
    return fires, inside, FiringBits.of(fires, inside)


@given(st.integers(0, 5000), st.integers(1, 200))
def test_bits_count_what_booleans_count(seed, size):
    fires, inside, bits = _bits(seed, size)
    units = [(0,), (1, 3), (), (0, 1, 2, 3, 4)]
    counts = bits.count(units, np.array([0, 1, 2, 2]))
    for j, (unit, k) in enumerate(zip(units, (0, 1, 2, 2), strict=True)):
        theta = fires[:, unit].all(axis=1) if unit else np.zeros(size, dtype=bool)
        assert counts.hits[j] == (theta & inside[:, k]).sum()
        assert counts.alarms[j] == (theta & ~inside[:, k]).sum()
        assert counts.positives[j] + counts.negatives[j] == size
    np.testing.assert_array_equal(ones(pack(fires)), fires.sum(axis=0))


@given(st.integers(0, 5000), st.sampled_from([0.0, 0.05, 0.3]))
def test_proposed_units_are_units_and_detecting_ones_stay_within_the_tolerance(seed, tolerance):
    fires, inside, bits = _bits(seed)
    for k in range(3):
        units = propose(bits, k, tolerance)
        assert len(set(units)) == len(units)
        assert all(len(unit) > 1 and tuple(sorted(set(unit))) == unit for unit in units)
    empty = FiringBits.of(fires, np.zeros_like(inside))
    assert propose(empty, 0, tolerance) == ()


@given(st.integers(0, 3000))
def test_the_search_finds_the_best_pair_of_nested_half_lines(seed):
    # θ_i = {x > a_i} and {x < b_j}: greedy conjunction is exact here, as one bound of each kind suffices.
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, 60)
    fires = np.stack([x > a for a in rng.uniform(-1, 1, 3)] + [x < b for b in rng.uniform(-1, 1, 3)], axis=1)
    low, high = np.sort(rng.uniform(-1, 1, 2))
    inside = ((x > low) & (x < high))[:, None]
    if not inside.any():
        return
    bits = FiringBits.of(fires, inside)

    def f1(unit):
        theta = fires[:, unit].all(axis=1)
        return 2 * (theta & inside[:, 0]).sum() / (theta.sum() + inside.sum())

    pairs = [tuple(pair) for size in (1, 2) for pair in combinations(range(6), size)]
    singles = [(i,) for i in range(6)]
    best = max(map(f1, pairs))
    assert max(map(f1, [*singles, *propose(bits, 0, 0.05)])) >= best - 1e-12


@given(st.integers(0, 5000), st.sampled_from([0.0, 0.05, 0.2, 0.5]))
def test_the_rules_by_brute_force(seed, tolerance):
    _, inside, bits = _bits(seed)
    neurons = Counts(
        np.array([ones(bits.neurons & C) for C in bits.concepts]),
        ones(bits.neurons) - np.array([ones(bits.neurons & C) for C in bits.concepts]),
        inside.sum(axis=0)[:, None],
        (~inside).sum(axis=0)[:, None],
    )
    for k in range(3):
        units = propose(bits, k, tolerance)
        counts = bits.count(units, np.full(len(units), k))
        pool = candidates(k, neurons, units, counts)
        positives = max(int(inside[:, k].sum()), 1)
        for learner, most in zip(LEARNERS, (1, SMALL, 99), strict=True):
            rows = [
                (unit, int(h), int(f))
                for unit, h, f in zip(pool.units, pool.hits, pool.fired, strict=True)
                if h > 0 and len(unit) <= most
            ]
            detecting = [(f, len(u), u) for u, h, f in rows if (positives - h) / positives <= tolerance]
            assert choose(pool, "detection", learner, tolerance) == (min(detecting)[2] if detecting else ())
            within = [
                (s, len(u), u)
                for u, h, f in rows
                if (s := max(positives - h, f - h) / positives) <= tolerance
            ]
            by_f1 = [(-2 * h / (positives + f), len(u), u) for u, h, f in rows]
            expected = min(within)[2] if within else min(by_f1)[2] if by_f1 else ()
            assert choose(pool, "separation", learner, tolerance) == expected
            assert choose(pool, "f1", learner, tolerance) == (min(by_f1)[2] if by_f1 else ())


@given(st.integers(0, 3000), st.sampled_from([0.0, 0.05, 0.2]), st.sampled_from([8192, 64]))
def test_on_the_fit_half_a_unit_is_never_worse_than_the_neuron_of_its_rule(seed, tolerance, search_points):
    rng = np.random.default_rng(seed)
    data, sae = random_dataset(rng, 300, 2, 3), random_planted(rng, 6, 2)
    config = AnalysisConfig(tolerance=tolerance, seed=seed, search_points=search_points, floor=False)
    al = analyse(sae, data, config)
    rows = split_rows(300, 0.5, np.random.default_rng(np.random.SeedSequence(seed).spawn(4)[0]))[0]
    fires, inside = sae.fires(data.points)[rows], data.membership[rows]

    def quality(rule, unit, C):
        """Smaller is better; the empty unit is worst."""
        if not unit:
            return (9, 9.0)
        theta = fires[:, unit].all(axis=1)
        m, a = (C & ~theta).sum() / C.sum(), (theta & ~C).sum() / C.sum()
        if rule == "detection":
            return (0, float(theta.sum()))
        if rule == "separation" and max(m, a) <= tolerance:
            return (0, max(m, a))
        return (1, -2 * (theta & C).sum() / (theta.sum() + C.sum()))

    for rule in ("detection", "separation", "f1"):
        for k in range(3):
            if inside[:, k].any():
                one, small, every = (al.chosen[rule][learner].units[k] for learner in LEARNERS)
                assert len(one) <= 1
                assert len(small) <= SMALL
                qualities = [quality(rule, unit, inside[:, k]) for unit in (every, small, one)]
                assert qualities == sorted(qualities)


@pytest.mark.parametrize("positives", [0, 1, 5])
@pytest.mark.parametrize("rule", ["detection", "separation", "f1"])
def test_what_fires_on_no_point_of_the_concept_is_not_chosen(positives, rule):
    pool = Candidates(((0,), (1, 2)), np.zeros(2, dtype=np.int64), np.array([0, 3]), positives)
    for learner in LEARNERS:
        assert choose(pool, rule, learner, 0.9) == ()


@pytest.mark.parametrize(("hits", "misses", "alarms"), list(product(range(3), repeat=3)))
def test_the_errors_of_candidates_are_ratios(hits, misses, alarms):
    positives = hits + misses
    pool = Candidates(((0,),), np.array([hits]), np.array([hits + alarms]), positives)
    if positives:
        assert pool.miss[0] == misses / positives
        assert pool.separation_error[0] == max(misses, alarms) / positives
    if hits + misses + alarms:
        assert pool.f1[0] == hits / (hits + (misses + alarms) / 2)


def test_the_least_of_nothing_is_nothing():
    assert least([(0,)], np.zeros(1), np.zeros(1, dtype=bool)) == ()


def _table(fires, inside):
    hits = inside.T.astype(np.int64) @ fires.astype(np.int64)
    positives = inside.sum(axis=0)[:, None]
    return Counts(hits, fires.sum(axis=0) - hits, positives, len(fires) - positives)


@given(st.integers(0, 5000), st.integers(0, 200), st.floats(0, 1))
def test_lists_are_packed_as_tables_are(seed, size, share):
    fires = np.random.default_rng(seed).random((size, 5)) < share
    np.testing.assert_array_equal(pack_lists(Codes.from_mask(fires.T)), pack(fires))
    bits = FiringBits.of_codes(Codes.from_mask(fires), fires, np.array([1, 4]))
    np.testing.assert_array_equal(bits.neurons, pack(fires[:, [1, 4]]))
    if size:
        assert bits.count([(1, 4)], np.array([0])).fired[0] == (fires[:, 1] & fires[:, 4]).sum()


@given(st.integers(0, 5000), st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 0.05, 0.3, 0.9]))
def test_the_contenders_stand_for_all_neurons(seed, fire_share, label_share, tolerance):
    rng = np.random.default_rng(seed)
    fires, inside = rng.random((30, 9)) < fire_share * rng.random(9), rng.random((30, 2)) < label_share
    table = _table(fires, inside)
    none = Counts(*(np.zeros(0, dtype=np.int64) for _ in range(4)))
    for k in range(2):
        among = contenders(k, table, tolerance)
        assert len(among) <= 3
        every, few = candidates(k, table, (), none), candidates(k, table, (), none, among)
        for rule in ("detection", "separation", "f1"):
            assert choose(few, rule, "neurons", tolerance) == choose(every, rule, "neurons", tolerance)


@given(st.integers(0, 500), st.sampled_from([0.0, 0.05, 0.4, 0.6]), st.floats(0, 0.5), st.integers(0, 40))
def test_the_shortlist_is_that_of_a_full_sort(seed, tolerance, fire_share, positives):
    # Wider than the shortlist, with many ties: the first of equals must be taken.
    rng = np.random.default_rng(seed)
    width, points = MOST_MEMBERS + 200, 60
    hits = rng.binomial(positives, fire_share * rng.random(width))
    fired = hits + rng.binomial(points - positives, fire_share * rng.random(width))
    short = shortlist(hits, fired, positives, points, tolerance)
    if not positives:
        assert len(short.members) == len(short.by_f1) == len(short.closures) == 0
        return
    recall, alarm_rate = hits / positives, (fired - hits) / max(points - positives, 1)
    order = np.argsort(-(recall - alarm_rate), kind="stable")[:MOST_MEMBERS]
    members = np.sort(order[recall[order] > 0])
    np.testing.assert_array_equal(short.members, members)
    f1 = 2 * hits[members] / (positives + fired[members])
    np.testing.assert_array_equal(short.by_f1, members[np.argsort(-f1, kind="stable")[:6]])
    able = members[1 - recall[members] <= tolerance]
    np.testing.assert_array_equal(short.by_alarms, able[np.argsort(alarm_rate[able], kind="stable")[:6]])
    for unit, multiple in zip(short.closures, (0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2), strict=True):
        assert unit == tuple(np.flatnonzero(1 - recall <= multiple * tolerance).tolist())


@given(st.integers(0, 3000), st.sampled_from([0.0, 0.05, 0.3, 0.6]), st.floats(0, 1), st.floats(0, 1))
def test_units_found_from_lists_are_those_found_from_the_whole_table(
    seed, tolerance, fire_share, label_share
):
    rng = np.random.default_rng(seed)
    fires, inside = rng.random((70, 12)) < fire_share * rng.random(12), rng.random((70, 3)) < label_share
    inside[:, 0] &= fires[:, 1] | (rng.random(70) < 0.1)
    bits = FiringBits.of(fires, inside)
    pool, packed = pool_of(Codes.from_mask(fires), inside, _table(fires, inside), tolerance)
    for k in range(3):
        assert pool.units[pool.of(k)] == propose(bits, k, tolerance)
    some, all_ = packed.count(*pool), bits.count(*pool)
    np.testing.assert_array_equal(some.hits, all_.hits)
    np.testing.assert_array_equal(some.fired, all_.fired)
