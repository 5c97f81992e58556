import json

import numpy as np
import pytest
from fca.brute import BOOLEAN_3, N5, random_context
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import ConceptLattice, concept_lattice
from geosae.fca.context import FormalContext
from geosae.geometry import InvalidInput

SMALL = concept_lattice(
    FormalContext.from_array(
        [[True, True], [True, False], [False, False]], ["frog", "fish", "stone"], ["swims", "walks"]
    )
)


@given(st.integers(0, 100_000))
def test_lattice_laws(seed):
    lattice = concept_lattice(random_context(seed, most=5))
    all_of = list(lattice)
    for a in all_of:
        assert lattice.bottom <= a <= lattice.top
        assert not a < a
        for b in all_of:
            assert (a <= b) == (set(a.extent) <= set(b.extent)) == (set(b.intent) <= set(a.intent))
            assert (a < b) == (set(a.extent) < set(b.extent))
            meet, join = a & b, a | b
            assert set(meet.extent) == set(a.extent) & set(b.extent)
            assert set(join.intent) == set(a.intent) & set(b.intent)
            assert meet | a == a == join & a
            assert (a <= b) == (meet == a) == (join == b)
            # Greatest lower bound, least upper bound.
            assert all(c <= meet for c in all_of if c <= a and c <= b)
            assert all(join <= c for c in all_of if a <= c and b <= c)


@given(st.integers(0, 100_000))
def test_order_is_a_linear_extension_and_reduced_labels_rebuild_the_context(seed):
    context = random_context(seed)
    lattice = concept_lattice(context)
    sizes = [len(extent) for extent in lattice.extents]
    assert sizes == sorted(sizes)
    assert all(i < j for i, j in lattice.covers)
    assert all(i in lattice.lower[j] for i, j in lattice.covers)
    at = {name: i for i, names in enumerate(lattice.object_labels) for name in names}
    on = {name: i for i, names in enumerate(lattice.attribute_labels) for name in names}
    assert set(at) == set(context.objects)
    for g, name in enumerate(context.objects):
        for m, attribute in enumerate(context.attributes):
            assert lattice.leq(at[name], on[attribute]) == context.incidence[g, m]


@given(st.integers(0, 100_000))
def test_json_round_trip(seed):
    lattice = concept_lattice(random_context(seed))
    again = ConceptLattice.from_dict(json.loads(json.dumps(lattice.to_dict(), allow_nan=False)))
    assert again.to_dict() == lattice.to_dict()
    assert again.upper == lattice.upper


def test_concepts_are_found_by_what_they_hold():
    assert SMALL.of_objects(["fish"]).extent == ("frog", "fish")
    assert SMALL.of_attributes(["walks"]).extent == ("frog",)
    assert SMALL.of_attributes([]) == SMALL.top
    assert SMALL.of_objects([]) == SMALL.bottom
    assert SMALL[-1] == SMALL.top
    assert [len(c.upper) for c in SMALL] == [1, 1, 0]
    assert SMALL.top.lower == (SMALL[1],)
    assert repr(SMALL.bottom) == "Concept({frog}, {swims, walks})"
    assert "3 concepts and 2 covers" in repr(SMALL)
    with pytest.raises(InvalidInput, match="bird"):
        SMALL.of_objects(["bird"])
    with pytest.raises(InvalidInput, match="bird"):
        SMALL.of_attributes(["bird"])
    with pytest.raises(InvalidInput, match="number 7"):
        SMALL.of_attributes([7])
    with pytest.raises(IndexError):
        SMALL[3]


def test_concepts_of_two_lattices_do_not_mix():
    other = concept_lattice(BOOLEAN_3)
    with pytest.raises(InvalidInput, match="two lattices"):
        _ = SMALL[0] <= other[0]
    assert SMALL[0] != other[0]
    assert len({SMALL[0], SMALL[0], other[0]}) == 2


def _forge(change):
    value = json.loads(json.dumps(concept_lattice(N5).to_dict()))
    change(value)
    return value


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda v: v["covers"].pop(), "covers of concept"),
        (lambda v: v["covers"].append([0, len(v["extents"]) - 1]), "covers of concept"),
        (lambda v: v["extents"][1].append(2), "not closed"),
        (lambda v: v["intents"][1].clear(), "not closed"),
        (lambda v: v["extents"][1].append(9), "not there"),
        (lambda v: v["intents"].pop(), "differ in number"),
        (lambda v: v["rows"][0].clear(), "not closed"),
        (lambda v: v.pop("rows"), "cannot be read"),
        (lambda v: v["covers"].append([9, 9]), "cannot be read"),
        (lambda v: v.update(version=2), "version 1"),
        (lambda v: v.update(kind="alignment"), "alignment"),
    ],
)
def test_forged_lattices_are_refused(change, word):
    with pytest.raises(InvalidInput, match=word):
        ConceptLattice.from_dict(_forge(change))


@pytest.mark.parametrize(
    ("extents", "intents"),
    [
        # A half of an extent has the whole intent in common, and a half of an intent the whole extent.
        (((), (0,), (2,), (0, 1, 2)), ((0, 1, 2), (0, 1), (2,), ())),
        (((), (0, 1), (2,), (0, 1, 2)), ((0, 1, 2), (0,), (2,), ())),
    ],
)
def test_a_pair_of_which_one_side_alone_is_closed_is_no_concept(extents, intents):
    context = FormalContext.from_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]) == 1)
    with pytest.raises(InvalidInput, match="not closed"):
        ConceptLattice(context, extents, intents, ((1, 2), (3,), (3,), ())).check()


def test_a_missing_or_doubled_concept_is_noticed():
    whole = concept_lattice(BOOLEAN_3)
    e, i, u = whole.extents, whole.intents, whole.upper
    with pytest.raises(InvalidInput, match="missing"):
        ConceptLattice(whole.context, e[:1] + e[2:], i[:1] + i[2:], u[1:]).check()
    with pytest.raises(InvalidInput, match="distinct"):
        ConceptLattice(whole.context, (*e[:1], *e), (*i[:1], *i), ((), *u)).check()


def test_the_bottom_of_an_object_with_every_attribute_holds_it():
    lattice = concept_lattice(FormalContext.from_array(np.array([[True, True], [False, True]])))
    assert lattice.bottom.extent == ("g0",)
    assert lattice.top.intent == ("m1",)
