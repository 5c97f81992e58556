"""The independent exact arithmetic of the checks, against other implementations."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import nnls

from geosae.geometry.separation.separate import separate
from proofs_checks._exact import (
    cone_distance_squared,
    general_position,
    hulls_meet,
    in_hull,
    nonnegative_solution,
    rank,
    rational,
    solve,
)
from proofs_checks._lattices import (
    boolean,
    chain,
    closure_systems,
    diamond,
    divisors,
    is_lattice,
    isomorphic,
    join_irreducibles,
    meet_irreducibles,
    pentagon,
    random_lattice,
)
from proofs_checks._polygons import area, cut, cut_all, facets, hull, square


@pytest.mark.parametrize("seed", range(8))
def test_hulls_meet_agrees_with_the_library(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(15):
        n = int(rng.integers(1, 5))
        a, b = (rng.integers(-2, 3, (int(rng.integers(1, 7)), n)).astype(float) for _ in range(2))
        assert hulls_meet(rational(a.tolist()), rational(b.tolist())) is not separate(a, b).separable


def test_hulls_of_nothing_do_not_meet() -> None:
    assert not hulls_meet([], [[0]])
    assert not in_hull([0], [])


@pytest.mark.parametrize("seed", range(20))
def test_nonnegative_solution_solves_or_there_is_a_farkas_direction(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.integers(-2, 3, (5, 3))
    right = rng.integers(-3, 4, 3)
    found = nonnegative_solution(columns.tolist(), right.tolist())
    residual = nnls(columns.T.astype(float), right.astype(float))[1]
    assert (found is not None) == (residual < 1e-9)
    if found is not None:
        assert min(found) >= 0
        assert [
            sum(x * int(c[i]) for x, c in zip(found, columns, strict=True)) for i in range(3)
        ] == right.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_cone_distance_agrees_with_nonnegative_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    generators = rng.integers(-3, 4, (int(rng.integers(0, 6)), 3))
    point = rng.integers(-5, 6, 3)
    exact = cone_distance_squared(point.tolist(), generators.tolist())
    far = float(point @ point)
    residual = nnls(generators.T.astype(float), point.astype(float))[1] ** 2 if len(generators) else far
    assert float(exact) == pytest.approx(residual, abs=1e-9)


def test_linear_algebra() -> None:
    assert solve([[0, 1], [1, 0]], [2, 3]) == [3, 2]
    assert solve([[1, 1], [1, 1]], [1, 2]) is None
    assert rank([[1, 2, 3], [2, 4, 6], [0, 0, 1]]) == 2
    assert general_position([[0, 0], [1, 0], [0, 1], [2, 3]])
    assert not general_position([[0, 0], [1, 0], [2, 0], [2, 3]])


def test_areas() -> None:
    unit = square(0, 0, 2)
    assert area(cut(unit, (1, 0, -1))) == 2
    assert area(cut_all(unit, [(1, 0, -3)])) == 0
    assert area(cut_all(square(-9, -9, 18), facets(hull(unit)))) == 4
    assert area(cut(unit, (-1, -1, Fraction(7, 2)))) == 4 - Fraction(1, 8)


def test_small_lattices_and_their_irreducibles() -> None:
    sizes = {
        "B3": (boolean(3), 3, 3),
        "M3": (diamond(3), 3, 3),
        "N5": (pentagon(), 3, 3),
        "chain": (chain(4), 3, 3),
        "12": (divisors(12), 3, 3),
        "one": (chain(1), 0, 0),
    }
    for order, joins, meets in sizes.values():
        assert is_lattice(order)
        assert (len(join_irreducibles(order)), len(meet_irreducibles(order))) == (joins, meets)
    assert not isomorphic(diamond(3), pentagon())
    assert isomorphic(divisors(30), boolean(3))
    assert not is_lattice(np.eye(2, dtype=bool))


def test_closure_systems_are_counted_right() -> None:
    # The Moore families on 0…4 points: OEIS A102896.
    assert [len(closure_systems(k)) for k in range(5)] == [1, 2, 7, 61, 2480]


@pytest.mark.parametrize("seed", range(10))
def test_random_lattices_are_lattices(seed: int) -> None:
    assert is_lattice(random_lattice(np.random.default_rng(seed), 5, 6))
