"""S11d in integers: the published table, the cases that are attained, and all-named dictionaries."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import chebyshev
from strategies_dictionaries import dictionaries

from geosae.errors import InvalidInput
from geosae.geometry.superposition.capacity import most_named, naming_dimensions
from geosae.geometry.superposition.naming import name_features

# The table of frontier.md: p, then the least admissible n for k = 2, 3, 4, 6.
TABLE = {
    16: (6, 10, 12, 14),
    32: (7, 14, 19, 25),
    64: (9, 18, 28, 42),
    128: (12, 21, 35, 62),
    256: (16, 22, 41, 82),
}


@pytest.mark.parametrize("p", TABLE)
def test_the_table(p: int):
    assert tuple(naming_dimensions(p, k) for k in (2, 3, 4, 6)) == TABLE[p]


def test_larger_sizes():
    assert naming_dimensions(256, 16) == 202
    assert [naming_dimensions(16384, k) for k in (4, 16, 64)] == [108, 907, 8128]
    assert [naming_dimensions(10**6, k) for k in (2, 3, 4)] == [47, 103, 156]
    assert naming_dimensions(144, 2) == 13


@given(st.integers(1, 60), st.integers(1, 70))
def test_few_features_against_k_are_attained(p: int, k: int):
    if 2 * k >= p and p > 1:
        assert naming_dimensions(p, k) == (p if k >= p else p - 1)


@given(st.integers(2, 400), st.integers(2, 20), st.sampled_from([1, Fraction(3, 2), 2.5]))
def test_both_directions_agree(p: int, k: int, rho):
    n = naming_dimensions(p, k, rho)
    most = most_named(n, k, rho)
    assert most is not None
    assert most >= p
    if n > 1:
        less = most_named(n - 1, k, rho)
        assert less is not None
        assert less < p


@given(st.integers(2, 80), st.integers(2, 6), st.sampled_from([1.0, 1.5]))
def test_the_bound_in_floats(p: int, k: int, rho: float):
    """The formula again, from numpy's Chebyshev polynomials and an equation solved for p."""
    n = naming_dimensions(p, k, rho)
    if p <= k:
        return
    for rank, admitted in ((n + 1, True), (n, False)):
        verdicts = []
        for r in range(1, 40):
            power = chebyshev.chebval(2 * rho * (k - 1) + 1, [0] * r + [1]) ** 2
            right = p / (1 + (p - 1) / power)
            left = math.comb(rank + r - 1, r)
            # Where the two agree to rounding, floats do not decide.
            verdicts.append(left > right * (1 + 1e-9) if not np.isclose(left, right) else admitted)
        assert all(verdicts) is admitted or n == 1


def test_one_active_feature():
    assert [naming_dimensions(p, 1) for p in (1, 2, 3, 2**31)] == [1, 1, 2, 2]
    assert [most_named(n, 1) for n in (1, 2)] == [2, None]
    # Of three features on a line one is the unnamed multiple of another.
    for line in ([1.0, -1.0], [1.0, -2.0, 3.0], [1.0, 2.0, 3.0]):
        verdicts = name_features(np.array([line]), 1)
        assert all(verdict.nameable for verdict in verdicts) is (len(line) == 2)


@given(dictionaries(most_dim=4, least=3, most=8), st.integers(1, 3), st.sampled_from([1, Fraction(5, 4)]))
def test_named_families_keep_to_the_bound(A: np.ndarray, k: int, rho):
    family = [verdict.feature for verdict in name_features(A, k, rho) if verdict.nameable]
    if family:
        assert np.linalg.matrix_rank(A[:, family]) >= naming_dimensions(len(family), k, rho)


@pytest.mark.parametrize("call", [lambda: naming_dimensions(4, 2, 0.5), lambda: most_named(4, 2, math.inf)])
def test_amplitudes_below_one_are_refused(call):
    with pytest.raises(InvalidInput, match="rho is"):
        call()


def test_counts_out_of_range_are_refused():
    for call in (lambda: naming_dimensions(0, 2), lambda: most_named(100_001, 2), lambda: most_named(3, 0)):
        with pytest.raises(InvalidInput):
            call()
