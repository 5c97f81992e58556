"""Without detection convex sets can beat e_irr (A5)."""

import numpy as np
import pytest

from geosae.geometry import Ball, Shell, UniformBox, Union, detection_tradeoff, irreducible_error

BOX = UniformBox(np.array([-1.0, -1.0]), np.array([11.0, 1.0]))


def test_dropping_one_of_two_far_balls_beats_the_irreducible_error() -> None:
    far = Union((Ball(np.zeros(2), 1.0), Ball(np.array([10.0, 0.0]), 1.0)), disjoint=True)
    e_irr = irreducible_error(far, BOX).value
    curve = detection_tradeoff(far, BOX, np.random.default_rng(0), samples=8000, alpha=1e-6)
    value, low, high = curve.best_total
    assert low <= np.pi / 24 <= high
    assert high < e_irr
    assert curve.misses[0] == 0
    assert curve.false_alarms[0] == pytest.approx(e_irr, abs=0.03)
    assert value == min(curve.misses + curve.false_alarms)
    assert any("parts" in words for words in curve.sets)


def test_near_balls_are_better_kept_together() -> None:
    """The control: where the gap is small the hull of both is nearly the best candidate."""
    near = Union((Ball(np.zeros(2), 1.0), Ball(np.array([2.0, 0.0]), 1.0)), disjoint=True)
    curve = detection_tradeoff(near, BOX, np.random.default_rng(1), samples=8000)
    assert int(np.argmin(curve.misses + curve.false_alarms)) < len(curve.sets) - 1
    assert curve.best_total[0] == pytest.approx(curve.false_alarms[0], rel=0.35)


def test_the_curve_falls_and_holds_its_intervals() -> None:
    ring = Shell(np.zeros(2), 0.5, 1.0)
    measure = UniformBox(-np.ones(2), np.ones(2))
    curve = detection_tradeoff(ring, measure, np.random.default_rng(2), samples=4000)
    assert (np.diff(curve.misses) > 0).all()
    assert (np.diff(curve.false_alarms) < 0).all()
    total = curve.misses + curve.false_alarms
    assert ((curve.total_low <= total) & (total <= curve.total_high)).all()
    assert curve.false_alarms[0] == pytest.approx(np.pi / 16, abs=0.03)
    assert curve.false_alarms[-1] == 0
