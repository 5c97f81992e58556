"""The least dimension of a context: lines decided exactly, bounds proved, realisations verified."""

from itertools import permutations

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic import context_named, realise
from geosae_synthetic.dimension import line_order, lower_bound
from geosae_synthetic.planted import realises
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.fca.context import FormalContext

MATRICES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=5)
)


def on_a_line(context: FormalContext) -> bool:
    """Try every order of the objects."""
    for order in permutations(range(len(context.objects))):
        rows = context.incidence[list(order)]
        steps = np.abs(np.diff(rows.astype(np.int64), axis=0)).sum(axis=0)
        if (steps <= 1).all():
            return True
    return False


@few(100)
@given(MATRICES)
def test_a_line_is_decided_as_by_trying_every_order(rows: list[list[bool]]) -> None:
    context = FormalContext.from_array(rows)
    assert (line_order(context) is not None) == on_a_line(context)


@few(80)
@given(MATRICES)
def test_realisations_are_exact_and_bounded_from_below(rows: list[list[bool]]) -> None:
    context = FormalContext.from_array(rows)
    found = realise(context, np.random.default_rng(0))
    assert realises(context, found.points, found.halfspaces)
    assert 1 <= found.lower <= found.dim
    assert (found.dim == 1) == on_a_line(context)


@pytest.mark.parametrize(
    ("name", "dim", "proved"),
    [
        ("chain-6", 1, True),
        ("boolean-2", 1, True),
        ("boolean-3", 2, True),
        ("boolean-6", 2, True),
        ("M4", 2, True),
        ("N5", 1, True),
        ("taxonomy-2x3", 2, True),
    ],
)
def test_known_lattices_in_their_least_dimension(name: str, dim: int, proved: bool) -> None:
    found = realise(context_named(name), np.random.default_rng(0))
    assert (found.dim, found.proved_least) == (dim, proved)


def test_forster_excludes_the_plane_for_a_hadamard_context() -> None:
    one = np.array([[1, 1], [1, -1]])
    matrix = one
    for _ in range(5):
        matrix = np.kron(matrix, one)
    context = FormalContext.from_array(matrix > 0)
    assert lower_bound(context) == (7, "Forster")


def test_taxonomies_are_trees() -> None:
    context = context_named("taxonomy-3x3")
    assert len(context.objects) == 9
    assert len(context.attributes) == 12
    sizes = sorted(context.incidence.sum(axis=0).tolist())
    assert sizes == [1] * 9 + [3] * 3
    assert context.intent(("leaf 2.3",)) == ("2", "2.3")


@pytest.mark.parametrize("name", ["boolean-3", "N5", "taxonomy-2x3", "divisors-12"])
def test_the_worlds_membership_has_the_lattice_of_the_context(name: str) -> None:
    """With attributes as concepts: the rows of the membership table are those of the context."""
    context = context_named(name)
    dim, rng = max(2, len(context.objects) - 1), np.random.default_rng(0)
    data = geosae_synthetic.make(
        "formal-context", points=600, dim=dim, rng=rng, context=name, concepts="attributes"
    )
    rows = {tuple(row) for row in data.membership.tolist()}
    assert rows == {tuple(row) for row in context.incidence.tolist()}
    facts = data.provenance["facts"]["dimension"]
    assert 1 <= facts["lower"] <= facts["used"]
    assert facts["proved_least"] == (facts["lower"] == facts["used"])
