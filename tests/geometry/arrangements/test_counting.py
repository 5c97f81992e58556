"""Closed forms against brute force and against each other."""

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import Arrangement, InvalidInput, clopper_pearson, separate, vacuous
from geosae.geometry.arrangements.counting import (
    cells,
    cells_central,
    cover_count,
    cover_share,
    forster,
    least_dimension,
    least_width,
    least_width_power,
    log_cells,
    log_cover_share,
    ranking_cells,
    ring_unit_size,
    sperner,
    topk_ceiling,
    topk_kept_sets,
    wendel,
)


@given(st.integers(0, 40), st.integers(1, 12))
def test_cells_are_binomial_sums(d: int, n: int) -> None:
    assert cells(d, n) == sum(math.comb(d, i) for i in range(n + 1))
    assert cells(d + 1, n) == cells(d, n) + (cells(d, n - 1) if n > 1 else 1)
    if d:
        assert cells_central(d, n) == 2 * sum(math.comb(d - 1, i) for i in range(n))
        assert cells_central(d, n) <= cells(d, n)


@given(st.integers(1, 40), st.integers(1, 12))
def test_cover_and_wendel(N: int, n: int) -> None:
    assert cover_count(N, n) == cells_central(N, n + 1)
    assert cover_share(N, n) == Fraction(cover_count(N, n), 2**N) <= 1
    assert cover_share(2 * (n + 1), n) == Fraction(1, 2)
    assert (cover_share(N, n) == 1) == (n + 1 >= N)
    # Wendel: of the 2^N reflections of N points, those with o outside the hull are the central cells.
    assert wendel(N, n) == Fraction(cells_central(N, n), 2**N)


@pytest.mark.parametrize(("N", "n"), [(5, 1), (5, 2), (6, 2), (6, 3)])
def test_cover_counts_the_separable_labelings(N: int, n: int) -> None:
    x = np.random.default_rng(N + n).standard_normal((N, n))
    separable = 0
    for labels in product([False, True], repeat=N):
        mask = np.array(labels)
        trivial = mask.all() or not mask.any()
        separable += trivial or separate(x[mask], x[~mask]).separable
    assert separable == cover_count(N, n)


def test_wendel_by_simulation() -> None:
    rng = np.random.default_rng(1)
    for N, n in [(3, 2), (6, 3)]:
        outside = 0
        for _ in range(200):
            outside += separate(rng.standard_normal((N, n)), np.zeros((1, n))).separable
        low, high = clopper_pearson(outside, 200, 1e-9)
        assert low <= wendel(N, n) <= high


def largest_antichain(d: int, K: int) -> int:
    """Dilworth by matching: the fewest chains that cover the subsets of at most K of d elements."""
    sets = [frozenset(s) for k in range(K + 1) for s in combinations(range(d), k)]
    match: dict[frozenset, frozenset] = {}

    def augment(low: frozenset, seen: set) -> bool:
        for high in sets:
            if low < high and high not in seen:
                seen.add(high)
                if high not in match or augment(match[high], seen):
                    match[high] = low
                    return True
        return False

    return len(sets) - sum(augment(low, set()) for low in sets)


@pytest.mark.parametrize("d", [0, 1, 2, 3, 4, 5])
def test_sperner_is_the_largest_antichain(d: int) -> None:
    for K in range(d + 1):
        assert sperner(d, K) == largest_antichain(d, K)
    assert sperner(d) == sperner(d, d)


@given(st.integers(1, 10**6), st.one_of(st.none(), st.integers(1, 6)))
def test_least_width_is_least(p: int, K: int | None) -> None:
    d = least_width(p, K)
    assert sperner(d, K) >= p
    assert d == 0 or sperner(d - 1, K) < p


@given(st.integers(1, 10**9), st.integers(1, 8))
def test_least_width_power_is_least_and_implied(p: int, k: int) -> None:
    d = least_width_power(p, k)
    assert d**k >= math.factorial(k) * p > (d - 1) ** k
    # p ≤ C(e, k) implies e^k ≥ k!·p, so the binomial form asks for at least as much.
    e = next(e for e in range(d, d + 10 * k) if math.comb(e, k) >= p)
    assert e >= d


