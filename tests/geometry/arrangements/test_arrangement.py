"""Cells counted and enumerated exactly: against closed forms, linear programs and dense samples."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.geometry import Arrangement, Box, InvalidInput
from geosae.geometry._program import linear_program
from geosae.geometry.arrangements.counting import cells, cells_central
from geosae.geometry.arrangements.sides import positive_sides

entries = st.integers(-2, 2).map(float)


@st.composite
def arrangements(draw, highest: int = 3, most: int = 6) -> Arrangement:
    """Small integers: parallel, repeated, opposite, concurrent and empty rows all occur."""
    n = draw(st.integers(1, highest))
    rows = draw(st.lists(st.lists(entries, min_size=n + 1, max_size=n + 1), min_size=1, max_size=most))
    table = np.array(rows)
    return Arrangement(table[:, :n], table[:, n])


def cells_by_linear_programs(found: Arrangement, box: Box | None = None) -> set[tuple[bool, ...]]:
    """Try every sign vector: has {s_i(⟨w_i, x⟩ + c_i) ≥ t} a solution, t > 0? Integers keep t away from 0."""
    n, d = found.dim, len(found)
    nonempty: set[tuple[bool, ...]] = set()
    for signs in product([False, True], repeat=d):
        s = np.where(signs, 1.0, -1.0)
        # A row without a normal has the sign of its constant; zero counts as False.
        flat = ~found.w.any(axis=1)
        if any(signs[i] != (found.c[i] > 0) for i in np.flatnonzero(flat)):
            continue
        rows = np.column_stack([-s[:, None] * found.w, np.ones(d)])[~flat]
        right = (s * found.c)[~flat]
        if box is not None:
            walls = np.column_stack([np.vstack([np.eye(n), -np.eye(n)]), np.ones(2 * n)])
            rows, right = np.vstack([rows, walls]), np.concatenate([right, box.high, -box.low])
        bounds = [*[(-1e4, 1e4)] * n, (0.0, 1.0)]
        solved = linear_program(np.append(np.zeros(n), -1.0), at_most=(rows, right), bounds=bounds)
        if solved.value is not None and -solved.value > 1e-7:
            nonempty.add(signs)
    return nonempty


def assert_witnessed(found: Arrangement, box: Box | None = None) -> set[tuple[bool, ...]]:
    """Check every interior point in exact arithmetic, and return the sign vectors."""
    listed = found.cells(box)
    for signs, point in zip(listed.signs, listed.exact, strict=True):
        for w, c, side in zip(found.w, found.c, signs, strict=True):
            value = sum((Fraction(a) * x for a, x in zip(w.tolist(), point, strict=True)), Fraction(float(c)))
            assert (value > 0) == side
            assert value != 0 or not w.any()
        if box is not None:
            assert all(a < x < b for a, x, b in zip(box.low.tolist(), point, box.high.tolist(), strict=True))
    vectors = {tuple(row) for row in listed.signs.tolist()}
    assert len(vectors) == len(listed)
    return vectors


@few(60)
@given(arrangements())
def test_degenerate_arrangements_against_linear_programs(found: Arrangement) -> None:
    vectors = assert_witnessed(found)
    assert vectors == cells_by_linear_programs(found)
    assert found.count() == len(vectors) <= cells(len(found), found.dim)


@few(60)
@given(arrangements(highest=2, most=4), st.integers(-2, 1), st.sampled_from([0.5, 1.0, 3.0]))
def test_cells_of_a_box_against_linear_programs(found: Arrangement, corner: int, side: float) -> None:
    low = np.full(found.dim, float(corner))
    box = Box(low, low + side)
    vectors = assert_witnessed(found, box)
    assert vectors == cells_by_linear_programs(found, box)
    assert vectors <= {tuple(row) for row in found.cells().signs.tolist()}


@few(60)
@given(arrangements(), st.integers(0, 2**32 - 1))
def test_no_sampled_pattern_is_missing(found: Arrangement, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((500, found.dim)) * 3
    patterns, counts = found.patterns(x)
    assert counts.sum() == 500
    assert (np.diff(counts) <= 0).all()
    assert {tuple(row) for row in patterns.tolist()} <= {tuple(row) for row in found.cells().signs.tolist()}


def random_arrangement(d: int, n: int, seed: int) -> Arrangement:
    rng = np.random.default_rng([d, n, seed])
    return Arrangement(rng.standard_normal((d, n)), rng.standard_normal(d))


@pytest.mark.parametrize(("d", "n"), [(1, 1), (12, 1), (5, 2), (12, 2), (4, 3), (9, 3), (3, 4), (7, 4)])
def test_random_arrangements_have_all_the_cells(d: int, n: int) -> None:
    found = random_arrangement(d, n, 0)
    assert found.count() == cells(d, n) == len(assert_witnessed(found))
    central = Arrangement(found.w, np.zeros(d))
    assert central.count() == cells_central(d, n) == len(assert_witnessed(central))


@pytest.mark.slow
@pytest.mark.parametrize("d", range(1, 13))
@pytest.mark.parametrize("n", range(1, 5))
def test_random_arrangements_exhaustively(d: int, n: int) -> None:
    for seed in range(3):
        found = random_arrangement(d, n, seed)
        assert found.count() == cells(d, n) == len(assert_witnessed(found))
        central = Arrangement(found.w, np.zeros(d))
        assert central.count() == cells_central(d, n) == len(assert_witnessed(central))


def test_known_degenerate_counts() -> None:
    grid = Arrangement(np.repeat(np.eye(3), 4, axis=0), np.tile(np.arange(4.0), 3))
    assert grid.count() == 5**3
    braid = np.array([np.eye(4)[i] - np.eye(4)[j] for i in range(4) for j in range(i)])
    assert Arrangement(braid, np.zeros(6)).count() == 24
    repeated = Arrangement(np.array([[1.0, 1.0], [2.0, 2.0], [-0.1, -0.1]]), np.array([1.0, 2.0, -0.1]))
    assert repeated.count() == 2
    assert Arrangement(np.zeros((3, 2)), np.array([1.0, 0.0, -1.0])).count() == 1


def test_hyperplanes_that_miss_concurrency_by_one_rounding() -> None:
    """Three lines through a point, and the same with the last bit of one offset changed: 6 cells and 7."""
    w = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    through = Arrangement(w, np.array([-0.5, -0.25, -0.75]))
    beside = Arrangement(w, np.array([-0.5, -0.25, -np.nextafter(0.75, 1)]))
    assert (through.count(), len(through.cells())) == (6, 6)
    assert (beside.count(), len(beside.cells())) == (7, 7)
    units = np.ldexp(1.0, [-900, 0, 600])  # absurd scales, but exact ones: nothing may change
    for lines, expected in ((through, 6), (beside, 7)):
        scaled = Arrangement(w * units[:, None], lines.c * units)
        assert scaled.count() == expected == len(assert_witnessed(scaled))


def test_signs_are_exact_where_floats_are_not() -> None:
    w, c = np.array([[1e16, 1.0, -1e16]]), np.array([0.0])
    x = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 0.0, 1.0]])
    assert positive_sides(w, c, x).ravel().tolist() == [True, False, False]


@few(60)
@given(arrangements(highest=2, most=5).filter(lambda a: a.dim == 2))
def test_polygons_tile_the_box(found: Arrangement) -> None:
    box = Box(np.full(2, -3.0), np.full(2, 3.0))
    polygons = found.cell_polygons(box)
    area = 0.0
    for cell in polygons:
        x, y = cell.vertices.T
        own = 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
        assert own > 0
        area += own
        middle = cell.vertices.mean(axis=0)
        assert ((found.w @ middle + found.c > 0) == cell.signs).all()
    assert area == pytest.approx(36.0)


def test_refusals() -> None:
    with pytest.raises(InvalidInput):
        random_arrangement(200, 4, 0).cells()
    with pytest.raises(InvalidInput):
        random_arrangement(3, 3, 0).cell_polygons(Box(np.zeros(3), np.ones(3)))
    with pytest.raises(InvalidInput):
        random_arrangement(3, 3, 0).cells(Box(np.zeros(2), np.ones(2)))
    with pytest.raises(InvalidInput):
        Arrangement(np.array([[np.nan]]), np.zeros(1))


@pytest.mark.parametrize(("w", "c"), [(1e-300, 1e300), (1e300, 1e-300), (1e300, -1e300), (5e-324, 1.7e308)])
def test_cells_at_the_ends_of_the_floats(w: float, c: float) -> None:
    """Points that no float holds are ±∞ as floats and exact as rationals; nothing overflows or is NaN."""
    arrangement = Arrangement(np.array([[w]]), np.array([c]))
    cells = arrangement.cells()
    assert sorted(cells.signs.ravel().tolist()) == [False, True]
    assert not np.isnan(cells.points).any()
    for (sign,), (point,) in zip(cells.signs, cells.exact, strict=True):
        assert (Fraction(w) * point + Fraction(c) > 0) == sign
    values = [-1e300, -1.0, 0.0, 1.0, 1e300]
    fired = positive_sides(arrangement.w, arrangement.c, np.array([values]).T).ravel().tolist()
    assert fired == [Fraction(w) * Fraction(x) + Fraction(c) > 0 for x in values]


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_polygons_of_cells_at_the_ends_of_the_floats(scale: float) -> None:
    line = Arrangement(np.array([[scale, 0.0]]), np.array([0.0]))
    corners = [cell.vertices for cell in line.cell_polygons(Box(np.full(2, -1e300), np.full(2, 1e300)))]
    assert sorted(len(each) for each in corners) == [4, 4]
    assert np.isfinite(np.concatenate(corners)).all()
