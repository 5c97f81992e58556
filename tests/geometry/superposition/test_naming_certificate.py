"""Certificates of naming that say more than they prove are refused: forged rows, thresholds, v and codes."""

import copy
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

from geosae.geometry import ForgedCertificate, RationalHyperplane
from geosae.geometry.superposition.naming import name_feature
from geosae.geometry.superposition.naming_certificate import CommonCodes, Named, Unnameable

HALF = Fraction(1, 2)
# Feature 0 is half the sum of the others: exactly at the edge for k = 2, beyond it for k = 1.
EDGE = np.column_stack([np.full(4, 0.5), np.eye(4)])


def forged(record, **changes):
    """Return the record with fields changed behind the back of its constructor."""
    other = copy.copy(record)
    for name, value in changes.items():
        object.__setattr__(other, name, value)
    return other


@pytest.fixture
def named() -> Named:
    verdict = name_feature(EDGE, 0, 1, 1.5)
    assert isinstance(verdict, Named)
    return verdict.check()


@pytest.fixture
def unnameable() -> Unnameable:
    verdict = name_feature(EDGE, 0, 2)
    assert isinstance(verdict, Unnameable)
    return verdict.check()


def test_what_a_named_feature_says(named: Named):
    low, high = named.thresholds()
    assert low <= named.threshold() < high
    assert named.interference() == 1 - (high - low) / Fraction(1) / (
        sum(Fraction(x) * Fraction(0.5) for x in named.b.tolist())
    )
    assert repr(named).startswith("Named: one neuron names feature 0 of 5 (n = 4) on all codes of at most 1")
    assert "amplitudes up to 1.5" in repr(named)
    assert named._repr_html_().startswith("<div>")
    with pytest.raises(TypeError, match=r"a verdict is a record, not a truth value; ask for \.nameable"):
        bool(named)
    # The neuron is an open half-space: the first threshold serves, the second does not.
    edge = replace(named, t=float(low), margin=0.0)
    assert edge.check() is edge


def test_what_an_unnameable_feature_says(unnameable: Unnameable):
    assert unnameable.v() == (Fraction(0), HALF, HALF, HALF, HALF)
    assert repr(unnameable) == (
        "Unnameable: no neuron names feature 0 of 5 (n = 4) on all codes of at most 2 active; "
        "its column is a bounded combination of 4 others, exactly"
    )
    with pytest.raises(TypeError, match=r"ask for \.nameable"):
        bool(unnameable)
    certified = name_feature(EDGE, 0, 2, exact_up_to=2)
    assert "no margin above" in repr(certified) or certified.grade == "exact"


@pytest.mark.parametrize(
    "changes",
    [
        {"t": 100.0},
        {"t": -100.0},
        {"t": float("nan")},
        {"b": np.zeros(4)},
        {"b": np.array([1.0, 0.0, 0.0, 0.0])},
        {"b": np.full(4, np.inf)},
        {"b": np.ones(3)},
        {"margin": 1.0},
        {"margin": -1.0},
        {"margin": float("nan")},
        {"rational": RationalHyperplane((Fraction(1),) * 4, Fraction(-1))},
        {"rational": RationalHyperplane((Fraction(1),) * 3, Fraction(-1))},
    ],
)
def test_a_forged_neuron_is_refused(named: Named, changes):
    with pytest.raises(ForgedCertificate):
        forged(named, **changes).check()


def test_the_same_neuron_for_another_question_is_refused(named: Named):
    question = named.question
    for changes in ({"feature": 1}, {"k": 3}, {"rho": Fraction(4)}, {"feature": 9}, {"k": 0}, {"rho": HALF}):
        with pytest.raises(ForgedCertificate):
            forged(named, question=replace(question, **changes)).check()


