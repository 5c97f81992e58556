"""S9: the interval holds the true measure, and is zero exactly where S1 holds."""

import copy
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from exact_oracle import hulls_meet
from hypothesis import given, settings
from strategies import cloud_pairs

from geosae.geometry import ForgedCertificate, RationalHyperplane, separability_measure


def least_kept(A, B) -> int:
    """Return the least number of points of B in a half-space that holds A, by trying every subset."""
    for kept in range(len(B) + 1):
        for out in combinations(range(len(B)), len(B) - kept):
            if not out or not hulls_meet(A, B[list(out)]):
                return kept
    raise AssertionError


@settings(max_examples=40)
@given(cloud_pairs(most_dim=3, most=6))
def test_the_interval_holds_the_measure(pair):
    found = separability_measure(*pair).check()
    assert found.kept_low <= least_kept(*pair) <= found.kept_high
    assert (found.kept_high == 0) is (not hulls_meet(*pair))
    assert (found.low, found.high) == (found.kept_low / len(pair[0]), found.kept_high / len(pair[0]))


def test_forged_measures_are_refused():
    rng = np.random.default_rng(2)
    found = separability_measure(rng.standard_normal((12, 2)), rng.standard_normal((30, 2))).check()
    assert found.kept_high > found.kept_low > 0 or found.exact
    size = 12
    for changes in (
        {"kept_low": found.kept_low + 1, "low": (found.kept_low + 1) / size},
        {"kept_high": found.kept_high - 1, "high": (found.kept_high - 1) / size},
        {"low": 0.0},
        {"w": -found.w},
        {"c": found.c - 10.0},
        {"inside": (*found.inside, found.inside[0])},
        {"rational": RationalHyperplane(tuple(2 * Fraction(v) for v in found.w), 2 * Fraction(found.c))},
    ):
        forged = copy.copy(found)
        for name, value in changes.items():
            object.__setattr__(forged, name, value)
        with pytest.raises(ForgedCertificate):
            forged.check()