@pytest.mark.parametrize(("d", "n"), [(2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3), (5, 2)])
def test_ranking_cells_are_those_of_the_ties(d: int, n: int) -> None:
    """A single integer matrix for each size, generic; the ties are integers, so the count is exact."""
    z = np.random.default_rng(10 * d + n).integers(-999, 999, (d, n + 1)).astype(np.float64)
    ties = np.array([a - b for a, b in combinations(z, 2)])
    assert Arrangement(ties[:, :-1], ties[:, -1]).count() == ranking_cells(d, n)
    assert ranking_cells(d, n) <= min(math.factorial(d), cells(math.comb(d, 2), n))


def test_ranking_cells_saturate_at_all_orders() -> None:
    assert [ranking_cells(d, 20) for d in range(7)] == [math.factorial(d) for d in range(7)]
    assert topk_ceiling(6, 3, 1) == min(topk_kept_sets(6, 3), 16)


@given(st.integers(1, 300), st.integers(1, 30))
def test_logarithms_agree_with_the_integers(d: int, n: int) -> None:
    assert log_cells(d, n) == pytest.approx(math.log(cells(d, n)), rel=1e-12)
    assert log_cover_share(d, n) == pytest.approx(math.log(cover_share(d, n)), abs=1e-9)


def test_logarithms_where_integers_are_left_behind() -> None:
    exact = math.log(sum(math.comb(20_000, i) for i in range(51)))
    assert log_cells(20_000, 50) == pytest.approx(exact, rel=1e-10)
    assert log_cells(10**5, 10**5) == pytest.approx(10**5 * math.log(2), rel=1e-10)


def test_vacuous_speaks_up_to_twice_n_plus_two() -> None:
    for n in (1, 2, 10):
        assert vacuous(2 * (n + 1), n) is not None
        assert vacuous(2 * (n + 1) + 1, n) is None
        assert "every labeling" in str(vacuous(n + 1, n))


@given(st.integers(1, 4), st.integers(2, 12), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_forster_is_a_lower_bound_of_the_sign_rank(r: int, rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = np.where(rng.standard_normal((rows, r)) @ rng.standard_normal((r, columns)) > 0, 1, -1)
    assert forster(A) <= r
    assert forster(A > 0) == forster(A)
    exact = math.sqrt(rows * columns) / np.linalg.norm(A, 2)
    assert forster(A) == pytest.approx(exact, rel=1e-10)
    assert least_dimension(A) <= max(1, r)


def test_forster_on_hadamard_matrices() -> None:
    h = np.ones((1, 1), dtype=np.int64)
    for k in range(1, 7):
        h = np.block([[h, h], [h, -h]])
        assert forster(h) == pytest.approx(2 ** (k / 2))
        assert least_dimension(h) == max(1, math.ceil(2 ** (k / 2)) - 1)


def test_ring_unit_size_against_arcs_that_cover_points() -> None:
    """The fewest open arcs that cover N equally spaced points: an independent count on integers."""
    N = 2520
    for gap in (0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0):
        half = N * math.acos(1 / (1 + gap)) / (2 * math.pi)
        # An open arc of 2·half spacings, placed at best, holds this many of the points.
        holds = max(sum(abs(k - shift) < half - 1e-9 for k in range(N)) for shift in (1000.0, 1000.5))
        assert ring_unit_size(gap) == -(-N // holds)


def test_ring_unit_size_beside_its_jumps() -> None:
    for m in range(3, 40):
        jump = 1 / math.cos(math.pi / m) - 1
        assert ring_unit_size(jump + 1e-9) == m
        assert ring_unit_size(jump - 1e-9) == m + 1
    assert ring_unit_size(1.0) == 3
    assert ring_unit_size(1.0, whole=True) == 4
    assert ring_unit_size(math.nextafter(1.0, 0.0)) == 4
    assert ring_unit_size(math.nextafter(1.0, 2.0)) == 3
    assert ring_unit_size(1e300) == 3
    assert ring_unit_size(1e-20) == pytest.approx(math.pi / math.sqrt(2e-20), rel=1e-9)


REFUSED = [
    lambda: cells(-1, 2),
    lambda: cells(3, 0),
    lambda: cover_count(0, 2),
    lambda: sperner(-1),
    lambda: least_width(5, 0),
    lambda: least_width_power(0, 2),
    lambda: ring_unit_size(0.0),
    lambda: ring_unit_size(float("inf")),
    lambda: forster(np.array([[1.0, 0.0]])),
    lambda: forster(np.ones((0, 3))),
]


@pytest.mark.parametrize("ask", REFUSED)
def test_refusals(ask) -> None:
    with pytest.raises(InvalidInput):
        ask()
