"""Stability, Δ, separation index and implications against their definitions."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from fca.brute import BOOLEAN_3, concepts_fast
from fca.strategies_fca import matrices
from fca.test_stable import delta_of
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import (
    Implication,
    concept_lattice,
    deltas,
    implication_basis,
    scores,
    separation_index,
    stability,
    stability_bounds,
    stable_core,
    stable_family,
)
from geosae.fca.context import FormalContext
from geosae.geometry import InvalidInput


def brute_stability(incidence, lattice, i) -> Fraction:
    extent = lattice.extents[i]
    total = 0
    for size in range(len(extent) + 1):
        for objects in combinations(extent, size):
            common = incidence[list(objects)].all(axis=0)
            total += tuple(np.flatnonzero(common).tolist()) == lattice.intents[i]
    return Fraction(total, 2 ** len(extent))


@given(matrices(most=6))
def test_stability_equals_the_share_of_subsets_and_lies_within_its_bounds(matrix):
    context = FormalContext.from_array(matrix)
    lattice = concept_lattice(context)
    dual = concept_lattice(FormalContext.from_array(matrix.T))
    found = stability(lattice)
    assert found == [brute_stability(matrix, lattice, i) for i in range(len(lattice))]
    by_intent = dict(zip(lattice.intents, stability(lattice, side="attributes"), strict=True))
    assert by_intent == dict(zip(dual.extents, stability(dual), strict=True))
    for side in ("objects", "attributes"):
        exact = np.array([float(s) for s in stability(lattice, side=side)])
        low, high = stability_bounds(lattice, side=side)
        assert (low <= exact + 1e-12).all()
        assert (exact <= high + 1e-12).all()


@given(matrices())
def test_stability_of_twelve_by_twelve_counts_every_subset_once(matrix):
    lattice = concept_lattice(FormalContext.from_array(matrix))
    whole = 2 ** len(matrix)
    # Every set of objects has the intent of exactly one concept.
    own = [s * 2 ** len(e) for s, e in zip(stability(lattice), lattice.extents, strict=True)]
    assert sum(own) == whole
    assert all(count > 0 for count in own)


@pytest.mark.parametrize("side", ["objects", "attributes"])
@given(matrix=matrices())
def test_deltas_from_the_covers_equal_the_definition(side, matrix):
    lattice = concept_lattice(FormalContext.from_array(matrix))
    found = dict(zip(map(frozenset, lattice.extents), deltas(lattice, side=side).tolist(), strict=True))
    assert found == {e: delta_of(matrix, e, i, side) for e, i in concepts_fast(matrix).items()}


@given(matrices(most=8))
def test_the_separation_index_is_the_share_of_the_cross(matrix):
    lattice = concept_lattice(FormalContext.from_array(matrix))
    for extent, intent, index in zip(
        lattice.extents, lattice.intents, separation_index(lattice), strict=True
    ):
        touched = np.zeros_like(matrix)
        touched[list(extent)] = True
        touched[:, list(intent)] = True
        crosses = int((matrix & touched).sum())
        if crosses:
            assert index == pytest.approx(len(extent) * len(intent) / crosses)
        else:
            assert np.isnan(index)


def test_exact_stability_is_refused_where_it_would_take_too_long(monkeypatch):
    monkeypatch.setattr(scores, "LARGEST", 7)
    with pytest.raises(InvalidInput, match="stability_bounds"):
        stability(concept_lattice(BOOLEAN_3))
    monkeypatch.setattr(scores, "LARGEST", 8)
    assert len(stability(concept_lattice(BOOLEAN_3))) == 8


def closed_under(members, rules):
    return all(not set(r.premise) <= members or set(r.conclusion) <= members for r in rules)


def follow(members, rules):
    members = set(members)
    while not closed_under(members, rules):
        for rule in rules:
            if set(rule.premise) <= members:
                members |= set(rule.conclusion)
    return members


@given(matrices(most=7))
def test_the_basis_is_sound_complete_and_not_redundant(matrix):
    context = FormalContext.from_array(matrix)
    rules = implication_basis(context)
    names = context.attributes
    # Sound and complete: the sets closed under the rules are exactly the intents.
    intents = {frozenset(names[j] for j in i) for i in concepts_fast(matrix).values()}
    subsets = [frozenset(c) for k in range(len(names) + 1) for c in combinations(names, k)]
    assert {s for s in subsets if closed_under(s, rules)} == intents
    for rule in rules:
        others = [r for r in rules if r is not rule]
        assert not set(rule.conclusion) <= follow(rule.premise, others)
        assert rule.support == len(context.extent(rule.premise))
        assert not set(rule.premise) & set(rule.conclusion)


@given(matrices(least=1))
def test_up_to_twelve_attributes_every_closure_follows_from_the_basis(matrix):
    context = FormalContext.from_array(matrix)
    rules = implication_basis(context)
    rng = np.random.default_rng(0)
    for _ in range(10):
        some = [
            m
            for m, chosen in zip(context.attributes, rng.random(matrix.shape[1]) < 0.4, strict=True)
            if chosen
        ]
        assert follow(some, rules) == set(context.attribute_closure(some))


def test_a_basis_that_takes_too_long_is_refused():
    with pytest.raises(InvalidInput, match="not complete"):
        implication_basis(FormalContext.from_array(~np.eye(12, dtype=bool)), cap=100)


@given(st.integers(0, 1000))
def test_rules_on_the_stable_core_hold_in_the_whole_context(seed):
    rng = np.random.default_rng(seed)
    context = FormalContext.from_array(np.repeat(rng.random((8, 5)) < 0.5, 3, axis=1))
    core = stable_core(stable_family(context, 2))
    for rule in implication_basis(core):
        premise = [name.split(" ")[0] for name in rule.premise]
        conclusion = {name.split(" ")[0] for name in rule.conclusion}
        assert conclusion <= set(context.attribute_closure(premise))
        assert rule.support == len(context.extent(premise))


@pytest.mark.parametrize(
    ("premise", "conclusion", "support", "words"),
    [
        (("1",), ("2", "3"), 1, "whenever 1 fires for a concept, 2 and 3 do (1 concept)"),
        (("1", "2"), ("3",), 2, "whenever 1 and 2 fire for a concept, 3 does (2 concepts)"),
        ((), ("3",), 0, "3 fires for every concept (0 concepts)"),
        ((), ("3", "4"), 3, "3 and 4 fire for every concept (3 concepts)"),
    ],
)
def test_a_rule_is_a_sentence(premise, conclusion, support, words):
    assert Implication(premise, conclusion, support).in_words == words
