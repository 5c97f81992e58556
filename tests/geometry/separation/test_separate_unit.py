"""S3: a unit exists iff no point of B lies in Conv(A); every point decided, every half-space proved."""

import copy
from fractions import Fraction

import numpy as np
import pytest
from exact_oracle import in_hull
from hypothesis import given
from hypothesis import strategies as st
from strategies import cloud_pairs, transforms

from geosae.geometry import (
    ForgedCertificate,
    HalfSpaces,
    HullWitness,
    UnitInseparable,
    UnitSeparated,
    separate,
    separate_unit,
)


def ring(count: int, radius: float) -> np.ndarray:
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def agree(A, B):
    verdict = separate_unit(A, B).check()
    inside = [i for i, x in enumerate(B) if in_hull(x, A)]
    assert verdict.separable is (not inside)
    if isinstance(verdict, UnitInseparable):
        assert verdict.inside.tolist() == inside
    return verdict


@given(cloud_pairs())
def test_every_point_is_placed_as_by_the_rational_simplex(pair):
    agree(*pair)


@given(st.data())
def test_in_absurd_units(data):
    A, B = data.draw(cloud_pairs(most_dim=3, most=5))
    units = data.draw(transforms(A.shape[1]))
    agree(A * units, B * units)


@given(cloud_pairs())
def test_one_neuron_implies_a_unit(pair):
    if separate(*pair).separable:
        assert separate_unit(*pair).separable


def test_disk_in_ring_has_a_unit_and_no_neuron():
    disk, around = ring(100, 1.0), ring(60, 1.3)
    assert not separate(disk, around).check().separable
    verdict = separate_unit(disk, around).check()
    assert isinstance(verdict, UnitSeparated)
    assert np.all(verdict.halfspaces.common(disk))
    assert not np.any(verdict.halfspaces.common(around))


def test_ring_with_negatives_in_its_hole_has_neither():
    hole = np.array([[0.0, 0.0], [0.1, 0.2]])
    verdict = separate_unit(ring(100, 1.0), np.vstack([ring(10, 2.0), hole])).check()
    assert isinstance(verdict, UnitInseparable)
    assert verdict.inside.tolist() == [10, 11]
    assert np.all(verdict.excluded_by[:10] >= 0)


def test_points_on_the_boundary_belong_to_the_hull():
    triangle = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    verdict = separate_unit(
        triangle, np.array([[1.0, 0.0], [3.0, 0.0], [1.0, -5e-324], [3.0, 1e-300]])
    ).check()
    assert isinstance(verdict, UnitInseparable)
    assert verdict.inside.tolist() == [0, 1]
    assert verdict.witnesses[0].weights == (Fraction(2, 3), Fraction(1, 3))


def test_many_negatives_share_half_spaces():
    rng = np.random.default_rng(3)
    A = rng.uniform(-1, 1, (300, 3))
    B = rng.standard_normal((20_000, 3))
    B *= (rng.uniform(2, 3, 20_000) / np.linalg.norm(B, axis=1))[:, None]
    calls: list[tuple[int, int]] = []
    verdict = separate_unit(A, B, progress=lambda done, total: calls.append((done, total))).check()
    assert isinstance(verdict, UnitSeparated)
    assert len(verdict.halfspaces) < 100
    assert all(0 <= done <= total == 20_000 for done, total in calls)


def broken(record, **changes):
    other = copy.copy(record)
    for name, value in changes.items():
        object.__setattr__(other, name, value)
    return other


def test_forged_units_are_refused():
    verdict = separate_unit(ring(40, 1.0), ring(12, 1.5))
    assert isinstance(verdict, UnitSeparated)
    w, c = verdict.halfspaces.w, verdict.halfspaces.c
    lost = verdict.excluded_by.copy()
    lost[0] = -1
    wrong = (verdict.excluded_by + 1) % len(verdict.halfspaces)
    for changes in (
        {"halfspaces": HalfSpaces(-w, -c)},
        {"halfspaces": HalfSpaces(w, c - 0.5)},
        {"halfspaces": HalfSpaces(w, c + 0.5)},
        {"halfspaces": HalfSpaces(w[:1], c[:1])},
        {"excluded_by": lost},
        {"excluded_by": wrong},
        {"excluded_by": verdict.excluded_by[1:]},
    ):
        with pytest.raises(ForgedCertificate):
            broken(verdict, **changes).check()


def test_forged_witnesses_are_refused():
    verdict = separate_unit(ring(40, 1.0), np.array([[0.1, 0.2], [3.0, 0.0]])).check()
    assert isinstance(verdict, UnitInseparable)
    (witness,) = verdict.witnesses
    first, *rest = witness.weights
    half = tuple(v / 2 for v in witness.weights)
    for forged in (
        HullWitness(1, witness.rows, witness.weights),
        HullWitness(0, witness.rows[::-1], witness.weights),
        HullWitness(0, witness.rows, half),
        HullWitness(0, witness.rows, (first + Fraction(1, 2**400), *rest)),
        HullWitness(0, (*witness.rows[:-1], 99), witness.weights),
        HullWitness(0, (), ()),
    ):
        with pytest.raises(ForgedCertificate):
            broken(verdict, witnesses=(forged,)).check()
    with pytest.raises(ForgedCertificate):
        broken(verdict, inside=np.array([0, 1]), witnesses=(witness, witness)).check()
    with pytest.raises(ForgedCertificate):
        broken(verdict, inside=np.array([], dtype=int), witnesses=()).check()


def test_a_unit_that_floats_do_not_express_says_so() -> None:
    tight = separate_unit(np.array([[0.0, 0.0], [1.0, 1 / 3]]), np.array([[0.5, 1 / 6 + 2**-55]]))
    assert isinstance(tight, UnitSeparated)
    assert list(tight.check().rationals) == [0]
    assert "proved exactly in rationals only: rounded to floats, 1 half-space of these may not hold" in repr(
        tight
    )
    loose = separate_unit(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 1.0]]))
    assert "rationals" not in repr(loose)
