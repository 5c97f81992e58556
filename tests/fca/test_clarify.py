"""Smaller contexts with the same lattice, packed words, item sets, and the AOC-poset."""

import numpy as np
import pytest
from fca.brute import concepts_fast
from fca.strategies_fca import matrices
from hypothesis import given

from geosae.fca import concept_lattice
from geosae.fca.bitsets import pack_words, select_columns, unpack_words, word_integers
from geosae.fca.context import FormalContext
from geosae.fca.families import ConceptFamily, aoc_poset
from geosae.fca.formats import parse_fimi
from geosae.geometry import InvalidInput


@given(matrices())
def test_clarifying_keeps_the_lattice_and_counts_what_it_merged(matrix):
    context = FormalContext.from_array(matrix)
    small = context.clarify()
    rows = small.context.incidence
    assert len({tuple(r) for r in rows.tolist()}) == len(rows)
    assert len({tuple(c) for c in rows.T.tolist()}) == rows.shape[1]
    assert np.array_equal(rows[np.ix_(small.object_class, small.attribute_class)], matrix)
    assert small.object_weights.sum() == len(matrix)
    assert small.attribute_weights.sum() == matrix.shape[1]
    assert (small.object_weights >= 1).all()
    if matrix.size:
        assert len(concepts_fast(rows)) == len(concepts_fast(matrix))


@given(matrices())
def test_reducing_keeps_the_lattice_and_nothing_more_can_go(matrix):
    context = FormalContext.from_array(matrix)
    small = context.reduce()
    one, two = concept_lattice(context), concept_lattice(small)
    assert len(one) == len(two)
    assert len(one.covers) == len(two.covers)
    # Irreducible objects are the concepts with one lower cover, irreducible attributes those with one upper.
    assert len(small.objects) == sum(len(row) == 1 for row in one.lower)
    assert len(small.attributes) == sum(len(row) == 1 for row in one.upper)
    assert set(small.objects) <= set(context.objects)
    assert np.array_equal(small.reduce().incidence, small.incidence)


@given(matrices())
def test_the_aoc_poset_is_the_concepts_of_single_names(matrix):
    context = FormalContext.from_array(matrix)
    poset = aoc_poset(context)
    wanted = {frozenset(map(int, np.flatnonzero(column))) for column in matrix.T}
    wanted |= {frozenset(int(name[1:]) for name in context.closure([g])) for g in context.objects}
    assert {frozenset(np.flatnonzero(row).tolist()) for row in poset.extents} == wanted
    assert len(poset) == len(wanted)
    # Every name stands at its own concept, and only there.
    for names, labels in (
        (context.objects, poset.object_labels),
        (context.attributes, poset.attribute_labels),
    ):
        assert sorted(name for row in labels for name in row) == sorted(names)
    for i, row in enumerate(poset.attribute_labels):
        for name in row:
            assert context.extent([name]) == poset.extent(i)


@given(matrices())
def test_words_hold_the_crosses_of_rows_and_columns(matrix):
    wide = np.concatenate([matrix] * 7, axis=1)
    assert np.array_equal(unpack_words(pack_words(wide), wide.shape[1]), wide)
    integers = [sum(1 << j for j in np.flatnonzero(row).tolist()) for row in wide]
    assert word_integers(pack_words(wide)) == integers
    which = np.arange(wide.shape[1])[::-1].copy()
    assert np.array_equal(select_columns(pack_words(wide), wide.shape[1], which), pack_words(wide[:, ::-1]))


@given(matrices())
def test_item_sets_keep_the_crosses_and_say_so_of_labels(tmp_path_factory, matrix):
    context = FormalContext.from_array(matrix)
    path = tmp_path_factory.mktemp("fimi") / "context.fimi"
    context.write(path)
    again = FormalContext.read(path)
    width = again.incidence.shape[1]
    assert np.array_equal(again.incidence, matrix[:, :width])
    assert not matrix[:, width:].any()
    assert again.objects == tuple(map(str, range(len(matrix))))


@pytest.mark.parametrize("line", ["1 x", "-1", "99999999", "1,2"])
def test_a_line_that_is_no_item_set_is_refused_by_number(line):
    with pytest.raises(InvalidInput, match="line 2"):
        parse_fimi(f"0 1\n{line}\n")


def test_families_that_do_not_fit_are_refused():
    context = FormalContext.from_array(np.eye(3, dtype=bool))
    with pytest.raises(InvalidInput, match="objects"):
        ConceptFamily(context, np.zeros((1, 2), dtype=bool))
    with pytest.raises(InvalidInput, match="deltas"):
        ConceptFamily(context, np.zeros((1, 3), dtype=bool), delta=np.zeros(2, dtype=np.int64))
