import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext


# Contexts are built in the tests: their type checks use `random`, which strategies must not.
@st.composite
def matrices_with_objects(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...], tuple[int, ...]]:
    rows, columns = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    cells = draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    subsets = st.sets(st.sampled_from(range(rows))) if rows else st.just(set[int]())
    some, more = draw(subsets), draw(subsets)
    return np.array(cells, dtype=bool).reshape(rows, columns), tuple(some), tuple(more)


@given(matrices_with_objects())
def test_derivation_is_a_galois_connection(
    drawn: tuple[np.ndarray, tuple[int, ...], tuple[int, ...]],
) -> None:
    matrix, some, more = drawn
    context = FormalContext.from_array(matrix)
    intent, closed = context.intent(some), context.closure(some)
    # By the definition, spelled out without masks.
    assert intent == tuple(m for i, m in enumerate(context.attributes) if all(matrix[g, i] for g in some))
    assert {context.objects[g] for g in some} <= set(closed)
    assert context.closure(closed) == closed
    assert context.intent(closed) == intent
    assert context.attribute_closure(intent) == intent
    assert closed == context.extent(intent)
    both = {*some, *more}
    assert set(context.intent(both)) <= set(intent)
    assert set(closed) <= set(context.closure(both))


def test_labels_that_repeat_are_named_by_index() -> None:
    context = FormalContext.from_array([[True], [False]], ["twin", "twin"], ["m"])
    assert context.intent([0]) == ("m",)
    assert context.intent([1]) == ()
    with pytest.raises(InvalidInput, match="2 objects are called 'twin'"):
        context.intent(["twin"])
    with pytest.raises(InvalidInput, match="no attribute 'n'"):
        context.extent(["n"])
    with pytest.raises(InvalidInput, match="no object number 2"):
        context.intent([2])


def test_shapes_and_values_are_checked() -> None:
    with pytest.raises(InvalidInput, match="shape"):
        FormalContext(("g",), ("m", "n"), np.ones((2, 1), dtype=bool))
    for wrong in ([[2]], [[0.5]], [["X"]]):
        with pytest.raises(InvalidInput, match="true and false"):
            FormalContext.from_array(wrong)
    with pytest.raises(InvalidInput, match="number of axes must be 2"):
        FormalContext.from_array(np.zeros((2, 2, 2), dtype=bool))
    assert FormalContext.from_array([[1, 0]]).incidence.tolist() == [[True, False]]
