"""Contexts by name, and points and half-spaces that realise them (theory F4)."""

from itertools import chain, combinations
from pathlib import Path

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.contexts import context_named, standard_context
from geosae_synthetic.planted import least_dimension, planted_halfspaces, realises
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.geometry.arrangements.halfspaces import HalfSpaces

SIZES = {"boolean-1": 2, "boolean-3": 8, "boolean-5": 32, "chain-2": 2, "chain-7": 7, "M3": 5, "M6": 8}
SIZES |= {"N5": 5, "divisors-12": 6, "divisors-360": 24, "divisors-7": 2}
MATRICES = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=6)
)


def extents(context: FormalContext) -> set[tuple[str, ...]]:
    """Enumerate the lattice by closing every set of objects."""
    sets = chain.from_iterable(combinations(context.objects, k) for k in range(len(context.objects) + 1))
    return {context.closure(subset) for subset in sets}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_named_contexts_have_the_lattices_they_are_named_after(name: str, size: int) -> None:
    context = context_named(name)
    assert len(extents(context)) == size
    # Reduced: without any object or attribute the lattice is smaller.
    for index in range(len(context.objects)):
        rest = np.delete(context.incidence, index, axis=0)
        assert len(extents(FormalContext.from_array(rest))) < size
    for index in range(len(context.attributes)):
        rest = np.delete(context.incidence, index, axis=1)
        assert len(extents(FormalContext.from_array(rest))) < size


def test_standard_context_of_a_product_of_chains() -> None:
    pairs = [(i, j) for i in range(3) for j in range(2)]
    order = np.array([[a[0] <= b[0] and a[1] <= b[1] for b in pairs] for a in pairs])
    context = standard_context(order, tuple(map(str, pairs)))
    assert len(extents(context)) == 6
    assert len(context.objects) == len(context.attributes) == 3


@few(80)
@given(MATRICES)
def test_every_context_is_realised_exactly(rows: list[list[bool]]) -> None:
    context = FormalContext.from_array(rows)
    points, halfspaces = planted_halfspaces(context)
    assert points.shape[1] <= max(1, len(rows) - 1)
    assert np.array_equal(halfspaces.contains(points), context.incidence)
    assert realises(context, points, halfspaces)


@pytest.mark.parametrize("name", SIZES)
def test_named_contexts_in_at_most_one_dimension_less_than_objects(name: str) -> None:
    context = context_named(name)
    points, halfspaces = planted_halfspaces(context)
    assert points.shape[1] <= max(1, len(context.objects) - 1)
    assert len(halfspaces) == len(context.attributes)
    wide, normals = planted_halfspaces(context, 9)
    assert wide.shape[1] == normals.dim == 9
    assert realises(context, wide, normals)


def test_realises_refuses_what_is_wrong() -> None:
    context = context_named("boolean-3")
    points, halfspaces = planted_halfspaces(context)
    assert realises(context, points, halfspaces)
    assert not realises(context, points[::-1], halfspaces)
    assert not realises(context, points, HalfSpaces(-halfspaces.w, -halfspaces.c))
    assert not realises(context, points[:2], halfspaces)
    assert not realises(context, points, halfspaces.take([0, 1]))
    # A point on a hyperplane is no realisation, however the float sign would come out.
    touching = HalfSpaces(halfspaces.w, halfspaces.c - halfspaces.values(points)[0])
    assert not realises(context, points, touching)
    tiny = HalfSpaces(np.array([[1.0, -1.0]]), np.array([-(2.0**-60)]))
    one = FormalContext.from_array([[True]])
    assert not realises(one, np.array([[1.0, 1.0]]), tiny)


def test_chains_fit_on_a_line_and_the_contranominal_scale_of_three_does_not() -> None:
    rng = np.random.default_rng(0)
    assert least_dimension(context_named("chain-6"), rng) == 1
    # On a line, half-spaces leave out an end of the row of points: three points have only two ends.
    assert least_dimension(context_named("boolean-3"), rng) == 2
    with pytest.raises(InvalidInput, match="dim ≥ 2 always works"):
        planted_halfspaces(context_named("boolean-3"), 1)


def test_empty_contexts_are_refused() -> None:
    with pytest.raises(InvalidInput, match="nothing to realise"):
        planted_halfspaces(FormalContext.from_array(np.zeros((0, 2), dtype=bool)))


@pytest.mark.parametrize("name", ["boolean-3", "N5", "M3", "divisors-60", "chain-4"])
def test_in_the_world_the_half_spaces_detect_exactly_the_context(name: str) -> None:
    context = context_named(name)
    data = geosae_synthetic.make(
        "formal-context", points=2000, dim=4, rng=np.random.default_rng(0), context=name
    )
    planted = data.provenance["facts"]["halfspaces"]
    halfspaces = HalfSpaces(np.array(planted["w"]), np.array(planted["c"]))
    fires = halfspaces.contains(data.points)
    for g, label in enumerate(context.objects):
        # All of the ball on one side of every hyperplane.
        rows = fires[data.membership[:, data.index(label)]]
        assert np.array_equal(rows.all(axis=0), context.incidence[g])
        assert np.array_equal(rows.any(axis=0), context.incidence[g])


@pytest.mark.parametrize("name", ["boolean-3", "M4", "boolean-4"])
def test_attribute_concepts_have_the_contexts_own_rows(name: str) -> None:
    context = context_named(name)
    data = geosae_synthetic.make(
        "formal-context", points=500, dim=4, rng=np.random.default_rng(0), context=name, concepts="attributes"
    )
    found = {tuple(row) for row in data.membership.tolist()}
    assert found == {tuple(row) for row in context.incidence.tolist()}


def test_a_file_becomes_a_world(tmp_path: Path) -> None:
    path = tmp_path / "pets.cxt"
    context = FormalContext.from_array(
        [[1, 0, 1], [0, 1, 1], [1, 1, 0]], ["cat", "dog", "fox"], ["a", "b", "c"]
    )
    context.write(path)
    data = geosae_synthetic.make(
        "formal-context", points=300, dim=2, rng=np.random.default_rng(0), context=str(path)
    )
    assert data.names == ("cat", "dog", "fox")
    assert all(truth is not None and truth.one_neuron for truth in data.truth)
