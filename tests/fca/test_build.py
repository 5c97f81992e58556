from pathlib import Path

import concepts
import numpy as np
import pytest
from fca.brute import BOOLEAN_3, CHAIN_4, M3, N5, concepts_of, covers_of, random_context
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import TooManyConcepts, concept_lattice
from geosae.fca.context import FormalContext
from geosae.geometry import InvalidInput

DATA = Path(__file__).parent / "data"


@given(st.integers(0, 100_000))
def test_concepts_and_covers_equal_brute_force(seed):
    context = random_context(seed)
    lattice = concept_lattice(context)
    truth = concepts_of(context.incidence)
    found = {frozenset(e): frozenset(i) for e, i in zip(lattice.extents, lattice.intents, strict=True)}
    assert found == truth
    assert len(lattice) == len(truth)
    extents = [frozenset(e) for e in lattice.extents]
    assert {(extents[i], extents[j]) for i, j in lattice.covers} == covers_of(extents)
    assert len(lattice.covers) == len(set(lattice.covers)) == len(covers_of(extents))
    assert lattice.check() is lattice


@given(st.integers(0, 100_000))
def test_the_transposed_context_has_the_dual_lattice(seed):
    context = random_context(seed)
    lattice = concept_lattice(context)
    dual = concept_lattice(FormalContext.from_array(context.incidence.T))
    assert {(a, b) for a, b in zip(lattice.extents, lattice.intents, strict=True)} == {
        (b, a) for a, b in zip(dual.extents, dual.intents, strict=True)
    }
    assert len(lattice.covers) == len(dual.covers)


@pytest.mark.parametrize(
    ("context", "size", "covers"), [(BOOLEAN_3, 8, 12), (CHAIN_4, 4, 3), (M3, 5, 6), (N5, 5, 5)]
)
def test_known_lattices(context, size, covers):
    lattice = concept_lattice(context).check()
    assert (len(lattice), len(lattice.covers)) == (size, covers)


@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_the_boolean_lattice_has_all_subsets(k):
    lattice = concept_lattice(FormalContext.from_array(~np.eye(k, dtype=bool)))
    assert len(lattice) == 2**k
    assert len(lattice.covers) == k * 2 ** (k - 1)


# Sizes by the package's own `.lattice` (another traversal, with annotation) on the same files.
@pytest.mark.parametrize("name", ["digits", "gewaesser", "lattice", "liveinwater", "tealady"])
def test_real_contexts_agree_with_the_packages_own_lattice(name):
    context = FormalContext.read(DATA / f"{name}.cxt")
    lattice = concept_lattice(context).check()
    peer = concepts.Context.fromfile(str(DATA / f"{name}.cxt"), "cxt", encoding="utf-8").lattice
    mine = {(c.extent, c.intent) for c in lattice}
    assert mine == {(tuple(extent), tuple(intent)) for extent, intent, *_ in peer}
    assert len(lattice.covers) == sum(len(c.upper_neighbors) for c in peer)


def test_sizes_that_are_on_record():
    sizes = {"tealady": 65, "liveinwater": 19, "digits": 48}
    for name, size in sizes.items():
        assert len(concept_lattice(FormalContext.read(DATA / f"{name}.cxt"))) == size


@pytest.mark.parametrize(
    ("crosses", "extents", "intents"),
    [
        ([[False]], [(), (0,)], [(0,), ()]),
        ([[True]], [(0,)], [(0,)]),
        ([[False, False], [False, False]], [(), (0, 1)], [(0, 1), ()]),
        ([[True, True], [True, True]], [(0, 1)], [(0, 1)]),
        # Duplicate rows and columns are one concept with both of them in it.
        (
            [[True, True, False], [True, True, False], [False, False, True]],
            [(), (2,), (0, 1), (0, 1, 2)],
            None,
        ),
        # An object with every attribute: it is in every extent, the bottom's too.
        ([[True, True], [True, False]], [(0,), (0, 1)], [(0, 1), (0,)]),
        # A full column: it is in every intent, the top's too.
        ([[True, False], [True, True], [True, False]], [(1,), (0, 1, 2)], [(0, 1), (0,)]),
    ],
)
def test_the_cases_where_peers_fail(crosses, extents, intents):
    lattice = concept_lattice(FormalContext.from_array(crosses)).check()
    assert list(lattice.extents) == extents
    if intents is not None:
        assert list(lattice.intents) == intents
    assert len(lattice.top.extent) == len(crosses)
    assert len(lattice.bottom.intent) == len(crosses[0])


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_a_side_without_members_gives_one_concept(shape):
    lattice = concept_lattice(FormalContext.from_array(np.zeros(shape, dtype=bool))).check()
    assert len(lattice) == 1
    assert lattice.extents[0] == tuple(range(shape[0]))
    assert lattice.intents[0] == tuple(range(shape[1]))


def test_labels_may_be_anything():
    # The package itself wants unique, non-empty names that objects and attributes do not share.
    names = ("", "n0", "n0")
    lattice = concept_lattice(FormalContext(names, names, np.tri(3, dtype=bool))).check()
    assert len(lattice) == 3
    assert lattice.top.extent == names


def test_the_cap_refuses_by_name_and_says_how_many_there_are_at_least():
    context = FormalContext.from_array(~np.eye(8, dtype=bool))
    with pytest.raises(TooManyConcepts, match="at least 101 concepts") as caught:
        concept_lattice(context, cap=100)
    assert caught.value.at_least == 101
    assert len(concept_lattice(context, cap=256)) == 256
    with pytest.raises(TooManyConcepts):
        concept_lattice(context, cap=255)
    with pytest.raises(InvalidInput):
        concept_lattice(context, cap=0)


@pytest.mark.slow
def test_a_context_of_many_concepts_agrees_with_its_check_and_its_record():
    lattice = concept_lattice(FormalContext.read(DATA / "segments.cxt")).check()
    assert len(lattice) == 11_878


def test_sets_of_one_size_stand_in_lexicographic_order_over_several_words():
    lattice = concept_lattice(FormalContext.from_array(np.eye(150, dtype=bool)[::-1]))
    assert list(lattice.extents[1:-1]) == [(g,) for g in range(150)]
    # Pairs (g, h) with g in the first word and h in another, and pairs within the last word.
    pairs = [(0, 140), (0, 70), (130, 140), (1, 2), (1, 149), (64, 65), (0, 3)]
    crosses = np.zeros((150, 150), dtype=bool)
    for column, pair in enumerate(pairs):
        crosses[list(pair), column] = True
    lattice = concept_lattice(FormalContext.from_array(crosses))
    assert [extent for extent in lattice.extents if len(extent) == 2] == sorted(pairs)
