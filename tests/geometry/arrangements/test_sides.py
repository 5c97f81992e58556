import numpy as np
import pytest
from exact_oracle import affine_values, largest_positive
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geosae.geometry import HalfSpaces
from geosae.geometry.arrangements.largest import candidates, largest_functions
from geosae.geometry.arrangements.sides import decided_pairs, positive_sides
from geosae.geometry.rounding import lengths, pair_values, rounding_bound, sums_are_floats

# Few numbers, so that sums cancel: some that float64 rounds, zero, and numbers at the ends of the floats.
ENTRIES = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.1, -0.1, 0.3, -0.3, 0.7, 1 / 3, 1e16, -1e16])
EXPONENTS = st.sampled_from([0, 0, 0, 3, -40, 300, -300, 900, -900, -1060])


@st.composite
def functions_and_points(draw):
    dim, width, count = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(0, 6))
    w, c = (draw(hnp.arrays(np.float64, shape, elements=ENTRIES)) for shape in ((width, dim), (width,)))
    points = draw(hnp.arrays(np.float64, (count, dim), elements=ENTRIES))
    with np.errstate(over="ignore"):
        scaled = [np.ldexp(array, draw(EXPONENTS)) for array in (w, c, points)]
    w, c, points = (np.where(np.isfinite(array), array, 0.0) for array in scaled)
    return w, c, points


@given(functions_and_points())
def test_sides_are_the_signs_of_rationals(case):
    w, c, points = case
    expected = affine_values(w, c, points) > 0
    assert np.array_equal(positive_sides(w, c, points), expected)
    assert np.array_equal(HalfSpaces(w, c).contains(points), expected)
    rows, columns = np.nonzero(np.ones(expected.shape, dtype=bool))
    assert np.array_equal(decided_pairs(w, c, points, rows, columns), expected.ravel())


@given(functions_and_points(), st.integers(1, 7))
def test_the_largest_are_those_of_rationals(case, count):
    w, c, points = case
    with np.errstate(over="ignore", invalid="ignore"):
        values = points @ w.T + c
    values, points = values[np.isfinite(values).all(axis=1)], points[np.isfinite(values).all(axis=1)]
    kth = np.sort(values, axis=1)[:, -count] if count <= len(w) else np.full(len(values), -np.inf)
    expected = largest_positive(affine_values(w, c, points), count)
    assert np.array_equal(largest_functions(w, c, points, values, kth, count), expected)


@given(functions_and_points())
def test_no_computed_value_is_farther_off_than_its_bound(case):
    w, c, points = case
    with np.errstate(over="ignore", invalid="ignore"):
        values = points @ w.T + c
    bound = rounding_bound(lengths(points)[:, None], lengths(w), np.abs(c), w.shape[1])
    for row, column in np.argwhere(np.isfinite(values) & np.isfinite(bound)):
        # The true value less the computed one, less and plus the bound: as one more exact affine function.
        lower, upper = (np.append(w[column], [-values[row, column], s * bound[row, column]]) for s in (-1, 1))
        lifted = np.append(points[row], [1.0, 1.0])[None]
        ends = affine_values(np.stack([lower, upper]), c[[column, column]], lifted)[0]
        assert ends[0] <= 0 <= ends[1]


@given(functions_and_points())
def test_sums_that_are_floats_are_the_same_in_any_order(case):
    w, c, points = case
    if sums_are_floats(w, c, points):
        order = np.arange(w.shape[1])[::-1]
        rows, columns = np.nonzero(np.ones((len(points), len(w)), dtype=bool))
        values = pair_values(w, c, points, rows, columns)
        assert np.array_equal(values, pair_values(w[:, order], c, points[:, order], rows, columns))
        assert np.array_equal(values > 0, affine_values(w, c, points).ravel() > 0)


def test_small_integers_are_computed_without_rounding():
    rng = np.random.default_rng(0)
    w, c, points = (rng.integers(-9, 10, shape).astype(float) for shape in ((5, 40), 5, (7, 40)))
    assert sums_are_floats(w, c, points)
    assert not sums_are_floats(w + 0.1, c, points)


def test_points_on_and_next_to_hyperplanes():
    """Thousands of points within a few roundings of a hyperplane: float64 errs on many of them."""
    rng = np.random.default_rng(0)
    w, c = rng.standard_normal((6, 3)), rng.standard_normal(6)
    of = np.arange(3000) % 6
    points = rng.standard_normal((3000, 3))
    for _ in range(2):  # the second step takes away what the first one's rounding left
        points -= (
            ((points * w[of]).sum(axis=1) + c[of])[:, None] * w[of] / np.square(w[of]).sum(axis=1)[:, None]
        )
    halves = HalfSpaces(w, c)
    expected = affine_values(w, c, points) > 0
    assert np.array_equal(halves.contains(points), expected)
    assert np.count_nonzero((halves.values(points) > 0) != expected) > 100
    assert all(
        np.array_equal(halves.contains(points[rows]), expected[rows])
        for rows in (slice(0, 1), slice(7, 20), slice(None, None, -1))
    )


@pytest.mark.parametrize("kind", ["dead rows", "zero points", "zeros in common", "overflow of the offset"])
def test_data_without_any_rounding_is_decided_too(kind):
    rng = np.random.default_rng(1)
    w, c, points = rng.standard_normal((40, 5)), rng.standard_normal(40), rng.standard_normal((300, 5))
    if kind == "dead rows":
        w[::2], c[::4] = 0, 0
    elif kind == "zero points":
        points[::2], c[::3] = 0, 0
    elif kind == "zeros in common":
        w, c, points = np.vstack([np.eye(5)] * 8), np.zeros(40), np.maximum(points, 0)
    else:
        w, c = w * 1e150, np.copysign(1.7e308, c)
        points *= 1e150
    assert np.array_equal(positive_sides(w, c, points), affine_values(w, c, points) > 0)


def test_candidates_that_the_bound_does_not_settle_are_named():
    values = np.array([[5.0, 3.0, 2.99, 0.0], [5.0, 3.0, 1.0, 0.0], [5.0, 0.001, -1.0, -2.0]])
    possible, unsettled = candidates(values, values[:, 1], np.full(3, 0.01), 2)
    assert possible.tolist() == [[True] * 3 + [False], [True] * 2 + [False] * 2, [True] * 2 + [False] * 2]
    assert unsettled.tolist() == [True, False, True]


@pytest.mark.parametrize("dim", [0, 1, 3, 8, 67, 768])
@pytest.mark.parametrize("per_point", [1, 7, 20])
def test_the_value_of_a_pair_does_not_depend_on_its_company(dim, per_point):
    rng = np.random.default_rng([dim, per_point])
    w, c, points = rng.standard_normal((30, dim)), rng.standard_normal(30), rng.standard_normal((9, dim))
    rows = np.repeat(np.arange(9), per_point)
    columns = np.concatenate([rng.permutation(30)[:per_point] for _ in range(9)])
    together = pair_values(w, c, points, rows, columns)
    alone = [pair_values(w, c, points, rows[i : i + 1], columns[i : i + 1])[0] for i in range(len(rows))]
    assert together.tolist() == alone
    assert np.allclose(together, (points @ w.T + c)[rows, columns])
    none = np.zeros(0, dtype=np.int64)
    assert pair_values(w, c, points, none, none).shape == (0,)
