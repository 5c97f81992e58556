"""The declared context has the rows, and so the lattice, of the membership table."""

import geosae_synthetic
import numpy as np
import pytest
from strategies_worlds import VARIANTS, make

from geosae.fca import concept_lattice
from geosae.fca.context import FormalContext

UNKNOWN = {"superposition", "overlapping-balls", "slabs", "random-labels"}
FEW = [(name, params) for name, params in VARIANTS if name not in UNKNOWN and params.get("cells") != 3]


@pytest.mark.parametrize(("name", "params"), FEW)
def test_the_declared_lattice_is_that_of_the_membership_table(name: str, params: dict) -> None:
    data = make(name, 3, 4000, **params)
    context = geosae_synthetic.true_context(data)
    if context is None:
        assert params.get("arrangement") == "overlapping" or name.startswith(("synth", "stream"))
        return
    found = FormalContext.from_array(np.unique(data.membership, axis=0), attributes=data.names)
    declared, measured = concept_lattice(context), concept_lattice(found)
    assert len(declared) == len(measured)
    assert {concept.intent for concept in declared} == {concept.intent for concept in measured}
    # Sharper than the lattice: no row that was not declared, and none that does not occur.
    assert {tuple(row) for row in found.incidence.tolist()} == {
        tuple(row) for row in context.incidence.tolist()
    }


def test_unknown_rows_are_not_declared() -> None:
    for name in ("overlapping-balls", "slabs", "random-labels"):
        assert geosae_synthetic.true_context(make(name, 3)) is None


def test_a_formal_context_comes_back_as_the_true_one() -> None:
    data = make("formal-context", 3, 600, context="divisors-12", concepts="attributes")
    context, wanted = geosae_synthetic.true_context(data), geosae_synthetic.context_named("divisors-12")
    assert context is not None
    assert context.attributes == wanted.attributes
    assert np.array_equal(context.incidence, wanted.incidence)