def test_thresholds_are_refused_just_beyond_their_ends(named: Named):
    low, high = named.thresholds()
    below = RationalHyperplane(tuple(map(Fraction, named.b.tolist())), -(low - Fraction(1, 10**30)))
    for plane in (below, replace(below, offset=-high)):
        with pytest.raises(ForgedCertificate, match="wrong side"):
            forged(named, rational=plane, t=float(-plane.offset), margin=0.0).check()
    last = replace(below, offset=-(high - Fraction(1, 10**30)))
    forged(named, rational=last, t=float(-last.offset), margin=0.0).check()


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": (HALF, HALF, HALF, HALF + Fraction(1, 10**40))},
        {"weights": (HALF, HALF, HALF)},
        {"weights": (0.5, 0.5, 0.5, 0.5)},
        {"weights": (-HALF, -HALF, -HALF, -HALF)},
        {"support": np.array([1, 2, 3, 3])},
        {"support": np.array([0, 2, 3, 4])},
        {"support": np.array([1, 2, 3, 5])},
        {"support": np.array([-4, 2, 3, 4])},
        {"support": np.array([1.0, 2.0, 3.0, 4.0])},
        {"support": np.array([[1, 2, 3, 4]])},
        {"eta": 0.1},
        {"grade": "certified", "eta": float("nan")},
        {"grade": "sure"},
    ],
)
def test_a_forged_combination_is_refused(unnameable: Unnameable, changes):
    with pytest.raises(ForgedCertificate):
        forged(unnameable, **changes).check()


def test_a_combination_beyond_its_bounds_is_refused(unnameable: Unnameable):
    question = unnameable.question
    with pytest.raises(ForgedCertificate, match="positive entries"):
        forged(unnameable, question=replace(question, k=1)).check()
    ones = name_feature(np.array([[3.0, 1.0, 1.0, 1.0]]), 0, 3).check()
    tripled = forged(ones, support=np.array([1]), weights=(Fraction(3),))
    with pytest.raises(ForgedCertificate, match="exceeds rho"):
        tripled.check()
    mirrored = name_feature(np.array([[1.0, -1.0]]), 0, 2).check()
    assert isinstance(mirrored, Unnameable)
    with pytest.raises(ForgedCertificate, match="negative entries"):
        forged(mirrored, question=replace(mirrored.question, k=1)).check()


def test_a_bound_on_the_margin_below_the_proved_one_is_refused():
    bounded = name_feature(np.random.default_rng(0).standard_normal((4, 12)), 0, 4, exact_up_to=3).check()
    assert isinstance(bounded, Unnameable)
    assert bounded.grade == "certified"
    with pytest.raises(ForgedCertificate, match="half the remainder"):
        forged(bounded, eta=bounded.eta * 0.99).check()
    with pytest.raises(ForgedCertificate):
        bounded.codes()


def test_codes_that_no_half_space_tells_apart(unnameable: Unnameable):
    codes = unnameable.codes().check()
    assert sum(codes.firing_weights) == sum(codes.silent_weights) == 1
    assert all(0 in code for code in codes.firing)
    for changes in (
        {"firing": codes.silent, "firing_weights": codes.silent_weights},
        {"silent": codes.firing, "silent_weights": codes.firing_weights},
        {"silent": ((1, 2, 3), *codes.silent[1:])},
        {"silent": ((1, 1), *codes.silent[1:])},
        {"silent": ((1, 9), *codes.silent[1:])},
        {"silent": codes.silent[::-1], "silent_weights": (Fraction(1, 3), Fraction(2, 3))},
        {"silent_weights": tuple(v * 2 for v in codes.silent_weights)},
        {"silent_weights": codes.silent_weights[1:]},
        {"silent": codes.silent * 4, "silent_weights": tuple(v / 4 for v in codes.silent_weights) * 4},
    ):
        with pytest.raises(ForgedCertificate):
            forged(codes, **changes).check()


@given(dictionaries(most_dim=4, most=8), st.integers(1, 4), st.sampled_from([1, Fraction(4, 3), 3]))
def test_every_verdict_proves_itself_and_its_codes(A: np.ndarray, k: int, rho):
    verdict = name_feature(A, 0, k, rho).check()
    if isinstance(verdict, Named):
        assert verdict.interference() < 1
        return
    codes: CommonCodes = verdict.codes().check()
    amplitudes = [Fraction(1), *[Fraction(rho)] * (A.shape[1] - 1)]
    common = [
        sum(
            weight * amplitudes[j] * Fraction(float(A[r, j]))
            for code, weight in zip(side, weights, strict=True)
            for j in code
        )
        for r in range(len(A))
        for side, weights in (
            (codes.firing, codes.firing_weights),
            (codes.silent, codes.silent_weights),
        )
    ]
    assert common[::2] == common[1::2]
