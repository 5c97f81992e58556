"""S1 for many concepts at once gives the verdicts of `separate`, one by one."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import grid_cloud

from geosae.geometry import InvalidInput, Separated, separate, separate_many


@given(st.data())
def test_same_verdicts_as_one_by_one(data):
    points = data.draw(grid_cloud(data.draw(st.integers(1, 3)), most=9).filter(lambda cloud: len(cloud) > 1))
    draws = data.draw(st.lists(st.integers(1, 2 ** len(points) - 2), min_size=1, max_size=4))
    membership = np.array([[bool(bits >> i & 1) for bits in draws] for i in range(len(points))])
    for verdict, mask in zip(separate_many(points, membership), membership.T, strict=True):
        assert verdict.check().grade == "exact"
        assert verdict.separable is separate(points[mask], points[~mask]).separable
        assert verdict.positives.points is points


def test_margins_are_those_of_one_by_one():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((3000, 12))
    membership = points @ rng.standard_normal((12, 8)) > np.linspace(-1, 1, 8)
    calls: list[tuple[int, int]] = []
    verdicts = separate_many(points, membership, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (8, 8)
    for verdict, mask in zip(verdicts, membership.T, strict=True):
        alone = separate(points[mask], points[~mask])
        assert isinstance(verdict.check(), Separated)
        assert isinstance(alone, Separated)
        assert verdict.margin == pytest.approx(alone.margin, rel=1e-7)
        assert np.all(mask[verdict.support_a])
        assert not np.any(mask[verdict.support_b])


def test_trivial_concepts_are_refused_by_number():
    points = np.arange(6.0).reshape(3, 2)
    for column in (np.zeros(3, dtype=bool), np.ones(3, dtype=bool)):
        membership = np.column_stack([[True, False, False], column])
        with pytest.raises(InvalidInput, match="concept 1"):
            separate_many(points, membership)
    with pytest.raises(InvalidInput, match="rows of membership"):
        inspect.unwrap(separate_many)(points, np.zeros((2, 1), dtype=bool))
