"""Implications: the true ones by brute force, and what silent, loud and perfect units get for them."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geosae.benchmark.rules import MOST_CONCEPTS, rule_score, true_rules


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 5))))
def test_true_rules_hold_and_every_pair_that_holds_follows(table: np.ndarray) -> None:
    rules = true_rules(table)
    for premise, conclusion in rules:
        having = table[:, list(premise)].all(axis=1)
        assert having.any()
        assert table[having][:, list(conclusion)].all()
    for c, d in combinations(range(table.shape[1]), 2):
        for one, other in ((c, d), (d, c)):
            if table[:, one].any() and not (table[:, one] & ~table[:, other]).any():
                assert other in closed({one}, rules)


def closed(members: set[int], rules: tuple) -> set[int]:
    while True:
        more = {c for premise, end in rules if members >= set(premise) for c in end} - members
        if not more:
            return members
        members |= more


def test_many_concepts_are_asked_for_their_order_alone() -> None:
    table = np.tril(np.ones((MOST_CONCEPTS + 1, MOST_CONCEPTS + 1), dtype=bool))
    assert len(true_rules(table)) == (MOST_CONCEPTS + 1) * MOST_CONCEPTS // 2


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(2, 5))), st.floats(0, 0.5))
def test_units_that_always_fire_gain_nothing_and_silent_ones_keep_nothing(
    table: np.ndarray, tolerance: float
) -> None:
    loud = rule_score(table, np.ones_like(table), tolerance)
    assert np.isnan(loud.gain) or loud.gain == 0
    silent = rule_score(table, np.zeros_like(table), tolerance)
    assert silent.recall in (0.0,) or np.isnan(silent.recall)
    assert silent.alarms in (0.0,) or np.isnan(silent.alarms)
    truth = rule_score(table, table, 0.0)
    assert np.isnan(truth.recall) or truth.recall == 1
    assert np.isnan(truth.alarms) or truth.alarms == 0
