"""S4: the interval holds the true size, found here by every partition; disk in ring to the formula."""

import copy
import math

import numpy as np
import pytest
from exact_oracle import hulls_meet
from hypothesis import given, settings
from strategies import cloud_pairs

from geosae.geometry import ForgedCertificate, SmallestUnit, UnitInseparable, smallest_unit


def true_size(A, B) -> int:
    """Return the least number of groups of B whose hulls miss Conv(A), by trying every partition."""

    def best(left: list[int], groups: list[list[int]], limit: int) -> int:
        if len(groups) >= limit:
            return limit
        if not left:
            return len(groups)
        head, *tail = left
        for group in groups:
            group.append(head)
            if not hulls_meet(A, B[group]):
                limit = best(tail, groups, limit)
            group.pop()
        return best(tail, [*groups, [head]], limit)

    return best(list(range(len(B))), [], len(B) + 1)


@settings(max_examples=25)
@given(cloud_pairs(most_dim=3, most=5))
def test_the_interval_holds_the_true_size(pair):
    found = smallest_unit(*pair).check()
    if isinstance(found, UnitInseparable):
        return
    assert found.lower <= true_size(*pair) <= found.upper


@settings(max_examples=25)
@given(cloud_pairs(most_dim=2, most=5))
def test_on_request_the_size_is_exact(pair):
    found = smallest_unit(*pair, exact=True).check()
    if isinstance(found, UnitInseparable):
        return
    assert found.lower == found.upper == true_size(*pair)


def ring(count: int, radius: float) -> np.ndarray:
    angle = 2 * np.pi * (np.arange(count) + 0.5) / count
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


@pytest.mark.parametrize("gap", [0.1, 0.3, 1.0, 3.0])
def test_disk_in_a_dense_ring(gap):
    found = smallest_unit(ring(720, 1.0), ring(240, 1 + gap), exact=True).check()
    assert isinstance(found, SmallestUnit)
    assert found.lower == found.upper == math.ceil(math.pi / math.acos(1 / (1 + gap)))


def refused(found, changes):
    forged = copy.copy(found)
    for name, value in changes.items():
        object.__setattr__(forged, name, value)
    with pytest.raises(ForgedCertificate):
        forged.check()


def test_forged_sizes_are_refused():
    octahedron = np.vstack([np.eye(3), -np.eye(3)])
    found = smallest_unit(octahedron / 2, octahedron).check()
    assert isinstance(found, SmallestUnit)
    assert found.lower_by == "clique"
    for changes in (
        {"lower": found.lower + 1},
        {"upper": found.upper - 1},
        {"lower": 0},
        {"lower_by": "one"},
        {"lower_by": "arcs"},
        {"conflicts": found.conflicts[1:]},
        {"conflicts": (((5, 4), found.conflicts[0][1]), *found.conflicts[1:])},
        {"conflicts": (((0, 1, 2), found.conflicts[0][1]), *found.conflicts[1:])},
    ):
        refused(found, changes)


def test_forged_sizes_in_the_plane_are_refused():
    found = smallest_unit(ring(40, 1.0), ring(9, 1.2)).check()
    assert isinstance(found, SmallestUnit)
    assert found.lower_by == "arcs"
    padded = smallest_unit(ring(40, 1.0), ring(9, 1.05)).check()
    assert isinstance(padded, SmallestUnit)
    refused(found, {"lower": found.lower + 1, "upper": found.upper + 1})
    refused(
        found,
        {"lower": padded.lower, "upper": padded.upper, "separated": padded.separated, "lower_by": "one"},
    )
    refused(padded, {"separated": found.separated, "lower": found.lower, "upper": padded.upper})
